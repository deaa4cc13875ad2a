// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: ranks and sizes of factorised tensors are those of published models, and the parts
// make up the tensor of the formulas.
#include <data/core/errors.h>
#include <operators/nn/tensor_factorisation.h>
#include <tests/random_numbers.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

using namespace understudy;
using test::random_numbers;
using testing::ElementsAre;

namespace
{
using Ranks = std::vector<std::size_t>;

ComplexTensor random_tensor(const TensorShape &shape, unsigned seed)
{
  const std::size_t n = n_entries(shape);
  const auto numbers = random_numbers(2 * n, seed);
  ComplexTensor tensor{shape, {}};
  for (std::size_t i = 0; i < n; ++i)
    tensor.values.emplace_back(numbers[2 * i], numbers[2 * i + 1]);
  return tensor;
}

std::vector<ComplexTensor> random_parts(Factorisation kind, const TensorShape &shape,
                                        const Ranks &ranks)
{
  std::vector<ComplexTensor> parts;
  unsigned seed = 1;
  for (const auto &part : part_shapes(kind, shape, ranks))
    parts.push_back(random_tensor(part, ++seed));
  return parts;
}

double norm(const ComplexTensor &a)
{
  double sum = 0.;
  for (const auto &v : a.values)
    sum += std::norm(v);
  return std::sqrt(sum);
}

double distance(ComplexTensor a, const ComplexTensor &b)
{
  for (std::size_t i = 0; i < a.values.size(); ++i)
    a.values[i] -= b.values.at(i);
  return norm(a);
}

std::size_t n_numbers(Factorisation kind, const TensorShape &shape, double fraction)
{
  std::size_t n = 0;
  for (const auto &part : part_shapes(kind, shape, ranks_of(kind, shape, fraction)))
    n += n_entries(part);
  return n;
}
} // namespace

TEST(TuckerRanks, AreThoseOfPublishedModels)
{
  const auto tucker = Factorisation::tucker;
  EXPECT_THAT(ranks_of(tucker, {32, 32, 16, 9}, 0.42), ElementsAre(26, 26, 13, 7));
  EXPECT_THAT(ranks_of(tucker, {32, 32, 16, 9}, 0.1), ElementsAre(18, 18, 9, 5));
  EXPECT_THAT(ranks_of(tucker, {64, 64, 64, 33}, 0.01), ElementsAre(20, 20, 20, 10));
  EXPECT_THAT(ranks_of(tucker, {4, 64, 64, 64, 33}, 0.01), ElementsAre(2, 25, 25, 25, 13));
  EXPECT_EQ(n_numbers(Factorisation::dense, {32, 32, 16, 9}, 1.), 147456u);
  EXPECT_EQ(n_numbers(tucker, {32, 32, 16, 9}, 0.1), 15921u);
  EXPECT_EQ(n_numbers(tucker, {64, 64, 64, 33}, 0.01), 84170u);
  EXPECT_THAT(ranks_of(tucker, {8, 3, 2}, 1e-6), ElementsAre(1, 1, 1));
}

TEST(RanksOfCpAndTensorTrain, GiveTheWantedShareOfTheEntries)
{
  const TensorShape shape = {32, 32, 16, 9};
  // 0.1 * 147456 / 89 = 165.7
  EXPECT_THAT(ranks_of(Factorisation::cp, shape, 0.1), ElementsAre(166));
  const Ranks tt = ranks_of(Factorisation::tt, shape, 0.1);
  EXPECT_EQ(tt.front(), 1u);
  EXPECT_EQ(tt.back(), 1u);
  EXPECT_NEAR(static_cast<double>(tt[1]) / static_cast<double>(tt[2]), 32. / 24., 0.06);
  EXPECT_NEAR(static_cast<double>(tt[2]) / static_cast<double>(tt[3]), 24. / 12.5, 0.12);
  EXPECT_NEAR(static_cast<double>(n_numbers(Factorisation::tt, shape, 0.1)) / 14745.6, 1., 0.05);
}

TEST(Ranks, AreRefusedOutsideOfZeroToOne)
{
  for (const double bad : {0., -0.1, 1.1, std::nan("")})
    EXPECT_THROW(ranks_of(Factorisation::tucker, {4, 4}, bad), UserError) << bad;
  EXPECT_THROW(factorisation_named("svd"), UserError);
  EXPECT_EQ(factorisation_named(name_of(Factorisation::tt)), Factorisation::tt);
}

