// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/store/folders.h>

#include <string>
#include <system_error>

namespace understudy
{
void remove_folder(const std::filesystem::path &folder)
{
  std::error_code failed;
  std::filesystem::remove_all(folder, failed);
  if (failed)
    throw WriteError("The folder '" + folder.string() + "' cannot be removed: " + failed.message() +
                     ".");
}

void replace_folder(const std::filesystem::path &next, const std::filesystem::path &folder)
{
  remove_folder(folder);
  std::error_code failed;
  std::filesystem::rename(next, folder, failed);
  if (failed)
    throw WriteError("The folder '" + next.string() + "' cannot be renamed to '" + folder.string() +
                     "': " + failed.message() + ".");
}

void copy_folder(const std::filesystem::path &from, const std::filesystem::path &to)
{
  const std::filesystem::path next = to.string() + ".next";
  remove_folder(next);
  std::error_code failed;
  std::filesystem::copy(from, next, std::filesystem::copy_options::recursive, failed);
  if (failed)
    throw WriteError("The folder '" + from.string() + "' cannot be copied to '" + next.string() +
                     "': " + failed.message() + ".");
  replace_folder(next, to);
}
} // namespace understudy
