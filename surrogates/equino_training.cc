// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/progress.h>
#include <data/core/timing.h>
#include <data/output/statistics.h>
#include <operators/nn/head.h>
#include <operators/nn/odd_rbf.h>
#include <operators/nn/train_mlp.h>
#include <solvers/rve_dataset.h>
#include <surrogates/energy_norm.h>
#include <surrogates/equino_training.h>
#include <surrogates/layer_widths.h>

#include <deal.II/base/patterns.h>

#include <Eigen/Dense>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>
#include <numeric>

namespace understudy
{
namespace
{
/// Points by pivoted QR of the values that all strain and stress modes have at each point, each
/// kind scaled to a largest entry of one: the first pivots are those that tell the modes apart
/// best. There are as many as rows, 6 for each mode.
std::vector<std::size_t> pivot_points(const MicroBasis &basis, std::size_t n)
{
  const std::size_t N = basis.n_points, rows = 3 * basis.n_modes;
  Eigen::MatrixXd values(2 * rows, N);
  const auto fill = [&](std::size_t first, const std::vector<double> &modes)
  {
    double largest = 0.;
    for (const double v : modes)
      largest = std::max(largest, std::abs(v));
    for (std::size_t k = 0; k < rows; ++k)
      for (std::size_t q = 0; q < N; ++q)
        values(first + k, q) = modes[k * N + q] / largest;
  };
  fill(0, basis.phi_e);
  fill(rows, basis.phi_s);
  const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(values);
  std::vector<std::size_t> points;
  for (std::size_t i = 0; i < std::min<std::size_t>(n, 2 * rows); ++i)
    points.push_back(qr.colsPermutation().indices()[i]);
  std::sort(points.begin(), points.end()); // matrix points first, as everywhere
  return points;
}

/// Adds what the indicator needs: modes at its points, energy factors and the scale, the root mean
/// square over the labels of the energy norm of s_nn.
void add_indicator(ModelFile &file, const MicroBasis &basis, const EquinoLabels &labels,
                   unsigned n_wanted)
{
  const auto points = pivot_points(basis, n_wanted);
  const std::size_t n = points.size(), r = basis.n_modes, N = basis.n_points;
  std::vector<double> phi_e(3 * n * r), phi_s(3 * n * r);
  std::size_t n_matrix = 0;
  for (std::size_t p = 0; p < n; ++p)
  {
    n_matrix += points[p] < basis.n_matrix_points ? 1 : 0;
    for (unsigned i = 0; i < 3; ++i)
      for (std::size_t k = 0; k < r; ++k)
      {
        phi_e[(3 * p + i) * r + k] = basis.phi_e[(3 * k + i) * N + points[p]];
        phi_s[(3 * p + i) * r + k] = basis.phi_s[(3 * k + i) * N + points[p]];
      }
  }
  const Matrix3 U_matrix = energy_factor(basis.C0_matrix.data());
  const Matrix3 U_fibre = energy_factor(basis.C0_fibre.data());
  double sum = 0.;
  for (std::size_t j = 0; j < labels.E.n_points(); ++j)
    for (std::size_t p = 0; p < n; ++p)
    {
      Eigen::Vector3d s = Eigen::Vector3d::Zero();
      for (unsigned i = 0; i < 3; ++i)
        for (std::size_t k = 0; k < r; ++k)
          s[i] += phi_s[(3 * p + i) * r + k] * labels.b(k, j);
      sum += ((p < n_matrix ? U_matrix : U_fibre) * s).squaredNorm();
    }
  file.add("indicator/phi_e", {3 * n, r}, std::move(phi_e));
  file.add("indicator/phi_s", {3 * n, r}, std::move(phi_s));
  file.add("indicator/n_matrix", {}, {static_cast<double>(n_matrix)});
  file.add("indicator/U_matrix", {3, 3}, {U_matrix.data(), U_matrix.data() + 9});
  file.add("indicator/U_fibre", {3, 3}, {U_fibre.data(), U_fibre.data() + 9});
  file.add("indicator/scale", {}, {std::sqrt(sum / static_cast<double>(n * labels.E.n_points()))});
}

double relative_error(const Head &head, const PointBatch &E, const PointBatch &truth)
{
  PointBatch y(truth.n_components(), truth.n_points());
  head.evaluate(E.n_points(), E.data(), y.data(), nullptr);
  const std::size_t size = truth.n_components() * truth.n_points();
  return relative_frobenius(std::vector<double>(y.data(), y.data() + size),
                            std::vector<double>(truth.data(), truth.data() + size));
}

/// One branch by regression of values and derivatives. The modes are orthonormal in the energy
/// norm, so equal weights of all coefficients measure the error of the field.
std::unique_ptr<Head> fit_mlp(const EquinoParameters &parameters, const std::string &branch,
                              const PointBatch &E, const PointBatch &y, const PointBatch &dy,
                              const MlpLabels &validation, const StrainBox &box, double budget,
                              EquinoTrainingReport &report, const EquinoProgress &progress,
                              const TrainingCheckpoint &checkpoint)
{
  MlpRecipe recipe;
  recipe.hidden = layer_widths(parameters.hidden_layers);
  recipe.input_scale = box.upper();
  recipe.sobolev = parameters.sobolev_weight;
  recipe.max_evaluations =
    branch == "a" ? parameters.displacement_evaluations : parameters.stress_evaluations;
  recipe.max_seconds = budget;
  recipe.report_every = 250;
  recipe.seed = parameters.seed + (branch == "a" ? 0 : 1);
  double last = seconds_now();
  const auto show = [&](const MlpProgress &p)
  {
    if (!progress)
      return true;
    char line[160] = "";
    if (seconds_now() - last > 5.)
    {
      last = seconds_now();
      std::snprintf(
        line, sizeof line,
        "train: branch %s, %u/%u evaluations, loss %.2e, validation %.2e, %s left at most",
        branch.c_str(), p.evaluation, recipe.max_evaluations, p.loss, p.validation_loss,
        duration(std::min(budget - p.seconds,
                          p.seconds / p.evaluation * (recipe.max_evaluations - p.evaluation)))
          .c_str());
    }
    progress(line);
    return true;
  };
  MlpTrainingReport fit;
  auto net =
    std::make_unique<Mlp>(train_mlp(recipe, {&E, &y, &dy}, &validation, show, &fit, checkpoint));
  report.evaluations += fit.evaluations;
  report.stopped_by = fit.stopped_by;
  return net;
}

/// Both branches one after the other: b, then a. A checkpoint says which one is at work, and has
/// the other one where that is done.
struct SplitHeads
{
  std::unique_ptr<Head> a, b;
};
SplitHeads fit_split(const EquinoParameters &parameters, const EquinoLabels &labels,
                     const EquinoLabels &unseen, const StrainBox &box, EquinoTrainingReport &report,
                     const EquinoProgress &progress, const TrainingCheckpoint &checkpoint)
{
  SplitHeads heads;
  const bool b_is_done = checkpoint.from && checkpoint.from->meta().at("branch") == "a";
  TrainingCheckpoint own = checkpoint;
  const auto save_as = [&](const std::string &branch)
  {
    own.save = [&, branch](ModelFile state)
    {
      state.meta()["branch"] = branch;
      state.meta()["evaluations_before"] = report.evaluations;
      if (heads.b)
        heads.b->save(state, "done_b/");
      checkpoint.save(state);
    };
  };
  const double budget = parameters.max_minutes * 60 / 2;
  if (b_is_done)
  {
    heads.b = load_head(*checkpoint.from, "done_b/");
    report.evaluations = checkpoint.from->meta().at("evaluations_before").get<unsigned>();
  }
  else
  {
    save_as("b");
    heads.b = fit_mlp(parameters, "b", labels.E, labels.b, labels.db,
                      {&unseen.E, &unseen.b, &unseen.db}, box, budget, report, progress, own);
    own.from.reset();
  }
  save_as("a");
  heads.a = fit_mlp(parameters, "a", labels.E, labels.a, labels.da,
                    {&unseen.E, &unseen.a, &unseen.da}, box, budget, report, progress, own);
  return heads;
}
} // namespace

void EquinoParameters::declare(dealii::ParameterHandler &prm)
{
  using namespace dealii::Patterns;
  prm.add_parameter("Recipe", recipe,
                    "Training of the head 'mlp': 'split' fits labels with derivatives, 'joint' "
                    "minimises the misfit of both branches together, as the paper does.",
                    Selection("split|joint"));
  prm.enter_subsection("Joint recipe");
  joint.declare(prm);
  prm.leave_subsection();
  prm.add_parameter("Modes", modes, "Modes of displacement and of stress, r [1]", Integer(1, 256));
  prm.add_parameter("Label points", label_points,
                    "Quadrature points on which the labels minimise the loss [1]",
                    Integer(16, 100000));
  prm.add_parameter("Indicator points", indicator_points,
                    "Quadrature points at which the law is compared with the stress branch [1]",
                    Integer(1, 512));
  prm.add_parameter("Strains for mlp", mlp_strains, "Training strains of the head 'mlp' [1]",
                    Integer(10, 100000));
  prm.add_parameter("Strains for odd-rbf", rbf_strains,
                    "Training strains, and so centres, of the head 'odd-rbf' [1]",
                    Integer(10, 5000));
  prm.add_parameter("Validation strains", validation_strains,
                    "Strains on which both heads are validated [1]", Integer(1, 100000));
  prm.add_parameter("Graded share", graded_share,
                    "Share of these strains that are drawn towards zero [1]", Double(0., 1.));
  prm.add_parameter("Hidden layers", hidden_layers, "Widths of the hidden layers of 'mlp' [1]",
                    List(Integer(1, 1024), 1, 10));
  prm.add_parameter("Sobolev weight", sobolev_weight,
                    "Weight of the derivative labels in the loss of 'mlp' [1]", Double(0., 1e6));
  prm.add_parameter("Evaluations of the stress branch", stress_evaluations,
                    "Most evaluations of the loss of 'mlp' [1]", Integer(1, 10000000));
  prm.add_parameter("Evaluations of the displacement branch", displacement_evaluations,
                    "Most evaluations of the loss of 'mlp' [1]", Integer(1, 10000000));
  prm.add_parameter(
    "Time limit", max_minutes,
    "Guard on the training time of 'mlp'; a run that meets it is not reproducible [min]",
    Double(1e-3, 1e6));
  prm.add_parameter("Seed", seed, "Seed of strains, points and weights [1]", Integer(0));
}

std::vector<std::string> EquinoParameters::problems() const
{
  std::vector<std::string> all;
  if (3 * label_points <= 2 * modes)
    all.push_back("'Label points' = " + std::to_string(label_points) +
                  " are too few for 'Modes' = " + std::to_string(modes) + ".");
  if (indicator_points > 6 * modes)
    all.push_back("'Indicator points' = " + std::to_string(indicator_points) +
                  " exceed what 'Modes' = " + std::to_string(modes) +
                  " can tell apart, 6 points for each mode.");
  const auto more = joint.problems();
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

EquinoLabels make_equino_labels(const MicroBasis &basis, const Rve &rve, unsigned label_points,
                                unsigned n_strains, const StrainBox &box, double graded_share,
                                std::uint64_t seed)
{
  const PointBatch all = graded_strains(n_strains, box, graded_share, seed);
  EquinoLabeller labeller(basis, rve, label_points, seed);
  std::vector<EquinoLabeller::Label> found;
  std::vector<std::size_t> columns;
  for (std::size_t p = 0; p < n_strains; ++p)
  {
    auto label = labeller.label({all(0, p), all(1, p), all(2, p)}, true);
    if (!label.converged)
      continue;
    found.push_back(std::move(label));
    columns.push_back(p);
  }
  if (2 * found.size() < n_strains)
    throw SolverError("Labels were found for only " + std::to_string(found.size()) + " of " +
                      std::to_string(n_strains) +
                      " strains; more 'Modes' or a smaller box may help.");
  const std::size_t r = basis.n_modes, n = found.size();
  EquinoLabels labels{PointBatch(3, n),
                      PointBatch(r, n),
                      PointBatch(r, n),
                      PointBatch(3 * r, n),
                      PointBatch(3 * r, n),
                      0.,
                      0.};
  for (std::size_t p = 0; p < n; ++p)
  {
    for (unsigned i = 0; i < 3; ++i)
      labels.E(i, p) = all(i, columns[p]);
    for (std::size_t k = 0; k < r; ++k)
    {
      labels.a(k, p) = found[p].a[k];
      labels.b(k, p) = found[p].b[k];
      for (unsigned i = 0; i < 3; ++i)
      {
        labels.da(3 * k + i, p) = found[p].da(k, i);
        labels.db(3 * k + i, p) = found[p].db(k, i);
      }
    }
    labels.mean_misfit += found[p].misfit / static_cast<double>(n);
    labels.largest_misfit = std::max(labels.largest_misfit, found[p].misfit);
  }
  return labels;
}

EquinoTrainingReport train_equino(const EquinoParameters &parameters, const std::string &head,
                                  const MicroBasis &basis, const Rve &rve,
                                  const MicroModelCard &card, const std::string &basis_hash,
                                  const std::filesystem::path &path, const EquinoProgress &progress,
                                  const TrainingCheckpoint &checkpoint)
{
  EquinoTrainingReport report;
  const bool mlp = head == "mlp";
  const auto label = [&](unsigned n_strains, std::uint64_t seed)
  {
    return make_equino_labels(basis, rve, parameters.label_points, n_strains, card.box,
                              parameters.graded_share, seed);
  };
  const EquinoLabels labels =
    label(mlp ? parameters.mlp_strains : parameters.rbf_strains, parameters.seed);
  const EquinoLabels unseen = label(parameters.validation_strains, parameters.seed + 1000);
  report.label_misfit = labels.mean_misfit;

  std::unique_ptr<Head> a, b;
  if (mlp && parameters.recipe == "joint")
  {
    EquinoBranches branches =
      train_equino_joint(parameters.joint, basis, rve, card.box.largest(), progress, checkpoint);
    a = std::make_unique<Mlp>(std::move(branches.a));
    b = std::make_unique<Mlp>(std::move(branches.b));
    report.evaluations = branches.evaluations;
    report.stopped_by = branches.stopped_by;
  }
  else if (mlp)
  {
    SplitHeads heads =
      fit_split(parameters, labels, unseen, card.box, report, progress, checkpoint);
    a = std::move(heads.a);
    b = std::move(heads.b);
  }
  else
  {
    const std::vector<double> scale = card.box.upper();
    a = std::make_unique<OddRbf>(OddRbf::fit(labels.E, labels.a, scale));
    b = std::make_unique<OddRbf>(OddRbf::fit(labels.E, labels.b, scale));
  }
  report.validation_a = relative_error(*a, unseen.E, unseen.a);
  report.validation_b = relative_error(*b, unseen.E, unseen.b);

  ModelFile file;
  a->save(file, "a/");
  b->save(file, "b/");
  file.add("H", {3, basis.n_modes}, basis.H);
  add_indicator(file, basis, labels, parameters.indicator_points);
  file.meta()["basis_hash"] = basis_hash;
  file.meta()["head"] = head;
  file.meta()["recipe"] = mlp ? parameters.recipe : "split";
  file.meta()["training"] = {{"strains", labels.E.n_points()},
                             {"label_points", parameters.label_points},
                             {"label_misfit_mean", labels.mean_misfit},
                             {"label_misfit_largest", labels.largest_misfit},
                             {"validation_error_a", report.validation_a},
                             {"validation_error_b", report.validation_b},
                             {"evaluations", report.evaluations},
                             {"stopped_by", report.stopped_by},
                             {"seed", parameters.seed}};
  const PointBatch probe = probe_strains(card.box);
  PointBatch answer(3, probe.n_points());
  b->folded(basis.H.data(), 3)->evaluate(probe.n_points(), probe.data(), answer.data(), nullptr);
  MicroModelCard own = card;
  own.kind = mlp ? "equino-mlp" : "equino-rbf";
  own.matrix = rve.parameters().matrix;
  own.fibre = rve.parameters().fibre;
  write_model_card(file, own, probe, answer);
  file.write(path.string());
  return report;
}
} // namespace understudy
