// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/store/model_file.h>

#include <nlohmann/json.hpp>

namespace understudy::testing_tools
{
/// A model file with a matrix, a scalar, a tensor without values and meta data.
inline ModelFile example_model()
{
  ModelFile file;
  file.add("weights", {2, 3}, {1.5, -2., 0.25, 1e-300, 4., 5.});
  file.add("scale", {}, {0.5});
  file.add("none", {0, 7}, {});
  file.meta() = {{"kind", "equino"}, {"inputs", {"Exx", "Eyy", "Gxy"}}, {"error", 1e-4}};
  return file;
}
} // namespace understudy::testing_tools
