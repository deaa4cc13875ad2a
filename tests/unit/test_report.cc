// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/output/paraview_collection.h>
#include <data/output/report.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <limits>
#include <sstream>

using namespace understudy;
using testing::HasSubstr;

namespace
{
std::filesystem::path fresh_folder()
{
  const auto folder =
    std::filesystem::temp_directory_path() / ("understudy_report_" + std::to_string(getpid()));
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

std::string text_of(const std::filesystem::path &file)
{
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}
} // namespace

TEST(Report, PrintsNumbersByTheirKeysAndWritesThemFlat)
{
  Report report("L profile");
  report.heading("Errors");
  report.paragraph("The stress is off by {micro_stress_error}.");
  report.table({"rival", "error", "time"}, {{"linear", {"linear_error", ""}}});
  report.number("micro_stress_error", 0.0123456, "%");
  report.number("linear_error", 12.);
  const auto text = report.markdown();
  EXPECT_THAT(text, HasSubstr("# L profile\n"));
  EXPECT_THAT(text, HasSubstr("The stress is off by 0.01235 %."));
  EXPECT_THAT(text, HasSubstr("| linear | 12 |  |"));

  const auto folder = fresh_folder();
  report.write(folder);
  EXPECT_EQ(text_of(folder / "report.md"), text);
  const auto results = nlohmann::json::parse(text_of(folder / "results.json"));
  EXPECT_EQ(results, (nlohmann::json{{"micro_stress_error", 0.0123456}, {"linear_error", 12.}}));
  std::filesystem::remove_all(folder);
}

TEST(Report, SaysWhatIsNotFinite)
{
  Report report("x");
  report.number("speedup", std::numeric_limits<double>::quiet_NaN());
  report.paragraph("Speed-up {speedup}.");
  EXPECT_THAT(report.markdown(), HasSubstr("Speed-up not available."));
  EXPECT_THAT(report.markdown(), HasSubstr("no finite number came out: `speedup`."));
  EXPECT_TRUE(nlohmann::json::parse(report.json())["speedup"].is_null());
}

TEST(Report, RefusesUnknownKeysAndMisshapenOnes)
{
  Report report("x");
  EXPECT_THROW(report.number("Speed up", 1.), std::logic_error);
  report.number("speedup", 1.);
  EXPECT_THROW(report.number("speedup", 2.), std::logic_error);
  EXPECT_THROW(report.table({"a", "b"}, {{"row", {}}}), std::logic_error);
  report.paragraph("{other}");
  EXPECT_THROW(report.markdown(), std::logic_error);
}

TEST(ParaviewCollection, NamesFilesRelativeToItself)
{
  const auto folder = fresh_folder();
  ParaviewCollection collection(folder / "run.pvd");
  collection.add(0.5, folder / "steps" / "run_1.pvtu");
  collection.write();
  const auto text = text_of(folder / "run.pvd");
  EXPECT_THAT(text, HasSubstr("file=\"steps/run_1.pvtu\""));
  EXPECT_THAT(text, HasSubstr("timestep=\"0.5\""));
  std::filesystem::remove_all(folder);
}
