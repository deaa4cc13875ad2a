// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: likelihood, gradient and prediction of a Gaussian process are those of the formulas,
// nearly singular covariances are dealt with in the open, and files give back the same process.
#include <data/core/errors.h>
#include <data/store/model_file.h>
#include <operators/nn/cholesky.h>
#include <operators/nn/gaussian_process.h>
#include <operators/nn/matern_kernel.h>
#include <tests/count_allocations.h>
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
PointBatch batch(std::size_t n_components, std::size_t n_points, const std::vector<double> &values)
{
  PointBatch b(n_components, n_points);
  std::copy(values.begin(), values.end(), b.data());
  return b;
}

PointBatch random_batch(std::size_t n_components, std::size_t n_points, unsigned seed)
{
  return batch(n_components, n_points, random_numbers(n_components * n_points, seed, 1.7));
}

GaussianProcessParameters parameters_of(std::size_t d)
{
  GaussianProcessParameters p;
  for (std::size_t c = 0; c < d; ++c)
    p.length_scales.push_back(2. + 0.4 * static_cast<double>(c));
  p.signal_variance = 1.3;
  p.noise_variance = 0.02;
  return p;
}

/// The formulas in long double, element by element.
struct Reference
{
  using Real = long double;
  GaussianProcessParameters p;
  const PointBatch &x, &y;
  std::size_t n = x.n_points(), m = y.n_components();
  std::vector<Real> L = std::vector<Real>(n * n), A = std::vector<Real>(n * m);

  Reference(const GaussianProcessParameters &parameters, const PointBatch &inputs,
            const PointBatch &outputs)
    : p(parameters), x(inputs), y(outputs)
  {
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j <= i; ++j)
      {
        Real sum = covariance(x, i, x, j) + (i == j ? p.noise_variance : 0.);
        for (std::size_t k = 0; k < j; ++k)
          sum -= L[i * n + k] * L[j * n + k];
        L[i * n + j] = i == j ? std::sqrt(sum) : sum / L[j * n + j];
      }
    for (std::size_t o = 0; o < m; ++o)
    {
      std::vector<Real> column(n);
      for (std::size_t i = 0; i < n; ++i)
        column[i] = y(o, i);
      forward(column);
      for (std::size_t i = n; i-- > 0;)
      {
        for (std::size_t k = i + 1; k < n; ++k)
          column[i] -= L[k * n + i] * column[k];
        A[o * n + i] = column[i] /= L[i * n + i];
      }
    }
  }

  void forward(std::vector<Real> &b) const
  {
    for (std::size_t i = 0; i < n; ++i)
    {
      for (std::size_t k = 0; k < i; ++k)
        b[i] -= L[i * n + k] * b[k];
      b[i] /= L[i * n + i];
    }
  }

  Real covariance(const PointBatch &a, std::size_t i, const PointBatch &b, std::size_t j) const
  {
    Real r2 = 0.;
    for (std::size_t c = 0; c < a.n_components(); ++c)
    {
      const Real t = (static_cast<Real>(a(c, i)) - b(c, j)) / p.length_scales[c];
      r2 += t * t;
    }
    const Real q = std::sqrt(5.L * r2);
    return p.signal_variance * (1.L + q + q * q / 3.L) * std::exp(-q);
  }

  Real log_likelihood() const
  {
    Real sum = 0.;
    for (std::size_t o = 0; o < m; ++o)
      for (std::size_t i = 0; i < n; ++i)
        sum += y(o, i) * A[o * n + i];
    for (std::size_t i = 0; i < n; ++i)
      sum += m * 2.L * std::log(L[i * n + i]);
    return -0.5L * (sum + n * m * std::log(2.L * std::acos(-1.L)));
  }
};

/// Largest error of the gradient against central differences, relative to its largest component.
double gradient_error(GaussianProcessLikelihood &likelihood, const std::vector<double> &at,
                      double step = 1e-5)
{
  std::vector<double> gradient(at.size());
  likelihood.evaluate(at.data(), gradient.data());
  double error = 0., size = 0.;
  for (std::size_t i = 0; i < at.size(); ++i)
  {
    std::vector<double> p = at;
    p[i] = at[i] + step;
    const double up = likelihood.evaluate(p.data(), nullptr);
    p[i] = at[i] - step;
    const double down = likelihood.evaluate(p.data(), nullptr);
    error = std::max(error, std::abs(gradient[i] - (up - down) / (2. * step)));
    size = std::max(size, std::abs(gradient[i]));
  }
  return error / size;
}

