// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: data sets on regular grids are written in the layout of The Well, whole or not at
// all, and read back; what a file lacks is told.

#include <data/core/errors.h>
#include <data/store/atomic_file.h>
#include <data/store/dataset_writer.h>
#include <data/store/grid_dataset.h>
#include <data/store/hdf5_handle.h>
#include <tests/run_program.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

using namespace understudy;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_tools::sentence_of;
using testing_tools::TemporaryFolder;

namespace
{
constexpr unsigned nx = 4, ny = 3;

/// A steady problem a -> u with the flux -a grad u, a stress, and a changing field w.
GridDataSetInfo example_info()
{
  GridDataSetInfo info;
  info.name = "darcy";
  info.grid = {2, {nx, ny, 1}, {0., -1., 0.}, {0.25, 0.5, 1.}};
  info.boundary = {"wall", "periodic", "wall"};
  info.times = {0., 1., 3.};
  info.parameters = {{"alpha", 2.}, {"tau", 3.}};
  info.scalars = {"seconds"};
  info.fields = {{"a", 0, GridField::Time::none, "m2"},
                 {"u", 0, GridField::Time::last, "1"},
                 {"q", 1, GridField::Time::last, "m/s"},
                 {"s", 2, GridField::Time::none, "1"},
                 {"w", 0, GridField::Time::every, "1"}};
  return info;
}

/// Numbers that single precision holds exactly, others for each place.
std::vector<double> numbers(std::size_t n, double first)
{
  std::vector<double> values;
  for (std::size_t i = 0; i < n; ++i)
    values.push_back(first + 0.125 * static_cast<double>(i));
  return values;
}

GridTrajectory example_trajectory(double first)
{
  const GridDataSetInfo info = example_info();
  GridTrajectory trajectory;
  for (const GridField &field : info.fields)
    trajectory.fields.push_back(numbers(info.n_values(field), first += 100.));
  trajectory.scalars = {first};
  return trajectory;
}

std::string example_file(const TemporaryFolder &folder)
{
  const std::vector<GridTrajectory> both = {example_trajectory(1.), example_trajectory(2.)};
  write_file_atomically(folder / "example.hdf5", grid_file_bytes(example_info(), both));
  return folder / "example.hdf5";
}

std::vector<double> padded(std::vector<double> values, std::size_t zeros)
{
  values.insert(values.begin(), zeros, 0.);
  return values;
}

bool has_h5py()
{
  return test::run_command("/usr/bin/python3 -c 'import h5py, numpy'").code == 0;
}
} // namespace

TEST(GridDataSet, WhatIsWrittenIsRead)
{
  const TemporaryFolder folder;
  const std::string path = example_file(folder);
  EXPECT_THAT(grid_dataset_problems(path), IsEmpty());
  const GridFile file(path);
  EXPECT_EQ(file.n_trajectories(), 2u);
  const GridDataSetInfo &info = file.info();
  EXPECT_EQ(info.name, "darcy");
  EXPECT_EQ(info.grid.n_nodes, (std::array<unsigned, 3>{nx, ny, 1}));
  EXPECT_EQ(info.grid.origin[1], -1.);
  EXPECT_EQ(info.grid.spacing[0], 0.25);
  EXPECT_EQ(info.grid.spacing[1], 0.5);
  EXPECT_EQ(info.boundary[0], "wall");
  EXPECT_EQ(info.boundary[1], "periodic");
  EXPECT_THAT(info.times, ElementsAre(0., 1., 3.));
  EXPECT_EQ(info.parameters, example_info().parameters);
  EXPECT_THAT(info.scalars, ElementsAre("seconds"));
  ASSERT_EQ(info.fields.size(), 5u);
  EXPECT_EQ(info.fields[0].name, "a"); // those of order 0 first
  EXPECT_EQ(info.fields[0].unit, "m2");
  EXPECT_EQ(info.fields[0].time, GridField::Time::none);
  EXPECT_EQ(info.fields[1].time, GridField::Time::every);
  EXPECT_EQ(info.fields[3].name, "q");
  EXPECT_EQ(info.fields[3].order, 1u);

  const GridTrajectory second = example_trajectory(2.);
  EXPECT_EQ(file.read("a", 1), second.fields[0]);
  EXPECT_EQ(file.read("u", 1), padded(second.fields[1], 2 * nx * ny));
  EXPECT_EQ(file.read("q", 1), padded(second.fields[2], 2 * nx * ny * 2));
  EXPECT_EQ(file.read("s", 1), second.fields[3]);
  EXPECT_EQ(file.read("w", 0), example_trajectory(1.).fields[4]);
  EXPECT_EQ(sentence_of<UserError>([&] { file.read("b", 0); }),
            "'" + path + "' has no field 'b'; known: a, u, w, q, s.");
  EXPECT_EQ(sentence_of<UserError>([&] { file.read("a", 2); }),
            "'" + path + "' has no trajectory 2; it has 2.");
}

