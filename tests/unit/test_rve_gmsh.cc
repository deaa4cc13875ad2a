// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <meshes/rve_generator.h>
#include <meshes/rve_gmsh.h>
#include <solvers/rve.h>
#include <surrogates/closure_request.h>
#include <tests/gmsh_text.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <random>

using namespace understudy;
using test::gmsh_text;
using test::GmshStyle;
using testing::EndsWith;
using testing::HasSubstr;

namespace
{
std::string replaced(std::string text, const std::string &from, const std::string &to)
{
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << "'" << from << "' is not in the mesh";
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

/// The mesh in the order of the cells in files of format 4.1.
RveMesh sorted_by_phase(const RveMesh &mesh)
{
  RveMesh sorted = mesh;
  sorted.cells.clear();
  for (const Phase phase : {Phase::matrix, Phase::fibre})
    for (std::size_t c = 0; c < mesh.cells.size(); ++c)
      if (mesh.phase[c] == phase)
        sorted.cells.push_back(mesh.cells[c]);
  std::sort(sorted.phase.begin(), sorted.phase.end());
  return sorted;
}

std::array<double, 3> stress(const RveMesh &mesh, const RveParameters &parameters,
                             const std::array<double, 3> &E)
{
  Rve rve(mesh, parameters);
  std::vector<double> w;
  rve.elastic_guess(E, w);
  const RveAnswer answer = rve.solve(E, w, false);
  EXPECT_TRUE(answer.converged);
  return answer.stress;
}

class RveGmsh : public testing::Test
{
protected:
  RveMesh read(const std::string &text, const GmshGroups &groups = {}) const
  {
    std::ofstream(file()) << text;
    return read_gmsh_rve(file(), groups);
  }

  /// The sentence of the refusal, without the path of the file.
  std::string refusal(const std::string &text, const GmshGroups &groups = {}) const
  {
    auto sentence = testing_tools::sentence_of<UserError>([&] { read(text, groups); });
    const auto at = sentence.find(file());
    EXPECT_NE(at, std::string::npos) << sentence;
    return at == std::string::npos ? sentence : sentence.replace(at, file().size(), "m.msh");
  }

  std::string file() const { return folder_ / "m.msh"; }

  testing_tools::TemporaryFolder folder_;
  RveMesh laminate_ = make_rve("laminate", 1); ///< 64 equal squares
};
} // namespace

// Requirement: both formats and both kinds of quadratic cells come back bit by bit, in the order of
// the file, and the mesh has the name of the file.
TEST_F(RveGmsh, ReadsBackWhatWasWritten)
{
  for (const bool version_4 : {false, true})
    for (const unsigned n_nodes : {8u, 9u})
    {
      GmshStyle style;
      style.version_4 = version_4;
      style.n_nodes = n_nodes;
      const RveMesh expected = version_4 ? sorted_by_phase(laminate_) : laminate_;
      const RveMesh mesh = read(gmsh_text(laminate_, style));
      EXPECT_EQ(mesh.nodes, expected.nodes);
      EXPECT_EQ(mesh.cells, expected.cells);
      EXPECT_EQ(mesh.phase, expected.phase);
      EXPECT_EQ(mesh.name, file());
    }
}

// Requirement: cells of 4 nodes get one mid-side node per side, in the middle of the chord.
TEST_F(RveGmsh, CellsOfFourNodesGetMiddles)
{
  for (const bool version_4 : {false, true})
  {
    GmshStyle style;
    style.version_4 = version_4;
    style.n_nodes = 4;
    const RveMesh expected = version_4 ? sorted_by_phase(laminate_) : laminate_;
    const RveMesh mesh = read(gmsh_text(laminate_, style));
    EXPECT_EQ(mesh.nodes.size(), laminate_.nodes.size());
    ASSERT_EQ(mesh.cells.size(), expected.cells.size());
    for (std::size_t c = 0; c < mesh.cells.size(); ++c)
      for (unsigned k = 0; k < 8; ++k)
        EXPECT_EQ(mesh.nodes[mesh.cells[c][k]], expected.nodes[expected.cells[c][k]]);
  }
}

// Requirement: side length, place and sense of rotation of the cells do not matter.
TEST_F(RveGmsh, SquareMayHaveAnySizeAndPlace)
{
  for (const bool version_4 : {false, true})
    for (const double side : {2.5e-6, 37.})
    {
      GmshStyle style;
      style.version_4 = version_4;
      style.side = side;
      style.x = 10 * side;
      style.y = -3 * side;
      style.clockwise = true;
      const RveMesh mesh = read(gmsh_text(laminate_, style));
      ASSERT_EQ(mesh.nodes.size(), laminate_.nodes.size());
      for (std::size_t i = 0; i < mesh.nodes.size(); ++i)
        for (unsigned d = 0; d < 2; ++d)
          EXPECT_NEAR(mesh.nodes[i][d], laminate_.nodes[i][d], 1e-13);
      EXPECT_NEAR(fibre_fraction(mesh), 0.5, 1e-12);
    }
}

// Requirement: a phase is named by the name or the number of its physical group; a name counts
// before a number. A surface may be in other groups, and reversed.
TEST_F(RveGmsh, PhasesAreGroupsByNameOrNumber)
{
  const auto fraction = [&](const GmshStyle &style, const GmshGroups &groups)
  { return fibre_fraction(read(gmsh_text(laminate_, style), groups)); };
  for (const bool version_4 : {false, true})
  {
    GmshStyle style;
    style.version_4 = version_4;
    EXPECT_NEAR(fraction(style, {"1", "2"}), 0.5, 1e-12);
    style.names = "1 1 \"fibre\"\n2 1 \"glass fibre\"\n2 2 \"1\"\n";
    EXPECT_NEAR(fraction(style, {"1", "glass fibre"}), 0.5, 1e-12);
    style.names = "";
    EXPECT_NEAR(fraction(style, {"1", "2"}), 0.5, 1e-12);
    style.matrix = "-7";
    EXPECT_NEAR(fraction(style, {"7", "2"}), 0.5, 1e-12);
  }
  GmshStyle several;
  several.matrix = "1 12";
  several.fibre = "12 2";
  EXPECT_NEAR(fraction(several, {}), 0.5, 1e-12);
}

// Requirement: line ends of Windows, blank lines, a byte order mark, other sections, and parametric
// coordinates do no harm.
TEST_F(RveGmsh, HarmlessVariantsAreRead)
{
  std::string text = "\xef\xbb\xbf" + gmsh_text(laminate_) + "$Periodic\n0\n$EndPeriodic\n\n \n";
  text = replaced(text, "$Nodes", "$Comments\n$Nodes\nhello\n$EndComments\n$Nodes");
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 3)
    text.replace(at, 1, "\r\n\n");
  EXPECT_EQ(read(text).nodes, laminate_.nodes);

