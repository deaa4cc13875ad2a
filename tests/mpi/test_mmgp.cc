// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: MMGP learns fields on plates whose meshes all differ, and says how far it may be
// wrong.

#include <surrogates/mmgp_draws.h>
#include <surrogates/mmgp_rivals.h>
#include <tests/notched_mesh.h>
#include <tests/toy_mmgp.h>

#include <data/store/model_file.h>

#include <gtest/gtest.h>

#include <random>

using namespace understudy;
using namespace understudy::toy_mmgp;

TEST(Mmgp, PredictsFieldsOnMeshesItHasNotSeen)
{
  double covered = 0., in_deviations = 0., all = 0.;
  for (std::size_t i = 1000; i < 1020; ++i)
  {
    const MmgpSample truth = sample(i);
    const MmgpPrediction p = model().predict(truth.mesh, truth.inputs);
    ASSERT_EQ(p.gate, MmgpGate::none) << p.reason;
    ASSERT_EQ(p.fields[0].mean.size(), truth.mesh.n_nodes());
    EXPECT_LT(error(p.fields[0].mean, truth.fields[0]), 0.02);
    EXPECT_LT(error(decades_of(p.fields[1].mean), decades_of(truth.fields[1])), 0.1);
    EXPECT_LT(error(p.scalars.mean, truth.scalars), 0.1);
    covered += coverage(p.fields[0], truth.fields[0]) + coverage(p.fields[1], truth.fields[1]);
    for (std::size_t i = 0; i < truth.mesh.n_nodes(); ++i)
      in_deviations +=
        2. * std::pow((p.fields[0].mean[i] - truth.fields[0][i]) / p.fields[0].deviation[i], 2) /
        static_cast<double>(truth.mesh.n_nodes());
    all += 2.;
  }
  EXPECT_GT(covered / all, 0.85);
  // Bands that are merely wide would pass that.
  EXPECT_GT(std::sqrt(in_deviations / all), 0.1);
}

// Requirement: where answers depend on what the model cannot know, 85 to 99 % of the nodal values
// and 90 to 99 % of the scalars of 200 plates lie in their 95 % bands.
TEST(Mmgp, BandsHoldTheShareThatTheySay)
{
  const auto noisy = [](std::size_t i)
  {
    std::mt19937 random(static_cast<unsigned>(i) + 1);
    std::normal_distribution<double> normal;
    return sample_with(i, {normal(random), normal(random), normal(random), normal(random)});
  };
  MmgpParameters p = parameters();
  p.process_per_coefficient = true; // with one noise for all modes the first ones get too much
  MmgpTraining training;
  const Mmgp noisy_model = train_mmgp(MPI_COMM_WORLD, p, problem(), features, 200, noisy, training);
  double covered[3] = {};
  constexpr std::size_t n_test = 200;
  for (std::size_t i = 0; i < n_test; ++i)
  {
    const MmgpSample truth = noisy(10000 + i);
    const MmgpPrediction found = noisy_model.predict(truth.mesh, truth.inputs);
    for (const std::size_t f : {0, 1})
      covered[f] += coverage(found.fields[f], truth.fields[f]) / n_test;
    covered[2] += coverage(found.scalars, truth.scalars) / n_test;
  }
  for (const std::size_t k : {0, 1, 2})
  {
    EXPECT_GT(covered[k], k < 2 ? 0.85 : 0.9) << k;
    EXPECT_LT(covered[k], 0.99) << k;
  }
}

