// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/sampling/random_numbers.h>
#include <operators/nn/grid_losses_torch.h>
#include <surrogates/mg_tfno_batches_torch.h>

#include <algorithm>

namespace understudy
{
namespace
{
std::int64_t number(std::size_t n)
{
  return static_cast<std::int64_t>(n);
}

/// to(i, j) = from(i + i1, j + i2), periodic.
void roll(std::size_t n1, std::size_t n2, std::size_t i1, std::size_t i2,
          std::span<const float> from, float *to)
{
  for (std::size_t i = 0; i < n1; ++i)
  {
    const auto row = from.subspan((i + i1) % n1 * n2, n2);
    std::rotate_copy(row.begin(), row.begin() + number(i2), row.end(), to + i * n2);
  }
}
} // namespace

std::mt19937_64 epoch_generator(std::uint64_t seed, std::size_t epoch)
{
  std::seed_seq words{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                      static_cast<std::uint32_t>(epoch)};
  return std::mt19937_64(words);
}

MgTfnoBatches::MgTfnoBatches(const MgTfnoParameters &p, const MgTfnoProblem &problem,
                             const MgTfnoSamples &samples, const MgTfno::State &scales)
  : p_(p),
    periodic_(problem.is_periodic()),
    samples_(samples),
    output_scale_(scales.output_scale),
    shifts_(samples.x.n_samples)
{
  const GridBatch &x = samples.x;
  encoded_ = GridBatch(x.n_samples, x.n_channels + (p.coordinates ? 2 : 0), x.n1, x.n2);
  for (std::size_t s = 0; s < x.n_samples; ++s)
    encode_inputs(scales.input_scale, p.coordinates, x.n1, x.n2, x.sample(s), encoded_.sample(s));
  if (p.patching.levels > 0)
    patches_.emplace(p.patching, x.n1, x.n2);
}

void MgTfnoBatches::begin_epoch(std::size_t epoch)
{
  if (!p_.random_shifts)
    return;
  // other numbers than those of the order of the samples
  std::mt19937_64 generator = epoch_generator(~p_.seed, epoch);
  const auto draw = [&](std::size_t n)
  { return static_cast<std::size_t>(uniform_01(generator) * static_cast<double>(n)); };
  for (Shift &shift : shifts_)
  {
    shift.i1 = draw(samples_.x.n1);
    shift.i2 = draw(samples_.x.n2);
  }
}

torch::Tensor MgTfnoBatches::loss(const Network &network, std::span<const std::size_t> which) const
{
  const torch::Tensor x = select(encoded_, which), y = select(samples_.y, which);
  if (patches_)
    return loss_of_patches(network(cut(x)), y, which);
  const torch::Tensor answer = network(x);
  // a relative error of energies is that of physical fields whatever their scale, but an offset
  // would be a jump at the boundary
  const bool scaled = p_.loss_of_scaled && p_.loss != "energy";
  return scaled ? loss_of(answer, scale(y), which) : loss_of(unscale(answer), y, which);
}

torch::Tensor MgTfnoBatches::loss_of_patches(const torch::Tensor &answer, const torch::Tensor &y,
                                             std::span<const std::size_t> which) const
{
  const std::int64_t side = std::int64_t(1) << p_.patching.levels, c = y.size(1);
  const std::int64_t P1 = y.size(2) / side, P2 = y.size(3) / side;
  const torch::Tensor inner = unscale(
    answer.narrow(2, number(patches_->halo(0)), P1).narrow(3, number(patches_->halo(1)), P2));
  if (p_.stitched)
    return loss_of(
      inner.view({-1, side, side, c, P1, P2}).permute({0, 3, 1, 4, 2, 5}).reshape(y.sizes()), y,
      which);
  const torch::Tensor truth =
    y.view({-1, c, side, P1, side, P2}).permute({0, 2, 4, 1, 3, 5}).reshape({-1, c, P1, P2});
  const double share = 1. / static_cast<double>(side * side);
  return share *
         (p_.loss == "l2" ? relative_l2_loss(inner, truth) : relative_h1_loss(inner, truth, false));
}

torch::Tensor MgTfnoBatches::loss_of(const torch::Tensor &p, const torch::Tensor &y,
                                     std::span<const std::size_t> which) const
{
  if (p_.loss == "l2")
    return relative_l2_loss(p, y);
  if (p_.loss == "h1")
    return relative_h1_loss(p, y, periodic_);
  return relative_energy_loss(p, y, select(samples_.x, which).narrow(1, 0, 1));
}

torch::Tensor MgTfnoBatches::select(const GridBatch &all, std::span<const std::size_t> which) const
{
  torch::Tensor t =
    torch::empty({number(which.size()), number(all.n_channels), number(all.n1), number(all.n2)});
  float *to = t.data_ptr<float>();
  for (const std::size_t s : which)
    for (std::size_t c = 0; c < all.n_channels; ++c, to += all.n1 * all.n2)
      roll(all.n1, all.n2, shifts_[s].i1, shifts_[s].i2, all.field(s, c), to);
  return t;
}

torch::Tensor MgTfnoBatches::cut(const torch::Tensor &fields) const
{
  const auto n_fields = static_cast<std::size_t>(fields.size(0)),
             channels = static_cast<std::size_t>(fields.size(1)), n = patches_->n_patches();
  torch::Tensor x =
    torch::empty({number(n_fields * n), number(patches_->n_patch_channels(channels)),
                  number(patches_->window_size(0)), number(patches_->window_size(1))});
  const std::int64_t from_size = fields.numel() / number(n_fields),
                     to_size = x.numel() / number(n_fields);
  for (std::int64_t i = 0; i < fields.size(0); ++i)
    patches_->cut(channels, fields.data_ptr<float>() + i * from_size, 0, n,
                  x.data_ptr<float>() + i * to_size);
  return x;
}

torch::Tensor MgTfnoBatches::column(bool offset) const
{
  torch::Tensor t = torch::empty({1, number(output_scale_.size()), 1, 1});
  for (std::size_t c = 0; c < output_scale_.size(); ++c)
    t.data_ptr<float>()[c] =
      static_cast<float>(offset ? output_scale_[c].offset : output_scale_[c].scale);
  return t;
}
} // namespace understudy
