// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/case_scan.h>
#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/nearest_name.h>
#include <data/core/parameters.h>

#include <deal.II/base/patterns.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <sstream>

namespace understudy
{
namespace
{
using dealii::ParameterHandler;
using Tree = nlohmann::ordered_json;

/// A pattern in plain words, and its bounds or choices where it has them.
struct Allowed
{
  std::string words;
  nlohmann::json lower, upper, choices;
};

std::vector<std::string> split(const std::string &text, char separator)
{
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);)
  {
    while (!part.empty() && part.front() == ' ')
      part.erase(0, 1);
    while (!part.empty() && part.back() == ' ')
      part.pop_back();
    parts.push_back(part);
  }
  return parts;
}

/// Text of @p from between two marks, empty without the first one; to the end without the second.
std::string between(const std::string &from, const std::string &left, const std::string &right)
{
  const auto start = from.find(left);
  if (start == std::string::npos)
    return "";
  const auto end = from.find(right, start + left.size());
  return from.substr(start + left.size(),
                     end == std::string::npos ? end : end - start - left.size());
}

/// A bound as deal.II prints it; independent of the locale.
double bound(const std::string &text)
{
  double value = 0.;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Allowed number_words(const std::string &pattern, const std::string &kind)
{
  Allowed allowed;
  // "[Integer range 1...5 (inclusive)]", but "[Double 0...1 (inclusive)]".
  auto range = between(pattern, " ", " (inclusive)");
  if (range.rfind("range ", 0) == 0)
    range.erase(0, 6);
  const auto dots = range.find("...");
  std::string low, high;
  if (dots != std::string::npos)
  {
    low = range.substr(0, dots);
    high = range.substr(dots + 3);
  }
  // deal.II prints the largest numbers by name or value where there is no bound.
  const bool no_low = low.empty() || low.find("MAX") != std::string::npos || low == "-2147483648";
  const bool no_high =
    high.empty() || high.find("MAX") != std::string::npos || high == "2147483647";
  if (!no_low)
    allowed.lower = bound(low);
  if (!no_high)
    allowed.upper = bound(high);
  allowed.words = kind;
  if (!no_low && !no_high)
    allowed.words += " from " + low + " to " + high;
  else if (!no_low)
    allowed.words += " of at least " + low;
  else if (!no_high)
    allowed.words += " of at most " + high;
  return allowed;
}

Allowed choice_words(const std::string &list, const std::string &introduction)
{
  Allowed allowed;
  allowed.choices = split(list, '|');
  allowed.words = introduction;
  for (const auto &choice : allowed.choices)
    allowed.words += (allowed.words == introduction ? " " : ", ") + choice.get<std::string>();
  return allowed;
}

Allowed words_of(const std::string &pattern)
{
  const auto begins = [&](const std::string &start) { return pattern.rfind(start, 0) == 0; };
  if (begins("[Integer"))
    return number_words(pattern, "an integer");
  if (begins("[Double"))
    return number_words(pattern, "a number");
  if (begins("[Selection "))
    return choice_words(between(pattern, "[Selection ", "]"), "one of");
  if (begins("[MultipleSelection "))
    return choice_words(between(pattern, "[MultipleSelection ", "]"), "a comma-separated list of");
  if (begins("[List"))
  {
    const auto length = between(pattern, "> of length ", " (inclusive)");
    const auto dots = length.find("...");
    Allowed allowed;
    allowed.words = "a comma-separated list";
    if (dots != std::string::npos && length.substr(0, dots) == length.substr(dots + 3))
      allowed.words += " of " + length.substr(0, dots) + " items";
    const auto inner = words_of(between(pattern, "<", ">")).words;
    allowed.words += ", each " + inner;
    return allowed;
  }
  Allowed allowed;
  if (begins("[Bool"))
    allowed.words = "true or false";
  else if (begins("[FileName"))
    allowed.words = "a file name";
  else if (begins("[DirectoryName"))
    allowed.words = "a folder name";
  else if (begins("[Anything"))
    allowed.words = "any text";
  else
    allowed.words = "of the form " + pattern;
  return allowed;
}

bool is_entry(const Tree &node)
{
  return node.is_object() && node.contains("value") && node["value"].is_string() &&
         node.contains("pattern_description");
}

nlohmann::json described(const std::string &section, const std::string &key, const Tree &node)
{
  const auto pattern = node["pattern_description"].get<std::string>();
  const auto allowed = words_of(pattern);
  auto text = node.value("documentation", std::string());
  std::string unit;
  const auto open = text.rfind('['), close = text.rfind(']');
  if (open != std::string::npos && close != std::string::npos && close > open)
  {
    unit = text.substr(open + 1, close - open - 1);
    if (close + 1 >= text.size() || (close + 2 == text.size() && text.back() == '.'))
      text.erase(open > 0 && text[open - 1] == ' ' ? open - 1 : open,
                 close + 1 - (open > 0 ? open - 1 : open));
  }
  nlohmann::json entry = {{"section", section},
                          {"key", key},
                          {"default", node["default_value"]},
                          {"value", node["value"]},
                          {"allowed", allowed.words},
                          {"pattern", pattern},
                          {"unit", unit},
                          {"documentation", text}};
  if (!allowed.lower.is_null())
    entry["lower"] = allowed.lower;
  if (!allowed.upper.is_null())
    entry["upper"] = allowed.upper;
  if (!allowed.choices.is_null())
    entry["choices"] = allowed.choices;
  return entry;
}

void collect(const Tree &node, const std::string &section, nlohmann::json &entries)
{
  for (const auto &[name, child] : node.items())
    if (is_entry(child))
      entries.push_back(described(section, name, child));
    else if (child.is_object() && !child.contains("alias"))
      collect(child, section.empty() ? name : section + "/" + name, entries);
}

std::string in_section(const std::string &section)
{
  return section.empty() ? " outside of sections" : " in section '" + section + "'";
}

/// Where to look the names up. The family is told too: it may be the wrong one.
std::string describe_hint(const nlohmann::json &entries, const std::string &section,
                          const std::string &what)
{
  std::string command = "understudy describe";
  if (!section.empty())
    command += " \"" + section + "\"";
  for (const auto &entry : entries)
    if (entry["section"] == "" && entry["key"] == "Family")
      command += " --family " + entry["value"].get<std::string>();
  return " (" + command + " lists all " + what + ")";
}

/// The statements are checked against what is declared, so that all messages look the same.
class Checker
{
public:
  explicit Checker(const nlohmann::json &entries) : entries_(entries)
  {
    for (const auto &entry : entries_)
    {
      auto section = entry["section"].get<std::string>();
      for (; !section.empty(); section = parent(section))
        if (std::find(sections_.begin(), sections_.end(), section) == sections_.end())
          sections_.push_back(section);
    }
  }

  void check(const CaseStatement &statement) const
  {
    if (!statement.section.empty() &&
        std::find(sections_.begin(), sections_.end(), statement.section) == sections_.end())
      unknown_section(statement);
    if (statement.key.empty())
      return;
    for (const auto &entry : entries_)
      if (entry["section"] == statement.section && entry["key"] == statement.key)
        return check_value(statement, entry);
    unknown_entry(statement);
  }

private:
  static std::string parent(const std::string &section)
  {
    const auto slash = section.rfind('/');
    return slash == std::string::npos ? "" : section.substr(0, slash);
  }

  [[noreturn]] void unknown_section(const CaseStatement &statement) const
  {
    const auto near = nearest_name(statement.section, sections_);
    throw UserError(statement.where + ": unknown section '" + statement.section + "'" +
                    (near.empty() ? "" : "; did you mean '" + near + "'?") +
                    describe_hint(entries_, "", "sections"));
  }

  [[noreturn]] void unknown_entry(const CaseStatement &statement) const
  {
    std::vector<std::string> here;
    std::string elsewhere;
    for (const auto &entry : entries_)
      if (entry["section"] == statement.section)
        here.push_back(entry["key"]);
      else if (entry["key"] == statement.key)
        elsewhere = entry["section"].get<std::string>();
    std::string hint;
    if (const auto near = nearest_name(statement.key, here); !near.empty())
      hint = "; did you mean '" + near + "'?";
    else if (!elsewhere.empty())
      hint = "; it belongs to section '" + elsewhere + "'.";
    throw UserError(statement.where + ": unknown entry '" + statement.key + "'" +
                    in_section(statement.section) + hint +
                    describe_hint(entries_, statement.section, "entries"));
  }

  void check_value(const CaseStatement &statement, const nlohmann::json &entry) const
  {
    const auto pattern = dealii::Patterns::pattern_factory(entry["pattern"]);
    if (pattern->match(statement.value))
      return;
    std::string hint;
    if (entry.contains("choices"))
      if (const auto near = nearest_name(statement.value, entry["choices"]); !near.empty())
        hint = "; did you mean '" + near + "'?";
    throw UserError(statement.where + ": '" + statement.key + "'" + in_section(statement.section) +
                    " must be " + entry["allowed"].get<std::string>() + ", not '" +
                    statement.value + "'" + (hint.empty() ? "." : hint));
  }

  const nlohmann::json &entries_;
  std::vector<std::string> sections_;
};

std::vector<CaseStatement> scan_all(const std::filesystem::path &file,
                                    const std::vector<std::string> &overrides)
{
  auto statements = scan_case(file);
  const std::size_t n_in_file = statements.size();
  for (const auto &text : overrides)
  {
    const CaseStatement now = scan_override(text);
    for (std::size_t i = n_in_file; i < statements.size(); ++i)
      if (statements[i].section == now.section && statements[i].key == now.key &&
          statements[i].value != now.value)
        throw UserError(now.where + " contradicts " + statements[i].where + ".");
    statements.push_back(now);
  }
  return statements;
}

void apply(ParameterHandler &prm, const nlohmann::json &statement)
{
  const auto sections = split(statement["section"], '/');
  for (const auto &section : sections)
    prm.enter_subsection(section);
  std::string problem;
  try
  {
    prm.set(statement["key"].get<std::string>(), statement["value"].get<std::string>());
  }
  catch (const dealii::ExceptionBase &error)
  {
    std::ostringstream text;
    error.print_info(text);
    problem = text.str();
  }
  for (std::size_t i = 0; i < sections.size(); ++i)
    prm.leave_subsection();
  if (!problem.empty())
    throw UserError(statement["where"].get<std::string>() + ": " + problem);
}
} // namespace