  std::string parametric = replaced(gmsh_text(laminate_), "\n2 1 0 225\n", "\n2 1 1 225\n");
  for (std::size_t at = parametric.find("$Nodes");
       (at = parametric.find(" 0\n", at)) != std::string::npos; at += 9)
    parametric.replace(at, 3, " 0 .5 .5\n");
  EXPECT_EQ(read(parametric).nodes, laminate_.nodes);
}

// Requirement: each damage of the text is told with its line.
TEST_F(RveGmsh, DamagedTextIsRefusedWithItsLine)
{
  struct
  {
    bool version_4;
    const char *from, *to, *sentence;
  } const flaws[] = {
    {true, "4.1 0 8", "4.1 1 8", "m.msh:2: the mesh file is binary; in Gmsh, set Mesh.Binary = 0."},
    {true, "4.1 0 8", "4 0 8",
     "m.msh:2: the mesh is of format '4'; in Gmsh, set Mesh.MshFileVersion = 4.1 (or 2.2)."},
    {true, "4.1 0 8", "4.1", "m.msh:2: expected 3 columns, found 1."},
    {true, "$EndMeshFormat", "x", "m.msh:3: expected $EndMeshFormat, found 'x'."},
    {true, "$EndMeshFormat\n", "$EndMeshFormat\nx\n",
     "m.msh:4: expected a section such as $Nodes, found 'x'."},
    {true, "2 1 \"matrix\"", "2 1 matrix", "m.msh:6: the name of group 1 is not in quotes."},
    {true, "$Entities", "$PartitionedEntities",
     "m.msh:9: the mesh is partitioned; in Gmsh, save it without 'Partition'."},
    {true, "1 1 2 0\n", "1 1 1000000000000000000 0\n",
     "m.msh:15: 999999999999999998 entities of dimension 2 are missing."},
    {true, "1 1 2 0\n", "1 1 -2 0\n",
     "m.msh:10: the number of entities is -2, but must be at least 0."},
    {true, "0 0 0 1 1 0 1 1", "0 0 0 1 1 0 99 1",
     "m.msh:13: the number of physical groups is 99, but must be in 0..3."},
    {true, "\n2 1 0 225\n", "\n2 1 0 1000000000000000000\n",
     "m.msh:18: the number of nodes of the block is 1000000000000000000, but must be in 0..225."},
    {true, "1 225 5 677\n2 1 0 225", "1 1000000000000000000 5 677\n2 1 0 1000000000000000000",
     "m.msh:244: expected 1 column, found 3."},
    {true, "\n2 1 0 225\n", "\n2 1 0 -225\n",
     "m.msh:18: the number of nodes of the block is -225, but must be in 0..225."},
    {true, "\n2 1 0 225\n5\n", "\n2 1 0 225\n0\n",
     "m.msh:19: the number of the node is 0, but must be at least 1."},
    {true, "\n2 1 0 225\n5\n", "\n2 1 0 225\n8\n", "m.msh:245: node 8 is given a second time."},
    {true, "-0.5 -0.5 0\n", "-0.5 -0.5\n", "m.msh:244: expected 3 columns, found 2."},
    {true, "-0.5 -0.5 0\n", "-0.5 nan 0\n",
     "m.msh:244: y of node 5 is 'nan', which is not finite."},
    {true, "-0.5 -0.5 0\n", "-0.5 -0.5 1e999\n",
     "m.msh:244: z of node 5 is '1e999', which is not a number."},
    {true, "4 66 1 164\n", "4 1000000000000000000 1 164\n",
     "m.msh:541: the blocks of $Elements hold 66 entries, but its first line says "
     "1000000000000000000."},
    {true, "4 66 1 164\n", "5 66 1 164\n",
     "m.msh:542: the section $Elements ends after 4 of 5 blocks."},
    {true, "\n101 5 ", "\n101 99999 ",
     "m.msh:510: element 101 names node 99999, which is not among the 225 nodes of the file."},
    {false, "\n225\n", "\n1000000000000000000\n",
     "m.msh:236: the section $Nodes ends after 225 of 1000000000000000000 entries."},
    {false, "\n225\n", "\n-1\n",
     "m.msh:10: the number of entries of $Nodes is -1, but must be at least 0."},
    {false, "\n225\n", "\n224\n", "m.msh:235: expected $EndNodes, found '677 "},
    {false, "\n225\n", "\n99999999999999999999\n",
     "m.msh:10: the number of entries of $Nodes is '99999999999999999999', which is not a whole"},
    {false, "\n8 ", "\n5 ", "m.msh:12: node 5 is given a second time."},
    {false, "\n8 ", "\n-8 ", "m.msh:12: the number of the node is -8, but must be at least 1."},
    {false, "\n66\n", "\n1000000000000000000\n",
     "m.msh:305: the section $Elements ends after 66 of 1000000000000000000 entries."},
    {false, "101 16 2 2 2", "101 16 99 2 2",
     "m.msh:241: the number of tags is 99, but must be in 0..10."},
    {false, "101 16 2 2 2", "101 16 1 2 2", "m.msh:241: expected 12 columns, found 13."},
    {false, "101 16 2 2 2", "101 2 2 2 2",
     "m.msh:241: element 101 is a triangle (type 2), but an RVE is made of quadrilaterals; in "
     "Gmsh, give every surface 'Recombine Surface' (Mesh.RecombinationAlgorithm = 3 leaves no "
     "triangle) and set Mesh.ElementOrder = 2."},
    {false, "101 16 2 2 2", "101 36 2 2 2",
     "m.msh:241: element 101 is a quadrilateral of more than 9 nodes (type 36); in Gmsh, set "
     "Mesh.ElementOrder = 2."},
    {false, "101 16 2 2 2", "101 5 2 2 2",
     "m.msh:241: element 101 is no quadrilateral of 4, 8 or 9 nodes (type 5); an RVE is a mesh in "
     "the plane."},
    {false, "$EndNodes\n", "$EndNodes\n$Nodes\n", "m.msh:237: a second section $Nodes."},
    {false, "$EndElements\n", "", "m.msh:304: the file ends inside the section $Elements."},
  };
  for (const auto &[version_4, from, to, sentence] : flaws)
  {
    GmshStyle style;
    style.version_4 = version_4;
    EXPECT_THAT(refusal(replaced(gmsh_text(laminate_, style), from, to)),
                testing::StartsWith(sentence))
      << from << " -> " << to;
  }
}

