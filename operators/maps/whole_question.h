// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/maps/field_map.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace understudy
{
/// A question with all of its nodes in one place. They bear the numbers 0, 1, ... in the order of
/// the caller's, which they keep when those have no gaps. Cells stand in the order of
/// MeshView::cell_numbers.
struct WholeQuestion
{
  const MeshView *mesh = nullptr; ///< or
  const GridView *grid = nullptr;
  std::size_t n_nodes = 0;
  std::vector<std::vector<double>> fields; ///< [input_fields][n_nodes]
  std::vector<double> scalars;             ///< [input_scalars]
};

/// The part of a rank, after check_query(), as a message to the rank that puts them together.
std::string pack_question(const FieldMapInfo &info, const FieldQuery &query);

/// Puts together what pack_question() made on every rank. O(n log n).
class QuestionAssembly
{
public:
  /// Throws UserError when a node or cell has two owners, a cell, facet or feature names a node
  /// without one, a node of the grid has none, or the ranks disagree on scalars, grid or features.
  QuestionAssembly(const FieldMapInfo &info, const std::vector<std::string> &messages);
  QuestionAssembly(const QuestionAssembly &) = delete;
  QuestionAssembly &operator=(const QuestionAssembly &) = delete;

  const WholeQuestion &question() const { return question_; }
  /// Where the nodes of a rank stand among all, in its order.
  const std::vector<unsigned> &places(std::size_t rank) const { return places_[rank]; }

  /// One sentence that names the first value that is not finite; empty when there is none.
  std::string not_finite() const;

private:
  struct Part;
  [[noreturn]] void refuse(const std::string &what) const;
  unsigned place_of(unsigned number, const char *what) const;
  void number_nodes(const std::vector<Part> &parts);
  void collect_cells(const std::vector<Part> &parts);
  void collect_names(const std::vector<Part> &parts);
  void require_agreement(const std::vector<Part> &parts) const;

  const FieldMapInfo &info_;
  std::vector<unsigned> numbers_; ///< of all nodes, sorted
  std::vector<std::vector<unsigned>> places_;
  std::vector<double> points_;
  std::vector<unsigned> cells_;
  std::map<std::string, std::vector<unsigned>> facets_;
  MeshView mesh_;
  GridView grid_;
  WholeQuestion question_;
};
} // namespace understudy
