// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/points.h>

#include <cstddef>
#include <string>
#include <vector>

namespace understudy
{
/// The numbers of ViscoplasticLaw. The defaults are the middle of the ranges of Tensile2d, the
/// plate of Casenave, Staber and Roynard (MMGP, NeurIPS 2023), where they are known.
struct PlateMaterial
{
  double young = 7.5e4; ///< Young's modulus [MPa]
  double poisson = 0.3; ///< Poisson's ratio [-]
  double R0 = 15.;      ///< J(s - X) up to which nothing flows [MPa]
  double K = 450.;      ///< overstress at an equivalent plastic strain rate of 1/s [MPa]
  double n = 20.;       ///< Norton's exponent [-]
  double C = 1500.;     ///< initial slope of the kinematic hardening [MPa]
  double D = 1500.;     ///< its dynamic recovery [-]; the back stress tends to C/D

  double shear() const { return young / (2. * (1. + poisson)); }     ///< mu [MPa]
  double bulk() const { return young / (3. * (1. - 2. * poisson)); } ///< kappa [MPa]

  /// Everything that is out of its bounds, one sentence each.
  std::vector<std::string> problems() const;
};

/// What became of a point in an update.
enum class FlowStatus : unsigned char
{
  elastic,
  plastic,
  failed ///< its input or its answer is not finite
};

/// Elasto-viscoplasticity at small strains in plane strain (ezz = 0): Norton's flow with the
/// kinematic hardening of Armstrong and Frederick,
///
///   sigma = kappa tr(e) I + s,  s = 2 mu (dev e - ep),  X = (2/3) C a,  J(t) = sqrt(3/2 t : t),
///   p' = <(J(s - X) - R0) / K>^n,  ep' = (3/2) p' (s - X) / J(s - X),  a' = ep' - D a p',
///
/// by the implicit Euler method. With b(x) = s_trial - (2/3) C a_old / (1 + D x) the end of a step
/// follows from one equation for the increment x of p,
///
///   J(b(x)) - (3 mu + C / (1 + D x)) x - R0 - K (x / dt)^(1/n) = 0,
///
/// which falls strictly from a positive value at x = 0 wherever something flows: along the way
/// J(X) <= C/D, so that C/(1 + D x)^2 bounds the slope of J(b). The root of x at zero makes it
/// useless for Newton's method when n is large; it is solved for y = (x / dt)^(1/n), the overstress
/// in units of K, in which it is smooth and nearly convex, from above and between bounds. Where x
/// would change no digit of the stress, 3 mu x <= 1e-17 R0, the point counts as elastic.
class ViscoplasticLaw
{
public:
  /// Components of the state of a point. ep and a are deviators: their zz part is -(xx + yy).
  enum State : unsigned
  {
    ep_xx,
    ep_yy,
    ep_xy,
    a_xx,
    a_yy,
    a_xy,
    p,
    n_state
  };

  /// Throws UserError, all problems() in one sentence, when a number is out of its bounds.
  explicit ViscoplasticLaw(const PlateMaterial &material);

  /// One step of length @p dt [s] >= 0 at all points, from the state @p before to @p after.
  /// @param strain [3][n]: exx, eyy, gxy = 2 exy at the end of the step
  /// @param before [n_state][n]   @param after [n_state][n], not the same object
  /// @param stress [4][n]: sxx, syy, sxy, szz [MPa]
  /// @param tangent [9][n], row-major d(sxx, syy, sxy) / d(exx, eyy, gxy) of this step [MPa]; may
  ///   be null. It is symmetric where a_old and b have one direction, as without D or in the first
  ///   step that flows, and deviates from that by a share of about C x / J(b) otherwise.
  /// @param status [n]; a failed point has a stress of NaN
  /// Shapes are set here; nothing is allocated when they already fit. The cost is that of reading
  /// and writing the arrays, plus one power and some 30 operations for each of about five
  /// iterations at the points that flow.
  /// @return the number of failed points
  std::size_t update(double dt, const PointBatch &strain, const PointBatch &before,
                     PointBatch &after, PointBatch &stress, PointBatch *tangent,
                     std::vector<FlowStatus> &status) const;

  const PlateMaterial &material() const { return material_; }

private:
  PlateMaterial material_;
};
} // namespace understudy
