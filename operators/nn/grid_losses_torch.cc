// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <operators/nn/grid_losses_torch.h>

namespace understudy
{
namespace
{
/// The derivative along axis @p d.
torch::Tensor derivative(const torch::Tensor &x, std::int64_t d, bool periodic)
{
  const std::int64_t n = x.size(d);
  const auto h = 1. / static_cast<double>(n);
  if (periodic)
    return (torch::roll(x, -1, d) - torch::roll(x, 1, d)) * (0.5 / h);
  TORCH_CHECK(n >= 4, "the H1 loss of fields that are not periodic needs four points");
  const auto at = [&](std::int64_t i) { return x.narrow(d, i, 1); };
  const torch::Tensor middle = (x.narrow(d, 2, n - 2) - x.narrow(d, 0, n - 2)) * (0.5 / h);
  const torch::Tensor first = (-11. * at(0) + 18. * at(1) - 9. * at(2) + 2. * at(3)) / (6. * h);
  const torch::Tensor last =
    (11. * at(n - 1) - 18. * at(n - 2) + 9. * at(n - 3) - 2. * at(n - 4)) / (6. * h);
  return torch::cat({first, middle, last}, d);
}

torch::Tensor sum_of_points(const torch::Tensor &x)
{
  return x.flatten(2).sum(2);
}

torch::Tensor ratio(const torch::Tensor &error, const torch::Tensor &truth)
{
  // sqrt has no derivative at 0, where a loss is perfect
  const torch::Tensor e = torch::sqrt(error + 1e-30), y = torch::sqrt(truth);
  return (e / (y + 1e-8)).mean(1).sum();
}

torch::Tensor h1_square(const torch::Tensor &x, bool periodic)
{
  return sum_of_points(x.square() + derivative(x, 2, periodic).square() +
                       derivative(x, 3, periodic).square());
}

/// Differences and sums of neighbours along axis @p d.
torch::Tensor differences(const torch::Tensor &x, std::int64_t d)
{
  return x.narrow(d, 1, x.size(d) - 1) - x.narrow(d, 0, x.size(d) - 1);
}
torch::Tensor means(const torch::Tensor &x, std::int64_t d)
{
  return 0.5 * (x.narrow(d, 1, x.size(d) - 1) + x.narrow(d, 0, x.size(d) - 1));
}

/// With the values 0 on all sides.
torch::Tensor with_zero_boundary(const torch::Tensor &x)
{
  return torch::constant_pad_nd(x.narrow(2, 1, x.size(2) - 1).narrow(3, 1, x.size(3) - 1),
                                {1, 1, 1, 1});
}

/// @p a with the far sides, @p e inside.
torch::Tensor energy(const torch::Tensor &e, const torch::Tensor &a)
{
  const torch::Tensor x = with_zero_boundary(e);
  return sum_of_points(means(a, 2) * differences(x, 2).square()) +
         sum_of_points(means(a, 3) * differences(x, 3).square());
}
} // namespace

torch::Tensor relative_l2_loss(const torch::Tensor &p, const torch::Tensor &y)
{
  return ratio(sum_of_points((p - y).square()), sum_of_points(y.square()));
}

torch::Tensor relative_h1_loss(const torch::Tensor &p, const torch::Tensor &y, bool periodic)
{
  return ratio(h1_square(p - y, periodic), h1_square(y, periodic));
}

torch::Tensor relative_energy_loss(const torch::Tensor &p, const torch::Tensor &y,
                                   const torch::Tensor &a)
{
  const auto last = [](const torch::Tensor &x, std::int64_t d) {
    return torch::cat({x, x.narrow(d, x.size(d) - 1, 1)}, d);
  };
  const torch::Tensor everywhere = last(last(a, 2), 3);
  return ratio(energy(p - y, everywhere), energy(y, everywhere));
}
} // namespace understudy
