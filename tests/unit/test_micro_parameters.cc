// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/fe2/parameters.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace understudy;
using testing::ElementsAre;
using testing::IsEmpty;

namespace
{
const std::string own_rve = UNDERSTUDY_SOURCE_DIR "/cases/fe2/own_rve.msh";

MicroParameters of_gmsh()
{
  MicroParameters micro;
  micro.geometry = "gmsh";
  micro.mesh_file = own_rve;
  return micro;
}
} // namespace

// Requirement: the example of a user's own RVE is read by the names of its groups and has the fibre
// fraction of its ellipse.
TEST(MicroParameters, OwnRveOfTheExampleIsRead)
{
  const MicroParameters micro = of_gmsh();
  EXPECT_THAT(micro.problems(), IsEmpty());
  const RveMesh mesh = micro.make_mesh();
  EXPECT_EQ(mesh.cells.size(), 342u);
  EXPECT_NEAR(fibre_fraction(mesh), 3.14159265358979 * 16 * 10 / (50. * 50.), 1e-5);
}

// Requirement: the groups of the case say which phase is which.
TEST(MicroParameters, GroupsAreThoseOfTheCase)
{
  MicroParameters micro = of_gmsh();
  const double fibre = fibre_fraction(micro.make_mesh());
  micro.groups = {"2", "matrix"};
  EXPECT_NEAR(fibre_fraction(micro.make_mesh()), 1 - fibre, 1e-12);
}

// Requirement: a missing file, groups that are the same and keys that have no effect are named.
TEST(MicroParameters, ContradictionsAroundAMeshOfGmshAreNamed)
{
  MicroParameters micro = of_gmsh();
  micro.mesh_file = "";
  EXPECT_THAT(micro.problems(),
              ElementsAre("'Geometry' = gmsh needs 'Mesh file' in section 'Micro'."));
  micro.mesh_file = own_rve + "h";
  EXPECT_THAT(micro.problems(),
              ElementsAre("The 'Mesh file' " + own_rve + "h of section 'Micro' does not exist."));
  micro = of_gmsh();
  micro.groups.fibre = "matrix";
  micro.refinement = 2;
  micro.node_file = "nodes.csv";
  EXPECT_THAT(
    micro.problems(),
    ElementsAre("'Geometry' = gmsh reads other files, but a 'Node file' or 'Element file' is given "
                "in section 'Micro'; set 'Geometry' = published or remove them.",
                "'Matrix group' and 'Fibre group' in section 'Micro' are both 'matrix'.",
                "'Refinement' = 2 in section 'Micro' does not refine a mesh from a file; make a "
                "finer one in Gmsh."));
  const std::string given = ", but a 'Mesh file', 'Matrix group' or 'Fibre group' is given in "
                            "section 'Micro'; set 'Geometry' = gmsh or remove them.";
  micro = of_gmsh();
  micro.geometry = "rve2";
  EXPECT_THAT(micro.problems(), ElementsAre("'Geometry' = rve2 makes its own mesh" + given));
  micro = MicroParameters();
  micro.groups.matrix = "1";
  EXPECT_THAT(micro.problems(), ElementsAre("'Geometry' = rve3 makes its own mesh" + given));
}
