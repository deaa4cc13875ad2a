// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// What an operator does for the exact solver of the Darcy problem: first guesses for conjugate
// gradients, and a learned preconditioner.

#include <cases/mg_tfno/refine.h>
#include <cases/mg_tfno/stages.h>
#include <data/core/collective.h>
#include <data/core/progress.h>
#include <data/core/stop_flag.h>
#include <data/core/timing.h>
#include <data/output/statistics.h>
#include <meshes/grid_interpolation.h>
#include <solvers/darcy_correction.h>

#include <algorithm>
#include <optional>

namespace understudy
{
namespace
{
using Json = nlohmann::json;

/// Wall time of @p action on the slowest rank.
template <class Action>
double seconds_of(MPI_Comm comm, const Action &action)
{
  MPI_Barrier(comm);
  const double start = seconds_now();
  action();
  double seconds = seconds_now() - start;
  MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, comm);
  return seconds;
}

Json entry(const DarcySolution &solution, double seconds)
{
  const bool weighed =
    solution.guess.use == GuessUse::taken || solution.guess.use == GuessUse::discarded;
  const double residual = weighed ? solution.guess.guess_norm : solution.initial_residual;
  return {{"iterations", solution.iterations},
          {"seconds", seconds},
          {"residual", residual / solution.right_norm},
          {"use", to_string(solution.guess.use)},
          {"reason", solution.guess.reason}};
}

/// First guesses come from elements that are so many times as long.
constexpr unsigned guess_coarsening = 4;

/// The exact solver on a coarse grid, whose answer is interpolated, as first guess.
class CoarseGuess
{
public:
  CoarseGuess(const DarcyParameters &p, unsigned factor, MPI_Comm comm)
    : factor_(factor), n_(p.n_cells), solver_(coarser(p, factor), comm)
  {
  }

  /// At all nodes of the fine grid.
  std::vector<double> operator()(const std::vector<double> &a)
  {
    solver_.set_coefficient(solver_.nodes(), DarcyProblem::every_node(a, n_, n_ / factor_));
    const auto u = solver_.on_grid(solver_.solve().u);
    std::vector<double> fine(std::size_t(n_ + 1) * (n_ + 1));
    if (!interpolation_)
      interpolation_.emplace(solver_.nodes(), darcy_nodes(n_), GridStencil::cubic, GridEnds::open);
    interpolation_->apply(std::span<const double>(u), std::span<double>(fine));
    return fine;
  }

private:
  static DarcyParameters coarser(DarcyParameters p, unsigned factor)
  {
    p.n_cells /= factor;
    return p;
  }

