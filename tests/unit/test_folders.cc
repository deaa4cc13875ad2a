// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: folders are replaced and copied whole, and what cannot be done is told.

#include <data/core/errors.h>
#include <data/store/atomic_file.h>
#include <data/store/folders.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>

#include <filesystem>

namespace understudy
{
namespace
{
namespace fs = std::filesystem;
using testing::HasSubstr;
using testing_tools::sentence_of;

class Folders : public testing::Test
{
protected:
  fs::path in(const std::string &name) const { return fs::path(folder_.path()) / name; }
  void fill(const std::string &name, const std::string &text) const
  {
    create_folder((in(name) / "below").string());
    write_file_atomically((in(name) / "below" / "file").string(), text);
  }
  std::string text_in(const std::string &name) const
  {
    return read_file((in(name) / "below" / "file").string());
  }

  testing_tools::TemporaryFolder folder_;
};

TEST_F(Folders, TheNextOneTakesThePlace)
{
  fill("old", "old");
  write_file_atomically((in("old") / "more").string(), "more");
  fill("next", "new");
  replace_folder(in("next"), in("old"));
  EXPECT_EQ(text_in("old"), "new");
  EXPECT_FALSE(fs::exists(in("old") / "more"));
  EXPECT_FALSE(fs::exists(in("next")));
}

TEST_F(Folders, ACopyReplacesWhatIsThere)
{
  fill("from", "new");
  fill("to", "old");
  fill("to.next", "what a copy that was killed left");
  copy_folder(in("from"), in("to"));
  EXPECT_EQ(text_in("to"), "new");
  EXPECT_EQ(text_in("from"), "new");
  EXPECT_FALSE(fs::exists(in("to.next")));
}

TEST_F(Folders, WhatCannotBeDoneIsTold)
{
  remove_folder(in("nothing"));
  EXPECT_THAT(sentence_of<WriteError>([&] { replace_folder(in("nothing"), in("to")); }),
              HasSubstr("cannot be renamed to"));
  EXPECT_THAT(sentence_of<WriteError>([&] { copy_folder(in("nothing"), in("to")); }),
              HasSubstr("cannot be copied to"));
}
} // namespace
} // namespace understudy
