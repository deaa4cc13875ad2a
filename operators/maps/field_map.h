// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/mesh_view.h>
#include <operators/maps/point_map.h>

#include <limits>
#include <span>
#include <string>
#include <vector>

namespace understudy
{
/// What a caller must know of a map of fields before asking it. Equal on all ranks.
struct FieldMapInfo
{
  enum class Domain
  {
    mesh,
    grid
  };
  std::string name;
  Domain domain = Domain::mesh;
  unsigned dimension = 2;
  unsigned nodes_per_cell = 3, nodes_per_facet = 2; ///< of a mesh
  std::vector<Quantity> input_fields, input_scalars, output_fields, output_scalars;
  std::vector<double> lower, upper; ///< trained range per input scalar; infinite without a limit
  bool has_deviation = false;       ///< answers come with standard deviations
};

/// Values of a field at the nodes of this rank. A vector is one field per component.
struct FieldInput
{
  Quantity quantity;
  std::span<const double> values; ///< [n_nodes]
};

struct ScalarInput
{
  Quantity quantity;
  double value = 0.;
};

/// One question: this rank's part of a mesh or grid with the fields on it. Inputs are found by
/// their names, whatever their order.
struct FieldQuery
{
  const MeshView *mesh = nullptr;  ///< either a mesh
  const GridView *grid = nullptr;  ///< or a grid, equal on all ranks
  std::span<const unsigned> nodes; ///< numbers of the nodes of this rank; every node of the mesh or
                                   ///< grid is owned by one rank. May be empty
  std::vector<FieldInput> fields;
  std::vector<ScalarInput> scalars; ///< equal on all ranks
};

/// Predicted values with their standard deviations.
struct FieldAnswer
{
  struct Field
  {
    Quantity quantity;
    std::vector<double> mean;      ///< [n_nodes], at FieldQuery::nodes in their order
    std::vector<double> deviation; ///< likewise; empty when the method has none
  };
  struct Scalar
  {
    Quantity quantity;
    double mean = 0.;
    double deviation = std::numeric_limits<double>::quiet_NaN(); ///< NaN when the method has none
  };
  std::vector<Field> fields;   ///< parallel to FieldMapInfo::output_fields
  std::vector<Scalar> scalars; ///< parallel to output_scalars; equal on all ranks, as what follows
  Health health = Health::ok;
  std::string reason; ///< one sentence when health is not ok

  /// Whether there are values. Those with Health::outside_training_range are not to be trusted.
  bool has_values() const { return health < Health::not_converged; }
  /// The field of that name; std::out_of_range when there is none.
  const Field &field(const std::string &name) const;
};

/// Fields and scalars on a mesh or grid, whatever its numbering and however the ranks share it, to
/// fields and scalars there: a surrogate for the solution of a partial differential equation.
///
/// A map has no hidden state: equal questions give equal answers, whatever was asked before, and
/// the answers do not depend on how nodes are numbered (to rounding) or dealt to the ranks. The
/// calls are collective over the communicator given at construction and are also made by ranks
/// without nodes.
class FieldMap
{
public:
  virtual ~FieldMap() = default;

  virtual const FieldMapInfo &info() const = 0;

  /// Throws UserError, on all ranks, for a question that is none: names, units or numbers of values
  /// that are not those of info(), nodes without or with two owners, ranks that disagree. Never
  /// throws for what the values are: trouble is told by FieldAnswer::health. With not_converged (a
  /// mesh that the method cannot handle) or not_finite (an input was NaN or infinite) fields and
  /// scalars stay empty, so that nobody can use them.
  virtual void evaluate(const FieldQuery &query, FieldAnswer &answer) = 0;

  /// The same for several questions, on all ranks as many and in the same order; a map may share
  /// them out.
  virtual void evaluate_all(std::span<const FieldQuery> queries, std::vector<FieldAnswer> &answers);
};

/// Throws UserError when @p query is not what @p info asks for, as far as one rank can see: domain,
/// dimension and kind of cells, names with units, numbers of values. Local.
void check_query(const FieldMapInfo &info, const FieldQuery &query);

/// The input of that name in a query that passed check_query(). O(number of inputs).
const FieldInput &field_of(const FieldQuery &query, const std::string &name);
double scalar_of(const FieldQuery &query, const std::string &name);

/// An answer without values.
FieldAnswer no_answer(Health health, const std::string &reason);
} // namespace understudy
