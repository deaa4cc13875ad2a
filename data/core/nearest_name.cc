// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/nearest_name.h>

#include <algorithm>
#include <cctype>

namespace understudy
{
namespace
{
std::string lower_case(std::string text)
{
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}
} // namespace

std::size_t edit_distance(const std::string &first, const std::string &second)
{
  const std::string a = lower_case(first), b = lower_case(second);
  // Rows i-2, i-1 and i of the table of distances between the first i and the first j letters.
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    now[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i)
  {
    before.swap(last);
    last.swap(now);
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j)
    {
      now[j] =
        std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[j] = std::min(now[j], before[j - 2] + 1);
    }
  }
  return now[b.size()];
}

std::string nearest_name(const std::string &name, const std::vector<std::string> &known)
{
  std::size_t least = std::max<std::size_t>(2, name.size() / 3) + 1;
  std::string nearest;
  for (const auto &candidate : known)
  {
    // At least so many letters differ: a word of a megabyte costs nothing.
    const auto [shorter, longer] = std::minmax({name.size(), candidate.size()}); // by value
    if (longer - shorter >= least)
      continue;
    if (const auto distance = edit_distance(name, candidate);
        distance < least && distance < std::max(name.size(), candidate.size()))
    {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string suggestion(const std::string &name, const std::vector<std::string> &known)
{
  const auto nearest = nearest_name(name, known);
  std::string text = nearest.empty() ? "; known: " : "; did you mean '" + nearest + "'? Known: ";
  if (known.empty())
    return text + "none";
  for (std::size_t i = 0; i < known.size(); ++i)
    text += (i > 0 ? ", " : "") + known[i];
  return text;
}
} // namespace understudy
