// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mmgp/stages.h>
#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/timing.h>
#include <data/sampling/latin_hypercube.h>
#include <data/store/atomic_file.h>
#include <solvers/generate_samples.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace understudy
{
namespace
{
/// A plate out of the family.
struct UnlikePlate
{
  std::string what;
  PlateDesign design;
};

std::vector<double> middle_of_ranges(const std::string &variant)
{
  std::vector<double> middle;
  for (const PlateRange &range : plate_ranges(variant))
    middle.push_back((range.lower + range.upper) / 2.);
  return middle;
}

/// One semi-ellipse and one V in the middle of all ranges, as those of the paper, and others that
/// depart as clearly: ellipses of axis ratio 1.3 to 1.6 either way, V-notches as deep.
std::vector<UnlikePlate> unlike_plates(const MmgpCaseParameters &p)
{
  const auto middle = middle_of_ranges(p.plates.variant);
  std::uint64_t seed = 1000 * p.plates.seed + 500000;
  std::vector<UnlikePlate> all = {{"ellipse", {PlateShape::semi_ellipse(0.5, 0.7), seed, middle}},
                                  {"wedge", {PlateShape::v_notch(0.5, 0.7), seed + 1, middle}}};
  const PointBatch design =
    latin_hypercube(p.run.n_unlike, {0.3, 1.3, 0.}, {0.5, 1.6, 1.}, p.plates.seed + 7);
  for (std::size_t i = 0; i < design.n_points(); ++i)
  {
    const double half_height = design(0, i), ratio = design(1, i);
    const bool is_wedge = i % 2 == 1, is_deep = design(2, i) < 0.5;
    const double depth = is_deep || is_wedge ? half_height * ratio : half_height / ratio;
    all.push_back({is_wedge ? "wedge" : "ellipse",
                   {is_wedge ? PlateShape::v_notch(half_height, depth)
                             : PlateShape::semi_ellipse(half_height, depth),
                    seed + 2 + i, middle}});
  }
  return all;
}

/// What @p action returns for items 0 to n - 1, which are dealt to the ranks in turn; known to all.
template <class Action>
nlohmann::json over_ranks(MPI_Comm comm, std::size_t n, const Action &action)
{
  int n_ranks = 1;
  MPI_Comm_size(comm, &n_ranks);
  nlohmann::json mine = nlohmann::json::array();
  on_all_ranks(comm,
               [&]
               {
                 for (std::size_t i = rank_in(comm); i < n; i += n_ranks)
                   mine.push_back(action(i));
               });
  nlohmann::json all = nlohmann::json::array();
  all.get_ref<nlohmann::json::array_t &>().resize(n);
  for (int owner = 0; owner < n_ranks; ++owner)
  {
    std::string text = rank_in(comm) == owner ? mine.dump() : std::string();
    int size = static_cast<int>(text.size());
    MPI_Bcast(&size, 1, MPI_INT, owner, comm);
    text.resize(size);
    MPI_Bcast(text.data(), size, MPI_CHAR, owner, comm);
    const auto theirs = nlohmann::json::parse(text);
    for (std::size_t i = 0; i < theirs.size(); ++i)
      all[owner + i * n_ranks] = theirs[i];
  }
  return all;
}

nlohmann::json predict(const Mmgp &model, const TriangleMesh &mesh,
                       const std::vector<double> &inputs)
{
  const double begin = seconds_now();
  const MmgpPrediction p = model.predict(mesh, inputs);
  return {{"gate", to_string(p.gate)},
          {"reason", p.reason},
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

  // What was handed over is solved exactly and kept as labelled samples.
  std::vector<std::size_t> handed;
  for (std::size_t i = 0; i < unlike.size(); ++i)
    if (record["unlike"][i]["gate"] != "none")
      handed.push_back(i);
  const std::string model_hash =
    on_rank_0(context.comm,
              [&]
              {
                if (std::error_code failed; handed.empty()) // what an earlier model handed over
                  std::filesystem::remove_all(workshop.handovers(), failed);
                return workshop.model_hash();
              });
  if (!handed.empty())
  {
    DataSetInfo info = describe_plate_dataset(p.plates, p.solver);
    info.defining["handed_over_by"] = model_hash;
    generate_samples(
      context.comm, workshop.handovers().string(), info, handed.size(), 4,
      [&](std::size_t i)
      {
        const PlateDesign &design = unlike[handed[i]].design;
        return solve_plate(i, "train", design, mesh_of(design, p.plates), p.solver);
      },
      "run: hand-overs", context.log, true);
  }
  record["handed_over"] = handed.size();

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
