// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace understudy
{
/// How many samples of each split a data set has; they stand in the order training, validation,
/// test.
struct SplitSizes
{
  std::size_t n_train = 0, n_valid = 0, n_test = 0;

  std::size_t n_samples() const { return n_train + n_valid + n_test; }

  /// The split of a sample: "train", "val" or "test".
  std::string split(std::size_t id) const
  {
    return id < n_train ? "train" : id < n_train + n_valid ? "val" : "test";
  }

  /// The number under which the random field of a sample is drawn. Each split counts from a start
  /// of its own, so that one may grow while the others stay what they are: what was tested with
  /// before is never learned from.
  std::uint64_t number(std::size_t id) const
  {
    constexpr std::uint64_t apart = std::uint64_t(1) << 32;
    return id < n_train             ? id
           : id < n_train + n_valid ? apart + (id - n_train)
                                    : 2 * apart + (id - n_train - n_valid);
  }

  /// As they define a data set.
  nlohmann::json to_json() const
  {
    return {{"n_train", n_train}, {"n_valid", n_valid}, {"n_test", n_test}};
  }
};
} // namespace understudy
