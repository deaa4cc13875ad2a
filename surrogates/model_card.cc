// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/sampling/latin_hypercube.h>
#include <solvers/plane_strain.h>
#include <surrogates/model_card.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <span>
#include <utility>

namespace understudy
{
namespace
{
nlohmann::json describe(const std::vector<Quantity> &quantities)
{
  nlohmann::json list = nlohmann::json::array();
  for (const Quantity &q : quantities)
    list.push_back({{"name", q.name}, {"unit", q.unit}});
  return list;
}

nlohmann::json describe(const MaterialParameters &m)
{
  return {{"law", m.law}, {"bulk", m.bulk}, {"shear", m.shear},
          {"a1", m.a1},   {"a2", m.a2},     {"norm", m.norm}};
}

/// "Exx [1], Eyy [1]"
std::string list_text(const nlohmann::json &quantities)
{
  std::string text;
  for (const auto &q : quantities)
    text += (text.empty() ? "" : ", ") + q.at("name").get<std::string>() + " [" +
            q.at("unit").get<std::string>() + "]";
  return text;
}

// Without --force the stage would be skipped: its record says that it is up to date.
const std::string train_again = "; run the stage 'train' again with --force";

/// Throws UserError when the quantities of the model are not those of a micro model.
void require_quantities(const std::string &path, const nlohmann::json &card, const char *what,
                        const std::vector<Quantity> &wanted)
{
  const nlohmann::json ours = describe(wanted);
  if (card.at(what) != ours)
    throw UserError("The model " + path + " has the " + what + " " + list_text(card.at(what)) +
                    ", but a micro model needs " + list_text(ours) + train_again + ".");
}

void require_micro(const std::string &path, const MicroModelCard &card, const std::string &micro,
                   const std::string &norm)
{
  if (card.norm != norm)
    throw UserError("The model " + path + " was trained for norm '" + card.norm +
                    "', the case has '" + norm +
                    "'; run the stage 'train' again or change 'Norm'.");
  if (card.micro == micro)
    return;
  throw UserError("The model " + path +
                  " was trained for another RVE: its mesh or materials differ from those of the "
                  "case" +
                  train_again + ".");
}

/// The entry "materials" / @p phase. Throws UserError when no law can be made of it.
MaterialParameters parse_material(const std::string &path, const nlohmann::json &card,
                                  const std::string &phase)
{
  const nlohmann::json &json = card.at("materials").at(phase);
  MaterialParameters m;
  m.law = json.at("law").get<std::string>();
  m.norm = json.at("norm").get<std::string>();
  const std::string start = "The model " + path + " states a " + phase + " that cannot be: ";
  for (const auto &[key, number] :
       {std::pair("bulk", &m.bulk), {"shear", &m.shear}, {"a1", &m.a1}, {"a2", &m.a2}})
  {
    *number = json.at(key).get<double>();
    if (!(*number > 0. && std::isfinite(*number)))
      throw UserError(start + "'" + key + "' is not positive" + train_again + ".");
  }
  try
  {
    material_laws().create(m.law, m);
  }
  catch (const UserError &error)
  {
    throw UserError(start + error.what());
  }
  return m;
}

MicroModelCard parse_card(const std::string &path, const nlohmann::json &json)
{
  MicroModelCard card;
  card.kind = json.at("kind").get<std::string>();
  card.micro = json.at("micro").get<std::string>();
  card.norm = json.at("norm").get<std::string>();
  card.box = StrainBox(json.at("box").get<std::array<double, 3>>());
  card.dataset_hash = json.at("dataset_hash").get<std::string>();
  card.matrix = parse_material(path, json, "matrix");
  card.fibre = parse_material(path, json, "fibre");
  if (!std::all_of(card.box.half.begin(), card.box.half.end(),
                   [](double side) { return side > 0. && std::isfinite(side); }))
    throw UserError("The model " + path + " states a training box that is not positive" +
                    train_again + ".");
  return card;
}

/// sqrt(sum v^2) of one component.
double norm_of(std::span<const double> values)
{
  double sum = 0.;
  for (const double v : values)
    sum += v * v;
  return std::sqrt(sum);
}

/// The worst component's relative deviation of the answers from the stored ones; not a number when
/// an answer is. Per component, because the pressure would hide a wrong shear stress.
double probe_deviation(const PointBatch &answers, const PointBatch &stored)
{
  double overall = 0.;
  for (std::size_t c = 0; c < stored.n_components(); ++c)
    overall = std::max(overall, norm_of(stored.component(c)));
  double worst = 0.;
  for (std::size_t c = 0; c < stored.n_components(); ++c)
  {
    std::vector<double> difference(stored.n_points());
    for (std::size_t p = 0; p < difference.size(); ++p)
      difference[p] = answers(c, p) - stored(c, p);
    // A component that vanishes by symmetry holds rounding errors of the others only.
    const double scale = std::max(norm_of(stored.component(c)), 1e-9 * overall);
    const double deviation = norm_of(difference) / (scale > 0. ? scale : 1.);
    if (!(deviation <= worst))
      worst = deviation;
  }
  return worst;
}
} // namespace

nlohmann::json MicroModelCard::to_json() const
{
  const PointMapInfo info = plane_strain_info(kind);
  return {{"kind", kind},
          {"inputs", describe(info.inputs)},
          {"outputs", describe(info.outputs)},
          {"box", box.half},
          {"micro", micro},
          {"norm", norm},
          {"dataset_hash", dataset_hash},
          {"materials", {{"matrix", describe(matrix)}, {"fibre", describe(fibre)}}}};
}

CardedModel read_model(const std::filesystem::path &path)
{
  const std::string name = path.string();
  if (!std::filesystem::exists(path))
    throw UserError("There is no model file '" + name + "'.");
  CardedModel model;
  model.file = ModelFile::read(name);
  try
  {
    const nlohmann::json &meta = model.file.meta();
    if (meta.value("kind", "") == "mmgp")
      throw UserError("The model " + name +
                      " is of the kind 'mmgp', which predicts fields on meshes; here a model is "
                      "needed that answers point by point.");
    const nlohmann::json &json = meta.at("card");
    model.card = parse_card(name, json);
    const PointMapInfo info = plane_strain_info(model.card.kind);
    require_quantities(name, json, "inputs", info.inputs);
    require_quantities(name, json, "outputs", info.outputs);
  }
  catch (const nlohmann::json::exception &)
  {
    throw UserError("The model " + name +
                    " has no complete entry 'card' in its meta data, so it is not known what it "
                    "was trained for" +
                    train_again + ".");
  }
  return model;
}

CardedModel read_model(const std::filesystem::path &path, const std::string &kind,
                       const std::string &micro, const std::string &norm)
{
  CardedModel model = read_model(path);
  if (model.card.kind != kind)
    throw UserError("The model " + path.string() + " is of kind '" + model.card.kind + "', but '" +
                    kind + "' is wanted" + train_again + ".");
  require_micro(path.string(), model.card, micro, norm);
  return model;
}

PointBatch probe_strains(const StrainBox &box)
{
  return latin_hypercube(8, box.lower(), box.upper(), 1);
}

void check_probe(const ModelFile &file, PointMap &map)
{
  const std::vector<std::size_t> shape = file.shape("probe/E");
  const std::size_t n = shape.size() == 2 ? shape[1] : 0;
  if (n == 0)
    throw UserError("The model " + file.path() + " has a probe without points" + train_again + ".");
  PointBatch E(3, n), S(3, n);
  std::ranges::copy(file.tensor("probe/E", {3, n}), E.data());
  std::ranges::copy(file.tensor("probe/S", {3, n}), S.data());
  PointQuery query;
  query.inputs = &E;
  query.want_tangent = false;
  PointAnswer answer;
  map.evaluate(query, answer);
  const double deviation = probe_deviation(answer.outputs, S);
  if (deviation <= 1e-6)
    return;
  char text[32];
  std::snprintf(text, sizeof text, "%.1e", deviation);
  throw UserError("The model " + file.path() + " does not give the answers stored in its probe: " +
                  "they differ by " + text + " relative, 1e-6 is allowed" + train_again + ".");
}
} // namespace understudy
