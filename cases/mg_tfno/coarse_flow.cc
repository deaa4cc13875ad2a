// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mg_tfno/coarse_flow.h>
#include <meshes/grid_interpolation.h>

#include <algorithm>
#include <cmath>

namespace understudy
{
namespace
{
TorusVorticityParameters coarser(TorusVorticityParameters p, unsigned n)
{
  p.n = n;
  p.cutoff = 0;
  return p;
}
} // namespace

CoarseFlow::CoarseFlow(TorusVorticityParameters parameters, unsigned n)
  : flow_(coarser(parameters, n))
{
}

std::vector<double> CoarseFlow::coarse(const std::vector<double> &field) const
{
  const auto from = static_cast<std::size_t>(std::lround(std::sqrt(field.size())));
  std::vector<double> values(flow_.n() * flow_.n());
  SpectralInterpolation(from, from, flow_.n(), flow_.n())
    .apply(std::span<const double>(field), std::span<double>(values));
  return values;
}

void CoarseFlow::set_forcing(const std::vector<double> &f)
{
  flow_.set_forcing(coarse(f));
}

void CoarseFlow::set_vorticity(const std::vector<double> &w)
{
  flow_.set_vorticity(coarse(w));
}

void CoarseFlow::write(std::span<float> w) const
{
  std::ranges::transform(vorticity(), w.begin(), [](double v) { return static_cast<float>(v); });
}

std::vector<double> CoarseFlow::vorticity() const
{
  std::vector<double> w(flow_.n() * flow_.n());
  flow_.vorticity(w);
  return w;
}
} // namespace understudy
