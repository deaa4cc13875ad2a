// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <operators/nn/gemm.h>
#include <operators/nn/tucker_factors.h>

namespace understudy
{
namespace
{
/// C = A B, B and C with rows without gaps; n as in ChannelProduct.
template <class T>
void product(std::size_t m, std::size_t n, std::size_t k, const T *A, std::size_t lda, const T *B,
             T *C)
{
  ChannelProduct<T> p;
  p.m = m, p.n = n, p.k = k;
  p.A = A, p.lda = lda;
  p.B = B, p.ldb = n;
  p.C = C, p.ldc = n;
  channel_kernels<T>().product(p);
}

template <class T>
FftArray<T> transposed(std::size_t m, std::size_t n, const T *A)
{
  FftArray<T> to(m * n);
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < n; ++j)
      to[j * m + i] = A[i * n + j];
  return to;
}
} // namespace

template <class T>
void PairMatrix::fill(const T *u, T *matrix) const
{
  for (std::size_t o = 0; o < n_out; ++o)
    for (std::size_t i = 0; i < n_in; ++i)
    {
      const T *pair = u + 2 * (o * u_out + i * u_in);
      T *to = matrix + o * out + i * in;
      to[0] = to[out_part + in_part] = pair[0];
      to[out_part] = pair[1];
      to[in_part] = -pair[1];
    }
}

template <class T>
void PairMatrix::gather(const T *matrix, T *du) const
{
  for (std::size_t o = 0; o < n_out; ++o)
    for (std::size_t i = 0; i < n_in; ++i)
    {
      const T *from = matrix + o * out + i * in;
      T *pair = du + 2 * (o * u_out + i * u_in);
      pair[0] = from[0] + from[out_part + in_part];
      pair[1] = from[out_part] - from[in_part];
    }
}

template <class T>
ChannelFactor<T>::ChannelFactor(std::size_t n_in, std::size_t n_out, const T *U)
  : n_in_(n_in),
    n_out_(n_out),
    in_(2 * channel_pitch<T>(n_in)),
    out_(2 * channel_pitch<T>(n_out)),
    matrix_(in_ * out_)
{
  pairs_.n_out = n_out, pairs_.n_in = n_in;
  pairs_.u_out = 1, pairs_.u_in = n_out;
  pairs_.out = 1, pairs_.out_part = out_ / 2;
  pairs_.in = out_, pairs_.in_part = in_ / 2 * out_;
  pairs_.fill(U, matrix_.data());
  transposed_ = transposed(in_, out_, matrix_.data());
}

// what stands behind the last imaginary part is zero
template <class T>
void ChannelFactor<T>::forward(std::size_t n_spectra, const T *x, T *y) const
{
  product(n_spectra, out_, in_ / 2 + n_in_, x, in_, matrix_.data(), y);
}

template <class T>
void ChannelFactor<T>::backward(std::size_t n_spectra, const T *x, const T *dy, T *dx, T *dU) const
{
  if (dx)
    product(n_spectra, in_, out_ / 2 + n_out_, dy, out_, transposed_.data(), dx);
  if (!dU)
    return;
  FftArray<T> gradient(in_ * out_);
  ChannelOuter<T> p;
  p.m = in_ / 2 + n_in_, p.n = out_, p.k = n_spectra;
  p.A = x, p.lda = in_;
  p.B = dy, p.ldb = out_;
  p.C = gradient.data(), p.ldc = out_;
  channel_kernels<T>().outer(p);
  pairs_.gather(gradient.data(), dU);
}

template <class T>
TuckerModes<T>::TuckerModes(const ModeSizes &sizes, std::size_t r1, std::size_t r2, const T *U1,
                            const T *U2)
  : sizes_(sizes),
    r1_(r1),
    r2_(r2),
    block_(sizes.n_rows() * channel_pitch<T>(sizes.n_out)),
    R1_(rows1() * columns1()),
    R2_(rows2() * columns2())
{
  pairs1_.n_out = sizes.m1, pairs1_.n_in = pairs1_.u_out = r1, pairs1_.u_in = 1;
  pairs1_.out = 4 * r1, pairs1_.out_part = 2 * r1;
  pairs1_.in = 2, pairs1_.in_part = 1;
  pairs2_.n_out = sizes.n_k2(), pairs2_.n_in = pairs2_.u_out = r2, pairs2_.u_in = 1;
  pairs2_.out = 2 * r2, pairs2_.out_part = sizes.n_k2() * 2 * r2;
  pairs2_.in = 1, pairs2_.in_part = r2;
  pairs1_.fill(U1, R1_.data());
  pairs2_.fill(U2, R2_.data());
}

template <class T>
void TuckerModes<T>::forward(const T *core, T *half, T *C) const
{
  product(rows1(), r2_ * block_, columns1(), R1_.data(), columns1(), core, half);
  for (std::size_t k1 = 0; k1 < sizes_.m1; ++k1)
    product(rows2(), block_, columns2(), R2_.data(), columns2(), half + k1 * columns2() * block_,
            C + k1 * rows2() * block_);
}

template <class T>
void TuckerModes<T>::backward(const T *core, const T *half, const T *dC, T *dcore, T *dU1,
                              T *dU2) const
{
  FftArray<T> dhalf(half_size()), dR1(R1_.size()), dR2(R2_.size());
  const auto R1_transposed = transposed(rows1(), columns1(), R1_.data());
  const auto R2_transposed = transposed(rows2(), columns2(), R2_.data());
  for (std::size_t k1 = 0; k1 < sizes_.m1; ++k1)
  {
    const T *dC_row = dC + k1 * rows2() * block_;
    const std::size_t row = k1 * columns2() * block_;
    product(columns2(), block_, rows2(), R2_transposed.data(), rows2(), dC_row, dhalf.data() + row);
    gemm<T>(false, true, rows2(), columns2(), block_, dC_row, block_, half + row, block_, T(1),
            dR2.data(), columns2());
  }
  const std::size_t n = r2_ * block_;
  product(columns1(), n, rows1(), R1_transposed.data(), rows1(), dhalf.data(), dcore);
  gemm<T>(false, true, rows1(), columns1(), n, dhalf.data(), n, core, n, T(0), dR1.data(),
          columns1());
  pairs1_.gather(dR1.data(), dU1);
  pairs2_.gather(dR2.data(), dU2);
}

template class ChannelFactor<float>;
template class ChannelFactor<double>;
template class TuckerModes<float>;
template class TuckerModes<double>;
} // namespace understudy
