// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/parameters.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

using namespace understudy;
using testing::HasSubstr;

namespace
{
struct ReadCase : testing::Test
{
  void SetUp() override
  {
    folder = std::filesystem::temp_directory_path() /
             ("understudy_parameters_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    prm.add_parameter("Title", title, "What it is called.");
    prm.enter_subsection("Data set");
    prm.add_parameter("Training samples", samples, "How many.", dealii::Patterns::Integer(1));
    prm.add_parameter("Largest strain", strain, "Half width of the box [1]",
                      dealii::Patterns::Double(1e-6, 0.5));
    prm.add_parameter("Design", design, "How samples are chosen.",
                      dealii::Patterns::Selection("grid|latin hypercube"));
    prm.add_parameter("Weights", weights, "Weights.",
                      dealii::Patterns::List(dealii::Patterns::Double(0), 3, 3));
    prm.add_parameter("Verify", verify, "Whether.");
    prm.enter_subsection("Material");
    prm.add_parameter("Stiffness", stiffness, "Young's modulus [MPa]", dealii::Patterns::Double(0));
    prm.leave_subsection();
    prm.leave_subsection();
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::string write(const std::string &text, const std::string &name = "a.prm")
  {
    std::ofstream(folder / name) << text;
    return (folder / name).string();
  }

  std::string error_of(const std::string &text, const std::vector<std::string> &overrides = {})
  {
    return error_of_file(write(text), overrides);
  }
  std::string error_of_file(const std::string &file, const std::vector<std::string> &overrides = {})
  {
    try
    {
      read_case(prm, file, overrides, MPI_COMM_SELF);
    }
    catch (const UserError &error)
    {
      return error.what();
    }
    return "no error";
  }

  std::filesystem::path folder;
  dealii::ParameterHandler prm;
  std::string title = "none", design = "grid";
  int samples = 10;
  double strain = 0.1, stiffness = 1000.;
  std::vector<double> weights{1., 1., 1.};
  bool verify = true;
};
} // namespace

TEST_F(ReadCase, ReadsValuesSectionsCommentsAndContinuedLines)
{
  EXPECT_EQ(error_of("# a comment\nset Title = two \\\n  words # here\nsubsection Data set\n"
                     "  set Training samples = 7\n  set Weights = 1, 2, 3\n"
                     "  subsection Material\n    set Stiffness = 2e3\n  end\nend\n"),
            "no error");
  EXPECT_EQ(title, "two words");
  EXPECT_EQ(samples, 7);
  EXPECT_EQ(weights[2], 3.);
  EXPECT_EQ(stiffness, 2000.);
}

// Requirement: a material constant with nine digits is computed with as it was written down.
TEST_F(ReadCase, ADefaultKeepsAllItsDigits)
{
  double bulk = 4.34523810e4;
  add_number(prm, "Bulk modulus", bulk, "K [MPa]", dealii::Patterns::Double(0));
  EXPECT_EQ(bulk, 4.34523810e4);
  EXPECT_EQ(prm.get_double("Bulk modulus"), 4.34523810e4);
  read_case(prm, write("set Bulk modulus = 1.00000001\n"), {}, MPI_COMM_SELF);
  EXPECT_EQ(bulk, 1.00000001);
}

TEST_F(ReadCase, TheMarkBeforeATextOfWindowsIsNoPartOfIt)
{
  read_case(prm,
            write("\xef\xbb\xbf"
                  "set Title = plate\r\n"),
            {}, MPI_COMM_SELF);
  EXPECT_EQ(title, "plate");
}

TEST_F(ReadCase, OverridesWinOverTheFile)
{
  EXPECT_EQ(
    error_of("set Title = a\nsubsection Data set\nset Training samples = 7\nend\n",
             {"Data set/Training samples=8", "Data set/Material/Stiffness = 5", "Title=b=c"}),
    "no error");
  EXPECT_EQ(samples, 8);
  EXPECT_EQ(stiffness, 5.);
  EXPECT_EQ(title, "b=c");
}

TEST_F(ReadCase, NamesTheNearestEntryAndItsLine)
{
  EXPECT_EQ(error_of("subsection Data set\n\n  set Traning samples = 3\nend\n"),
            (folder / "a.prm").string() +
              ":3: unknown entry 'Traning samples' in section 'Data set'; did you mean 'Training "
              "samples'? (understudy describe \"Data set\" lists all entries)");
  EXPECT_THAT(error_of("set Stiffness = 3\n"), HasSubstr("belongs to section 'Data set/Material'"));
  EXPECT_THAT(error_of("", {"Data set/Traning samples=3"}),
              HasSubstr("-D Data set/Traning samples=3: unknown entry 'Traning samples'"));
}

TEST_F(ReadCase, NamesTheNearestSection)
{
  EXPECT_THAT(error_of("subsection Data sets\nend\n"),
              HasSubstr("a.prm:1: unknown section 'Data sets'; did you mean 'Data set'?"));
}

TEST_F(ReadCase, SaysWhichValuesAreAllowed)
{
  const auto with = [&](const std::string &entry)
  { return error_of("subsection Data set\nset " + entry + "\nend\n"); };
  EXPECT_THAT(
    with("Training samples = 0"),
    HasSubstr("a.prm:2: 'Training samples' in section 'Data set' must be an integer of at "
              "least 1, not '0'."));
  EXPECT_THAT(with("Largest strain = 0.6"), HasSubstr("must be a number from 1e-06 to 0.5"));
  EXPECT_THAT(with("Largest strain = much"), HasSubstr("not 'much'"));
  EXPECT_THAT(with("Design = latin hyprcube"),
              HasSubstr("must be one of grid, latin hypercube, not 'latin hyprcube'; did you mean "
                        "'latin hypercube'?"));
  EXPECT_THAT(with("Weights = 1, 2"),
              HasSubstr("a comma-separated list of 3 items, each a number of at least 0"));
  EXPECT_THAT(with("Verify = perhaps"), HasSubstr("must be true or false"));
}

TEST_F(ReadCase, RefusesAnEntryThatIsSetTwiceInOneFile)
{
  EXPECT_EQ(error_of("subsection Data set\nset Training samples = 3\nend\nsubsection Data set\n"
                     "set Training samples = 4\nend\n"),
            (folder / "a.prm").string() +
              ":5: the entry 'Training samples' in section 'Data set' was set at " +
              (folder / "a.prm").string() + ":2 already.");
}

TEST_F(ReadCase, AnIncludedFileMayBeOverruled)
{
  write("subsection Data set\nset Training samples = 3\nset Design = latin hypercube\nend\n",
        "base.prm");
  EXPECT_EQ(error_of("include base.prm\nsubsection Data set\nset Training samples = 4\nend\n"),
            "no error");
  EXPECT_EQ(samples, 4);
  EXPECT_EQ(design, "latin hypercube");
  EXPECT_THAT(error_of("include a.prm\n"), HasSubstr("includes itself"));
  EXPECT_THAT(error_of("\ninclude bse.prm\n"), HasSubstr("a.prm:2: the case file "));
}

TEST_F(ReadCase, RefusesWhatIsNoStatement)
{
  EXPECT_THAT(error_of("subsection Data set\nset Training samples = 3\n"),
              HasSubstr("a.prm:1: the section 'Data set' that starts here has no 'end'."));
  EXPECT_THAT(error_of("end\n"), HasSubstr("a.prm:1: there is no open section"));
  EXPECT_THAT(error_of("Title = x\n"), HasSubstr("a.prm:1: 'Title = x' is no statement"));
  EXPECT_THAT(error_of("set Title\n"), HasSubstr("a.prm:1: 'set Title' is no statement"));
  EXPECT_THAT(error_of("set = Title\n"), HasSubstr("a.prm:1: 'set = Title' is no statement"));
  EXPECT_THAT(error_of("", {"Title"}), HasSubstr("-D Title: expected Section/Key=value."));
}

TEST_F(ReadCase, NamesTheNearestFile)
{
  write("", "l_profile.prm");
  EXPECT_THAT(error_of_file((folder / "l_profil.prm").string()),
              HasSubstr("; did you mean " + (folder / "l_profile.prm").string() + "?"));
  EXPECT_THAT(error_of_file((folder / "none" / "x.prm").string()), HasSubstr("there is no folder"));
}

TEST_F(ReadCase, PeeksAtOneEntryBeforeTheOthersAreDeclared)
{
  const auto file = write("set Family = fe2\nsubsection Never declared\nset x = 1\nend\n");
  EXPECT_EQ(peek_entry(file, {}, "Family", "none", MPI_COMM_SELF), "fe2");
  EXPECT_EQ(peek_entry(file, {"Family=other"}, "Family", "none", MPI_COMM_SELF), "other");
  EXPECT_EQ(peek_entry(file, {}, "Other", "none", MPI_COMM_SELF), "none");
}

TEST_F(ReadCase, DescribesEntriesWithBoundsUnitsAndChoices)
{
  const auto entries = json_of(prm);
  ASSERT_EQ(entries.size(), 7u);
  EXPECT_EQ(entries[2]["key"], "Largest strain");
  EXPECT_EQ(entries[2]["section"], "Data set");
  EXPECT_EQ(entries[2]["lower"], 1e-6);
  EXPECT_EQ(entries[2]["upper"], 0.5);
  EXPECT_EQ(entries[2]["default"], "0.1");
  EXPECT_EQ(entries[3]["choices"], (std::vector<std::string>{"grid", "latin hypercube"}));
  EXPECT_EQ(entries[6]["section"], "Data set/Material");
  EXPECT_EQ(entries[6]["unit"], "MPa");
  EXPECT_EQ(entries[6]["documentation"], "Young's modulus");
  EXPECT_FALSE(entries[6].contains("upper"));
}

TEST_F(ReadCase, TheTextOfACaseReadsBack)
{
  ASSERT_EQ(error_of("set Title = x y\nsubsection Data set\nset Largest strain = 0.123\nend\n"),
            "no error");
  const auto file = write(text_of(prm), "b.prm");
  strain = 0.;
  title = "";
  EXPECT_EQ(error_of_file(file), "no error");
  EXPECT_EQ(strain, 0.123);
  EXPECT_EQ(title, "x y");
}
