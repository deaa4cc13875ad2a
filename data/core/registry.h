// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/errors.h>
#include <data/core/nearest_name.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace understudy
{
/// Named factories of one kind of thing, filled by explicit calls (never by static objects, which
/// linkers drop from static libraries). Sorted by name; every entry has one sentence on itself.
/// @tparam Base what is made   @tparam Arguments what its makers need
template <class Base, class... Arguments>
class Registry
{
public:
  using Maker = std::function<std::unique_ptr<Base>(Arguments...)>;
  struct Entry
  {
    std::string sentence;
    Maker make;
  };

  /// @param kind what the entries are called in messages, e.g. "closure"
  explicit Registry(std::string kind) : kind_(std::move(kind)) {}

  void add(const std::string &name, const std::string &sentence, Maker make)
  {
    entries_[name] = Entry{sentence, std::move(make)};
  }

  /// Throws UserError naming the nearest known entry and all entries.
  std::unique_ptr<Base> create(const std::string &name, Arguments... arguments) const
  {
    const auto it = entries_.find(name);
    if (it == entries_.end())
      throw UserError("There is no " + kind_ + " '" + name + "'" + suggestion(name, names()) + ".");
    return it->second.make(arguments...);
  }

  std::vector<std::string> names() const
  {
    std::vector<std::string> all;
    for (const auto &[name, entry] : entries_)
      all.push_back(name);
    return all;
  }

  const std::map<std::string, Entry> &entries() const { return entries_; }

private:
  std::string kind_;
  std::map<std::string, Entry> entries_;
};
} // namespace understudy