const PointBatch three_x = batch(1, 3, {-1., 0., 1.}), three_y = batch(1, 3, {0., 1., -0.5});
const GaussianProcessParameters three_parameters{{0.8}, 1.5, 0.01};
} // namespace

// Values of an independent computation.
TEST(GaussianProcess, ThreeSamplesGiveTheKnownNumbers)
{
  GaussianProcessLikelihood likelihood(three_x, three_y);
  std::vector<double> gradient(3);
  const std::vector<double> at = three_parameters.logarithms();
  EXPECT_NEAR(likelihood.evaluate(at.data(), gradient.data()), -3.9359355, 6e-8);
  EXPECT_NEAR(gradient[0], -0.4131452, 6e-8);
  EXPECT_NEAR(gradient[1], -0.7669528, 6e-8);
  EXPECT_NEAR(gradient[2], -0.0031290, 6e-8);
  EXPECT_EQ(likelihood.jitter(), 0.);

  const auto process = GaussianProcess::condition(three_parameters, three_x, three_y);
  EXPECT_NEAR(process.state().log_likelihood, -3.9359355, 6e-8);
  PointBatch mean;
  std::vector<double> variance;
  process.predict(batch(1, 2, {0.5, 3.}), mean, &variance);
  EXPECT_NEAR(mean(0, 0), 0.3139739, 6e-8);
  EXPECT_NEAR(mean(0, 1), -0.0578837, 6e-8);
  EXPECT_NEAR(variance[0], 0.2701625, 6e-8);
  EXPECT_NEAR(variance[1], 1.4934418, 6e-8);
}

TEST(GaussianProcess, GradientIsThatOfTheLikelihood)
{
  for (const std::size_t d : {14, 3, 1})
  {
    const std::size_t n = 50, m = 4;
    GaussianProcessLikelihood likelihood(random_batch(d, n, 1), random_batch(m, n, 2));
    EXPECT_LT(gradient_error(likelihood, parameters_of(d).logarithms()), 1e-6) << d << " inputs";
  }
}

TEST(GaussianProcess, GradientHoldsOnMoreThanOneBlock)
{
  GaussianProcessLikelihood likelihood(random_batch(5, 300, 1), random_batch(2, 300, 2));
  EXPECT_LT(gradient_error(likelihood, parameters_of(5).logarithms()), 1e-6);
}

TEST(GaussianProcess, EvaluationsAllocateNothing)
{
  GaussianProcessLikelihood likelihood(random_batch(5, 120, 1), random_batch(2, 120, 2));
  const std::vector<double> at = parameters_of(5).logarithms();
  std::vector<double> gradient(at.size());
  const std::size_t before = n_allocations;
  likelihood.evaluate(at.data(), nullptr);
  likelihood.evaluate(at.data(), gradient.data());
  EXPECT_EQ(n_allocations, before);
}

TEST(GaussianProcess, LikelihoodAndPredictionAreThoseOfTheFormulas)
{
  const std::size_t d = 6, n = 130, m = 3;
  const PointBatch x = random_batch(d, n, 3), y = random_batch(m, n, 4);
  const PointBatch at = random_batch(d, 300, 5); // more than one block of points
  const Reference reference(parameters_of(d), x, y);
  const auto process = GaussianProcess::condition(parameters_of(d), x, y);
  EXPECT_NEAR(process.state().log_likelihood, static_cast<double>(reference.log_likelihood()),
              1e-11 * std::abs(process.state().log_likelihood));
  PointBatch mean;
  std::vector<double> variance;
  process.predict(at, mean, &variance);
  double mean_error = 0., variance_error = 0.;
  for (std::size_t p = 0; p < at.n_points(); ++p)
  {
    std::vector<long double> k(n);
    for (std::size_t i = 0; i < n; ++i)
      k[i] = reference.covariance(x, i, at, p);
    for (std::size_t o = 0; o < m; ++o)
    {
      long double sum = 0.;
      for (std::size_t i = 0; i < n; ++i)
        sum += reference.A[o * n + i] * k[i];
      mean_error = std::max(mean_error, static_cast<double>(std::abs(mean(o, p) - sum)));
    }
    reference.forward(k);
    long double v = 1.3;
    for (const long double b : k)
      v -= b * b;
    variance_error = std::max(variance_error, static_cast<double>(std::abs(variance[p] - v)));
  }
  EXPECT_LT(mean_error, 1e-12);
  EXPECT_LT(variance_error, 1e-13);
}

