// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: whatever the program writes, a full disk, a limit of the size of files or a folder
// that takes no files is one sentence; what stood there still stands, and nothing half-written.

#include <cases/csv.h>
#include <data/core/errors.h>
#include <data/output/report.h>
#include <data/store/atomic_file.h>
#include <data/store/manifest.h>
#include <data/store/model_file.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sys/resource.h>

using namespace understudy;
using testing_tools::sentence_of;
using testing_tools::TemporaryFolder;
namespace fs = std::filesystem;

namespace
{
/// Something that writes `name` into a folder; the text changes what stands in it.
struct Writer
{
  std::string name;
  std::function<void(const std::string &folder, const std::string &text)> write;
};

void PrintTo(const Writer &writer, std::ostream *out)
{
  *out << writer.name;
}

std::vector<Writer> writers()
{
  return {{"m.safetensors",
           [](const std::string &folder, const std::string &text)
           {
             ModelFile model;
             model.meta() = {{"text", text}};
             model.add("a", {1000}, std::vector<double>(1000, 1.));
             model.write(folder + "/m.safetensors");
           }},
          {"manifest.json",
           [](const std::string &folder, const std::string &text)
           {
             Manifest manifest;
             manifest.info.attributes = {{"text", text}, {"long", std::string(5000, 'x')}};
             manifest.write(folder);
           }},
          {"report.md",
           [](const std::string &folder, const std::string &text)
           {
             Report report(text);
             report.paragraph(std::string(5000, 'x'));
             report.write(folder);
           }},
          {"t.csv", [](const std::string &folder, const std::string &text)
           {
             CsvWriter csv({text});
             for (unsigned row = 0; row < 1000; ++row)
             {
               csv << 0.1;
               csv.end_row();
             }
             csv.write(folder + "/t.csv");
           }}};
}

struct EveryWriter : testing::TestWithParam<Writer>
{
  /// The sentence when writing fails; the old file must stand, and no other.
  std::string sentence(const std::string &folder)
  {
    const std::string before = read_file(folder + "/" + GetParam().name);
    const std::string text = sentence_of<WriteError>([&] { GetParam().write(folder, "new"); });
    EXPECT_EQ(read_file(folder + "/" + GetParam().name), before);
    for (const auto &entry : fs::directory_iterator(folder))
      EXPECT_NE(entry.path().extension(), ".part");
    return text;
  }
};
} // namespace

TEST_P(EveryWriter, FullDisk)
{
  const TemporaryFolder folder;
  GetParam().write(folder.path(), "old");
  const std::string file = folder / GetParam().name;
  fs::create_symlink("/dev/full", file + ".part"); // where it is written before it is renamed
  EXPECT_EQ(sentence(folder.path()), "Cannot write '" + file + "': No space left on device.");
  GetParam().write(folder.path(), "new");
}

TEST_P(EveryWriter, LimitOfTheSizeOfFiles)
{
  const TemporaryFolder folder;
  GetParam().write(folder.path(), "old");
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const rlimit lower{1000, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &lower);
  const std::string found = sentence(folder.path());
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(found, "Cannot write '" + (folder / GetParam().name) + "': File too large.");
  GetParam().write(folder.path(), "new");
}

TEST_P(EveryWriter, FolderThatTakesNoFiles)
{
  const TemporaryFolder folder;
  std::ofstream(folder / "file") << "text";
  // Root may write everywhere but into a file, into nothing and into /proc.
  for (const std::string &no_folder : {folder / "file", folder / "nothing", std::string("/proc")})
    EXPECT_THAT(sentence_of<WriteError>([&] { GetParam().write(no_folder, "new"); }),
                testing::StartsWith("Cannot write '" + no_folder + "/"));
}

INSTANTIATE_TEST_SUITE_P(All, EveryWriter, testing::ValuesIn(writers()),
                         [](const auto &info)
                         { return info.param.name.substr(0, info.param.name.find('.')); });
