// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/number_text.h>
#include <data/core/progress.h>
#include <data/core/rank_share.h>
#include <data/core/timing.h>
#include <data/output/statistics.h>
#include <data/sampling/random_numbers.h>
#include <operators/nn/fno_torch.h>
#include <operators/nn/one_thread_torch.h>
#include <surrogates/mg_tfno_batches_torch.h>
#include <surrogates/mg_tfno_scaling.h>
#include <surrogates/mg_tfno_training.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <random>

namespace understudy
{
namespace
{
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::int64_t number(std::size_t n)
{
  return static_cast<std::int64_t>(n);
}

/// The order in which an epoch takes the samples: Fisher and Yates.
std::vector<std::size_t> order_of(std::size_t n, std::uint64_t seed, std::size_t epoch)
{
  std::mt19937_64 generator = epoch_generator(seed, epoch);
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t(0));
  for (std::size_t i = n; i > 1; --i)
    std::swap(order[i - 1],
              order[static_cast<std::size_t>(uniform_01(generator) * static_cast<double>(i))]);
  return order;
}

/// Where the tensors of a network stand in one array, those that are trained first: each begins a
/// cache line, which complex views need, too; what lies between is zero and stays so.
struct FlatLayout
{
  std::vector<std::int64_t> begins;
  std::vector<std::pair<std::size_t, std::size_t>> complex; ///< ranges of complex tensors
  std::size_t trained = 0, size = 0;

  explicit FlatLayout(const FnoConfig &config)
  {
    constexpr std::size_t line = 16;
    for (const bool is_trained : {true, false})
    {
      for (const FnoTensor &tensor : fno_tensors(config))
      {
        if (tensor.is_trained != is_trained)
          continue;
        begins.push_back(number(size));
        const std::size_t end = size + n_entries(tensor.shape);
        if (tensor.is_complex)
          complex.emplace_back(size, end);
        size = (end + line - 1) / line * line;
      }
      if (is_trained)
        trained = size;
    }
  }
};

/// A module whose parameters and running statistics stand in one array, and the gradients of the
/// former in another one.
class FlatModule
{
public:
  FlatModule(FnoModule module, const FlatLayout &layout)
    : module_(std::move(module)),
      values_(torch::zeros({number(layout.size)})),
      gradient_(torch::zeros({number(layout.trained)}))
  {
    std::size_t t = 0; // parameters, and buffers, stand in the order of fno_tensors()
    const auto move = [&](torch::Tensor &p)
    {
      const torch::Tensor place = values_.narrow(0, layout.begins[t++], p.numel());
      place.copy_(p.detach().flatten());
      p.set_data(place.view(p.sizes()));
    };
    for (torch::Tensor &p : module_->parameters())
    {
      p.mutable_grad() = gradient_.narrow(0, layout.begins[t], p.numel()).view(p.sizes());
      move(p);
    }
    for (torch::Tensor &b : module_->buffers())
      move(b);
  }

  FnoModule &module() { return module_; }
  std::span<float> values() { return span_of(values_); }
  std::span<float> gradient() { return span_of(gradient_); }

private:
  static std::span<float> span_of(torch::Tensor &t)
  {
    return {t.data_ptr<float>(), static_cast<std::size_t>(t.numel())};
  }

  FnoModule module_;
  torch::Tensor values_, gradient_;
};

class Training
{
public:
  Training(MPI_Comm comm, const MgTfnoParameters &p, const MgTfnoProblem &problem,
           const MgTfnoSamples &samples, MgTfnoTraining &record, Log *log,
           const TrainingCheckpoint &checkpoint)
    : comm_(comm),
      p_(p),
      samples_(samples),
      config_(p.network_for(problem)),
      record_(record),
      checkpoint_(checkpoint),
      state_(untrained(p, problem, samples)),
      layout_(config_),
      flat_(FnoModule(FnoWeights::random(config_, p.seed)), layout_),
      adam_(p.adam, layout_.trained, layout_.complex),
      batches_(p, problem, samples, state_),
      best_(flat_.values().begin(), flat_.values().end())
  {
    flat_.module()->normalise_over_ranks(
      [this](std::span<double> sums)
      {
        if (looks_on_)
          std::ranges::fill(sums, 0.);
        MPI_Allreduce(MPI_IN_PLACE, sums.data(), static_cast<int>(sums.size()), MPI_DOUBLE, MPI_SUM,
                      comm_);
      });
    record_ = {};
    record_.n_parameters = n_parameters(config_);
    if (checkpoint_.from)
      resume(*checkpoint_.from);
    if (log != nullptr)
      progress_.emplace(*log, "train", "steps", n_batches() * p.epochs,
                        record_.epochs.size() * n_batches() + batch_);
  }

