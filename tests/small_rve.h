// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <array>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace understudy::test
{
/// The tables of a published RVE of 2 x 2 equal Q8 cells, the first of them a fibre: it is solved
/// in a millisecond. A test may change rows before it writes them.
struct SmallRve
{
  std::vector<std::string> nodes, elements; ///< rows, without line ends

  SmallRve()
  {
    std::map<std::pair<int, int>, std::size_t> numbers; // by place, in quarters of the side
    const auto number = [&](int i, int j)
    {
      const auto [known, is_new] = numbers.insert({{i, j}, numbers.size() + 1});
      if (is_new)
        nodes.push_back(row(0.25 * i - 0.5, 0.25 * j - 0.5));
      return known->second;
    };
    for (const auto &[i, j] : {std::pair(0, 0), {2, 0}, {0, 2}, {2, 2}})
    {
      std::ostringstream cell;
      cell << elements.size() + 1 << ',' << (elements.empty() ? 2 : 1);
      for (const auto &[a, b] : std::array<std::pair<int, int>, 8>{
             {{0, 0}, {2, 0}, {2, 2}, {0, 2}, {1, 0}, {2, 1}, {1, 2}, {0, 1}}})
        cell << ',' << number(i + a, j + b);
      elements.push_back(cell.str());
    }
  }

  static std::string row(double x, double y)
  {
    std::ostringstream text;
    text << x << ',' << y;
    return text.str();
  }

  /// Writes nodes.csv and elements.csv.
  void write(const std::string &folder) const
  {
    std::ofstream node_file(folder + "/nodes.csv"), element_file(folder + "/elements.csv");
    for (const auto &line : nodes)
      node_file << line << '\n';
    for (const auto &line : elements)
      element_file << line << '\n';
  }

  /// The overrides with which a case reads them from there, each after its -D.
  static std::vector<std::string> overrides(const std::string &folder)
  {
    return {"-D", "Micro/Geometry=published",
            "-D", "Micro/Node file=" + folder + "/nodes.csv",
            "-D", "Micro/Element file=" + folder + "/elements.csv"};
  }
};
} // namespace understudy::test
