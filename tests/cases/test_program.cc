// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// The built program as a user meets it. Names of entries are taken from `understudy describe`, so
// that these tests hold for whatever the family declares.

#include <tests/run_program.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

using testing::HasSubstr;
using testing::Not;
using understudy::test::run_command;
using understudy::test::run_understudy;
using understudy::test::run_understudy_on;

namespace
{
struct Program : testing::Test
{
  static void SetUpTestSuite()
  {
    folder =
      std::filesystem::temp_directory_path() / ("understudy_program_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    const auto described = run_understudy("describe --json");
    ASSERT_EQ(described.code, 0) << described.output;
    entries = nlohmann::json::parse(described.output);
    for (const auto &entry : entries)
      if (entry.contains("lower") && entry["section"] != "")
        bounded = entry;
    ASSERT_TRUE(bounded.is_object());
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(folder); }

  static std::string write(const std::string &text)
  {
    std::ofstream(folder / "a.prm") << text;
    return (folder / "a.prm").string();
  }

  /// `set key = value` within the sections of the bounded entry.
  static std::string bounded_entry(const std::string &key, const std::string &value)
  {
    std::string open, close, name;
    std::istringstream sections(bounded["section"].get<std::string>());
    while (std::getline(sections, name, '/'))
    {
      open += "subsection " + name + "\n";
      close += "end\n";
    }
    return open + "set " + key + " = " + value + "\n" + close;
  }

  static std::string text(const char *name) { return bounded[name].get<std::string>(); }

  /// The program refuses the command: exit code 2, one line, this text in it.
  static void expect_refusal(const std::string &arguments, const std::string &words)
  {
    const auto result = run_understudy(arguments);
    EXPECT_EQ(result.code, 2) << arguments;
    EXPECT_THAT(result.output, HasSubstr(words)) << arguments;
    EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'), 1) << result.output;
  }

  static inline std::filesystem::path folder;
  static inline nlohmann::json entries, bounded;
};

/// Without its last but one letter.
std::string misspelt(std::string name)
{
  return name.erase(name.size() - 2, 1);
}
} // namespace

TEST_F(Program, TellsTheVersionsOfAllLibraries)
{
  const auto result = run_understudy("--version");
  EXPECT_EQ(result.code, 0);
  for (const char *library :
       {"understudy ", "deal.II ", "PETSc ", "SLEPc ", "LibTorch ", "HDF5 ", "MPI Open MPI ",
        "Eigen ", "SuiteSparse ", "nlohmann-json ", "BLAS /"})
    EXPECT_THAT(result.output, HasSubstr(library));
}

TEST_F(Program, ListsClosuresAndSolvers)
{
  const auto result = run_understudy("list");
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.output, AllOf(HasSubstr("family fe2: "), HasSubstr("  closures:\n"),
                                   HasSubstr("family mmgp: ")));
  EXPECT_THAT(result.output, HasSubstr("  rve: "));
  EXPECT_THAT(result.output, HasSubstr("solvers:\n"));
}

TEST_F(Program, DescribesOneSectionInAllForms)
{
  const auto section = "'" + text("section") + "'";
  EXPECT_THAT(run_understudy("describe " + section).output, HasSubstr(text("key") + " = "));
  EXPECT_THAT(run_understudy("describe --markdown " + section).output,
              HasSubstr("| " + text("key") + " | "));
  EXPECT_THAT(run_understudy("describe --prm " + section).output, HasSubstr("set " + text("key")));
  expect_refusal("describe '" + misspelt(text("section")) + "'",
                 "; did you mean '" + text("section") + "'?");
}

TEST_F(Program, ItsTemplateIsUnderstood)
{
  const auto file = write(run_understudy("describe --prm").output);
  // A template with all defaults parses; the family may still ask for files that are not there.
  const auto result = run_understudy(file + " --validate");
  EXPECT_THAT(result.output, Not(HasSubstr("unknown")));
  EXPECT_THAT(result.output, Not(HasSubstr("must be")));
}

TEST_F(Program, HelpNamesTheCommands)
{
  const auto result = run_understudy("--help");
  EXPECT_EQ(result.code, 0);
  for (const char *word : {"describe", "list", "inspect", "evaluate", "--stages", "--validate"})
    EXPECT_THAT(result.output, HasSubstr(word));
}

