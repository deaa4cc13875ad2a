// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// What EquiNO's error indicator costs on one core by processor time, with the sizes of the
// defaults: 16 modes, 64 points, 1500 centres or layers of 48. Counters: points_per_second of the
// estimate, and limit_points_per_second, that of value and tangent, which the iterations of a
// solver ask; the two are measured in turn, in one run, and the medians are compared.
// share_of_guard is the share of the closure's time that the estimate takes when it is asked for
// once in five evaluations with tangent.
#include <data/store/model_file.h>
#include <operators/nn/mlp.h>
#include <operators/nn/odd_rbf.h>
#include <surrogates/equino_indicator.h>
#include <tests/random_numbers.h>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <memory>

using namespace understudy;
using test::random_numbers;

namespace
{
constexpr std::size_t n_points = 4096, n_modes = 16, n_indicator = 64;

double seconds()
{
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

std::unique_ptr<Head> rbf(std::size_t n_outputs, unsigned seed)
{
  constexpr std::size_t n_centres = 1500;
  OddRbf::Coefficients c;
  c.scale = {0.04, 0.04, 0.04};
  c.centres = random_numbers(3 * n_centres, 1, 1.);
  c.linear = random_numbers(3 * n_outputs, seed, 1e-3);
  c.radial = random_numbers(n_centres * n_outputs, seed + 1, 1e-5);
  return std::make_unique<OddRbf>(std::move(c));
}

std::unique_ptr<Head> mlp(std::size_t n_outputs, unsigned seed)
{
  MlpWeights w;
  w.odd = true;
  w.input_scale = {0.04, 0.04, 0.04};
  std::size_t width = 3;
  for (const std::size_t n : {std::size_t(48), std::size_t(48), std::size_t(48), n_outputs})
  {
    w.layers.push_back({width, n, random_numbers(width * n, seed, 0.2),
                        random_numbers(w.layers.size() == 3 ? 0 : n, seed + 1, 0.2)});
    width = n;
  }
  return std::make_unique<Mlp>(std::move(w));
}

double median(std::vector<double> v)
{
  std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
  return v[v.size() / 2];
}

void indicator(benchmark::State &state, std::unique_ptr<Head> (*make)(std::size_t, unsigned))
{
  ModelFile file;
  file.add("indicator/phi_e", {3 * n_indicator, n_modes},
           random_numbers(3 * n_indicator * n_modes, 2, 1e-2));
  file.add("indicator/phi_s", {3 * n_indicator, n_modes},
           random_numbers(3 * n_indicator * n_modes, 3, 1.));
  file.add("indicator/n_matrix", {}, {44.});
  for (const char *factor : {"indicator/U_matrix", "indicator/U_fibre"})
    file.add(factor, {3, 3}, {0.01, 0.002, 0., 0., 0.01, 0., 0., 0., 0.05});
  file.add("indicator/scale", {}, {1.});
  const auto H = random_numbers(3 * n_modes, 4, 1.);
  file.add("H", {3, n_modes}, H);
  const auto a = make(n_modes, 7), b = make(n_modes, 9), stress = b->folded(H.data(), 3);
  const auto matrix = material_laws().create("saturating-shear", default_matrix());
  const auto fibre = material_laws().create(default_fibre().law, default_fibre());
  EquinoIndicator indicator(file, *a, *b, *matrix, *fibre);

  const auto E = random_numbers(3 * n_points, 11, 0.04);
  std::vector<double> S(3 * n_points), C(9 * n_points), estimate(n_points);
  std::vector<double> of_estimate, with_tangent;
  for (auto _ : state)
  {
    const double start = seconds();
    indicator.evaluate(n_points, E.data(), estimate.data());
    const double middle = seconds();
    stress->evaluate(n_points, E.data(), S.data(), C.data());
    with_tangent.push_back(seconds() - middle);
    of_estimate.push_back(middle - start);
    benchmark::ClobberMemory();
  }
  const double estimated = median(of_estimate), tangent = median(with_tangent);
  state.counters["points_per_second"] = n_points / estimated;
  state.counters["limit_points_per_second"] = n_points / tangent;
  state.counters["share_of_guard"] = estimated / (estimated + 5. * tangent);
}
} // namespace

BENCHMARK_CAPTURE(indicator, equino_rbf, rbf)->Iterations(51);
BENCHMARK_CAPTURE(indicator, equino_mlp, mlp)->Iterations(51);
BENCHMARK_MAIN();
