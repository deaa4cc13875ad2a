// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace understudy
{
/// Text of a file for a message: in quotes, at most 40 characters, without control characters.
std::string in_quotes(std::string_view text);

/// The lines of a mesh file one after the other, without the blank ones, cut into words at blanks.
/// Does not depend on the locale; a byte order mark and line ends of Windows do no harm.
/// All refusals are UserErrors that begin with file:line.
class TextLines
{
public:
  static constexpr std::int64_t largest_number = std::numeric_limits<std::int64_t>::max();

  /// Throws UserError when the file cannot be read.
  explicit TextLines(const std::filesystem::path &file);

  /// Goes to the next line. @return false at the end of the file
  bool next();

  /// Goes to the next line of a section of the file, which must not end before.
  void next_in(const std::string &section);

  std::size_t line() const { return line_; } ///< its number, from 1
  const std::string &text() const { return text_; }
  std::size_t n_words() const { return words_.size(); } ///< at least 1 after next()
  std::string_view word(std::size_t i) const { return words_[i]; }

  void expect_columns(std::size_t n) const;
  void expect_at_least(std::size_t n) const;

  /// The whole number in column @p i, from 0, which is there. @param what names it in a refusal
  std::int64_t whole(std::size_t i, const std::string &what, std::int64_t smallest,
                     std::int64_t largest = largest_number) const;
  double finite(std::size_t i, const std::string &what) const;

  [[noreturn]] void refuse(const std::string &what) const;

private:
  void cut();
  template <class Value>
  Value parsed(std::size_t i, const std::string &what, const std::string &kind) const;

  std::string file_;
  std::ifstream in_;
  std::string text_;
  std::vector<std::string_view> words_; ///< of text_
  std::size_t line_ = 0;
};
} // namespace understudy
