// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/parameters.h>
#include <data/core/progress.h>
#include <data/core/stop_flag.h>
#include <data/core/timing.h>
#include <data/output/statistics.h>
#include <operators/maps/conformal.h>
#include <operators/nn/cholesky.h>
#include <surrogates/mmgp_draft.h>

#include <boost/math/distributions/chi_squared.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

namespace understudy
{
namespace
{
constexpr std::size_t fewest_samples = 10;
constexpr double nominal = 0.05;               ///< share of the truth outside of the bounds
constexpr std::size_t scores_per_sample = 500; ///< of a field, whatever the number of its nodes

/// Lower Cholesky factor of the covariance of standardised inputs, row-major. Inputs that depend on
/// each other to rounding are told apart by the share 1e-10 of their variance.
std::vector<double> covariance_factor(const PointBatch &X)
{
  const std::size_t d = X.n_components(), n = X.n_points();
  std::vector<double> A(d * d), L(d * d, 0.);
  const auto fill = [&]
  {
    for (std::size_t i = 0; i < d; ++i)
      for (std::size_t j = 0; j <= i; ++j)
      {
        double sum = 0.;
        for (std::size_t p = 0; p < n; ++p)
          sum += X(i, p) * X(j, p);
        A[i + j * d] = sum / static_cast<double>(n);
      }
  };
  cholesky_with_jitter(d, A.data(), d, 1., fill);
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j <= i; ++j)
      L[i * d + j] = A[i + j * d];
  return L;
}

/// So many quantiles of scores, each rounded up, that samples with different numbers of nodes have
/// equally many: numbers k / n of them, k = 1 to n, lie at or below.
std::vector<double> thinned(std::vector<double> scores, std::size_t n)
{
  std::ranges::sort(scores);
  std::vector<double> kept;
  for (std::size_t k = 1; k <= n; ++k)
    kept.push_back(scores[(k * scores.size() + n - 1) / n - 1]);
  return kept;
}

/// |error| in deviations. Where both are rounding against the range of the output, it is 0.
double score_of(double error, double variance, double range)
{
  const double rounding = Mmgp::rounding * range;
  return std::abs(error) <= rounding ? 0.
                                     : std::abs(error) / std::max(std::sqrt(variance), rounding);
}

TutteOptions tutte_options(const MmgpParameters &p, const std::vector<std::string> &features)
{
  TutteOptions options;
  options.weights =
    p.weights == "mean-value" ? TutteOptions::Weights::mean_value : TutteOptions::Weights::uniform;
  options.features = features;
  return options;
}

/// The parts of a model as they come into being.
class Trainer
{
public:
  using Samples = std::function<MmgpSample(std::size_t)>;

  Trainer(MPI_Comm comm, const MmgpParameters &parameters, const MmgpProblem &problem,
          const CommonMesh &common, std::size_t n_samples, const Samples &sample, Log *log)
    : comm_(comm),
      p_(parameters),
      problem_(problem),
      common_(common),
      sample_(sample),
      log_(log),
      morphing_(comm, problem, common, n_samples)
  {
    MPI_Comm_size(comm, &n_ranks_);
  }

  Mmgp run(MmgpTraining &training)
  {
    const double begin = seconds_now();
    const auto show = progress("train: morphing", "plates");
    for_my_samples(
      [&](std::size_t i, const MmgpSample &s)
      {
        throw_if_stop_requested("the training begins anew next time.");
        morphing_.take(i, s);
        show(i + 1, n_samples());
      });
    morphing_.share_snapshots();
    training.seconds_morph = slowest(seconds_now() - begin);

    const double pod_begin = seconds_now();
    leave_out_folds();
    MmgpDraft draft = draft_of(modes_of(everyone()), everyone(), mean_loss(n_folds));
    training.seconds_pod = slowest(seconds_now() - pod_begin);

    const double fit_begin = seconds_now();
    auto fits = fit_gaussian_processes(comm_, draft.X, draft.outputs, p_.fit,
                                       progress("train: processes", "searches"));
    training.seconds_fit = slowest(seconds_now() - fit_begin);
    for (const GaussianProcessFit &fit : fits)
      found_.push_back(fit.process.parameters());
    close_gates(draft.X, draft.state.gates);
    training.processes = told(draft, fits);
    Mmgp::State state = std::move(draft).finish(std::move(fits));

    const double validate_begin = seconds_now();
    find_bands(state, training);
    training.seconds_validate = slowest(seconds_now() - validate_begin);
    return Mmgp(std::move(state));
  }

private:
  double slowest(double seconds) const
  {
    MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, comm_);
    return seconds;
  }

