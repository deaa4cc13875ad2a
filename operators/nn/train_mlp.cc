// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <operators/nn/lbfgs.h>
#include <operators/nn/train_mlp.h>

#include <chrono>
#include <cmath>
#include <limits>

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

  double evaluate(const std::vector<double> &p, std::vector<double> &gradient)
  {
    ++state_.evaluation;
    return train_.evaluate(p.data(), gradient.data());
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

  /// To be called with every weights that were accepted; false: the caller of the training stops
  /// it.
  bool accepted(const std::vector<double> &p, double loss, bool always = false)
  {
    if (!always && state_.evaluation < next_report_)
      return true;
    next_report_ = state_.evaluation + recipe_.report_every;
    state_.loss = loss;
    state_.validation_loss = validation_ ? validation_->evaluate(p.data(), nullptr)
                                         : std::numeric_limits<double>::quiet_NaN();
    state_.seconds = seconds();
    const double score = validation_ ? state_.validation_loss : loss;
    if (score < best_score_)
    {
      best_score_ = score;
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

private:
  double seconds() const
  {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  const MlpRecipe &recipe_;
  MlpLoss &train_;
  MlpLoss *validation_;
  const MlpProgressCallback &progress_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  MlpProgress state_, best_state_;
  unsigned next_report_ = 0;
  double best_score_ = std::numeric_limits<double>::infinity();
  std::vector<double> best_;
  std::string stopped_by_;
};

// Full-batch Adam at 1e-3 with the usual 0.9, 0.999, 1e-8.
void adam(unsigned steps, std::vector<double> &p, Watch &watch)
{
  std::vector<double> g(p.size()), m(p.size(), 0.), v(p.size(), 0.);
  double b1 = 1., b2 = 1.;
  for (unsigned step = 0; step < steps && watch.may_go_on(); ++step)
  {
    const double loss = watch.evaluate(p, g);
    if (!watch.accepted(p, loss))
      return;
    b1 *= 0.9;
    b2 *= 0.999;
    for (std::size_t i = 0; i < p.size(); ++i)
    {
      m[i] = 0.9 * m[i] + 0.1 * g[i];
      v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
      p[i] -= 1e-3 * (m[i] / (1. - b1)) / (std::sqrt(v[i] / (1. - b2)) + 1e-8);
    }
  }
}
} // namespace

Mlp train_mlp(const MlpRecipe &recipe, const MlpLabels &train, const MlpLabels *validation,
              const MlpProgressCallback &progress, MlpTrainingReport *report)
{
  MlpLoss loss(recipe, train);
  std::unique_ptr<MlpLoss> validation_loss;
  if (validation)
  {
    MlpRecipe same = recipe;
    same.input_scale = loss.input_scale();
    validation_loss = std::make_unique<MlpLoss>(same, *validation);
    validation_loss->share_output_scale(loss);
  }
  Watch watch(recipe, loss, validation_loss.get(), progress);
  std::vector<double> p = loss.initial_parameters();
  adam(recipe.adam_steps, p, watch);
  minimise_lbfgs([&](const std::vector<double> &x, std::vector<double> &g)
                 { return watch.evaluate(x, g); },
                 p, recipe.history, [&] { return watch.may_go_on(); },
                 [&](const std::vector<double> &x, double f) { return watch.accepted(x, f); });
  watch.accepted(p, loss.evaluate(p.data(), nullptr), true);
  if (report)
    *report = watch.report();
  return loss.network(watch.best().empty() ? p.data() : watch.best().data());
}
} // namespace understudy
