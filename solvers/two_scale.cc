// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/stop_flag.h>
#include <data/core/timing.h>
#include <meshes/macro_meshes.h>
#include <solvers/load_stepping.h>
#include <solvers/macro_newton.h>
#include <solvers/macro_output.h>
#include <solvers/two_scale.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

namespace understudy
{
namespace
{
using Vector = MacroDiscretisation::Vector;
using Mesh = dealii::parallel::distributed::Triangulation<2>;

/// Mesh and conditions from the tables, as @p parameters name them. @param mesh empty
std::unique_ptr<MacroDiscretisation> discretise(const TwoScaleParameters &parameters, Mesh &mesh)
{
  make_macro_mesh(parameters.mesh, parameters.resolution, mesh);
  const auto type =
    parameters.load_type == "traction" ? MacroLoadType::traction : MacroLoadType::displacement;
  return std::make_unique<MacroDiscretisation>(
    mesh, macro_conditions(parameters.mesh, type, parameters.load));
}

/// What is rolled back when a step is cut.
struct AcceptedState
{
  Vector u, previous; ///< of the last two accepted steps
  double factor = 0, previous_factor = 0;
  unsigned n_steps = 0;
  MacroNewton::MapState map;
};
} // namespace

struct TwoScaleSolver::Implementation
{
  TwoScaleParameters parameters;
  PointMap &map;
  std::unique_ptr<Mesh> own_mesh;
  MPI_Comm comm;
  std::unique_ptr<MacroDiscretisation> discretisation;
  std::function<void(const std::string &)> line;
  std::filesystem::path folder;
  std::string name;

  Implementation(const TwoScaleParameters &p, PointMap &m, MPI_Comm c)
    : parameters(p), map(m), comm(c)
  {
    if (map.info().inputs.size() != 3 || map.info().outputs.size() != 3)
      throw UserError("The macro solver needs a material model with 3 inputs and 3 outputs; '" +
                      map.info().name + "' has " + std::to_string(map.info().inputs.size()) +
                      " and " + std::to_string(map.info().outputs.size()) + ".");
  }

  void say(const std::string &text) const
  {
    if (line && dealii::Utilities::MPI::this_mpi_process(comm) == 0)
      line(text);
  }

