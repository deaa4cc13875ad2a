// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <operators/nn/batch_norm_torch.h>
#include <operators/nn/fno_config.h>
#include <operators/nn/operation_tools_torch.h>

#include <algorithm>

namespace understudy::fno
{
namespace
{
using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr double share_of_step = 0.1; ///< in running statistics

/// Over samples and pixels, of each channel; in double precision, for squares cancel.
Tensor channel_sums(const Tensor &x)
{
  return x.sum({0, 2, 3}, false, torch::kFloat64);
}

Tensor per_channel(const Tensor &t, const Tensor &like)
{
  return t.to(like.scalar_type()).view({-1, 1, 1});
}

void add_up(const SumOverRanks &sum, Tensor &t)
{
  if (sum)
    sum({t.data_ptr<double>(), static_cast<std::size_t>(t.numel())});
}

struct BatchNormFunction : torch::autograd::Function<BatchNormFunction>
{
  static Tensor forward(AutogradContext *context, const Tensor &x, const Tensor &weight,
                        const Tensor &bias, Tensor running_mean, Tensor running_variance,
                        const SumOverRanks *sum)
  {
    const std::int64_t c = x.size(1);
    Tensor sums =
      torch::cat({channel_sums(x), channel_sums(x.to(torch::kFloat64).square()),
                  torch::full({1}, static_cast<double>(x.numel() / c), torch::kFloat64)});
    add_up(*sum, sums);
    const double n = sums[2 * c].item<double>();
    const Tensor mean = sums.narrow(0, 0, c) / n;
    const Tensor variance = (sums.narrow(0, c, c) / n - mean.square()).clamp_min(0.);
    const Tensor factor = torch::rsqrt(variance + fno_norm_epsilon);
    running_mean.lerp_(mean.to(running_mean.scalar_type()), share_of_step);
    running_variance.lerp_(
      (variance * (n / std::max(1., n - 1.))).to(running_variance.scalar_type()), share_of_step);
    const Tensor normal = (x - per_channel(mean, x)) * per_channel(factor, x);
    context->save_for_backward({normal, weight, factor});
    context->saved_data["n"] = n;
    context->saved_data["sum"] = reinterpret_cast<std::int64_t>(sum);
    return normal * per_channel(weight, x) + per_channel(bias, x);
  }

  static variable_list backward(AutogradContext *context, const variable_list &gradients)
  {
    check_first_derivative();
    const variable_list saved = context->get_saved_variables();
    const Tensor normal = saved[0], weight = saved[1], factor = saved[2], dy = gradients[0];
    const std::int64_t c = normal.size(1);
    const auto *sum =
      reinterpret_cast<const SumOverRanks *>(context->saved_data["sum"].toInt()); // NOLINT
    const Tensor mine = torch::cat({channel_sums(dy), channel_sums(dy * normal)});
    Tensor all = mine.clone();
    add_up(*sum, all);
    const Tensor means = all / context->saved_data["n"].toDouble();
    const Tensor dx = (dy - per_channel(means.narrow(0, 0, c), dy) -
                       normal * per_channel(means.narrow(0, c, c), dy)) *
                      per_channel(factor * weight, dy);
    return {dx,
            mine.narrow(0, c, c).to(weight.scalar_type()),
            mine.narrow(0, 0, c).to(weight.scalar_type()),
            Tensor(),
            Tensor(),
            Tensor()};
  }
};
} // namespace

Tensor batch_norm(const Tensor &x, const Tensor &weight, const Tensor &bias,
                  const Tensor &running_mean, const Tensor &running_variance,
                  const SumOverRanks &sum)
{
  return BatchNormFunction::apply(x, weight, bias, running_mean, running_variance, &sum);
}
} // namespace understudy::fno
