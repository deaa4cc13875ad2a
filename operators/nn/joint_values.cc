// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <operators/nn/joint_values.h>
#include <operators/nn/mlp.h>
#include <operators/nn/odd_rbf.h>
#include <operators/nn/simd_kernels.h>

#include <algorithm>

namespace understudy
{
struct JointValues::Parts
{
  const Head &exact;
  std::size_t n_outputs;
  const OddRbf *interpolant = nullptr;      ///< exact, when all share its radial functions
  PackedMatrix<float> rows;                 ///< and the coefficients of the rough ones
  std::vector<std::unique_ptr<Head>> rough; ///< otherwise: each by itself
};

namespace
{
/// A copy in single precision; of what has no such form, the product with the identity.
std::unique_ptr<Head> rough_copy(const Head &head)
{
  if (const auto *mlp = dynamic_cast<const Mlp *>(&head))
    return std::make_unique<Mlp>(mlp->weights(), Precision::single);
  if (const auto *rbf = dynamic_cast<const OddRbf *>(&head))
    return std::make_unique<OddRbf>(rbf->coefficients(), Precision::single);
  const std::size_t n = head.n_outputs();
  std::vector<double> identity(n * n, 0.);
  for (std::size_t i = 0; i < n; ++i)
    identity[i * n + i] = 1.;
  return head.folded(identity.data(), n);
}

/// @p exact as an interpolant in double precision whose radial functions all others have; else
/// null.
const OddRbf *shared_interpolant(const Head &exact, const std::vector<const Head *> &others)
{
  const auto *rbf = dynamic_cast<const OddRbf *>(&exact);
  if (rbf == nullptr || rbf->precision() != Precision::double_)
    return nullptr;
  const auto shares = [rbf](const Head *head)
  {
    const auto *other = dynamic_cast<const OddRbf *>(head);
    if (other == nullptr)
      return false;
    const auto &c = rbf->coefficients(), &d = other->coefficients();
    return c.hermite == d.hermite && c.scale == d.scale && c.centres == d.centres;
  };
  return std::all_of(others.begin(), others.end(), shares) ? rbf : nullptr;
}
} // namespace

JointValues::JointValues(const Head &exact, const std::vector<const Head *> &rough)
  : parts_(new Parts{exact, exact.n_outputs(), shared_interpolant(exact, rough), {}, {}})
{
  std::vector<double> rows;
  std::size_t n_rows = 0;
  for (const Head *head : rough)
  {
    parts_->n_outputs += head->n_outputs();
    if (parts_->interpolant == nullptr)
      parts_->rough.push_back(rough_copy(*head));
    else
    {
      const auto more = static_cast<const OddRbf *>(head)->rows();
      rows.insert(rows.end(), more.begin(), more.end());
      n_rows += head->n_outputs();
    }
  }
  if (n_rows > 0)
    parts_->rows = PackedMatrix<float>::pack(n_rows, rows.size() / n_rows, rows.data());
}

JointValues::~JointValues() = default;
JointValues::JointValues(JointValues &&) noexcept = default;

std::size_t JointValues::n_outputs() const
{
  return parts_->n_outputs;
}

bool JointValues::shares() const
{
  return parts_->interpolant != nullptr;
}

void JointValues::evaluate(std::size_t n, const double *x, double *y) const
{
  if (parts_->interpolant != nullptr)
    return parts_->interpolant->evaluate_with(parts_->rows, n, x, y);
  parts_->exact.evaluate(n, x, y, nullptr);
  y += parts_->exact.n_outputs() * n;
  for (const auto &head : parts_->rough)
  {
    head->evaluate(n, x, y, nullptr);
    y += head->n_outputs() * n;
  }
}
} // namespace understudy
