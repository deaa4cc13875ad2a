// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <surrogates/mmgp_snapshots.h>

#include <algorithm>
#include <cmath>

namespace understudy
{
namespace
{
std::string in_sample(std::size_t i)
{
  return "Sample " + std::to_string(i) + " ";
}

void check_sample(const MmgpProblem &problem, const MmgpSample &sample, std::size_t i)
{
  const auto finite = [](const std::vector<double> &v)
  { return std::ranges::all_of(v, [](double x) { return std::isfinite(x); }); };
  if (sample.inputs.size() != problem.inputs.size() ||
      sample.fields.size() != problem.fields.size() ||
      sample.scalars.size() != problem.scalars.size())
    throw UserError(in_sample(i) + "has other inputs or outputs than the problem.");
  for (const auto &field : sample.fields)
    if (field.size() != sample.mesh.n_nodes() || !finite(field))
      throw UserError(in_sample(i) + "has a field that does not have one finite value per node.");
  if (!finite(sample.inputs) || !finite(sample.scalars))
    throw UserError(in_sample(i) + "has a scalar that is not finite.");
}

std::ptrdiff_t offset(std::size_t i, std::size_t n)
{
  return static_cast<std::ptrdiff_t>(i * n);
}
} // namespace

std::vector<std::size_t> samples_of_fold(std::size_t n_samples, std::size_t fold, bool all_others)
{
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < n_samples; ++i)
    if ((i % n_folds == fold) != all_others)
      numbers.push_back(i);
  return numbers;
}

MmgpMorphing::MmgpMorphing(MPI_Comm comm, const MmgpProblem &problem, const CommonMesh &common,
                           std::size_t n_samples)
  : comm_(comm), problem_(problem), common_(common)
{
  const std::size_t n = common.n_nodes();
  all_.n_samples = n_samples;
  all_.n_nodes = n;
  all_.shape.assign(n_samples * 2 * n, 0.);
  all_.fields.assign(problem.fields.size(), std::vector<double>(n_samples * n, 0.));
  all_.inputs.assign(n_samples * problem.inputs.size(), 0.);
  all_.scalars.assign(n_samples * problem.scalars.size(), 0.);
}

void MmgpMorphing::take(std::size_t i, const MmgpSample &sample)
{
  check_sample(problem_, sample, i);
  try
  {
    morphed_.insert_or_assign(i, common_.morph(sample.mesh));
  }
  catch (const UserError &trouble)
  {
    throw UserError(in_sample(i) + "cannot be morphed: " + trouble.what());
  }
  const MeshTransfer &to_common = morphed_.at(i).to_common;
  const std::size_t n = all_.n_nodes;
  to_common.apply(2, coordinates_of(sample.mesh).data(), &all_.shape[i * 2 * n]);
  for (std::size_t f = 0; f < sample.fields.size(); ++f)
    to_common.apply(1, learned(f, sample).data(), &all_.fields[f][i * n]);
  std::ranges::copy(sample.inputs, all_.inputs.begin() + offset(i, sample.inputs.size()));
  for (std::size_t s = 0; s < sample.scalars.size(); ++s)
    all_.scalars[i * sample.scalars.size() + s] = problem_.scalars[s].learned(sample.scalars[s]);
}

void MmgpMorphing::share(std::vector<double> &values) const
{
  MPI_Allreduce(MPI_IN_PLACE, values.data(), static_cast<int>(values.size()), MPI_DOUBLE, MPI_SUM,
                comm_);
}

void MmgpMorphing::share_snapshots()
{
  share(all_.shape);
  share(all_.inputs);
  share(all_.scalars);
  for (auto &field : all_.fields)
    share(field);
}

std::vector<double> MmgpMorphing::learned(std::size_t f, const MmgpSample &sample) const
{
  std::vector<double> values = sample.fields[f];
  for (double &value : values)
    value = problem_.fields[f].learned(value);
  return values;
}

void MmgpMorphing::add_loss(std::size_t i, const MmgpSample &sample,
                            const std::vector<WeightedPod> &pods,
                            std::vector<std::vector<double>> &loss) const
{
  const std::size_t n = all_.n_nodes;
  std::vector<double> back(n), squares(n), here(sample.mesh.n_nodes());
  for (std::size_t f = 0; f < sample.fields.size(); ++f)
  {
    pods[f].expand(pods[f].project(1, &all_.fields[f][i * n]), back.data());
    morphed(i).from_common.apply(1, back.data(), here.data());
    const std::vector<double> truth = learned(f, sample);
    for (std::size_t p = 0; p < here.size(); ++p)
      here[p] = (here[p] - truth[p]) * (here[p] - truth[p]);
    morphed(i).to_common.apply(1, here.data(), squares.data());
    for (std::size_t p = 0; p < n; ++p)
      loss[f][p] += squares[p];
  }
}
} // namespace understudy
