// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/number_text.h>
#include <data/store/model_file.h>
#include <surrogates/mmgp.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace understudy
{
namespace
{
using Json = nlohmann::json;

Json describe(const MmgpOutput &output)
{
  return {{"name", output.quantity.name}, {"unit", output.quantity.unit}, {"floor", output.floor}};
}

MmgpOutput output_of(const Json &entry)
{
  return {{entry.at("name").get<std::string>(), entry.at("unit").get<std::string>()},
          entry.at("floor").get<double>()};
}

void add(ModelFile &file, const std::string &name, const std::vector<double> &values)
{
  file.add(name, {values.size()}, values);
}

const std::vector<double> &list(const ModelFile &file, const std::string &name, std::size_t n)
{
  return file.tensor(name, {n});
}

Mmgp::Scaling read_scaling(const ModelFile &file, const std::string &prefix, std::size_t n)
{
  Mmgp::Scaling s{list(file, prefix + "offset", n), list(file, prefix + "scale", n)};
  if (std::any_of(s.scale.begin(), s.scale.end(), [](double x) { return !(x > 0.); }))
    throw UserError("The model '" + file.path() + "' has a scale that is not positive in '" +
                    prefix + "scale'.");
  return s;
}

double read_band(const ModelFile &file, const std::string &prefix)
{
  const double band = file.tensor(prefix + "band", {}).front();
  if (!(band >= 0.))
    throw UserError("The model '" + file.path() + "' has a negative '" + prefix + "band'.");
  return band;
}

Mmgp::Field read_field(const ModelFile &file, const Json &entry, const CommonMesh &common,
                       std::size_t n_inputs)
{
  const MmgpOutput output = output_of(entry);
  const std::string prefix = "fields/" + output.quantity.name + "/";
  Mmgp::Field field{output,
                    WeightedPod::load(file, prefix + "pod/", common.mass()),
                    {},
                    {},
                    list(file, prefix + "truncation", common.n_nodes()),
                    file.tensor(prefix + "range", {}).front(),
                    read_band(file, prefix)};
  field.scaling = read_scaling(file, prefix, field.pod.n_modes());
  std::size_t n_coefficients = 0;
  for (std::size_t g = 0; g < entry.at("processes").get<std::size_t>(); ++g)
  {
    field.processes.push_back(
      GaussianProcess::load(file, prefix + "process" + std::to_string(g) + "/"));
    n_coefficients += field.processes.back().n_outputs();
    if (field.processes.back().n_inputs() != n_inputs)
      throw UserError("The model '" + file.path() + "' has a process of '" + output.quantity.name +
                      "' with other inputs than the rest.");
  }
  const auto &trunc = field.truncation;
  if (n_coefficients != field.pod.n_modes() || !(field.range > 0.) ||
      std::any_of(trunc.begin(), trunc.end(), [](double x) { return x < 0.; }))
    throw UserError("The parts of '" + output.quantity.name + "' in the model '" + file.path() +
                    "' do not fit each other.");
  return field;
}

Mmgp::Scalar read_scalar(const ModelFile &file, const Json &entry, std::size_t n_inputs)
{
  const MmgpOutput output = output_of(entry);
  const std::string prefix = "scalars/" + output.quantity.name + "/";
  const Mmgp::Scaling scaling = read_scaling(file, prefix, 1);
  Mmgp::Scalar scalar{output, scaling.offset[0], scaling.scale[0],
                      GaussianProcess::load(file, prefix + "process/"), read_band(file, prefix)};
  if (scalar.process.n_inputs() != n_inputs || scalar.process.n_outputs() != 1)
    throw UserError("The process of '" + output.quantity.name + "' in the model '" + file.path() +
                    "' does not fit the rest.");
  return scalar;
}

Mmgp::Gates read_gates(const ModelFile &file, std::size_t n)
{
  Mmgp::Gates gates;
  gates.shape = file.tensor("gates/shape", {}).front();
  gates.mean = list(file, "gates/mean", n);
  gates.factor = file.tensor("gates/factor", {n, n});
  gates.squared_distance = file.tensor("gates/squared_distance", {}).front();
  gates.deviation = file.tensor("gates/deviation", {}).front();
  for (std::size_t i = 0; i < n; ++i)
    if (!(gates.factor[i * n + i] > 0.))
      throw UserError("The covariance of the inputs in the model '" + file.path() +
                      "' is not positive definite.");
  return gates;
}

/// What a part of a problem is, in words; "none" beyond the last.
std::string text_of(const std::vector<MmgpInput> &inputs, std::size_t i)
{
  if (i >= inputs.size())
    return "none";
  const MmgpInput &input = inputs[i];
  return "'" + input.quantity.name + "' [" + input.quantity.unit + "] from " +
         number_text(input.lower) + " to " + number_text(input.upper);
}

std::string text_of(const std::vector<MmgpOutput> &outputs, std::size_t i)
{
  if (i >= outputs.size())
    return "none";
  const MmgpOutput &output = outputs[i];
  return "'" + output.quantity.name + "' [" + output.quantity.unit + "]" +
         (output.is_logarithmic() ? " with the floor " + number_text(output.floor) : "");
}

template <class Parts>
void require_parts(const std::string &what, const Parts &found, const Parts &wanted,
                   const std::string &path)
{
  for (std::size_t i = 0; i < std::max(found.size(), wanted.size()); ++i)
    if (text_of(found, i) != text_of(wanted, i))
      throw UserError("The model '" + path + "' was trained for another problem: its " + what +
                      " number " + std::to_string(i + 1) + " is " + text_of(found, i) +
                      ", that of the case is " + text_of(wanted, i) +
                      "; run the stage 'train' again with --force.");
}
} // namespace

void Mmgp::save(ModelFile &file) const
{
  state_.common.save(file);
  state_.shape.save(file, "shape/");
  add(file, "x/offset", state_.x.offset);
  add(file, "x/scale", state_.x.scale);
  Json inputs = Json::array(), fields = Json::array(), scalars = Json::array();
  for (const MmgpInput &input : state_.inputs)
    inputs.push_back({{"name", input.quantity.name},
                      {"unit", input.quantity.unit},
                      {"lower", input.lower},
                      {"upper", input.upper}});
  for (const Field &field : state_.fields)
  {
    const std::string prefix = "fields/" + field.output.quantity.name + "/";
    fields.push_back(describe(field.output));
    fields.back()["processes"] = field.processes.size();
    field.pod.save(file, prefix + "pod/");
    add(file, prefix + "offset", field.scaling.offset);
    add(file, prefix + "scale", field.scaling.scale);
    add(file, prefix + "truncation", field.truncation);
    file.add(prefix + "range", {}, {field.range});
    file.add(prefix + "band", {}, {field.band});
    for (std::size_t g = 0; g < field.processes.size(); ++g)
      field.processes[g].save(file, prefix + "process" + std::to_string(g) + "/");
  }
  for (const Scalar &scalar : state_.scalars)
  {
    const std::string prefix = "scalars/" + scalar.output.quantity.name + "/";
    scalars.push_back(describe(scalar.output));
    add(file, prefix + "offset", {scalar.offset});
    add(file, prefix + "scale", {scalar.scale});
    file.add(prefix + "band", {}, {scalar.band});
    scalar.process.save(file, prefix + "process/");
  }
  const std::size_t n = state_.gates.mean.size();
  file.add("gates/shape", {}, {state_.gates.shape});
  add(file, "gates/mean", state_.gates.mean);
  file.add("gates/factor", {n, n}, state_.gates.factor);
  file.add("gates/squared_distance", {}, {state_.gates.squared_distance});
  file.add("gates/deviation", {}, {state_.gates.deviation});
  file.meta()["mmgp"] = {
    {"version", file_version}, {"inputs", inputs}, {"fields", fields}, {"scalars", scalars}};
}

Mmgp Mmgp::load(const ModelFile &file)
{
  try
  {
    const Json &meta = file.meta().at("mmgp");
    if (meta.at("version") != file_version)
      throw UserError("The model '" + file.path() +
                      "' has another version; run the stage 'train'.");
    CommonMesh common = CommonMesh::load(file);
    WeightedPod shape = WeightedPod::load(file, "shape/", common.mass());
    std::vector<MmgpInput> inputs;
    for (const Json &entry : meta.at("inputs"))
      inputs.push_back({{entry.at("name").get<std::string>(), entry.at("unit").get<std::string>()},
                        entry.at("lower").get<double>(),
                        entry.at("upper").get<double>()});
    const std::size_t n = shape.n_modes() + inputs.size();
    if (shape.n_components() != 2)
      throw UserError("The shape modes of the model '" + file.path() + "' are not plane.");
    State state{
      std::move(inputs),  std::move(common), std::move(shape), read_scaling(file, "x/", n), {}, {},
      read_gates(file, n)};
    for (const Json &entry : meta.at("fields"))
      state.fields.push_back(read_field(file, entry, state.common, n));
    for (const Json &entry : meta.at("scalars"))
      state.scalars.push_back(read_scalar(file, entry, n));
    return Mmgp(std::move(state));
  }
  catch (const Json::exception &)
  {
    throw UserError("The model '" + file.path() +
                    "' lacks a part of its description; run the stage 'train' again.");
  }
}

void require_problem(const Mmgp &model, const MmgpProblem &wanted, const std::string &path)
{
  const MmgpProblem found = model.problem();
  require_parts("input", found.inputs, wanted.inputs, path);
  require_parts("field", found.fields, wanted.fields, path);
  require_parts("scalar", found.scalars, wanted.scalars, path);
}
} // namespace understudy
