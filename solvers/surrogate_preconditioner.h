// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <deal.II/base/parameter_handler.h>
#include <petscksp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace understudy
{
/// What a surrogate N does for a linear system A x = b: overwrites e by N(r), an approximation of
/// A^-1 r, where |r| = 1 in the Euclidean norm. It need be neither linear nor good. Collective over
/// the communicator of the vectors. @return empty, or on all ranks the sentence with which the
/// surrogate refuses; e does not count then. What it throws it throws on all ranks.
using ResidualCorrection = std::function<std::string(Vec r, Vec e)>;

struct SurrogateParameters
{
  std::string method = "fcg";      ///< KSPFCG, or "fgmres" for matrices that are not symmetric
  std::string smoother = "jacobi"; ///< or "sor", symmetric on each rank, or "none"
  unsigned sweeps = 2;             ///< before and after the correction
  double damping = 2. / 3.;        ///< of a sweep of Jacobi's method; "sor" has none
  /// The surrogate goes on while |r_k| <= least_reduction |r_(k - window)|.
  unsigned window = 5;
  double least_reduction = 0.5;

  void declare(dealii::ParameterHandler &prm);
  std::vector<std::string> problems() const; ///< one sentence for each value that is wrong
};

/// A solve with what it took. Equal on all ranks.
struct SurrogateOutcome
{
  unsigned surrogate_iterations = 0, exact_iterations = 0;
  unsigned corrections = 0; ///< how often the surrogate was asked
  bool fell_back = false;   ///< whether the exact preconditioner went on
  std::string reason;       ///< one sentence when it did
  /// |b - A x| from its definition: at the beginning, when the surrogate ended, at the end.
  double initial_residual = 0., surrogate_residual = 0., final_residual = 0.;
};

/// A surrogate as preconditioner, whatever the physics, between two smoothing steps S:
///
///   z <- S r,   r_1 = r - A z,   z <- z + |r_1| N(r_1 / |r_1|),   z <- z + S (r - A z).
///
/// S is so many sweeps of Jacobi's method or of symmetric successive over-relaxation: networks
/// learn smooth parts of the error well and rough ones badly. N stands where a multigrid method has
/// its coarse grid. Since it is not linear, only flexible conjugate gradients (KSPFCG, which take
/// steps of least energy whatever N says) and KSPFGMRES are possible. N must have learned from
/// residuals, as in Rudikov et al. (2024), arXiv 2402.05598, there without smoother; a map from
/// coefficient to solution does not serve.
///
/// solve() is safe with any N. When the residual falls too slowly, or a value of N is not finite,
/// or N refuses, an exact solver goes on from the iterate reached.
///
/// Options of PETSc: @p prefix for the flexible method, and @p prefix + "smoother_" for S, a KSP of
/// type richardson. An application costs 2 (sweeps) products with A, and N.
class SurrogatePreconditioner
{
public:
  /// @param A is referred to; its values may change between solves
  /// Throws UserError with the problems() of @p parameters, and when the options choose a method
  /// that is not flexible. Collective over the communicator of A.
  SurrogatePreconditioner(Mat A, ResidualCorrection correction,
                          const SurrogateParameters &parameters = {},
                          const std::string &prefix = "surrogate_");
  ~SurrogatePreconditioner();
  SurrogatePreconditioner(const SurrogatePreconditioner &) = delete;
  SurrogatePreconditioner &operator=(const SurrogatePreconditioner &) = delete;

  /// Solves A x = b from @p x. Tolerances (relative to |b|) and the largest number of iterations,
  /// for surrogate and exact solver each, are those of @p exact, which must have A as its operator;
  /// it begins where the surrogate ended, or at the initial x when the residual is not finite there
  /// or has grown a thousandfold. Throws SolverError when it does not converge either, and what N
  /// throws.
  SurrogateOutcome solve(Vec b, Vec x, KSP exact);

  /// The flexible method, with the preconditioner as PCSHELL; to be solved by solve() alone. When
  /// its type was changed to another than KSPFCG and KSPFGMRES, solve() throws UserError.
  KSP ksp() const;

private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};
} // namespace understudy
