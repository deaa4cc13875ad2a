// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <random>
#include <string>
#include <vector>

namespace understudy::testing_tools
{
/// Damages texts and files at random, the same way in every run with the same seed.
class Mutator
{
public:
  explicit Mutator(unsigned long seed) : random_(seed) {}

  std::size_t below(std::size_t n) { return n == 0 ? 0 : random_() % n; }

  /// One to three changes of bytes: flips, cuts, insertions, blocks that come twice, change places
  /// or become zero.
  std::string bytes(std::string text)
  {
    for (std::size_t change = 1 + below(3); change > 0; --change)
      change_bytes(text);
    return text;
  }

  /// One or two changes of whole lines of a case file, or of the value on one.
  std::string lines(const std::string &text)
  {
    std::vector<std::string> all;
    for (std::size_t begin = 0; begin < text.size();)
    {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      all.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
    for (std::size_t change = 1 + below(2); change > 0 && !all.empty(); --change)
      change_line(all);
    std::string joined;
    for (const auto &line : all)
      joined.append(line).append("\n");
    return joined;
  }

  /// One to three changes of the words of a JSON text: strings, numbers, brackets, members.
  std::string json(const std::string &text)
  {
    std::vector<std::string> words = json_words(text);
    for (std::size_t change = 1 + below(3); change > 0 && !words.empty(); --change)
      change_word(words);
    std::string joined;
    for (const auto &word : words)
      joined += word;
    return joined;
  }

private:
  std::string hostile_value()
  {
    static const std::vector<std::string> values = {"nan",
                                                    "inf",
                                                    "-inf",
                                                    "1e400",
                                                    "-1e400",
                                                    "1e-400",
                                                    "-0",
                                                    "-1",
                                                    "0",
                                                    "0x10",
                                                    "1,5",
                                                    "1.5",
                                                    "1e",
                                                    "+",
                                                    "",
                                                    "1 2",
                                                    "true",
                                                    "é",
                                                    "#",
                                                    "\\",
                                                    "\xff",
                                                    "a = b",
                                                    "../../",
                                                    "/",
                                                    "%s%n",
                                                    "$(true)",
                                                    "nan(1)",
                                                    "18446744073709551616",
                                                    "9223372036854775808",
                                                    "2147483648",
                                                    "-2147483649",
                                                    "99999999999999999999999999",
                                                    "1",
                                                    "3",
                                                    "7",
                                                    "20",
                                                    "0.25",
                                                    "1e-3",
                                                    "false"};
    const std::size_t i = below(values.size() + 1);
    return i < values.size() ? values[i] : std::string(10000, '7');
  }

  std::string hostile_json()
  {
    static const std::vector<std::string> values = {"null",
                                                    "true",
                                                    "0",
                                                    "-0",
                                                    "-1",
                                                    "1e400",
                                                    "-1e400",
                                                    "1e-400",
                                                    "1.5",
                                                    "[]",
                                                    "{}",
                                                    "\"\"",
                                                    "NaN",
                                                    "[0]",
                                                    "[-1]",
                                                    "[1e400]",
                                                    "{\"a\":1,\"a\":2}",
                                                    "\"\\ud800\"",
                                                    "\"\xff\"",
                                                    "\"train\"",
                                                    "18446744073709551615",
                                                    "18446744073709551616",
                                                    "9223372036854775808",
                                                    "[4294967296,4294967296]",
                                                    "\"shard-000000-0000.h5\""};
    const std::size_t i = below(values.size() + 2);
    if (i < values.size())
      return values[i];
    return i == values.size() ? std::string(200000, '[') : std::string(200000, '9');
  }

  void change_bytes(std::string &text)
  {
    if (text.empty())
      text = "x";
    const std::size_t place = below(text.size()), other = below(text.size());
    const std::size_t n = std::min(1 + below(64), text.size() - std::max(place, other));
    switch (below(9))
    {
    case 0:
      text[place] = static_cast<char>(text[place] ^ (1 << below(8)));
      break;
    case 1:
      text[place] = static_cast<char>(random_());
      break;
    case 2:
      text.erase(place, n);
      break;
    case 3:
      text.insert(place, n, static_cast<char>(random_()));
      break;
    case 4:
      text.resize(place);
      break;
    case 5:
      text.insert(place, text.substr(other, n));
      break;
    case 6:
      std::swap_ranges(text.begin() + static_cast<std::ptrdiff_t>(place),
                       text.begin() +
                         static_cast<std::ptrdiff_t>(place + std::min(n, gap(place, other))),
                       text.begin() + static_cast<std::ptrdiff_t>(other));
      break;
    case 7:
      std::fill_n(text.begin() + static_cast<std::ptrdiff_t>(place), n, '\0');
      break;
    default:
      // Eight bytes as large as they can be: a length or an offset.
      text.replace(place, std::min<std::size_t>(8, text.size() - place), 8, '\xff');
      break;
    }
  }

  static std::size_t gap(std::size_t a, std::size_t b) { return a < b ? b - a : a - b; }

  void change_line(std::vector<std::string> &all)
  {
    const std::size_t i = below(all.size()), j = below(all.size());
    const std::size_t equals = all[i].find('=');
    const auto at = all.begin() + static_cast<std::ptrdiff_t>(i);
    switch (below(8))
    {
    case 0:
      all.erase(at);
      break;
    case 1:
      all.insert(at, std::string(all[j]));
      break;
    case 2:
      std::swap(all[i], all[j]);
      break;
    case 3:
      all[i] = all[i].substr(0, below(all[i].size() + 1));
      break;
    case 4:
      all[i] += " \\";
      break;
    case 5:
      all[i].insert(below(all[i].size() + 1), hostile_value());
      break;
    default: // most values are numbers
      if (equals != std::string::npos)
        all[i] = all[i].substr(0, equals + 1) + " " + hostile_value();
      break;
    }
  }

  static std::vector<std::string> json_words(const std::string &text)
  {
    const auto is_plain = [](char c)
    { return std::isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '-' || c == '.'; };
    std::vector<std::string> words;
    for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end)
    {
      end = begin + 1;
      if (text[begin] == '"')
      {
        while (end < text.size() && text[end] != '"')
          end += text[end] == '\\' ? 2 : 1;
        end = std::min(end + 1, text.size());
      }
      else if (is_plain(text[begin]))
        while (end < text.size() && is_plain(text[end]))
          ++end;
      words.push_back(text.substr(begin, end - begin));
    }
    return words;
  }

  void change_word(std::vector<std::string> &words)
  {
    std::size_t i = below(words.size());
    const std::size_t j = below(words.size());
    const auto at = words.begin() + static_cast<std::ptrdiff_t>(i);
    switch (below(8))
    {
    case 0:
      words.erase(at);
      break;
    case 1:
      words.insert(at, std::string(words[j]));
      break;
    case 2:
      std::swap(words[i], words[j]);
      break;
    case 3: // an object gets the same key twice
      while (i + 1 < words.size() && words[i + 1] != ":")
        ++i;
      if (i + 1 < words.size())
        words[i] = words[i] + ":" + hostile_json() + "," + words[i];
      break;
    case 4:
      words[i] = words[j];
      break;
    default: // a value
      while (i < words.size() && !std::isalnum(static_cast<unsigned char>(words[i].front())) &&
             words[i].front() != '"')
        ++i;
      if (i < words.size())
        words[i] = hostile_json();
      break;
    }
  }

  std::mt19937_64 random_;
};
} // namespace understudy::testing_tools
