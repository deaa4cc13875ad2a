// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <solvers/rve_closure.h>
#include <surrogates/register.h>

namespace understudy
{
namespace
{
/// The maker of a closure whose model file bears its name.
auto trained(const std::string &name)
{
  return [name](const ClosureRequest &request) { return make_trained_closure(name, request); };
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
} // namespace understudy
