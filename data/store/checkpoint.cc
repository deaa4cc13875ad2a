// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/store/atomic_file.h>
#include <data/store/checkpoint.h>
#include <data/store/strict_json.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <system_error>
#include <utility>

namespace understudy
{
namespace
{
using Json = nlohmann::json;

constexpr std::size_t n_slots = 2;
constexpr std::size_t version = 1;
const std::string entry_name = "checkpoint";

bool all_finite(const Json &value)
{
  if (value.is_structured())
    return std::all_of(value.begin(), value.end(), all_finite);
  return !value.is_number_float() || std::isfinite(value.get<double>());
}

/// Moves what write() added to the meta data from there to @p found. Throws JsonRefusal.
void take_entry(Checkpoint &found)
{
  Json &meta = found.state.meta();
  const auto entry = meta.find(entry_name);
  if (entry == meta.end() || !entry->is_object())
    throw JsonRefusal("it is no checkpoint (no entry '" + entry_name + "' in its meta data)");
  const std::size_t stored = to_count(entry->value("version", Json()), "its version");
  if (stored != version)
    throw JsonRefusal("it has the version " + std::to_string(stored) + ", this program reads " +
                      std::to_string(version));
  found.sequence = to_count(entry->value("sequence", Json()), "its sequence number");
  const Json key = entry->value("key", Json());
  if (!key.is_string())
    throw JsonRefusal("its key is no text");
  found.key = key.get<std::string>();
  meta.erase(entry);
}

/// What stands in @p file, or nothing when it is missing. UserError when it is no good.
std::optional<Checkpoint> read_slot(const std::string &file)
{
  std::error_code error;
  if (!std::filesystem::exists(file, error) && !error)
    return {};
  Checkpoint found{ModelFile::read(file), {}, 0, file};
  try
  {
    take_entry(found);
  }
  catch (const JsonRefusal &refusal)
  {
    throw UserError("Checkpoint '" + file + "' is refused: " + refusal.what() + ".");
  }
  return found;
}
} // namespace

CheckpointStore::CheckpointStore(std::filesystem::path folder, std::string name)
  : folder_(std::move(folder)), name_(std::move(name))
{
}

std::filesystem::path CheckpointStore::slot_file(const std::size_t slot) const
{
  return folder_ / (name_ + "." + std::to_string(slot) + ".checkpoint");
}

CheckpointStore::Next CheckpointStore::find_next() const
{
  std::vector<std::string> refused;
  const auto newest = read_newest(refused);
  if (!newest)
    return {};
  return {newest->path == slot_file(0).string() ? 1U : 0U, newest->sequence + 1};
}

void CheckpointStore::write(ModelFile state, const std::string &key)
{
  if (!all_finite(state.meta()))
    throw UserError("The meta data of the checkpoint '" + name_ +
                    "' have a number that is not finite.");
  if (!next_)
    next_ = find_next();
  state.meta()[entry_name] = {{"version", version}, {"sequence", next_->sequence}, {"key", key}};
  create_folder(folder_.string());
  state.write(slot_file(next_->slot).string());
  next_ = Next{(next_->slot + 1) % n_slots, next_->sequence + 1};
}

std::vector<Checkpoint> CheckpointStore::read_intact(std::vector<std::string> &refused) const
{
  std::vector<Checkpoint> intact;
  for (std::size_t slot = 0; slot < n_slots; ++slot)
    try
    {
      if (auto found = read_slot(slot_file(slot).string()))
        intact.push_back(std::move(*found));
    }
    catch (const UserError &error)
    {
      refused.emplace_back(error.what());
    }
  std::ranges::stable_sort(intact, std::ranges::greater(), &Checkpoint::sequence);
  return intact;
}

std::optional<Checkpoint> CheckpointStore::read_newest(std::vector<std::string> &refused) const
{
  auto intact = read_intact(refused);
  if (intact.empty())
    return {};
  return std::move(intact.front());
}

void CheckpointStore::remove()
{
  for (std::size_t slot = 0; slot < n_slots; ++slot)
  {
    remove_file(slot_file(slot).string());
    remove_file(slot_file(slot).string() + ".part");
  }
  next_.reset();
}
} // namespace understudy
