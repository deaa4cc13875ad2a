// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/sha256.h>
#include <data/store/datasets.h>

#include <algorithm>
#include <utility>

namespace understudy
{
void DataSets::add(DataSet more)
{
  const auto same = [](const FieldSpec &a, const FieldSpec &b)
  { return a.name == b.name && a.shape == b.shape && a.unit == b.unit; };
  if (!std::ranges::equal(first().fields(), more.fields(), same))
    throw UserError("The data sets '" + first().folder() + "' and '" + more.folder() +
                    "' have different fields and cannot be used together.");
  sets_.push_back(std::move(more));
}

std::size_t DataSets::count(const std::string &split) const
{
  std::size_t n = 0;
  for (const DataSet &set : sets_)
    n += set.ids(split).size();
  return n;
}

std::vector<double> DataSets::read_all(const std::string &split, const std::string &field) const
{
  std::vector<double> all = first().read_all(split, field);
  for (std::size_t i = 1; i < sets_.size(); ++i)
  {
    const std::vector<double> more = sets_[i].read_all(split, field);
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

std::vector<DataSets::Place> DataSets::places(const std::string &split) const
{
  std::vector<Place> all;
  for (std::size_t i = 0; i < sets_.size(); ++i)
    for (const std::size_t id : sets_[i].ids(split))
      all.push_back({i, id});
  return all;
}

std::string DataSets::hash() const
{
  if (sets_.size() == 1)
    return first().hash();
  Sha256 hash;
  for (const DataSet &set : sets_)
    hash.update(set.hash() + ";");
  return hash.hex();
}
} // namespace understudy