  /// Tells how much of something is done and how much time that will take yet.
  std::function<void(std::size_t done, std::size_t all)> progress(const char *what,
                                                                  const char *unit) const
  {
    if (log_ == nullptr)
      return [](std::size_t, std::size_t) {};
    return [line = std::optional<Progress>(), this, what, unit](std::size_t done,
                                                                std::size_t all) mutable
    {
      if (!line) // the first call starts the clock
        line.emplace(*log_, what, unit, all, done);
      line->update(done);
    };
  }

  std::size_t n_samples() const { return morphing_.snapshots().n_samples; }
  std::vector<std::size_t> fold(std::size_t k) const
  {
    return samples_of_fold(n_samples(), k, false);
  }
  std::vector<std::size_t> all_but_fold(std::size_t k) const
  {
    return samples_of_fold(n_samples(), k, true);
  }
  std::vector<std::size_t> everyone() const { return all_but_fold(n_folds); }

  /// Calls @p action with every sample of this rank, of one fold if it says so.
  template <class Action>
  void for_my_samples(const Action &action, std::size_t of_fold = n_folds) const
  {
    on_all_ranks(comm_,
                 [&]
                 {
                   // By groups of one sample per fold, so that all ranks have their share of each.
                   for (std::size_t i = 0; i < n_samples(); ++i)
                     if (static_cast<int>(i / n_folds) % n_ranks_ == rank_in(comm_) &&
                         (of_fold == n_folds || i % n_folds == of_fold))
                       action(i, sample_(i));
                 });
  }

  MmgpModes modes_of(const std::vector<std::size_t> &samples) const
  {
    return mmgp_modes(p_, common_, morphing_.snapshots(), samples);
  }
  MmgpDraft draft_of(MmgpModes modes, const std::vector<std::size_t> &samples, PerNode loss) const
  {
    return mmgp_draft(p_, problem_, common_, morphing_.snapshots(), samples, std::move(modes),
                      std::move(loss));
  }

  /// For every fold the modes without it, and what they lose of it: loss_ and residuals_.
  void leave_out_folds()
  {
    const MmgpSnapshots &all = morphing_.snapshots();
    for (std::size_t k = 0; k < n_folds; ++k)
    {
      modes_.push_back(modes_of(all_but_fold(k)));
      PerNode &loss = loss_.emplace_back(all.fields.size(), std::vector<double>(all.n_nodes, 0.));
      for_my_samples([&](std::size_t i, const MmgpSample &s)
                     { morphing_.add_loss(i, s, modes_[k].fields, loss); },
                     k);
      for (auto &field : loss)
        morphing_.share(field);
      const auto rows = rows_of(all.shape, 2 * all.n_nodes, fold(k));
      const auto residuals = modes_[k].shape.squared_residuals(fold(k).size(), rows.data());
      residuals_.insert(residuals_.end(), residuals.begin(), residuals.end());
    }
  }

  /// Mean square loss over all samples but those of a fold.
  PerNode mean_loss(std::size_t without) const
  {
    const MmgpSnapshots &all = morphing_.snapshots();
    PerNode mean(all.fields.size(), std::vector<double>(all.n_nodes, 0.));
    const auto n = static_cast<double>(all_but_fold(without).size());
    for (std::size_t k = 0; k < n_folds; ++k)
      for (std::size_t f = 0; k != without && f < mean.size(); ++f)
        for (std::size_t i = 0; i < all.n_nodes; ++i)
          mean[f][i] += loss_[k][f][i] / n;
    return mean;
  }

  void close_gates(const PointBatch &X, Mmgp::Gates &gates) const
  {
    std::vector<double> residuals = residuals_;
    std::ranges::sort(residuals);
    gates.shape = p_.shape_factor * std::sqrt(sorted_quantile(residuals, 0.99));
    gates.deviation = p_.deviation_limit;
    gates.mean.assign(X.n_components(), 0.); // X is standardised
    gates.factor = covariance_factor(X);
    const boost::math::chi_squared chi2(static_cast<double>(X.n_components()));
    gates.squared_distance =
      boost::math::quantile(boost::math::complement(chi2, p_.distance_share));
  }

