// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mmgp/stages.h>
#include <cases/stage_inputs.h>
#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/store/atomic_file.h>
#include <data/store/folders.h>
#include <data/store/model_file.h>
#include <surrogates/field_probe.h>
#include <surrogates/mmgp_field_map.h>

namespace understudy
{
namespace
{
/// What the samples of a data set of hand-overs must share with the data set of a case, so that
/// both answer the same question.
constexpr const char *same_physics[] = {"variant",    "poisson", "norton_exponent",
                                        "duration_s", "n_steps", "relative_tolerance"};

bool holds_data(const std::filesystem::path &folder)
{
  return std::filesystem::exists(folder / "manifest.json");
}
} // namespace

MmgpSample mmgp_sample(const DataSet &data, std::size_t id)
{
  StoredPlate plate = read_plate(data, id);
  return {std::move(plate.mesh), std::move(plate.inputs), std::move(plate.fields),
          std::move(plate.scalars)};
}

MmgpTrainingSamples::MmgpTrainingSamples(DataSets data)
  : data_(std::move(data)), places_(data_.places("train"))
{
}

MmgpSample MmgpTrainingSamples::operator()(std::size_t i) const
{
  return mmgp_sample(data_.sets()[places_.at(i).set], places_[i].id);
}

DataSet MmgpWorkshop::dataset() const
{
  DataSet opened = DataSet::open(data().string());
  opened.require(describe_plate_dataset(parameters_.plates, parameters_.solver));
  require_complete(opened, parameters_.plates.n_train + parameters_.plates.n_test);
  return opened;
}

DataSetInfo MmgpWorkshop::handover_info() const
{
  DataSetInfo info = describe_plate_dataset(parameters_.plates, parameters_.solver);
  info.defining["handed_over"] = true;
  info.attributes["title"] = "Plates that MMGP handed over, solved exactly";
  return info;
}

DataSet MmgpWorkshop::open_handovers(const std::filesystem::path &folder) const
{
  DataSet set = DataSet::open(folder.string());
  const nlohmann::json mine = handover_info().defining, &theirs = set.info().defining;
  for (const char *what : same_physics)
    if (mine.at(what) != theirs.value(what, nlohmann::json()))
      throw UserError("The hand-overs in '" + folder.string() +
                      "' belong to plates with another '" + what +
                      "'; run the stage 'run' again, or remove them.");
  return set;
}

std::optional<DataSet> MmgpWorkshop::trained_handovers() const
{
  if (!holds_data(handovers_of_model()))
    return std::nullopt;
  return open_handovers(handovers_of_model());
}

DataSets MmgpWorkshop::training_data() const
{
  DataSets all = dataset();
  if (auto handed = trained_handovers())
    all.add(std::move(*handed));
  return all;
}

std::string MmgpWorkshop::hash_for_training() const
{
  DataSets all = dataset();
  if (parameters_.use_handovers && holds_data(handovers()))
    all.add(open_handovers(handovers()));
  return all.hash();
}

void MmgpWorkshop::take_handovers()
{
  on_rank_0(comm(),
            [&]
            {
              create_folder(model_file().parent_path().string());
              if (parameters_.use_handovers && holds_data(handovers()))
                copy_folder(handovers(), handovers_of_model());
              else
                remove_folder(handovers_of_model());
              return std::string();
            });
}

std::string MmgpWorkshop::model_hash() const
{
  if (!std::filesystem::exists(model_file()))
    throw UserError("There is no model '" + model_file().string() +
                    "' yet; run the stage 'train'.");
  return ModelFile::read(model_file().string()).tensor_hash();
}

Mmgp MmgpWorkshop::model() const
{
  ModelFile file;
  std::optional<Mmgp> loaded;
  on_all_ranks(comm(),
               [&]
               {
                 file = ModelFile::read(model_file().string());
                 loaded.emplace(Mmgp::load(file));
                 require_problem(*loaded, parameters_.problem(), model_file().string());
                 if (file.meta().value("dataset_hash", "") != training_data().hash())
                   throw UserError("The model '" + model_file().string() +
                                   "' was trained on other data; run the stage 'train'.");
               });
  MmgpFieldMap map({std::shared_ptr<void>(), &*loaded}, comm()); // not owned
  check_field_probe(file, map, comm());
  return std::move(*loaded);
}
} // namespace understudy
