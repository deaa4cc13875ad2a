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

/// What is at work while a run goes on.
struct Work
{
  MacroNewton newton;
  LoadStepping stepping;
  std::unique_ptr<MacroOutput> output = {};
  AcceptedState state = {};
  std::vector<double> load_factors =
    {};                    ///< of all accepted steps, those of an earlier run included
  MacroFields before = {}; ///< of the last but one, locally owned cells
  TwoScaleResult result = {};
  double time_writing = 0.; ///< [s] of output and keeping, this rank
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
  TwoScaleKeeper keeper;
  std::unique_ptr<TwoScaleState>
    resumed; ///< with the locally owned cells; null: from the beginning

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

  void begin(Work &work) const;
  void take_step(Work &work) const;
  MacroNewton::Outcome reach_target(Work &work, LoadStepRecord &record, Vector &u,
                                    MacroNewton::MapState &map_state) const;
  void keep(Work &work) const;
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

void TwoScaleSolver::keep_with(TwoScaleKeeper keeper)
{
  implementation_->keeper = std::move(keeper);
}

void TwoScaleSolver::resume(const TwoScaleState &state)
{
  Implementation &self = *implementation_;
  const MacroFields owned = self.discretisation->empty_fields();
  auto mine = std::make_unique<TwoScaleState>(state);
  mine->now = distribute(state.now, owned, self.comm);
  if (state.load_factors.size() > 1)
    mine->before = distribute(state.before, owned, self.comm);
  mine->hints = distribute_points(state.hints, self.map.info().hint_size,
                                  self.discretisation->point_ids(), self.comm);
  if (mine->memory.size() != self.map.info().memory_size || mine->load_factors.empty())
    throw UserError("The stored state of the run belongs to another material model.");
  self.resumed = std::move(mine);
}

void TwoScaleSolver::Implementation::begin(Work &work) const
{
  if (parameters.output_fields && !name.empty())
    work.output = std::make_unique<MacroOutput>(*discretisation, folder, name);
  AcceptedState &state = work.state;
  state = {discretisation->make_vector(),
           discretisation->make_vector(),
           0.,
           0.,
           0,
           {PointBatch(map.info().hint_size, discretisation->n_points()),
            std::vector<double>(map.info().memory_size, 0.)}};
  if (!resumed)
    return;
  work.load_factors = resumed->load_factors;
  state.n_steps = static_cast<unsigned>(work.load_factors.size());
  state.factor = work.load_factors.back();
  state.u = discretisation->displacement(resumed->now);
  if (state.n_steps > 1)
  {
    state.previous_factor = work.load_factors[state.n_steps - 2];
    state.previous = discretisation->displacement(resumed->before);
  }
  work.before = resumed->now;
  state.map = {resumed->hints, resumed->memory};
  work.stepping.restore(state.factor, resumed->step_fraction);
  if (work.output)
    work.output->go_on_after(work.load_factors);
}

/// Tries until a step converges, cutting it where it fails.
MacroNewton::Outcome
TwoScaleSolver::Implementation::reach_target(Work &work, LoadStepRecord &record, Vector &u,
                                             MacroNewton::MapState &map_state) const
{
  LoadStepping &stepping = work.stepping;
  auto outcome = attempt(work.newton, work.state, stepping.target(), map_state, u);
  while (!outcome.converged)
  {
    std::ostringstream sentence;
    sentence << "The load step to factor " << stepping.target() << " failed: " << outcome.trouble;
    if (!stepping.cut())
      throw SolverError(sentence.str() + "; the smallest load step was reached at load factor " +
                        std::to_string(stepping.accepted()) + ".");
    ++record.cuts;
    say(sentence.str() + "; the step is halved.");
    outcome = attempt(work.newton, work.state, stepping.target(), map_state, u);
  }
  return outcome;
}

void TwoScaleSolver::Implementation::take_step(Work &work) const
{
  const auto slowest = [&](double time) { return dealii::Utilities::MPI::max(time, comm); };
  MacroNewton &newton = work.newton;
  const double begin = seconds_now();
  const auto before = newton.counters();
  LoadStepRecord record;
  MacroNewton::MapState map_state;
  Vector u = discretisation->make_vector();
  const auto outcome = reach_target(work, record, u, map_state);
  work.stepping.accept();
  AcceptedState &state = work.state;
  state.previous = state.u;
  state.previous_factor = state.factor;
  state.u = u;
  state.factor = work.stepping.accepted();
  state.map = std::move(map_state);
  ++state.n_steps;
  work.load_factors.push_back(state.factor);

  record.load_factor = state.factor;
  record.newton_iterations = outcome.iterations;
  record.residual_norms = outcome.residual_norms;
  report_state(newton, record);
  auto &fields = work.result.fields;
  if (!fields.empty())
    work.before = fields.back();
  fields.push_back(
    discretisation->fields(newton.ghosted_displacement(), newton.strain(), newton.answer()));
  fields.back().load_factor = record.load_factor;
  fields.back().answerers = map.answerers();
  const double write_begin = seconds_now();
  if (work.output)
    work.output->write_step(fields.back(), nullptr);
  const double writing = seconds_now() - write_begin;
  work.time_writing += writing;
  record.closure_calls = newton.counters().calls - before.calls;
  record.points = newton.counters().points - before.points;
  record.time_closure = slowest(newton.counters().time - before.time);
  record.time_total = slowest(seconds_now() - begin - writing);
  announce(record);
  work.result.steps.push_back(record);
}

/// Gives the keeper the state after the last accepted step.
void TwoScaleSolver::Implementation::keep(Work &work) const
{
  TwoScaleState state;
  state.load_factors = work.load_factors;
  state.step_fraction = work.stepping.fraction();
  state.now = gather(work.result.fields.back(), comm);
  if (work.load_factors.size() > 1)
    state.before = gather(work.before, comm);
  state.hints = gather_points(work.state.map.hints, discretisation->point_ids(), comm);
  state.memory = work.state.map.memory;
  keeper.keep(state, work.result);
}

TwoScaleResult TwoScaleSolver::run()
{
  const Implementation &self = *implementation_;
  const auto &p = self.parameters;
  const auto slowest = [&](double time) { return dealii::Utilities::MPI::max(time, self.comm); };
  Work work{MacroNewton(*self.discretisation, self.map,
                        {p.absolute_tolerance, p.relative_tolerance, p.maximum_iterations}),
            LoadStepping(p.load_steps, p.minimum_step_fraction)};
  self.begin(work);
  const double run_begin = seconds_now();
  TwoScaleResult &result = work.result;
  const auto sum_up = [&]
  {
    result.closure_calls = work.newton.counters().calls;
    result.points = work.newton.counters().points;
    result.time_closure = slowest(work.newton.counters().time);
    result.time_total = slowest(seconds_now() - run_begin - work.time_writing);
    result.memory = work.state.map.memory;
  };
  while (!work.stepping.finished())
  {
    self.take_step(work);
    if (work.stepping.finished())
      break;
    const bool stop = stop_requested(self.comm);
    if (self.keeper.keep && (stop || self.keeper.due()))
    {
      sum_up();
      const double begin = seconds_now();
      self.keep(work);
      work.time_writing += seconds_now() - begin;
    }
    if (stop)
      throw Error(ExitCode::stopped,
                  "The macro run was stopped " + stop_reason() + " at load factor " +
                    std::to_string(work.stepping.accepted()) + "; the same command " +
                    (self.keeper.keep ? "continues it." : "begins it again."));
  }
  sum_up();
  result.n_dofs = self.discretisation->n_dofs();
  result.n_cells = self.discretisation->n_cells();
  if (work.output)
    result.collection = work.output->collection();
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
