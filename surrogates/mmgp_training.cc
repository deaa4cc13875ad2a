// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/parameters.h>
#include <data/core/timing.h>
#include <operators/nn/cholesky.h>
#include <surrogates/mmgp_training.h>

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
constexpr std::size_t left_out = 5; ///< every so many-th sample is not in the first POD

/// All samples on the common mesh, one row each; complete on every rank.
struct Snapshots
{
  std::size_t n_samples = 0, n_nodes = 0;
  std::vector<double> shape;               ///< [n_samples][2 * n_nodes]
  std::vector<std::vector<double>> fields; ///< per field [n_samples][n_nodes], learned values
  std::vector<double> inputs, scalars; ///< [n_samples][n_inputs], [n_samples][n_scalars], learned
};

std::string in_sample(std::size_t i)
{
  return "Sample " + std::to_string(i) + " ";
}

void check_sample(const MmgpProblem &problem, const MmgpSample &sample, std::size_t i)
{
  const auto finite = [](const std::vector<double> &v)
  { return std::ranges::all_of(v, [](double x) { return std::isfinite(x); }); };
  if (sample.inputs.size() != problem.inputs.size() ||
      sample.fields.size() != problem.fields.size() ||
      sample.scalars.size() != problem.scalars.size())
    throw UserError(in_sample(i) + "has other inputs or outputs than the problem.");
  for (const auto &field : sample.fields)
    if (field.size() != sample.mesh.n_nodes() || !finite(field))
      throw UserError(in_sample(i) + "has a field that does not have one finite value per node.");
  if (!finite(sample.inputs) || !finite(sample.scalars))
    throw UserError(in_sample(i) + "has a scalar that is not finite.");
}

/// Morphs and interpolates the samples of this rank; then all ranks share what they have.
class Morphing
{
public:
  Morphing(MPI_Comm comm, const MmgpProblem &problem, const CommonMesh &common,
           std::size_t n_samples)
    : comm_(comm), problem_(problem), common_(common)
  {
    const std::size_t n = common.n_nodes();
    all_.n_samples = n_samples;
    all_.n_nodes = n;
    all_.shape.assign(n_samples * 2 * n, 0.);
    all_.fields.assign(problem.fields.size(), std::vector<double>(n_samples * n, 0.));
    loss_.assign(problem.fields.size(), std::vector<double>(n, 0.));
    all_.inputs.assign(n_samples * problem.inputs.size(), 0.);
    all_.scalars.assign(n_samples * problem.scalars.size(), 0.);
  }

  void take(std::size_t i, const MmgpSample &sample)
  {
    check_sample(problem_, sample, i);
    const CommonMesh::Morphed morphed = morph(sample.mesh, i);
    const std::size_t n = all_.n_nodes;
    morphed.to_common.apply(2, coordinates_of(sample.mesh).data(), &all_.shape[i * 2 * n]);
    for (std::size_t f = 0; f < sample.fields.size(); ++f)
      morphed.to_common.apply(1, learned(f, sample).data(), &all_.fields[f][i * n]);
    std::ranges::copy(sample.inputs, all_.inputs.begin() + offset(i, sample.inputs.size()));
    for (std::size_t s = 0; s < sample.scalars.size(); ++s)
      all_.scalars[i * sample.scalars.size() + s] = problem_.scalars[s].learned(sample.scalars[s]);
  }

  /// Adds to the loss of each field at the common nodes the square of what is lost on the way to
  /// the modes and back, for a sample that they were not made from.
  void add_loss(std::size_t i, const MmgpSample &sample, const std::vector<WeightedPod> &pods)
  {
    const CommonMesh::Morphed morphed = morph(sample.mesh, i);
    const std::size_t n = all_.n_nodes;
    std::vector<double> back(n), squares(n), here(sample.mesh.n_nodes());
    for (std::size_t f = 0; f < sample.fields.size(); ++f)
    {
      pods[f].expand(pods[f].project(1, &all_.fields[f][i * n]), back.data());
      morphed.from_common.apply(1, back.data(), here.data());
      const std::vector<double> truth = learned(f, sample);
      for (std::size_t p = 0; p < here.size(); ++p)
        here[p] = (here[p] - truth[p]) * (here[p] - truth[p]);
      morphed.to_common.apply(1, here.data(), squares.data());
      for (std::size_t p = 0; p < n; ++p)
        loss_[f][p] += squares[p];
    }
  }