// Requirement: a file cut off anywhere is refused or, after the last cell, complete.
TEST_F(RveGmsh, CutOffFilesAreRefused)
{
  for (const bool version_4 : {false, true})
  {
    GmshStyle style;
    style.version_4 = version_4;
    const std::string whole = gmsh_text(laminate_, style);
    for (std::size_t length = 0; length + 1 < whole.size(); length += 97)
      EXPECT_NE(refusal(whole.substr(0, length)), "") << length;
  }
}

// Requirement: what is no file of Gmsh is refused by name.
TEST_F(RveGmsh, OtherFilesAreRefused)
{
  const std::string cannot = "Cannot read the mesh file '" + file() + "'.";
  const auto sentence = [&]
  { return testing_tools::sentence_of<UserError>([&] { read_gmsh_rve(file()); }); };
  EXPECT_EQ(sentence(), cannot);
  std::filesystem::create_directory(file());
  EXPECT_EQ(sentence(), cannot);
  std::filesystem::remove(file());
  const std::string no_mesh = "The mesh file 'm.msh' does not begin with $MeshFormat: it is no "
                              "Gmsh mesh of format 4.1 or 2.2 (Mesh.MshFileVersion).";
  EXPECT_EQ(refusal(""), no_mesh);
  EXPECT_EQ(refusal("Point(1) = {0, 0, 0};\n"), no_mesh);
  const std::string format = "$MeshFormat\n2.2 0 8\n$EndMeshFormat\n";
  EXPECT_EQ(refusal(format), "The mesh file 'm.msh' has no section $Nodes.");
  EXPECT_EQ(refusal(format + "$Nodes\n0\n$EndNodes\n"),
            "The mesh file 'm.msh' has no section $Elements.");
  EXPECT_THAT(refusal(format + "$Nodes\n0\n$EndNodes\n$Elements\n0\n$EndElements\n"),
              HasSubstr("'m.msh' has no quadrilaterals; Gmsh saves only what belongs to a physical "
                        "group, e.g. Physical Surface(\"matrix\") = {1}."));
}

