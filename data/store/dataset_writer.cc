// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/sha256.h>
#include <data/store/atomic_file.h>
#include <data/store/dataset_writer.h>
#include <data/store/provenance.h>
#include <data/store/shard.h>
#include <data/store/strict_json.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <span>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace understudy
{
/// An advisory lock of the folder that the system releases when the process ends, however it ends.
class DataSetWriter::Lock
{
public:
  explicit Lock(const std::string &folder)
    : fd_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC))
  {
    // File systems without locks answer with another error; they go without this protection.
    if (fd_ >= 0 && ::flock(fd_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    {
      ::close(fd_);
      throw UserError("Another program is writing the data set in '" + folder +
                      "'; wait for it or choose another output directory.");
    }
  }
  ~Lock()
  {
    if (fd_ >= 0)
      ::close(fd_);
  }
  Lock(const Lock &) = delete;
  Lock &operator=(const Lock &) = delete;

private:
  int fd_;
};

namespace
{
using Json = nlohmann::json;
namespace fs = std::filesystem;

const std::string part_ending = ".part";

void check_info(const DataSetInfo &info)
{
  std::set<std::string> names;
  for (const FieldSpec &field : info.fields)
    if (field.name.empty() || field.size() == 0 || !names.insert(field.name).second)
      throw UserError("The field '" + field.name + "' of shape " + shape_text(field.shape) +
                      " cannot be stored: names must differ and extents be positive.");
  for (const auto &[name, array] : info.statics)
  {
    const FieldSpec spec{name, array.shape, array.unit};
    if (spec.size() != array.values.size() || array.values.empty() || array.shape.empty())
      throw UserError("The static array '" + name + "' of shape " + shape_text(array.shape) +
                      " has " + std::to_string(array.values.size()) + " values.");
  }
}

void hash_values(Sha256 &sha, const std::vector<double> &values)
{
  const std::uint64_t n = values.size();
  sha.update(std::as_bytes(std::span(&n, 1)));
  sha.update(std::as_bytes(std::span(values)));
}

/// Over id, split, and values or the fact of a crash.
std::string sample_hash(const Sample &sample)
{
  Sha256 sha;
  sha.update(std::to_string(sample.id) + " " + sample.split + (sample.crashed ? " crashed" : ""));
  if (!sample.crashed)
    for (const std::vector<double> &values : sample.values)
      hash_values(sha, values);
  return sha.hex();
}

std::string statics_hash(const DataSetInfo &info)
{
  Sha256 sha;
  for (const auto &[name, array] : info.statics)
  {
    sha.update(json_text({name, array.shape, array.unit, array.integer}));
    hash_values(sha, array.values);
  }
  return sha.hex();
}

void check_sample(const DataSetInfo &info, const Sample &sample)
{
  const std::string label = "Sample " + std::to_string(sample.id);
  if (!is_split(sample.split))
    throw UserError(label + " has the split '" + sample.split + "'; known: train, val, test.");
  if (sample.crashed)
    return;
  if (sample.values.size() != info.fields.size())
    throw UserError(label + " has " + std::to_string(sample.values.size()) + " arrays where " +
                    std::to_string(info.fields.size()) + " fields are stored.");
  for (std::size_t f = 0; f < info.fields.size(); ++f)
  {
    const std::vector<double> &values = sample.values[f];
    if (!info.fields[f].fits(values.size()))
      throw UserError(label + " has " + std::to_string(values.size()) + " values of '" +
                      info.fields[f].name + "' where its shape is " +
                      (info.fields[f].ragged ? "n x " : "") + shape_text(info.fields[f].shape) +
                      ".");
    if (!std::all_of(values.begin(), values.end(), [](double x) { return std::isfinite(x); }))
      throw UserError(label + " has a value of '" + info.fields[f].name +
                      "' that is not finite; a sample without an answer counts as crashed.");
  }
}

/// The texts of all ranks on rank 0 in their order; empty elsewhere. Collective.
std::vector<std::string> gather_texts(MPI_Comm comm, const std::string &mine)
{
  int rank = 0, n_ranks = 1;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &n_ranks);
  const int length = static_cast<int>(mine.size());
  std::vector<int> lengths(n_ranks), starts(n_ranks, 0);
  MPI_Gather(&length, 1, MPI_INT, lengths.data(), 1, MPI_INT, 0, comm);
  for (int r = 1; r < n_ranks; ++r)
    starts[r] = starts[r - 1] + lengths[r - 1];
  std::string all(rank == 0 ? starts.back() + lengths.back() : 0, '\0');
  MPI_Gatherv(mine.data(), length, MPI_CHAR, all.data(), lengths.data(), starts.data(), MPI_CHAR, 0,
              comm);
  std::vector<std::string> texts;
  for (int r = 0; rank == 0 && r < n_ranks; ++r)
    texts.push_back(all.substr(starts[r], lengths[r]));
  return texts;
}

std::string path_in(const std::string &folder, const std::string &name)
{
  return (fs::path(folder) / name).string();
}
} // namespace

DataSetWriter::DataSetWriter(MPI_Comm comm, const std::string &folder, const DataSetInfo &info,
                             bool start_afresh)
  : comm_(comm), rank_(rank_in(comm)), folder_(folder), info_(info)
{
  on_all_ranks(comm_, [&] { check_info(info_); });
  const Json state = Json::parse(on_rank_0(comm_, [&] { return open_or_create(start_afresh); }));
  done_ = state.at("done").get<std::set<std::size_t>>();
  next_round_ = state.at("next_round").get<std::size_t>();
}

