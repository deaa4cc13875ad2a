// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/timing.h>
#include <operators/nn/lbfgs.h>
#include <operators/nn/train_mlp.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <optional>

namespace understudy
{
namespace
{
// Counts evaluations, watches the clock, validates, reports and keeps the best weights.
class Watch
{
public:
  Watch(const MlpRecipe &recipe, MlpLoss &train, MlpLoss *validation,
        const MlpProgressCallback &progress)
    : recipe_(recipe), train_(train), validation_(validation), progress_(progress)
  {
  }

  /// The reduced loss. @param p all weights, of which the last layer is set
  double evaluate(std::vector<double> &p, std::vector<double> &gradient)
  {
    ++state_.evaluation;
    return train_.evaluate_reduced(p.data(), gradient.data());
  }

  bool may_go_on()
  {
    if (!stopped_by_.empty())
      return false;
    if (state_.evaluation >= recipe_.max_evaluations)
      stopped_by_ = "evaluations";
    else if (seconds() >= recipe_.max_seconds)
      stopped_by_ = "time";
    return stopped_by_.empty();
  }

  bool wants_report() const { return state_.evaluation >= next_report_; }

  /// To be called with accepted weights when a report is due; false: the caller of the training
  /// stops it.
  bool accepted(const std::vector<double> &p, double loss)
  {
    next_report_ = state_.evaluation + recipe_.report_every;
    state_.loss = loss;
    state_.validation_loss = validation_ ? validation_->evaluate(p.data(), nullptr)
                                         : std::numeric_limits<double>::quiet_NaN();
    state_.seconds = seconds();
    if (score(state_) < best_score_)
    {
      best_score_ = score(state_);
      best_ = p;
      best_state_ = state_;
    }
    if (progress_ && !progress_(state_))
      stopped_by_ = "caller";
    return stopped_by_.empty();
  }

  MlpTrainingReport report() const
  {
    return {state_.evaluation, best_state_.loss, best_state_.validation_loss, seconds(),
            stopped_by_.empty() ? "stall" : stopped_by_};
  }
  const std::vector<double> &best() const { return best_; }

  void save(ModelFile &file) const
  {
    file.meta()["mlp"] = {{"evaluations", state_.evaluation},
                          {"next_report", next_report_},
                          {"seconds", seconds()},
                          {"best", nullptr}};
    if (best_.empty())
      return;
    file.add("mlp/best", {best_.size()}, best_);
    file.meta()["mlp"]["best"] = {{"loss", best_state_.loss}, {"score", best_score_}};
  }

  /// @param n_parameters of the net, which the best weights must have
  void load(const ModelFile &file, std::size_t n_parameters)
  {
    const auto &meta = file.meta().at("mlp");
    state_.evaluation = meta.at("evaluations").get<unsigned>();
    next_report_ = meta.at("next_report").get<unsigned>();
    start_ = seconds_now() - meta.at("seconds").get<double>();
    if (meta.at("best").is_null())
      return;
    best_ = file.tensor("mlp/best", {n_parameters});
    best_state_.loss = meta["best"].at("loss").get<double>();
    best_score_ = meta["best"].at("score").get<double>();
    best_state_.validation_loss =
      validation_ ? best_score_ : std::numeric_limits<double>::quiet_NaN();
  }

private:
  double seconds() const { return seconds_now() - start_; }
  double score(const MlpProgress &p) const { return validation_ ? p.validation_loss : p.loss; }

  const MlpRecipe &recipe_;
  MlpLoss &train_;
  MlpLoss *validation_;
  const MlpProgressCallback &progress_;
  double start_ = seconds_now();
  MlpProgress state_, best_state_;
  unsigned next_report_ = 0;
  double best_score_ = std::numeric_limits<double>::infinity();
  std::vector<double> best_;
  std::string stopped_by_;
};

std::unique_ptr<MlpLoss> validation_loss_of(const MlpRecipe &recipe, const MlpLabels *validation,
                                            const MlpLoss &train)
{
  if (!validation)
    return nullptr;
  MlpRecipe same = recipe;
  same.input_scale = train.input_scale();
  auto loss = std::make_unique<MlpLoss>(same, *validation);
  loss->share_output_scale(train);
  return loss;
}

/// Where the search goes on; nothing when it is to begin.
std::optional<LbfgsState> restore(const TrainingCheckpoint &checkpoint, const MlpLoss &loss,
                                  Watch &watch)
{
  if (!checkpoint.from)
    return {};
  checkpoint.from->tensor("mlp/lbfgs/x", {loss.n_hidden_parameters()});
  watch.load(*checkpoint.from, loss.n_parameters());
  return LbfgsState::load(*checkpoint.from, "mlp/lbfgs/");
}

void leave(const TrainingCheckpoint &checkpoint, const LbfgsState &state, const Watch &watch)
{
  if (!checkpoint.wanted || !checkpoint.wanted())
    return;
  ModelFile file;
  state.save(file, "mlp/lbfgs/");
  watch.save(file);
  checkpoint.save(file);
}
} // namespace

Mlp train_mlp(const MlpRecipe &recipe, const MlpLabels &train, const MlpLabels *validation,
              const MlpProgressCallback &progress, MlpTrainingReport *report,
              const TrainingCheckpoint &checkpoint)
{
  MlpLoss loss(recipe, train);
  const auto validation_loss = validation_loss_of(recipe, validation, loss);
  Watch watch(recipe, loss, validation_loss.get(), progress);
  std::vector<double> all = loss.initial_parameters(), gradient(all.size());
  const auto n_hidden = static_cast<long>(loss.n_hidden_parameters());
  const auto with_hidden = [&](const std::vector<double> &hidden) -> std::vector<double> &
  {
    std::copy(hidden.begin(), hidden.end(), all.begin());
    return all;
  };
  std::vector<double> hidden(all.begin(), all.begin() + n_hidden);
  const auto from = restore(checkpoint, loss, watch);
  minimise_lbfgs(
    [&](const std::vector<double> &x, std::vector<double> &g)
    {
      const double f = watch.evaluate(with_hidden(x), gradient);
      g.assign(gradient.begin(), gradient.begin() + n_hidden);
      return f;
    },
    hidden, recipe.history, [&] { return watch.may_go_on(); },
    [&](const std::vector<double> &x, double f)
    {
      if (!watch.wants_report())
        return true;
      // The line search may have tried another point after this one.
      loss.fit_last_layer(with_hidden(x).data());
      return watch.accepted(all, f);
    },
    [&](const LbfgsState &state) { leave(checkpoint, state, watch); }, from ? &*from : nullptr);
  const double f = loss.evaluate_reduced(with_hidden(hidden).data(), nullptr);
  watch.accepted(all, f);
  if (report)
    *report = watch.report();
  return loss.network(watch.best().empty() ? all.data() : watch.best().data());
}
} // namespace understudy
