// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mmgp/handover.h>
#include <cases/mmgp/stages.h>
#include <data/core/collective.h>
#include <data/store/folders.h>
#include <solvers/generate_samples.h>

#include <algorithm>
#include <optional>

namespace understudy
{
namespace
{
/// Whether a sample is this plate: the same mesh with the same scalars.
bool is_sample_of(const StoredPlate &sample, const TriangleMesh &mesh, const PlateDesign &design)
{
  return sample.inputs == design.inputs && sample.mesh.nodes == mesh.nodes &&
         sample.mesh.triangles == mesh.triangles;
}

/// A sample of another data set with the same fields, as a new one of number @p id.
Sample copy_of(const DataSet &data, std::size_t known, std::size_t id)
{
  Sample sample;
  sample.id = id;
  sample.split = "train";
  for (const FieldSpec &field : data.fields())
    sample.values.push_back(data.read(known, field.name));
  return sample;
}

/// What is to be kept: samples that the model was trained with, then plates.
struct Keeping
{
  std::vector<std::size_t> known, plates;
  nlohmann::json entries = nlohmann::json::array(); ///< of the attribute "handed_over"
  std::size_t size() const { return known.size() + plates.size(); }
};

/// Equal on all ranks, since all read the same files.
Keeping choose(const MmgpWorkshop &workshop, const std::optional<DataSet> &trained,
               const std::vector<UnlikePlate> &plates, nlohmann::json &found)
{
  Keeping kept;
  std::vector<StoredPlate> known;
  if (trained)
    for (const std::size_t id : trained->ids())
    {
      kept.entries.push_back(trained->attributes().at("handed_over").at(id));
      kept.entries.back()["id"] = kept.known.size();
      kept.known.push_back(id);
      known.push_back(read_plate(*trained, id));
    }
  const std::string model = workshop.model_hash();
  for (std::size_t i = 0; i < plates.size(); ++i)
  {
    const bool is_answered = found[i]["gate"] == "none";
    if (is_answered && known.empty())
      continue;
    const TriangleMesh mesh = mesh_of(plates[i].design, workshop.parameters().plates);
    const auto same = std::ranges::find_if(known, [&](const StoredPlate &p)
                                           { return is_sample_of(p, mesh, plates[i].design); });
    found[i]["learned"] = same != known.end();
    if (same != known.end())
      found[i]["handover"] = static_cast<std::size_t>(same - known.begin());
    if (is_answered || same != known.end())
      continue;
    found[i]["handover"] = kept.size();
    kept.entries.push_back({{"id", kept.size()},
                            {"what", plates[i].what},
                            {"gate", found[i]["gate"]},
                            {"reason", found[i]["reason"]},
                            {"model", model}});
    kept.plates.push_back(i);
  }
  return kept;
}
} // namespace

std::size_t keep_handovers(MmgpWorkshop &workshop, const std::vector<UnlikePlate> &plates,
                           nlohmann::json &found)
{
  RunContext &context = workshop.context();
  const MmgpCaseParameters &p = workshop.parameters();
  std::optional<DataSet> trained;
  Keeping kept;
  on_all_ranks(context.comm,
               [&]
               {
                 trained = workshop.trained_handovers();
                 kept = choose(workshop, trained, plates, found);
               });
  const auto folder = workshop.handovers();
  if (kept.size() == 0)
  {
    // What an earlier model handed over would be learned from otherwise.
    on_rank_0(context.comm,
              [&]
              {
                remove_folder(folder);
                return std::string();
              });
    return 0;
  }
  DataSetInfo info = workshop.handover_info();
  info.attributes["handed_over"] = kept.entries;
  nlohmann::json &problem = info.attributes["problem_definition"];
  problem.erase("test_split");
  problem["train_split"] = {{"train", nlohmann::json::array()}};
  for (std::size_t i = 0; i < kept.size(); ++i)
    problem["train_split"]["train"].push_back(i);
  info.attributes["infos"]["num_samples"] = {{"train", kept.size()}};
  const auto sample = [&](std::size_t i)
  {
    if (i < kept.known.size())
      return copy_of(*trained, kept.known[i], i);
    const PlateDesign &design = plates[kept.plates[i - kept.known.size()]].design;
    return solve_plate(i, "train", design, mesh_of(design, p.plates), p.solver);
  };
  const std::filesystem::path next = folder.string() + ".next";
  generate_samples(context.comm, next.string(), info, kept.size(), p.plates.samples_per_shard,
                   sample, "run: hand-overs", context.log, true);
  on_rank_0(context.comm,
            [&]
            {
              replace_folder(next, folder);
              return std::string();
            });
  return kept.size();
}
} // namespace understudy
