// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Points per second of the learned heads on one core, against the rate of dgemm (sgemm) measured in
// the same run, all by processor time: counters points_per_second, gflops (multiplications with
// weights only) and limit_gflops, that of gemm. The rival of the plain net is the same net with one
// BLAS call per layer.
#include <operators/nn/mlp.h>
#include <operators/nn/odd_rbf.h>
#include <operators/nn/train_mlp.h>
#include <tests/random_numbers.h>

#include <benchmark/benchmark.h>

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <ctime>

using namespace understudy;
using test::random_numbers;

namespace
{
/// Processor time of this program [s]: other programs on the machine do not count.
double seconds()
{
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

template <class T, class Gemm>
double gemm_rate(const Gemm &gemm)
{
  constexpr int n = 1024;
  const std::vector<T> A(n * n, T(1)), B(n * n, T(1));
  std::vector<T> C(n * n);
  double best = 0.;
  for (int i = 0; i < 20; ++i)
  {
    const double start = seconds();
    gemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, T(1), A.data(), n, B.data(), n, T(0),
         C.data(), n);
    const double time = seconds() - start;
    best = std::max(best, 2e-9 * n * n * n / time);
  }
  return best;
}

/// GFLOP/s of a large matrix product.
double gemm_rate(Precision precision)
{
  static const double rate_double = gemm_rate<double>(cblas_dgemm);
  static const double rate_single = gemm_rate<float>(cblas_sgemm);
  return precision == Precision::double_ ? rate_double : rate_single;
}

Mlp random_net(const std::vector<std::size_t> &widths, bool odd, Precision precision)
{
  MlpWeights w;
  w.odd = odd;
  w.input_scale.assign(widths[0], 1.);
  for (std::size_t i = 0; i + 1 < widths.size(); ++i)
  {
    const std::size_t n_bias = odd && i + 2 == widths.size() ? 0 : widths[i + 1];
    const double range = std::sqrt(3. / static_cast<double>(widths[i]));
    w.layers.push_back({widths[i], widths[i + 1],
                        random_numbers(widths[i] * widths[i + 1], 5, range),
                        random_numbers(n_bias, 5)});
  }
  return Mlp(std::move(w), precision);
}

constexpr std::size_t n_points = 4096;

/// Points per second of the rival: value and three tangents of a plain net, blocks of 64 points,
/// one dgemm per layer.
double rate_by_dgemm(const Mlp &net)
{
  constexpr std::size_t block = 64, columns = 4 * block;
  const auto x = random_numbers(3 * n_points, 5);
  std::vector<double> in(64 * columns), out(64 * columns);
  constexpr unsigned repetitions = 50;
  const double start = seconds();
  for (unsigned r = 0; r < repetitions; ++r)
    for (std::size_t p = 0; p < n_points; p += block)
    {
      std::fill(in.begin(), in.begin() + 3 * columns, 0.);
      for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t q = 0; q < block; ++q)
        {
          in[i * columns + q] = x[i * n_points + p + q];
          in[i * columns + (1 + i) * block + q] = 1.;
        }
      for (const auto &l : net.weights().layers)
      {
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, static_cast<int>(l.n_out), columns,
                    static_cast<int>(l.n_in), 1., l.weight.data(), static_cast<int>(l.n_in),
                    in.data(), columns, 0., out.data(), columns);
        for (std::size_t k = 0; k < l.n_out; ++k)
          for (std::size_t q = 0; q < block; ++q)
          {
            double *h = &out[k * columns + q];
            const double z = h[0] + l.bias[k], s = 1. / (1. + std::exp(-z)), u = z * s;
            const double du = s + u * (1. - s);
            h[0] = u;
            for (std::size_t j = 1; j < 4; ++j)
              h[j * block] *= du;
          }
        std::swap(in, out);
      }
      benchmark::DoNotOptimize(in.data());
    }
  return repetitions * static_cast<double>(n_points) / (seconds() - start);
}

void run(benchmark::State &state, const Head &head, bool tangent, double flops, Precision precision)
{
  const auto x = random_numbers(head.n_inputs() * n_points, 5);
  std::vector<double> y(head.n_outputs() * n_points), dy(y.size() * head.n_inputs());
  const double gemm = gemm_rate(precision);
  const double start = seconds();
  for (auto _ : state)
  {
    head.evaluate(n_points, x.data(), y.data(), tangent ? dy.data() : nullptr);
    benchmark::ClobberMemory();
  }
  const double time = seconds() - start;
  const double rate = static_cast<double>(state.iterations() * n_points) / time;
  state.counters["points_per_second"] = rate;
  state.counters["gflops"] = 1e-9 * rate * flops;
  state.counters["limit_gflops"] = gemm;
}

