// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/byte_order_mark.h>
#include <data/core/errors.h>
#include <meshes/rve_published.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <string_view>
#include <vector>

namespace understudy
{
namespace
{
/// One line of a table, with where it stands for messages.
class Row
{
public:
  Row(const std::filesystem::path &file, std::size_t line, std::string_view content)
    : where_(file.string() + ":" + std::to_string(line) + ": ")
  {
    for (std::size_t begin = 0;;)
    {
      const auto comma = content.find(',', begin);
      columns_.push_back(trimmed(content.substr(begin, comma - begin)));
      if (comma == std::string_view::npos)
        break;
      begin = comma + 1;
    }
  }

  void expect_columns(std::size_t n) const
  {
    if (columns_.size() != n)
      refuse("expected " + std::to_string(n) + " columns, found " +
             std::to_string(columns_.size()));
  }

  double number(std::size_t column) const
  {
    const double value = parsed<double>(column, "a number");
    if (!std::isfinite(value))
      refuse("column " + std::to_string(column + 1) + ": '" + std::string(columns_[column]) +
             "' is not finite");
    return value;
  }

  /// A whole number in [1, @p largest].
  unsigned index(std::size_t column, const std::string &what, std::size_t largest) const
  {
    const long value = parsed<long>(column, "a whole number");
    if (value < 1 || static_cast<unsigned long>(value) > largest)
      refuse(what + " " + std::to_string(value) + " is not in 1.." + std::to_string(largest));
    return static_cast<unsigned>(value);
  }

private:
  static std::string_view trimmed(std::string_view word)
  {
    const auto first = word.find_first_not_of(" \t\r");
    if (first == std::string_view::npos)
      return {};
    return word.substr(first, word.find_last_not_of(" \t\r") - first + 1);
  }

  /// Independent of the locale: std::from_chars always expects a decimal point.
  template <class Number>
  Number parsed(std::size_t column, const std::string &what) const
  {
    const auto word = columns_[column];
    Number value{};
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size())
      refuse("column " + std::to_string(column + 1) + ": '" + std::string(word) + "' is not " +
             what);
    return value;
  }

  [[noreturn]] void refuse(const std::string &what) const { throw UserError(where_ + what + "."); }

  std::string where_;
  std::vector<std::string_view> columns_;
};

/// Calls @p use for every line; blank lines are allowed only at the end.
template <class Use>
void for_each_row(const std::filesystem::path &file, std::size_t n_columns, const Use &use)
{
  std::ifstream in(file);
  if (!in || std::filesystem::is_directory(file))
    throw UserError("Cannot read the mesh file '" + file.string() + "'.");
  std::size_t line = 0, blank = 0;
  for (std::string content; std::getline(in, content);)
  {
    ++line;
    if (line == 1)
      remove_byte_order_mark(content);
    if (content.find_first_not_of(" \t\r") == std::string::npos)
    {
      blank = blank == 0 ? line : blank;
      continue;
    }
    if (blank != 0)
      throw UserError(file.string() + ":" + std::to_string(blank) +
                      ": blank line inside the table (rows are counted).");
    const Row row(file, line, content);
    row.expect_columns(n_columns);
    use(row);
  }
  if (in.bad())
    throw UserError("Cannot read the mesh file '" + file.string() + "' to its end.");
  if (line == 0 || blank == 1)
    throw UserError("The mesh file '" + file.string() + "' is empty.");
}

/// Refuses cells that do not hang together and nodes of no cell. Rows are numbered as cells and
/// nodes are.
void check_connections(const RveMesh &mesh, const std::filesystem::path &nodes_csv,
                       const std::filesystem::path &elements_csv)
{
  if (const auto side = first_loose_side(mesh))
    throw UserError(elements_csv.string() + ":" + std::to_string(side->cell + 1) + ": " +
                    side->text(side->nodes[0] + 1, side->nodes[1] + 1));
  std::vector<bool> used(mesh.nodes.size());
  for (const auto &cell : mesh.cells)
    for (const unsigned node : cell)
      used[node] = true;
  const auto unused = std::find(used.begin(), used.end(), false);
  if (unused != used.end())
    throw UserError(nodes_csv.string() + ":" + std::to_string(unused - used.begin() + 1) +
                    ": this node belongs to no cell.");
}
} // namespace

RveMesh read_published_rve(const std::filesystem::path &nodes_csv,
                           const std::filesystem::path &elements_csv)
{
  RveMesh mesh;
  mesh.name = elements_csv.string();
  for_each_row(nodes_csv, 2,
               [&](const Row &row) {
                 mesh.nodes.push_back({row.number(0), row.number(1)});
               });
  for_each_row(elements_csv, 10,
               [&](const Row &row)
               {
                 row.index(0, "cell number", 1000000000);
                 mesh.phase.push_back(static_cast<Phase>(row.index(1, "phase", 2)));
                 auto &cell = mesh.cells.emplace_back();
                 for (unsigned k = 0; k < 8; ++k)
                   cell[k] = row.index(2 + k, "node", mesh.nodes.size()) - 1;
               });
  check_rve_mesh(mesh);
  check_connections(mesh, nodes_csv, elements_csv);
  return mesh;
}
} // namespace understudy