// Requirement: the closed form of the variance, loss of the modes included, is that of draws.
TEST(Mmgp, VarianceIsThatOfDraws)
{
  const MmgpSample truth = sample(2000);
  const auto morphed = model().state().common.morph(truth.mesh);
  const MmgpPrediction p = model().predict(truth.mesh, morphed, truth.inputs);
  double residual = 0.;
  const PointBatch X = one_point(model().input_of(truth.mesh, morphed, truth.inputs, residual));
  const std::size_t n = truth.mesh.n_nodes();
  std::vector<double> mean(n), square(n), mean_of_logarithm(n), square_of_logarithm(n);
  MmgpDraws draws(model(), morphed, X, 5);
  constexpr int n_draws = 100000;
  for (int draw = 0; draw < n_draws; ++draw)
  {
    const auto &fields = draws.next();
    for (std::size_t i = 0; i < n; i += 10)
    {
      const double error = fields[0][i] - p.fields[0].mean[i];
      const double in_logarithm =
        std::log10(fields[1][i] + 1e-12) - std::log10(p.fields[1].mean[i] + 1e-12);
      mean[i] += error / n_draws;
      square[i] += error * error / n_draws;
      mean_of_logarithm[i] += in_logarithm / n_draws;
      square_of_logarithm[i] += in_logarithm * in_logarithm / n_draws;
    }
  }
  const Mmgp::Field &logarithmic = model().state().fields[1];
  const auto closed = Mmgp::moments(logarithmic, morphed, model().coefficients(logarithmic, X));
  for (std::size_t i = 0; i < n; i += 10)
  {
    const double variance = p.fields[0].deviation[i] * p.fields[0].deviation[i];
    EXPECT_NEAR(square[i], variance, 0.03 * variance) << i;
    EXPECT_LT(std::abs(mean[i]), 0.02 * p.fields[0].deviation[i]) << i;
    const double of_logarithm = closed.variance[i] + closed.truncation[i];
    EXPECT_LT(std::abs(mean_of_logarithm[i]), 0.02 * std::sqrt(of_logarithm)) << i;
    EXPECT_NEAR(square_of_logarithm[i], of_logarithm, 0.03 * of_logarithm) << i;
    // The bounds are those of the logarithm, band deviations away.
    EXPECT_NEAR(std::log10(p.fields[1].upper[i] / p.fields[1].mean[i]),
                logarithmic.band * std::sqrt(of_logarithm), 1e-3);
  }
  EXPECT_GT(*std::ranges::min_element(closed.truncation), 0.);
}

// Requirement: draws give the distribution of what is no linear function of the fields. The
// exponential of a normal number has the median that the quantiles of the number itself give.
TEST(Mmgp, DrawsGiveTheDistributionOfNonlinearScalars)
{
  const MmgpSample truth = sample(2001);
  const auto morphed = model().state().common.morph(truth.mesh);
  const MmgpPrediction p = model().predict(truth.mesh, morphed, truth.inputs);
  double residual = 0.;
  const PointBatch X = one_point(model().input_of(truth.mesh, morphed, truth.inputs, residual));
  const auto derived = derive_scalars(MmgpDraws(model(), morphed, X, 6), 4000, 3,
                                      [](const auto &fields, double *scalars)
                                      {
                                        scalars[0] = fields[0][7];
                                        scalars[1] = std::exp(fields[0][7]);
                                        scalars[2] = *std::ranges::max_element(fields[0]);
                                      });
  const double m = p.fields[0].mean[7], s = p.fields[0].deviation[7];
  constexpr double normal_95 = Mmgp::normal_95;
  EXPECT_NEAR(derived.mean[0], m, 0.08 * s);
  EXPECT_NEAR(derived.deviation[0], s, 0.05 * s);
  EXPECT_NEAR(derived.lower[0], m - normal_95 * s, 0.2 * s);
  EXPECT_NEAR(derived.upper[0], m + normal_95 * s, 0.2 * s);
  // Quantiles go with a monotone function, to the bit.
  EXPECT_EQ(derived.mean[1], std::exp(derived.mean[0]));
  EXPECT_EQ(derived.upper[1], std::exp(derived.upper[0]));
  const double largest = *std::ranges::max_element(truth.fields[0]);
  EXPECT_NEAR(derived.mean[2], largest, 0.05 * largest);
  EXPECT_LE(derived.lower[2], derived.mean[2]);
}

// Requirement: the bounds hold where an error is not normal, and where deviations are too small.
TEST(Mmgp, BandsAreThoseOfErrorsOfPlatesLeftOut)
{
  model();
  ASSERT_EQ(training().bands.size(), 3u);
  EXPECT_EQ(training().bands[0].output, "wave");
  EXPECT_EQ(training().bands[0].width, model().state().fields[0].band);
  EXPECT_EQ(training().bands[2].width, model().state().scalars[0].band);
  // Errors of +-1 deviation: one deviation and a little, for what is learned, holds all of them.
  const auto one_of_two = [](std::size_t i) {
    return sample_with(i, {0., 0., 0., i % 3 == 0 ? 1. : -1.});
  };
  MmgpTraining two_points;
  train_mmgp(MPI_COMM_WORLD, parameters(), problem(), features, 150, one_of_two, two_points);
  EXPECT_GT(two_points.bands[2].width, 1.);
  EXPECT_LT(two_points.bands[2].width, 1.9);
}

