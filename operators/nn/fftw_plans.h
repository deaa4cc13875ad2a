// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/fft.h>

#include <complex>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <type_traits>

namespace understudy
{
/// The two precisions of FFTW under one name. All transforms are of lines whose numbers stand
/// @p pitch apart, @p count of them side by side (the channels of a row of pixels).
template <class T>
struct Fftw;

// clang-format off
#define UNDERSTUDY_FFTW(T, prefix)                                                                 \
  template <>                                                                                      \
  struct Fftw<T>                                                                                   \
  {                                                                                                \
    struct Release { void operator()(prefix##_plan p) const { prefix##_destroy_plan(p); } };       \
    using Plan = std::unique_ptr<std::remove_pointer_t<prefix##_plan>, Release>;                   \
    using Complex = std::complex<T>;                                                               \
    static prefix##_complex *cast(Complex *p) { return reinterpret_cast<prefix##_complex *>(p); }  \
    static Plan own(prefix##_plan plan)                                                            \
    {                                                                                              \
      if (plan == nullptr)                                                                         \
        throw std::logic_error("FFTW cannot plan this transform.");                                \
      return Plan(plan);                                                                           \
    }                                                                                              \
    static Plan to_complex(int n, int count, int pitch, T *in, Complex *out)                       \
    {                                                                                              \
      return own(prefix##_plan_many_dft_r2c(1, &n, count, in, nullptr, pitch, 1, cast(out),        \
                                            nullptr, pitch, 1, fft_planning));                     \
    }                                                                                              \
    static Plan to_real(int n, int count, int pitch, Complex *in, T *out)                          \
    {                                                                                              \
      return own(prefix##_plan_many_dft_c2r(1, &n, count, cast(in), nullptr, pitch, 1, out,        \
                                            nullptr, pitch, 1, fft_planning));                     \
    }                                                                                              \
    static Plan in_place(int n, int count, int pitch, Complex *data, int sign)                     \
    {                                                                                              \
      return own(prefix##_plan_many_dft(1, &n, count, cast(data), nullptr, pitch, 1, cast(data),   \
                                        nullptr, pitch, 1, sign, fft_planning));                   \
    }                                                                                              \
    static void run(const Plan &plan) { prefix##_execute(plan.get()); }                            \
  };
// clang-format on
UNDERSTUDY_FFTW(float, fftwf)
UNDERSTUDY_FFTW(double, fftw)
#undef UNDERSTUDY_FFTW
} // namespace understudy
