// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/store/model_file.h>
#include <surrogates/mg_tfno.h>

#include <nlohmann/json.hpp>

#include <cmath>

namespace understudy
{
namespace
{
using Json = nlohmann::json;

Json json_of(const std::vector<Quantity> &quantities)
{
  Json all = Json::array();
  for (const Quantity &q : quantities)
    all.push_back({{"name", q.name}, {"unit", q.unit}});
  return all;
}

std::vector<Quantity> quantities_of(const Json &json)
{
  std::vector<Quantity> all;
  for (const Json &q : json)
    all.push_back({q.at("name").get<std::string>(), q.at("unit").get<std::string>()});
  return all;
}

void add(ModelFile &file, const std::string &name, const std::vector<MgTfno::Scale> &scales)
{
  std::vector<double> values;
  for (const auto &s : scales)
    values.insert(values.end(), {s.offset, s.scale});
  file.add(name, {scales.size(), 2}, values);
}

std::vector<MgTfno::Scale> read_scales(const ModelFile &file, const std::string &name,
                                       std::size_t n)
{
  const auto &values = file.tensor(name, {n, 2});
  std::vector<MgTfno::Scale> scales;
  for (std::size_t c = 0; c < n; ++c)
  {
    scales.push_back({values[2 * c], values[2 * c + 1]});
    if (!(scales.back().scale > 0.))
      throw UserError("The model '" + file.path() + "' has a scale that is not positive in '" +
                      name + "'.");
  }
  return scales;
}

std::vector<MgTfno::Range> read_ranges(const ModelFile &file, std::size_t n)
{
  const auto &values = file.tensor("input/range", {n, 2, MgTfno::n_features});
  std::vector<MgTfno::Range> ranges(n);
  for (std::size_t c = 0; c < n; ++c)
    for (std::size_t f = 0; f < MgTfno::n_features; ++f)
    {
      ranges[c].lower[f] = values[(2 * c) * MgTfno::n_features + f];
      ranges[c].upper[f] = values[(2 * c + 1) * MgTfno::n_features + f];
    }
  return ranges;
}

std::size_t count_in(const Json &json, const char *name, std::size_t most)
{
  const Json &value = json.at(name);
  if (!value.is_number_integer() || value < 0 || value > most)
    throw UserError(std::string("'") + name + "' is no whole number up to " + std::to_string(most) +
                    ".");
  return value.get<std::size_t>();
}

double share_in(const Json &json, const char *name, double most)
{
  const auto value = json.at(name).get<double>();
  if (!(value >= 0. && value <= most))
    throw UserError(std::string("'") + name + "' is out of range.");
  return value;
}

MgTfnoProblem problem_of(const Json &json)
{
  MgTfnoProblem p;
  p.name = json.at("name").get<std::string>();
  p.inputs = quantities_of(json.at("inputs"));
  p.outputs = quantities_of(json.at("outputs"));
  p.side = json.at("side").get<double>();
  const auto boundary = json.at("boundary").get<std::string>();
  if (boundary != "periodic" && boundary != "zero")
    throw UserError("The boundary is '" + boundary + "', neither 'periodic' nor 'zero'.");
  if (!(p.side > 0. && std::isfinite(p.side)))
    throw UserError("The side of the square is not positive.");
  p.boundary =
    boundary == "zero" ? MgTfnoProblem::Boundary::zero : MgTfnoProblem::Boundary::periodic;
  return p;
}
} // namespace

void MgTfno::save(ModelFile &file) const
{
  const State &s = *state_;
  file.meta()["kind"] = "mg-tfno";
  file.meta()["mg_tfno"] = {{"version", file_version},
                            {"problem",
                             {{"name", s.problem.name},
                              {"inputs", json_of(s.problem.inputs)},
                              {"outputs", json_of(s.problem.outputs)},
                              {"side", s.problem.side},
                              {"boundary", s.problem.is_periodic() ? "periodic" : "zero"}}},
                            {"grid", "points (i, j) side / n, end points excluded"},
                            {"coordinates", s.coordinates},
                            {"patching",
                             {{"levels", s.patching.levels},
                              {"padding", s.patching.padding},
                              {"periodic", s.patching.periodic}}},
                            {"points", s.n_points},
                            {"expected_error", s.expected_error}};
  add(file, "input/scale", s.input_scale);
  add(file, "output/scale", s.output_scale);
  std::vector<double> ranges;
  for (const Range &range : s.ranges)
    for (const Features *features : {&range.lower, &range.upper})
      ranges.insert(ranges.end(), features->begin(), features->end());
  file.add("input/range", {s.ranges.size(), 2, n_features}, ranges);
  s.weights.save(file, "network/");
}

MgTfno MgTfno::load(const ModelFile &file)
{
  State s;
  const Json &meta = file.meta();
  if (meta.value("kind", "") != "mg-tfno" || !meta.contains("mg_tfno"))
    throw UserError("The model '" + file.path() + "' is no multi-grid tensorised neural operator.");
  try
  {
    const Json &json = meta.at("mg_tfno");
    if (json.at("version") != file_version)
      throw UserError("It has version " + json.at("version").dump() + ", but this program reads " +
                      std::to_string(file_version) + ".");
    s.problem = problem_of(json.at("problem"));
    s.coordinates = json.at("coordinates").get<bool>();
    const Json &patching = json.at("patching");
    s.patching = {static_cast<unsigned>(count_in(patching, "levels", 8)),
                  share_in(patching, "padding", 0.5), patching.at("periodic").get<bool>()};
    s.n_points = count_in(json, "points", 1u << 20);
    s.expected_error = share_in(json, "expected_error", 1e300);
  }
  catch (const std::exception &error)
  {
    throw UserError("The model '" + file.path() + "' cannot be read: " + error.what());
  }
  s.input_scale = read_scales(file, "input/scale", s.problem.inputs.size());
  s.output_scale = read_scales(file, "output/scale", s.problem.outputs.size());
  s.ranges = read_ranges(file, s.problem.inputs.size());
  s.weights = FnoWeights::load(file, "network/");
  return MgTfno(std::move(s));
}
} // namespace understudy