  MacroNewton::Outcome attempt(MacroNewton &newton, const AcceptedState &state, double target,
                               MacroNewton::MapState &map_state, Vector &u) const;
  void report_state(const MacroNewton &newton, LoadStepRecord &record) const;
  void announce(const LoadStepRecord &record) const;
};

/// One try to reach @p target from the accepted state, which is left alone.
MacroNewton::Outcome TwoScaleSolver::Implementation::attempt(MacroNewton &newton,
                                                             const AcceptedState &state,
                                                             double target,
                                                             MacroNewton::MapState &map_state,
                                                             Vector &u) const
{
  map_state = state.map;
  u = state.u;
  if (state.n_steps == 0)
  {
    // A jump of the prescribed values alone would strain the boundary cells many times too much.
    MacroNewton::Outcome outcome;
    if (!newton.predict(0, state.factor, target, map_state, u, outcome.trouble))
      return outcome;
  }
  else
  {
    const double ratio = (target - state.factor) / (state.factor - state.previous_factor);
    u.sadd(1. + ratio, -ratio, state.previous);
    discretisation->prescribe(target, u);
  }
  return newton.solve(state.n_steps, target, map_state, u);
}

void TwoScaleSolver::Implementation::report_state(const MacroNewton &newton,
                                                  LoadStepRecord &record) const
{
  using dealii::Utilities::MPI::max;
  using dealii::Utilities::MPI::sum;
  record.reaction = discretisation->resultant(newton.internal_force());
  record.mean_displacement = discretisation->mean_displacement(newton.ghosted_displacement());
  const PointAnswer &answer = newton.answer();
  record.answered_by.assign(map.answerers().size(), 0);
  record.refusals.assign(map.answerers().size(), {});
  double estimate = -1.; // none
  for (std::size_t p = 0; p < answer.health.size(); ++p)
  {
    ++record.health[static_cast<unsigned>(answer.health[p])];
    ++record.answered_by.at(answer.answered_by[p]);
    for (unsigned level = 0; level < record.refusals.size(); ++level)
      ++record.refusals[level][static_cast<unsigned>(refusal_of(answer.refusals[p], level))];
    for (unsigned c = 0; c < 3; ++c)
      record.max_strain[c] = std::max(record.max_strain[c], std::abs(newton.strain()(c, p)));
    if (!std::isnan(answer.error_estimate[p]))
      estimate = std::max(estimate, answer.error_estimate[p]);
  }
  for (auto &count : record.health)
    count = sum(count, comm);
  for (auto &count : record.answered_by)
    count = sum(count, comm);
  for (auto &counts : record.refusals)
    for (auto &count : counts)
      count = sum(count, comm);
  for (auto &value : record.max_strain)
    value = max(value, comm);
  estimate = max(estimate, comm);
  record.max_error_estimate = estimate < 0. ? std::numeric_limits<double>::quiet_NaN() : estimate;
}

void TwoScaleSolver::Implementation::announce(const LoadStepRecord &record) const
{
  std::ostringstream text;
  text << "load factor " << record.load_factor << ": " << record.newton_iterations
       << " Newton iterations, residual " << record.residual_norms.back() << " N/mm, reaction "
       << record.reaction << " N/mm";
  const auto outside = record.health[static_cast<unsigned>(Health::outside_training_range)];
  if (outside > 0)
    text << ", " << outside << " points outside the training range";
  const auto names = map.answerers();
  for (std::size_t i = 1; i < names.size(); ++i)
    text << ", " << record.answered_by[i] << " points answered by " << names[i];
  say(text.str());
}

TwoScaleSolver::TwoScaleSolver(const TwoScaleParameters &parameters, PointMap &map, MPI_Comm comm)
  : implementation_(std::make_unique<Implementation>(parameters, map, comm))
{
  auto &self = *implementation_;
  self.own_mesh = std::make_unique<Mesh>(comm);
  self.discretisation = discretise(parameters, *self.own_mesh);
}

TwoScaleSolver::TwoScaleSolver(const TwoScaleParameters &parameters,
                               const dealii::parallel::distributed::Triangulation<2> &mesh,
                               const MacroConditions &conditions, PointMap &map)
  : implementation_(std::make_unique<Implementation>(parameters, map, mesh.get_communicator()))
{
  implementation_->discretisation = std::make_unique<MacroDiscretisation>(mesh, conditions);
}

TwoScaleSolver::~TwoScaleSolver() = default;

void TwoScaleSolver::report_to(std::function<void(const std::string &)> line)
{
  implementation_->line = std::move(line);
}

void TwoScaleSolver::write_to(const std::filesystem::path &folder, const std::string &name)
{
  implementation_->folder = folder;
  implementation_->name = name;
}

MacroFields TwoScaleSolver::empty_fields() const
{
  return implementation_->discretisation->empty_fields();
}

TwoScaleResult TwoScaleSolver::run()
{
  const Implementation &self = *implementation_;
  const auto &p = self.parameters;
  const MacroDiscretisation &discretisation = *self.discretisation;
  const auto slowest = [&](double time) { return dealii::Utilities::MPI::max(time, self.comm); };
  MacroNewton newton(discretisation, self.map,
                     {p.absolute_tolerance, p.relative_tolerance, p.maximum_iterations});
  std::unique_ptr<MacroOutput> output;
  if (p.output_fields && !self.name.empty())
    output = std::make_unique<MacroOutput>(discretisation, self.folder, self.name);

  AcceptedState state{discretisation.make_vector(),
                      discretisation.make_vector(),
                      0.,
                      0.,
                      0,
                      {PointBatch(self.map.info().hint_size, discretisation.n_points()),
                       std::vector<double>(self.map.info().memory_size, 0.)}};
  MacroNewton::MapState map_state;
  Vector u = discretisation.make_vector();
  LoadStepping stepping(p.load_steps, p.minimum_step_fraction);
  TwoScaleResult result;
  const double run_begin = seconds_now();
  double time_writing = 0.;
  while (!stepping.finished())
  {
    const double begin = seconds_now();
    const auto before = newton.counters();
    LoadStepRecord record;
    auto outcome = self.attempt(newton, state, stepping.target(), map_state, u);
    while (!outcome.converged)
    {
      std::ostringstream sentence;
      sentence << "The load step to factor " << stepping.target() << " failed: " << outcome.trouble;
      if (!stepping.cut())
        throw SolverError(sentence.str() + "; the smallest load step was reached at load factor " +
                          std::to_string(stepping.accepted()) + ".");
      ++record.cuts;
      self.say(sentence.str() + "; the step is halved.");
      outcome = self.attempt(newton, state, stepping.target(), map_state, u);
    }
    stepping.accept();
    state.previous = state.u;
    state.previous_factor = state.factor;
    state.u = u;
    state.factor = stepping.accepted();
    state.map = map_state;
    ++state.n_steps;

    record.load_factor = stepping.accepted();
    record.newton_iterations = outcome.iterations;
    record.residual_norms = outcome.residual_norms;
    self.report_state(newton, record);
    result.fields.push_back(
      discretisation.fields(newton.ghosted_displacement(), newton.strain(), newton.answer()));
    result.fields.back().load_factor = record.load_factor;
    result.fields.back().answerers = self.map.answerers();
    const double write_begin = seconds_now();
    if (output)
      output->write_step(result.fields.back(), nullptr);
    const double writing = seconds_now() - write_begin;
    time_writing += writing;
    record.closure_calls = newton.counters().calls - before.calls;
    record.points = newton.counters().points - before.points;
    record.time_closure = slowest(newton.counters().time - before.time);
    record.time_total = slowest(seconds_now() - begin - writing);
    self.announce(record);
    result.steps.push_back(record);
    if (stop_requested(self.comm) && !stepping.finished())
      throw Error(ExitCode::stopped, "The macro run was stopped " + stop_reason() +
                                       " at load factor " + std::to_string(record.load_factor) +
                                       "; the same command begins it again.");
  }
  result.closure_calls = newton.counters().calls;
  result.points = newton.counters().points;
  result.time_closure = slowest(newton.counters().time);
  result.time_total = slowest(seconds_now() - run_begin - time_writing);
  result.memory = state.map.memory;
  result.n_dofs = discretisation.n_dofs();
  result.n_cells = discretisation.n_cells();
  if (output)
    result.collection = output->collection();
  return result;
}

void write_macro_run(const TwoScaleParameters &parameters, const std::vector<MacroFields> &steps,
                     const std::vector<MacroFields> &reference, const std::filesystem::path &folder,
                     const std::string &name, MPI_Comm comm)
{
  Mesh mesh(comm);
  const auto discretisation = discretise(parameters, mesh);
  const MacroFields owned = discretisation->empty_fields();
  std::vector<MacroFields> known;
  for (const auto &fields : reference)
    known.push_back(distribute(fields, owned, comm));
  MacroOutput output(*discretisation, folder, name);
  for (const auto &step : steps)
  {
    const MacroFields fields = distribute(step, owned, comm);
    const auto same = std::find_if(known.begin(), known.end(),
                                   [&](const MacroFields &other) {
                                     return std::abs(other.load_factor - fields.load_factor) < 1e-9;
                                   });
    output.write_step(fields, same != known.end() ? &*same : nullptr);
  }
}
} // namespace understudy