  unsigned factor_, n_;
  DarcySolver solver_;
  std::optional<GridInterpolation> interpolation_;
};

/// One medium from zero and with both kinds of guesses. What the solver sets up for a medium it
/// does once, before.
Json compare_guesses(DarcySolver &solver, CoarseGuess &coarse, FieldGuess &guess,
                     const std::vector<double> &a, MPI_Comm comm, bool surrogate_first)
{
  solver.set_coefficient(solver.nodes(), a);
  Json found;
  DarcySolution solution;
  const double all = seconds_of(comm, [&] { solution = solver.solve(); });
  found["seconds_with_setup"] = all;
  const auto with_guess = [&]
  {
    const double seconds = seconds_of(comm, [&] { solution = solver.solve(guess); });
    found["surrogate"] = entry(solution, seconds);
  };
  if (surrogate_first)
    with_guess();
  double seconds = seconds_of(comm, [&] { solution = solver.solve(); });
  found["zero"] = entry(solution, seconds);
  seconds = seconds_of(comm,
                       [&]
                       {
                         const auto fine = coarse(a);
                         std::vector<double> owned;
                         for (const unsigned node : solver.owned_nodes())
                           owned.push_back(fine[node]);
                         solution = solver.solve(owned);
                       });
  found["coarse"] = entry(solution, seconds);
  if (!surrogate_first)
    with_guess();
  return found;
}

/// One medium with the learned preconditioner and with BoomerAMG, each set up for it.
Json compare_preconditioners(DarcySolver &solver, const std::shared_ptr<FieldMap> &map,
                             const SurrogateParameters &p, const std::vector<double> &a,
                             MPI_Comm comm)
{
  solver.set_coefficient(solver.nodes(), a);
  DarcySolution exact, learned;
  const double seconds_exact = seconds_of(comm, [&] { exact = solver.solve(); });
  solver.set_coefficient(solver.nodes(), a);
  const double seconds_learned = seconds_of(
    comm,
    [&]
    {
      SurrogatePreconditioner preconditioner(solver.system().A, darcy_correction(solver, map), p);
      learned = solver.solve(preconditioner);
    });
  const SurrogateOutcome &s = learned.surrogate;
  return {{"n_cells", solver.parameters().n_cells},
          {"iterations_exact", exact.iterations},
          {"seconds_exact", seconds_exact},
          {"seconds_surrogate", seconds_learned},
          {"surrogate_iterations", s.surrogate_iterations},
          {"corrections", s.corrections},
          {"further_iterations", s.exact_iterations},
          {"fell_back", s.fell_back},
          {"reason", s.reason},
          {"reduction", s.surrogate_residual / s.initial_residual}};
}

std::vector<double> values_of(const Json &list, const std::string &pointer)
{
  std::vector<double> all;
  for (const Json &item : list)
    all.push_back(item.at(Json::json_pointer(pointer)).get<double>());
  return all;
}

std::size_t count_of(const Json &list, const std::string &pointer, const Json &value)
{
  return static_cast<std::size_t>(std::ranges::count_if(
    list, [&](const Json &item) { return item.at(Json::json_pointer(pointer)) == value; }));
}
} // namespace

Json DarcyProblem::run(MgTfnoWorkshop &workshop) const
{
  RunContext &context = workshop.context();
  const MPI_Comm comm = workshop.comm();
  std::optional<DataSet> set;
  on_all_ranks(comm, [&] { set.emplace(workshop.dataset()); });
  const auto ids = set->ids("test");
  const std::size_t n = std::min<std::size_t>(n_guessed, ids.size());

  Json record = {{"guesses", Json::array()}, {"preconditioners", Json::array()}};
  DarcySolver solver(data.solver, comm);
  CoarseGuess coarse(data.solver, guess_coarsening, comm);
  FieldGuess guess(workshop.field_map("operator"), {{"u", "1"}});
  std::shared_ptr<FieldMap> answers;
  std::optional<DarcySolver> small;
  if (with_correction)
  {
    answers = workshop.field_map("correction");
    small.emplace(residuals.solver, comm);
  }
  Progress progress(context.log, "run: first guesses", "media", n);
  for (std::size_t i = 0; i < n; ++i)
  {
    progress.update(i);
    throw_if_stop_requested(comm, "the stage begins anew next time.");
    std::vector<double> a;
    on_all_ranks(comm, [&] { a = set->read(ids[i], "a"); });
    record["guesses"].push_back(compare_guesses(solver, coarse, guess, a, comm, i % 2 == 1));
    if (!with_correction)
      continue;
    record["preconditioners"].push_back(
      compare_preconditioners(solver, answers, preconditioner, a, comm));
    const auto picked = every_node(a, data.solver.n_cells, residuals.solver.n_cells);
    record["preconditioners"].push_back(
      compare_preconditioners(*small, answers, preconditioner, picked, comm));
  }
  progress.update(n);
  progress.finish();
  return record;
}

