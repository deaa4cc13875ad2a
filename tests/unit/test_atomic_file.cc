// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/core/sha256.h>
#include <data/store/atomic_file.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <sys/resource.h>

using namespace understudy;
using testing::HasSubstr;
using testing_tools::sentence_of;
using testing_tools::TemporaryFolder;

namespace
{
/// Limits the size of files that this process may write, for the length of a scope.
class FileSizeLimit
{
public:
  explicit FileSizeLimit(const rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN))
  {
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit lower{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &lower);
  }
  ~FileSizeLimit()
  {
    setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, handler_);
  }

private:
  rlimit old_{};
  void (*handler_)(int);
};

bool exists(const std::string &path)
{
  return std::filesystem::exists(path);
}
} // namespace

TEST(AtomicFile, ReplacesTheOldContents)
{
  const TemporaryFolder folder;
  const std::string bytes("a\0b\n", 4);
  write_file_atomically(folder / "f", std::string("old and longer"));
  write_file_atomically(folder / "f", bytes);
  EXPECT_EQ(read_file(folder / "f"), bytes);
  EXPECT_FALSE(exists(folder / "f.part"));
}

TEST(AtomicFile, CommitsAFileThatStandsThere)
{
  const TemporaryFolder folder;
  std::ofstream(folder / "f.part") << "text";
  commit_file(folder / "f.part", folder / "f");
  EXPECT_EQ(read_file(folder / "f"), "text");
  EXPECT_FALSE(exists(folder / "f.part"));
  EXPECT_THAT(sentence_of<WriteError>([&] { commit_file(folder / "g.part", folder / "g"); }),
              HasSubstr("/g': No such file or directory."));
}

// Requirement: a full disk is a sentence with the path and the reason of the system.
TEST(AtomicFile, FullDisk)
{
  EXPECT_EQ(sentence_of<WriteError>([] { write_file_atomically("/dev/full", std::string("x")); }),
            "Cannot write '/dev/full': No space left on device.");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
}

// Requirement: when writing fails half-way, the old file still stands and no temporary one is left.
TEST(AtomicFile, FailureKeepsTheOldFile)
{
  const TemporaryFolder folder;
  write_file_atomically(folder / "f", std::string("old"));
  {
    const FileSizeLimit limit(1000);
    EXPECT_THAT(
      sentence_of<WriteError>([&] { write_file_atomically(folder / "f", std::string(5000, 'x')); }),
      HasSubstr("/f': File too large."));
  }
  EXPECT_EQ(read_file(folder / "f"), "old");
  EXPECT_FALSE(exists(folder / "f.part"));
}

// A regular file in the place of the folder: refused for every user, root included.
TEST(AtomicFile, FolderThatCannotBeWritten)
{
  const TemporaryFolder folder;
  std::ofstream(folder / "file") << "text";
  const std::string inside = folder / "file/f";
  EXPECT_EQ(sentence_of<WriteError>([&] { write_file_atomically(inside, std::string("x")); }),
            "Cannot write '" + inside + "': Not a directory.");
  EXPECT_EQ(sentence_of<WriteError>([&] { create_folder(inside); }),
            "Cannot write '" + inside + "': Not a directory.");
  std::filesystem::create_directory(folder / "target");
  EXPECT_THAT(
    sentence_of<WriteError>([&] { write_file_atomically(folder / "target", std::string("x")); }),
    HasSubstr("/target': Is a directory."));
  EXPECT_FALSE(exists(folder / "target.part"));
}

TEST(AtomicFile, CreatesFoldersWithParents)
{
  const TemporaryFolder folder;
  create_folder(folder / "a/b/");
  create_folder(folder / "a/b");
  EXPECT_TRUE(std::filesystem::is_directory(folder / "a/b"));
}

TEST(AtomicFile, MissingFileIsAUserError)
{
  EXPECT_EQ(sentence_of<UserError>([] { read_file("/nonexistent"); }),
            "Cannot read '/nonexistent': No such file or directory.");
  EXPECT_EQ(sentence_of<UserError>([] { read_file("/"); }), "Cannot read '/': Is a directory.");
}

// The digests of FIPS 180-2, appendix B.
TEST(Sha256, PublishedDigests)
{
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  const TemporaryFolder folder;
  write_file_atomically(folder / "f", std::string(1'000'000, 'a'));
  EXPECT_EQ(sha256_of_file(folder / "f"),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