TEST(GridDataSet, OneAndThreeDimensions)
{
  const TemporaryFolder folder;
  for (const unsigned dimension : {1u, 3u})
  {
    GridDataSetInfo info;
    info.name = "n";
    info.grid.dimension = dimension;
    info.grid.n_nodes = {5, dimension == 3 ? 4u : 1u, dimension == 3 ? 3u : 1u};
    info.fields = {{"v", 1, GridField::Time::every}, {"t", 2, GridField::Time::last}};
    const std::vector<GridTrajectory> one = {
      {{numbers(info.n_values(info.fields[0]), 1.), numbers(info.n_values(info.fields[1]), 2.)},
       {}}};
    write_file_atomically(folder / "n.hdf5", grid_file_bytes(info, one));
    EXPECT_THAT(grid_dataset_problems(folder / "n.hdf5"), IsEmpty());
    const GridFile file(folder / "n.hdf5");
    EXPECT_EQ(file.info().grid.n_nodes, info.grid.n_nodes);
    EXPECT_EQ(file.read("v", 0), one[0].fields[0]);
    EXPECT_EQ(file.read("t", 0), padded(one[0].fields[1], one[0].fields[1].size()));
  }
}

// Requirement: every part that the document of The Well names is missed when it is not there.
TEST(GridDataSet, EveryMissingPartIsTold)
{
  const TemporaryFolder folder;
  struct Part
  {
    const char *object, *attribute; ///< no attribute: the object itself is removed
    std::string sentence;
  };
  std::vector<Part> parts = {
    {"/", "dataset_name", "The root needs the attribute 'dataset_name', a string."},
    {"/", "grid_type", "The root needs the attribute 'grid_type', a string."},
    {"/", "n_spatial_dims", "The root needs the attribute 'n_spatial_dims', an integer."},
    {"/", "n_trajectories", "The root needs the attribute 'n_trajectories', an integer."},
    {"/", "simulation_parameters",
     "The root needs the attribute 'simulation_parameters', a list of strings."},
    {"/", "tau",
     "The root needs the attribute 'tau', a number, since it is listed in "
     "'simulation_parameters'."},
    {"/scalars/tau", nullptr,
     "/scalars needs the array 'tau', which is listed in 'simulation_parameters'."},
    {"/dimensions/y", nullptr, "/dimensions needs the array 'y'."},
    {"/dimensions/time", nullptr, "/dimensions needs the array 'time'."},
    {"/dimensions/time", "sample_varying",
     "/dimensions/time needs the attribute 'sample_varying', a boolean."},
    {"/dimensions/x", "time_varying",
     "/dimensions/x needs the attribute 'time_varying', a boolean."},
    {"/dimensions", "spatial_dims",
     "/dimensions needs the attribute 'spatial_dims', a list of strings."},
    {"/boundary_conditions/x_wall/mask", nullptr,
     "/boundary_conditions/x_wall needs the array 'mask'."},
    {"/t0_fields/u", nullptr, "/t0_fields needs the array 'u', which is listed in 'field_names'."},
    {"/t0_fields/u", "dim_varying",
     "/t0_fields/u needs the attribute 'dim_varying', a list of booleans."},
    {"/t2_fields/s", "symmetric", "/t2_fields/s needs the attribute 'symmetric', a boolean."},
  };
  for (const char *group :
       {"dimensions", "boundary_conditions", "scalars", "t0_fields", "t1_fields", "t2_fields"})
    parts.push_back({group, nullptr, std::string("The root needs the group '") + group + "'."});
  for (const char *group : {"/scalars", "/t0_fields", "/t1_fields", "/t2_fields"})
    parts.push_back(
      {group, "field_names",
       std::string(group) + " needs the attribute 'field_names', a list of strings."});
  for (const char *name : {"associated_dims", "associated_fields", "bc_type", "sample_varying"})
    parts.push_back({"/boundary_conditions/y_periodic", name,
                     std::string("/boundary_conditions/y_periodic needs the attribute '") + name});
  for (const char *name : {"sample_varying", "time_varying"})
    for (const char *field : {"/t0_fields/a", "/t1_fields/q", "/scalars/seconds"})
      parts.push_back(
        {field, name, std::string(field) + " needs the attribute '" + name + "', a boolean."});

  for (const Part &part : parts)
  {
    const std::string path = example_file(folder);
    const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    ASSERT_GE(part.attribute == nullptr
                ? H5Ldelete(file, part.object, H5P_DEFAULT)
                : H5Adelete_by_name(file, part.object, part.attribute, H5P_DEFAULT),
              0)
      << part.object;
    H5Fclose(file);
    EXPECT_THAT(grid_dataset_problems(path), Contains(HasSubstr(part.sentence)));
    EXPECT_THAT(sentence_of<UserError>([&] { GridFile{path}; }),
                HasSubstr("is not in the layout of The Well: "));
  }
}