// Requirement: where a field is nought in all samples but for rounding, so are its bounds, and they
// hold it: cross-validation does not count rounding as an error either.
TEST(Mmgp, BoundsHoldWhatIsRounding)
{
  const auto half_empty = [](std::size_t i)
  {
    MmgpSample s = sample(i);
    for (std::size_t n = 0; n < s.mesh.n_nodes(); ++n)
      if (s.mesh.nodes[n][0] < 0.2)
        s.fields[0][n] = 1e-16 * std::sin(static_cast<double>(7 * n + i));
    return s;
  };
  MmgpTraining training;
  const Mmgp halved =
    train_mmgp(MPI_COMM_WORLD, parameters(), problem(), features, n_train, half_empty, training);
  for (std::size_t i = 6000; i < 6005; ++i)
  {
    const MmgpSample truth = half_empty(i);
    const MmgpValues wave = halved.predict(truth.mesh, truth.inputs).fields.at(0);
    for (std::size_t n = 0; n < truth.mesh.n_nodes(); ++n)
      if (truth.mesh.nodes[n][0] < -0.4)
      {
        EXPECT_LE(wave.lower[n], truth.fields[0][n]);
        EXPECT_GE(wave.upper[n], truth.fields[0][n]);
        EXPECT_LT(wave.upper[n] - wave.lower[n], 1e-9);
      }
  }
}

TEST(Mmgp, DoesNotDependOnTheNumberingOfTheMesh)
{
  const MmgpSample truth = sample(3000);
  std::vector<unsigned> place_of;
  const TriangleMesh other = test::renumbered(truth.mesh, 5, place_of);
  const MmgpPrediction p = model().predict(truth.mesh, truth.inputs),
                       q = model().predict(other, truth.inputs);
  ASSERT_EQ(q.gate, MmgpGate::none) << q.reason;
  for (std::size_t i = 0; i < truth.mesh.n_nodes(); ++i)
    EXPECT_NEAR(p.fields[0].mean[i], q.fields[0].mean[place_of[i]], 1e-10);
}

// Requirement: errors are half of those of the dull rivals at most, which are what they are called.
TEST(Mmgp, BeatsItsRivals)
{
  const MmgpRivals rivals(MPI_COMM_WORLD, model(), n_train, sample);
  ASSERT_EQ(rivals.names(),
            (std::vector<std::string>{"training-mean", "nearest-neighbour", "ridge"}));
  const auto answer = [&](std::size_t rival, const MmgpSample &s)
  { return rivals.predict(rival, s.mesh, model().state().common.morph(s.mesh), s.inputs); };
  double mean = 0.;
  for (std::size_t i = 0; i < n_train; ++i)
    mean += sample(i).scalars[0] / n_train;
  const MmgpSample seventh = sample(7);
  EXPECT_NEAR(answer(0, seventh).scalars[0], mean, 1e-12);
  EXPECT_NEAR(answer(1, seventh).scalars[0], seventh.scalars[0], 1e-12);
  EXPECT_LT(error(answer(1, seventh).fields[0], seventh.fields[0]), 0.02);
  double errors[4] = {};
  for (std::size_t i = 1000; i < 1020; ++i)
  {
    const MmgpSample truth = sample(i);
    for (std::size_t rival = 0; rival < 3; ++rival)
      errors[rival] += error(answer(rival, truth).fields[0], truth.fields[0]);
    errors[3] += error(model().predict(truth.mesh, truth.inputs).fields[0].mean, truth.fields[0]);
  }
  for (std::size_t rival = 0; rival < 3; ++rival)
    EXPECT_LT(errors[3], 0.5 * errors[rival]) << rivals.names()[rival];
}

TEST(Mmgp, EveryNumberOfRanksTrainsTheSame)
{
  MmgpTraining training;
  const Mmgp alone =
    train_mmgp(MPI_COMM_SELF, parameters(), problem(), features, n_train, sample, training);
  const MmgpSample truth = sample(4000);
  const auto a = numbers_of(alone.predict(truth.mesh, truth.inputs)),
             b = numbers_of(model().predict(truth.mesh, truth.inputs));
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    EXPECT_NEAR(a[i], b[i], 1e-9 * (1. + std::abs(b[i])));
}

TEST(Mmgp, IsReadBackToTheBit)
{
  ModelFile file;
  model().save(file);
  const Mmgp read = Mmgp::load(ModelFile::from_bytes(file.to_bytes(), "m"));
  const MmgpSample truth = sample(5000);
  EXPECT_EQ(numbers_of(read.predict(truth.mesh, truth.inputs)),
            numbers_of(model().predict(truth.mesh, truth.inputs)));
  EXPECT_EQ(read.problem().inputs[1].quantity.name, "K");
  EXPECT_EQ(read.problem().fields[1].floor, 1e-12);
}
