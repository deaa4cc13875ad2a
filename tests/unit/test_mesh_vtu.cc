// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/output/mesh_vtu.h>
#include <data/store/atomic_file.h>
#include <tests/temporary_folder.h>
#include <tests/vtu_reader.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vtkCell.h>
#include <vtkCellData.h>
#include <vtkDataArray.h>
#include <vtkPointData.h>

#include <filesystem>
#include <limits>
#include <stdexcept>

using namespace understudy;
using testing::HasSubstr;
using testing_tools::read_vtu;
using testing_tools::sentence_of;
using testing_tools::TemporaryFolder;

namespace
{
/// Two cells side by side on [0,2] x [0,1], the upper mid-side of the first one bent outwards. The
/// values need all digits of a double.
MeshFields two_cells()
{
  MeshFields mesh;
  mesh.points = {{0, 0},   {1, 0}, {1, 1}, {0, 1},   {0.5, 0}, {1, 0.5}, {0.5, 1.1},
                 {0, 0.5}, {2, 0}, {2, 1}, {1.5, 0}, {2, 0.5}, {1.5, 1}};
  mesh.cells = {{0, 1, 2, 3, 4, 5, 6, 7}, {1, 8, 9, 2, 10, 11, 12, 5}};
  MeshFields::Field temperature{"temperature", 1, {}}, displacement{"displacement", 2, {}};
  for (std::size_t i = 0; i < mesh.points.size(); ++i)
  {
    temperature.values.push_back(1. / (3. + double(i)));
    displacement.values.push_back(0.1 * double(i));
    displacement.values.push_back(-1e-300 * double(i));
  }
  mesh.point_fields = {temperature, displacement};
  mesh.cell_fields = {{"phase", 1, {1, 2}}, {"flux", 2, {1. / 7., 2, 3, 4}}};
  return mesh;
}
} // namespace

TEST(MeshVtu, VtkReadsBackEveryNumber)
{
  const TemporaryFolder folder;
  const MeshFields mesh = two_cells();
  write_mesh_vtu(folder / "mesh.vtu", mesh);
  const auto grid = read_vtu(folder / "mesh.vtu");

  ASSERT_EQ(grid->GetNumberOfPoints(), 13);
  ASSERT_EQ(grid->GetNumberOfCells(), 2);
  for (int i = 0; i < 13; ++i)
  {
    EXPECT_EQ(grid->GetPoint(i)[0], mesh.points[i][0]);
    EXPECT_EQ(grid->GetPoint(i)[1], mesh.points[i][1]);
    EXPECT_EQ(grid->GetPoint(i)[2], 0.);
  }
  for (int c = 0; c < 2; ++c)
  {
    ASSERT_EQ(grid->GetCellType(c), VTK_QUADRATIC_QUAD);
    for (int a = 0; a < 8; ++a)
      EXPECT_EQ(grid->GetCell(c)->GetPointId(a), mesh.cells[c][a]);
  }
  EXPECT_EQ(grid->GetPointData()->GetNumberOfArrays(), 2);
  EXPECT_EQ(grid->GetCellData()->GetNumberOfArrays(), 2);

  vtkDataArray *temperature = grid->GetPointData()->GetArray("temperature");
  vtkDataArray *displacement = grid->GetPointData()->GetArray("displacement");
  ASSERT_TRUE(temperature && displacement);
  ASSERT_EQ(temperature->GetNumberOfComponents(), 1);
  ASSERT_EQ(displacement->GetNumberOfComponents(), 3);
  for (int i = 0; i < 13; ++i)
  {
    EXPECT_EQ(temperature->GetComponent(i, 0), mesh.point_fields[0].values[i]);
    EXPECT_EQ(displacement->GetComponent(i, 0), mesh.point_fields[1].values[2 * i]);
    EXPECT_EQ(displacement->GetComponent(i, 1), mesh.point_fields[1].values[2 * i + 1]);
    EXPECT_EQ(displacement->GetComponent(i, 2), 0.);
  }
  vtkDataArray *phase = grid->GetCellData()->GetArray("phase");
  vtkDataArray *flux = grid->GetCellData()->GetArray("flux");
  ASSERT_TRUE(phase && flux);
  EXPECT_EQ(phase->GetComponent(1, 0), 2.);
  EXPECT_EQ(flux->GetComponent(0, 0), 1. / 7.);
  EXPECT_EQ(flux->GetComponent(1, 1), 4.);
}

TEST(MeshVtu, TheNodeOrderIsThatOfVtk)
{
  const TemporaryFolder folder;
  write_mesh_vtu(folder / "mesh.vtu", two_cells());
  const auto grid = read_vtu(folder / "mesh.vtu");
  // VTK's own shape functions find the bent mid-side point at the middle of the upper side.
  const double middle[3] = {0.5, 1., 0.};
  double place[3], weights[8];
  int sub = 0;
  grid->GetCell(0)->EvaluateLocation(sub, middle, place, weights);
  EXPECT_NEAR(place[0], 0.5, 1e-15);
  EXPECT_NEAR(place[1], 1.1, 1e-15);
}

TEST(MeshVtu, APathThatCannotBeWrittenIsNamed)
{
  const TemporaryFolder folder;
  const auto write = [&] { write_mesh_vtu(folder / "missing/mesh.vtu", two_cells()); };
  EXPECT_THAT(sentence_of<WriteError>(write), HasSubstr(folder / "missing/mesh.vtu"));
  EXPECT_THAT(sentence_of<WriteError>([] { write_mesh_vtu("/dev/full", two_cells()); }),
              HasSubstr("/dev/full"));
}

TEST(MeshVtu, AValueThatIsNotFiniteIsOurFaultAndNothingIsWritten)
{
  const TemporaryFolder folder;
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
  {
    MeshFields mesh = two_cells();
    mesh.point_fields[1].values[7] = bad;
    EXPECT_THAT(sentence_of<std::logic_error>([&] { write_mesh_vtu(folder / "mesh.vtu", mesh); }),
                HasSubstr("'displacement' is not finite at entity 3"));
    mesh = two_cells();
    mesh.cell_fields[0].values[1] = bad;
    EXPECT_THAT(sentence_of<std::logic_error>([&] { write_mesh_vtu(folder / "mesh.vtu", mesh); }),
                HasSubstr("'phase' is not finite at entity 1"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(MeshVtu, AMeshThatDoesNotFitItsFieldsIsRefused)
{
  const TemporaryFolder folder;
  const auto refusal = [&folder](const MeshFields &mesh)
  { return sentence_of<std::logic_error>([&] { write_mesh_vtu(folder / "mesh.vtu", mesh); }); };

  MeshFields mesh = two_cells();
  mesh.cell_fields[1].values.pop_back();
  EXPECT_THAT(refusal(mesh), HasSubstr("'flux' has 3 values instead of 4"));
  mesh = two_cells();
  mesh.cell_fields[1].n_components = 3;
  EXPECT_THAT(refusal(mesh), HasSubstr("'flux' has 3 components"));
  mesh = two_cells();
  mesh.cell_fields[1] = mesh.cell_fields[0];
  EXPECT_THAT(refusal(mesh), HasSubstr("'phase' is given twice"));
  mesh = two_cells();
  mesh.cells[1][3] = 13;
  EXPECT_THAT(refusal(mesh), HasSubstr("Cell 1 of a mesh to write has no point 13"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}