void read_case(ParameterHandler &prm, const std::filesystem::path &file,
               const std::vector<std::string> &overrides, MPI_Comm comm)
{
  const auto text = on_rank_0(comm,
                              [&]
                              {
                                const auto entries = json_of(prm);
                                const Checker checker(entries);
                                auto values = nlohmann::json::array();
                                for (const auto &statement : scan_all(file, overrides))
                                {
                                  checker.check(statement);
                                  if (!statement.key.empty())
                                    values.push_back({{"section", statement.section},
                                                      {"key", statement.key},
                                                      {"value", statement.value},
                                                      {"where", statement.where}});
                                }
                                return values.dump();
                              });
  on_all_ranks(comm,
               [&]
               {
                 for (const auto &statement : nlohmann::json::parse(text))
                   apply(prm, statement);
               });
}

std::string peek_entry(const std::filesystem::path &file, const std::vector<std::string> &overrides,
                       const std::string &key, const std::string &fallback, MPI_Comm comm)
{
  return on_rank_0(comm,
                   [&]
                   {
                     std::string value = fallback;
                     for (const auto &statement : scan_all(file, overrides))
                       if (statement.section.empty() && statement.key == key)
                         value = statement.value;
                     return value;
                   });
}

void add_number(ParameterHandler &prm, const std::string &key, double &value,
                const std::string &documentation, const dealii::Patterns::PatternBase &pattern)
{
  const double exact = value;
  prm.add_parameter(key, value, documentation, pattern);
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, exact).ptr;
  prm.declare_entry(key, std::string(text, end), pattern, documentation);
  value = exact;
}

bool is_in_section(const std::string &name, const std::string &section)
{
  return section.empty() || name == section || name.rfind(section + "/", 0) == 0;
}

nlohmann::json json_of(const ParameterHandler &prm)
{
  std::ostringstream text;
  prm.print_parameters(text, ParameterHandler::JSON | ParameterHandler::KeepDeclarationOrder);
  auto entries = nlohmann::json::array();
  collect(Tree::parse(text.str()), "", entries);
  return entries;
}

std::string text_of(const ParameterHandler &prm)
{
  std::ostringstream text;
  prm.print_parameters(text, ParameterHandler::PRM | ParameterHandler::KeepDeclarationOrder);
  return text.str();
}
} // namespace understudy
