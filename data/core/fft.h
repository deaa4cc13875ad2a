// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <fftw3.h>

#include <algorithm>
#include <complex>
#include <cstddef>
#include <memory>
#include <new>
#include <stdexcept>
#include <type_traits>

/// Owners for FFTW, and the transforms that several modules share. FFTW has a "forward" transform,
/// sum_j x_j exp(-2 pi i j k / n), and a "backward" one with +i; neither divides by n.
namespace understudy
{
/// FFTW compares no plans by time here (FFTW_ESTIMATE) and reads no wisdom: the same program on the
/// same processor then rounds alike in every run, which a resumed run and a repeated seed rely on.
inline constexpr unsigned fft_planning = FFTW_ESTIMATE;

/// Zeros at first, aligned to 64 bytes for FFTW's vector instructions; of fixed size.
template <class T>
class FftArray
{
  static_assert(std::is_trivially_copyable_v<T>);

public:
  FftArray() = default;
  explicit FftArray(std::size_t n)
    : size_(n),
      memory_(static_cast<T *>(
        ::operator new(std::max<std::size_t>(n, 1) * sizeof(T), std::align_val_t(64))))
  {
    std::fill_n(memory_.get(), n, T{});
  }

  std::size_t size() const { return size_; }
  T *data() { return memory_.get(); }
  const T *data() const { return memory_.get(); }
  T *begin() { return data(); }
  T *end() { return data() + size_; }
  const T *begin() const { return data(); }
  const T *end() const { return data() + size_; }
  T &operator[](std::size_t i) { return data()[i]; }
  const T &operator[](std::size_t i) const { return data()[i]; }

private:
  struct Release
  {
    void operator()(T *p) const { ::operator delete(p, std::align_val_t(64)); }
  };
  std::size_t size_ = 0;
  std::unique_ptr<T, Release> memory_;
};

struct FftPlanRelease
{
  void operator()(fftw_plan plan) const { fftw_destroy_plan(plan); }
};
/// Owns a plan. Plans are made and destroyed by one thread at a time.
using FftPlan = std::unique_ptr<std::remove_pointer_t<fftw_plan>, FftPlanRelease>;

/// Takes over what a planner of FFTW returned, which is null only for arguments that make no sense.
inline FftPlan own_fft_plan(fftw_plan plan)
{
  if (plan == nullptr)
    throw std::logic_error("FFTW cannot plan this transform.");
  return FftPlan(plan);
}

inline fftw_complex *fft_cast(std::complex<double> *p)
{
  return reinterpret_cast<fftw_complex *>(p); // the standard promises two doubles in a row
}

/// Transforms @p count lines of @p n complex numbers each from @p in to @p out, which differ and
/// whose lines start @p pitch_in and @p pitch_out numbers apart; @p sign is FFTW_FORWARD or
/// FFTW_BACKWARD. The plan also serves other arrays with the same alignment, see run_fft(). @p in
/// is left as it is.
inline FftPlan plan_fft_lines(std::size_t n, std::size_t count, std::complex<double> *in,
                              std::complex<double> *out, std::size_t pitch_in,
                              std::size_t pitch_out, int sign, unsigned planning = fft_planning)
{
  const int length = static_cast<int>(n);
  return own_fft_plan(fftw_plan_many_dft(
    1, &length, static_cast<int>(count), fft_cast(in), nullptr, 1, static_cast<int>(pitch_in),
    fft_cast(out), nullptr, 1, static_cast<int>(pitch_out), sign, planning | FFTW_PRESERVE_INPUT));
}

inline void run_fft(const FftPlan &plan, std::complex<double> *in, std::complex<double> *out)
{
  fftw_execute_dft(plan.get(), fft_cast(in), fft_cast(out));
}
} // namespace understudy
