// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/nearest_name.h>
#include <operators/nn/head.h>
#include <surrogates/equino.h>
#include <surrogates/galerkin_rom.h>
#include <surrogates/head_closure.h>
#include <surrogates/model_closure.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace understudy
{
namespace
{
using Maker = std::function<std::unique_ptr<PointMap>(const CardedModel &, const ClosureOptions &)>;

std::unique_ptr<PointMap> make_baseline(const CardedModel &model, bool symmetric_tangent)
{
  return std::make_unique<HeadClosure>(model.card.kind, load_head(model.file, baseline_prefix),
                                       model.card.box, symmetric_tangent);
}

std::unique_ptr<PointMap> make_head(const CardedModel &model, const ClosureOptions &options)
{
  return make_baseline(model, options.symmetric_tangent);
}

// A constant has a symmetric tangent, namely none, whatever is asked for.
std::unique_ptr<PointMap> make_constant(const CardedModel &model, const ClosureOptions &)
{
  return make_baseline(model, true);
}

std::unique_ptr<PointMap> make_equino_closure(const CardedModel &model,
                                              const ClosureOptions &options)
{
  return std::make_unique<Equino>(model, options);
}

std::unique_ptr<PointMap> make_galerkin(const CardedModel &model, const ClosureOptions &options)
{
  return std::make_unique<GalerkinRomClosure>(GalerkinRom::load(model), model.card.box,
                                              options.indicator, options.symmetric_tangent);
}

/// All kinds of model files.
const std::map<std::string, Maker> &makers()
{
  static const std::map<std::string, Maker> all = {
    {"equino-mlp", make_equino_closure},
    {"equino-rbf", make_equino_closure},
    {"linear", make_head},
    {"pod-galerkin", make_galerkin},
    {"snapshot-mlp", make_head},
    {"snapshot-rbf", make_head},
    {"training-mean", make_constant},
  };
  return all;
}

std::vector<std::string> kinds()
{
  std::vector<std::string> names;
  for (const auto &[name, maker] : makers())
    names.push_back(name);
  return names;
}

bool has_potential(const MaterialParameters &material)
{
  return material_laws().create(material.law, material)->has_potential();
}
} // namespace

std::unique_ptr<PointMap> make_closure(const CardedModel &model, const ClosureOptions &options)
{
  const std::string &kind = model.card.kind;
  const auto maker = makers().find(kind);
  if (maker == makers().end())
    throw UserError("The model " + model.file.path() + " is of the unknown kind '" + kind + "'" +
                    suggestion(kind, kinds()) + ".");
  auto closure = maker->second(model, options);
  check_probe(model.file, *closure);
  return closure;
}

std::unique_ptr<PointMap> make_closure(const CardedModel &model)
{
  ClosureOptions options;
  options.symmetric_tangent = has_potential(model.card.matrix) && has_potential(model.card.fibre);
  return make_closure(model, options);
}

std::unique_ptr<PointMap> load_closure(const std::filesystem::path &path)
{
  return make_closure(read_model(path));
}
} // namespace understudy
