// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <complex>
#include <cstddef>
#include <string>
#include <vector>

namespace understudy
{
/// Low-rank forms of a tensor W with the sizes I_1 .. I_N:
///   dense   W itself
///   tucker  W = G x_1 U_1 .. x_N U_N         core G [r_1]..[r_N], factors U_k [I_k][r_k]
///   cp      W = sum_r w_r a_1r o .. o a_Nr   weights w [R], factors a_k [I_k][R]
///   tt      W(i_1, .., i_N) = G_1(i_1) .. G_N(i_N), cores G_k [r_k-1][I_k][r_k], r_0 = r_N = 1
/// (Kolda and Bader, SIAM Review 51, 2009; Oseledets, SIAM J. Sci. Comput. 33, 2011).
enum class Factorisation
{
  dense,
  tucker,
  cp,
  tt
};

/// "dense", "tucker", "cp" or "tt", and back; UserError for any other name.
std::string name_of(Factorisation kind);
Factorisation factorisation_named(const std::string &name);

using TensorShape = std::vector<std::size_t>;

/// The number of entries; 1 for an empty shape.
std::size_t n_entries(const TensorShape &shape);

/// Ranks for which a factorised tensor has about @p fraction of the entries of the dense one, by
/// the rules of tensorly that published models were made with:
///   tucker  r_k = max(1, round(c I_k)), c the root of c^N prod I + c sum I_k^2 = fraction prod I
///   cp      R = max(1, round(fraction prod I / sum I))
///   tt      r_k = max(1, round(c d_k)), d_k = (I_k + I_k+1) / 2, c the positive root of the
///           entries of all cores = fraction prod I
/// Returns N, 1 and N + 1 ranks. UserError when @p fraction is not in (0, 1].
std::vector<std::size_t> ranks_of(Factorisation kind, const TensorShape &shape, double fraction);

/// The shapes of the parts, in the order of the formulas above.
std::vector<TensorShape> part_shapes(Factorisation kind, const TensorShape &shape,
                                     const std::vector<std::size_t> &ranks);

/// The standard deviation that independent centred entries of the parts need for the tensor they
/// make up to have the deviation @p s (Tucker: all parts; CP: factors, with w = 1; TT: all cores).
double part_deviation(Factorisation kind, const TensorShape &shape,
                      const std::vector<std::size_t> &ranks, double s);

/// A tensor of complex numbers in row-major order.
struct ComplexTensor
{
  TensorShape shape;
  std::vector<std::complex<double>> values;
};

/// The product of @p tensor with @p matrix [n][I_k] along axis k, which then has the size n.
ComplexTensor mode_product(const ComplexTensor &tensor, std::size_t k, const ComplexTensor &matrix);

/// The dense tensor that the parts make up. UserError when their shapes do not fit together.
ComplexTensor reconstructed(Factorisation kind, const std::vector<ComplexTensor> &parts);

/// Higher-order singular value decomposition (De Lathauwer et al., SIAM J. Matrix Anal. 21, 2000):
/// the columns of U_k are the first left singular vectors of the unfolding along axis k, and
/// G = W x_1 U_1^H .. x_N U_N^H. The error is at most sqrt(N) times that of the best tensor of
/// these ranks; it vanishes at full rank. Returns the parts of a Tucker tensor. For n entries it
/// costs 8 n sum I_k operations for the unfoldings.
std::vector<ComplexTensor> hosvd(const ComplexTensor &tensor,
                                 const std::vector<std::size_t> &ranks);
} // namespace understudy
