// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <surrogates/mg_tfno_training.h>

#include <span>

namespace understudy
{
/// Throws UserError for problems() of @p parameters, fewer than two training samples, shapes that
/// do not fit the problem or each other, and values that are not finite (with their place).
void check_samples(const MgTfnoParameters &parameters, const MgTfnoProblem &problem,
                   const MgTfnoSamples &samples);

/// The state of an operator but for its weights and expected_error: scales and ranges of the
/// training samples. Means and deviations are those over all points of all samples, by Welford's
/// method (Technometrics 4, 1962), which large means do not spoil.
MgTfno::State untrained(const MgTfnoParameters &parameters, const MgTfnoProblem &problem,
                        const MgTfnoSamples &samples);

/// |p - y| / (|y| + 1e-8) of a sample, the mean over its channels.
double mean_relative_l2(std::span<const float> p, std::span<const float> y, std::size_t n_channels);
} // namespace understudy
