// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace understudy
{
/// Numbers, lists and texts one after the other, for ranks that run the same program.
class MessageWriter
{
public:
  template <class T>
  void put(const T &value)
  {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes_.append(reinterpret_cast<const char *>(&value), sizeof value);
  }
  template <class T>
  void put_list(std::span<const T> values)
  {
    static_assert(std::is_trivially_copyable_v<T>);
    put(values.size());
    if (!values.empty())
      bytes_.append(reinterpret_cast<const char *>(values.data()), values.size_bytes());
  }
  template <class T>
  void put_list(const std::vector<T> &values)
  {
    put_list(std::span<const T>(values));
  }
  void put_text(const std::string &text) { put_list(std::span<const char>(text)); }

  const std::string &bytes() const { return bytes_; }

private:
  std::string bytes_;
};

/// Reads what a MessageWriter wrote, in the same order. std::logic_error at its end.
class MessageReader
{
public:
  explicit MessageReader(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  T get()
  {
    T value;
    take(&value, sizeof value);
    return value;
  }
  template <class T>
  std::vector<T> get_list()
  {
    std::vector<T> values(get<std::size_t>());
    take(values.data(), values.size() * sizeof(T));
    return values;
  }
  std::string get_text()
  {
    const auto letters = get_list<char>();
    return {letters.begin(), letters.end()};
  }

private:
  void take(void *to, std::size_t n)
  {
    if (n > rest_.size())
      throw std::logic_error("A message between ranks ends too early.");
    if (n > 0)
      std::memcpy(to, rest_.data(), n);
    rest_.remove_prefix(n);
  }

  std::string_view rest_;
};
} // namespace understudy
