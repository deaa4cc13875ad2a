// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/store/model_file.h>
#include <operators/nn/head_meta.h>
#include <operators/nn/odd_rbf.h>
#include <operators/nn/simd_kernels.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace understudy
{
struct OddRbf::Packed
{
  PackedRbf<double> in_double; ///< one of the two is filled
  PackedRbf<float> in_single;
};

namespace
{
std::size_t basis_functions_per_centre(const OddRbf::Coefficients &c)
{
  return c.hermite ? 1 + c.scale.size() : 1;
}

std::size_t outputs_of(const OddRbf::Coefficients &c)
{
  const auto finite = [](const std::vector<double> &v)
  { return std::all_of(v.begin(), v.end(), [](double a) { return std::isfinite(a); }); };
  const std::size_t d = c.scale.size();
  if (d == 0 || c.centres.empty() || c.centres.size() % d != 0 || c.linear.empty() ||
      c.linear.size() % d != 0)
    throw UserError("An odd radial basis interpolant needs inputs, centres and outputs that fit.");
  const std::size_t n_outputs = c.linear.size() / d;
  if (c.radial.size() != n_outputs * c.centres.size() / d * basis_functions_per_centre(c))
    throw UserError("An odd radial basis interpolant of " + std::to_string(c.centres.size() / d) +
                    " centres and " + std::to_string(n_outputs) + " outputs cannot have " +
                    std::to_string(c.radial.size()) + " radial coefficients.");
  if (!finite(c.scale) || !finite(c.centres) || !finite(c.linear) || !finite(c.radial) ||
      std::any_of(c.scale.begin(), c.scale.end(), [](double s) { return !(s > 0.); }))
    throw UserError("An odd radial basis interpolant holds a number that is not finite, or a scale "
                    "that is not positive.");
  return n_outputs;
}

std::vector<double> side_by_side(const OddRbf::Coefficients &c, std::size_t n_outputs)
{
  const std::size_t d = c.scale.size(), n_radial = c.radial.size() / n_outputs;
  std::vector<double> all;
  for (std::size_t k = 0; k < n_outputs; ++k)
  {
    all.insert(all.end(), &c.linear[k * d], &c.linear[k * d] + d);
    all.insert(all.end(), &c.radial[k * n_radial], &c.radial[k * n_radial] + n_radial);
  }
  return all;
}

template <class T>
PackedRbf<T> pack(const OddRbf::Coefficients &c, std::size_t n_outputs)
{
  PackedRbf<T> p;
  p.n_inputs = c.scale.size();
  p.n_centres = c.centres.size() / p.n_inputs;
  p.hermite = c.hermite;
  for (const double s : c.scale)
    p.inverse_scale.push_back(static_cast<T>(1. / s));
  p.centres.assign(c.centres.begin(), c.centres.end());
  const std::vector<double> all = side_by_side(c, n_outputs);
  p.weight = PackedMatrix<T>::pack(n_outputs, all.size() / n_outputs, all.data());
  return p;
}
} // namespace

OddRbf::OddRbf(Coefficients coefficients, Precision precision)
  : coefficients_(std::move(coefficients)),
    n_outputs_(outputs_of(coefficients_)),
    precision_(precision)
{
  auto packed = std::make_shared<Packed>();
  if (precision_ == Precision::double_)
    packed->in_double = pack<double>(coefficients_, n_outputs_);
  else
    packed->in_single = pack<float>(coefficients_, n_outputs_);
  packed_ = std::move(packed);
}

void OddRbf::evaluate(std::size_t n, const double *x, double *y, double *dy) const
{
  if (precision_ == Precision::double_)
    simd_kernels().rbf_double(packed_->in_double, n, x, y, dy);
  else
    simd_kernels().rbf_single(packed_->in_single, n, x, y, dy);
}

std::unique_ptr<Head> OddRbf::folded(const double *A, std::size_t n_rows) const
{
  const auto product = [&](const std::vector<double> &M)
  {
    const std::size_t n = M.size() / n_outputs_;
    std::vector<double> AM(n_rows * n, 0.);
    for (std::size_t i = 0; i < n_rows; ++i)
      for (std::size_t k = 0; k < n_outputs_; ++k)
        for (std::size_t j = 0; j < n; ++j)
          AM[i * n + j] += A[i * n_outputs_ + k] * M[k * n + j];
    return AM;
  };
  Coefficients c = coefficients_;
  c.linear = product(coefficients_.linear);
  c.radial = product(coefficients_.radial);
  return std::make_unique<OddRbf>(std::move(c), precision_);
}

void OddRbf::save(ModelFile &file, const std::string &prefix) const
{
  const Coefficients &c = coefficients_;
  file.meta()["heads"][prefix] = {
    {"kind", kind()}, {"hermite", c.hermite}, {"single", precision_ == Precision::single}};
  file.add(prefix + "scale", {n_inputs()}, c.scale);
  file.add(prefix + "centres", {n_centres(), n_inputs()}, c.centres);
  file.add(prefix + "linear", {n_outputs_, n_inputs()}, c.linear);
  file.add(prefix + "radial", {n_outputs_, c.radial.size() / n_outputs_}, c.radial);
}

OddRbf OddRbf::load(const ModelFile &file, const std::string &prefix)
{
  const std::size_t n_centres = matrix_shape(file, prefix + "centres")[0];
  const std::size_t d = matrix_shape(file, prefix + "centres")[1];
  const std::size_t n_outputs = matrix_shape(file, prefix + "linear")[0];
  Coefficients c;
  c.hermite = head_flag(file, prefix, "hermite");
  c.scale = file.tensor(prefix + "scale", {d});
  c.centres = file.tensor(prefix + "centres", {n_centres, d});
  c.linear = file.tensor(prefix + "linear", {n_outputs, d});
  const std::size_t n_radial = n_centres * (c.hermite ? 1 + d : 1);
  c.radial = file.tensor(prefix + "radial", {n_outputs, n_radial});
  const bool single = head_flag(file, prefix, "single");
  return OddRbf(std::move(c), single ? Precision::single : Precision::double_);
}
} // namespace understudy
