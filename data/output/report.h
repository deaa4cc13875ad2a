// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace understudy
{
/// A report of a run: `report.md` for people and `results.json` for programs, a flat object of
/// numbers. Every number in the text is named by its key, so that each of them is in results.json.
/// Local: to be filled and written by one rank.
class Report
{
public:
  explicit Report(std::string title);

  /// Records a number. @p key is snake_case; names of quantities in it keep their capitals. A value
  /// that is not finite is written as null and the report says so. Throws std::logic_error when the
  /// key is misshapen or was given before.
  /// @param unit  "1" or "" for none
  void number(const std::string &key, double value, const std::string &unit = "1");

  void heading(const std::string &text);

  /// Markdown; "{key}" is replaced by the number of that key with its unit. Numbers may be recorded
  /// later, but must be there when the report is written.
  void paragraph(const std::string &text);

  /// One row: what it is about, and for each further column the key of a number ("" leaves it
  /// empty).
  struct Row
  {
    std::string label;
    std::vector<std::string> keys;
  };

  /// @param columns  names of all columns, that of the labels first. Units stand beside the
  /// numbers.
  void table(const std::vector<std::string> &columns, const std::vector<Row> &rows);

  bool has(const std::string &key) const { return numbers_.count(key) > 0; }
  double value(const std::string &key) const; ///< std::logic_error when unknown

  std::string markdown() const; ///< std::logic_error when a key is not known
  std::string json() const;

  /// Writes report.md and results.json, each complete or not at all. Throws WriteError.
  void write(const std::filesystem::path &folder) const;

private:
  struct Number
  {
    double value;
    std::string unit;
  };
  std::string text_of(const std::string &key) const;

  std::string title_;
  std::map<std::string, Number> numbers_;
  struct Block
  {
    enum class Kind
    {
      heading,
      paragraph,
      table
    } kind;
    std::string text;
    std::vector<std::string> columns;
    std::vector<Row> rows;
  };
  std::vector<Block> blocks_;
};
} // namespace understudy
