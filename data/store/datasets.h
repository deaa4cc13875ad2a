// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/store/dataset.h>

#include <cstddef>
#include <string>
#include <vector>

namespace understudy
{
/// Data sets with the same fields, read as one: the samples of a split of the first set, then those
/// of the next.
class DataSets
{
public:
  DataSets(DataSet first) { sets_.push_back(std::move(first)); } ///< one alone is the common case

  /// Throws UserError when @p more has other fields than the first set.
  void add(DataSet more);

  /// Samples of a split, the crashed ones left out.
  std::size_t count(const std::string &split) const;

  /// See DataSet::read_all().
  std::vector<double> read_all(const std::string &split, const std::string &field) const;

  const DataSet &first() const { return sets_.front(); }
  const std::vector<DataSet> &sets() const { return sets_; }

  /// A sample by the number of its set and its id there.
  struct Place
  {
    std::size_t set = 0, id = 0;
  };
  /// Where the samples of a split stand, in their order.
  std::vector<Place> places(const std::string &split) const;

  /// That of the only set, or SHA-256 over those of all.
  std::string hash() const;

private:
  std::vector<DataSet> sets_;
};
} // namespace understudy