  MgTfno run()
  {
    record_.stopped_by = "epochs";
    while (record_.epochs.size() < p_.epochs)
    {
      if (is_out_of_patience())
      {
        record_.stopped_by = "patience";
        break;
      }
      epoch();
    }
    std::ranges::copy(best_, flat_.values().begin());
    const auto errors = validation_errors();
    if (!errors.empty())
    {
      std::vector<double> sorted = errors;
      std::ranges::sort(sorted);
      state_.expected_error = sorted_quantile(sorted, 0.95);
    }
    record_.seconds = seconds();
    record_.n_steps = record_.epochs.size() * n_batches();
    if (progress_)
      progress_->finish();
    return network();
  }

private:
  std::size_t n_batches() const { return (samples_.x.n_samples + p_.batch - 1) / p_.batch; }
  bool has_validation() const { return samples_.x_valid.n_samples > 0; }
  double seconds() const { return earlier_seconds_ + seconds_now() - start_; }
  bool is_out_of_patience() const
  {
    return p_.patience > 0 && has_validation() &&
           record_.epochs.size() >= record_.best_epoch + p_.patience;
  }

  MgTfno network()
  {
    MgTfno::State state = state_;
    state.weights = flat_.module()->weights();
    return MgTfno(std::move(state));
  }

  /// All steps of an epoch that are left, and what it comes to.
  void epoch()
  {
    const std::size_t number = record_.epochs.size(), n = samples_.x.n_samples;
    const double rate = p_.rate.at(static_cast<unsigned>(number));
    const auto order = order_of(n, p_.seed, number);
    batches_.begin_epoch(number);
    while (batch_ < n_batches())
    {
      const std::size_t begin = batch_ * p_.batch, end = std::min<std::size_t>(n, begin + p_.batch);
      step(std::span(order).subspan(begin, end - begin), rate);
      ++batch_;
      tell(number);
      if (checkpoint_.wanted && checkpoint_.wanted())
        save();
    }
    MPI_Allreduce(MPI_IN_PLACE, &loss_sum_, 1, MPI_DOUBLE, MPI_SUM, comm_);
    close_epoch(loss_sum_ / static_cast<double>(n), rate);
    loss_sum_ = 0.;
    batch_ = 0;
  }

  void step(std::span<const std::size_t> batch, double rate)
  {
    const std::span<float> gradient = flat_.gradient();
    std::ranges::fill(gradient, 0.f);
    const RankShare mine = share_of_rank(comm_, batch.size());
    // statistics are those of all ranks: one without samples takes part with what does not count
    looks_on_ = mine.size() == 0;
    if (!looks_on_ || config_.norm == FnoNorm::batch)
    {
      const torch::Tensor loss =
        batches_.loss([this](const torch::Tensor &x) { return flat_.module()->forward(x); },
                      looks_on_ ? batch.first(1) : batch.subspan(mine.first, mine.size()));
      loss.backward();
      if (looks_on_)
        std::ranges::fill(gradient, 0.f);
      else
        loss_sum_ += loss.item<double>();
    }
    MPI_Allreduce(MPI_IN_PLACE, gradient.data(), static_cast<int>(gradient.size()), MPI_FLOAT,
                  MPI_SUM, comm_);
    const float factor = 1.f / static_cast<float>(batch.size());
    double square = 0.;
    for (float &g : gradient)
    {
      g *= factor;
      square += static_cast<double>(g) * g;
    }
    if (!std::isfinite(square))
      throw SolverError("The training broke down in epoch " +
                        std::to_string(record_.epochs.size() + 1) +
                        ": the gradient of the loss is not finite; try a smaller learning rate.");
    adam_.step(rate, gradient, flat_.values().first(layout_.trained));
  }

  void close_epoch(double loss, double rate)
  {
    // ranks that add up in another order must not drift apart
    MPI_Bcast(flat_.values().data(), static_cast<int>(flat_.values().size()), MPI_FLOAT, 0, comm_);
    const auto errors = validation_errors();
    const double error = errors.empty() ? nan : mean(errors);
    record_.epochs.push_back({loss, error, rate});
    if (!has_validation() || record_.best_epoch == 0 || !(best_error() <= error))
    {
      record_.best_epoch = record_.epochs.size();
      best_.assign(flat_.values().begin(), flat_.values().end());
    }
  }

  double best_error() const { return record_.epochs[record_.best_epoch - 1].validation_error; }

