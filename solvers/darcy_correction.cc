// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <solvers/darcy_correction.h>
#include <solvers/petsc_owners.h>

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

namespace understudy
{
namespace
{
const Quantity coefficient = {"a", "1"}, residual = {"r", "1"}, error = {"e", "1"};

void check_map(const FieldMapInfo &info)
{
  if (info.domain != FieldMapInfo::Domain::grid || info.dimension != 2)
    throw UserError("'" + info.name +
                    "' is no map of plane grids, on which residuals of the Darcy "
                    "problem are corrected.");
  const auto same = [](const Quantity &wanted) {
    return [&wanted](const Quantity &q) { return q.name == wanted.name && q.unit == wanted.unit; };
  };
  if (std::ranges::none_of(info.output_fields, same(error)))
    throw UserError("'" + info.name +
                    "' does not predict 'e' [1], the error that belongs to a "
                    "residual of the Darcy problem.");
  for (const Quantity &q : info.input_fields)
    if (!same(coefficient)(q) && !same(residual)(q))
      throw UserError(
        "'" + info.name + "' needs the field '" + q.name + "' [" + q.unit +
        "]; to correct residuals of the Darcy problem 'a' [1] and 'r' [1] are given.");
  if (!info.input_scalars.empty())
    throw UserError("'" + info.name + "' needs the scalar '" + info.input_scalars.front().name +
                    "', which is not given to correct residuals of the Darcy problem.");
}

/// See darcy_correction().
class DarcyCorrection
{
public:
  DarcyCorrection(DarcySolver &solver, std::shared_ptr<FieldMap> map)
    : solver_(&solver), map_(std::move(map)), r_(solver.owned_nodes().size())
  {
    check_map(map_->info());
    const unsigned n = solver.parameters().n_cells;
    for (const unsigned node : solver.owned_nodes())
      inner_.push_back(node / (n + 1) % n != 0 && node % (n + 1) % n != 0);
  }

  /// @param r with the Euclidean norm 1, so that r / h is a density of root mean square 1; the
  /// error
  ///          of that density is e times h
  std::string operator()(Vec r, Vec e)
  {
    const double n = solver_->parameters().n_cells;
    const PetscScalar *from = nullptr;
    check_petsc(VecGetArrayRead(r, &from));
    for (std::size_t i = 0; i < r_.size(); ++i)
      r_[i] = n * from[i];
    check_petsc(VecRestoreArrayRead(r, &from));

    map_->evaluate(query(), answer_);
    if (answer_.health != Health::ok)
      return !answer_.reason.empty()
               ? answer_.reason
               : "'" + map_->info().name +
                   "' says of its own correction: " + to_string(answer_.health) + ".";
    const std::vector<double> &mean = answer_.field(error.name).mean;
    if (mean.size() != r_.size())
      throw std::logic_error("'" + map_->info().name + "' gave no complete field '" + error.name +
                             "'.");
    PetscScalar *to = nullptr;
    check_petsc(VecGetArrayWrite(e, &to));
    for (std::size_t i = 0; i < r_.size(); ++i)
      to[i] = inner_[i] ? n * mean[i] : 0.;
    check_petsc(VecRestoreArrayWrite(e, &to));
    return {};
  }

private:
  FieldQuery query() const
  {
    FieldQuery query;
    query.grid = &solver_->nodes();
    query.nodes = solver_->owned_nodes();
    const auto a = solver_->coefficient_at_nodes();
    for (const Quantity &wanted : map_->info().input_fields)
      if (wanted.name == residual.name)
        query.fields.push_back({residual, r_});
      else if (a.size() == r_.size())
        query.fields.push_back({coefficient, a});
    return query;
  }

  DarcySolver *solver_;
  std::shared_ptr<FieldMap> map_;
  std::vector<double> r_;   ///< at the owned nodes, as the next
  std::vector<bool> inner_; ///< not on the boundary
  FieldAnswer answer_;
};
} // namespace

ResidualCorrection darcy_correction(DarcySolver &solver, std::shared_ptr<FieldMap> map)
{
  return DarcyCorrection(solver, std::move(map));
}
} // namespace understudy
