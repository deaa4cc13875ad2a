// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/fe2/guard.h>
#include <cases/fe2/workshop.h>
#include <cases/stage_inputs.h>
#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/store/atomic_file.h>
#include <data/store/folders.h>
#include <data/store/strict_json.h>
#include <operators/maps/balanced_map.h>

#include <deal.II/base/mpi.h>

#include <algorithm>
#include <utility>

namespace understudy
{
Fe2Workshop::Fe2Workshop(const Fe2Parameters &parameters, RunContext &context)
  : parameters_(parameters), context_(context)
{
}

std::filesystem::path Fe2Workshop::folder_of(unsigned round) const
{
  return round == 1 ? context_.output : context_.output / ("round-" + std::to_string(round));
}

std::filesystem::path Fe2Workshop::run(const std::string &closure) const
{
  return folder_of(closure == parameters_.coupling.closure ? round_ : 1) / "run" / closure;
}

std::string numbered_stage(const std::string &stage, unsigned round)
{
  return round == 1 ? stage : stage + "-" + std::to_string(round);
}

namespace
{
void require_trained(const std::filesystem::path &model, unsigned round)
{
  if (!std::filesystem::exists(model))
    throw UserError("There is no model '" + model.string() + "' yet; run the stage '" +
                    numbered_stage("train", round) + "'.");
}
} // namespace

std::string Fe2Workshop::model_hash(const std::string &closure, unsigned round) const
{
  const auto file = folder_of(round) / "models" / (model_of(closure) + ".safetensors");
  require_trained(file, round);
  return ModelFile::read(file.string()).tensor_hash();
}

std::vector<std::string> Fe2Workshop::trained_closures() const
{
  if (round_ == 1)
    return parameters_.training.names();
  std::vector<std::string> playing;
  for (const auto &name : parameters_.guard.names())
    if (name != "rve")
      playing.push_back(model_of(name));
  return playing;
}

Fe2Workshop &Fe2Workshop::at_last_round_of(const std::string &closure)
{
  at_round(parameters_.guard.rounds);
  const auto here = trained_closures();
  const bool retrained = std::find(here.begin(), here.end(), model_of(closure)) != here.end();
  return retrained || closure == guarded_name ? *this : at_round(1);
}

std::filesystem::path Fe2Workshop::handovers_for_training() const
{
  std::filesystem::path folder;
  if (round_ > 1)
    folder = folder_of(round_ - 1) / "handover";
  else if (parameters_.training.use_handovers)
    folder = handovers();
  // A run that handed nothing over leaves no data set.
  return !folder.empty() && std::filesystem::exists(folder / "manifest.json")
           ? folder
           : std::filesystem::path();
}

DataSet Fe2Workshop::open_handovers(const std::filesystem::path &folder)
{
  DataSet set = DataSet::open(folder.string());
  const nlohmann::json mine = dataset_info().defining, &theirs = set.info().defining;
  for (const char *what :
       {"mesh_nodes_sha256", "mesh_cells_sha256", "mesh_phase_sha256", "matrix", "fibre", "norm"})
    if (mine.at(what) != theirs.value(what, nlohmann::json()))
      throw UserError("The hand-overs in '" + folder.string() +
                      "' belong to another micro structure or other materials; run the stage 'run' "
                      "again, or remove them.");
  return set;
}

DataSets Fe2Workshop::training_data()
{
  DataSets all = dataset();
  if (const auto folder = models() / "handover"; std::filesystem::exists(folder / "manifest.json"))
    all.add(open_handovers(folder));
  return all;
}

std::string Fe2Workshop::hash_for_training()
{
  DataSets all = dataset();
  if (const auto folder = handovers_for_training(); !folder.empty())
    all.add(open_handovers(folder));
  return all.hash();
}

void Fe2Workshop::take_handovers()
{
  on_rank_0(comm(),
            [&]
            {
              const auto from = handovers_for_training(), to = models() / "handover";
              create_folder(models().string());
              if (from.empty())
                remove_folder(to);
              else
                copy_folder(from, to);
              return std::string();
            });
}

std::vector<double> Fe2Workshop::known_handovers()
{
  const auto folder = models() / "handover";
  return std::filesystem::exists(folder / "manifest.json")
           ? open_handovers(folder).read_all("", "E")
           : std::vector<double>();
}

StrainBox Fe2Workshop::training_box()
{
  StrainBox box = parameters_.sampling.limit;
  const std::vector<double> E = known_handovers();
  // The next run meets other strains than the last one, so its edge is not where that ended.
  constexpr double margin = 1.05;
  StrainBox grown = box;
  for (std::size_t i = 0; i < E.size(); i += 3)
    grown.include({E[i], E[i + 1], E[i + 2]});
  for (unsigned i = 0; i < 3; ++i)
    if (grown.half[i] > box.half[i])
      grown.half[i] *= margin;
  return grown;
}

std::filesystem::path Fe2Workshop::model(const std::string &closure) const
{
  return models() / (model_of(closure) + ".safetensors");
}

std::filesystem::path Fe2Workshop::macro_fields(const std::filesystem::path &folder) const
{
  return parameters_.macro.output_fields ? folder / "macro.pvd" : std::filesystem::path();
}

const RveMesh &Fe2Workshop::mesh()
{
  if (!mesh_)
    on_all_ranks(comm(), [&] { mesh_ = std::make_unique<RveMesh>(parameters_.micro.make_mesh()); });
  return *mesh_;
}

std::shared_ptr<Rve> Fe2Workshop::rve()
{
  if (!rve_)
  {
    const RveParameters p = parameters_.micro.rve_parameters();
    rve_ = std::make_shared<Rve>(mesh(), p);
    micro_ = micro_fingerprint(mesh(), p);
  }
  return rve_;
}

DataSetInfo Fe2Workshop::dataset_info()
{
  return describe_rve_dataset(mesh(), *rve(), parameters_.sampling);
}

DataSet Fe2Workshop::dataset()
{
  DataSet opened = DataSet::open(data().string());
  opened.require(dataset_info());
  const RveSamplingParameters &s = parameters_.sampling;
  require_complete(opened, std::size_t(s.n_train) + s.n_validation + s.n_test);
  return opened;
}

MicroModelCard Fe2Workshop::card(const std::string &kind)
{
  const RveParameters &materials = rve()->parameters();
  return {kind, micro_,           parameters_.micro.norm, training_box(),
          {},   materials.matrix, materials.fibre};
}

ClosureRequest Fe2Workshop::request()
{
  ClosureRequest r;
  r.comm = comm();
  r.models = models();
  r.rve = rve();
  r.micro = micro_;
  r.norm = parameters_.micro.norm;
  r.indicator = parameters_.coupling.indicator;
  r.symmetric_tangent = parameters_.coupling.symmetric_tangent && rve()->has_potential();
  return r;
}

std::shared_ptr<const MicroBasis> Fe2Workshop::micro_basis()
{
  std::shared_ptr<const MicroBasis> loaded;
  on_all_ranks(comm(),
               [&]
               {
                 loaded = std::make_shared<const MicroBasis>(
                   MicroBasis::load(ModelFile::read(basis().string()), *rve_));
               });
  return loaded;
}

std::unique_ptr<PointMap> Fe2Workshop::closure(const std::string &name, bool indicator)
{
  ClosureRequest wanted = request();
  wanted.indicator = indicator;
  if (name == guarded_name)
    return std::move(make_guard(*this).map);
  if (name != "rve")
  {
    on_all_ranks(comm(), [&] { require_trained(model(name), round_); });
    return closures().create(model_of(name), wanted);
  }
  return std::make_unique<RveClosure>(rve_, first_guess(wanted));
}

std::unique_ptr<PointMap> Fe2Workshop::playing_closure(const std::string &name)
{
  auto map = closure(name, name == guarded_name || parameters_.coupling.indicator);
  if (name != "rve" || dealii::Utilities::MPI::n_mpi_processes(comm()) == 1)
    return map;
  return std::make_unique<BalancedMap>(std::move(map), comm());
}

std::shared_ptr<const RveGuess> Fe2Workshop::first_guess(const ClosureRequest &wanted)
{
  if (parameters_.coupling.first_guess == "none")
    return nullptr;
  const bool there =
    !on_rank_0(comm(),
               [&]
               {
                 return std::string(std::filesystem::exists(model("pod-galerkin")) &&
                                        std::filesystem::exists(basis())
                                      ? "yes"
                                      : "");
               })
       .empty();
  if (!there)
    return nullptr;
  try
  {
    const auto modes = micro_basis();
    std::shared_ptr<const RveGuess> guess;
    on_all_ranks(comm(),
                 [&]
                 {
                   guess = std::make_shared<const GalerkinFields>(
                     GalerkinRom::load(read_model("pod-galerkin", wanted)), modes, rve_);
                 });
    return guess;
  }
  catch (const UserError &refusal)
  {
    // It only saves time: the exact model does without.
    context_.log.warning(std::string("no first guess for the exact model: ") + refusal.what());
    return nullptr;
  }
}

std::unique_ptr<FieldReconstructor> Fe2Workshop::fields(const std::string &name)
{
  const ClosureRequest wanted = request();
  const std::string model_name = model_of(name);
  if (name == "rve")
    return std::make_unique<RveClosure>(rve_);
  if (model_name != "pod-galerkin" && model_name.rfind("equino", 0) != 0)
    return nullptr;
  const auto modes = micro_basis();
  if (model_name == "pod-galerkin")
  {
    std::unique_ptr<FieldReconstructor> made;
    on_all_ranks(comm(),
                 [&]
                 {
                   made = std::make_unique<GalerkinFields>(
                     GalerkinRom::load(read_model(model_name, wanted)), modes, rve_);
                 });
    return made;
  }
  on_all_ranks(
    comm(),
    [&]
    {
      const ModelFile file = ModelFile::read(model(name).string());
      if (file.meta().value("basis_hash", "") != ModelFile::read(basis().string()).tensor_hash())
        throw UserError("The model '" + file.path() + "' belongs to other modes than '" +
                        basis().string() + "'; run the stage 'train' again with --force.");
    });
  return std::make_unique<EquinoFields>(make_equino(model_name, wanted), modes, rve_);
}

nlohmann::json read_json(const std::filesystem::path &file)
{
  try
  {
    return parse_strictly(read_file(file.string()));
  }
  catch (const JsonRefusal &refusal)
  {
    throw UserError("The file '" + file.string() + "' cannot be used: " + refusal.what() + ".");
  }
}

void write_json(const std::filesystem::path &file, const nlohmann::json &value)
{
  write_file_atomically(file.string(), value.dump(2) + "\n");
}
} // namespace understudy