  /// What the searches found, in the order of the outputs.
  std::vector<MmgpTraining::Process> told(const MmgpDraft &draft,
                                          const std::vector<GaussianProcessFit> &fits) const
  {
    std::vector<std::pair<std::string, std::size_t>> what; // with the mode, from 1; 0: all
    for (const Mmgp::Field &field : draft.state.fields)
      if (p_.process_per_coefficient)
        for (std::size_t k = 1; k <= field.pod.n_modes(); ++k)
          what.emplace_back(field.output.quantity.name, k);
      else
        what.emplace_back(field.output.quantity.name, 0);
    for (const MmgpOutput &scalar : problem_.scalars)
      what.emplace_back(scalar.quantity.name, 0);
    std::vector<MmgpTraining::Process> processes;
    for (std::size_t i = 0; i < fits.size(); ++i)
    {
      unsigned evaluations = 0;
      for (const auto &search : fits[i].searches)
        evaluations += search.evaluations;
      const auto &best = fits[i].searches[fits[i].best];
      processes.push_back({what[i].first, best.log_likelihood, best.found.noise_variance,
                           evaluations, best.at_bound, what[i].second});
    }
    return processes;
  }

  /// Errors of the samples of a fold in deviations, by a model that was trained without them: per
  /// output at their places in @p scores, [n_samples][scores_per_sample] or [n_samples].
  void score_fold(std::size_t k, PerNode &scores,
                  const std::function<void(std::size_t, std::size_t)> &show) const
  {
    const MmgpSnapshots &all = morphing_.snapshots();
    const auto others = all_but_fold(k);
    MmgpDraft draft = draft_of(modes_[k], others, mean_loss(k));
    GaussianProcessFitParameters one_search = p_.fit;
    one_search.n_restarts = 1;
    // Fewer samples may have fewer modes, whose processes then begin from the start of all.
    if (found_.size() == draft.outputs.size() &&
        found_.front().length_scales.size() == draft.X.n_components())
      one_search.first_starts = found_;
    auto fits = fit_gaussian_processes(comm_, draft.X, draft.outputs, one_search,
                                       [&](std::size_t done, std::size_t of_fold)
                                       { show(k * of_fold + done, n_folds * of_fold); });
    const Mmgp model(std::move(draft).finish(std::move(fits)));
    const std::size_t n_fields = problem_.fields.size(), n_scalars = problem_.scalars.size();
    for_my_samples(
      [&](std::size_t i, const MmgpSample &sample)
      {
        PointBatch X = mmgp_inputs(model.state().shape, all, {i});
        for (std::size_t c = 0; c < X.n_components(); ++c)
          X(c, 0) = (X(c, 0) - model.state().x.offset[c]) / model.state().x.scale[c];
        for (std::size_t f = 0; f < n_fields; ++f)
        {
          const Mmgp::Field &field = model.state().fields[f];
          const auto found =
            model.moments(field, morphing_.morphed(i), model.coefficients(field, X));
          std::vector<double> errors = morphing_.learned(f, sample);
          for (std::size_t n = 0; n < errors.size(); ++n)
            errors[n] = score_of(errors[n] - found.mean[n], found.variance[n] + found.truncation[n],
                                 field.range);
          std::ranges::copy(thinned(std::move(errors), scores_per_sample),
                            &scores[f][i * scores_per_sample]);
        }
        for (std::size_t s = 0; s < n_scalars; ++s)
        {
          const auto found = model.distribution(model.state().scalars[s], X);
          scores[n_fields + s][i] = score_of(all.scalars[i * n_scalars + s] - found.mean,
                                             found.variance, model.state().scalars[s].scale);
        }
      },
      k);
  }