TEST(GridDataSet, WrongShapesAreTold)
{
  const TemporaryFolder folder;
  const std::string path = example_file(folder);
  {
    const hdf5::Handle file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose, "open");
    H5Adelete(file, "n_trajectories");
    const hdf5::Handle space(H5Screate(H5S_SCALAR), H5Sclose, "create");
    const int three = 3;
    hdf5::write_attribute(file, "n_trajectories", H5T_NATIVE_INT, space, &three);
  }
  EXPECT_THAT(grid_dataset_problems(path),
              Contains("/t0_fields/u has the shape (2, 3, 4, 3) where it must have "
                       "(3, 3, 4, 3)."));
  EXPECT_THAT(grid_dataset_problems(path), Contains(HasSubstr("/scalars/seconds has the shape")));
  {
    const hdf5::Handle file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose, "open");
    H5Adelete(file, "n_spatial_dims");
    const hdf5::Handle space(H5Screate(H5S_SCALAR), H5Sclose, "create");
    const int four = 4;
    hdf5::write_attribute(file, "n_spatial_dims", H5T_NATIVE_INT, space, &four);
  }
  EXPECT_THAT(grid_dataset_problems(path), Contains("'n_spatial_dims' is 4; it must be 1 to 3."));
  write_file_atomically(path, std::string("no HDF5"));
  EXPECT_THAT(grid_dataset_problems(path), ElementsAre("HDF5 could not open it."));
  EXPECT_THAT(grid_dataset_problems(folder / "none"), ElementsAre(HasSubstr("There is no file")));
}

TEST(GridDataSet, DescriptionsThatAreWrong)
{
  EXPECT_THAT(example_info().problems(), IsEmpty());
  const auto refuse = [](const auto &change)
  {
    GridDataSetInfo info = example_info();
    change(info);
    return sentence_of<UserError>([&] { grid_file_bytes(info, {}); });
  };
  EXPECT_THAT(refuse([](auto &i) { i.name = "a/b"; }), HasSubstr("needs a name without '/'"));
  EXPECT_THAT(refuse([](auto &i) { i.grid.dimension = 4; }), HasSubstr("has 4 dimensions"));
  EXPECT_THAT(refuse([](auto &i) { i.grid.n_nodes[1] = 1; }), HasSubstr("along y"));
  EXPECT_THAT(refuse([](auto &i) { i.grid.spacing[0] = std::nan(""); }), HasSubstr("along x"));
  EXPECT_THAT(refuse([](auto &i) { i.boundary[1] = "fence"; }), HasSubstr("'fence' along y"));
  for (const std::vector<double> &times :
       {std::vector<double>{1., 0.}, {1., 1.}, {0., std::nan("")}, {}})
    EXPECT_THAT(refuse([&](auto &i) { i.times = times; }), HasSubstr("times must grow"));
  EXPECT_THAT(refuse([](auto &i) { i.grid.spacing[0] = HUGE_VAL; }), HasSubstr("growing places"));
  EXPECT_THAT(refuse([](auto &i) { i.fields[1].name = "a"; }), HasSubstr("the field 'a'"));
  EXPECT_THAT(refuse([](auto &i) { i.scalars = {"tau"}; }), HasSubstr("the scalar 'tau'"));
  std::vector<GridTrajectory> short_one = {example_trajectory(1.)};
  short_one[0].fields[2].pop_back();
  EXPECT_THAT(sentence_of<UserError>([&] { grid_file_bytes(example_info(), short_one); }),
              HasSubstr("has not the fields and values that it describes"));
}

