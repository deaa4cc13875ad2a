// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/fe2/stages.h>
#include <data/core/collective.h>
#include <data/core/timing.h>

#include <cstdio>
#include <numeric>

namespace understudy
{
namespace
{
/// "micro structure: 342 cells, 20.1 % fibre"
std::string describe_micro_structure(const RveDiscretisation &d, const RveMesh &mesh)
{
  const auto &w = d.weights();
  const auto fibre = w.begin() + static_cast<std::ptrdiff_t>(d.n_matrix_points());
  const double share =
    std::accumulate(fibre, w.end(), 0.) / std::accumulate(w.begin(), w.end(), 0.);
  char line[96];
  std::snprintf(line, sizeof line, "generate: micro structure of %zu cells, %.3g %% fibre",
                mesh.cells.size(), 100. * share);
  return line;
}
} // namespace

void generate_stage(Fe2Workshop &workshop)
{
  RunContext &context = workshop.context();
  const RveSamplingParameters &sampling = workshop.parameters().sampling;
  context.log.info(describe_micro_structure(workshop.rve()->discretisation(), workshop.mesh()));
  const double start = seconds_now();
  const std::size_t solved =
    generate_rve_dataset(context.comm, workshop.data().string(), workshop.dataset_info(),
                         *workshop.rve(), sampling, context.log, context.force);
  const double elapsed = seconds_now() - start;
  on_rank_0(context.comm,
            [&]
            {
              const auto file = context.output / "generate.json";
              if (solved > 0 || !std::filesystem::exists(file))
                write_json(file,
                           {{"samples_solved", solved},
                            {"samples", sampling.n_train + sampling.n_validation + sampling.n_test},
                            {"seconds", elapsed}});
              return std::string();
            });
}
} // namespace understudy