  void share(std::vector<double> &values) const
  {
    MPI_Allreduce(MPI_IN_PLACE, values.data(), static_cast<int>(values.size()), MPI_DOUBLE, MPI_SUM,
                  comm_);
  }
  void share_snapshots()
  {
    share(all_.shape);
    share(all_.inputs);
    share(all_.scalars);
    for (auto &field : all_.fields)
      share(field);
  }
  const Snapshots &snapshots() const { return all_; }

  /// Mean square loss of all fields over @p n samples.
  std::vector<std::vector<double>> mean_loss(std::size_t n)
  {
    for (auto &loss : loss_)
    {
      share(loss);
      for (double &value : loss)
        value /= static_cast<double>(n);
    }
    return loss_;
  }

private:
  static std::ptrdiff_t offset(std::size_t i, std::size_t n)
  {
    return static_cast<std::ptrdiff_t>(i * n);
  }
  CommonMesh::Morphed morph(const TriangleMesh &mesh, std::size_t i) const
  {
    try
    {
      return common_.morph(mesh);
    }
    catch (const UserError &trouble)
    {
      throw UserError(in_sample(i) + "cannot be morphed: " + trouble.what());
    }
  }
  std::vector<double> learned(std::size_t f, const MmgpSample &sample) const
  {
    std::vector<double> values = sample.fields[f];
    for (double &value : values)
      value = problem_.fields[f].learned(value);
    return values;
  }

  MPI_Comm comm_;
  const MmgpProblem &problem_;
  const CommonMesh &common_;
  Snapshots all_;
  std::vector<std::vector<double>> loss_; ///< per field [n_common]
};

/// Mean and standard deviation of each component over the points; components that do not vary are
/// an error for outputs and have scale 1 for inputs.
Mmgp::Scaling standardise(PointBatch &values)
{
  Mmgp::Scaling scaling;
  const auto n = static_cast<double>(values.n_points());
  for (std::size_t c = 0; c < values.n_components(); ++c)
  {
    const auto v = values.component(c);
    double mean = 0., square = 0.;
    for (const double x : v)
      mean += x / n;
    for (const double x : v)
      square += (x - mean) * (x - mean) / n;
    const double scale = square > 1e-24 * mean * mean && square > 0. ? std::sqrt(square) : 1.;
    for (double &x : v)
      x = (x - mean) / scale;
    scaling.offset.push_back(mean);
    scaling.scale.push_back(scale);
  }
  return scaling;
}

std::vector<double> rows_of(const std::vector<double> &all, std::size_t width, bool of_left_out)
{
  std::vector<double> rows;
  for (std::size_t i = 0; i * width < all.size(); ++i)
    if ((i % left_out == left_out - 1) == of_left_out)
      rows.insert(rows.end(), &all[i * width], &all[i * width] + width);
  return rows;
}

WeightedPod pod_of(const std::vector<double> &rows, std::size_t n_components, std::size_t n_modes,
                   const CommonMesh &common)
{
  return WeightedPod::fit(rows.data(), rows.size() / (n_components * common.n_nodes()),
                          n_components, n_modes, common.mass());
}

/// X before it is standardised, [shape modes + inputs][n].
PointBatch inputs_of(const WeightedPod &shape, const Snapshots &all, std::size_t n_inputs)
{
  const PointBatch c = shape.project(all.n_samples, all.shape.data());
  PointBatch X(c.n_components() + n_inputs, all.n_samples);
  std::copy_n(c.data(), c.n_components() * all.n_samples, X.data());
  for (std::size_t i = 0; i < all.n_samples; ++i)
    for (std::size_t k = 0; k < n_inputs; ++k)
      X(c.n_components() + k, i) = all.inputs[i * n_inputs + k];
  return X;
}

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

double percentile_99(std::vector<double> values)
{
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(std::ceil(0.99 * static_cast<double>(values.size()))) - 1];
}

