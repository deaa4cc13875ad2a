// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/core/nearest_name.h>
#include <data/core/sha256.h>
#include <data/store/dataset.h>
#include <data/store/shard.h>

#include <algorithm>
#include <filesystem>
#include <map>

namespace understudy
{
DataSet DataSet::open(const std::string &folder)
{
  DataSet set;
  set.folder_ = folder;
  set.manifest_ = Manifest::read(folder);
  set.manifest_.check_files(folder);
  return set;
}

void DataSet::require(const DataSetInfo &wanted) const
{
  require_same_contents(folder_, info(), wanted);
}

std::vector<std::size_t> DataSet::ids(const std::string &split) const
{
  std::vector<std::size_t> all;
  for (const auto &[id, entry] : manifest_.samples)
    if (!entry.crashed() && (split.empty() || entry.split == split))
      all.push_back(id);
  return all;
}

std::vector<std::size_t> DataSet::crashed() const
{
  std::vector<std::size_t> all;
  for (const auto &[id, entry] : manifest_.samples)
    if (entry.crashed())
      all.push_back(id);
  return all;
}

const FieldSpec &DataSet::field(const std::string &name) const
{
  std::vector<std::string> known;
  for (const FieldSpec &field : fields())
  {
    if (field.name == name)
      return field;
    known.push_back(field.name);
  }
  throw UserError("Data set '" + folder_ + "' has no field '" + name + "'" +
                  suggestion(name, known) + ".");
}

std::string DataSet::verified_path(const std::string &file) const
{
  const std::string path = (std::filesystem::path(folder_) / file).string();
  if (verified_.count(file) == 0)
  {
    if (sha256_of_file(path) != manifest_.files.at(file).sha256)
      throw UserError("'" + path +
                      "' differs from the SHA-256 in the manifest, so it was damaged " +
                      "or edited; run the stage 'generate' with --force.");
    verified_.insert(file);
  }
  return path;
}

std::vector<double> DataSet::read(std::size_t id, const std::string &name) const
{
  const FieldSpec &spec = field(name);
  const auto it = manifest_.samples.find(id);
  if (it == manifest_.samples.end() || it->second.crashed())
    throw UserError(
      "Data set '" + folder_ + "' has no sample " + std::to_string(id) +
      (it == manifest_.samples.end() ? "." : ": it crashed (" + it->second.note + ")."));
  const std::string path = verified_path(it->second.shard);
  return spec.ragged ? read_ragged(path, spec, id) : read_rows(path, spec, {it->second.row});
}

std::vector<double> DataSet::read_all(const std::string &split, const std::string &name) const
{
  const FieldSpec &spec = field(name);
  if (spec.ragged)
    throw UserError("The field '" + name + "' of the data set '" + folder_ +
                    "' differs in length from sample to sample, so it is read one by one.");
  const std::vector<std::size_t> wanted = ids(split);
  struct Part
  {
    std::vector<std::size_t> rows, places;
  };
  std::map<std::string, Part> parts; // by shard, so that each is opened once
  for (std::size_t i = 0; i < wanted.size(); ++i)
  {
    const SampleEntry &entry = manifest_.samples.at(wanted[i]);
    parts[entry.shard].rows.push_back(entry.row);
    parts[entry.shard].places.push_back(i);
  }
  const std::size_t size = spec.size();
  std::vector<double> values(wanted.size() * size);
  for (const auto &[shard, part] : parts)
  {
    const std::vector<double> rows = read_rows(verified_path(shard), spec, part.rows);
    for (std::size_t i = 0; i < part.rows.size(); ++i)
      std::copy_n(rows.begin() + i * size, size, values.begin() + part.places[i] * size);
  }
  return values;
}

StaticArray DataSet::static_array(const std::string &name) const
{
  const auto it = info().statics.find(name);
  if (it == info().statics.end())
  {
    std::vector<std::string> known;
    for (const auto &entry : info().statics)
      known.push_back(entry.first);
    throw UserError("Data set '" + folder_ + "' has no static array '" + name + "'" +
                    suggestion(name, known) + ".");
  }
  StaticArray array = it->second;
  std::size_t n = 1;
  for (const std::size_t extent : array.shape)
    n *= extent;
  array.values = read_static(verified_path(static_file), name, n);
  return array;
}

void DataSet::verify() const
{
  verified_.clear();
  for (const auto &entry : manifest_.files)
    verified_path(entry.first);
}
} // namespace understudy
