// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/fe2/run_keeper.h>
#include <cases/resume.h>
#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/sha256.h>
#include <data/core/timing.h>
#include <data/store/atomic_file.h>
#include <data/store/strict_json.h>

#include <deal.II/base/mpi.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

namespace understudy
{
namespace
{
/// A number for JSON, which has no NaN.
nlohmann::json finite(double value)
{
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
}
} // namespace

MacroFields read_fields(const std::filesystem::path &file)
{
  const std::string bytes = read_file(file.string());
  return unpack({bytes.begin(), bytes.end()}, file.string());
}

nlohmann::json record_of(const LoadStepRecord &step)
{
  return {{"load_factor", step.load_factor},
          {"newton_iterations", step.newton_iterations},
          {"residual_norms", step.residual_norms},
          {"closure_calls", step.closure_calls},
          {"points", step.points},
          {"cuts", step.cuts},
          {"time_closure_s", step.time_closure},
          {"time_total_s", step.time_total},
          {"reaction_N_per_mm", step.reaction},
          {"mean_displacement_mm", step.mean_displacement},
          {"health", step.health},
          {"answered_by", step.answered_by},
          {"refusals", step.refusals},
          {"max_strain", step.max_strain},
          {"max_error_estimate", finite(step.max_error_estimate)}};
}

std::filesystem::path RunKeeper::fields_file(const std::filesystem::path &folder, std::size_t step)
{
  char name[32];
  std::snprintf(name, sizeof name, "step-%03zu.fields", step);
  return folder / name;
}

RunKeeper::RunKeeper(Fe2Workshop &workshop, const std::string &closure,
                     std::filesystem::path folder, nlohmann::json depends)
  : workshop_(workshop),
    closure_(closure),
    folder_(std::move(folder)),
    depends_(std::move(depends)),
    store_(folder_, "run"),
    last_(seconds_now())
{
}

/// What is missing or damaged of the fields that a checkpoint refers to, as a clause.
std::string RunKeeper::trouble_with(const Checkpoint &found) const
{
  const auto &hashes = found.state.meta().at("run").at("hashes");
  for (std::size_t i = 0; i < hashes.size(); ++i)
  {
    const auto file = fields_file(folder_, i);
    if (!std::filesystem::exists(file) ||
        sha256_hex(read_file(file.string())) != hashes[i].get<std::string>())
      return file.string() + " is missing or damaged";
  }
  return "";
}

void RunKeeper::check()
{
  on_rank_0(workshop_.comm(),
            [&]
            {
              refuse_other_checkpoints(store_, depends_, workshop_.context().resume);
              return std::string();
            });
}

bool RunKeeper::find(std::size_t hint_size)
{
  depends_["numbers kept for each point"] = hint_size;
  const std::string meta =
    on_rank_0(workshop_.comm(),
              [&]() -> std::string
              {
                found_ = find_checkpoint(store_, depends_, workshop_.context().resume,
                                         "run: " + closure_, workshop_.context().log,
                                         [this](const Checkpoint &c) { return trouble_with(c); });
                return found_ ? found_->state.meta().at("run").dump() : "";
              });
  if (meta.empty())
    return false;
  const auto stored = nlohmann::json::parse(meta);
  steps_ = stored.at("steps");
  hashes_ = stored.at("hashes");
  earlier_ = totals_ = stored.at("totals");
  return true;
}

TwoScaleState RunKeeper::state()
{
  TwoScaleState state;
  for (const auto &step : steps_)
    state.load_factors.push_back(step.at("load_factor").get<double>());
  const std::string text = on_rank_0(
    workshop_.comm(),
    [&]
    {
      const ModelFile &file = found_->state;
      const std::size_t n = steps_.size();
      state.now = read_fields(fields_file(folder_, n - 1));
      if (n > 1)
        state.before = read_fields(fields_file(folder_, n - 2));
      const auto shape = file.shape("hints");
      state.hints = PointBatch(shape.at(0), shape.at(1));
      std::ranges::copy(file.tensor("hints", shape), state.hints.data());
      const auto &memory = file.tensor("memory", file.shape("memory"));
      return nlohmann::json{{"memory", memory}, {"fraction", file.tensor("fraction", {})[0]}}
        .dump();
    });
  const auto common = nlohmann::json::parse(text);
  state.memory = common["memory"].get<std::vector<double>>();
  state.step_fraction = common["fraction"];
  return state;
}

TwoScaleKeeper RunKeeper::keeper()
{
  return {[this] { return due(); }, [this](const TwoScaleState &state, const TwoScaleResult &so_far)
          { keep(state, so_far); }};
}

bool RunKeeper::due()
{
  const double interval = workshop_.parameters().coupling.checkpoint_interval;
  const bool mine = interval == 0. || seconds_now() - last_ > std::max(interval, 50. * cost_);
  return dealii::Utilities::MPI::broadcast(workshop_.comm(), mine, 0);
}

/// Fields on disk, records in memory, of the steps that are new in @p so_far.
void RunKeeper::store_steps(const TwoScaleResult &so_far)
{
  for (; n_stored_ < so_far.steps.size(); ++n_stored_)
  {
    const MacroFields all = gather(so_far.fields[n_stored_], workshop_.comm());
    const std::string hash =
      on_rank_0(workshop_.comm(),
                [&]
                {
                  const auto bytes = pack(all);
                  const std::string_view view(bytes.data(), bytes.size());
                  write_file_atomically(fields_file(folder_, steps_.size()).string(), view);
                  return sha256_hex(view);
                });
    steps_.push_back(record_of(so_far.steps[n_stored_]));
    hashes_.push_back(hash);
  }
  const auto add = [&](const char *what, double value)
  { totals_[what] = earlier_.value(what, 0.) + value; };
  add("time_total_s", so_far.time_total);
  add("time_closure_s", so_far.time_closure);
  add("points", static_cast<double>(so_far.points));
  for (const auto &[what, value] : more_totals_)
    add(what.c_str(), dealii::Utilities::MPI::max(value(), workshop_.comm()));
}

void RunKeeper::also_total(const std::string &what, std::function<double()> value)
{
  more_totals_.emplace_back(what, std::move(value));
}

void RunKeeper::keep(const TwoScaleState &state, const TwoScaleResult &so_far)
{
  const double begin = seconds_now();
  store_steps(so_far);
  on_rank_0(workshop_.comm(),
            [&]
            {
              const PointBatch &h = state.hints;
              ModelFile file;
              file.add("hints", {h.n_components(), h.n_points()},
                       {h.data(), h.data() + h.n_components() * h.n_points()});
              file.add("memory", {state.memory.size()}, state.memory);
              file.add("fraction", {}, {state.step_fraction});
              file.meta()["run"] = {{"steps", steps_}, {"hashes", hashes_}, {"totals", totals_}};
              store_.write(std::move(file), depends_.dump());
              return std::string();
            });
  last_ = seconds_now();
  cost_ = last_ - begin;
}

void RunKeeper::finish(const TwoScaleResult &result)
{
  store_steps(result);
}

std::vector<MacroFields> RunKeeper::all_fields() const
{
  std::vector<MacroFields> all(steps_.size());
  on_rank_0(workshop_.comm(),
            [&]
            {
              for (std::size_t i = 0; i < all.size(); ++i)
                all[i] = read_fields(fields_file(folder_, i));
              return std::string();
            });
  return all;
}

void RunKeeper::clear()
{
  on_rank_0(workshop_.comm(),
            [&]
            {
              store_.remove();
              return std::string();
            });
}
} // namespace understudy
