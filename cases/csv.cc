// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/csv.h>
#include <data/core/byte_order_mark.h>
#include <data/core/errors.h>
#include <data/core/nearest_name.h>
#include <data/store/atomic_file.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <stdexcept>

namespace understudy
{
namespace
{
std::vector<std::string> cells_of(const std::string &line)
{
  std::vector<std::string> cells(1);
  for (const char c : line)
    if (c == ',')
      cells.emplace_back();
    else
      cells.back() += c;
  for (auto &cell : cells)
  {
    cell.erase(0, cell.find_first_not_of(" \t\r"));
    cell.erase(cell.find_last_not_of(" \t\r") + 1);
  }
  return cells;
}

/// The number that a whole cell is; false when it is something else or beyond the range of double.
/// Independent of the locale.
bool parse_number(const std::string &cell, double &value)
{
  const char *begin = cell.data(), *const end = begin + cell.size();
  if (cell.size() > 1 && cell[0] == '+' && cell[1] != '-')
    ++begin; // std::from_chars knows no plus
  const auto [stop, error] = std::from_chars(begin, end, value);
  return !cell.empty() && error == std::errc() && stop == end;
}

void check_header(const std::vector<std::string> &columns, const std::string &where)
{
  double ignored = 0.;
  if (std::all_of(columns.begin(), columns.end(),
                  [&](const std::string &name) { return parse_number(name, ignored); }))
    throw UserError(where + ": there are numbers where the header row with the names of the "
                            "columns is expected.");
  if (columns.size() == 1 && columns[0].find_first_of(";\t") != std::string::npos)
    throw UserError(where + ": the columns of the header are not separated by commas.");
  for (std::size_t i = 0; i < columns.size(); ++i)
  {
    if (columns[i].empty())
      throw UserError(where + ": column " + std::to_string(i + 1) + " of the header has no name.");
    if (std::count(columns.begin(), columns.end(), columns[i]) > 1)
      throw UserError(where + ": the column '" + columns[i] + "' comes twice in the header.");
  }
}
} // namespace

std::size_t CsvTable::column(const std::string &name) const
{
  const auto it = std::find(columns.begin(), columns.end(), name);
  if (it == columns.end())
    throw UserError(file.string() + ": there is no column '" + name + "'" +
                    suggestion(name, columns) + ".");
  return static_cast<std::size_t>(it - columns.begin());
}

CsvTable read_csv(const std::filesystem::path &file)
{
  std::string text = read_file(file.string());
  if (text.find('\0') != std::string::npos)
    throw UserError(file.string() + " is not a text file.");
  remove_byte_order_mark(text);
  std::istringstream in(text);
  CsvTable table;
  table.file = file;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);)
  {
    ++number;
    const auto cells = cells_of(line);
    const auto where = file.string() + ":" + std::to_string(number);
    if ((cells.size() == 1 && cells[0].empty()) || line[0] == '#')
      continue;
    if (table.columns.empty())
    {
      check_header(cells, where);
      table.columns = cells;
      continue;
    }
    if (cells.size() != table.columns.size())
      throw UserError(where + ": the row has " + std::to_string(cells.size()) +
                      " values, the header " + std::to_string(table.columns.size()) + " columns.");
    std::vector<double> row;
    for (std::size_t i = 0; i < cells.size(); ++i)
    {
      if (!parse_number(cells[i], row.emplace_back()))
        throw UserError(where + ": '" + cells[i] + "' in column '" + table.columns[i] +
                        "' is no number.");
    }
    table.rows.push_back(row);
    table.lines.push_back(number);
  }
  if (table.columns.empty())
    throw UserError(file.string() + " has no header row.");
  return table;
}

CsvWriter::CsvWriter(const std::vector<std::string> &columns) : n_columns_(columns.size())
{
  for (const auto &name : columns)
    *this << name;
  end_row();
}

void CsvWriter::separate()
{
  if (in_row_++ > 0)
    text_ += ',';
}

CsvWriter &CsvWriter::operator<<(double value)
{
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::general, 17);
  separate();
  text_.append(text, end.ptr);
  return *this;
}

CsvWriter &CsvWriter::operator<<(const std::string &word)
{
  separate();
  text_ += word;
  return *this;
}

void CsvWriter::end_row()
{
  if (in_row_ != n_columns_)
    throw std::logic_error("A row of a table has " + std::to_string(in_row_) + " values, not " +
                           std::to_string(n_columns_) + ".");
  in_row_ = 0;
  text_ += '\n';
}

void CsvWriter::write(const std::filesystem::path &file) const
{
  write_file_atomically(file.string(), text_);
}
} // namespace understudy
