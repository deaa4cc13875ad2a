// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mmgp/handover.h>
#include <cases/mmgp/stages.h>
#include <cases/over_ranks.h>
#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/progress.h>
#include <data/core/stop_flag.h>
#include <data/core/timing.h>
#include <data/store/atomic_file.h>
#include <data/store/strict_json.h>
#include <surrogates/mmgp_field_map.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace understudy
{
namespace
{
nlohmann::json predict(const Mmgp &model, const TriangleMesh &mesh,
                       const std::vector<double> &inputs)
{
  const double begin = seconds_now();
  const MmgpPrediction p = model.predict(mesh, inputs);
  return {{"gate", to_string(p.gate)},
          {"reason", p.reason},
          {"deviation", p.deviation},
          {"seconds", seconds_now() - begin},
          {"n_nodes", mesh.n_nodes()}};
}

/// A plate solved on all ranks, with the solver's own guesses, or also with one of @p guess.
nlohmann::json solve(MPI_Comm comm, const StoredPlate &plate, const PlateParameters &parameters,
                     const PlateGuess *guess)
{
  PlateViscoplastic solver(plate.mesh, parameters, comm);
  if (guess != nullptr)
    solver.guess_with(*guess);
  MPI_Barrier(comm);
  const double begin = seconds_now();
  const PlateResult result = solver.run();
  double seconds = seconds_now() - begin;
  MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, comm);
  return {{"newton_iterations", result.newton_iterations},
          {"last_step_iterations", result.steps.back().newton_iterations},
          {"guess_solves", result.guess_solves},
          {"guesses_asked", result.guesses.asked},
          {"guesses_taken", result.guesses.taken},
          {"guesses_discarded", result.guesses.discarded},
          {"guesses_refused", result.guesses.refused},
          {"seconds", seconds}};
}

/// Test plate @p i with and without the guess of @p map, along the ramp of the case and in a single
/// step. Who comes first changes from plate to plate: what is warm then helps both alike.
nlohmann::json solve_with_guess(MPI_Comm comm, const std::shared_ptr<FieldMap> &map, std::size_t i,
                                const StoredPlate &plate, const MmgpCaseParameters &p)
{
  PlateGuess guess{map, {}};
  const auto ranges = plate_ranges(p.plates.variant);
  for (std::size_t k = 0; k < ranges.size(); ++k)
    guess.scalars.push_back({{ranges[k].name, ranges[k].unit}, plate.inputs[k]});
  PlateParameters parameters = parameters_of({PlateShape(), 0, plate.inputs}, p.solver);
  nlohmann::json found;
  for (const char *path : {"ramp", "one_step"})
  {
    for (const bool guessed : {i % 2 == 1, i % 2 == 0})
      found[path][guessed ? "guess" : "default"] =
        solve(comm, plate, parameters, guessed ? &guess : nullptr);
    parameters.n_steps = 1;
  }
  return found;
}

/// The first test plates with and without guesses.
nlohmann::json compare_guesses(RunContext &context, const MmgpCaseParameters &p, const Mmgp &model,
                               const DataSet &data, const std::vector<std::size_t> &ids)
{
  const auto map = std::make_shared<MmgpFieldMap>(
    std::shared_ptr<const Mmgp>(std::shared_ptr<void>(), &model), context.comm); // not owned
  nlohmann::json all = nlohmann::json::array();
  const std::size_t n = std::min<std::size_t>(p.run.n_guessed, ids.size());
  Progress progress(context.log, "run: first guesses", "plates", n);
  for (std::size_t i = 0; i < n; ++i)
  {
    progress.update(i);
    throw_if_stop_requested(context.comm, "the stage begins anew next time.");
    StoredPlate plate;
    on_all_ranks(context.comm, [&] { plate = read_plate(data, ids[i]); });
    try
    {
      all.push_back(solve_with_guess(context.comm, map, i, plate, p));
    }
    catch (const SolverError &failed) // on all ranks alike; a single step is more than some bear
    {
      context.log.warning("run: the comparison of first guesses leaves out test plate " +
                          std::to_string(i) + ": " + failed.what());
    }
  }
  return all;
}
} // namespace

bool handovers_are_there(const MmgpWorkshop &workshop)
{
  const auto file = workshop.file("run") / "record.json";
  if (!std::filesystem::exists(file))
    return false;
  const nlohmann::json record = parse_strictly(read_file(file.string()));
  return record.value("handover_samples", 0u) == 0 ||
         std::filesystem::exists(workshop.handovers() / "manifest.json");
}

void mmgp_run_stage(MmgpWorkshop &workshop)
{
  RunContext &context = workshop.context();
  const MmgpCaseParameters &p = workshop.parameters();
  const Mmgp model = workshop.model();
  std::optional<DataSet> data;
  on_all_ranks(context.comm, [&] { data.emplace(workshop.dataset()); });
  const auto ids = data->ids("test");
  const std::vector<UnlikePlate> unlike = unlike_plates(p);

  nlohmann::json record;
  record["test"] = over_ranks(context.comm, ids.size(),
                              [&](std::size_t i)
                              {
                                const StoredPlate plate = read_plate(*data, ids[i]);
                                return predict(model, plate.mesh, plate.inputs);
                              });
  record["unlike"] = over_ranks(context.comm, unlike.size(),
                                [&](std::size_t i)
                                {
                                  auto found = predict(model, mesh_of(unlike[i].design, p.plates),
                                                       unlike[i].design.inputs);
                                  found["what"] = unlike[i].what;
                                  return found;
                                });
  for (const auto &found : record["unlike"])
    if (found["gate"] != "none")
      context.log.info("run: a plate with another notch (" + found["what"].get<std::string>() +
                       ") is handed to the exact solver: " + found["reason"].get<std::string>());

  record["handover_samples"] = keep_handovers(workshop, unlike, record["unlike"]);

  record["guessed"] = compare_guesses(context, p, model, *data, ids);
  on_rank_0(context.comm,
            [&]
            {
              const auto folder = workshop.file("run");
              create_folder(folder.string());
              write_file_atomically((folder / "record.json").string(), record.dump(2) + "\n");
              return std::string();
            });
}
} // namespace understudy
