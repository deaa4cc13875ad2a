// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mg_tfno/darcy_problem.h>
#include <data/core/timing.h>
#include <data/store/grid_samples.h>

#include <deal.II/base/patterns.h>

namespace understudy
{
using namespace dealii::Patterns;

namespace
{
const Quantity permeability = {"a", "1"}, pressure = {"u", "1"}, residual = {"r", "1"},
               error = {"e", "1"};

MgTfnoProblem darcy_fields(const std::string &name, std::vector<Quantity> inputs,
                           const Quantity &output)
{
  return {name, std::move(inputs), {output}, 1., MgTfnoProblem::Boundary::zero};
}

std::vector<std::string> names_of(const std::vector<Quantity> &quantities)
{
  std::vector<std::string> names;
  for (const Quantity &q : quantities)
    names.push_back(q.name);
  return names;
}

/// Reads all inputs and outputs of a problem by their names.
auto reader_of(const MgTfnoProblem &problem)
{
  return [problem](const DataSet &set, const std::vector<std::size_t> &ids, std::size_t n,
                   GridBatch &x, GridBatch &y)
  {
    x = read_grid_samples(set, ids, names_of(problem.inputs), n);
    y = read_grid_samples(set, ids, names_of(problem.outputs), n);
  };
}
} // namespace

void DarcyProblem::declare(dealii::ParameterHandler &prm)
{
  const auto section = [&prm](const std::string &name, const auto &declare_in)
  {
    prm.enter_subsection(name);
    declare_in();
    prm.leave_subsection();
  };
  section("Darcy",
          [&]
          {
            data.declare(prm);
            prm.add_parameter("Media guessed", n_guessed,
                              "Test media that are solved with and without first guesses [1]",
                              Integer(0, 100000));
          });
  section("Correction",
          [&]
          {
            prm.add_parameter("Train", with_correction,
                              "Train a second network on residuals of the exact solver, as a "
                              "preconditioner.");
            section("Data", [&] { residuals.declare(prm); });
            correction.loss = "energy";
            correction.coordinates = true;
            correction.declare(prm);
            section("Preconditioner", [&] { preconditioner.declare(prm); });
          });
}

std::vector<std::string> DarcyProblem::problems() const
{
  std::vector<std::string> all = data.problems();
  if (n_guessed > data.n_test)
    all.push_back("'Media guessed' = " + std::to_string(n_guessed) +
                  " in section 'Darcy' exceeds the test samples.");
  if (data.solver.n_cells % 4 != 0)
    all.push_back("'Cells per direction' = " + std::to_string(data.solver.n_cells) +
                  " in section 'Darcy/Solver' must be a multiple of 4, since first guesses come "
                  "from a quarter of them.");
  if (!with_correction)
    return all;
  if (residuals.solver.n_cells == 0 || data.solver.n_cells % residuals.solver.n_cells != 0)
    all.push_back("'Cells per direction' = " + std::to_string(residuals.solver.n_cells) +
                  " in section 'Correction/Data/Solver' must divide the " +
                  std::to_string(data.solver.n_cells) + " of section 'Darcy/Solver'.");
  for (const auto &p : residuals.problems())
    all.push_back("Section 'Correction': " + p);
  for (const auto &p : preconditioner.problems())
    all.push_back("Section 'Correction': " + p);
  return all;
}

std::vector<LearningTask> DarcyProblem::tasks() const
{
  std::vector<LearningTask> all;
  {
    const MgTfnoProblem fields = darcy_fields("darcy", {permeability}, pressure);
    all.push_back({"data", fields, describe_darcy_dataset(data), data.n_samples(),
                   [p = data](MPI_Comm comm, const std::string &folder, Log &log, bool afresh)
                   { return generate_darcy_dataset(comm, folder, p, log, afresh); },
                   darcy_grid_info(data), reader_of(fields)});
  }
  if (with_correction)
  {
    const MgTfnoProblem fields = darcy_fields("darcy-correction", {permeability, residual}, error);
    all.push_back({"residuals",
                   fields,
                   describe_darcy_residuals(residuals),
                   residuals.n_samples(),
                   [p = residuals](MPI_Comm comm, const std::string &folder, Log &log, bool afresh)
                   { return generate_darcy_residuals(comm, folder, p, log, afresh); },
                   {},
                   reader_of(fields)});
  }
  return all;
}

unsigned DarcyProblem::coarse_points(unsigned n) const
{
  unsigned coarse = n / 2;
  while (coarse > 1 && data.solver.n_cells % coarse != 0)
    --coarse;
  return coarse;
}

std::vector<double> DarcyProblem::every_node(const std::vector<double> &fine, unsigned n_cells,
                                             unsigned coarse)
{
  const std::size_t stride = n_cells / coarse, row = n_cells + 1;
  std::vector<double> values;
  for (std::size_t i = 0; i <= coarse; ++i)
    for (std::size_t j = 0; j <= coarse; ++j)
      values.push_back(fine[i * stride * row + j * stride]);
  return values;
}

GridBatch DarcyProblem::solve_coarsely(const DataSet &set, std::size_t id, unsigned coarse,
                                       double &seconds) const
{
  auto &solver = coarse_solvers_[coarse];
  if (!solver)
  {
    DarcyParameters p = data.solver;
    p.n_cells = coarse;
    solver = std::make_unique<DarcySolver>(p, MPI_COMM_SELF);
  }
  const auto a = every_node(set.read(id, permeability.name), data.solver.n_cells, coarse);
  const double start = seconds_now();
  solver->set_coefficient(solver->nodes(), a);
  const std::vector<double> u = solver->on_grid(solver->solve().u);
  seconds = seconds_now() - start;
  GridBatch answer(1, 1, coarse, coarse);
  for (unsigned i = 0; i < coarse; ++i)
    for (unsigned j = 0; j < coarse; ++j)
      answer.values[i * coarse + j] = static_cast<float>(u[i * (coarse + 1) + j]);
  return answer;
}
} // namespace understudy