// y - mean(X) = noise K^-1 Y: hardly any noise, hardly any difference.
TEST(GaussianProcess, WithHardlyAnyNoiseItInterpolates)
{
  GaussianProcessParameters p = parameters_of(2);
  p.noise_variance = 1e-8;
  const PointBatch x = random_batch(2, 40, 6), y = random_batch(2, 40, 7);
  PointBatch mean;
  std::vector<double> variance;
  const auto process = GaussianProcess::condition(p, x, y);
  process.predict(x, mean, &variance);
  for (std::size_t i = 0; i < 40; ++i)
  {
    EXPECT_NEAR(mean(0, i), y(0, i), 1e-2);
    EXPECT_NEAR(y(1, i) - mean(1, i), 1e-8 * process.state().weights[40 + i], 1e-8);
    EXPECT_GE(variance[i], 0.);
    EXPECT_LE(variance[i], 1.0001e-8);
  }
  process.predict(PointBatch(2, 0), mean, &variance); // no points are no trouble
  EXPECT_TRUE(variance.empty());
}

TEST(GaussianProcess, FarFromTheSamplesItIsThePrior)
{
  const auto process = GaussianProcess::condition(three_parameters, three_x, three_y);
  PointBatch mean;
  std::vector<double> variance;
  process.predict(batch(1, 2, {1e3, -1e200}), mean, &variance);
  for (const std::size_t p : {0, 1})
  {
    EXPECT_EQ(mean(0, p), 0.);
    EXPECT_EQ(variance[p], 1.5);
  }
}

TEST(GaussianProcess, RepeatedSamplesNeedJitterAndSayIt)
{
  PointBatch x(2, 60), y(1, 60);
  for (std::size_t i = 0; i < 60; ++i)
  {
    x(0, i) = static_cast<double>(i / 20);
    y(0, i) = 1.;
  }
  GaussianProcessLikelihood likelihood(x, y);
  const std::vector<double> at = GaussianProcessParameters{{1., 1.}, 1e3, 1e-16}.logarithms();
  EXPECT_LT(gradient_error(likelihood, at, 1e-2), 1e-3); // rounding is 1e11 times larger here
  EXPECT_GT(likelihood.jitter(), 0.99e-7);
  EXPECT_LT(likelihood.jitter(), 1.01e-5);
}

TEST(GaussianProcess, VariancesOfTheSizeOfRoundingAreNotNegative)
{
  const PointBatch x = random_batch(2, 60, 12);
  const auto process = GaussianProcess::condition({{0.5, 0.5}, 1., 1e-18}, x, PointBatch(1, 60));
  EXPECT_EQ(process.state().jitter, 0.);
  PointBatch mean;
  std::vector<double> variance;
  process.predict(x, mean, &variance);
  for (const double v : variance)
  {
    EXPECT_GE(v, 0.);
    EXPECT_LT(v, 1e-12);
  }
}

TEST(GaussianProcess, FilesGiveItBackToTheBit)
{
  const testing_tools::TemporaryFolder folder;
  const PointBatch x = random_batch(4, 70, 8), y = random_batch(3, 70, 9);
  const auto process = GaussianProcess::condition(parameters_of(4), x, y);
  ModelFile file;
  process.save(file, "stress.");
  file.write(folder / "gp.safetensors");
  const ModelFile read = ModelFile::read(folder / "gp.safetensors");
  const auto again = GaussianProcess::load(read, "stress.");
  EXPECT_EQ(again.state().factor, process.state().factor);
  EXPECT_EQ(again.state().log_likelihood, process.state().log_likelihood);
  EXPECT_EQ(again.state().jitter, process.state().jitter);
  const PointBatch at = random_batch(4, 33, 10);
  PointBatch mean, mean_again;
  std::vector<double> variance, variance_again;
  process.predict(at, mean, &variance);
  again.predict(at, mean_again, &variance_again);
  EXPECT_EQ(variance, variance_again);
  EXPECT_TRUE(std::equal(mean.data(), mean.data() + 3 * 33, mean_again.data()));

  EXPECT_THAT(sentence_of<UserError>([&] { GaussianProcess::load(read, "strain."); }),
              HasSubstr("strain.inputs"));
  for (const std::string name : {"length_scales", "scalars", "weights", "factor"})
  {
    ModelFile wrong = read;
    wrong.add("stress." + name, {2, 2}, {1., 1., 1., 1.});
    EXPECT_NE(sentence_of<UserError>([&] { GaussianProcess::load(wrong, "stress."); }), "") << name;
  }
  ModelFile negative = read;
  negative.add("stress.scalars", {4}, {-1., 1., 0., 0.});
  EXPECT_THAT(sentence_of<UserError>([&] { GaussianProcess::load(negative, "stress."); }),
              HasSubstr("greater than 0"));
  negative = read;
  negative.add("stress.factor", {70 * 71 / 2}, std::vector<double>(70 * 71 / 2, 0.));
  EXPECT_THAT(sentence_of<UserError>([&] { GaussianProcess::load(negative, "stress."); }),
              HasSubstr("diagonal"));
}

