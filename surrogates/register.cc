// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <solvers/rve_closure.h>
#include <surrogates/baselines.h>
#include <surrogates/equino.h>
#include <surrogates/galerkin_rom.h>
#include <surrogates/register.h>

namespace understudy
{
const Registry<PointMap, const ClosureRequest &> &closures()
{
  using Closures = Registry<PointMap, const ClosureRequest &>;
  static const Closures all = []
  {
    Closures r("closure");
    r.add("rve", "The exact micro model: the periodic RVE, solved at every point.",
          [](const ClosureRequest &request) { return std::make_unique<RveClosure>(request.rve); });
    r.add("equino-mlp", "EquiNO with multilayer perceptrons as branches.",
          [](const ClosureRequest &request) { return make_equino("equino-mlp", request); });
    r.add("equino-rbf", "EquiNO with odd cubic radial basis functions as branches.",
          [](const ClosureRequest &request) { return make_equino("equino-rbf", request); });
    r.add("pod-galerkin", "Hyper-reduced POD-Galerkin model of the RVE.", make_galerkin_rom);
    r.add("training-mean", "Rival: the mean of the training stresses, whatever the strain.",
          make_training_mean);
    r.add("linear", "Rival: linear elasticity fitted to the training stresses.", make_linear);
    r.add("snapshot-rbf", "Rival: odd cubic radial basis functions through the training stresses.",
          make_snapshot_rbf);
    r.add("snapshot-mlp",
          "Rival: a multilayer perceptron fitted to the training stresses and tangents.",
          make_snapshot_mlp);
    return r;
  }();
  return all;
}
} // namespace understudy
