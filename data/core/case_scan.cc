// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/byte_order_mark.h>
#include <data/core/case_scan.h>
#include <data/core/errors.h>
#include <data/core/nearest_name.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <map>

namespace understudy
{
namespace
{
std::string trimmed(const std::string &text)
{
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos)
    return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// Characters that text does not hold.
bool is_control(char c)
{
  return static_cast<unsigned char>(c) < ' ' && c != '\t' && c != '\r';
}

/// JSON carries the statements to the other ranks, and takes UTF-8 only.
bool is_utf8(const std::string &text)
{
  try
  {
    static_cast<void>(nlohmann::json(text).dump());
    return true;
  }
  catch (const nlohmann::json::type_error &)
  {
    return false;
  }
}

constexpr std::size_t max_depth = 32; ///< of sections within sections

/// What follows the word @p keyword (in small or capital letters) on a line; false when it is
/// another word.
bool follows(const std::string &line, const std::string &keyword, std::string &rest)
{
  const auto end = std::min(line.find_first_of(" \t"), line.size());
  std::string word = line.substr(0, end);
  std::string capitals = keyword;
  std::transform(capitals.begin(), capitals.end(), capitals.begin(), ::toupper);
  if (word != keyword && word != capitals)
    return false;
  rest = trimmed(line.substr(end));
  return true;
}

[[noreturn]] void missing_file(const std::filesystem::path &file, const std::string &where)
{
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  std::vector<std::string> there;
  std::error_code failed;
  for (const auto &entry : std::filesystem::directory_iterator(folder, failed))
    if (entry.path().extension() == ".prm")
      there.push_back(entry.path().filename().string());
  std::sort(there.begin(), there.end());
  std::string hint;
  if (failed)
    hint = "; there is no folder " + folder.string();
  else if (const auto near = nearest_name(file.filename().string(), there); !near.empty())
    hint = "; did you mean " + (file.parent_path() / near).string() + "?";
  throw UserError(where + "the case file " + file.string() + " cannot be read" + hint +
                  (hint.empty() || hint.back() != '?' ? "." : ""));
}

/// Reads one file; the section in which an include stands is kept.
class Scanner
{
public:
  Scanner(const std::filesystem::path &file, std::vector<std::string> sections,
          std::vector<std::filesystem::path> including, std::vector<CaseStatement> &found)
    : file_(file),
      open_(std::move(sections)),
      depth_at_start_(open_.size()),
      including_(std::move(including)),
      found_(found)
  {
    including_.push_back(file.lexically_normal());
  }

  void scan(const std::string &included_from)
  {
    std::error_code ignored;
    if (std::filesystem::is_directory(file_, ignored))
      throw UserError(included_from + file_.string() +
                      " is a folder where a case file is expected.");
    if (std::filesystem::is_character_file(file_, ignored) ||
        std::filesystem::is_block_file(file_, ignored))
      throw UserError(included_from + file_.string() +
                      " is a device where a case file is expected.");
    std::ifstream in(file_);
    if (!in)
      missing_file(file_, included_from);
    std::string raw, line;
    std::size_t number = 0, first = 0;
    while (std::getline(in, raw))
    {
      if (++number == 1)
        remove_byte_order_mark(raw);
      if (std::any_of(raw.begin(), raw.end(), is_control))
        throw UserError(place(number) + ": this line is not text; a case file is expected.");
      raw = trimmed(raw);
      if (line.empty())
        first = number;
      const bool continued = !raw.empty() && raw.back() == '\\';
      line += continued ? raw.substr(0, raw.size() - 1) : raw;
      if (continued)
        continue;
      statement(trimmed(line.substr(0, line.find('#'))), place(first));
      line.clear();
    }
    statement(trimmed(line.substr(0, line.find('#'))), place(first));
    if (open_.size() > depth_at_start_)
      throw UserError(opened_at_.back() + ": the section '" + open_.back() +
                      "' that starts here has no 'end'.");
  }

private:
  std::string place(std::size_t line) const { return file_.string() + ":" + std::to_string(line); }

  std::string section() const
  {
    std::string all;
    for (const auto &name : open_)
      all += (all.empty() ? "" : "/") + name;
    return all;
  }

  void statement(const std::string &line, const std::string &where)
  {
    std::string rest;
    if (line.empty())
      return;
    if (!is_utf8(line))
      throw UserError(where + ": this line is not UTF-8 text; save the file in that encoding.");
    if (follows(line, "subsection", rest) && !rest.empty())
    {
      if (open_.size() == max_depth)
        throw UserError(where + ": sections are nested deeper than " + std::to_string(max_depth) +
                        " levels.");
      open_.push_back(rest);
      opened_at_.push_back(where);
      found_.push_back({section(), "", "", where});
    }
    else if (follows(line, "end", rest) && rest.empty())
    {
      if (open_.size() == depth_at_start_)
        throw UserError(where + ": there is no open section that this 'end' could close.");
      open_.pop_back();
      opened_at_.pop_back();
    }
    else if (follows(line, "set", rest) && rest.find('=', 1) != std::string::npos &&
             rest.front() != '=')
      set(rest, where);
    else if (follows(line, "include", rest) && !rest.empty())
      include(rest, where);
    else
      throw UserError(where + ": '" + line +
                      "' is no statement; expected 'subsection NAME', 'set KEY = VALUE', 'end' or "
                      "'include FILE'.");
  }

  void set(const std::string &text, const std::string &where)
  {
    const auto equals = text.find('=');
    const CaseStatement now{section(), trimmed(text.substr(0, equals)),
                            trimmed(text.substr(equals + 1)), where};
    const auto [before, is_new] = set_at_.insert({now.section + "/" + now.key, where});
    if (!is_new)
      throw UserError(where + ": the entry '" + now.key + "'" +
                      (now.section.empty() ? "" : " in section '" + now.section + "'") +
                      " was set at " + before->second + " already.");
    found_.push_back(now);
  }

  void include(const std::string &name, const std::string &where)
  {
    const auto file = file_.parent_path() / name;
    if (std::find(including_.begin(), including_.end(), file.lexically_normal()) !=
        including_.end())
      throw UserError(where + ": " + file.string() + " includes itself.");
    Scanner(file, open_, including_, found_).scan(where + ": ");
  }

  std::filesystem::path file_;
  std::vector<std::string> open_, opened_at_;
  std::size_t depth_at_start_;
  std::vector<std::filesystem::path> including_;
  std::vector<CaseStatement> &found_;
  std::map<std::string, std::string> set_at_;
};
} // namespace

std::vector<CaseStatement> scan_case(const std::filesystem::path &file)
{
  std::vector<CaseStatement> found;
  Scanner(file, {}, {}, found).scan("");
  return found;
}

CaseStatement scan_override(const std::string &text)
{
  if (!is_utf8(text))
    throw UserError("-D " + text + ": this is not UTF-8 text.");
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw UserError("-D " + text + ": expected Section/Key=value.");
  const std::string path = text.substr(0, equals);
  const auto slash = path.rfind('/');
  CaseStatement result;
  result.section = slash == std::string::npos ? "" : trimmed(path.substr(0, slash));
  result.key = trimmed(slash == std::string::npos ? path : path.substr(slash + 1));
  result.value = trimmed(text.substr(equals + 1));
  result.where = "-D " + text;
  if (result.key.empty() || path.front() == '/')
    throw UserError(result.where + ": expected Section/Key=value.");
  return result;
}
} // namespace understudy
