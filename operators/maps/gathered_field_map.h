// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/maps/whole_question.h>

#include <mpi.h>

namespace understudy
{
/// Base of maps that see the whole of a question: the parts of all ranks are gathered, the answer
/// is scattered to whoever owns the nodes.
///
/// The whole question is the same however the ranks share the nodes, if the cells have numbers, and
/// so is the answer, to the bit. Cost beside the prediction: one message each way per rank, and
/// O(n log n) to put the nodes in order; a rank that answers holds the whole mesh. A question and
/// its answer must each stay below 2 GiB.
class GatheredFieldMap : public FieldMap
{
public:
  enum class Sharing
  {
    questions, ///< rank q mod n_ranks answers question q, all at the same time; evaluate(): rank 0
    work       ///< all ranks answer each question together
  };
  /// MPI must run.
  explicit GatheredFieldMap(MPI_Comm comm, Sharing sharing = Sharing::questions)
    : comm_(comm), sharing_(sharing)
  {
  }

  void evaluate(const FieldQuery &query, FieldAnswer &answer) final;
  void evaluate_all(std::span<const FieldQuery> queries, std::vector<FieldAnswer> &answers) final;

protected:
  /// Fills mean, [n_nodes] per field, and where there are any the deviations of @p answer, whose
  /// outputs bear their names already, and sets health and reason. Equal questions must give equal
  /// answers on all ranks. All inputs are finite. Values that are not finite are turned into
  /// Health::not_converged by the caller. With Sharing::questions it must not communicate; with
  /// Sharing::work all ranks are here with the same question, and may over comm().
  virtual void predict(const WholeQuestion &question, FieldAnswer &answer) const = 0;

  MPI_Comm comm() const { return comm_; }

private:
  FieldAnswer answer_to(const QuestionAssembly &assembly) const;
  FieldAnswer answer_together(const std::string &part) const;
  void answer_in_turns(std::vector<std::string> parts, std::vector<FieldAnswer> &answers) const;

  MPI_Comm comm_;
  Sharing sharing_;
};
} // namespace understudy
