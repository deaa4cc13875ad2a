// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <solvers/l2_projection.h>
#include <solvers/load_stepping.h>
#include <solvers/plate_newton.h>
#include <solvers/plate_viscoplastic.h>

#include <algorithm>
#include <cmath>
#include <sstream>

namespace understudy
{
namespace
{
const PlateParameters &checked(const PlateParameters &parameters)
{
  std::string sentence;
  for (const auto &problem : parameters.problems())
    sentence += (sentence.empty() ? "The plate is impossible: " : "; ") + problem;
  if (!sentence.empty())
    throw UserError(sentence + ".");
  return parameters;
}

/// The nodes of all edges of a name; none where there are no such edges.
std::vector<unsigned> nodes_of(const TriangleMesh &mesh, const char *name)
{
  std::vector<unsigned> nodes;
  const auto found = mesh.edges.find(name);
  if (found != mesh.edges.end())
    for (const auto &side : found->second)
      nodes.insert(nodes.end(), side.begin(), side.end());
  return nodes;
}
} // namespace

std::vector<std::string> PlateParameters::problems() const
{
  std::vector<std::string> found = material.problems();
  const auto demand = [&found](bool good, const char *sentence)
  {
    if (!good)
      found.emplace_back(sentence);
  };
  demand(std::isfinite(pressure), "the pressure must be finite");
  demand(duration > 0. && std::isfinite(duration), "the duration must be positive");
  demand(n_steps >= 1, "there must be a step");
  demand(most_cuts <= 30, "a step can be halved 30 times at most");
  demand(absolute_tolerance > 0. && relative_tolerance > 0., "the tolerances must be positive");
  demand(maximum_iterations >= 1, "Newton's method needs an iteration");
  return found;
}

struct PlateViscoplastic::Implementation
{
  PlateParameters parameters;
  ViscoplasticLaw law;
  PlateDiscretisation discretisation;
  PlateNewton newton;
  TriangleMesh mesh;
  std::vector<unsigned> top; ///< nodes
  std::function<void(const std::string &)> line;
  std::unique_ptr<PlateGuesser> guesser;

  PetscVector u, last, before_last; ///< at work, and of the accepted steps
  PetscVector other, correction;    ///< the guess from elsewhere
  double previous_factor = 0.;      ///< of before_last
  PointBatch state;                 ///< of the last accepted step

  Implementation(const TriangleMesh &of_plate, QuadraticTriangles triangles,
                 const PlateConditions &conditions, const PlateParameters &p, MPI_Comm comm)
    : parameters(checked(p)),
      law(p.material),
      discretisation(std::move(triangles), conditions, comm),
      newton(discretisation, law,
             {p.absolute_tolerance, p.relative_tolerance, p.maximum_iterations}),
      mesh(of_plate),
      top(nodes_of(mesh, "top"))
  {
    for (PetscVector *vector : {&u, &last, &before_last, &other, &correction})
      discretisation.make_vector(*vector);
  }

