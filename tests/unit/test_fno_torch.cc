// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: the network that is trained and the native one are the same function, that of the
// operations of LibTorch, and the gradient of the first is right.
#include <operators/nn/fno.h>
#include <operators/nn/fno_torch.h>
#include <tests/plain_fno_torch.h>
#include <tests/small_fno.h>

#include <gtest/gtest.h>

#include <cmath>

using namespace understudy;
using test::disturbed;
using test::text;

namespace
{
/// Relative L2 distance of the native network from the module, with its weights as exported.
template <class T>
double distance(const FnoConfig &config, std::int64_t n1, std::int64_t n2)
{
  const auto type = sizeof(T) == 4 ? torch::kFloat32 : torch::kFloat64;
  FnoModule module(disturbed(config), type);
  module->eval();
  const torch::NoGradGuard no_gradient;
  torch::manual_seed(1);
  const torch::Tensor x = torch::randn({3, 2, n1, n2}, type);
  const torch::Tensor expected = module->forward(x);
  torch::Tensor y = torch::empty_like(expected);
  Fno<T> net(module->weights());
  net.evaluate(3, static_cast<std::size_t>(n1), static_cast<std::size_t>(n2), x.data_ptr<T>(),
               y.data_ptr<T>());
  return ((y - expected).norm() / expected.norm()).template item<double>();
}

torch::Tensor loss_of(FnoModule &module, const torch::Tensor &x, const torch::Tensor &direction)
{
  return (module->forward(x) * direction).sum();
}
} // namespace

TEST(NativeNetwork, IsTheOneOfLibTorch)
{
  for (const auto &config : test::small_fnos())
    for (const auto &[n1, n2] : {std::pair<std::int64_t, std::int64_t>{16, 12}, {9, 15}})
    {
      EXPECT_LT(distance<float>(config, n1, n2), 1e-5) << text(config);
      EXPECT_LT(distance<double>(config, n1, n2), 1e-12) << text(config);
    }
}

// At sizes of use the single precision of the native network is all that parts it from operations
// of LibTorch in double precision. The error is that of what varies: the mean of an untrained
// network, which is up to thirty times as large, would hide it.
TEST(NativeNetwork, IsThatOfPlainOperationsAtSizesOfUse)
{
  for (const std::size_t modes : {12u, 16u, 32u})
  {
    FnoConfig config;
    config.n_in = 2;
    config.modes1 = config.modes2 = modes;
    const FnoWeights weights = FnoWeights::random(config, 7);
    FnoModule module(weights, torch::kFloat64);
    const test::PlainFno plain(config, module->named_parameters());
    Fno<float> net(weights);
    const torch::NoGradGuard no_gradient;
    for (const std::int64_t n : {32, 64})
    {
      torch::manual_seed(3);
      const torch::Tensor x = torch::randn({2, 2, n, n}), y = torch::empty({2, 1, n, n});
      const torch::Tensor expected = plain.forward(x.to(torch::kFloat64));
      for (const auto path : {SpectralPath::automatic, SpectralPath::pruned, SpectralPath::fftw})
      {
        net.use(path);
        net.evaluate(2, static_cast<std::size_t>(n), static_cast<std::size_t>(n),
                     x.data_ptr<float>(), y.data_ptr<float>());
        const torch::Tensor variation = expected - expected.mean();
        const double error =
          ((y.to(torch::kFloat64) - expected).norm() / variation.norm()).item<double>();
        EXPECT_LT(error, 1e-5) << modes << " modes, " << n << "^2 points";
      }
    }
  }
}

// Rebuilt weights give the sums over the parts that others contract one by one.
TEST(Reconstruction, GivesTheSumsOverTheParts)
{
  const TensorShape shape = {4, 5, 6, 3}; // inputs, outputs, modes
  torch::manual_seed(9);
  const torch::Tensor X = torch::randn({2, 4, 6, 3}, torch::kComplexDouble);
  for (const auto &[kind, sums] : {std::pair{Factorisation::tucker, "ijkl,ai,bj,ck,dl,nacd->nbcd"},
                                   {Factorisation::cp, "r,ar,br,cr,dr,nacd->nbcd"},
                                   {Factorisation::tt, "pai,ibj,jck,kdq,nacd->nbcd"}})
  {
    std::vector<torch::Tensor> operands;
    for (const TensorShape &part : part_shapes(kind, shape, ranks_of(kind, shape, 0.5)))
      operands.push_back(
        torch::randn(std::vector<std::int64_t>(part.begin(), part.end()), torch::kComplexDouble));
    const torch::Tensor W = reconstructed(kind, operands).view({4, 5, 6, 3});
    operands.push_back(X);
    const torch::Tensor factored = torch::einsum(sums, operands),
                        rebuilt = torch::einsum("nacd,abcd->nbcd", {X, W});
    EXPECT_LT((factored - rebuilt).norm().item<double>(), 1e-12 * rebuilt.norm().item<double>())
      << name_of(kind);
  }
}