// Requirement: an element without a phase is named with its group.
TEST_F(RveGmsh, ElementsOfOtherGroupsAreRefused)
{
  for (const bool version_4 : {false, true})
  {
    GmshStyle style;
    style.version_4 = version_4;
    const std::string line = version_4 ? "m.msh:510: " : "m.msh:241: "; // the matrix stands first
    EXPECT_EQ(refusal(gmsh_text(laminate_, style), {"matrix", "fiber"}),
              line + "element 101 of surface 2 belongs to the physical group 2 ('fibre'), which is "
                     "neither the matrix ('matrix') nor the fibre ('fiber').");
    style.matrix = version_4 ? "1 2" : "2";
    EXPECT_THAT(refusal(gmsh_text(laminate_, style), {version_4 ? "matrix" : "2", "fibre"}),
                HasSubstr(" belongs to both the matrix ('"));
    style.matrix = "1";
    style.fibre = version_4 ? "" : "0";
    EXPECT_EQ(refusal(gmsh_text(laminate_, style)),
              line +
                "element 101 of surface 2 belongs to no physical group; in Gmsh, put the surface "
                "into one, e.g. Physical Surface(\"matrix\") = {2}.");
  }
}

// Requirement: a domain that is no square in a plane is refused with its sizes.
TEST_F(RveGmsh, DomainsThatAreNoSquareAreRefused)
{
  RveMesh wide = laminate_;
  for (auto &p : wide.nodes)
    p[0] *= 1.5;
  GmshStyle style;
  style.side = 20.;
  EXPECT_EQ(refusal(gmsh_text(wide, style)),
            "The mesh of 'm.msh' fills no square: it is 30 wide and 20 high.");
  for (auto &p : wide.nodes)
    p[0] = 0.;
  EXPECT_EQ(refusal(gmsh_text(wide, style)),
            "The mesh of 'm.msh' fills no square: it is 0 wide and 20 high.");
  EXPECT_EQ(refusal(replaced(gmsh_text(laminate_), "-0.5 -0.5 0\n", "-0.5 -0.5 0.1\n")),
            "The mesh of 'm.msh' does not lie in a plane z = constant: z goes from 0 to 0.1.");
  const std::string far_left =
    replaced(gmsh_text(laminate_), "-0.5 -0.5 0\n", "-1.7e308 -1.7e308 0\n");
  EXPECT_EQ(refusal(replaced(far_left, "\n0.5 0.5 0\n", "\n1.7e308 1.7e308 0\n")),
            "The mesh of 'm.msh' fills no square: it is inf wide and inf high.");
  RveMesh hole = laminate_;
  hole.cells.erase(hole.cells.begin() + 9);
  hole.phase.erase(hole.phase.begin() + 9);
  EXPECT_THAT(refusal(gmsh_text(hole)),
              EndsWith("does not fill the unit square: the area of its cells is 0.984375, not 1."));
}