TEST(GaussianProcess, BadSamplesAndPointsAreRefusedInOneSentence)
{
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto refusal = [](const PointBatch &x, const PointBatch &y)
  { return sentence_of<UserError>([&] { GaussianProcessLikelihood(x, y); }); };
  EXPECT_THAT(refusal(PointBatch(2, 1), PointBatch(1, 1)), HasSubstr("at least 2 samples, not 1."));
  EXPECT_THAT(refusal(PointBatch(2, 5), PointBatch(1, 4)), HasSubstr("5 samples of the inputs"));
  EXPECT_THAT(refusal(PointBatch(0, 5), PointBatch(1, 5)), HasSubstr("at least one input"));
  EXPECT_THAT(refusal(PointBatch(1, 5), PointBatch(0, 5)), HasSubstr("at least one input"));
  EXPECT_THAT(refusal(batch(1, 2, {0., nan}), PointBatch(1, 2)), HasSubstr("not finite"));
  EXPECT_THAT(refusal(batch(1, 2, {0., 1.}), batch(1, 2, {HUGE_VAL, 0.})), HasSubstr("not finite"));

  GaussianProcessLikelihood likelihood(three_x, three_y);
  const std::vector<double> bad = {0., nan, 0.};
  EXPECT_THROW(likelihood.evaluate(bad.data(), nullptr), UserError);
  const auto condition = [](const GaussianProcessParameters &p)
  { return sentence_of<UserError>([&] { GaussianProcess::condition(p, three_x, three_y); }); };
  EXPECT_THAT(condition({{1., 1.}, 1., 1.}), HasSubstr("1 inputs needs as many length scales"));
  EXPECT_THAT(condition({{0.}, 1., 1.}), HasSubstr("greater than 0"));
  EXPECT_THAT(condition({{1.}, 1., nan}), HasSubstr("greater than 0"));

  const auto process = GaussianProcess::condition(three_parameters, three_x, three_y);
  PointBatch mean;
  EXPECT_THAT(sentence_of<UserError>([&] { process.predict(PointBatch(2, 1), mean); }),
              HasSubstr("1 inputs cannot predict from 2"));
  EXPECT_THAT(sentence_of<UserError>([&] { process.predict(batch(1, 1, {nan}), mean); }),
              HasSubstr("not finite"));
}

