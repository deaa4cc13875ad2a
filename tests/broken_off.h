// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/nn/training_checkpoint.h>

#include <vector>

namespace understudy::test
{
/// Thrown by a checkpoint to end a training as a signal would.
struct BrokenOff
{
};

/// What @p train(checkpoint) returns when it is broken off at the checkpoints of number @p breaks,
/// each counted from the last break, and gone on with. The state goes through the bytes of a file.
template <class Train>
auto train_with_breaks(std::vector<unsigned> breaks, const Train &train)
{
  TrainingCheckpoint checkpoint;
  unsigned n_asked = 0;
  checkpoint.wanted = [&] { return !breaks.empty() && ++n_asked > breaks.front(); };
  checkpoint.save = [&](const ModelFile &state)
  {
    checkpoint.from =
      std::make_shared<const ModelFile>(ModelFile::from_bytes(state.to_bytes(), "state"));
    breaks.erase(breaks.begin());
    n_asked = 0;
    throw BrokenOff();
  };
  for (;;)
    try
    {
      return train(checkpoint);
    }
    catch (const BrokenOff &)
    {
    }
}
} // namespace understudy::test
