// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/nn/training_checkpoint.h>
#include <surrogates/closure_request.h>
#include <surrogates/equino.h>
#include <surrogates/equino_joint.h>
#include <surrogates/equino_labels.h>
#include <surrogates/micro_basis.h>

#include <deal.II/base/parameter_handler.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace understudy
{
/// How EquiNO is trained (Eivazi et al., arXiv 2504.07976; the split recipe with derivative labels
/// and the energy norm instead of the joint minimisation; cases/fe2/l_profile.prm tells how to run
/// either).
struct EquinoParameters
{
  std::string recipe = "split"; ///< of the head "mlp": "split", or the paper's "joint"
  EquinoJointParameters joint;
  unsigned modes = 16;
  unsigned label_points = 512;    ///< quadrature points of the loss
  unsigned indicator_points = 64; ///< quadrature points of the error indicator, <= 6 * modes
  unsigned mlp_strains = 1000;    ///< training strains of the head "mlp"
  unsigned rbf_strains = 1500;    ///< and of "odd-rbf", which are its centres
  unsigned validation_strains = 200;
  double graded_share = 0.5; ///< of the training strains: drawn towards zero, see graded_strains()
  std::string hidden_layers = "48, 48, 48";
  double sobolev_weight = 1.;               ///< of the derivatives in the loss
  unsigned stress_evaluations = 4000;       ///< of the loss of the stress branch b
  unsigned displacement_evaluations = 4000; ///< and of the displacement branch a
  double max_minutes = 3.;                  ///< both branches together; a guard
  std::uint64_t seed = 24;

  void declare(dealii::ParameterHandler &prm);
  std::vector<std::string> problems() const;
};

/// Labels of many strains: coefficients of both branches with derivatives.
struct EquinoLabels
{
  PointBatch E;                                 ///< [3][n]
  PointBatch a, b;                              ///< [n_modes][n]
  PointBatch da, db;                            ///< [n_modes * 3][n], row-major
  double mean_misfit = 0., largest_misfit = 0.; ///< |s_law - s_nn| / |s_law|
};

/// Labels for graded_strains() in the box; strains whose minimum was not found are left out.
EquinoLabels make_equino_labels(const MicroBasis &basis, const Rve &rve, unsigned label_points,
                                unsigned n_strains, const StrainBox &box, double graded_share,
                                std::uint64_t seed);

/// What training left to say.
struct EquinoTrainingReport
{
  double label_misfit = 0.; ///< mean |s_law - s_nn| / |s_law| of the labels: what no head can beat
  double validation_a = 0., validation_b = 0.; ///< relative errors on unseen labels
  unsigned evaluations = 0;                    ///< of the loss, both branches
  std::string stopped_by;                      ///< of the later branch
};

/// Called every second or two, with a line for people now and then and an empty one otherwise. What
/// it throws ends the training.
using EquinoProgress = std::function<void(const std::string &line)>;

/// Trains a head ("mlp" or "odd-rbf") and writes the model file. Local: call it on one rank. The
/// kind and the materials of the card are set here. The head "mlp" leaves checkpoints and goes on
/// from them; labels are made again.
/// @param basis_hash tensor hash of the basis file, stored with the model
EquinoTrainingReport train_equino(const EquinoParameters &parameters, const std::string &head,
                                  const MicroBasis &basis, const Rve &rve,
                                  const MicroModelCard &card, const std::string &basis_hash,
                                  const std::filesystem::path &file, const EquinoProgress &progress,
                                  const TrainingCheckpoint &checkpoint = {});

/// The closure "equino-mlp" or "equino-rbf" from models/NAME.safetensors, probe checked.
/// Collective: a file that one rank refuses is refused by all.
std::unique_ptr<Equino> make_equino(const std::string &name, const ClosureRequest &request);

/// The fields of EquiNO, from the basis and both branches: u = affine + phi_w a, s_nn = phi_s b.
class EquinoFields final : public FieldReconstructor
{
public:
  EquinoFields(std::shared_ptr<const Equino> equino, std::shared_ptr<const MicroBasis> basis,
               std::shared_ptr<const Rve> rve);
  void reconstruct(const std::vector<double> &x, std::vector<double> &displacement,
                   std::vector<double> &stress) override;

private:
  std::shared_ptr<const Equino> equino_;
  std::shared_ptr<const MicroBasis> basis_;
  std::shared_ptr<const Rve> rve_;
};
} // namespace understudy
