// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/store/model_file.h>

#include <functional>
#include <memory>

namespace understudy
{
/// How a training is broken off and gone on with. At moments at which it could be resumed it asks
/// wanted(), and when that is true gives its state to save(). Both may throw, which ends it. With
/// one of these states in @p from, and otherwise equal arguments, it takes the same steps as the
/// training that was left and ends with the same weights, bit for bit, unless a limit on time
/// comes first; the time that was spent before counts against that limit.
struct TrainingCheckpoint
{
  std::shared_ptr<const ModelFile> from; ///< null: begin
  std::function<bool()> wanted;
  std::function<void(const ModelFile &state)> save; ///< both or neither may be empty
};
} // namespace understudy
