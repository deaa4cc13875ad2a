// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace understudy
{
/// A table of numbers with a header row.
struct CsvTable
{
  std::vector<std::string> columns;
  std::vector<std::vector<double>> rows; ///< [row][column]
  std::filesystem::path file;            ///< for messages
  std::vector<std::size_t> lines;        ///< line number in the file of each row

  /// Index of a column; UserError with the nearest name when it is not there.
  std::size_t column(const std::string &name) const;
};

/// Reads a comma-separated file: a header row, then rows of numbers (nan and inf are accepted:
/// whether they are allowed is for the reader to say). Empty lines and lines starting with # are
/// skipped. UserError with file:line and column for a missing file, a missing header, a column name
/// that is empty or comes twice, a row of another length, or a word that is no number. Local.
CsvTable read_csv(const std::filesystem::path &file);

/// A table that may hold words besides numbers, written with full precision (17 digits), complete
/// or not at all. Throws WriteError. Local.
class CsvWriter
{
public:
  explicit CsvWriter(const std::vector<std::string> &columns);
  CsvWriter &operator<<(double value);
  CsvWriter &operator<<(const std::string &word);
  void end_row(); ///< std::logic_error when the row has another length than the header
  void write(const std::filesystem::path &file) const;

private:
  void separate();
  std::size_t n_columns_;
  std::size_t in_row_ = 0;
  std::string text_;
};
} // namespace understudy