void mlp(benchmark::State &state, std::vector<std::size_t> widths, bool odd, bool tangent,
         Precision precision)
{
  const Mlp net = random_net(widths, odd, precision);
  run(state, net, tangent, net.flops_per_point(tangent), precision);
  if (!odd && tangent && precision == Precision::double_)
    state.counters["rival_points_per_second"] = rate_by_dgemm(net);
}

void odd_rbf(benchmark::State &state, std::size_t n_centres, bool hermite, bool tangent,
             Precision precision)
{
  OddRbf::Coefficients c;
  c.scale = {1., 1., 1.};
  c.centres = random_numbers(3 * n_centres, 5);
  c.linear = random_numbers(9, 5);
  c.hermite = hermite;
  const std::size_t n_radial = n_centres * (hermite ? 4 : 1);
  c.radial = random_numbers(3 * n_radial, 5);
  const double flops = 2. * 3. * static_cast<double>(3 + n_radial) * (tangent ? 4. : 1.);
  run(state, OddRbf(std::move(c), precision), tangent, flops, precision);
}

// Loss and gradient of 1000 samples with (1 + 3) x 16 labels.
void train_evaluation(benchmark::State &state)
{
  PointBatch x(3, 1000), y(16, 1000), dy(48, 1000);
  for (PointBatch *b : {&x, &y, &dy})
  {
    const auto v = random_numbers(b->n_components() * b->n_points(), 5);
    std::copy(v.begin(), v.end(), b->data());
  }
  MlpLoss loss(MlpRecipe(), {&x, &y, &dy});
  const double gemm = gemm_rate(Precision::double_);
  const std::vector<double> p = loss.initial_parameters();
  std::vector<double> g(p.size());
  const double start = seconds();
  for (auto _ : state)
    benchmark::DoNotOptimize(loss.evaluate(p.data(), g.data()));
  const double rate = 1000. * static_cast<double>(state.iterations()) / (seconds() - start);
  // Forward once, backward by weights and by inputs.
  const double flops = 3. * loss.network(p.data()).flops_per_point(true);
  state.counters["points_per_second"] = rate;
  state.counters["gflops"] = 1e-9 * rate * flops;
  state.counters["limit_gflops"] = gemm;
}

constexpr auto full = Precision::double_;
constexpr auto single = Precision::single;
} // namespace

using Widths = std::vector<std::size_t>;
BENCHMARK_CAPTURE(mlp, plain_4x64_tangent, Widths{3, 64, 64, 64, 64, 3}, false, true, full);
BENCHMARK_CAPTURE(mlp, plain_4x64_value, Widths{3, 64, 64, 64, 64, 3}, false, false, full);
BENCHMARK_CAPTURE(mlp, plain_4x64_tangent_single, Widths{3, 64, 64, 64, 64, 3}, false, true,
                  single);
BENCHMARK_CAPTURE(mlp, plain_4x64_value_single, Widths{3, 64, 64, 64, 64, 3}, false, false, single);
BENCHMARK_CAPTURE(mlp, odd_4x64_tangent, Widths{3, 64, 64, 64, 64, 3}, true, true, full);
BENCHMARK_CAPTURE(mlp, odd_3x48_tangent, Widths{3, 48, 48, 48, 3}, true, true, full);
BENCHMARK_CAPTURE(mlp, odd_3x48_value, Widths{3, 48, 48, 48, 3}, true, false, full);
BENCHMARK_CAPTURE(mlp, odd_3x48_tangent_single, Widths{3, 48, 48, 48, 3}, true, true, single);
BENCHMARK_CAPTURE(odd_rbf, c250_tangent, 250, false, true, full);
BENCHMARK_CAPTURE(odd_rbf, c250_value, 250, false, false, full);
BENCHMARK_CAPTURE(odd_rbf, c250_tangent_single, 250, false, true, single);
BENCHMARK_CAPTURE(odd_rbf, c500_tangent, 500, false, true, full);
BENCHMARK_CAPTURE(odd_rbf, c1000_tangent, 1000, false, true, full);
BENCHMARK_CAPTURE(odd_rbf, c1000_tangent_single, 1000, false, true, single);
BENCHMARK_CAPTURE(odd_rbf, c250_hermite_tangent, 250, true, true, full);
BENCHMARK_CAPTURE(odd_rbf, c250_hermite_value, 250, true, false, full);
BENCHMARK(train_evaluation);
BENCHMARK_MAIN();
