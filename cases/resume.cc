// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/resume.h>
#include <data/core/errors.h>
#include <data/core/first_difference.h>

#include <nlohmann/json.hpp>

namespace understudy
{
namespace
{
/// In what the key of a checkpoint differs from @p now, as a clause; empty when it is equal.
/// @param only_known leaves out what only the checkpoint knows
std::string difference(const Checkpoint &found, const nlohmann::json &now, bool only_known = false)
{
  const auto before = nlohmann::json::parse(found.key, nullptr, false);
  if (before.is_discarded())
    return "what it belongs to cannot be read";
  if (!only_known)
    return first_difference(before, now);
  nlohmann::json completed = before;
  completed.update(now);
  return first_difference(before, completed);
}

std::string belongs_elsewhere(const Checkpoint &found, const std::string &differs)
{
  return "The checkpoint '" + found.path + "' belongs to something else: " + differs + ".";
}

[[noreturn]] void refuse(const std::string &sentence)
{
  throw UserError(sentence + " No other one is left; --fresh begins anew.");
}
} // namespace

std::optional<Checkpoint> find_checkpoint(CheckpointStore &store, const nlohmann::json &key,
                                          ResumeMode mode, const std::string &what, Log &log,
                                          const CheckpointTrouble &trouble)
{
  if (mode == ResumeMode::fresh)
  {
    store.remove();
    return {};
  }
  std::vector<std::string> refused;
  const auto warn = [&]
  {
    for (const auto &sentence : refused)
      log.warning(what + ": " + sentence + " It is left unused.");
  };
  for (auto &found : store.read_intact(refused))
  {
    const std::string differs = difference(found, key);
    const std::string lacks = differs.empty() && trouble ? trouble(found) : std::string();
    if (!differs.empty())
      refused.push_back(belongs_elsewhere(found, differs));
    else if (!lacks.empty())
      refused.push_back("The checkpoint '" + found.path + "' cannot be used: " + lacks + ".");
    else
    {
      warn();
      log.info(what + ": goes on from the checkpoint " + found.path);
      return std::move(found);
    }
  }
  if (!refused.empty() && mode == ResumeMode::resume)
    refuse(refused.front());
  warn();
  return {};
}

void refuse_other_checkpoints(CheckpointStore &store, const nlohmann::json &key, ResumeMode mode)
{
  if (mode != ResumeMode::resume)
    return;
  std::vector<std::string> damaged;
  std::string refusal;
  for (const auto &found : store.read_intact(damaged))
  {
    const std::string differs = difference(found, key, true);
    if (differs.empty())
      return;
    if (refusal.empty())
      refusal = belongs_elsewhere(found, differs);
  }
  if (!refusal.empty())
    refuse(refusal);
}

void check_resume(ResumeMode mode, const std::filesystem::path &output)
{
  if (mode == ResumeMode::resume && !std::filesystem::exists(output / "run.json"))
    throw UserError("There is nothing to resume: no run began in '" + output.string() +
                    "' yet; leave out --resume.");
}
} // namespace understudy