  /// Half widths of the bounds from errors of samples that a model was not trained with.
  void find_bands(Mmgp::State &state, MmgpTraining &training)
  {
    const std::size_t n_fields = problem_.fields.size();
    PerNode scores(n_fields, std::vector<double>(n_samples() * scores_per_sample, 0.));
    scores.resize(n_fields + problem_.scalars.size(), std::vector<double>(n_samples(), 0.));
    const auto show = progress("train: cross-validation", "searches");
    for (std::size_t k = 0; k < n_folds; ++k)
      score_fold(k, scores, show);
    const auto band = [&](std::size_t output, const std::string &name)
    {
      morphing_.share(scores[output]);
      const double found = grouped_conformal_quantile(scores[output], n_samples(), nominal);
      const double largest = *std::ranges::max_element(scores[output]);
      training.bands.push_back(
        {name, std::isfinite(found) ? found : std::max(largest, Mmgp::normal_95)});
      return training.bands.back().width;
    };
    for (std::size_t f = 0; f < n_fields; ++f)
      state.fields[f].band = band(f, problem_.fields[f].quantity.name);
    for (std::size_t s = 0; s < problem_.scalars.size(); ++s)
      state.scalars[s].band = band(n_fields + s, problem_.scalars[s].quantity.name);
  }

  MPI_Comm comm_;
  int n_ranks_ = 1;
  const MmgpParameters &p_;
  const MmgpProblem &problem_;
  const CommonMesh &common_;
  const Samples &sample_;
  Log *log_;
  MmgpMorphing morphing_;
  std::vector<MmgpModes> modes_;                 ///< per fold: without it
  std::vector<PerNode> loss_;                    ///< per fold: sum over its samples
  std::vector<double> residuals_;                ///< of the shapes of all folds, squared
  std::vector<GaussianProcessParameters> found_; ///< with all samples
};
} // namespace

void MmgpParameters::declare(dealii::ParameterHandler &prm)
{
  using namespace dealii::Patterns;
  prm.add_parameter("Shape modes", shape_modes, "Modes of the shape of the meshes [1]",
                    Integer(1, 256));
  prm.add_parameter("Field modes", field_modes, "Modes of each field [1]", Integer(1, 256));
  prm.add_parameter("Morphing weights", weights,
                    "Of the Tutte map: every inner node is the plain mean of its neighbours, or "
                    "their mean with weights that depend less on how a mesh is cut.",
                    Selection("uniform|mean-value"));
  prm.add_parameter("Process per coefficient", process_per_coefficient,
                    "Each coefficient of a field has hyper-parameters of its own, not one set for "
                    "all of a field.");
  add_number(
    prm, "Shape factor", shape_factor,
    "A shape is handed over when what its modes leave out exceeds this many times the 99th "
    "percentile of samples that they were not made from [1]",
    Double(1., 1000.));
  add_number(prm, "Distance share", distance_share,
             "Share of normally distributed samples that the gate of the distance would hand over "
             "[1]",
             Double(1e-9, 0.5));
  add_number(
    prm, "Deviation limit", deviation_limit,
    "A prediction is handed over when a standard deviation exceeds this share of the range "
    "of its field [1]",
    Double(1e-6, 10.));
  prm.add_parameter("Restarts", fit.n_restarts, "Searches for the hyper-parameters [1]",
                    Integer(1, 1000));
  prm.add_parameter("Evaluations", fit.max_evaluations,
                    "Most evaluations of the likelihood per search [1]", Integer(1, 1000000));
  prm.add_parameter("Seed", fit.seed, "Seed of the starts of the searches [1]", Integer(0));
}

std::vector<std::string> MmgpParameters::problems() const
{
  return fit.problems();
}

Mmgp train_mmgp(MPI_Comm comm, const MmgpParameters &parameters, const MmgpProblem &problem,
                const std::vector<std::string> &features, std::size_t n_samples,
                const std::function<MmgpSample(std::size_t)> &sample, MmgpTraining &training,
                Log *log)
{
  if (n_samples < fewest_samples)
    throw UserError("MMGP needs at least " + std::to_string(fewest_samples) +
                    " training samples, not " + std::to_string(n_samples) + ".");
  std::optional<CommonMesh> common;
  const auto make_common = [&]
  {
    const std::size_t middle = n_samples / 2;
    const TriangleMesh mesh = sample(middle).mesh;
    try
    {
      common.emplace(mesh, tutte_options(parameters, features));
    }
    catch (const UserError &trouble)
    {
      throw UserError("The common mesh is to be the image of sample " + std::to_string(middle) +
                      ". " + trouble.what());
    }
  };
  on_all_ranks(comm, make_common);
  return Trainer(comm, parameters, problem, *common, n_samples, sample, log).run(training);
}
} // namespace understudy