// Requirement: a mesh that is not periodic is refused with the first node without a partner, by
// the number that Gmsh gave it and its coordinates in the file.
TEST_F(RveGmsh, FirstUnmatchedNodeIsNamed)
{
  RveMesh mesh = laminate_;
  const auto on_right = [&](double y)
  {
    return std::find_if(mesh.nodes.begin(), mesh.nodes.end(),
                        [y](const auto &p)
                        { return std::abs(p[0] - 0.5) < 1e-12 && std::abs(p[1] - y) < 1e-12; });
  };
  const auto corner = on_right(-0.375), middle = on_right(-0.3125);
  (*corner)[1] -= 0.01;
  for (const unsigned n_nodes : {4u, 8u})
  {
    GmshStyle style;
    style.n_nodes = n_nodes;
    style.side = 40.;
    style.x = 20.;
    style.y = 20.;
    EXPECT_EQ(refusal(gmsh_text(mesh, style)),
              "The mesh of 'm.msh' is not periodic: boundary node " +
                std::to_string(3 * (corner - mesh.nodes.begin()) + 5) +
                " at (40, 4.6) has no partner on the opposite side; in Gmsh, use 'Periodic "
                "Curve'.");
  }
  (*corner)[1] = -0.375;
  (*middle)[1] += 1e-6; // a mid-side node
  EXPECT_THAT(refusal(gmsh_text(mesh)), HasSubstr(" has no partner on the opposite side"));
}

// Requirement: folded cells, cells on top of each other and slits are told by the number of Gmsh.
TEST_F(RveGmsh, MeshesThatDoNotHangTogetherAreRefused)
{
  RveMesh folded = laminate_;
  std::swap(folded.cells[5][1], folded.cells[5][2]);
  EXPECT_THAT(refusal(gmsh_text(folded)),
              EndsWith(": element 106 is folded or too distorted: its Jacobian is not positive "
                       "everywhere."));
  RveMesh twice = laminate_;
  twice.cells[9] = twice.cells[10];
  EXPECT_THAT(refusal(gmsh_text(twice)), HasSubstr("does not hang together with its neighbours"));
  RveMesh slit = laminate_; // cell 9 gets its own copy of a node inside
  const unsigned inside = slit.cells[9][2];
  slit.nodes.push_back(slit.nodes[inside]);
  slit.cells[9][2] = slit.nodes.size() - 1;
  EXPECT_THAT(
    refusal(gmsh_text(slit)),
    HasSubstr(" belongs to 1 cell; in a periodic mesh every side belongs to two. In Gmsh, "
              "'Coherence' and 'Coherence Mesh' merge "));
}

