// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <surrogates/energy_norm.h>
#include <surrogates/model_card.h>

#include <Eigen/Core>

#include <array>
#include <memory>
#include <vector>

namespace understudy
{
/// A hyper-reduced POD-Galerkin model of the RVE: coefficients a [n_modes] with
///
///   sum_q W_q phi_e,q^T s(E + phi_e,q a) = 0,   S = sum_q W_q s_q
///
/// over few quadrature points q with positive weights W, sum W = 1, from empirical cubature of
/// phi_e,k^T s_j and of the components of s_j, j over the training snapshots, and of 1.
struct GalerkinRom
{
  static constexpr std::size_t max_modes = 64;

  std::size_t n_modes = 0, n_points = 0, n_matrix_points = 0; ///< points: matrix first
  std::size_t n_rve_points = 0, n_rve_matrix_points = 0;      ///< of the RVE that it reduces
  std::vector<double> points;       ///< [n_points], as numbered in RveDiscretisation
  std::vector<double> weights;      ///< W [n_points]
  std::vector<double> phi_e, phi_s; ///< strain and stress modes there, [n_modes][3][n_points]
  MaterialParameters matrix, fibre; ///< laws
  double cubature_residual = 0.;    ///< see Cubature
  std::size_t n_functions = 0;      ///< integrands after compression; 0: no hyper-reduction

  /// Tensors rom/*; the card is written by train_galerkin_rom().
  void save(ModelFile &file) const;
  /// The laws are those of the card. Throws UserError naming what is wrong in the file.
  static GalerkinRom load(const CardedModel &model);
};

/// The reduced model of one point: Newton's method with line search from a given start. Not
/// thread-safe. Nothing is allocated after construction.
class GalerkinSolver
{
public:
  explicit GalerkinSolver(const GalerkinRom &rom);

  struct Answer
  {
    bool converged = false;
    std::array<double, 3> stress{};  ///< S [N/mm2]
    std::array<double, 9> tangent{}; ///< C = sum W C_q - L'^T K^{-1} L, row-major [N/mm2]
    double indicator = 0.;           ///< |s - P s| / |s|, see GalerkinRomClosure
    unsigned iterations = 0;
  };

  std::size_t n_modes() const { return n_modes_; }
  bool has_potential() const { return symmetric_; }

  /// @param a [n_modes], first guess and solution; all zeros: the linear elastic start
  Answer solve(const std::array<double, 3> &E, double *a, bool want_tangent, bool want_indicator);

private:
  using Vector = Eigen::Matrix<double, Eigen::Dynamic, 1, 0, GalerkinRom::max_modes, 1>;
  using Square = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, 0, GalerkinRom::max_modes,
                               GalerkinRom::max_modes>;
  using Columns = Eigen::Matrix<double, Eigen::Dynamic, 3, 0, GalerkinRom::max_modes, 3>;

  void laws(bool want_tangent);
  void scale_stress(); ///< scaled_: sqrt(W) U s, whose Euclidean norm is the energy norm
  void residual(const std::array<double, 3> &E, const Vector &a, Vector &r);
  void stiffness();                           ///< K from laws(true), whose tangents become W C
  void load(Eigen::Index j, Vector &L) const; ///< column j of L = sum W phi^T C, after stiffness()
  bool solve_reduced(const Vector &b, Vector &x) const;
  void elastic_start();
  bool newton(const std::array<double, 3> &E, Vector &a, Answer &answer);
  bool tangent(Answer &answer);
  double indicator();

  std::size_t n_modes_, n_, n_matrix_;
  std::unique_ptr<MaterialLaw> matrix_, fibre_;
  bool symmetric_;
  Eigen::VectorXd weights_;
  Eigen::MatrixXd phi_;                  ///< [3 n][n_modes], component-major rows
  Eigen::MatrixXd stress_modes_;         ///< orthonormal, weighted by W and C0^{-1}, [3 n][n_modes]
  std::array<Matrix3, 2> energy_factor_; ///< U with U^T U = C0^{-1}, per phase
  Eigen::MatrixXd strain_, stress_, weighted_, tangent_; ///< [n][3], [n][3], [n][3], [n][9]
  Eigen::MatrixXd product_;                              ///< W C phi, [3 n][n_modes]
  Eigen::VectorXd scaled_, coefficients_;
  Square K_;
  Vector trial_, step_, r_, r_trial_;
  Columns elastic_; ///< da/dE at zero strain
};

/// The Galerkin ROM as a closure, "pod-galerkin". The hint of a point is its last a. Error
/// estimate: the part of the law's stress that the stress modes cannot represent, |s - P s| / |s|
/// in the norm sum_q W_q s_q^T C0^{-1} s_q over the reduced points.
class GalerkinRomClosure final : public PointMap
{
public:
  /// @param box       of the training strains
  /// @param indicator false: the error estimate stays NaN
  /// @param symmetrise (C + C^T) / 2 where the laws have no potential
  GalerkinRomClosure(const GalerkinRom &rom, const StrainBox &box, bool indicator = true,
                     bool symmetrise = false);

  const PointMapInfo &info() const override { return info_; }
  void evaluate(const PointQuery &query, PointAnswer &answer) override;

  /// Newton steps of all points so far.
  std::size_t iterations() const { return iterations_; }

private:
  PointMapInfo info_;
  GalerkinSolver solver_;
  bool indicator_, symmetrise_;
  std::size_t iterations_ = 0;
};
} // namespace understudy