namespace
{
GridDataSetInfo steady_info()
{
  GridDataSetInfo info;
  info.name = "steady";
  info.grid = {2, {nx, ny, 1}, {0., 0., 0.}, {1., 1., 1.}};
  info.fields = {{"a", 0, GridField::Time::none}, {"u", 0, GridField::Time::last}};
  return info;
}

/// Seven samples, of which number 4 crashed.
void make_data_set(const std::string &folder)
{
  DataSetInfo info;
  info.kind = "darcy";
  info.fields = {{"u", {nx, ny}, "1"}, {"a", {nx, ny}, "1"}};
  DataSetWriter writer(MPI_COMM_SELF, folder, info);
  std::vector<Sample> samples;
  for (std::size_t id = 0; id < 7; ++id)
  {
    Sample sample;
    sample.id = id;
    sample.split = id < 5 ? "train" : id < 6 ? "val" : "test";
    sample.crashed = id == 4;
    if (!sample.crashed)
      sample.values = {numbers(nx * ny, 10. * double(id)), numbers(nx * ny, -10. * double(id))};
    samples.push_back(sample);
  }
  writer.write_round(samples);
}
} // namespace

TEST(GridDataSet, OfADataSetBySplits)
{
  const TemporaryFolder folder;
  make_data_set(folder / "data");
  const DataSet data = DataSet::open(folder / "data");
  write_grid_files(data, steady_info(), folder / "well", 3 * 2 * nx * ny * sizeof(float) + 3);
  const auto train = grid_files(folder / "well", "train");
  ASSERT_EQ(train.size(), 2u); // 3 + 1 trajectories
  EXPECT_THAT(train[0], testing::EndsWith("/well/data/train/steady-00000.hdf5"));
  EXPECT_THAT(grid_files(folder / "well", "val"),
              ElementsAre(testing::EndsWith("/data/valid/steady-00000.hdf5")));
  for (const std::string &path : train)
    EXPECT_THAT(grid_dataset_problems(path), IsEmpty());
  EXPECT_EQ(GridFile(train[0]).n_trajectories(), 3u);
  EXPECT_EQ(GridFile(train[1]).read("a", 0), data.read(3, "a"));
  EXPECT_EQ(GridFile(train[1]).read("u", 0), padded(data.read(3, "u"), nx * ny));
  EXPECT_EQ(GridFile(grid_files(folder / "well", "test")[0]).read("a", 0), data.read(6, "a"));

  // Equal data are equal bytes, and nothing of an earlier export stays.
  const std::string first = read_file(train[0]);
  EXPECT_THAT(
    sentence_of<UserError>([&] { write_grid_files(data, steady_info(), data.folder()); }),
    HasSubstr("holds something else than files of a data set on grids, so it is not replaced."));
  EXPECT_NO_THROW(DataSet::open(data.folder()));
  write_grid_files(data, steady_info(), folder / "well/");
  EXPECT_EQ(grid_files(folder / "well", "train").size(), 1u);
  EXPECT_FALSE(std::filesystem::exists(train[1]));
  write_grid_files(data, steady_info(), folder / "well", 3 * 2 * nx * ny * sizeof(float) + 3);
  EXPECT_EQ(read_file(train[0]), first);
  EXPECT_FALSE(std::filesystem::exists(folder / "well.next"));

  std::string damaged = first;
  damaged[first.size() / 2] ^= 1;
  write_file_atomically(train[0], damaged);
  EXPECT_THAT(sentence_of<UserError>([&] { grid_files(folder / "well", "train"); }),
              HasSubstr("so it was damaged or edited."));
  EXPECT_THAT(sentence_of<UserError>([&] { grid_files(folder / "well", "all"); }),
              HasSubstr("lists no file of the split 'all'"));
}

