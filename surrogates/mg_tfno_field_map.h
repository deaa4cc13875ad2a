// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/maps/gathered_field_map.h>
#include <surrogates/mg_tfno.h>

namespace understudy
{
/// A neural operator as a map of fields on square grids: those of MgTfno, with Boundary::zero and
/// the boundary, (n + 1)^2 nodes, where the answer is 0. Ranks share the patches of a field; every
/// rank holds the whole field.
///
/// An input that is not trusted is outside_training_range; a grid of another square, or one that
/// does not fit the patches, is not_converged and has no values; the reason tells which.
class MgTfnoFieldMap final : public GatheredFieldMap
{
public:
  MgTfnoFieldMap(MgTfno model, MPI_Comm comm);

  const FieldMapInfo &info() const override { return info_; }

  /// The grid on which a problem is asked at n x n points.
  static GridView grid_for(const MgTfnoProblem &problem, unsigned n);

protected:
  void predict(const WholeQuestion &question, FieldAnswer &answer) const override;

private:
  std::string unfit(const GridView &grid) const;
  GridBatch share_patches(const GridBatch &x) const;

  mutable MgTfno model_; ///< its work space is no state
  FieldMapInfo info_;
};

/// add_field_probe() with the fields of a sample, [n_inputs][n][n]. Local; MPI must run.
void add_mg_tfno_probe(ModelFile &file, const MgTfno &model, std::size_t n,
                       std::span<const float> x);
} // namespace understudy
