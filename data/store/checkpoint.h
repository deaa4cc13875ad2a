// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/store/model_file.h>

#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace understudy
{
/// What a run needs to go on from where it was, and what it belongs to.
struct Checkpoint
{
  ModelFile state;          ///< as it was given to CheckpointStore::write
  std::string key;          ///< whatever the caller compares before it resumes, e.g. JSON
  std::size_t sequence = 0; ///< how many were written before it in this folder
  std::string path;         ///< of the slot
};

/// Checkpoints of one computation in two files, <folder>/<name>.0.checkpoint and
/// <name>.1.checkpoint. Each write replaces the older one, so that a complete checkpoint stands at
/// every moment after the first, whatever happens during a write or to one of the files. The files
/// have the format of ModelFile; their meta data have an entry "checkpoint" with version, sequence
/// number and key besides those of the caller. All calls are local.
class CheckpointStore
{
public:
  /// Touches no file.
  CheckpointStore(std::filesystem::path folder, std::string name);

  /// Writes @p state into the older slot, or the one that is missing or damaged; creates the
  /// folder. UserError when a number of its meta data is not finite (ModelFile::add refuses such a
  /// tensor), which JSON cannot hold; WriteError when it cannot be written, and both slots then
  /// stand as before.
  void write(ModelFile state, const std::string &key);

  /// The checkpoints that are intact, the newest first. A slot that is damaged or of another
  /// version is passed over, and @p refused receives one sentence that says why, with the path.
  std::vector<Checkpoint> read_intact(std::vector<std::string> &refused) const;
  /// The first of them, or nothing.
  std::optional<Checkpoint> read_newest(std::vector<std::string> &refused) const;

  /// Removes both slots and what a killed write left. Throws WriteError.
  void remove();

private:
  struct Next
  {
    std::size_t slot = 0, sequence = 0;
  };

  std::filesystem::path slot_file(std::size_t slot) const;
  Next find_next() const;

  std::filesystem::path folder_;
  std::string name_;
  std::optional<Next> next_; ///< known after the first write
};
} // namespace understudy
