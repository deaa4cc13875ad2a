// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/fe2/handover.h>
#include <cases/fe2/workshop.h>
#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/sampling/farthest_points.h>
#include <data/store/folders.h>
#include <solvers/rve_dataset.h>

#include <deal.II/base/mpi.h>

#include <algorithm>
#include <cmath>

namespace understudy
{
namespace
{
/// Strains are rounded to it, so that runs on different numbers of ranks keep the same samples.
constexpr double grid = 1e-9;
/// Samples closer to each other than this share of the box tell the same.
constexpr double spacing = 0.02;

/// Exx, Eyy, Gxy in turn of all points that the last answerer, the exact model, answered.
std::vector<double> strains_of_handovers(const std::vector<MacroFields> &steps)
{
  std::vector<double> E;
  for (const MacroFields &step : steps)
    for (const MacroCell &cell : step.cells)
      for (const MacroPoint &point : cell.points)
        if (point.answered_by + 1u == step.answerers.size())
          for (const double e : point.strain)
            E.push_back(std::round(e / grid) * grid);
  return E;
}

PointBatch choose(const std::vector<double> &E, const StrainBox &box, unsigned n)
{
  PointBatch scaled(3, E.size() / 3);
  for (std::size_t p = 0; p < scaled.n_points(); ++p)
    for (unsigned i = 0; i < 3; ++i)
      scaled(i, p) = E[3 * p + i] / box.half[i];
  const auto chosen = farthest_points(scaled, n, spacing);
  PointBatch strains(3, chosen.size());
  for (std::size_t p = 0; p < chosen.size(); ++p)
    for (unsigned i = 0; i < 3; ++i)
      strains(i, p) = E[3 * chosen[p] + i];
  return strains;
}

/// Whether @p folder holds a data set, even an unfinished one, of something else.
bool holds_another(const std::filesystem::path &folder, const DataSetInfo &info)
{
  if (!std::filesystem::exists(folder / "manifest.json"))
    return false;
  try
  {
    return DataSet::open(folder.string()).fingerprint() != info.fingerprint();
  }
  catch (const UserError &)
  {
    return true;
  }
}
} // namespace

std::size_t keep_handovers(Fe2Workshop &workshop, const std::vector<MacroFields> &steps)
{
  RunContext &context = workshop.context();
  StrainBox box;
  on_all_ranks(context.comm, [&] { box = workshop.training_box(); });
  std::vector<double> E;
  on_rank_0(context.comm,
            [&]
            {
              E = strains_of_handovers(steps);
              // Rounded sets keep the strains of the rounds before, in their order.
              const std::vector<double> known = workshop.known_handovers();
              E.insert(E.begin(), known.begin(), known.end());
              return std::string();
            });
  E = dealii::Utilities::MPI::broadcast(context.comm, E, 0);
  const PointBatch strains = choose(E, box, workshop.parameters().guard.handover_samples);
  const auto folder = workshop.handovers(), next = std::filesystem::path(folder.string() + ".next");
  if (strains.n_points() == 0)
  {
    // What an earlier run of another load left would be learned from otherwise.
    on_rank_0(context.comm,
              [&]
              {
                remove_folder(folder);
                return std::string();
              });
    return 0;
  }
  const DataSetInfo info = describe_rve_dataset(workshop.mesh(), *workshop.rve(), strains);
  const bool afresh =
    !on_rank_0(context.comm, [&] { return std::string(holds_another(next, info) ? "yes" : ""); })
       .empty();
  generate_rve_dataset(context.comm, next.string(), info, *workshop.rve(), strains, context.log,
                       afresh);
  on_rank_0(context.comm,
            [&]
            {
              replace_folder(next, folder);
              return std::string();
            });
  return strains.n_points();
}
} // namespace understudy
