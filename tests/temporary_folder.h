// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <unistd.h>

namespace understudy::testing_tools
{
/// An empty folder of its own that is removed with all contents at the end of the scope.
class TemporaryFolder
{
public:
  TemporaryFolder()
  {
    std::string pattern = (std::filesystem::temp_directory_path() / "understudy-").string() +
                          std::string(6, 'X'); // what mkdtemp replaces
    if (::mkdtemp(pattern.data()) == nullptr)
      throw std::filesystem::filesystem_error("mkdtemp",
                                              std::error_code(errno, std::generic_category()));
    path_ = pattern;
  }
  ~TemporaryFolder()
  {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;

  const std::string &path() const { return path_; }
  std::string operator/(const std::string &name) const { return path_ + "/" + name; }

private:
  std::string path_;
};

/// The sentence that @p action throws; empty when it throws nothing of type Exception.
template <class Exception, class Action>
std::string sentence_of(Action action)
{
  try
  {
    action();
  }
  catch (const Exception &error)
  {
    return error.what();
  }
  return {};
}
} // namespace understudy::testing_tools
