// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/log.h>
#include <data/store/checkpoint.h>

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace understudy
{
/// What a run does with checkpoints that it finds.
enum class ResumeMode
{
  automatic, ///< goes on from one of the same case, leaves others unused with a warning
  resume,    ///< goes on, and fails where one belongs to something else or none is intact
  fresh      ///< removes them and begins anew
};

/// What is missing or damaged of what a checkpoint refers to, as a clause; empty: it can be used.
using CheckpointTrouble = std::function<std::string(const Checkpoint &)>;

/// The newest checkpoint in @p store that a computation can go on from; nothing: it begins anew.
/// The key of a checkpoint is JSON, which is compared with @p key; what else must hold is asked of
/// @p trouble. Tells @p log where it goes on from, what is damaged, and the first entry in which
/// another key differs, with old and new value. With ResumeMode::resume the latter two are a
/// UserError unless a checkpoint that can be used is there; that there is none at all is not, since
/// what ended before needs none. Throws WriteError when checkpoints cannot be removed. Local: call
/// it on rank 0.
/// @param what begins the lines, e.g. "train: equino-mlp"
std::optional<Checkpoint> find_checkpoint(CheckpointStore &store, const nlohmann::json &key,
                                          ResumeMode mode, const std::string &what, Log &log,
                                          const CheckpointTrouble &trouble = {});

/// What find_checkpoint() would refuse with ResumeMode::resume because it belongs to something
/// else, looked at before long work comes in between. Entries that @p key does not know yet are
/// left to find_checkpoint(). Does nothing with other modes. Local: call it on rank 0.
void refuse_other_checkpoints(CheckpointStore &store, const nlohmann::json &key, ResumeMode mode);

/// UserError when @p mode is ResumeMode::resume and no run began in the folder @p output yet, so
/// that there is nothing to go on from. Local.
void check_resume(ResumeMode mode, const std::filesystem::path &output);
} // namespace understudy