TEST_F(Program, RefusesMisspeltNamesInACase)
{
  expect_refusal(write(bounded_entry(misspelt(text("key")), "1")),
                 "did you mean '" + text("key") + "'?");
  expect_refusal(write("subsection " + misspelt(text("section")) + "\nend\n"),
                 "a.prm:1: unknown section '" + misspelt(text("section")) + "'");
  expect_refusal(write("set Family = fe3\n"), "fe2");
  expect_refusal(write("set Family = mmgp\nset Plate = 1\n"), "understudy describe --family mmgp");
}

TEST_F(Program, RefusesValuesThatAreNotAllowed)
{
  const auto below = nlohmann::json(bounded["lower"].get<double>() - 1.).dump();
  expect_refusal(write(bounded_entry(text("key"), below)), "must be " + text("allowed"));
  expect_refusal(write(bounded_entry(text("key"), "many")), "not 'many'");
  const auto twice = bounded_entry(text("key"), text("default"));
  expect_refusal(write(twice + twice), "already");
  expect_refusal(write("") + " -D '" + text("section") + "/" + text("key") + "=many'",
                 "not 'many'");
}

TEST_F(Program, RefusesWhatIsNoCaseFile)
{
  expect_refusal(folder.string(), folder.string() + " is a folder where a case file is expected.");
  expect_refusal(write(std::string("set Family = fe2\n\0\1\2", 20)), ":2: this line is not text");
}

TEST_F(Program, RefusesOptionsOfPetsc)
{
  const auto file = write("");
  expect_refusal(file + " -options_file", "-options_file needs the name of a file.");
  expect_refusal(file + " -options_file " + (folder / "none").string(), "cannot be read");
  const auto options = folder / "petsc.txt";
  std::ofstream(options) << "nonsense\n";
  expect_refusal(file + " -options_file " + options.string(),
                 "PETSc does not understand the file " + options.string() + ": ");
  // Told once, and no rank is left waiting until it is aborted.
  const auto two = run_understudy_on(2, file + " -options_file " + folder.string());
  EXPECT_EQ(two.code, 2);
  EXPECT_EQ(two.output.rfind("error: PETSc does not understand"), 0u) << two.output;
  EXPECT_THAT(two.output, Not(HasSubstr("MPI_ABORT")));
}

TEST_F(Program, RefusesMisspeltWordsOfTheCommandLine)
{
  const auto file = write("");
  expect_refusal(file + " --stages generate,trian", "did you mean 'train'?");
  expect_refusal(file + " --stage generate", "did you mean '--stages'?");
  expect_refusal("evaluate " + file + " --closure rvee --input a.csv --output b.csv",
                 "There is no closure 'rvee'; did you mean 'rve'?");
  expect_refusal((folder / "b.prm").string(), "did you mean " + file + "?");
  expect_refusal("", "A case file is missing");
  expect_refusal("inspct " + file,
                 "There is no command or case file 'inspct'; did you mean 'inspect'?");
  expect_refusal("describe Plates", "the family 'mmgp' has it: --family mmgp.");
  expect_refusal(file + " --stages= --quiet", "Nothing follows '--stages='");
  expect_refusal(file + " --stages ,", "A name is missing between the commas of '--stages ,'");
  expect_refusal(file + " --stages generate,,train", "A name is missing");
  expect_refusal(file + " -D " + text("section") + "/=1", ": expected Section/Key=value.");
  expect_refusal(file + " -D 'Output directory=a' -D 'Output directory=b'",
                 "-D Output directory=b contradicts -D Output directory=a.");
  expect_refusal("inspect " + (folder / "none.safetensors").string(), "There is no file or folder");
}

TEST_F(Program, AnOutputFolderThatCannotBeWrittenIsAWriteError)
{
  const auto file = write("");
  const auto result = run_understudy(file + " -D 'Output directory=" + file + "/out'");
  EXPECT_EQ(result.code, 4) << result.output;
  EXPECT_THAT(result.output, HasSubstr(file + "/out"));
}

TEST_F(Program, TellsAnErrorOnceOnTwoRanks)
{
  const auto result = run_understudy_on(2, write("set Nonsense = 1\n"));
  EXPECT_EQ(result.code, 2);
  const auto first = result.output.find("unknown entry 'Nonsense'");
  ASSERT_NE(first, std::string::npos) << result.output;
  EXPECT_EQ(result.output.find("unknown entry 'Nonsense'", first + 1), std::string::npos);
}
