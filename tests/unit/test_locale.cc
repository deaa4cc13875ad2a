// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: numbers are read and written with a decimal point, also when a library has set the
// locale of the process to one with a comma.

#include <cases/csv.h>
#include <cases/run_case.h>
#include <data/core/errors.h>
#include <data/core/parameters.h>
#include <data/output/report.h>
#include <data/store/atomic_file.h>
#include <data/store/manifest.h>
#include <data/store/model_file.h>
#include <tests/german_locale.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <clocale>
#include <cstdio>
#include <fstream>
#include <functional>

using namespace understudy;
using testing::HasSubstr;
using testing_tools::TemporaryFolder;

namespace
{
struct CommaLocale : testing::Test
{
  static void SetUpTestSuite()
  {
    folder = std::make_unique<TemporaryFolder>();
    ready = testing_tools::make_german_locale(*folder / "locales");
    ::setenv("LOCPATH", (*folder / "locales").c_str(), 1);
  }
  static void TearDownTestSuite() { folder.reset(); }
  void SetUp() override
  {
    if (!ready || std::setlocale(LC_ALL, "de_DE.UTF-8") == nullptr)
      GTEST_SKIP() << "there is no locale with a comma";
    char text[8];
    std::snprintf(text, sizeof text, "%.1f", 0.5);
    ASSERT_STREQ(text, "0,5");
  }
  void TearDown() override { std::setlocale(LC_ALL, "C"); }

  /// What @p make makes with a comma and without.
  static void expect_same(const std::function<std::string()> &make)
  {
    const std::string with_comma = make();
    std::setlocale(LC_ALL, "C");
    EXPECT_EQ(with_comma, make());
    std::setlocale(LC_ALL, "de_DE.UTF-8");
  }

  static inline std::unique_ptr<TemporaryFolder> folder;
  static inline bool ready = false;
};
} // namespace

TEST_F(CommaLocale, CasesAndTheirDescription)
{
  std::ofstream(*folder / "a.prm") << "subsection Macro\nset Load = 7.5\nend\n";
  expect_same(
    []
    {
      Case now;
      declare_case("fe2", now);
      read_case(now.prm, *folder / "a.prm", {}, MPI_COMM_SELF);
      return json_of(now.prm).dump() + text_of(now.prm);
    });
  double load = 1., limit = 0.25;
  dealii::ParameterHandler prm;
  prm.enter_subsection("Macro");
  prm.add_parameter("Load", load, "Load [mm]", dealii::Patterns::Double(0.125));
  add_number(prm, "Limit", limit, "Limit [1]", dealii::Patterns::Double());
  prm.leave_subsection();
  read_case(prm, *folder / "a.prm", {"Macro/Limit=1.25e-2"}, MPI_COMM_SELF);
  EXPECT_EQ(load, 7.5);
  EXPECT_EQ(limit, 0.0125);
  EXPECT_EQ(json_of(prm)[0]["lower"], 0.125);
}

TEST_F(CommaLocale, Models)
{
  expect_same(
    []
    {
      ModelFile model;
      model.add("a", {2}, {0.5, 1e-300});
      model.meta() = {{"error", 1.5e-4}};
      const std::string bytes = model.to_bytes();
      EXPECT_EQ(ModelFile::from_bytes(bytes, "m").meta(), model.meta());
      return bytes;
    });
}

TEST_F(CommaLocale, Manifests)
{
  expect_same(
    []
    {
      Manifest manifest;
      manifest.info.kind = "fe2-rve";
      manifest.info.defining = {{"box", {0.04, 0.5}}};
      manifest.write(folder->path());
      EXPECT_EQ(Manifest::read(folder->path()).info.defining, manifest.info.defining);
      return read_file(*folder / "manifest.json");
    });
}

TEST_F(CommaLocale, TablesAndReports)
{
  expect_same(
    []
    {
      CsvWriter csv({"Exx", "Eyy"});
      csv << 0.25 << -1.5e-300;
      csv.end_row();
      csv.write(*folder / "t.csv");
      EXPECT_EQ(read_csv(*folder / "t.csv").rows.at(0), (std::vector<double>{0.25, -1.5e-300}));
      Report report("A report");
      report.number("error", 1.5e-4);
      report.paragraph("The error is {error}.");
      return read_file(*folder / "t.csv") + report.markdown() + report.json();
    });
}

// Requirement: a table has no numbers that are none, whatever the C library takes for one.
TEST_F(CommaLocale, WordsThatAreNoNumbers)
{
  const auto refusal = [](const std::string &cell)
  {
    std::ofstream(*folder / "t.csv") << "Exx,Eyy\n0," << cell << "\n";
    return testing_tools::sentence_of<UserError>([] { read_csv(*folder / "t.csv"); });
  };
  for (const char *number : {"0.5", "+0.5", "-0", "1e300", "nan", "-inf", ".5", "2"})
    EXPECT_EQ(refusal(number), "") << number;
  for (const char *word : {"1e400", "-1e400", "0x10", "+-1", "+", "1e", "1.5.", "--1", "0,5"})
    EXPECT_THAT(refusal(word), HasSubstr("t.csv:2: ")) << word;
}
