// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <data/store/model_file.h>
#include <solvers/rve_closure.h>
#include <surrogates/field_probe.h>
#include <surrogates/mg_tfno_field_map.h>
#include <surrogates/mmgp_field_map.h>
#include <surrogates/register.h>

#include <nlohmann/json.hpp>

namespace understudy
{
namespace
{
/// The maker of a closure whose model file bears its name.
auto trained(const std::string &name)
{
  return [name](const ClosureRequest &request) { return make_trained_closure(name, request); };
}

/// The tensors of a model file, which must be of kind @p kind.
ModelFile read_field_model(const std::string &kind, const std::filesystem::path &path)
{
  ModelFile file = ModelFile::read(path.string());
  const auto &meta = file.meta();
  const auto found = meta.find("kind");
  if (found == meta.end() || *found != kind)
    throw UserError("The model '" + path.string() + "' is " +
                    (found == meta.end() || !found->is_string()
                       ? std::string("of no kind")
                       : "of kind '" + found->get<std::string>() + "'") +
                    ", but '" + kind + "' is wanted.");
  return file;
}

/// A map of the model of kind @p kind that @p load reads, its probe checked.
template <class Map, class Load>
std::unique_ptr<FieldMap> load_field_map(const std::string &kind, const FieldMapRequest &request,
                                         const Load &load)
{
  ModelFile file;
  std::unique_ptr<Map> map;
  on_all_ranks(request.comm,
               [&]
               {
                 file = read_field_model(kind, request.model);
                 map = std::make_unique<Map>(load(file), request.comm);
               });
  check_field_probe(file, *map, request.comm);
  return map;
}

std::unique_ptr<FieldMap> make_mmgp(const FieldMapRequest &request)
{
  return load_field_map<MmgpFieldMap>("mmgp", request,
                                      [](const ModelFile &file)
                                      { return std::make_shared<const Mmgp>(Mmgp::load(file)); });
}

std::unique_ptr<FieldMap> make_mg_tfno(const FieldMapRequest &request)
{
  return load_field_map<MgTfnoFieldMap>("mg-tfno", request, MgTfno::load);
}
} // namespace

const Registry<PointMap, const ClosureRequest &> &closures()
{
  using Closures = Registry<PointMap, const ClosureRequest &>;
  static const Closures all = []
  {
    Closures r("closure");
    r.add("rve", "The exact micro model: the periodic RVE, solved at every point.",
          [](const ClosureRequest &request) { return std::make_unique<RveClosure>(request.rve); });
    r.add("equino-mlp", "EquiNO with multilayer perceptrons as branches.", trained("equino-mlp"));
    r.add("equino-rbf", "EquiNO with odd cubic radial basis functions as branches.",
          trained("equino-rbf"));
    r.add("pod-galerkin", "Hyper-reduced POD-Galerkin model of the RVE.", trained("pod-galerkin"));
    r.add("training-mean", "Rival: the mean of the training stresses, whatever the strain.",
          trained("training-mean"));
    r.add("linear", "Rival: linear elasticity fitted to the training stresses.", trained("linear"));
    r.add("snapshot-rbf", "Rival: odd cubic radial basis functions through the training stresses.",
          trained("snapshot-rbf"));
    r.add("snapshot-mlp",
          "Rival: a multilayer perceptron fitted to the training stresses and tangents.",
          trained("snapshot-mlp"));
    return r;
  }();
  return all;
}

const Registry<FieldMap, const FieldMapRequest &> &field_maps()
{
  using FieldMaps = Registry<FieldMap, const FieldMapRequest &>;
  static const FieldMaps all = []
  {
    FieldMaps r("map of fields");
    r.add("mg-tfno",
          "Multi-grid tensorised Fourier neural operator: fields on square grids, from the one of "
          "the training to four times as fine.",
          make_mg_tfno);
    r.add("mmgp",
          "Mesh-morphing Gaussian processes: meshes that all differ, fields with deviations.",
          make_mmgp);
    return r;
  }();
  return all;
}
} // namespace understudy
