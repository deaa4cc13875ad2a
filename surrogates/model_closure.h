// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/maps/point_map.h>
#include <surrogates/model_card.h>

#include <filesystem>
#include <memory>

namespace understudy
{
/// What is wanted of a trained closure.
struct ClosureOptions
{
  bool indicator = true;         ///< compute the model's own error estimate where it has one
  bool symmetric_tangent = true; ///< (C + C^T) / 2 where the tangent is not symmetric by itself
};

/// The closure in a model file of any trained kind, probe checked. Throws UserError with one
/// sentence when the kind is unknown or the file is not what its kind needs. Needs no MPI.
std::unique_ptr<PointMap> make_closure(const CardedModel &model, const ClosureOptions &options);

/// The same for whoever has no case: with the indicator, and with a symmetric tangent when the laws
/// of both phases have a potential, as the exact model has one then.
std::unique_ptr<PointMap> make_closure(const CardedModel &model);

/// make_closure() of the model file @p path: the same answers as from the register. Throws what
/// read_model() throws, too.
std::unique_ptr<PointMap> load_closure(const std::filesystem::path &path);
} // namespace understudy
