// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/maps/point_map.h>
#include <operators/nn/gaussian_process.h>
#include <operators/nn/weighted_pod.h>
#include <surrogates/common_mesh.h>

#include <cstddef>
#include <string>
#include <vector>

namespace understudy
{
/// A scalar that a computation starts from, with the range it was trained in.
struct MmgpInput
{
  Quantity quantity;
  double lower = 0., upper = 0.;
};

/// A nodal field or a scalar that is predicted.
struct MmgpOutput
{
  Quantity quantity;
  /// Above 0: learned as log10(q + floor), for quantities that span decades and matter from there
  /// on. Its deviation does not shut the gate.
  double floor = 0.;

  bool is_logarithmic() const { return floor > 0.; }
  double learned(double q) const;
  double physical(double t) const; ///< the inverse
};

/// What a model is for.
struct MmgpProblem
{
  std::vector<MmgpInput> inputs;
  std::vector<MmgpOutput> fields, scalars;
};

/// Why the exact model must answer instead.
enum class MmgpGate : std::uint8_t
{
  none = 0,
  morph = 1,    ///< the mesh has no image on the common shape: there is no prediction
  range = 2,    ///< a scalar leaves its range
  shape = 3,    ///< the shape is none that the modes can represent
  distance = 4, ///< shape and scalars together lie far from all samples (Mahalanobis)
  deviation = 5 ///< a field is too uncertain, or something predicted is not finite
};
const char *to_string(MmgpGate gate);

/// Predicted values with their standard deviation and the bounds between which 95 % of the truth
/// should lie: so many deviations below and above the mean as cross-validation found necessary. For
/// a logarithmic output mean is the median, the bounds are those of what is learned, and deviation
/// is half of the distance between one learned deviation below and above. What a non-negative
/// quantity of the truth undershoots 0 by counts as 0.
struct MmgpValues
{
  std::vector<double> mean, deviation, lower, upper;
};

struct MmgpPrediction
{
  std::vector<MmgpValues>
    fields;           ///< per field, at the nodes of the mesh; empty with MmgpGate::morph
  MmgpValues scalars; ///< one entry for each
  /// Largest deviation of the processes at a node, as a share of the range of its field; the
  /// largest over the fields that are not logarithmic.
  double deviation = 0.;
  MmgpGate gate = MmgpGate::none; ///< the first that is shut
  std::string reason;             ///< one sentence, when a gate is shut
};

/// A list of components as one point.
PointBatch one_point(const std::vector<double> &components);

/// Mesh-morphing Gaussian processes (MMGP; Casenave, Staber and Roynard, NeurIPS 2023, arXiv
/// 2305.12871): a mesh is morphed to a common shape; there its coordinates are a field whose POD
/// coefficients, with the scalar inputs, are the input X of Gaussian processes for the POD
/// coefficients of the output fields and for the output scalars:
///
///   X = standardise(Phi_x^T M (P x - mean), inputs),   Y_k ~ GP(X),
///   field = Q (mean + sum_k (m_k + s_k Y_k) phi_k),
///   var_i = sum_k (Q phi_k)_i^2 s_k^2 (v_k + noise_k) + (Q trunc)_i.
///
/// P and Q take fields to the common mesh and back; trunc is the mean square, over samples that the
/// modes were not made from, of what modes and interpolation lose. Bounds are mean -+ band
/// sqrt(var), see train_mmgp(), and no closer than rounding lets tell.
class Mmgp
{
public:
  static constexpr double normal_95 = 1.959963984540054; ///< 97.5 % quantile of N(0, 1)
  /// Errors and deviations below this share of the range of an output (the scale of a scalar) are
  /// rounding: bounds are never closer to the mean.
  static constexpr double rounding = 1e-12;

