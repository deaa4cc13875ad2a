// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/byte_order_mark.h>
#include <data/core/errors.h>
#include <meshes/text_lines.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

namespace understudy
{
std::string in_quotes(std::string_view text)
{
  std::string out(text.substr(0, 40));
  for (char &c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      c = '?';
  return "'" + out + (text.size() > 40 ? "...'" : "'");
}

TextLines::TextLines(const std::filesystem::path &file) : file_(file.string()), in_(file)
{
  std::error_code ignored;
  if (!in_ || std::filesystem::is_directory(file, ignored))
    throw UserError("Cannot read the mesh file '" + file_ + "'.");
}

bool TextLines::next()
{
  do
  {
    if (!std::getline(in_, text_))
    {
      if (in_.bad())
        throw UserError("Cannot read the mesh file '" + file_ + "' to its end.");
      return false;
    }
    if (++line_ == 1)
      remove_byte_order_mark(text_);
    cut();
  } while (words_.empty());
  return true;
}

void TextLines::next_in(const std::string &section)
{
  if (!next())
    refuse("the file ends inside the section $" + section);
}

void TextLines::expect_columns(std::size_t n) const
{
  if (words_.size() != n)
    refuse("expected " + std::to_string(n) + (n == 1 ? " column" : " columns") + ", found " +
           std::to_string(words_.size()));
}

void TextLines::expect_at_least(std::size_t n) const
{
  if (words_.size() < n)
    refuse("expected at least " + std::to_string(n) + " columns, found " +
           std::to_string(words_.size()));
}

std::int64_t TextLines::whole(std::size_t i, const std::string &what, std::int64_t smallest,
                              std::int64_t largest) const
{
  const auto value = parsed<std::int64_t>(i, what, "a whole number");
  if (value < smallest || value > largest)
    refuse(what + " is " + std::to_string(value) + ", but must be " +
           (largest == largest_number
              ? "at least " + std::to_string(smallest)
              : "in " + std::to_string(smallest) + ".." + std::to_string(largest)));
  return value;
}

double TextLines::finite(std::size_t i, const std::string &what) const
{
  const auto value = parsed<double>(i, what, "a number");
  if (!std::isfinite(value))
    refuse(what + " is " + in_quotes(words_[i]) + ", which is not finite");
  return value;
}

void TextLines::refuse(const std::string &what) const
{
  throw UserError(file_ + ":" + std::to_string(line_) + ": " + what + ".");
}

void TextLines::cut()
{
  constexpr std::string_view blank = " \t\r\v\f";
  const std::string_view all = text_;
  words_.clear();
  for (auto begin = all.find_first_not_of(blank); begin != std::string_view::npos;)
  {
    const auto end = std::min(all.find_first_of(blank, begin), all.size());
    words_.push_back(all.substr(begin, end - begin));
    begin = all.find_first_not_of(blank, end);
  }
}

template <class Value>
Value TextLines::parsed(std::size_t i, const std::string &what, const std::string &kind) const
{
  const auto word = words_[i];
  Value value{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size())
    refuse(what + " is " + in_quotes(word) + ", which is not " + kind);
  return value;
}
} // namespace understudy