  void say(const std::string &text) const
  {
    int rank = 0;
    MPI_Comm_rank(discretisation.comm(), &rank);
    if (line && rank == 0)
      line(text);
  }
  void rest();
  void predict(unsigned step, double accepted, double target);
  void choose_guess(const PlateNewton::Step &to, PlateStepRecord &record);
  PlateNewton::Outcome attempt(unsigned step, const LoadStepping &stepping,
                               PlateStepRecord &record);
  void take_step(unsigned step, LoadStepping &stepping, PlateResult &result);
  void finish(PlateResult &result);
};

void PlateViscoplastic::Implementation::rest()
{
  for (const Vec vector : {static_cast<Vec>(last), static_cast<Vec>(before_last)})
    check_petsc(VecSet(vector, 0.));
  previous_factor = 0.;
  newton.forget_factor(); // one run never depends on the one before
  state = PointBatch(ViscoplasticLaw::n_state, discretisation.n_points());
}

/// u = the extrapolation of the accepted steps, with the held values of the target.
void PlateViscoplastic::Implementation::predict(unsigned step, double accepted, double target)
{
  check_petsc(VecCopy(last, u));
  if (step > 0)
  {
    const double ratio = (target - accepted) / (accepted - previous_factor);
    check_petsc(VecAXPBY(u, -ratio, 1. + ratio, before_last));
  }
  discretisation.hold(target, u);
}

/// Replaces u by the guess from elsewhere where that is not farther from the solution. What comes
/// from a learned field has kinks between its nodes, which would cost more iterations than the
/// guess saves; one solve with the factor in use takes them away.
void PlateViscoplastic::Implementation::choose_guess(const PlateNewton::Step &to,
                                                     PlateStepRecord &record)
{
  record.guess = {};
  if (!guesser || to.load_factor < 1.)
    return;
  const auto distance = [&](Vec v)
  {
    ++record.guess_solves;
    return newton.distance(to, v, correction);
  };
  record.guess = guesser->improve(distance, u, other);
  if (record.guess.use == GuessUse::taken)
    check_petsc(VecAXPY(u, -1., correction)); // that of the guess, measured last
}

/// One try to reach the target from the accepted state, which is left alone.
PlateNewton::Outcome PlateViscoplastic::Implementation::attempt(unsigned step,
                                                                const LoadStepping &stepping,
                                                                PlateStepRecord &record)
{
  const double accepted = stepping.accepted(), target = stepping.target();
  const PlateNewton::Step to = {&state, (target - accepted) * parameters.duration, target};
  predict(step, accepted, target);
  choose_guess(to, record);
  return newton.solve(to, u);
}

void PlateViscoplastic::Implementation::take_step(unsigned step, LoadStepping &stepping,
                                                  PlateResult &result)
{
  PlateStepRecord record;
  auto outcome = attempt(step, stepping, record);
  while (!outcome.converged)
  {
    std::ostringstream sentence;
    sentence << "Step " << std::floor(stepping.accepted() * parameters.n_steps + 1e-9) + 1.
             << " of " << parameters.n_steps << " of the plate, to load factor "
             << stepping.target() << ", failed: " << outcome.trouble;
    if (!stepping.cut())
      throw SolverError(sentence.str() + "; a step cannot be halved more than " +
                        std::to_string(parameters.most_cuts) + " times.");
    ++record.cuts;
    say(sentence.str() + "; it is halved.");
    outcome = attempt(step, stepping, record);
  }
  previous_factor = stepping.accepted();
  stepping.accept();
  check_petsc(VecCopy(last, before_last));
  check_petsc(VecCopy(u, last));
  state = newton.state();

  record.load_factor = stepping.accepted();
  record.newton_iterations = outcome.iterations;
  record.linear_iterations = outcome.linear_iterations;
  record.factorizations = outcome.factorizations;
  record.residual_norms = outcome.residual_norms;
  unsigned long plastic = static_cast<unsigned long>(
    std::count(newton.status().begin(), newton.status().end(), FlowStatus::plastic));
  MPI_Allreduce(MPI_IN_PLACE, &plastic, 1, MPI_UNSIGNED_LONG, MPI_SUM, discretisation.comm());
  record.plastic_points = plastic;
  std::ostringstream text;
  text << "load factor " << record.load_factor << ": " << record.newton_iterations
       << " Newton iterations, residual " << record.residual_norms.back() << ", "
       << record.plastic_points << " points flow";
  if (record.guess.use != GuessUse::none)
    text << ", first guess " << to_string(record.guess.use);
  if (!record.guess.reason.empty())
    text << " (" << record.guess.reason << ")";
  say(text.str());
  result.newton_iterations += record.newton_iterations;
  result.linear_iterations += record.linear_iterations;
  result.factorizations += record.factorizations;
  result.guess_solves += record.guess_solves;
  result.steps.push_back(std::move(record));
}

/// Fields and scalars of the accepted state.
void PlateViscoplastic::Implementation::finish(PlateResult &result)
{
  const QuadraticTriangles &triangles = discretisation.triangles();
  const std::size_t n = triangles.n_vertices();
  result.displacement = discretisation.gather(last);
  const PointBatch &stress = newton.stress();
  const PointBatch fields =
    project_to_vertices(triangles, discretisation.own_cells(),
                        {stress.component(0).data(), stress.component(1).data(),
                         stress.component(2).data(), state.component(ViscoplasticLaw::p).data()},
                        discretisation.comm());
  const auto copy = [&fields](unsigned c)
  { return std::vector<double>(fields.component(c).begin(), fields.component(c).end()); };
  result.sig11 = copy(0);
  result.sig22 = copy(1);
  result.sig12 = copy(2);
  result.evrcum = copy(3);
  for (std::size_t i = 0; i < n; ++i)
  {
    result.U1.push_back(result.displacement[2 * i]);
    result.U2.push_back(result.displacement[2 * i + 1]);
  }
  const auto largest =
    plate_scalars_of(top, result.U2, result.evrcum, result.sig11, result.sig22, result.sig12);
  result.max_von_mises = largest[0];
  result.max_evrcum = largest[1];
  result.max_U2_top = largest[2];
  result.max_sig22_top = largest[3];
}

std::array<double, 4>
plate_scalars_of(const std::vector<unsigned> &top, const std::vector<double> &U2,
                 const std::vector<double> &evrcum, const std::vector<double> &sig11,
                 const std::vector<double> &sig22, const std::vector<double> &sig12)
{
  double von_mises = 0.; // squared
  for (std::size_t i = 0; i < sig11.size(); ++i)
    von_mises = std::max(von_mises, sig11[i] * sig11[i] - sig11[i] * sig22[i] +
                                      sig22[i] * sig22[i] + 3. * sig12[i] * sig12[i]);
  const auto largest_on_top = [&top](const std::vector<double> &field)
  {
    double value = top.empty() ? 0. : field[top.front()];
    for (const unsigned node : top)
      value = std::max(value, field[node]);
    return value;
  };
  return {std::sqrt(von_mises), *std::max_element(evrcum.begin(), evrcum.end()), largest_on_top(U2),
          largest_on_top(sig22)};
}

PlateViscoplastic::PlateViscoplastic(const TriangleMesh &mesh, const PlateParameters &parameters,
                                     MPI_Comm comm)
{
  QuadraticTriangles triangles(mesh);
  const PlateConditions conditions = tensile_conditions(mesh, triangles, parameters.pressure);
  implementation_ =
    std::make_unique<Implementation>(mesh, std::move(triangles), conditions, parameters, comm);
}

PlateViscoplastic::PlateViscoplastic(const TriangleMesh &mesh, const PlateConditions &conditions,
                                     const PlateParameters &parameters, MPI_Comm comm)
  : implementation_(std::make_unique<Implementation>(mesh, QuadraticTriangles(mesh), conditions,
                                                     parameters, comm))
{
}

PlateViscoplastic::~PlateViscoplastic() = default;

void PlateViscoplastic::report_to(std::function<void(const std::string &)> line)
{
  implementation_->line = std::move(line);
}

void PlateViscoplastic::guess_with(PlateGuess guess)
{
  Implementation &self = *implementation_;
  self.guesser = std::make_unique<PlateGuesser>(self.mesh, self.discretisation, std::move(guess));
}

const QuadraticTriangles &PlateViscoplastic::triangles() const
{
  return implementation_->discretisation.triangles();
}

PlateResult PlateViscoplastic::run()
{
  Implementation &self = *implementation_;
  const PlateParameters &p = self.parameters;
  LoadStepping stepping(p.n_steps, std::ldexp(1., -static_cast<int>(p.most_cuts)));
  PlateResult result;
  self.rest();
  if (self.guesser)
    self.guesser->take_counts(); // those of a run that failed
  for (unsigned step = 0; !stepping.finished(); ++step)
    self.take_step(step, stepping, result);
  self.finish(result);
  if (self.guesser)
    result.guesses = self.guesser->take_counts();
  return result;
}
} // namespace understudy
