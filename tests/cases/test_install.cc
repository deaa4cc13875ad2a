// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: what `cmake --install` leaves is enough for other codes. A C, a C++ and a Python
// program that know nothing of this source tree get the answers of the closure to the last bit, and
// a sentence where there is no answer.

#include <data/store/atomic_file.h>
#include <surrogates/model_closure.h>
#include <tests/contract/micro_fixture.h>
#include <tests/run_program.h>

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace understudy
{
namespace
{
using namespace testing_tools;
using test::ProgramResult;
using test::run_command;
using testing::HasSubstr;
using testing::Not;

#ifdef __SANITIZE_ADDRESS__
constexpr bool sanitized = true; // programs without sanitizers cannot load such a library
#else
constexpr bool sanitized = false;
[[maybe_unused]] const auto *environment = testing::AddGlobalTestEnvironment(new MicroEnvironment);
#endif

/// Single quotes for the shell.
std::string quoted(const std::string &text)
{
  return "'" + text + "'";
}

/// Installed once, with the consumers of tests/install built against it.
class Install : public testing::TestWithParam<std::string>
{
protected:
  static void SetUpTestSuite()
  {
    if (sanitized || folder())
      return;
    folder() = std::make_unique<TemporaryFolder>();
    must("cmake --install " UNDERSTUDY_BINARY_DIR " --prefix " + quoted(prefix()));
    must("cmake -G Ninja -S " UNDERSTUDY_SOURCE_DIR "/tests/install -B " + quoted(build()) +
         " -D CMAKE_PREFIX_PATH=" + quoted(prefix()));
    must("cmake --build " + quoted(build()));
  }
  void SetUp() override
  {
    if (sanitized)
      GTEST_SKIP() << "built with sanitizers";
  }

  static std::unique_ptr<TemporaryFolder> &folder()
  {
    static std::unique_ptr<TemporaryFolder> one;
    return one;
  }
  static std::string prefix() { return *folder() / "prefix"; }
  static std::string build() { return *folder() / "build"; }
  static std::string library()
  {
    for (const auto &entry : std::filesystem::recursive_directory_iterator(prefix()))
      if (entry.path().filename() == "libunderstudy.so")
        return entry.path().string();
    return "libunderstudy.so was not installed";
  }
  static void must(const std::string &command)
  {
    const ProgramResult result = run_command(command);
    ASSERT_EQ(result.code, 0) << command << "\n" << result.output;
  }
  /// The consumer in C, C++ or Python with a model and the strains of standard input.
  static ProgramResult consume(const std::string &language, const std::string &model)
  {
    const std::string program =
      language == "python"
        ? "python3 " UNDERSTUDY_SOURCE_DIR "/tests/install/consumer.py " + quoted(library())
        : quoted(build() + "/consumer_" + language);
    return run_command(program + " " + quoted(model) + " < " + quoted(*folder() / "strains"));
  }
  static void write_strains(const PointBatch &E)
  {
    std::ofstream file(*folder() / "strains");
    file << std::hexfloat;
    for (std::size_t p = 0; p < E.n_points(); ++p)
      for (unsigned i = 0; i < 3; ++i)
        file << E(i, p) << (i < 2 ? ' ' : '\n');
  }
  static std::string truncated(const std::string &model)
  {
    const std::string bytes = read_file(model), path = *folder() / "truncated.safetensors";
    std::ofstream(path, std::ios::binary) << bytes.substr(0, bytes.size() / 2);
    return path;
  }
};

/// Equal bits, or both no number.
void expect_number(std::istream &words, double wanted, const std::string &what)
{
  std::string word;
  ASSERT_TRUE(words >> word) << what << " is missing";
  const double number = std::strtod(word.c_str(), nullptr);
  if (std::isnan(wanted))
    EXPECT_TRUE(std::isnan(number)) << what;
  else
    EXPECT_EQ(number, wanted) << what;
}

void expect_answer(const std::string &output, const PointAnswer &wanted)
{
  std::istringstream words(output);
  for (std::size_t p = 0; p < wanted.health.size(); ++p)
  {
    const std::string point = " of point " + std::to_string(p);
    for (unsigned i = 0; i < 3; ++i)
      expect_number(words, wanted.outputs(i, p), "stress " + std::to_string(i) + point);
    for (unsigned i = 0; i < 9; ++i)
      expect_number(words, wanted.tangent(i, p), "tangent " + std::to_string(i) + point);
    expect_number(words, static_cast<double>(wanted.health[p]), "health" + point);
    expect_number(words, wanted.error_estimate[p], "error estimate" + point);
  }
  std::string more;
  EXPECT_FALSE(words >> more) << "more output than points: " << more;
}

TEST_P(Install, EveryLanguageGetsTheAnswersOfTheClosure)
{
  const std::string model = micro().model(GetParam()).string();
  PointBatch E = test_strains(6);
  E(1, 2) = std::numeric_limits<double>::quiet_NaN();
  E(0, 4) = 1.5 * MicroFixture::limit;
  write_strains(E);
  const PointAnswer wanted = ask(*load_closure(model), E);
  for (const std::string language : {"c", "cpp", "python"})
  {
    SCOPED_TRACE(language);
    const ProgramResult result = consume(language, model);
    EXPECT_EQ(result.code, 0) << result.output;
    expect_answer(result.output, wanted);
  }
}

TEST_P(Install, WrongCallsAreToldAndHarmNothing)
{
  const std::string model = micro().model(GetParam()).string();
  const ProgramResult result =
    run_command(quoted(build() + "/hostile") + " " + quoted(model) + " " +
                quoted(*folder() / "missing.safetensors") + " " + quoted(truncated(model)));
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.output, "");
}

INSTANTIATE_TEST_SUITE_P(All, Install,
                         testing::Values("equino-mlp", "equino-rbf", "linear", "pod-galerkin",
                                         "snapshot-mlp", "snapshot-rbf", "training-mean"),
                         [](const auto &info)
                         {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

using InstallOnce = Install;

TEST_F(InstallOnce, NoPointsNoTrouble)
{
  write_strains(PointBatch(3, 0));
  for (const std::string language : {"c", "cpp", "python"})
  {
    const ProgramResult result = consume(language, micro().model("equino-mlp").string());
    EXPECT_EQ(result.code, 0) << language;
    EXPECT_EQ(result.output, "") << language;
  }
}

TEST_F(InstallOnce, MissingModelIsASentenceInEveryLanguage)
{
  write_strains(test_strains(1));
  const std::string missing = *folder() / "missing.safetensors";
  for (const std::string language : {"c", "cpp", "python"})
  {
    const ProgramResult result = consume(language, missing);
    EXPECT_NE(result.code, 0) << language;
    EXPECT_THAT(result.output, HasSubstr("There is no model file '" + missing + "'.")) << language;
  }
}

TEST_F(InstallOnce, LibraryNeedsLittleAndShowsOnlyItsInterface)
{
  const ProgramResult needed = run_command("readelf -d " + quoted(library()) + " | grep NEEDED");
  EXPECT_THAT(needed.output, HasSubstr("libstdc++"));
  for (const char *heavy : {"torch", "c10", "deal", "petsc", "libmpi", "hdf5", "vtk"})
    EXPECT_THAT(needed.output, Not(HasSubstr(heavy)));
  const ProgramResult symbols =
    run_command("nm -D --defined-only " + quoted(library()) + " | sed 's/.* //; s/@.*//'");
  std::istringstream names(symbols.output);
  unsigned n = 0;
  for (std::string name; names >> name; ++n)
    EXPECT_TRUE(name.starts_with("understudy_") || name == "UNDERSTUDY_0") << name;
  EXPECT_EQ(n, 10u) << symbols.output;
}

TEST_F(InstallOnce, ProgramRuns)
{
  const ProgramResult result = run_command(quoted(prefix() + "/bin/understudy") + " list");
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("equino-mlp"));
}
} // namespace
} // namespace understudy