TEST(Cholesky, FactorSolutionAndInverseHoldForAllSizesAndStrides)
{
  for (const std::size_t n : {1, 2, 23, 24, 25, 48, 49, 131, 200})
  {
    const std::size_t stride = n + 3;
    const std::vector<double> r = random_numbers(n * n, 11);
    std::vector<double> A(n * stride, 7.), full(n * n);
    for (std::size_t j = 0; j < n; ++j)
      for (std::size_t i = 0; i < n; ++i)
      {
        full[i + j * n] =
          i == j ? 2. * static_cast<double>(n) : r[std::max(i, j) * n + std::min(i, j)];
        if (i >= j)
          A[i + j * stride] = full[i + j * n];
      }
    ASSERT_TRUE(cholesky(n, A.data(), stride));
    const std::vector<double> L = A;
    std::vector<double> rows(2 * n);
    for (std::size_t j = 0; j < n; ++j) // B = {L a, L b}, rows a and b of random numbers
      for (std::size_t k = 0; k <= j; ++k)
        for (const std::size_t row : {0, 1})
          rows[2 * j + row] += L[j + k * stride] * r[k * 2 % (n * n) + row * (n > 1)];
    const std::vector<double> packed = packed_triangle(n, L.data(), stride);
    const std::vector<double> unpacked = unpacked_triangle(n, packed);
    std::vector<double> alone(n); // row b
    for (std::size_t j = 0; j < n; ++j)
      alone[j] = rows[2 * j + 1];
    solve_rows_with_factor(n, L.data(), stride, 2, rows.data(), 2);
    solve_with_packed_factor(n, packed, alone.data());
    inverse_from_cholesky(n, A.data(), stride);
    for (std::size_t j = 0; j < n; ++j)
    {
      EXPECT_NEAR(rows[2 * j], r[j * 2 % (n * n)], 1e-13) << n;
      EXPECT_NEAR(alone[j], rows[2 * j + 1], 1e-13) << n;
      for (std::size_t i = 0; i < n; ++i)
      {
        EXPECT_EQ(unpacked[i + j * n], i < j ? 0. : L[i + j * stride]);
        double product = 0., inverse = 0.;
        for (std::size_t k = 0; k < n; ++k)
        {
          product += k <= std::min(i, j) ? L[i + k * stride] * L[j + k * stride] : 0.;
          inverse += A[std::max(i, k) + std::min(i, k) * stride] * full[k + j * n];
        }
        EXPECT_NEAR(product, full[i + j * n], 1e-12 * static_cast<double>(n));
        EXPECT_NEAR(inverse, i == j ? 1. : 0., 1e-12);
        if (i < j)
        {
          EXPECT_EQ(A[i + j * stride], 7.); // the upper triangle belongs to the caller
        }
      }
    }
  }
}

TEST(Cholesky, IndefiniteMatricesAndNaNAreRecognised)
{
  std::vector<double> A(100 * 100, 0.);
  const auto fill = [&](double last)
  {
    std::fill(A.begin(), A.end(), 0.);
    for (std::size_t i = 0; i < 100; ++i)
      A[i * 101] = i == 99 ? last : 1.;
  };
  fill(-1.);
  EXPECT_FALSE(cholesky(100, A.data(), 100));
  fill(std::numeric_limits<double>::quiet_NaN());
  EXPECT_FALSE(cholesky(100, A.data(), 100));

  EXPECT_EQ(cholesky_with_jitter(100, A.data(), 100, 2., [&] { fill(1.); }), 0.);
  EXPECT_EQ(cholesky_with_jitter(100, A.data(), 100, 2., [&] { fill(-1e-8); }), 2e-8);
  EXPECT_EQ(cholesky_with_jitter(100, A.data(), 100, 1., [&] { fill(-5e-7); }), 1e-6);
  EXPECT_THAT(sentence_of<SolverError>(
                [&] { cholesky_with_jitter(100, A.data(), 100, 1., [&] { fill(-1e-3); }); }),
              HasSubstr("not positive definite"));
}

TEST(MaternKernel, ValuesAreExactToRounding)
{
  const std::size_t n = 2000;
  std::vector<double> x(n), k(n), values(n), h(n);
  for (std::size_t i = 0; i < n; ++i)
    x[i] = 0.05 * static_cast<double>(i);
  const double z = 0.;
  matern_values_and_slopes(1, n, x.data(), n, &z, 1.5, k.data(), h.data());
  matern_values(1, n, x.data(), n, &z, 1.5, values.data());
  EXPECT_EQ(k, values);
  double error = 0., slope_error = 0.;
  for (std::size_t i = 0; i < n; ++i)
  {
    const long double q = std::sqrt(5. * (x[i] * x[i])), // rounded as in the kernel
      e = 1.5L * std::exp(-q);
    if (q < 199.)
    {
      error =
        std::max(error, static_cast<double>(std::abs(k[i] / (e * (1.L + q + q * q / 3.L)) - 1.L)));
      slope_error = std::max(
        slope_error, static_cast<double>(std::abs(h[i] / (e * 5.L / 3.L * (1.L + q)) - 1.L)));
    }
    else if (q > 201.)
    {
      EXPECT_EQ(k[i], 0.);
    }
  }
  EXPECT_LT(error, 2e-15);
  EXPECT_LT(slope_error, 2e-15);
}