/// Coefficients of a field, whole or one by one.
std::vector<PointBatch> outputs_of(const PointBatch &coefficients, bool one_by_one)
{
  if (!one_by_one)
    return {coefficients};
  std::vector<PointBatch> all;
  for (std::size_t k = 0; k < coefficients.n_components(); ++k)
  {
    all.emplace_back(1, coefficients.n_points());
    std::ranges::copy(coefficients.component(k), all.back().data());
  }
  return all;
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
  Trainer(MPI_Comm comm, const MmgpParameters &parameters, const MmgpProblem &problem,
          const CommonMesh &common, std::size_t n_samples)
    : comm_(comm),
      p_(parameters),
      problem_(problem),
      common_(common),
      morphing_(comm, problem, common, n_samples)
  {
  }

  template <class Sample>
  Mmgp run(const Sample &sample, MmgpTraining &training)
  {
    const double begin = seconds_now();
    for_my_samples(sample, false,
                   [&](std::size_t i, const MmgpSample &s) { morphing_.take(i, s); });
    morphing_.share_snapshots();
    training.seconds_morph = slowest(seconds_now() - begin);

    const double pod_begin = seconds_now();
    Mmgp::Gates gates;
    const auto loss = losses(sample, gates);
    const Snapshots &all = morphing_.snapshots();
    WeightedPod shape = pod_of(all.shape, 2, p_.shape_modes, common_);
    PointBatch X = inputs_of(shape, all, problem_.inputs.size());
    Mmgp::State state{problem_.inputs, common_, std::move(shape), standardise(X), {}, {}, gates};
    close_gates(X, state.gates);
    std::vector<PointBatch> outputs;
    add_fields(state, loss, outputs);
    const std::vector<Mmgp::Scaling> scalar_scaling = add_scalars(outputs);
    training.seconds_pod = slowest(seconds_now() - pod_begin);

    const double fit_begin = seconds_now();
    auto fits = fit_gaussian_processes(comm_, X, outputs, p_.fit);
    training.seconds_fit = slowest(seconds_now() - fit_begin);
    take_processes(state, scalar_scaling, fits, training);
    return Mmgp(std::move(state));
  }

private:
  double slowest(double seconds) const
  {
    MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, comm_);
    return seconds;
  }

  /// Calls @p action with every sample of this rank, or with those that the first POD leaves out.
  template <class Sample, class Action>
  void for_my_samples(const Sample &sample, bool only_left_out, const Action &action)
  {
    int n_ranks = 1;
    MPI_Comm_size(comm_, &n_ranks);
    on_all_ranks(comm_,
                 [&]
                 {
                   const std::size_t step = only_left_out ? left_out : 1;
                   const std::size_t first = only_left_out ? left_out - 1 : 0;
                   std::size_t turn = 0;
                   for (std::size_t i = first; i < morphing_.snapshots().n_samples; i += step)
                     if (turn++ % static_cast<std::size_t>(n_ranks) ==
                         static_cast<std::size_t>(rank_in(comm_)))
                       action(i, sample(i));
                 });
  }

  /// Mean square loss of the fields, and the gate of the shape, from the samples left out.
  template <class Sample>
  std::vector<std::vector<double>> losses(const Sample &sample, Mmgp::Gates &gates)
  {
    const Snapshots &all = morphing_.snapshots();
    const std::size_t n = common_.n_nodes();
    const WeightedPod shape = pod_of(rows_of(all.shape, 2 * n, false), 2, p_.shape_modes, common_);
    const std::vector<double> others = rows_of(all.shape, 2 * n, true);
    const std::size_t n_others = others.size() / (2 * n);
    gates.shape =
      p_.shape_factor * std::sqrt(percentile_99(shape.squared_residuals(n_others, others.data())));
    gates.deviation = p_.deviation_limit;
    std::vector<WeightedPod> pods;
    for (const auto &field : all.fields)
      pods.push_back(pod_of(rows_of(field, n, false), 1, p_.field_modes, common_));
    for_my_samples(sample, true,
                   [&](std::size_t i, const MmgpSample &s) { morphing_.add_loss(i, s, pods); });
    return morphing_.mean_loss(n_others);
  }

  void close_gates(const PointBatch &X, Mmgp::Gates &gates) const
  {
    gates.mean.assign(X.n_components(), 0.); // X is standardised
    gates.factor = covariance_factor(X);
    const boost::math::chi_squared chi2(static_cast<double>(X.n_components()));
    gates.squared_distance =
      boost::math::quantile(boost::math::complement(chi2, p_.distance_share));
  }

  void add_fields(Mmgp::State &state, const std::vector<std::vector<double>> &loss,
                  std::vector<PointBatch> &outputs) const
  {
    const Snapshots &all = morphing_.snapshots();
    for (std::size_t f = 0; f < problem_.fields.size(); ++f)
    {
      const auto &rows = all.fields[f];
      const auto [low, high] = std::ranges::minmax_element(rows);
      if (!(*high > *low))
        throw UserError("The field '" + problem_.fields[f].quantity.name +
                        "' is the same number in all samples, so there is nothing to learn.");
      Mmgp::Field field{
        problem_.fields[f], pod_of(rows, 1, p_.field_modes, common_), {}, {}, loss[f],
        *high - *low};
      PointBatch c = field.pod.project(all.n_samples, rows.data());
      field.scaling = standardise(c);
      for (auto &part : outputs_of(c, p_.process_per_coefficient))
        outputs.push_back(std::move(part));
      state.fields.push_back(std::move(field));
    }
  }

  std::vector<Mmgp::Scaling> add_scalars(std::vector<PointBatch> &outputs) const
  {
    const Snapshots &all = morphing_.snapshots();
    std::vector<Mmgp::Scaling> scaling;
    const std::size_t n_scalars = problem_.scalars.size();
    for (std::size_t s = 0; s < n_scalars; ++s)
    {
      PointBatch y(1, all.n_samples);
      for (std::size_t i = 0; i < all.n_samples; ++i)
        y(0, i) = all.scalars[i * n_scalars + s];
      const auto [low, high] = std::ranges::minmax_element(y.component(0));
      if (!(*high > *low))
        throw UserError("The scalar '" + problem_.scalars[s].quantity.name +
                        "' is the same number in all samples, so there is nothing to learn.");
      scaling.push_back(standardise(y));
      outputs.push_back(std::move(y));
    }
    return scaling;
  }

  void take_processes(Mmgp::State &state, const std::vector<Mmgp::Scaling> &scalar_scaling,
                      std::vector<GaussianProcessFit> &fits, MmgpTraining &training) const
  {
    std::size_t next = 0;
    const auto take = [&](const std::string &output)
    {
      GaussianProcessFit &fit = fits[next++];
      unsigned evaluations = 0;
      for (const auto &search : fit.searches)
        evaluations += search.evaluations;
      const auto &best = fit.searches[fit.best];
      training.processes.push_back(
        {output, best.log_likelihood, best.found.noise_variance, evaluations, best.at_bound});
      return std::move(fit.process);
    };
    for (Mmgp::Field &field : state.fields)
      for (std::size_t k = 0; k < field.pod.n_modes();)
      {
        field.processes.push_back(take(field.output.quantity.name));
        k += field.processes.back().n_outputs();
      }
    for (std::size_t s = 0; s < problem_.scalars.size(); ++s)
      state.scalars.push_back({problem_.scalars[s], scalar_scaling[s].offset[0],
                               scalar_scaling[s].scale[0],
                               take(problem_.scalars[s].quantity.name)});
  }

  MPI_Comm comm_;
  const MmgpParameters &p_;
  const MmgpProblem &problem_;
  const CommonMesh &common_;
  Morphing morphing_;
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
                const std::function<MmgpSample(std::size_t)> &sample, MmgpTraining &training)
{
  if (n_samples < fewest_samples)
    throw UserError("MMGP needs at least " + std::to_string(fewest_samples) +
                    " training samples, not " + std::to_string(n_samples) + ".");
  std::optional<CommonMesh> common;
  on_all_ranks(
    comm, [&] { common.emplace(sample(n_samples / 2).mesh, tutte_options(parameters, features)); });
  return Trainer(comm, parameters, problem, *common, n_samples).run(sample, training);
}
} // namespace understudy
