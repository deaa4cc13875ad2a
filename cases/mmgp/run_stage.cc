// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mmgp/handover.h>
#include <cases/mmgp/over_ranks.h>
#include <cases/mmgp/stages.h>
#include <data/core/collective.h>
#include <data/core/timing.h>
#include <data/store/atomic_file.h>
#include <data/store/strict_json.h>

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

/// A test plate solved twice, with the solver's own guesses and with MMGP's at the last step.
nlohmann::json solve_with_guess(const Mmgp &model, const StoredPlate &plate,
                                const PlateParameters &parameters)
{
  const auto solve = [&](const PlateGuess &guess)
  {
    PlateViscoplastic solver(plate.mesh, parameters, MPI_COMM_SELF);
    if (guess)
      solver.guess_with(guess);
    const double begin = seconds_now();
    const PlateResult result = solver.run();
    const auto used = std::ranges::count_if(result.steps, [](const PlateStepRecord &s)
                                            { return s.guess == GuessUse::taken; });
    return nlohmann::json{{"newton_iterations", result.newton_iterations},
                          {"last_step_iterations", result.steps.back().newton_iterations},
                          {"guesses_taken", used},
                          {"seconds", seconds_now() - begin}};
  };
  const auto guess = [&](unsigned, double load_factor) -> std::vector<double>
  {
    if (load_factor < 1.)
      return {};
    const MmgpPrediction p = model.predict(plate.mesh, plate.inputs);
    std::vector<double> u;
    for (std::size_t i = 0; p.gate == MmgpGate::none && i < plate.mesh.n_nodes(); ++i)
      for (const std::size_t component : {0u, 1u})
        u.push_back(p.fields[component].mean[i]);
    return u;
  };
  return {{"default", solve({})}, {"guess", solve(guess)}};
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
  const auto scope = context.timing.scope("run");
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

  record["guessed"] =
    over_ranks(context.comm, std::min<std::size_t>(p.run.n_guessed, ids.size()),
               [&](std::size_t i)
               {
                 const StoredPlate plate = read_plate(*data, ids[i]);
                 return solve_with_guess(model, plate,
                                         parameters_of({PlateShape(), 0, plate.inputs}, p.solver));
               });
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
