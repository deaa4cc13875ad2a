// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/core/grid_batch.h>
#include <data/output/grid_vti.h>
#include <data/output/paraview_collection.h>
#include <data/store/atomic_file.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vtkDataArray.h>
#include <vtkImageData.h>
#include <vtkPointData.h>
#include <vtkSmartPointer.h>
#include <vtkXMLImageDataReader.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <stdexcept>

using namespace understudy;
using testing::HasSubstr;
using testing_tools::sentence_of;
using testing_tools::TemporaryFolder;

namespace
{
vtkSmartPointer<vtkImageData> read_vti(const std::string &path)
{
  const auto reader = vtkSmartPointer<vtkXMLImageDataReader>::New();
  reader->SetFileName(path.c_str());
  reader->Update();
  return reader->GetOutput();
}

const GridView grid = {2, {3, 4, 1}, {0.5, -1., 0.}, {0.1, 0.25, 1.}};

/// Two channels without structure on the 3 x 4 nodes of grid.
GridBatch two_channels()
{
  GridBatch batch(1, 2, 3, 4);
  for (std::size_t i = 0; i < batch.values.size(); ++i)
    batch.values[i] = 1.f / (3.f + float(i));
  return batch;
}

std::vector<GridImageField> named(const GridBatch &batch)
{
  return {{"permeability", batch.field(0, 0)}, {"pressure", batch.field(0, 1)}};
}
} // namespace

TEST(GridVti, VtkReadsBackEveryNumberAtItsPlace)
{
  const TemporaryFolder folder;
  const GridBatch batch = two_channels();
  write_grid_vti(folder / "fields.vti", grid, named(batch));
  const auto image = read_vti(folder / "fields.vti");
  ASSERT_EQ(image->GetNumberOfPoints(), 12);
  ASSERT_EQ(image->GetPointData()->GetNumberOfArrays(), 2);
  for (int c = 0; c < 2; ++c)
  {
    vtkDataArray *array = image->GetPointData()->GetArray(c == 0 ? "permeability" : "pressure");
    ASSERT_TRUE(array);
    ASSERT_EQ(array->GetDataType(), VTK_FLOAT);
    ASSERT_EQ(array->GetNumberOfComponents(), 1);
    for (vtkIdType p = 0; p < 12; ++p)
    {
      const double *place = image->GetPoint(p);
      const auto i = std::lround((place[0] - 0.5) / 0.1), j = std::lround((place[1] + 1.) / 0.25);
      EXPECT_NEAR(place[0], 0.5 + 0.1 * double(i), 1e-15);
      EXPECT_NEAR(place[1], -1. + 0.25 * double(j), 1e-15);
      EXPECT_EQ(array->GetComponent(p, 0), batch.field(0, c)[4 * i + j]);
    }
  }
}

TEST(GridVti, ThreeDirectionsAreXYZ)
{
  const TemporaryFolder folder;
  const GridView space = {3, {2, 3, 4}, {0., 0., 0.}, {1., 1., 1.}};
  std::vector<float> values;
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 4; ++k)
        values.push_back(float(100 * i + 10 * j + k));
  write_grid_vti(folder / "space.vti", space, std::vector<GridImageField>{{"f", values}});
  const auto image = read_vti(folder / "space.vti");
  ASSERT_EQ(image->GetNumberOfPoints(), 24);
  for (vtkIdType p = 0; p < 24; ++p)
  {
    const double *x = image->GetPoint(p);
    EXPECT_EQ(image->GetPointData()->GetArray("f")->GetComponent(p, 0),
              100. * x[0] + 10. * x[1] + x[2]);
  }
}

TEST(GridVti, ACollectionNamesTheFiles)
{
  const TemporaryFolder folder;
  const GridBatch batch = two_channels();
  ParaviewCollection collection(folder / "series.pvd");
  for (const int step : {0, 1})
  {
    const std::string file = folder / ("fields-" + std::to_string(step) + ".vti");
    write_grid_vti(file, grid, named(batch));
    collection.add(0.5 * step, file);
  }
  collection.write();
  const std::string text = read_file(folder / "series.pvd");
  EXPECT_THAT(text, HasSubstr("timestep=\"0.5\""));
  EXPECT_THAT(text, HasSubstr("file=\"fields-0.vti\""));
  EXPECT_THAT(text, HasSubstr("file=\"fields-1.vti\""));
}

TEST(GridVti, APathThatCannotBeWrittenIsNamedAndTheOldFileStands)
{
  const TemporaryFolder folder;
  const GridBatch batch = two_channels();
  EXPECT_THAT(sentence_of<WriteError>([&] { write_grid_vti("/dev/full", grid, named(batch)); }),
              HasSubstr("/dev/full"));
  EXPECT_THAT(sentence_of<WriteError>(
                [&] { write_grid_vti(folder / "missing/fields.vti", grid, named(batch)); }),
              HasSubstr("missing/fields.vti"));
  write_grid_vti(folder / "fields.vti", grid, named(batch));
  const std::string before = read_file(folder / "fields.vti");
  GridBatch broken = batch;
  broken.field(0, 1)[5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(sentence_of<std::logic_error>(
                [&] { write_grid_vti(folder / "fields.vti", grid, named(broken)); }),
              HasSubstr("'pressure' is not finite at node 5"));
  EXPECT_EQ(read_file(folder / "fields.vti"), before);
  EXPECT_FALSE(std::filesystem::exists(folder / "fields.vti.part"));
}

TEST(GridVti, FieldsThatDoNotFitAreRefused)
{
  const TemporaryFolder folder;
  const GridBatch batch = two_channels();
  const auto refusal = [&](const GridView &g, const std::vector<GridImageField> &fields)
  { return sentence_of<std::logic_error>([&] { write_grid_vti(folder / "x.vti", g, fields); }); };
  EXPECT_THAT(refusal(grid, {{"a", batch.field(0, 0).first(11)}}),
              HasSubstr("'a' has 11 values instead of 12"));
  EXPECT_THAT(refusal(grid, {{"a", batch.field(0, 0)}, {"a", batch.field(0, 1)}}),
              HasSubstr("'a' is given twice"));
  GridView flat = grid;
  flat.spacing[1] = 0.;
  EXPECT_THAT(refusal(flat, named(batch)), HasSubstr("positive spacings"));
  flat = grid;
  flat.n_nodes[0] = 0;
  EXPECT_THAT(refusal(flat, {}), HasSubstr("needs nodes"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}
