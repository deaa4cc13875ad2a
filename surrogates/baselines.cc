// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <operators/nn/affine_head.h>
#include <operators/nn/mlp.h>
#include <operators/nn/odd_rbf.h>
#include <surrogates/baselines.h>
#include <surrogates/head_closure.h>

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <utility>

namespace understudy
{
namespace
{
/// One field of all samples of a split, component-major: [size of the field][n_samples].
PointBatch read_field(const DataSets &data, const std::string &split, const std::string &field)
{
  const std::vector<double> values = data.read_all(split, field);
  const std::size_t size = data.first().field(field).size();
  PointBatch batch(size, values.size() / size);
  for (std::size_t p = 0; p < batch.n_points(); ++p)
    for (std::size_t c = 0; c < size; ++c)
      batch(c, p) = values[p * size + c];
  return batch;
}

/// Strains and stresses [3][n] of the training split.
struct TrainingSet
{
  PointBatch E, S;

  /// Throws UserError when there are fewer than @p n_needed samples.
  TrainingSet(const DataSets &data, const std::string &kind, std::size_t n_needed)
    : E(read_field(data, "train", "E")), S(read_field(data, "train", "S"))
  {
    if (E.n_points() < n_needed)
      throw UserError("The data set '" + data.first().folder() + "' has " +
                      std::to_string(E.n_points()) +
                      " training samples, too few for the closure '" + kind + "', which needs " +
                      std::to_string(n_needed) +
                      "; raise their number and run the stage "
                      "'generate' again.");
  }
};

/// A component-major batch as a matrix with one row per point.
Eigen::Map<const Eigen::MatrixXd> rows_per_point(const PointBatch &batch)
{
  return {batch.data(), static_cast<Eigen::Index>(batch.n_points()),
          static_cast<Eigen::Index>(batch.n_components())};
}

void write_head(const Head &head, const std::string &kind, const DataSets &data,
                MicroModelCard card, const std::filesystem::path &path)
{
  card.kind = kind;
  card.dataset_hash = data.hash();
  const PointBatch E = probe_strains(card.box);
  PointBatch S(3, E.n_points());
  head.evaluate(E.n_points(), E.data(), S.data(), nullptr);
  ModelFile file;
  head.save(file, baseline_prefix);
  write_model_card(file, card, E, S);
  file.write(path.string());
}

/// Factors that let every component count by its own size: 1 / root mean square, 1 where that is 0.
std::vector<double> inverse_sizes(const PointBatch &y)
{
  std::vector<double> factors;
  for (std::size_t c = 0; c < y.n_components(); ++c)
  {
    double sum = 0.;
    for (const double v : y.component(c))
      sum += v * v;
    factors.push_back(sum > 0. ? std::sqrt(static_cast<double>(y.n_points()) / sum) : 1.);
  }
  return factors;
}

/// A split as labels for train_mlp.
struct MlpSplit
{
  PointBatch E, S, C;
  MlpLabels labels;

  MlpSplit(const DataSets &data, const std::string &split, bool with_tangent)
    : E(read_field(data, split, "E")), S(read_field(data, split, "S"))
  {
    if (with_tangent)
      C = read_field(data, split, "C");
    labels = {&E, &S, with_tangent ? &C : nullptr};
  }
  MlpSplit(const MlpSplit &) = delete;
  MlpSplit &operator=(const MlpSplit &) = delete;
};
} // namespace

void train_training_mean(const DataSets &data, MicroModelCard card,
                         const std::filesystem::path &path)
{
  const TrainingSet train(data, "training-mean", 1);
  const Eigen::VectorXd mean = rows_per_point(train.S).colwise().mean();
  write_head(AffineHead(Eigen::MatrixXd::Zero(3, 3), mean), "training-mean", data, std::move(card),
             path);
}

void train_linear(const DataSets &data, MicroModelCard card, const std::filesystem::path &path)
{
  const TrainingSet train(data, "linear", 3);
  const auto qr = rows_per_point(train.E).colPivHouseholderQr();
  if (qr.rank() < 3)
    throw UserError("The training strains of the data set '" + data.first().folder() +
                    "' do not span all three components, so the closure 'linear' cannot be "
                    "fitted.");
  const Eigen::MatrixXd A = qr.solve(rows_per_point(train.S)).transpose();
  write_head(AffineHead(A, Eigen::VectorXd::Zero(3)), "linear", data, std::move(card), path);
}

void train_snapshot_rbf(const DataSets &data, MicroModelCard card,
                        const std::filesystem::path &path)
{
  const TrainingSet train(data, "snapshot-rbf", 3);
  const OddRbf head = OddRbf::fit(train.E, train.S, card.box.upper());
  write_head(head, "snapshot-rbf", data, std::move(card), path);
}

MlpTrainingReport train_snapshot_mlp(const DataSets &data, MicroModelCard card,
                                     const std::filesystem::path &path,
                                     const SnapshotMlpParameters &parameters,
                                     const MlpProgressCallback &progress,
                                     const TrainingCheckpoint &checkpoint)
{
  const auto &fields = data.first().fields();
  const bool with_tangent =
    parameters.sobolev > 0. &&
    std::any_of(fields.begin(), fields.end(), [](const FieldSpec &f) { return f.name == "C"; });
  if (data.count("train") == 0)
    throw UserError("The data set '" + data.first().folder() +
                    "' has no training samples for the closure 'snapshot-mlp'; raise their number "
                    "and run the stage 'generate' again.");
  const MlpSplit train(data, "train", with_tangent), validation(data, "val", with_tangent);
  MlpRecipe recipe;
  recipe.hidden = parameters.hidden;
  recipe.odd = parameters.odd;
  recipe.input_scale = card.box.upper();
  recipe.output_weight = inverse_sizes(train.S);
  recipe.sobolev = parameters.sobolev;
  recipe.max_evaluations = parameters.max_evaluations;
  recipe.seed = parameters.seed;
  MlpTrainingReport report;
  const Mlp head =
    train_mlp(recipe, train.labels, validation.E.n_points() > 0 ? &validation.labels : nullptr,
              progress, &report, checkpoint);
  write_head(head, "snapshot-mlp", data, std::move(card), path);
  return report;
}

} // namespace understudy