// Along one random direction of all tensors and of the input, in which each moves as far as it is
// long: a tensor whose gradient is wrong is seen unless its share of the slope is below 1e-6.
TEST(Gradient, IsThatOfCentralDifferences)
{
  for (const auto &config : test::small_fnos())
  {
    FnoModule module(disturbed(config), torch::kFloat64);
    torch::manual_seed(2);
    const torch::Tensor x = torch::randn({2, 2, 8, 9}, torch::kFloat64).requires_grad_();
    const torch::Tensor direction = torch::randn({2, 3, 8, 9}, torch::kFloat64);
    loss_of(module, x, direction).backward();
    auto tensors = module->parameters();
    tensors.push_back(x);
    const torch::NoGradGuard no_gradient;
    std::vector<torch::Tensor> d;
    double slope = 0., size = 0.;
    for (const auto &t : tensors)
    {
      d.push_back(torch::randn_like(t));
      d.back() *= t.norm() / d.back().norm();
      const double part = (t.grad() * d.back()).sum().item<double>();
      slope += part;
      size += std::abs(part);
    }
    ASSERT_GT(size, 0.);
    const auto move = [&](double step)
    {
      for (std::size_t i = 0; i < tensors.size(); ++i)
        tensors[i] += step * d[i];
      return loss_of(module, x, direction).item<double>();
    };
    constexpr double h = 1e-5;
    const double upper = move(h), lower = move(-2. * h);
    EXPECT_NEAR((upper - lower) / (2. * h), slope, 1e-6 * size) << text(config);
  }
}

// Running means follow those of the steps, which after many equal ones they have reached: then the
// answer is that of the training, but for the n - 1 of 576 values by which variances are divided.
TEST(BatchNormalisation, EndsInTheMeansOfTheTraining)
{
  for (const bool first : {false, true})
  {
    FnoConfig config = test::small_fno([](FnoConfig &c) { c.norm = FnoNorm::batch; });
    config.preactivation = first;
    FnoModule module(disturbed(config), torch::kFloat64);
    const torch::NoGradGuard no_gradient;
    torch::manual_seed(4);
    const torch::Tensor x = torch::randn({3, 2, 16, 12}, torch::kFloat64);
    torch::Tensor y = torch::empty({3, 3, 16, 12}, torch::kFloat64);
    const auto distance_from_training = [&]
    {
      const torch::Tensor expected = module->forward(x);
      Fno<double>(module->weights())
        .evaluate(3, 16, 12, x.data_ptr<double>(), y.data_ptr<double>());
      return ((y - expected).norm() / expected.norm()).item<double>();
    };
    EXPECT_GT(distance_from_training(), 0.05);
    for (unsigned step = 0; step < 300; ++step)
      module->forward(x);
    EXPECT_LT(distance_from_training(), 5e-3);
  }
}

// What the first normalisation is given does not depend on its statistics: after each of two equal
// steps they have gone a tenth of the way that was left.
TEST(BatchNormalisation, MovesByATenth)
{
  FnoModule module(
    FnoWeights::random(test::small_fno([](FnoConfig &c) { c.norm = FnoNorm::batch; }), 1),
    torch::kFloat64);
  torch::manual_seed(4);
  const torch::Tensor x = torch::randn({3, 2, 16, 12}, torch::kFloat64);
  module->forward(x);
  const FnoWeights once = module->weights();
  module->forward(x);
  const FnoWeights twice = module->weights();
  for (std::size_t c = 0; c < 6; ++c)
  {
    const double mean = once.at("block0/norm0/mean")[c];
    EXPECT_GT(std::abs(mean), 1e-6);
    EXPECT_NEAR(twice.at("block0/norm0/mean")[c], 1.9 * mean, 1e-14);
    const double variance = once.at("block0/norm0/variance")[c] - 1.;
    EXPECT_GT(std::abs(variance), 1e-6);
    EXPECT_NEAR(twice.at("block0/norm0/variance")[c] - 1., 1.9 * variance, 1e-14);
  }
}

TEST(Module, HasTheParametersThatAreCountedAndGivesThemBack)
{
  for (const auto &config : test::small_fnos())
  {
    const auto weights = FnoWeights::random(config, 5);
    FnoModule module(weights, torch::kFloat64);
    std::size_t n = 0;
    for (const auto &t : module->parameters())
      n += static_cast<std::size_t>(t.numel());
    EXPECT_EQ(n, n_parameters(config));
    EXPECT_EQ(module->weights().tensors, weights.tensors);
  }
}
