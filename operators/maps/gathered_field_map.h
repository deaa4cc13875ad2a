// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/maps/whole_question.h>

#include <mpi.h>

namespace understudy
{
/// Base of maps that answer on one rank: the parts of all ranks are gathered there, the answer is
/// scattered to whoever owns the nodes. Question q of evaluate_all() is answered by rank
/// q mod n_ranks, all of them at the same time; evaluate() asks rank 0.
///
/// The whole question is the same however the ranks share the nodes, if the cells have numbers, and
/// so is the answer, to the bit. Cost beside the prediction: one message each way per rank, and
/// O(n log n) to put the nodes in order; the rank that answers holds the whole mesh. A question and
/// its answer must each stay below 2 GiB.
class GatheredFieldMap : public FieldMap
{
public:
  /// MPI must run.
  explicit GatheredFieldMap(MPI_Comm comm) : comm_(comm) {}

  void evaluate(const FieldQuery &query, FieldAnswer &answer) final;
  void evaluate_all(std::span<const FieldQuery> queries, std::vector<FieldAnswer> &answers) final;

protected:
  /// Fills mean, [n_nodes] per field, and where there are any the deviations of @p answer, whose
  /// outputs bear their names already, and sets health and reason. Not collective; equal questions
  /// must give equal answers on all ranks. All inputs are finite. Values that are not finite are
  /// turned into Health::not_converged by the caller.
  virtual void predict(const WholeQuestion &question, FieldAnswer &answer) const = 0;

private:
  FieldAnswer answer_to(const QuestionAssembly &assembly) const;

  MPI_Comm comm_;
};
} // namespace understudy
