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
std::string difference(const Checkpoint &found, const nlohmann::json &now)
{
  const auto before = nlohmann::json::parse(found.key, nullptr, false);
  return before.is_discarded() ? "what it belongs to cannot be read"
                               : first_difference(before, now);
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
      refused.push_back("The checkpoint '" + found.path +
                        "' belongs to something else: " + differs + ".");
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
    throw UserError(refused.front() + " No other one is left; --fresh begins anew.");
  warn();
  return {};
}

void check_resume(ResumeMode mode, const std::filesystem::path &output)
{
  if (mode == ResumeMode::resume && !std::filesystem::exists(output / "run.json"))
    throw UserError("There is nothing to resume: no run began in '" + output.string() +
                    "' yet; leave out --resume.");
}
} // namespace understudy
