// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mg_tfno/stages.h>
#include <cases/stage_inputs.h>
#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/store/model_file.h>
#include <surrogates/field_probe.h>
#include <surrogates/mg_tfno_field_map.h>

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace understudy
{
const PlannedModel &MgTfnoWorkshop::plan(const std::string &name) const
{
  const auto found =
    std::ranges::find_if(models_, [&](const PlannedModel &m) { return m.name == name; });
  if (found == models_.end())
    throw std::logic_error("the case plans no model '" + name + "'");
  return *found;
}

DataSet MgTfnoWorkshop::dataset(std::size_t task) const
{
  DataSet opened = DataSet::open(data(task).string());
  opened.require(tasks_[task].info);
  require_complete(opened, tasks_[task].n_samples);
  return opened;
}

MgTfno MgTfnoWorkshop::model(const std::string &name) const
{
  const PlannedModel &planned = plan(name);
  ModelFile file;
  std::optional<MgTfno> loaded;
  on_all_ranks(comm(),
               [&]
               {
                 const std::string path = model_file(name).string();
                 if (!std::filesystem::exists(path))
                   throw UserError("There is no model '" + path + "' yet; run the stage 'train'.");
                 file = ModelFile::read(path);
                 loaded.emplace(MgTfno::load(file));
                 if (loaded->state().problem.name != tasks_[planned.task].problem.name ||
                     file.meta().value("dataset_hash", "") != dataset(planned.task).hash())
                   throw UserError("The model '" + path +
                                   "' was trained on other data; run the stage 'train'.");
               });
  MgTfnoFieldMap map(*loaded, comm());
  check_field_probe(file, map, comm());
  return std::move(*loaded);
}

std::shared_ptr<FieldMap> MgTfnoWorkshop::field_map(const std::string &name) const
{
  return std::make_shared<MgTfnoFieldMap>(model(name), comm());
}

std::string MgTfnoWorkshop::model_hashes() const
{
  std::string all;
  for (const PlannedModel &m : models_)
  {
    const std::string path = model_file(m.name).string();
    if (!std::filesystem::exists(path))
      throw UserError("There is no model '" + path + "' yet; run the stage 'train'.");
    all += m.name + " " + ModelFile::read(path).tensor_hash() + "\n";
  }
  return all;
}
} // namespace understudy
