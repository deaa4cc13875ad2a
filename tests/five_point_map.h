// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/maps/gathered_field_map.h>
#include <solvers/darcy_five_point.h>

#include <utility>
#include <vector>

namespace understudy::test
{
/// The best network there is, nearly: the error that belongs to a residual of the Darcy problem by
/// the five-point scheme.
class FivePointMap final : public GatheredFieldMap
{
public:
  FivePointMap(MPI_Comm comm, unsigned n_cells,
               std::vector<Quantity> inputs = {{"a", "1"}, {"r", "1"}})
    : GatheredFieldMap(comm), n_cells_(n_cells)
  {
    info_.name = "five-point";
    info_.domain = FieldMapInfo::Domain::grid;
    info_.input_fields = std::move(inputs);
    info_.output_fields = {{"e", "1"}};
  }
  const FieldMapInfo &info() const override { return info_; }

protected:
  void predict(const WholeQuestion &question, FieldAnswer &answer) const override
  {
    answer.fields[0].mean = DarcyFivePoint(n_cells_).solve(question.fields[0], question.fields[1]);
  }

private:
  unsigned n_cells_;
  FieldMapInfo info_;
};
} // namespace understudy::test