DataSetWriter::~DataSetWriter() = default;

std::string DataSetWriter::open_or_create(const bool start_afresh)
{
  create_folder(folder_);
  lock_ = std::make_unique<Lock>(folder_);
  const std::string manifest = manifest_path(folder_);
  if (start_afresh && ::unlink(manifest.c_str()) == 0)
    sync_folder(folder_); // from here on the old shards belong to nobody
  if (fs::exists(manifest))
  {
    manifest_ = Manifest::read(folder_);
    require_same_contents(folder_, manifest_.info, info_);
    if (manifest_.static_sha256 != statics_hash(info_))
      throw UserError("Data set '" + folder_ +
                      "' has other static arrays than the case, as a mesh; " +
                      "choose another output directory or run the stage 'generate' with --force.");
    manifest_.check_files(folder_);
    remove_unlisted();
  }
  else
    create();
  std::set<std::size_t> done;
  for (const auto &entry : manifest_.samples)
    done.insert(entry.first);
  std::size_t next_round = 0;
  for (const auto &entry : manifest_.files)
    if (shard_round(entry.first) != SIZE_MAX)
      next_round = std::max(next_round, shard_round(entry.first) + 1);
  return json_text({{"done", done}, {"next_round", next_round}});
}

void DataSetWriter::create()
{
  manifest_.info = info_;
  manifest_.provenance = provenance(comm_);
  manifest_.static_sha256 = statics_hash(info_);
  remove_unlisted();
  if (!info_.statics.empty())
  {
    const std::string bytes = static_bytes(info_, manifest_.provenance);
    write_file_atomically(path_in(folder_, static_file), bytes);
    manifest_.files[static_file] = {bytes.size(), sha256_hex(bytes)};
  }
  for (auto &entry : manifest_.info.statics)
    entry.second.values.clear();
  manifest_.write(folder_);
}

/// Removes only what bears a name that this class gives.
void DataSetWriter::remove_unlisted() const
{
  std::vector<std::string> names;
  for (const auto &entry : fs::directory_iterator(folder_))
    names.push_back(entry.path().filename().string());
  for (const std::string &name : names)
  {
    const bool part = name.ends_with(part_ending);
    const std::string stem = part ? name.substr(0, name.size() - part_ending.size()) : name;
    const bool ours =
      stem == static_file || shard_round(stem) != SIZE_MAX || (part && stem == "manifest.json");
    if (ours && (part || manifest_.files.count(name) == 0))
      ::unlink(path_in(folder_, name).c_str());
  }
}

/// Writes the shard of this rank and describes it and its samples as JSON text.
std::string DataSetWriter::write_shard(const std::vector<Sample> &mine) const
{
  std::vector<const Sample *> good;
  for (const Sample &sample : mine)
    if (!sample.crashed)
      good.push_back(&sample);
  const std::string name = good.empty() ? "" : shard_name(next_round_, rank_);
  Json round = {{"file", name}, {"samples", Json::array()}};
  if (!good.empty())
  {
    const std::string bytes = shard_bytes(info_, provenance(comm_), good);
    write_file_atomically(path_in(folder_, name), bytes);
    round["bytes"] = bytes.size();
    round["sha256"] = sha256_hex(bytes);
  }
  std::size_t row = 0;
  for (const Sample &sample : mine)
    round["samples"].push_back({{"id", sample.id},
                                {"shard", sample.crashed ? "" : name},
                                {"row", sample.crashed ? 0 : row++},
                                {"split", sample.split},
                                {"sha256", sample_hash(sample)},
                                {"note", sample.crashed ? sample.note : ""}});
  return json_text(round);
}

/// Rank 0 lists the shards and samples of all ranks and makes the list durable.
void DataSetWriter::acknowledge(const std::vector<std::string> &rounds)
{
  Manifest next = manifest_;
  for (const std::string &text : rounds)
  {
    const Json round = Json::parse(text);
    if (const std::string file = round.at("file"); !file.empty())
      next.files[file] = {round.at("bytes").get<std::uint64_t>(), round.at("sha256")};
    for (const Json &entry : round.at("samples"))
    {
      const std::size_t id = entry.at("id");
      const SampleEntry sample{entry.at("shard"), entry.at("row"), entry.at("split"),
                               entry.at("sha256"), entry.at("note")};
      if (!next.samples.emplace(id, sample).second)
        throw UserError("Sample " + std::to_string(id) + " was offered to the data set '" +
                        folder_ + "' twice.");
    }
  }
  next.write(folder_);
  manifest_ = std::move(next);
}

void DataSetWriter::write_round(const std::vector<Sample> &mine)
{
  std::string my_round;
  on_all_ranks(comm_,
               [&]
               {
                 for (const Sample &sample : mine)
                 {
                   check_sample(info_, sample);
                   if (done_.count(sample.id) != 0)
                     throw UserError("Sample " + std::to_string(sample.id) +
                                     " was offered to the data set '" + folder_ + "' twice.");
                 }
                 my_round = write_shard(mine);
               });
  const std::vector<std::string> rounds = gather_texts(comm_, my_round);
  const auto list_ids = [&]
  {
    acknowledge(rounds);
    Json list = Json::array();
    for (const std::string &text : rounds)
    {
      const Json round = Json::parse(text);
      for (const Json &sample : round.at("samples"))
        list.push_back(sample.at("id"));
    }
    return json_text(list);
  };
  done_.merge(Json::parse(on_rank_0(comm_, list_ids)).get<std::set<std::size_t>>());
  ++next_round_;
}
} // namespace understudy