// Against the sums of the formulas, written out.
TEST(Reconstruction, IsThatOfTheFormulas)
{
  const TensorShape shape = {3, 4, 2};
  const auto T = random_parts(Factorisation::tucker, shape, {2, 3, 2});
  const auto C = random_parts(Factorisation::cp, shape, {5});
  const auto M = random_parts(Factorisation::tt, shape, {1, 2, 3, 1});
  const auto tucker = reconstructed(Factorisation::tucker, T);
  const auto cp = reconstructed(Factorisation::cp, C);
  const auto tt = reconstructed(Factorisation::tt, M);
  EXPECT_EQ(tucker.shape, shape);
  EXPECT_EQ(cp.shape, shape);
  EXPECT_EQ(tt.shape, shape);
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 4; ++j)
      for (std::size_t k = 0; k < 2; ++k)
      {
        std::complex<double> t = 0., c = 0., m = 0.;
        for (std::size_t p = 0; p < 2; ++p)
          for (std::size_t q = 0; q < 3; ++q)
            for (std::size_t r = 0; r < 2; ++r)
              t += T[0].values[(p * 3 + q) * 2 + r] * T[1].values[i * 2 + p] *
                   T[2].values[j * 3 + q] * T[3].values[k * 2 + r];
        for (std::size_t r = 0; r < 5; ++r)
          c += C[0].values[r] * C[1].values[i * 5 + r] * C[2].values[j * 5 + r] *
               C[3].values[k * 5 + r];
        for (std::size_t p = 0; p < 2; ++p)
          for (std::size_t q = 0; q < 3; ++q)
            m += M[0].values[i * 2 + p] * M[1].values[(p * 4 + j) * 3 + q] * M[2].values[q * 2 + k];
        const std::size_t at = (i * 4 + j) * 2 + k;
        EXPECT_LT(std::abs(tucker.values[at] - t), 1e-14);
        EXPECT_LT(std::abs(cp.values[at] - c), 1e-14);
        EXPECT_LT(std::abs(tt.values[at] - m), 1e-14);
      }
}

TEST(Reconstruction, RefusesPartsThatDoNotFit)
{
  auto parts = random_parts(Factorisation::tucker, {3, 4, 2}, {2, 3, 2});
  std::swap(parts[1], parts[2]);
  EXPECT_THROW(reconstructed(Factorisation::tucker, parts), UserError);
  EXPECT_THROW(reconstructed(Factorisation::cp, parts), UserError);
  EXPECT_THROW(reconstructed(Factorisation::tt, parts), UserError);
  EXPECT_THROW(reconstructed(Factorisation::dense, parts), UserError);
  EXPECT_THROW(reconstructed(Factorisation::dense, {}), UserError);
}

// Random parts of the stated deviation make up entries of the wanted one, up to the chance of the
// few entries that the first and the last part have.
TEST(PartDeviation, GivesTheDeviationOfTheTensor)
{
  const TensorShape shape = {12, 12, 12, 9};
  for (const auto kind : {Factorisation::tucker, Factorisation::cp, Factorisation::tt})
  {
    const Ranks ranks = ranks_of(kind, shape, 0.2);
    auto parts = random_parts(kind, shape, ranks);
    const double s = part_deviation(kind, shape, ranks, 0.3);
    for (std::size_t p = 0; p < parts.size(); ++p)
      for (auto &v : parts[p].values)
        // uniform in the square [-1, 1]^2: E |v|^2 = 2 / 3
        v = kind == Factorisation::cp && p == 0 ? 1. : v * s * std::sqrt(1.5);
    const auto tensor = reconstructed(kind, parts);
    const double rms = norm(tensor) / std::sqrt(static_cast<double>(n_entries(shape)));
    EXPECT_NEAR(rms / 0.3, 1., 0.1) << name_of(kind);
  }
}

TEST(Hosvd, ReproducesTheTensorAtFullRank)
{
  const auto tensor = random_tensor({6, 5, 4, 3}, 7);
  for (const auto &ranks : {std::vector<std::size_t>{6, 5, 4}, {6, 5, 4, 0}, {7, 5, 4, 3}})
    EXPECT_THROW(hosvd(tensor, ranks), UserError);
  const auto parts = hosvd(tensor, {6, 5, 4, 3});
  EXPECT_LT(distance(reconstructed(Factorisation::tucker, parts), tensor), 1e-12 * norm(tensor));
}

TEST(Hosvd, FindsTheTensorOfLowRankThatItWas)
{
  const auto low =
    reconstructed(Factorisation::tucker, random_parts(Factorisation::tucker, {8, 7, 6}, {3, 2, 4}));
  const auto parts = hosvd(low, {3, 2, 4});
  EXPECT_EQ(parts[0].shape, (TensorShape{3, 2, 4}));
  EXPECT_EQ(parts[3].shape, (TensorShape{6, 4}));
  EXPECT_LT(distance(reconstructed(Factorisation::tucker, parts), low), 1e-12 * norm(low));
  EXPECT_GT(distance(reconstructed(Factorisation::tucker, hosvd(low, {2, 2, 4})), low),
            1e-2 * norm(low));
}