TEST(GridDataSet, AFailedExportLeavesTheOldOne)
{
  const TemporaryFolder folder;
  make_data_set(folder / "data");
  const DataSet data = DataSet::open(folder / "data");
  write_grid_files(data, steady_info(), folder / "well");
  GridDataSetInfo other = steady_info();
  other.grid.n_nodes = {nx + 1, ny, 1};
  EXPECT_EQ(sentence_of<UserError>([&] { write_grid_files(data, other, folder / "well"); }),
            "The field 'a' of data set '" + folder.path() +
              "/data' has 12 values where its grid and times ask for 15.");
  other = steady_info();
  other.fields[0].name = "b";
  EXPECT_THAT(sentence_of<UserError>([&] { write_grid_files(data, other, folder / "well"); }),
              HasSubstr("has no field 'b'"));
  EXPECT_EQ(GridFile(grid_files(folder / "well", "train")[0]).n_trajectories(), 4u);
}

// Requirement: h5py finds what the loader of The Well asks for, in the types that it checks.
TEST(GridDataSet, IsReadByH5py)
{
  if (!has_h5py())
    GTEST_SKIP() << "/usr/bin/python3 has no h5py";
  const TemporaryFolder folder;
  const std::string path = example_file(folder);
  std::ofstream(folder / "read.py") << R"(
import sys
import h5py, numpy as np
f = h5py.File(sys.argv[1], "r")
is_bool = lambda x: isinstance(x, (bool, np.bool_))
assert f.attrs["dataset_name"] == "darcy" and f.attrs["grid_type"] == "cartesian"
assert isinstance(f.attrs["n_spatial_dims"], np.integer) and f.attrs["n_spatial_dims"] == 2
assert f.attrs["n_trajectories"] == 2
assert list(f.attrs["simulation_parameters"]) == ["alpha", "tau"] and f.attrs["tau"] == 3.0
assert all(isinstance(k, str) for k in f.attrs["simulation_parameters"])
dims = list(f["dimensions"].attrs["spatial_dims"])
assert dims == ["x", "y"] and f["dimensions/time"].shape == (3,)
assert np.array_equal(f["dimensions/x"][:], np.float32([0, 0.25, 0.5, 0.75]))
size = {d: f["dimensions"][d].shape[-1] for d in dims}
assert is_bool(f["dimensions/time"].attrs["sample_varying"])
for i in range(3):
    group = f["t%d_fields" % i]
    names = group.attrs["field_names"]
    assert isinstance(names, np.ndarray) and set(names) == set(group.keys())
    for name in names:
        d = group[name]
        assert d.dtype == np.float32, name
        assert is_bool(d.attrs["sample_varying"]) and is_bool(d.attrs["time_varying"])
        assert d.attrs["dim_varying"].dtype == bool and d.attrs["dim_varying"].all()
        expected = (2,) + ((3,) if d.attrs["time_varying"] else ()) + (4, 3) + (2,) * i
        assert d.shape == expected, (name, d.shape)
for name in f["scalars"].attrs["field_names"]:
    s = f["scalars"][name]
    assert s.shape == ((2,) if s.attrs["sample_varying"] else ())
for key, bc in f["boundary_conditions"].items():
    along = bc.attrs["associated_dims"]
    assert len(along) == 1 and len(bc.attrs["associated_fields"]) == 0
    assert isinstance(bc.attrs["associated_fields"], np.ndarray)
    mask = bc["mask"][:]
    assert mask.dtype == bool and mask.shape == (size[along[0]],)
    assert mask[0] and mask[-1] and not mask[1:-1].any()
    assert bc.attrs["bc_type"] == {"x": "wall", "y": "periodic"}[along[0]]
u = f["t0_fields/u"]
assert not u[:, :2].any() and u[1, 2, 0, 1] == 202.125, u[1, 2]
print("read")
)";
  const auto result = test::run_command("/usr/bin/python3 " + (folder / "read.py") + " " + path);
  EXPECT_EQ(result.code, 0);
  EXPECT_EQ(result.output, "read\n");
}
