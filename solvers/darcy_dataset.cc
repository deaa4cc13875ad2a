// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <solvers/darcy_dataset.h>
#include <solvers/generate_samples.h>

namespace understudy
{
namespace
{
/// Solves one medium after the other: mesh and matrix are made once.
class DarcyGenerator
{
public:
  explicit DarcyGenerator(const DarcyDataParameters &parameters)
    : parameters_(parameters),
      media_(parameters.media, parameters.solver.n_cells),
      solver_(parameters.solver, MPI_COMM_SELF)
  {
  }

  Sample solve(std::size_t id)
  {
    Sample sample;
    sample.id = id;
    sample.split = parameters_.splits().split(id);
    std::vector<double> a(media_.nodes().size());
    media_.draw(parameters_.splits().number(id), a);
    solver_.set_coefficient(media_.nodes(), a);
    try
    {
      const DarcySolution solution = solver_.solve();
      const double seconds =
        solution.assembly_seconds + solution.setup_seconds + solution.solve_seconds;
      sample.values = {std::move(a), solver_.on_grid(solution.u), {seconds}};
    }
    catch (const SolverError &failure)
    {
      sample.crashed = true;
      sample.note = failure.what();
    }
    return sample;
  }

private:
  const DarcyDataParameters &parameters_;
  DarcySamples media_;
  DarcySolver solver_;
};
} // namespace

void DarcyDataParameters::declare(dealii::ParameterHandler &prm)
{
  using namespace dealii::Patterns;
  prm.enter_subsection("Media");
  media.declare(prm);
  prm.leave_subsection();
  prm.enter_subsection("Solver");
  solver.declare(prm);
  prm.leave_subsection();
  prm.add_parameter("Training samples", n_train, "Media to learn from [1]", Integer(1, 10000000));
  prm.add_parameter("Validation samples", n_valid, "Media to watch the training with [1]",
                    Integer(0, 10000000));
  prm.add_parameter("Test samples", n_test, "Media to test with [1]", Integer(0, 10000000));
  prm.add_parameter("Samples per shard", samples_per_shard,
                    "Of each rank and round: so many are lost at most when a run is killed [1]",
                    Integer(1, 10000));
}

std::vector<std::string> DarcyDataParameters::problems() const
{
  std::vector<std::string> found = media.problems();
  for (const std::string &problem : solver.problems())
    found.push_back(problem);
  if (n_train == 0)
    found.emplace_back("The Darcy data have 0 training samples; there must be 1 at least.");
  if (samples_per_shard == 0)
    found.emplace_back("The Darcy data have 0 samples per shard; there must be 1 at least.");
  return found;
}

nlohmann::json defining_values(const DarcySamplingParameters &media)
{
  return {{"alpha", media.alpha}, {"tau", media.tau},         {"above", media.above},
          {"below", media.below}, {"n_modes", media.n_modes}, {"seed", media.seed}};
}

DataSetInfo describe_darcy_dataset(const DarcyDataParameters &parameters)
{
  const std::size_t n = std::size_t(parameters.solver.n_cells) + 1;
  DataSetInfo info;
  info.kind = "darcy";
  info.fields = {{"a", {n, n}, "1"}, {"u", {n, n}, "1"}, {"seconds", {}, "s"}};
  info.defining = {{"media", defining_values(parameters.media)},
                   {"source", 1.},
                   {"n_cells", parameters.solver.n_cells},
                   {"relative_tolerance", parameters.solver.relative_tolerance},
                   {"maximum_iterations", parameters.solver.maximum_iterations},
                   {"splits", parameters.splits().to_json()}};
  info.attributes = {{"title", "Darcy flow through random media of two phases, bilinear elements"},
                     {"equation", "-div(a grad u) = 1 in (0, 1)^2, u = 0 on the boundary"},
                     {"grid", "value [i][j] at (i, j) / n_cells"}};
  return info;
}

std::size_t generate_darcy_dataset(MPI_Comm comm, const std::string &folder,
                                   const DarcyDataParameters &parameters, Log &log,
                                   bool start_afresh)
{
  if (const auto found = parameters.problems(); !found.empty())
    throw UserError(found.front());
  DarcyGenerator generator(parameters);
  const auto solve = [&generator](std::size_t id) { return generator.solve(id); };
  return generate_samples(comm, folder, describe_darcy_dataset(parameters), parameters.n_samples(),
                          parameters.samples_per_shard, solve, "generate", log, start_afresh);
}

GridDataSetInfo darcy_grid_info(const DarcyDataParameters &parameters)
{
  GridDataSetInfo info;
  info.name = "darcy";
  info.grid = darcy_nodes(parameters.solver.n_cells);
  info.boundary = {"wall", "wall", "wall"};
  info.parameters = {{"alpha", parameters.media.alpha},
                     {"tau", parameters.media.tau},
                     {"a_above", parameters.media.above},
                     {"a_below", parameters.media.below},
                     {"f", 1.}};
  info.fields = {{"a", 0, GridField::Time::none, "1"}, {"u", 0, GridField::Time::last, "1"}};
  return info;
}
} // namespace understudy
