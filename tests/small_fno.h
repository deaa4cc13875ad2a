// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/nn/fno_config.h>
#include <tests/random_numbers.h>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace understudy::test
{
inline FnoConfig small_fno(void (*change)(FnoConfig &))
{
  FnoConfig c;
  c.n_in = 2;
  c.n_out = 3;
  c.width = 6;
  c.modes1 = 6;
  c.modes2 = 4;
  c.layers = 3;
  change(c);
  return c;
}

/// Gates, normalisations and biases away from where they start.
inline FnoWeights disturbed(const FnoConfig &config)
{
  auto weights = FnoWeights::random(config, 1);
  unsigned seed = 10;
  for (auto &[name, values] : weights.tensors)
  {
    const auto noise = random_numbers(values.size(), ++seed, 0.3);
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] += noise[i];
  }
  return weights;
}

/// One network for each kind of layer.
inline std::vector<FnoConfig> small_fnos()
{
  return {
    small_fno([](FnoConfig &) {}),
    small_fno([](FnoConfig &c) { c.factorisation = Factorisation::tucker, c.rank = 0.4; }),
    small_fno([](FnoConfig &c) { c.factorisation = Factorisation::cp, c.rank = 0.4; }),
    small_fno([](FnoConfig &c) { c.factorisation = Factorisation::tt, c.rank = 0.4; }),
    small_fno([](FnoConfig &c)
              { c.factorisation = Factorisation::tucker, c.rank = 0.4, c.joint = true; }),
    small_fno([](FnoConfig &c)
              { c.factorisation = Factorisation::tt, c.joint = true, c.separable = true; }),
    small_fno([](FnoConfig &c) { c.separable = true, c.skip = FnoSkip::identity; }),
    small_fno([](FnoConfig &c) { c.skip = FnoSkip::soft_gate, c.mlp_skip = FnoSkip::linear; }),
    small_fno([](FnoConfig &c) { c.skip = FnoSkip::none, c.mlp_skip = FnoSkip::none; }),
    small_fno([](FnoConfig &c) { c.mlp_skip = FnoSkip::identity, c.width = 20; }),
    small_fno([](FnoConfig &c) { c.mlp = false; }),
    small_fno([](FnoConfig &c) { c.mlp = false, c.preactivation = true; }),
    small_fno([](FnoConfig &c) { c.preactivation = true; }),
    small_fno([](FnoConfig &c) { c.norm = FnoNorm::instance; }),
    small_fno([](FnoConfig &c) { c.norm = FnoNorm::group; }),
    small_fno([](FnoConfig &c) { c.norm = FnoNorm::group, c.preactivation = true; }),
    small_fno([](FnoConfig &c)
              { c.norm = FnoNorm::instance, c.preactivation = true, c.mlp = false; }),
    small_fno([](FnoConfig &c) { c.norm = FnoNorm::group, c.mlp = false; }),
    small_fno([](FnoConfig &c) { c.norm = FnoNorm::batch; }),
    small_fno([](FnoConfig &c) { c.norm = FnoNorm::batch, c.preactivation = true; }),
    small_fno([](FnoConfig &c) { c.norm = FnoNorm::batch, c.mlp = false, c.padding2 = 0.2; }),
    small_fno([](FnoConfig &c) { c.norm = FnoNorm::adaptive, c.padding1 = 0.2; }),
    small_fno([](FnoConfig &c) { c.norm = FnoNorm::adaptive, c.preactivation = true; }),
    small_fno([](FnoConfig &c) { c.norm = FnoNorm::adaptive, c.mlp = false, c.grid = false; }),
    small_fno([](FnoConfig &c) { c.padding1 = 0.2, c.padding2 = 0.1, c.grid = false; }),
    small_fno([](FnoConfig &c) { c.padding1 = 0.2, c.norm = FnoNorm::instance; }),
    small_fno([](FnoConfig &c) { c.padding1 = 0.2, c.padding2 = 0.1, c.padding_one_sided = true; }),
    small_fno([](FnoConfig &c) { c.modes1 = c.modes2 = 20; }), // more than the grid has
  };
}

inline std::string text(const FnoConfig &config)
{
  return config.to_json().dump();
}
} // namespace understudy::test
