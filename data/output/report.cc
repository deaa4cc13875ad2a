// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/output/report.h>

#include <data/store/atomic_file.h>

#include <nlohmann/json.hpp>

#include <cctype>
#include <charconv>
#include <cmath>
#include <stdexcept>

namespace understudy
{
namespace
{
/// Words of a key are joined by underscores; a quantity keeps its own letters, as in "rrmse_U1".
bool is_key(const std::string &key)
{
  if (key.empty() || !std::islower(static_cast<unsigned char>(key[0])))
    return false;
  for (const unsigned char c : key)
    if (!std::isalnum(c) && c != '_')
      return false;
  return true;
}

std::string table_line(const std::vector<std::string> &cells)
{
  std::string line = "|";
  for (const auto &cell : cells)
    line += " " + cell + " |";
  return line + "\n";
}

/// With four significant digits: "0.0001234", "1.235e+07", "12"; independent of the locale.
std::string number_text(double value)
{
  char text[64];
  const bool whole = value == std::round(value) && std::abs(value) < 1e7;
  const auto end =
    whole ? std::to_chars(text, text + sizeof text, value == 0. ? 0. : value, // no "-0"
                          std::chars_format::fixed, 0)
          : std::to_chars(text, text + sizeof text, value, std::chars_format::general, 4);
  return std::string(text, end.ptr);
}
} // namespace

Report::Report(std::string title) : title_(std::move(title)) {}

void Report::number(const std::string &key, double value, const std::string &unit)
{
  if (!is_key(key))
    throw std::logic_error("The key '" + key +
                           "' of the report is not made of letters, digits and "
                           "underscores, or begins with none of a to z.");
  if (!numbers_.insert({key, Number{value, unit}}).second)
    throw std::logic_error("The number '" + key + "' of the report was given twice.");
}

void Report::heading(const std::string &text)
{
  blocks_.push_back({Block::Kind::heading, text, {}, {}});
}

void Report::paragraph(const std::string &text)
{
  blocks_.push_back({Block::Kind::paragraph, text, {}, {}});
}

void Report::table(const std::vector<std::string> &columns, const std::vector<Row> &rows)
{
  for (const auto &row : rows)
    if (row.keys.size() + 1 != columns.size())
      throw std::logic_error("The row '" + row.label + "' of a table of the report has " +
                             std::to_string(row.keys.size() + 1) + " cells, not " +
                             std::to_string(columns.size()) + ".");
  blocks_.push_back({Block::Kind::table, "", columns, rows});
}

double Report::value(const std::string &key) const
{
  const auto it = numbers_.find(key);
  if (it == numbers_.end())
    throw std::logic_error("The report has no number '" + key + "'.");
  return it->second.value;
}

std::string Report::text_of(const std::string &key) const
{
  const double number = value(key);
  if (!std::isfinite(number))
    return "not available";
  const auto &unit = numbers_.at(key).unit;
  return number_text(number) + (unit.empty() || unit == "1" ? "" : " " + unit);
}

std::string Report::markdown() const
{
  std::string text = "# " + title_ + "\n";
  for (const auto &block : blocks_)
  {
    text += "\n";
    if (block.kind == Block::Kind::heading)
      text += "## " + block.text + "\n";
    else if (block.kind == Block::Kind::paragraph)
    {
      std::size_t from = 0, open;
      while ((open = block.text.find('{', from)) != std::string::npos)
      {
        const auto close = block.text.find('}', open);
        if (close == std::string::npos)
          throw std::logic_error("A paragraph of the report has '{' without '}': " + block.text);
        text += block.text.substr(from, open - from) +
                text_of(block.text.substr(open + 1, close - open - 1));
        from = close + 1;
      }
      text += block.text.substr(from) + "\n";
    }
    else
    {
      text += table_line(block.columns) +
              table_line(std::vector<std::string>(block.columns.size(), "---"));
      for (const auto &row : block.rows)
      {
        std::vector<std::string> cells{row.label};
        for (const auto &key : row.keys)
          cells.push_back(key.empty() ? "" : text_of(key));
        text += table_line(cells);
      }
    }
  }

  std::string missing;
  for (const auto &[key, number] : numbers_)
    if (!std::isfinite(number.value))
      missing += (missing.empty() ? "`" : ", `") + key + "`";
  if (!missing.empty())
    text += "\nNot available, because no finite number came out: " + missing + ".\n";
  return text;
}

std::string Report::json() const
{
  nlohmann::json numbers = nlohmann::json::object();
  for (const auto &[key, number] : numbers_)
    numbers[key] = std::isfinite(number.value) ? nlohmann::json(number.value) : nlohmann::json();
  return numbers.dump(2) + "\n";
}

void Report::write(const std::filesystem::path &folder) const
{
  write_file_atomically((folder / "results.json").string(), json());
  write_file_atomically((folder / "report.md").string(), markdown());
}
} // namespace understudy
