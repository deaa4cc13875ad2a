// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: modes about the mean are orthonormal in the mass matrix, what they leave out is the
// sum of the dropped eigenvalues, and files give them back for the same mesh only.
#include <data/core/errors.h>
#include <data/store/model_file.h>
#include <operators/nn/weighted_pod.h>
#include <tests/random_numbers.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

using namespace understudy;
using test::random_numbers;
using testing::HasSubstr;
using testing_tools::sentence_of;

namespace
{
constexpr std::size_t n_nodes = 90, n_components = 2, n_rows = n_nodes * n_components;

/// Mass matrix of linear elements on a line whose elements have different lengths.
std::shared_ptr<CsrMatrix> mass_matrix(std::size_t n = n_nodes, double longest = 1.)
{
  const auto length = [&](std::size_t e)
  { return 0.3 + longest * static_cast<double>(e % 5) / 5.; };
  auto M = std::make_shared<CsrMatrix>();
  M->n_columns = n;
  for (std::size_t i = 0; i < n; ++i)
  {
    const auto c = static_cast<std::uint32_t>(i);
    double diagonal = 0.;
    if (i > 0)
    {
      M->column.push_back(c - 1);
      M->value.push_back(length(i - 1) / 6.);
      diagonal += length(i - 1) / 3.;
    }
    if (i + 1 < n)
    {
      M->column.push_back(c + 1);
      M->value.push_back(length(i) / 6.);
      diagonal += length(i) / 3.;
    }
    M->column.push_back(c); // last: columns need no order
    M->value.push_back(diagonal);
    M->row_start.push_back(M->value.size());
  }
  return M;
}

double inner(const CsrMatrix &M, const double *a, const double *b)
{
  std::vector<double> Mb(M.n_rows());
  double sum = 0.;
  for (std::size_t begin = 0; begin < n_rows; begin += M.n_rows())
  {
    M.multiply(1, b + begin, Mb.data());
    for (std::size_t i = 0; i < M.n_rows(); ++i)
      sum += a[begin + i] * Mb[i];
  }
  return sum;
}

/// Fields with a large mean whose @p rank parts fall by a factor 3 each.
std::vector<double> snapshots(std::size_t n, std::size_t rank)
{
  const std::vector<double> parts = random_numbers(rank * n_rows, 1),
                            c = random_numbers(n * rank, 2);
  std::vector<double> f(n * n_rows);
  for (std::size_t s = 0; s < n; ++s)
    for (std::size_t i = 0; i < n_rows; ++i)
    {
      f[s * n_rows + i] = 5. + std::cos(static_cast<double>(i));
      for (std::size_t k = 0; k < rank; ++k)
        f[s * n_rows + i] +=
          c[s * rank + k] * std::pow(3., -static_cast<double>(k)) * parts[k * n_rows + i];
    }
  return f;
}
} // namespace

TEST(WeightedPod, ModesAreOrthonormalInTheMassMatrix)
{
  const auto M = mass_matrix();
  for (const std::size_t n : {40, 150}) // two ways to the eigenvalues
  {
    const WeightedPod pod = WeightedPod::fit(snapshots(n, 20).data(), n, n_components, 8, M);
    ASSERT_EQ(pod.n_modes(), 8u);
    ASSERT_EQ(pod.n_rows(), n_rows);
    EXPECT_EQ(pod.n_components(), n_components);
    ASSERT_EQ(pod.singular_values().size(), n);
    for (std::size_t a = 0; a < 8; ++a)
      for (std::size_t b = 0; b < 8; ++b)
        EXPECT_NEAR(inner(*M, &pod.modes()[a * n_rows], &pod.modes()[b * n_rows]), a == b ? 1. : 0.,
                    1e-12);
  }
}

TEST(WeightedPod, DiscardedEnergyIsTheSumOfTheDroppedEigenvalues)
{
  const auto M = mass_matrix();
  for (const std::size_t n : {40, 150})
  {
    const auto fields = snapshots(n, 20);
    const WeightedPod pod = WeightedPod::fit(fields.data(), n, n_components, 6, M);
    double energy = 0., discarded = 0.;
    for (const double square : pod.squared_residuals(n, fields.data()))
      discarded += square;
    for (std::size_t s = 0; s < n; ++s)
    {
      std::vector<double> centred(n_rows);
      for (std::size_t i = 0; i < n_rows; ++i)
        centred[i] = fields[s * n_rows + i] - pod.mean()[i];
      energy += inner(*M, centred.data(), centred.data());
    }
    EXPECT_NEAR(pod.energy(), energy, 1e-12 * energy);
    EXPECT_NEAR(pod.discarded_energy(), discarded, 1e-8 * discarded);
    EXPECT_GT(discarded, 1e-8 * energy); // something was left to compare
  }
}

