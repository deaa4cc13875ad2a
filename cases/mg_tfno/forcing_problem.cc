// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mg_tfno/coarse_flow.h>
#include <cases/mg_tfno/forcing_problem.h>
#include <cases/mg_tfno/stages.h>
#include <data/core/collective.h>
#include <data/core/parameters.h>
#include <data/core/rank_share.h>
#include <data/core/stop_flag.h>
#include <data/core/timing.h>
#include <data/output/statistics.h>
#include <data/store/grid_samples.h>
#include <surrogates/mg_tfno_field_map.h>

#include <deal.II/base/patterns.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

namespace understudy
{
using namespace dealii::Patterns;

namespace
{
using Json = nlohmann::json;

/// The answer of @p map to forcing @p f at the nodes of this rank, and how long it took.
Json ask(FieldMap &map, const GridView &grid, const std::vector<double> &f,
         const std::vector<double> *w, MPI_Comm comm)
{
  const auto [first, last] = share_of_rank(comm, grid.size());
  std::vector<unsigned> nodes(last - first);
  std::iota(nodes.begin(), nodes.end(), static_cast<unsigned>(first));
  FieldQuery query;
  query.grid = &grid;
  query.nodes = nodes;
  query.fields = {{map.info().input_fields[0], std::span(f).subspan(first, last - first)}};
  FieldAnswer answer;
  MPI_Barrier(comm);
  const double start = seconds_now();
  map.evaluate(query, answer);
  double seconds = seconds_now() - start;
  MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, comm);
  Json found = {
    {"trusted", answer.health == Health::ok}, {"reason", answer.reason}, {"seconds", seconds}};
  if (w != nullptr)
  {
    double sums[2] = {0., 0.};
    for (std::size_t i = first; i < last; ++i)
    {
      const double found_here = answer.has_values() ? answer.fields[0].mean[i - first] : 0.;
      const double e = found_here - (*w)[i];
      sums[0] += e * e;
      sums[1] += (*w)[i] * (*w)[i];
    }
    MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPI_DOUBLE, MPI_SUM, comm);
    found["relative_l2"] = std::sqrt(sums[0] / sums[1]);
  }
  return found;
}

double share_of(const Json &list, bool trusted)
{
  return static_cast<double>(std::ranges::count_if(list, [&](const Json &item)
                                                   { return item.at("trusted") == trusted; })) /
         static_cast<double>(list.size());
}
} // namespace

void ForcingProblem::declare(dealii::ParameterHandler &prm)
{
  prm.enter_subsection("Forcing");
  data.declare(prm);
  prm.add_parameter("Forcings asked", n_asked,
                    "Test forcings that all ranks ask the operator for, as they are and too strong "
                    "[1]",
                    Integer(0, 100000));
  add_number(prm, "Overload", overload, "Factor of those that are too strong [1]",
             Double(1., 1000.));
  prm.leave_subsection();
}

std::vector<std::string> ForcingProblem::problems() const
{
  std::vector<std::string> all = data.problems();
  if (n_asked > data.sampling.n_test)
    all.push_back("'Forcings asked' = " + std::to_string(n_asked) +
                  " in section 'Forcing' exceeds the test samples.");
  return all;
}

std::vector<LearningTask> ForcingProblem::tasks() const
{
  const MgTfnoProblem fields = {
    "forcing", {{"f", "1"}}, {{"w", "1"}}, data.flow.side, MgTfnoProblem::Boundary::periodic};
  return {{"data", fields, describe_forcing_dataset(data), data.sampling.n_samples(),
           [p = data](MPI_Comm comm, const std::string &folder, Log &log, bool afresh)
           { return generate_forcing_dataset(comm, folder, p, log, afresh); },
           forcing_grid_info(data),
           [](const DataSet &set, const std::vector<std::size_t> &ids, std::size_t n, GridBatch &x,
              GridBatch &y)
           {
             x = read_grid_samples(set, ids, {"f"}, n);
             y = read_grid_samples(set, ids, {"w"}, n);
           }}};
}

GridBatch ForcingProblem::solve_coarsely(const DataSet &set, std::size_t id, unsigned coarse,
                                         double &seconds) const
{
  CoarseFlow flow(data.flow, coarse);
  flow.set_forcing(set.read(id, "f"));
  GridBatch answer(1, 1, coarse, coarse);
  const double start = seconds_now();
  flow.advance(data.n_steps());
  seconds = seconds_now() - start;
  flow.write(answer.field(0, 0));
  return answer;
}

Json ForcingProblem::run(MgTfnoWorkshop &workshop) const
{
  const MPI_Comm comm = workshop.comm();
  std::optional<DataSet> set;
  on_all_ranks(comm, [&] { set.emplace(workshop.dataset()); });
  const auto ids = set->ids("test");
  const auto map = workshop.field_map("operator");
  const GridView grid = MgTfnoFieldMap::grid_for(workshop.tasks().front().problem, n_points());
  Json record = {{"asked", Json::array()}, {"overloaded", Json::array()}};
  for (std::size_t i = 0; i < std::min<std::size_t>(n_asked, ids.size()); ++i)
  {
    throw_if_stop_requested(comm, "the stage begins anew next time.");
    std::vector<double> f, w;
    on_all_ranks(comm,
                 [&]
                 {
                   f = set->read(ids[i], "f");
                   w = set->read(ids[i], "w");
                 });
    record["asked"].push_back(ask(*map, grid, f, &w, comm));
    for (double &v : f)
      v *= overload;
    record["overloaded"].push_back(ask(*map, grid, f, nullptr, comm));
  }
  return record;
}

void ForcingProblem::report(const Json &record, Report &report) const
{
  if (record.at("asked").empty())
    return;
  report.heading("As a map of fields");
  std::vector<double> seconds, errors;
  for (const Json &item : record.at("asked"))
  {
    seconds.push_back(item.at("seconds"));
    errors.push_back(item.at("relative_l2"));
  }
  report.number("n_asked", static_cast<double>(seconds.size()));
  report.number("map_seconds", median(seconds), "s");
  report.number("map_relative_l2", mean(errors));
  report.number("map_trusted", share_of(record.at("asked"), true));
  report.number("overload", overload);
  report.number("gate_recall", share_of(record.at("overloaded"), false));
  report.paragraph(
    "{n_asked} test forcings were asked for on all ranks, which share the patches: {map_seconds} "
    "each (median), relative L2 {map_relative_l2}, a share {map_trusted} trusted. Of the same "
    "forcings, {overload} times as strong, a share {gate_recall} is not trusted, so that the exact "
    "solver would be asked.");
}
} // namespace understudy
