// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <operators/nn/cholesky.h>
#include <surrogates/mmgp_rivals.h>

#include <algorithm>
#include <limits>

namespace understudy
{
namespace
{
constexpr double penalty = 1e-3;

void add_up(MPI_Comm comm, std::vector<double> &values)
{
  MPI_Allreduce(MPI_IN_PLACE, values.data(), static_cast<int>(values.size()), MPI_DOUBLE, MPI_SUM,
                comm);
}

/// (X^T X + penalty n I)^-1 X^T, [d][n], for X [n][d] of mean zero.
std::vector<double> ridge_operator(const std::vector<double> &X, std::size_t n, std::size_t d)
{
  std::vector<double> A(d * d, 0.), R(d * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t a = 0; a < d; ++a)
      for (std::size_t b = 0; b < d; ++b)
        A[a + b * d] += X[i * d + a] * X[i * d + b];
  for (std::size_t a = 0; a < d; ++a)
    A[a + a * d] += penalty * static_cast<double>(n);
  cholesky(d, A.data(), d);
  std::vector<double> column(d);
  for (std::size_t i = 0; i < n; ++i)
  {
    for (std::size_t a = 0; a < d; ++a)
    {
      column[a] = X[i * d + a];
      for (std::size_t b = 0; b < a; ++b)
        column[a] -= A[a + b * d] * column[b];
      column[a] /= A[a + a * d];
    }
    for (std::size_t a = d; a-- > 0;)
    {
      for (std::size_t b = a + 1; b < d; ++b)
        column[a] -= A[b + a * d] * column[b];
      column[a] /= A[a + a * d];
      R[a * n + i] = column[a];
    }
  }
  return R;
}
} // namespace

const std::vector<std::string> &MmgpRivals::names()
{
  static const std::vector<std::string> all = {"training-mean", "nearest-neighbour", "ridge"};
  return all;
}

MmgpRivals::MmgpRivals(MPI_Comm comm, const Mmgp &model, std::size_t n_samples,
                       const std::function<MmgpSample(std::size_t)> &sample)
  : model_(model), n_samples_(n_samples)
{
  const Mmgp::State &state = model.state();
  const std::size_t n_common = state.common.n_nodes(), n_scalars = state.scalars.size();
  n_inputs_ = state.x.offset.size();
  X_.assign(n_samples * n_inputs_, 0.);
  fields_.assign(state.fields.size(), std::vector<double>(n_samples * n_common, 0.));
  scalars_.assign(n_samples * n_scalars, 0.);
  int n_ranks = 1;
  MPI_Comm_size(comm, &n_ranks);
  on_all_ranks(comm,
               [&]
               {
                 for (std::size_t i = rank_in(comm); i < n_samples; i += n_ranks)
                 {
                   const MmgpSample s = sample(i);
                   const auto morphed = state.common.morph(s.mesh);
                   double residual = 0.;
                   std::ranges::copy(model.input_of(s.mesh, morphed, s.inputs, residual),
                                     &X_[i * n_inputs_]);
                   for (std::size_t f = 0; f < fields_.size(); ++f)
                   {
                     std::vector<double> learned = s.fields[f];
                     for (double &value : learned)
                       value = state.fields[f].output.learned(value);
                     morphed.to_common.apply(1, learned.data(), &fields_[f][i * n_common]);
                   }
                   for (std::size_t k = 0; k < n_scalars; ++k)
                     scalars_[i * n_scalars + k] = state.scalars[k].output.learned(s.scalars[k]);
                 }
               });
  add_up(comm, X_);
  add_up(comm, scalars_);
  for (auto &field : fields_)
    add_up(comm, field);
  ridge_ = ridge_operator(X_, n_samples, n_inputs_);
}

std::vector<double> MmgpRivals::weights(std::size_t rival, const std::vector<double> &x) const
{
  std::vector<double> w(n_samples_, 1. / static_cast<double>(n_samples_));
  if (names()[rival] == "nearest-neighbour")
  {
    std::size_t nearest = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < n_samples_; ++i)
    {
      double square = 0.;
      for (std::size_t k = 0; k < n_inputs_; ++k)
        square += (X_[i * n_inputs_ + k] - x[k]) * (X_[i * n_inputs_ + k] - x[k]);
      if (square < least)
      {
        least = square;
        nearest = i;
      }
    }
    std::ranges::fill(w, 0.);
    w[nearest] = 1.;
  }
  else if (names()[rival] == "ridge")
    // X has mean zero: the mean answer and the slopes are independent.
    for (std::size_t i = 0; i < n_samples_; ++i)
      for (std::size_t k = 0; k < n_inputs_; ++k)
        w[i] += x[k] * ridge_[k * n_samples_ + i];
  return w;
}

MmgpRivals::Answer MmgpRivals::predict(std::size_t rival, const TriangleMesh &mesh,
                                       const CommonMesh::Morphed &morphed,
                                       const std::vector<double> &inputs) const
{
  const Mmgp::State &state = model_.state();
  double residual = 0.;
  const auto w = weights(rival, model_.input_of(mesh, morphed, inputs, residual));
  const std::size_t n_common = state.common.n_nodes(), n_scalars = state.scalars.size();
  Answer answer;
  std::vector<double> common(n_common);
  for (std::size_t f = 0; f < fields_.size(); ++f)
  {
    std::ranges::fill(common, 0.);
    for (std::size_t i = 0; i < n_samples_; ++i)
      for (std::size_t p = 0; w[i] != 0. && p < n_common; ++p)
        common[p] += w[i] * fields_[f][i * n_common + p];
    std::vector<double> here(mesh.n_nodes());
    morphed.from_common.apply(1, common.data(), here.data());
    for (double &value : here)
      value = state.fields[f].output.physical(value);
    answer.fields.push_back(std::move(here));
  }
  for (std::size_t k = 0; k < n_scalars; ++k)
  {
    double value = 0.;
    for (std::size_t i = 0; i < n_samples_; ++i)
      value += w[i] * scalars_[i * n_scalars + k];
    answer.scalars.push_back(state.scalars[k].output.physical(value));
  }
  return answer;
}
} // namespace understudy
