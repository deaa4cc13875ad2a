// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <operators/nn/channel_kernels.h>
#include <operators/nn/simd_kernels.h>

#include <type_traits>

namespace understudy
{
template <class T>
std::vector<const ChannelKernels<T> *> all_channel_kernels()
{
  std::vector<const ChannelKernels<T> *> all;
  constexpr bool single = std::is_same_v<T, float>;
  const auto add = [&](const ChannelKernels<float> &f, const ChannelKernels<double> &d)
  {
    if constexpr (single)
      all.push_back(&f);
    else
      all.push_back(&d);
  };
  for (const SimdKernels *same : all_simd_kernels())
#if defined(__x86_64__)
    if (same == &simd::kernels_v4)
      add(channels::float_v4, channels::double_v4);
    else if (same == &simd::kernels_v3)
      add(channels::float_v3, channels::double_v3);
    else
#endif
      if (same == &simd::kernels_baseline)
      add(channels::float_baseline, channels::double_baseline);
  return all;
}

template <class T>
const ChannelKernels<T> &channel_kernels()
{
  static const ChannelKernels<T> &best = *all_channel_kernels<T>().front();
  return best;
}

template std::vector<const ChannelKernels<float> *> all_channel_kernels();
template std::vector<const ChannelKernels<double> *> all_channel_kernels();
template const ChannelKernels<float> &channel_kernels();
template const ChannelKernels<double> &channel_kernels();
} // namespace understudy
