// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/inspect.h>
#include <data/core/errors.h>
#include <data/store/dataset.h>
#include <data/store/model_file.h>

#include <nlohmann/json.hpp>

namespace understudy
{
namespace
{
std::string shape_text(const std::vector<std::size_t> &shape)
{
  std::string text;
  for (const auto n : shape)
    text += (text.empty() ? "[" : ", ") + std::to_string(n);
  return text.empty() ? "scalar" : text + "]";
}

std::string inspect_model(const std::filesystem::path &file)
{
  const auto model = ModelFile::read(file.string());
  std::string text = "model " + file.string() + "\nhash of the tensors " + model.tensor_hash() +
                     " (verified)\ntensors:\n";
  for (const auto &name : model.names())
    text += "  " + name + " " + shape_text(model.shape(name)) + "\n";
  return text + "description:\n" + model.meta().dump(2) + "\n";
}

std::string inspect_data_set(const std::filesystem::path &folder)
{
  const auto data = DataSet::open(folder.string());
  data.verify();
  std::string text = "data set " + folder.string() + " of kind '" + data.info().kind + "'\nhash " +
                     data.hash() +
                     " (all files verified)\nsamples: " + std::to_string(data.ids().size()) +
                     ", crashed: " + std::to_string(data.crashed().size()) + "\nfields:\n";
  for (const auto &field : data.fields())
    text += "  " + field.name + " " + (field.ragged ? "n x " : "") + shape_text(field.shape) +
            " [" + field.unit + "]\n";
  text += "defining:\n" + data.info().defining.dump(2) + "\n";
  text += "attributes:\n" + data.attributes().dump(2) + "\n";
  return text + "provenance:\n" + data.provenance().dump(2) + "\n";
}
} // namespace

std::string inspect(const std::filesystem::path &file, bool plaid)
{
  const auto inspect_data = plaid ? inspect_plaid : inspect_data_set;
  if (!std::filesystem::exists(file))
    throw UserError("There is no file or folder " + file.string() + ".");
  if (std::filesystem::is_directory(file))
  {
    if (std::filesystem::exists(file / "data" / "manifest.json"))
      return inspect_data(file / "data");
    return !plaid && std::filesystem::exists(file / "SHA256SUMS") ? inspect_grid_files(file)
                                                                  : inspect_data(file);
  }
  const bool is_model = file.extension() == ".safetensors", on_grid = file.extension() == ".hdf5";
  if (plaid && (is_model || on_grid))
    throw UserError(file.string() + (is_model ? " is a model" : " is a file on grids") +
                    "; --plaid looks at data sets.");
  if (is_model)
    return inspect_model(file);
  if (on_grid)
    return inspect_grid_file(file);
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  if (file.filename() == "manifest.json" || file.extension() == ".h5")
    return inspect_data(folder);
  throw UserError(file.string() +
                  " is neither a model (.safetensors) nor a data set (a folder with "
                  "manifest.json, or a file in it; or .hdf5 in the layout of The Well).");
}
} // namespace understudy
