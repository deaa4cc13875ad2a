// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// A small FE2 case through the built program, from the exact samples to the report.

#include <data/store/atomic_file.h>
#include <meshes/rve_generator.h>
#include <tests/gmsh_text.h>
#include <tests/run_program.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

using testing::HasSubstr;
using testing::Not;
using namespace understudy::test;

namespace understudy
{
namespace
{
const std::string small_case = UNDERSTUDY_SOURCE_DIR "/tests/cases/fe2_small.prm";

/// The small case, run once for all tests.
class Fe2Case : public testing::Test
{
protected:
  static void SetUpTestSuite()
  {
    folder_ = std::make_unique<testing_tools::TemporaryFolder>();
    first_ = run_understudy(small_case + " " + output());
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static std::string out() { return folder_->path() + "/out"; }
  static std::string output() { return "-D 'Output directory=" + out() + "'"; }
  static nlohmann::json results(const std::string &folder)
  {
    std::ifstream file(folder + "/results.json");
    return nlohmann::json::parse(file);
  }

  static std::unique_ptr<testing_tools::TemporaryFolder> folder_;
  static ProgramResult first_;
};
std::unique_ptr<testing_tools::TemporaryFolder> Fe2Case::folder_;
ProgramResult Fe2Case::first_;

TEST_F(Fe2Case, RunsFromSamplesToReport)
{
  ASSERT_EQ(first_.code, 0) << first_.output;
  EXPECT_THAT(first_.output, HasSubstr("report:   " + out() + "/report.md"));
  EXPECT_THAT(first_.output, HasSubstr("ParaView: " + out() + "/macro.pvd"));
  for (const char *file :
       {"case.prm", "run.json", "log.txt", "statistics.csv", "report.md", "macro.pvd",
        "micro_largest_strain.vtu", "data/manifest.json", "models/equino-rbf.safetensors"})
    EXPECT_TRUE(std::filesystem::exists(out() + "/" + file)) << file;
}

// Requirement: the numbers that the project promises are in results.json, and finite.
TEST_F(Fe2Case, ResultsHoldThePromisedNumbers)
{
  ASSERT_EQ(first_.code, 0) << first_.output;
  const auto r = results(out());
  for (const std::string key :
       {"micro_stress_error", "micro_shear_error", "micro_tangent_error",
        "macro_displacement_error", "macro_force_error", "time_per_point_exact_s",
        "time_per_point_surrogate_s", "speedup_per_point", "time_run_exact_s",
        "time_run_surrogate_s", "time_generate_s", "time_train_s", "break_even_runs"})
    EXPECT_TRUE(r.contains(key) && r[key].is_number()) << key;
  for (const std::string rival : {"training_mean", "linear", "snapshot_rbf", "snapshot_mlp"})
    for (const std::string error : {"stress", "shear", "tangent"})
      EXPECT_TRUE(r.contains(rival + "_micro_" + error + "_error")) << rival << error;
}

// Requirement: the surrogate beats the dullest rivals, and the coupled run follows the exact one.
TEST_F(Fe2Case, SurrogateIsWorthIt)
{
  ASSERT_EQ(first_.code, 0) << first_.output;
  const auto r = results(out());
  EXPECT_LT(r["micro_stress_error"].get<double>(),
            0.1 * r["linear_micro_stress_error"].get<double>());
  EXPECT_LT(r["micro_shear_error"].get<double>(),
            0.1 * r["linear_micro_shear_error"].get<double>());
  EXPECT_LT(r["macro_displacement_error"].get<double>(), 1e-3);
  EXPECT_LT(r["macro_force_error"].get<double>(), 1e-3);
}

// Requirement: what is up to date is not done again, and says so.
TEST_F(Fe2Case, SecondRunIsUpToDate)
{
  ASSERT_EQ(first_.code, 0) << first_.output;
  const auto again = run_understudy(small_case + " " + output());
  ASSERT_EQ(again.code, 0) << again.output;
  for (const char *stage : {"generate", "train", "run", "compare"})
    EXPECT_THAT(again.output, HasSubstr(std::string(stage) + ": up to date"));
}

// Requirement: two ranks give the structure that one rank gives.
TEST_F(Fe2Case, TwoRanksEqualOne)
{
  ASSERT_EQ(first_.code, 0) << first_.output;
  const std::string other = folder_->path() + "/two";
  const auto two = run_understudy_on(2, small_case + " -D 'Output directory=" + other + "'");
  ASSERT_EQ(two.code, 0) << two.output;
  const auto a = results(out()), b = results(other);
  for (const char *key : {"micro_stress_error", "micro_tangent_error", "macro_displacement_error"})
    EXPECT_NEAR(a[key].get<double>(), b[key].get<double>(), 1e-6 + 1e-3 * a[key].get<double>())
      << key;
  EXPECT_EQ(a["newton_iterations_surrogate"], b["newton_iterations_surrogate"]);
}

// Requirement: a run with another closure shows its own fields, leaves those of the comparison as
// they are, and names no report, for it made none.
TEST_F(Fe2Case, AnotherClosureHasItsOwnFields)
{
  ASSERT_EQ(first_.code, 0) << first_.output;
  const auto before = read_file(out() + "/macro_0001.0.vtu");
  const auto modified = std::filesystem::last_write_time(out() + "/macro.pvd");
  const auto run = run_understudy(small_case + " " + output() +
                                  " --stages run -D Coupling/Closure=linear "
                                  "-D Coupling/Reference=none");
  ASSERT_EQ(run.code, 0) << run.output;
  EXPECT_THAT(run.output, HasSubstr("ParaView: " + out() + "/run/linear/macro.pvd"));
  EXPECT_THAT(run.output, Not(HasSubstr("report:")));
  EXPECT_EQ(before, read_file(out() + "/macro_0001.0.vtu"));
  EXPECT_EQ(modified, std::filesystem::last_write_time(out() + "/macro.pvd"));
}

// Requirement: cases of one name that share a folder are told so.
TEST_F(Fe2Case, AnotherCaseInTheSameFolderIsToldSo)
{
  ASSERT_EQ(first_.code, 0) << first_.output;
  const std::string other = folder_->path() + "/fe2_small.prm";
  std::filesystem::copy_file(small_case, other);
  const auto run = run_understudy(other + " " + output() + " --stages generate --quiet");
  EXPECT_EQ(run.code, 0) << run.output;
  EXPECT_THAT(run.output, HasSubstr("warning: " + out() + " holds results of " + small_case));
  EXPECT_THAT(run_understudy(other + " " + output() + " --stages generate --quiet").output,
              Not(HasSubstr("holds results of")));
}

// Requirement: what PETSc does not have is a user error, told in one line.
TEST_F(Fe2Case, UnknownSolverOfPetscIsNamed)
{
  for (const std::string options : {"-macro_ksp_type nonsense", "-macro_pc_type nonsense",
                                    "-macro_pc_factor_mat_solver_type nonsense"})
  {
    const auto run = run_understudy(small_case + " -D 'Output directory=" + folder_->path() +
                                    "/petsc' --stages run --quiet -D Coupling/Closure=rve "
                                    "-D Coupling/Reference=none -D 'Coupling/First guess=none' " +
                                    options);
    EXPECT_EQ(run.code, 2) << run.output;
    EXPECT_THAT(run.output, HasSubstr("PETSc refuses an option: "));
    EXPECT_THAT(run.output, HasSubstr(" nonsense"));
    EXPECT_EQ(std::count(run.output.begin(), run.output.end(), '\n'), 1) << run.output;
  }
}

TEST_F(Fe2Case, EvaluateAnswersEveryClosure)
{
  ASSERT_EQ(first_.code, 0) << first_.output;
  const std::string in = folder_->path() + "/in.csv", answers = folder_->path() + "/out.csv";
  std::ofstream(in) << "Exx,Eyy,Gxy\n0.01,-0.005,0.02\n0.1,0,0\nnan,0,0\n";
  for (const std::string closure : {"rve", "pod-galerkin", "equino", "equino-mlp", "equino-rbf",
                                    "training-mean", "linear", "snapshot-rbf", "snapshot-mlp"})
  {
    const auto done = run_understudy("evaluate " + small_case + " " + output() + " --closure " +
                                     closure + " --input " + in + " --output " + answers);
    ASSERT_EQ(done.code, 0) << done.output;
    std::ifstream file(answers);
    std::string header, inside, outside, bad;
    std::getline(file, header);
    std::getline(file, inside);
    std::getline(file, outside);
    std::getline(file, bad);
    EXPECT_EQ(header, "Exx,Eyy,Gxy,Sxx,Syy,Sxy,C11,C12,C13,C21,C22,C23,C31,C32,C33,health,"
                      "error_estimate,answered_by");
    EXPECT_THAT(inside, HasSubstr(",ok,")) << closure;
    const std::string expected = closure == "rve" ? ",ok," : ",outside_training_range,";
    EXPECT_THAT(outside, HasSubstr(expected)) << closure;
    EXPECT_THAT(bad, HasSubstr(",not_finite,")) << closure;
  }
}

TEST_F(Fe2Case, EvaluateBeforeTrainingNamesTheStage)
{
  const std::string in = folder_->path() + "/in2.csv";
  std::ofstream(in) << "Exx,Eyy,Gxy\n0,0,0\n";
  const auto done = run_understudy(
    "evaluate " + small_case + " -D 'Output directory=" + folder_->path() +
    "/nothing' --closure equino --input " + in + " --output " + folder_->path() + "/o.csv");
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.output, HasSubstr("run the stage 'train'"));
  std::ofstream(in) << "Exx,Eyy,Exy\n0,0,0\n";
  EXPECT_THAT(run_understudy("evaluate " + small_case + " --closure rve --input " + in +
                             " --output " + folder_->path() + "/o.csv")
                .output,
              HasSubstr("'Gxy', the engineering shear, which is 2 Exy."));
}

TEST_F(Fe2Case, ForeignDataSetIsRefused)
{
  ASSERT_EQ(first_.code, 0) << first_.output;
  const auto done =
    run_understudy(small_case + " " + output() + " -D Micro/Norm=inplane --stages train");
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.output, HasSubstr("norm"));
  EXPECT_THAT(done.output, HasSubstr("inplane"));
}

// Requirement: the norm without the zz part, whose tangent is unsymmetric, goes all the way too.
TEST_F(Fe2Case, InplaneNormRunsFromSamplesToReport)
{
  const std::string other = folder_->path() + "/inplane";
  const auto done =
    run_understudy(small_case + " -D Micro/Norm=inplane -D 'Output directory=" + other +
                   "' -D 'Training/Closures=equino-rbf, pod-galerkin' -D 'Data set/Training "
                   "samples=14' -D 'Data set/Test samples=4'");
  ASSERT_EQ(done.code, 0) << done.output;
  const auto r = results(other);
  EXPECT_LT(r["micro_tangent_error"].get<double>(), 5e-3);
  EXPECT_LT(r["macro_displacement_error"].get<double>(), 1e-3);
  EXPECT_LT(r["macro_force_error"].get<double>(), 1e-3);
  EXPECT_EQ(r["newton_iterations_surrogate"], r["newton_iterations_exact"]);
}

TEST_F(Fe2Case, ContradictingValuesAreNamed)
{
  const auto done = run_understudy(small_case + " --validate -D 'Micro/Node file=nodes.csv' -D "
                                                "Coupling/Closure=rve");
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.output, HasSubstr("'Geometry' = rve3 makes its own mesh"));
  EXPECT_THAT(done.output,
              HasSubstr("'Closure' and 'Reference' in section 'Coupling' are both rve"));
}