  /// Relative L2 of each validation sample, equal on all ranks.
  std::vector<double> validation_errors()
  {
    const std::size_t n = samples_.x_valid.n_samples;
    std::vector<double> errors(n, 0.);
    const RankShare mine = share_of_rank(comm_, n);
    if (mine.size() > 0)
    {
      MgTfno net = network();
      const GridBatch &x = samples_.x_valid, &y = samples_.y_valid;
      GridBatch part(mine.size(), x.n_channels, x.n1, x.n2);
      std::copy(x.values.begin() + number(mine.first * x.sample_size()),
                x.values.begin() + number(mine.last * x.sample_size()), part.values.begin());
      const GridBatch answer = net.predict(part);
      for (std::size_t s = mine.first; s < mine.last; ++s)
        errors[s] = mean_relative_l2(answer.sample(s - mine.first), y.sample(s), y.n_channels);
    }
    MPI_Allreduce(MPI_IN_PLACE, errors.data(), static_cast<int>(n), MPI_DOUBLE, MPI_SUM, comm_);
    return errors;
  }

  void tell(std::size_t epoch)
  {
    if (!progress_)
      return;
    std::string note = "epoch " + std::to_string(epoch + 1) + " of " + std::to_string(p_.epochs);
    if (!record_.epochs.empty())
    {
      const auto &last = record_.epochs.back();
      note += ", loss " + number_text(last.loss, 3);
      if (has_validation())
        note += ", validation error " + number_text(last.validation_error, 3);
    }
    progress_->update(record_.epochs.size() * n_batches() + batch_, note);
  }

  void save()
  {
    double loss = loss_sum_;
    MPI_Allreduce(MPI_IN_PLACE, &loss, 1, MPI_DOUBLE, MPI_SUM, comm_);
    loss_sum_ = rank_in(comm_) == 0 ? loss : 0.;
    ModelFile state;
    const auto add = [&](const std::string &name, std::span<const float> values) {
      state.add("mg_tfno/" + name, {values.size()}, {values.begin(), values.end()});
    };
    add("parameters", flat_.values());
    add("best", best_);
    adam_.save(state, "mg_tfno/adam/");
    std::vector<double> history;
    for (const auto &e : record_.epochs)
      history.insert(history.end(),
                     {e.loss, has_validation() ? e.validation_error : 0., e.learning_rate});
    state.add("mg_tfno/history", {record_.epochs.size(), 3}, history);
    state.add(
      "mg_tfno/place", {4},
      {static_cast<double>(batch_), loss, static_cast<double>(record_.best_epoch), seconds()});
    checkpoint_.save(state);
  }

  void resume(const ModelFile &state)
  {
    const auto read = [&](const std::string &name, std::span<float> to)
    {
      const auto &values = state.tensor("mg_tfno/" + name, {to.size()});
      for (std::size_t i = 0; i < to.size(); ++i)
        to[i] = static_cast<float>(values[i]);
    };
    read("parameters", flat_.values());
    read("best", best_);
    adam_.load(state, "mg_tfno/adam/");
    const std::size_t n_epochs = state.shape("mg_tfno/history").at(0);
    const auto &history = state.tensor("mg_tfno/history", {n_epochs, 3});
    for (std::size_t e = 0; e < n_epochs; ++e)
      record_.epochs.push_back(
        {history[3 * e], has_validation() ? history[3 * e + 1] : nan, history[3 * e + 2]});
    const auto &place = state.tensor("mg_tfno/place", {4});
    batch_ = static_cast<std::size_t>(place[0]);
    loss_sum_ = rank_in(comm_) == 0 ? place[1] : 0.;
    record_.best_epoch = static_cast<std::size_t>(place[2]);
    earlier_seconds_ = place[3];
    if (batch_ > n_batches() || n_epochs > p_.epochs || record_.best_epoch > n_epochs)
      throw UserError("The checkpoint '" + state.path() + "' belongs to another training.");
  }

  MPI_Comm comm_;
  const MgTfnoParameters &p_;
  const MgTfnoSamples &samples_;
  FnoConfig config_;
  MgTfnoTraining &record_;
  const TrainingCheckpoint &checkpoint_;
  MgTfno::State state_; ///< all but the weights
  FlatLayout layout_;
  FlatModule flat_;
  AdamW adam_;
  MgTfnoBatches batches_;
  std::vector<float> best_;
  std::optional<Progress> progress_;
  std::size_t batch_ = 0; ///< of the epoch that goes on
  bool looks_on_ = false; ///< this rank has no sample in the step at work
  double loss_sum_ = 0.;  ///< of this rank, over its samples in this epoch
  double start_ = seconds_now(), earlier_seconds_ = 0.;
};
} // namespace

MgTfno train_mg_tfno(MPI_Comm comm, const MgTfnoParameters &parameters,
                     const MgTfnoProblem &problem, const MgTfnoSamples &samples,
                     MgTfnoTraining &training, Log *log, const TrainingCheckpoint &checkpoint)
{
  check_samples(parameters, problem, samples);
  const OneThread one_thread;
  return Training(comm, parameters, problem, samples, training, log, checkpoint).run();
}
} // namespace understudy