  struct Scaling
  {
    std::vector<double> offset, scale; ///< learned = (value - offset) / scale
  };
  struct Field
  {
    MmgpOutput output;
    WeightedPod pod;
    Scaling scaling;                        ///< of the coefficients
    std::vector<GaussianProcess> processes; ///< one for all coefficients, or one for each
    std::vector<double> truncation;         ///< [n_common], squared unit of the learned field
    double range = 0.;                      ///< of the learned field over the samples
    double band = normal_95; ///< half width of the bounds, in deviations of what is learned
    /// [n_common][2 + n_modes]: mean, truncation and modes of each node together, as predictions
    /// read them; made of the above by the constructor.
    std::vector<double> by_node = {};
  };
  struct Scalar
  {
    MmgpOutput output;
    double offset = 0., scale = 1.;
    GaussianProcess process;
    double band = normal_95;
  };
  /// When a prediction is not to be trusted.
  struct Gates
  {
    double shape = 0.;            ///< largest |x - expand(project(x))|_M
    std::vector<double> mean;     ///< of X over the samples
    std::vector<double> factor;   ///< lower Cholesky factor of the covariance of X, [d][d]
    double squared_distance = 0.; ///< largest |L^-1 (X - mean)|^2
    double deviation = 0.05; ///< largest deviation of the processes, without trunc, by the range
  };
  struct State
  {
    std::vector<MmgpInput> inputs;
    CommonMesh common;
    WeightedPod shape;
    Scaling x; ///< of shape coefficients and inputs
    std::vector<Field> fields;
    std::vector<Scalar> scalars;
    Gates gates;
  };

  /// Of the model files that save() writes and load() reads.
  static constexpr int file_version = 2;

  explicit Mmgp(State state);

  const State &state() const { return state_; }
  MmgpProblem problem() const;

  /// Fields at the nodes of @p mesh, in its numbering, and scalars. Gates are looked at in their
  /// order. Throws UserError for another number of inputs or one that is not finite.
  MmgpPrediction predict(const TriangleMesh &mesh, const std::vector<double> &inputs) const;

  /// The same for a mesh that was morphed before.
  MmgpPrediction predict(const TriangleMesh &mesh, const CommonMesh::Morphed &morphed,
                         const std::vector<double> &inputs) const;

  /// X at which the processes are asked: shape coefficients and inputs, standardised.
  /// @param residual what the shape modes leave out, |x - expand(project(x))|_M
  std::vector<double> input_of(const TriangleMesh &mesh, const CommonMesh::Morphed &morphed,
                               const std::vector<double> &inputs, double &residual) const;

  struct Normal
  {
    double mean = 0., variance = 0.;
  };
  /// What the processes say of the coefficients of the modes, s_k^2 (v_k + noise_k) their variance.
  /// @param X what input_of() gives, as one point
  std::vector<Normal> coefficients(const Field &field, const PointBatch &X) const;

  /// A learned field at the nodes of a mesh, each [n_nodes].
  struct FieldMoments
  {
    std::vector<double> mean;
    std::vector<double> variance;   ///< of what the processes say: without truncation
    std::vector<double> truncation; ///< trunc
  };
  /// @param of_modes what coefficients() gives
  static FieldMoments moments(const Field &field, const CommonMesh::Morphed &morphed,
                              const std::vector<Normal> &of_modes);

  Normal distribution(const Scalar &scalar, const PointBatch &X) const;

  /// Writes the model file with its problem and @p meta.
  void save(ModelFile &file) const;

  /// Reads what save() wrote. UserError when a part is missing or does not fit.
  static Mmgp load(const ModelFile &file);

private:
  MmgpValues field_values(const Field &field, const CommonMesh::Morphed &morphed,
                          const PointBatch &X, double &deviation) const;
  MmgpValues scalar_values(const PointBatch &X) const;

  State state_;
};

/// Throws UserError naming the first input, field or scalar in which the model read from @p path
/// was trained for something else than @p wanted: another order, name, unit, range or floor.
void require_problem(const Mmgp &model, const MmgpProblem &wanted, const std::string &path);
} // namespace understudy