TEST(WeightedPod, ProjectionIsTheInverseOfExpansion)
{
  const std::size_t n = 70; // more than two blocks of fields
  const WeightedPod pod =
    WeightedPod::fit(snapshots(n, 20).data(), n, n_components, 7, mass_matrix());
  PointBatch c(7, n);
  const std::vector<double> numbers = random_numbers(7 * n, 3);
  std::copy(numbers.begin(), numbers.end(), c.data());
  std::vector<double> fields(n * n_rows);
  pod.expand(c, fields.data());
  const PointBatch again = pod.project(n, fields.data());
  for (std::size_t k = 0; k < 7; ++k)
    for (std::size_t s = 0; s < n; ++s)
      EXPECT_NEAR(again(k, s), c(k, s), 1e-12);
  for (const double square : pod.squared_residuals(n, fields.data()))
    EXPECT_NEAR(square, 0., 1e-24);
  for (std::size_t k = 0; k < 7; ++k)
    EXPECT_NEAR(pod.project(1, pod.mean().data())(k, 0), 0., 1e-14);
  EXPECT_EQ(pod.project(0, nullptr).n_points(), 0u);
}

// 3 parts about a mean span 3 directions, however many modes are asked for.
TEST(WeightedPod, DependentSnapshotsGiveFewerModes)
{
  const auto fields = snapshots(30, 3);
  const WeightedPod pod = WeightedPod::fit(fields.data(), 30, n_components, 12, mass_matrix());
  EXPECT_EQ(pod.n_modes(), 3u);
  EXPECT_LT(pod.discarded_energy(), 1e-12 * pod.energy());
  for (const double square : pod.squared_residuals(30, fields.data()))
    EXPECT_LT(square, 1e-24 * pod.energy());
  const auto two = snapshots(2, 20);
  EXPECT_EQ(WeightedPod::fit(two.data(), 2, n_components, 12, mass_matrix()).n_modes(), 1u);
}

TEST(WeightedPod, FilesGiveItBackToTheBitForTheSameMeshOnly)
{
  const testing_tools::TemporaryFolder folder;
  const auto fields = snapshots(25, 20);
  const WeightedPod pod = WeightedPod::fit(fields.data(), 25, n_components, 5, mass_matrix());
  ModelFile file;
  pod.save(file, "U.");
  file.write(folder / "pod.safetensors");
  const ModelFile read = ModelFile::read(folder / "pod.safetensors");
  const WeightedPod again = WeightedPod::load(read, "U.", mass_matrix());
  EXPECT_EQ(again.modes(), pod.modes());
  EXPECT_EQ(again.mean(), pod.mean());
  EXPECT_EQ(again.singular_values(), pod.singular_values());
  EXPECT_EQ(again.n_components(), n_components);
  const PointBatch a = pod.project(25, fields.data()), b = again.project(25, fields.data());
  EXPECT_TRUE(std::equal(a.data(), a.data() + 5 * 25, b.data()));

  const auto refusal = [&](const ModelFile &from, const std::string &prefix, WeightedPod::Metric M)
  { return sentence_of<UserError>([&] { WeightedPod::load(from, prefix, std::move(M)); }); };
  EXPECT_THAT(refusal(read, "V.", mass_matrix()), HasSubstr("V.modes"));
  EXPECT_THAT(refusal(read, "U.", mass_matrix(n_nodes, 1.1)), HasSubstr("another one"));
  EXPECT_THAT(refusal(read, "U.", mass_matrix(n_nodes - 1)), HasSubstr("do not fit a mesh"));
  ModelFile wrong = read;
  wrong.add("U.mean", {3}, {1., 2., 3.});
  EXPECT_NE(refusal(wrong, "U.", mass_matrix()), "");
  wrong = read;
  wrong.add("U.singular_values", {1}, {1.});
  EXPECT_NE(refusal(wrong, "U.", mass_matrix()), "");
}

TEST(WeightedPod, BadSnapshotsAndMatricesAreRefusedInOneSentence)
{
  const auto good = snapshots(4, 3);
  const auto refusal = [](const std::vector<double> &f, std::size_t modes, WeightedPod::Metric M)
  {
    return sentence_of<UserError>(
      [&] { WeightedPod::fit(f.data(), f.size() / n_rows, n_components, modes, std::move(M)); });
  };
  EXPECT_EQ(refusal(good, 2, mass_matrix()), "");
  EXPECT_THAT(refusal(std::vector<double>(n_rows), 1, mass_matrix()), HasSubstr("2 snapshots"));
  EXPECT_THAT(refusal(good, 0, mass_matrix()), HasSubstr("one mode"));
  EXPECT_THAT(refusal(good, 1, nullptr), HasSubstr("square sparse matrix"));
  auto bad = good;
  bad[3 * n_rows + 5] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(refusal(bad, 1, mass_matrix()), HasSubstr("not finite"));
  std::vector<double> equal; // 7 of them: their mean is rounded
  for (std::size_t s = 0; s < 7; ++s)
    equal.insert(equal.end(), good.begin(), good.begin() + n_rows);
  EXPECT_THAT(refusal(equal, 1, mass_matrix()), HasSubstr("snapshots that differ"));

  auto M = mass_matrix();
  M->value[3] += 1e-3;
  EXPECT_THAT(refusal(good, 1, M), HasSubstr("not symmetric"));
  M = mass_matrix();
  M->column[7] = n_nodes;
  EXPECT_THAT(refusal(good, 1, M), HasSubstr("square sparse matrix"));
  M = mass_matrix();
  for (double &v : M->value)
    v = -v;
  EXPECT_THAT(refusal(good, 1, M), HasSubstr("not positive"));
}