// Requirement: a micro problem that Newton's method cannot solve cuts the step, and in the end the
// run stops with exit code 3 and names the point and its strain.
TEST_F(Fe2Case, UnsolvableStrainStopsWithItsPoint)
{
  const auto done = run_understudy(
    small_case + " -D 'Output directory=" + folder_->path() +
    "/hard' --stages run -D "
    "Coupling/Closure=rve -D Coupling/Reference=none -D 'Coupling/First guess=none' -D "
    "'Micro/Maximum Newton iterations=1' -D Macro/Load=0.5");
  EXPECT_EQ(done.code, 3) << done.output;
  EXPECT_THAT(done.output, HasSubstr("strain"));
  EXPECT_THAT(done.output, Not(HasSubstr("Stack")));
  EXPECT_THAT(read_file(folder_->path() + "/hard/log.txt"), HasSubstr("\nerror: "));
}

// Requirement: a micro structure that is a mesh of the user's own goes through all stages.
TEST(OwnMesh, GoesThroughAllStages)
{
  const testing_tools::TemporaryFolder folder;
  std::ofstream(folder / "mine.msh") << gmsh_text(make_rve("rve3", 1));
  const auto result = run_understudy(
    small_case + " -D 'Output directory=" + folder.path() + "/out' -D Micro/Geometry=gmsh" +
    " -D 'Micro/Mesh file=" + (folder / "mine.msh") + "' -D Training/Closures=linear" +
    " -D Coupling/Closure=linear");
  ASSERT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(read_file(folder / "out/report.md"),
              HasSubstr("# FE2 with linear on square, " + (folder / "mine.msh")));
}
} // namespace
} // namespace understudy
