// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/describe.h>
#include <data/core/errors.h>
#include <data/core/nearest_name.h>
#include <data/core/parameters.h>

#include <algorithm>

namespace understudy
{
namespace
{
std::string text_at(const nlohmann::json &entry, const char *name)
{
  return entry.at(name).get<std::string>();
}

nlohmann::json entries_in(const dealii::ParameterHandler &prm, const std::string &section)
{
  auto chosen = nlohmann::json::array();
  std::vector<std::string> sections;
  for (const auto &entry : json_of(prm))
  {
    const auto name = text_at(entry, "section");
    if (!name.empty() && std::find(sections.begin(), sections.end(), name) == sections.end())
      sections.push_back(name);
    if (is_in_section(name, section))
      chosen.push_back(entry);
  }
  if (chosen.empty())
    throw UserError("There is no section '" + section + "'" + suggestion(section, sections) + ".");
  return chosen;
}

/// Text cannot end a cell of a Markdown table.
std::string cell(std::string text)
{
  for (std::size_t at = 0; (at = text.find_first_of("|\n", at)) != std::string::npos; at += 2)
    text.replace(at, 1, text[at] == '|' ? "\\|" : "  ");
  return text;
}

std::string as_text(const nlohmann::json &entries)
{
  std::string text, section = "?";
  for (const auto &entry : entries)
  {
    if (text_at(entry, "section") != section)
    {
      section = text_at(entry, "section");
      text.append(text.empty() ? "" : "\n");
      text.append(section.empty() ? "Outside of sections" : "Section ")
        .append(section)
        .append("\n");
    }
    const auto unit = text_at(entry, "unit");
    text.append("  ").append(text_at(entry, "key")).append(" = ").append(text_at(entry, "default"));
    if (!unit.empty() && unit != "1")
      text.append(" [").append(unit).append("]");
    text.append("   (").append(text_at(entry, "allowed")).append(")\n");
    if (const auto words = text_at(entry, "documentation"); !words.empty())
      text.append("      ").append(words).append("\n");
  }
  return text;
}

std::string as_markdown(const nlohmann::json &entries)
{
  std::string text, section = "?";
  for (const auto &entry : entries)
  {
    if (text_at(entry, "section") != section)
    {
      section = text_at(entry, "section");
      text += (text.empty() ? "## " : "\n## ") +
              (section.empty() ? "Outside of sections" : section) +
              "\n\n| entry | default | allowed | unit | meaning |\n|---|---|---|---|---|\n";
    }
    text += "|";
    for (const char *name : {"key", "default", "allowed", "unit", "documentation"})
      text.append(" ").append(cell(text_at(entry, name))).append(" |");
    text += "\n";
  }
  return text;
}

std::string as_case(const nlohmann::json &entries)
{
  std::string text;
  for (const auto &entry : entries)
  {
    text.append("# ").append(text_at(entry, "documentation"));
    text.append(" (").append(text_at(entry, "allowed")).append(")\n");
    auto rest = text_at(entry, "section");
    std::size_t depth = 0;
    for (; !rest.empty(); ++depth)
    {
      const auto slash = rest.find('/');
      text.append("subsection ").append(rest.substr(0, slash)).append("\n");
      rest = slash == std::string::npos ? "" : rest.substr(slash + 1);
    }
    text.append("set ").append(text_at(entry, "key")).append(" = ");
    text.append(text_at(entry, "default")).append("\n");
    for (; depth > 0; --depth)
      text += "end\n";
    text += "\n";
  }
  return text;
}
} // namespace

bool has_section(const dealii::ParameterHandler &prm, const std::string &section)
{
  return std::ranges::any_of(json_of(prm), [&](const nlohmann::json &entry)
                             { return is_in_section(text_at(entry, "section"), section); });
}

std::string describe(const dealii::ParameterHandler &prm, const std::string &section,
                     DescribeFormat format)
{
  const auto entries = entries_in(prm, section);
  switch (format)
  {
  case DescribeFormat::markdown:
    return as_markdown(entries);
  case DescribeFormat::json:
    return entries.dump(2) + "\n";
  case DescribeFormat::prm:
    return section.empty() ? text_of(prm) : as_case(entries);
  default:
    return as_text(entries);
  }
}
} // namespace understudy
