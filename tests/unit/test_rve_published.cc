// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <meshes/rve_generator.h>
#include <meshes/rve_published.h>
#include <tests/published_rve.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iomanip>
#include <locale>
#include <sstream>

using namespace understudy;
using testing::EndsWith;
using testing::HasSubstr;

namespace
{
/// The tables of a mesh of ours, written into a folder of this test.
class RvePublished : public testing::Test
{
protected:
  void SetUp() override
  {
    const auto *info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(UNDERSTUDY_BINARY_DIR) / "tests" /
              (std::string("rve_published_") + info->name());
    std::filesystem::create_directories(folder_);
    std::ostringstream nodes, elements;
    nodes << std::setprecision(17);
    for (const auto &p : mesh_.nodes)
      nodes << p[0] << ',' << p[1] << '\n';
    for (std::size_t c = 0; c < mesh_.cells.size(); ++c)
    {
      elements << c + 1 << ',' << static_cast<int>(mesh_.phase[c]);
      for (const unsigned node : mesh_.cells[c])
        elements << ',' << node + 1;
      elements << '\n';
    }
    write("nodes.csv", nodes_ = nodes.str());
    write("elements.csv", elements_ = elements.str());
  }

  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const char *file, const std::string &content) const
  {
    std::ofstream(folder_ / file) << content;
  }

  RveMesh read() const
  {
    return read_published_rve(folder_ / "nodes.csv", folder_ / "elements.csv");
  }

  std::string error() const
  {
    try
    {
      read();
    }
    catch (const UserError &error)
    {
      return error.what();
    }
    return "";
  }

  /// The table with line @p n (from 1) replaced.
  static std::string with_line(const std::string &table, unsigned n, const std::string &line)
  {
    std::istringstream in(table);
    std::string out, old;
    for (unsigned i = 1; std::getline(in, old); ++i)
      out += (i == n ? line : old) + "\n";
    return out;
  }

  std::filesystem::path folder_;
  RveMesh mesh_ = make_rve("laminate", 1);
  std::string nodes_, elements_;
};
} // namespace

// Requirement: the published meshes are read with the numbers of nodes and cells and the fibre
// fractions that their description states.
TEST(RvePublishedFiles, HaveTheStatedSizes)
{
  const auto folder = test::published_rve_folder();
  if (!std::filesystem::exists(folder))
    GTEST_SKIP() << "The published RVE meshes are not at " << folder << ".";
  struct
  {
    const char *name;
    std::size_t nodes, cells;
    double fraction;
  } const stated[] = {
    {"rve1", 10561, 3456, 0.5500}, {"rve2", 6433, 2112, 0.1929}, {"rve3", 5713, 1872, 0.1335}};
  for (const auto &[name, nodes, cells, fraction] : stated)
  {
    const std::string file = name;
    const auto mesh =
      read_published_rve(folder / (file + "_nodes.csv"), folder / (file + "_elements.csv"));
    EXPECT_EQ(mesh.nodes.size(), nodes) << name;
    EXPECT_EQ(mesh.cells.size(), cells) << name;
    EXPECT_NEAR(fibre_fraction(mesh), fraction, 0.5e-4) << name;
    EXPECT_THAT(mesh.name, EndsWith(file + "_elements.csv"));
  }
}

// Requirement: what was written comes back bit by bit, also with Windows line ends, blanks and
// blank lines at the end.
TEST_F(RvePublished, ReadsBackWhatWasWritten)
{
  EXPECT_EQ(read().nodes, mesh_.nodes);
  EXPECT_EQ(read().cells, mesh_.cells);
  EXPECT_EQ(read().phase, mesh_.phase);
  write("nodes.csv", with_line(nodes_, 1, " -0.5 , -0.5\r") + "\n \r\n");
  EXPECT_EQ(read().nodes, mesh_.nodes);
}

// Requirement: a global locale with a decimal comma changes nothing.
TEST_F(RvePublished, DoesNotDependOnTheLocale)
{
  struct DecimalComma : std::numpunct<char>
  {
    char do_decimal_point() const override { return ','; }
  };
  const auto before = std::locale::global(std::locale(std::locale(), new DecimalComma));
  const auto mesh = read();
  std::locale::global(before);
  EXPECT_EQ(mesh.nodes, mesh_.nodes);
}

// Requirement: each flaw of the tables is reported with its file and line.
TEST_F(RvePublished, NamesFileAndLineOfFlaws)
{
  struct
  {
    bool of_nodes;
    unsigned line;
    const char *content, *sentence;
  } const flaws[] = {
    {true, 3, "0.1,abc", "nodes.csv:3: column 2: 'abc' is not a number."},
    {true, 3, "0.1,", "nodes.csv:3: column 2: '' is not a number."},
    {true, 3, "0.1,0.2x", "nodes.csv:3: column 2: '0.2x' is not a number."},
    {true, 3, "nan,0.2", "nodes.csv:3: column 1: 'nan' is not finite."},
    {true, 4, "0.1,0.2,0.3", "nodes.csv:4: expected 2 columns, found 3."},
    {true, 4, "0.1;0.2", "nodes.csv:4: expected 2 columns, found 1."},
    {true, 5, "", "nodes.csv:5: blank line inside the table (rows are counted)."},
    {false, 2, "2,3,1,2,3,4,5,6,7,8", "elements.csv:2: phase 3 is not in 1..2."},
    {false, 2, "2,1.5,1,2,3,4,5,6,7,8", "elements.csv:2: column 2: '1.5' is not a whole number."},
    {false, 2, "2,1,1,2,3,4,5,6,7,0", "elements.csv:2: node 0 is not in 1..225."},
    {false, 2, "2,1,1,2,3,4,5,6,7,226", "elements.csv:2: node 226 is not in 1..225."},
    {false, 2, "2,1,1,2,3,4,5,6,7,-4", "elements.csv:2: node -4 is not in 1..225."},
    {false, 2, "2,1,1,2,3,4,5,6,7", "elements.csv:2: expected 10 columns, found 9."},
    {false, 2, "2,1,1,2,3,4,5,6,7,99999999999999999999",
     "elements.csv:2: column 10: '99999999999999999999' is not a whole number."},
  };
  for (const auto &[of_nodes, line, content, sentence] : flaws)
  {
    write("nodes.csv", of_nodes ? with_line(nodes_, line, content) : nodes_);
    write("elements.csv", of_nodes ? elements_ : with_line(elements_, line, content));
    EXPECT_EQ(error(), (folder_ / sentence).string());
  }
}

// Requirement: a missing or empty file and a damaged mesh are refused by name.
TEST_F(RvePublished, RefusesMissingAndDamagedFiles)
{
  std::filesystem::remove(folder_ / "nodes.csv");
  EXPECT_EQ(error(), "Cannot read the mesh file '" + (folder_ / "nodes.csv").string() + "'.");
  std::filesystem::create_directory(folder_ / "nodes.csv");
  EXPECT_EQ(error(), "Cannot read the mesh file '" + (folder_ / "nodes.csv").string() + "'.");
  std::filesystem::remove(folder_ / "nodes.csv");
  write("nodes.csv", nodes_);
  write("elements.csv", "");
  EXPECT_EQ(error(), "The mesh file '" + (folder_ / "elements.csv").string() + "' is empty.");
  write("elements.csv", elements_.substr(0, elements_.find('\n') + 1)); // one cell only
  EXPECT_THAT(error(), HasSubstr("elements.csv' does not fill the unit square"));
}
