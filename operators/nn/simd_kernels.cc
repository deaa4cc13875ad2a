// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <operators/nn/simd_kernels.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <new>

namespace understudy
{
std::vector<const SimdKernels *> all_simd_kernels()
{
  std::vector<const SimdKernels *> all;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512cd"))
    all.push_back(&simd::kernels_v4);
  if (v3)
    all.push_back(&simd::kernels_v3);
#endif
  all.push_back(&simd::kernels_baseline);
  return all;
}

const SimdKernels &simd_kernels()
{
  static const SimdKernels &best = *all_simd_kernels().front();
  return best;
}

void *simd::scratch(unsigned slot, std::size_t bytes)
{
  struct Free
  {
    void operator()(void *p) const { std::free(p); }
  };
  struct Buffer
  {
    std::unique_ptr<void, Free> memory;
    std::size_t size = 0;
  };
  thread_local std::array<Buffer, 2> buffers;
  Buffer &buffer = buffers.at(slot);
  if (buffer.size < bytes)
  {
    const std::size_t rounded = (bytes + 63) / 64 * 64;
    buffer.memory.reset(std::aligned_alloc(64, rounded));
    if (!buffer.memory)
      throw std::bad_alloc();
    buffer.size = rounded;
  }
  return buffer.memory.get();
}
} // namespace understudy
