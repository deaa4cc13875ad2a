// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/first_difference.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace understudy
{
namespace
{
using Json = nlohmann::json;

std::string value_text(const Json *value)
{
  constexpr std::size_t longest = 80;
  if (!value)
    return "missing";
  std::string text = value->dump(-1, ' ', true, Json::error_handler_t::replace); // only ASCII
  if (text.size() > longest)
    text.replace(longest - 3, std::string::npos, "...");
  return text;
}

const Json *entry(const Json &object, const std::string &key)
{
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

const Json *entry(const Json &list, const std::size_t place)
{
  return place < list.size() ? &list[place] : nullptr;
}

std::string compare(const std::string &path, const Json *before, const Json *now);

std::string compare_objects(const std::string &prefix, const Json &before, const Json &now)
{
  std::set<std::string> keys;
  for (const Json *object : {&before, &now})
    for (const auto &item : object->items())
      keys.insert(item.key());
  for (const auto &key : keys)
    if (auto text = compare(prefix + key, entry(before, key), entry(now, key)); !text.empty())
      return text;
  return {};
}

std::string compare_lists(const std::string &prefix, const Json &before, const Json &now)
{
  for (std::size_t i = 0; i < std::max(before.size(), now.size()); ++i)
    if (auto text = compare(prefix + std::to_string(i), entry(before, i), entry(now, i));
        !text.empty())
      return text;
  return {};
}

/// A null pointer stands for an entry that is missing.
std::string compare(const std::string &path, const Json *before, const Json *now)
{
  if (before && now)
  {
    if (*before == *now)
      return {};
    const std::string prefix = path.empty() ? path : path + "/";
    if (before->is_object() && now->is_object())
      return compare_objects(prefix, *before, *now);
    if (before->is_array() && now->is_array())
      return compare_lists(prefix, *before, *now);
  }
  return (path.empty() ? "it" : "'" + path + "'") + " was " + value_text(before) + " and is " +
         value_text(now);
}
} // namespace

std::string first_difference(const Json &before, const Json &now)
{
  return compare({}, &before, &now);
}
} // namespace understudy