void DarcyProblem::report(const Json &record, Report &report) const
{
  const Json &guesses = record.at("guesses");
  if (guesses.empty())
    return;
  report.heading("First guess for conjugate gradients");
  const unsigned coarse = data.solver.n_cells / guess_coarsening;
  report.number("ksp_coarse_points", coarse);
  std::vector<Report::Row> rows;
  for (const auto &[key, name] :
       {std::pair<const char *, std::string>{"zero", "zero"},
        {"coarse", "exact on " + std::to_string(coarse) + "^2 elements, interpolated"},
        {"surrogate", "operator"}})
  {
    const std::string where = std::string("/") + key,
                      as = std::string(key) == "surrogate" ? "guess" : key;
    report.number("ksp_iterations_" + as, mean(values_of(guesses, where + "/iterations")));
    report.number("ksp_seconds_" + as, median(values_of(guesses, where + "/seconds")), "s");
    report.number("ksp_residual_" + as, median(values_of(guesses, where + "/residual")));
    rows.push_back({name, {"ksp_iterations_" + as, "ksp_seconds_" + as, "ksp_residual_" + as}});
  }
  report.number("n_guessed", static_cast<double>(guesses.size()));
  for (const char *use : {"taken", "discarded", "refused"})
    report.number(std::string("guesses_") + use,
                  static_cast<double>(count_of(guesses, "/surrogate/use", use)));
  report.number("ksp_seconds_with_setup", median(values_of(guesses, "/seconds_with_setup")), "s");
  report.paragraph(
    "{n_guessed} test media on the grid of the data set, BoomerAMG as preconditioner. The residual "
    "decides: a guess with a larger one than zero has is discarded. Of those of the operator "
    "{guesses_taken} were taken, {guesses_discarded} discarded and {guesses_refused} refused as "
    "not trusted. Seconds (median) are those of the guess and the iterations; to assemble the "
    "matrix, set up the preconditioner and solve from zero takes {ksp_seconds_with_setup}.");
  report.table({"first guess", "iterations (mean)", "seconds", "residual of the guess (median)"},
               rows);

  const Json &all = record.at("preconditioners");
  if (all.empty())
    return;
  report.heading("Learned preconditioner");
  report.paragraph("A network that was trained on residuals of conjugate gradients answers them "
                   "between smoothing steps, in flexible conjugate gradients. Where it no longer "
                   "helps, BoomerAMG goes on. Times include what each needs to be set up for a "
                   "medium. 'further iterations' are those after a fall-back.");
  std::vector<Report::Row> table;
  for (const unsigned n_cells : {residuals.solver.n_cells, data.solver.n_cells})
  {
    Json mine = Json::array();
    for (const Json &item : all)
      if (item.at("n_cells") == n_cells)
        mine.push_back(item);
    if (mine.empty() ||
        (n_cells == data.solver.n_cells && n_cells == residuals.solver.n_cells && !table.empty()))
      continue;
    const std::string key = "preconditioner_" + std::to_string(n_cells) + "_";
    Report::Row row{std::to_string(n_cells) + "^2 elements", {}};
    for (const auto &[name, pointer] :
         {std::pair<const char *, const char *>{"iterations_amg", "/iterations_exact"},
          {"iterations_surrogate", "/surrogate_iterations"},
          {"further_iterations", "/further_iterations"}})
    {
      report.number(key + name, mean(values_of(mine, pointer)));
      row.keys.push_back(key + name);
    }
    report.number(key + "iterations_all", mean(values_of(mine, "/surrogate_iterations")) +
                                            mean(values_of(mine, "/further_iterations")));
    row.keys.push_back(key + "iterations_all");
    report.number(key + "fall_backs", static_cast<double>(count_of(mine, "/fell_back", true)));
    row.keys.push_back(key + "fall_backs");
    for (const auto &[name, pointer] :
         {std::pair<const char *, const char *>{"seconds_amg", "/seconds_exact"},
          {"seconds_surrogate", "/seconds_surrogate"}})
    {
      report.number(key + name, median(values_of(mine, pointer)), "s");
      row.keys.push_back(key + name);
    }
    table.push_back(row);
  }
  report.table({"grid", "BoomerAMG iterations", "surrogate iterations", "further iterations",
                "both", "fall-backs", "BoomerAMG seconds", "surrogate seconds"},
               table);
}
} // namespace understudy
