// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <meshes/rve_mesh.h>

#include <algorithm>
#include <array>
#include <iomanip>
#include <locale>
#include <sstream>
#include <string>

namespace understudy::test
{
/// How gmsh_text() writes a mesh.
struct GmshStyle
{
  bool version_4 = true;    ///< 4.1 or 2.2
  unsigned n_nodes = 8;     ///< of a cell: 4, 8 or 9
  double side = 1.;         ///< of the square
  double x = 0., y = 0.;    ///< its centre
  bool clockwise = false;   ///< every second cell
  std::string matrix = "1"; ///< physical groups of surface 1 and 2, separated by blanks
  std::string fibre = "2";
  std::string names = "2 1 \"matrix\"\n2 2 \"fibre\"\n"; ///< lines of $PhysicalNames
};

inline std::size_t n_words(const std::string &text)
{
  std::istringstream in(text);
  std::string word;
  std::size_t n = 0;
  while (in >> word)
    ++n;
  return n;
}

/// @p mesh as an ASCII file of Gmsh. Node i, from 0, has the number 3 i + 5, as numbers in files of
/// Gmsh have gaps; centre nodes follow. Cells are numbered from 101. Both formats also hold a
/// point and a line. In format 4.1 the matrix is surface 1 and the fibre surface 2, so that the
/// cells are sorted by phase.
class GmshText
{
public:
  GmshText(const RveMesh &mesh, const GmshStyle &style) : mesh_(mesh), style_(style)
  {
    out_.imbue(std::locale::classic());
    out_ << std::setprecision(17) << "$MeshFormat\n"
         << (style.version_4 ? "4.1" : "2.2") << " 0 8\n$EndMeshFormat\n";
    const auto n_names = std::count(style.names.begin(), style.names.end(), '\n');
    if (n_names > 0)
      out_ << "$PhysicalNames\n" << n_names << '\n' << style.names << "$EndPhysicalNames\n";
    if (style.version_4)
      add_entities();
    add_nodes();
    add_elements();
  }

  std::string text() const { return out_.str(); }

private:
  static std::size_t number(std::size_t node) { return 3 * node + 5; }

  void add_entities()
  {
    out_ << "$Entities\n1 1 2 0\n1 0 0 0 0 \n1 0 0 0 1 0 0 0 2 1 -1 \n";
    for (const auto &[surface, groups] : {std::pair(1, style_.matrix), {2, style_.fibre}})
      out_ << surface << " 0 0 0 1 1 0 " << n_words(groups) << ' ' << groups << " 1 1 \n";
    out_ << "$EndEntities\n";
  }

  std::size_t n_written() const
  {
    const std::size_t n_corners = mesh_.nodes.size();
    return style_.n_nodes == 9 ? n_corners + mesh_.cells.size() : n_corners;
  }

  void add_nodes()
  {
    const std::size_t n = n_written();
    out_ << "$Nodes\n";
    if (style_.version_4)
    {
      out_ << "1 " << n << ' ' << number(0) << ' ' << number(n - 1) << "\n2 1 0 " << n << '\n';
      for (std::size_t i = 0; i < n; ++i)
        out_ << number(i) << '\n';
    }
    else
      out_ << n << '\n';
    for (std::size_t i = 0; i < n; ++i)
    {
      const bool is_centre = i >= mesh_.nodes.size();
      const auto p = is_centre ? std::array{0.123, 0.456} : mesh_.nodes[i];
      if (!style_.version_4)
        out_ << number(i) << ' ';
      out_ << style_.x + style_.side * p[0] << ' ' << style_.y + style_.side * p[1] << " 0\n";
    }
    out_ << "$EndNodes\n";
  }

  void add_cell(std::size_t c)
  {
    auto cell = mesh_.cells[c];
    if (style_.clockwise && c % 2 == 1) // as seen from below, from another first corner
      cell = {cell[2], cell[1], cell[0], cell[3], cell[5], cell[4], cell[7], cell[6]};
    for (unsigned k = 0; k < std::min(style_.n_nodes, 8u); ++k)
      out_ << ' ' << number(cell[k]);
    if (style_.n_nodes == 9)
      out_ << ' ' << number(mesh_.nodes.size() + c);
    out_ << '\n';
  }

  void add_elements()
  {
    const std::size_t n = mesh_.cells.size();
    const char *type = style_.n_nodes == 4 ? "3" : style_.n_nodes == 8 ? "16" : "10";
    out_ << "$Elements\n";
    if (style_.version_4)
    {
      out_ << "4 " << n + 2 << " 1 " << 100 + n << "\n0 1 15 1\n1 5\n1 1 1 1\n2 5 8\n";
      for (const Phase phase : {Phase::matrix, Phase::fibre})
      {
        const auto in_block = std::count(mesh_.phase.begin(), mesh_.phase.end(), phase);
        out_ << "2 " << static_cast<int>(phase) << ' ' << type << ' ' << in_block << '\n';
        for (std::size_t c = 0; c < n; ++c)
          if (mesh_.phase[c] == phase)
          {
            out_ << 101 + c;
            add_cell(c);
          }
      }
    }
    else
    {
      out_ << n + 2 << "\n1 15 2 0 1 5\n2 1 2 0 1 5 8\n";
      for (std::size_t c = 0; c < n; ++c)
      {
        const bool matrix = mesh_.phase[c] == Phase::matrix;
        out_ << 101 + c << ' ' << type << " 2 " << (matrix ? style_.matrix : style_.fibre) << ' '
             << (matrix ? 1 : 2);
        add_cell(c);
      }
    }
    out_ << "$EndElements\n";
  }

  const RveMesh &mesh_;
  const GmshStyle &style_;
  std::ostringstream out_;
};

inline std::string gmsh_text(const RveMesh &mesh, const GmshStyle &style = {})
{
  return GmshText(mesh, style).text();
}
} // namespace understudy::test
