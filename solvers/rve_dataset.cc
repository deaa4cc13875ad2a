// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/sha256.h>
#include <data/sampling/latin_hypercube.h>
#include <solvers/generate_samples.h>
#include <solvers/rve_dataset.h>

#include <algorithm>
#include <cmath>
#include <span>

namespace understudy
{
namespace
{
struct PlannedSample
{
  std::size_t id;
  std::string split;
  std::array<double, 3> E;
};

/// All strains in the order of their ids: training, validation, test. Each split has its own
/// design, so that another number of test samples leaves the training samples as they are.
std::vector<PlannedSample> plan(const RveSamplingParameters &sampling)
{
  std::vector<PlannedSample> all;
  const auto add = [&](const std::string &split, unsigned n, std::uint64_t seed)
  {
    const double graded_share = split == "train" ? sampling.graded_share : 0.;
    const PointBatch strains = graded_strains(n, sampling.limit, graded_share, seed);
    for (unsigned i = 0; i < n; ++i)
      all.push_back({all.size(), split, {strains(0, i), strains(1, i), strains(2, i)}});
  };
  add("train", sampling.n_train, sampling.seed);
  add("val", sampling.n_validation, sampling.seed + 1);
  add("test", sampling.n_test, sampling.seed + 2);
  return all;
}

nlohmann::json describe(const MaterialParameters &m)
{
  nlohmann::json j = {{"law", m.law}, {"bulk_N_per_mm2", m.bulk}};
  if (m.law == "linear")
    j["shear_N_per_mm2"] = m.shear;
  else
    j.update({{"a1_N_per_mm2", m.a1}, {"a2", m.a2}, {"norm", m.norm}});
  return j;
}

template <class T>
std::string hash_of(const std::vector<T> &values)
{
  return sha256_hex(std::as_bytes(std::span<const T>(values)));
}

void add_static_arrays(DataSetInfo &info, const RveMesh &mesh, const RveDiscretisation &d)
{
  StaticArray nodes{{mesh.nodes.size(), 2}, "1", {}, false};
  for (const auto &x : mesh.nodes)
    nodes.values.insert(nodes.values.end(), x.begin(), x.end());
  StaticArray cells{{mesh.cells.size(), 8}, "1", {}, true};
  for (const auto &cell : mesh.cells)
    cells.values.insert(cells.values.end(), cell.begin(), cell.end());
  StaticArray phase{{mesh.cells.size()}, "1", {}, true};
  for (const Phase p : mesh.phase)
    phase.values.push_back(static_cast<double>(p));
  StaticArray place{{d.n_points(), 2}, "1", {}, false};
  for (const auto &x : d.point_places())
    place.values.insert(place.values.end(), x.begin(), x.end());
  info.statics = {{"mesh/nodes", nodes},
                  {"mesh/cells", cells},
                  {"mesh/phase", phase},
                  {"points/place", place},
                  {"points/weight", {{d.n_points()}, "1", d.weights(), false}}};
}

Sample solve_sample(const PlannedSample &planned, Rve &rve)
{
  Sample sample;
  sample.id = planned.id;
  sample.split = planned.split;
  std::vector<double> w;
  rve.elastic_guess(planned.E, w);
  const RveAnswer answer = rve.solve(planned.E, w, true);
  if (!answer.converged)
  {
    sample.crashed = true;
    sample.note = "Newton's method stopped at a relative residual of " +
                  std::to_string(answer.residual) + " after " + std::to_string(answer.iterations) +
                  " steps";
    return sample;
  }
  const PointBatch &s = rve.stress();
  sample.values = {
    {planned.E.begin(), planned.E.end()},           {answer.stress.begin(), answer.stress.end()},
    {answer.tangent.begin(), answer.tangent.end()}, w,
    {s.data(), s.data() + 3 * s.n_points()},        {answer.residual}};
  return sample;
}
} // namespace

PointBatch graded_strains(std::size_t n, const StrainBox &box, double graded_share,
                          std::uint64_t seed)
{
  // The fourth coordinate is t.
  std::vector<double> lower = box.lower(), upper = box.upper();
  lower.push_back(0.);
  upper.push_back(1.);
  const PointBatch design = latin_hypercube(n, lower, upper, seed);
  const auto n_uniform = n - static_cast<std::size_t>(graded_share * static_cast<double>(n));
  PointBatch strains(3, n);
  for (std::size_t p = 0; p < n; ++p)
    for (unsigned i = 0; i < 3; ++i)
      strains(i, p) = design(i, p) * (p < n_uniform ? 1. : std::pow(10., -2 * design(3, p)));
  return strains;
}

namespace
{
/// Fields, mesh and materials: all that does not depend on the choice of strains.
DataSetInfo describe_model(const RveMesh &mesh, const Rve &rve)
{
  const RveDiscretisation &d = rve.discretisation();
  DataSetInfo info;
  info.kind = "fe2-rve";
  info.fields = {{"E", {3}, "1"},
                 {"S", {3}, "N/mm2"},
                 {"C", {3, 3}, "N/mm2"},
                 {"w", {d.n_dofs()}, "1"},
                 {"stress", {3, d.n_points()}, "N/mm2"},
                 {"residual", {}, "1"}};
  const RveParameters &p = rve.parameters();
  std::vector<unsigned char> phases;
  for (const Phase phase : mesh.phase)
    phases.push_back(static_cast<unsigned char>(phase));
  info.defining = {{"mesh", mesh.name},
                   {"mesh_nodes_sha256", hash_of(mesh.nodes)},
                   {"mesh_cells_sha256", hash_of(mesh.cells)},
                   {"mesh_phase_sha256", hash_of(phases)},
                   {"matrix", describe(p.matrix)},
                   {"fibre", describe(p.fibre)},
                   {"norm", p.matrix.norm},
                   {"tolerance", p.tolerance},
                   {"maximum_iterations", p.maximum_iterations}};
  info.attributes = {{"title", "Periodic RVE under macroscopic plane strain"},
                     {"strain_order", "Exx, Eyy, Gxy (engineering shear)"},
                     {"stress_order", "Sxx, Syy, Sxy"}};
  add_static_arrays(info, mesh, d);
  return info;
}

std::size_t solve_planned(MPI_Comm comm, const std::string &folder, const DataSetInfo &info,
                          Rve &rve, const std::vector<PlannedSample> &all,
                          unsigned samples_per_shard, const std::string &what, Log &log,
                          bool start_afresh)
{
  return generate_samples(
    comm, folder, info, all.size(), samples_per_shard,
    [&](std::size_t id) { return solve_sample(all[id], rve); }, what, log, start_afresh);
}

/// Every fourth strain is kept for validation.
std::vector<PlannedSample> plan(const PointBatch &strains)
{
  std::vector<PlannedSample> all;
  for (std::size_t p = 0; p < strains.n_points(); ++p)
    all.push_back({p, p % 4 == 3 ? "val" : "train", {strains(0, p), strains(1, p), strains(2, p)}});
  return all;
}
} // namespace

DataSetInfo describe_rve_dataset(const RveMesh &mesh, const Rve &rve,
                                 const RveSamplingParameters &sampling)
{
  DataSetInfo info = describe_model(mesh, rve);
  info.defining.update({{"box_limit", sampling.limit},
                        {"graded_share", sampling.graded_share},
                        {"n_train", sampling.n_train},
                        {"n_validation", sampling.n_validation},
                        {"n_test", sampling.n_test},
                        {"seed", sampling.seed}});
  return info;
}

DataSetInfo describe_rve_dataset(const RveMesh &mesh, const Rve &rve, const PointBatch &strains)
{
  DataSetInfo info = describe_model(mesh, rve);
  const std::vector<double> values(strains.data(), strains.data() + 3 * strains.n_points());
  info.defining.update({{"strains_sha256", hash_of(values)}, {"n_strains", strains.n_points()}});
  return info;
}

std::size_t generate_rve_dataset(MPI_Comm comm, const std::string &folder, const DataSetInfo &info,
                                 Rve &rve, const RveSamplingParameters &sampling, Log &log,
                                 bool start_afresh)
{
  return solve_planned(comm, folder, info, rve, plan(sampling), sampling.samples_per_shard,
                       "generate", log, start_afresh);
}

std::size_t generate_rve_dataset(MPI_Comm comm, const std::string &folder, const DataSetInfo &info,
                                 Rve &rve, const PointBatch &strains, Log &log, bool start_afresh)
{
  return solve_planned(comm, folder, info, rve, plan(strains), 16, "hand-overs", log, start_afresh);
}
} // namespace understudy