// Requirement: cells with and without mid-side nodes do not mix.
TEST_F(RveGmsh, MixedOrdersAreRefused)
{
  GmshStyle style;
  style.version_4 = false;
  std::string text = gmsh_text(laminate_, style);
  const auto begin = text.find("102 16 "), end = text.find('\n', begin);
  std::string line = text.substr(begin, end - begin);
  for (unsigned k = 0; k < 4; ++k)
    line.erase(line.rfind(' '));
  text.replace(begin, end - begin, replaced(line, "102 16", "102 3"));
  EXPECT_EQ(refusal(text), "m.msh:242: element 102 has 4 nodes, but element 101 has 8; all cells "
                           "must have mid-side nodes or none.");
}

// Requirement: bytes that are flipped, lines that are cut or doubled give a refusal or a valid
// mesh.
TEST_F(RveGmsh, DamagedFilesNeverCrash)
{
  std::mt19937 random(7);
  const auto below = [&](std::size_t n) { return random() % std::max<std::size_t>(n, 1); };
  unsigned n_refused = 0;
  for (unsigned k = 0; k < 500; ++k)
  {
    GmshStyle style;
    style.version_4 = k % 2 == 0;
    style.n_nodes = std::array{4u, 8u, 9u}[k % 3];
    std::string text = gmsh_text(make_rve("homogeneous", 1), style);
    for (std::size_t m = 0, n = 1 + below(3); m < n; ++m)
    {
      const std::size_t at = below(text.size()), length = below(text.size() - at) / 4;
      const unsigned kind = below(4);
      if (kind == 0)
        text[at] = static_cast<char>(random());
      else if (kind == 1)
        text[at] = "0123456789-.e$ \n"[below(16)];
      else if (kind == 2)
        text.erase(at, length);
      else
        text.insert(at, text.substr(below(text.size()), length));
    }
    std::ofstream(file(), std::ios::binary) << text;
    RveMesh mesh;
    if (!testing_tools::sentence_of<UserError>([&] { mesh = read_gmsh_rve(file()); }).empty())
      ++n_refused;
    else
      EXPECT_NO_THROW(check_rve_mesh(mesh)) << text;
  }
  EXPECT_GT(n_refused, 300u);
  EXPECT_LT(n_refused, 500u);
}

// Requirement: a cell of one material has the stress of its law, whatever its mesh and its size.
TEST_F(RveGmsh, OneMaterialHasTheStressOfItsLaw)
{
  RveMesh bent = make_rve("homogeneous", 2);
  for (auto &p : bent.nodes) // inside only
    p[0] += 0.03 * (0.25 - p[0] * p[0]) * (0.25 - p[1] * p[1]) * (1 + p[1]);
  const std::array<double, 3> E = {.02, -.01, .03};
  std::array<double, 3> expected;
  material_laws()
    .create("saturating-shear", default_matrix())
    ->evaluate(1, {&E[0], &E[1], &E[2]}, {&expected[0], &expected[1], &expected[2]}, {});
  for (const unsigned n_nodes : {4u, 8u, 9u})
  {
    GmshStyle style;
    style.n_nodes = n_nodes;
    style.side = 12.;
    const auto S = stress(read(gmsh_text(bent, style)), {}, E);
    for (unsigned i = 0; i < 3; ++i)
      EXPECT_NEAR(S[i], expected[i], 1e-9 * std::abs(expected[0])) << i;
  }
}

// Requirement: a geometry of ours that comes from a file is the same to data sets and models;
// moved, scaled and in another order of cells it has the same stress.
TEST_F(RveGmsh, Rve3FromAFileIsRve3)
{
  const RveMesh rve3 = make_rve("rve3", 1);
  const RveParameters parameters;
  GmshStyle style;
  style.version_4 = false;
  EXPECT_EQ(micro_fingerprint(read(gmsh_text(rve3, style)), parameters),
            micro_fingerprint(rve3, parameters));
  style.version_4 = true;
  style.clockwise = true;
  style.side = 0.05;
  style.x = 1.;
  const std::array<double, 3> E = {.02, .02, .02};
  const auto S = stress(read(gmsh_text(rve3, style)), parameters, E);
  const auto expected = stress(rve3, parameters, E);
  for (unsigned i = 0; i < 3; ++i)
    EXPECT_NEAR(S[i], expected[i], 1e-10 * std::abs(expected[i])) << i;
}
