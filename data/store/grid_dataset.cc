// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/core/sha256.h>
#include <data/store/atomic_file.h>
#include <data/store/folders.h>
#include <data/store/grid_dataset.h>
#include <data/store/hdf5_attributes.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <set>
#include <sstream>

namespace understudy
{
namespace
{
using namespace hdf5;
namespace fs = std::filesystem;
using Shape = std::vector<hsize_t>;

const std::array<std::string, 3> directions = {"x", "y", "z"};
const std::array<std::string, 3> tensor_groups = {"t0_fields", "t1_fields", "t2_fields"};
const std::string sums_file = "SHA256SUMS";

/// The folder of a split is called otherwise there.
std::string folder_of_split(const std::string &split)
{
  return split == "val" ? "valid" : split;
}

Shape spatial_shape(const GridDataSetInfo &info, const GridField &field)
{
  Shape shape(info.grid.n_nodes.begin(), info.grid.n_nodes.begin() + info.grid.dimension);
  shape.insert(shape.end(), field.order, info.grid.dimension);
  return shape;
}

Handle create_group(hid_t file, const std::string &name)
{
  return {H5Gcreate2(file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose,
          "create a group"};
}

void mark(hid_t dataset, bool sample_varying, bool time_varying)
{
  write_flag(dataset, "sample_varying", sample_varying);
  write_flag(dataset, "time_varying", time_varying);
}

void write_numbers(hid_t group, const std::string &name, const Shape &shape,
                   const std::vector<double> &values, bool sample_varying, bool time_varying)
{
  const Handle dataset = create_dataset(group, name, H5T_IEEE_F32LE, shape, {});
  write_dataset(dataset, H5T_NATIVE_DOUBLE, values.data());
  mark(dataset, sample_varying, time_varying);
}

void write_root(hid_t root, const GridDataSetInfo &info, std::size_t n_trajectories,
                const std::map<std::string, std::string> &notes)
{
  std::vector<std::string> names;
  for (const auto &[name, value] : info.parameters)
  {
    names.push_back(name);
    write_number(root, name, value);
  }
  write_texts(root, "simulation_parameters", names);
  write_text(root, "dataset_name", info.name);
  write_text(root, "grid_type", "cartesian");
  write_integer(root, "n_spatial_dims", info.grid.dimension);
  write_integer(root, "n_trajectories", static_cast<long long>(n_trajectories));
  for (const auto &[name, text] : notes)
    write_text(root, name, text);
}

void write_dimensions(hid_t file, const GridDataSetInfo &info)
{
  const Handle group = create_group(file, "dimensions");
  write_texts(group, "spatial_dims",
              {directions.begin(), directions.begin() + info.grid.dimension});
  write_numbers(group, "time", {info.times.size()}, info.times, false, true);
  for (unsigned d = 0; d < info.grid.dimension; ++d)
  {
    std::vector<double> places;
    for (unsigned i = 0; i < info.grid.n_nodes[d]; ++i)
      places.push_back(info.grid.origin[d] + i * info.grid.spacing[d]);
    write_numbers(group, directions[d], {places.size()}, places, false, false);
  }
}

/// A boundary at both ends of each direction, without prescribed values of a field.
void write_boundaries(hid_t file, const GridDataSetInfo &info)
{
  const Handle all = create_group(file, "boundary_conditions");
  for (unsigned d = 0; d < info.grid.dimension; ++d)
  {
    const Handle group = create_group(all, directions[d] + "_" + info.boundary[d]);
    write_texts(group, "associated_dims", {directions[d]});
    write_texts(group, "associated_fields", {});
    write_text(group, "bc_type", info.boundary[d]);
    mark(group, false, false);
    std::vector<std::int8_t> mask(info.grid.n_nodes[d], 0);
    mask.front() = mask.back() = 1;
    const Handle type = flag_type();
    const Handle dataset = create_dataset(group, "mask", type, {mask.size()}, {});
    write_dataset(dataset, type, mask.data());
    write_numbers(group, "values", {2}, {0., 0.}, false, false);
  }
}

void write_scalars(hid_t file, const GridDataSetInfo &info,
                   std::span<const GridTrajectory> trajectories)
{
  const Handle group = create_group(file, "scalars");
  std::vector<std::string> names;
  for (const auto &[name, value] : info.parameters)
  {
    names.push_back(name);
    write_numbers(group, name, {}, {value}, false, false);
  }
  for (std::size_t s = 0; s < info.scalars.size(); ++s)
  {
    names.push_back(info.scalars[s]);
    std::vector<double> values;
    for (const GridTrajectory &trajectory : trajectories)
      values.push_back(trajectory.scalars[s]);
    write_numbers(group, info.scalars[s], {values.size()}, values, true, false);
  }
  write_texts(group, "field_names", names);
}

/// One chunk per trajectory and time; chunks of zeros before the last time are never stored.
void write_field(hid_t group, const GridDataSetInfo &info, std::size_t index,
                 std::span<const GridTrajectory> trajectories)
{
  const GridField &field = info.fields[index];
  Shape shape = spatial_shape(info, field), chunk = shape;
  const bool in_time = field.time != GridField::Time::none;
  if (in_time)
  {
    shape.insert(shape.begin(), info.times.size());
    chunk.insert(chunk.begin(), 1);
  }
  shape.insert(shape.begin(), trajectories.size());
  chunk.insert(chunk.begin(), 1);
  const Handle dataset = create_dataset(group, field.name, H5T_IEEE_F32LE, shape, chunk);
  const Handle space(H5Dget_space(dataset), H5Sclose, "read the shape of an array");
  Shape start(shape.size(), 0), count = shape;
  count[0] = 1;
  if (field.time == GridField::Time::last)
  {
    start[1] = info.times.size() - 1;
    count[1] = 1;
  }
  const Handle memory(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr),
                      H5Sclose, "create a space");
  for (; start[0] < trajectories.size(); ++start[0])
  {
    check(H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr),
          "select a trajectory");
    check(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT,
                   trajectories[start[0]].fields[index].data()),
          "write a trajectory");
  }
  mark(dataset, true, in_time);
  write_flags(dataset, "dim_varying", std::vector<bool>(info.grid.dimension, true));
  write_text(dataset, "unit", field.unit);
  if (field.order == 2)
  {
    write_flag(dataset, "symmetric", false);
    write_flag(dataset, "antisymmetric", false);
  }
}

void write_fields(hid_t file, const GridDataSetInfo &info,
                  std::span<const GridTrajectory> trajectories)
{
  for (unsigned order = 0; order < 3; ++order)
  {
    const Handle group = create_group(file, tensor_groups[order]);
    std::vector<std::string> names;
    for (std::size_t f = 0; f < info.fields.size(); ++f)
      if (info.fields[f].order == order)
      {
        names.push_back(info.fields[f].name);
        write_field(group, info, f, trajectories);
      }
    write_texts(group, "field_names", names);
  }
}

void check_trajectories(const GridDataSetInfo &info, std::span<const GridTrajectory> trajectories)
{
  if (const auto found = info.problems(); !found.empty())
    throw UserError(found.front());
  for (const GridTrajectory &trajectory : trajectories)
  {
    bool fits = trajectory.fields.size() == info.fields.size() &&
                trajectory.scalars.size() == info.scalars.size();
    for (std::size_t f = 0; fits && f < info.fields.size(); ++f)
      fits = trajectory.fields[f].size() == info.n_values(info.fields[f]);
    if (!fits)
      throw UserError("A trajectory of the data set '" + info.name +
                      "' has not the fields and values that it describes.");
  }
}
} // namespace

std::size_t GridDataSetInfo::n_components(const GridField &field) const
{
  std::size_t n = 1;
  for (unsigned i = 0; i < field.order; ++i)
    n *= grid.dimension;
  return n;
}

std::size_t GridDataSetInfo::n_values(const GridField &field) const
{
  const std::size_t n = grid.size() * n_components(field);
  return field.time == GridField::Time::every ? n * times.size() : n;
}

std::vector<std::string> GridDataSetInfo::problems() const
{
  std::vector<std::string> found;
  const auto report = [&](const std::string &what)
  { found.push_back("The data set '" + name + "' on a grid " + what + "."); };
  if (name.empty() || name.find('/') != std::string::npos)
    report("needs a name without '/'");
  if (grid.dimension < 1 || grid.dimension > 3)
    report("has " + std::to_string(grid.dimension) + " dimensions; there must be 1 to 3");
  else
    for (unsigned d = 0; d < grid.dimension; ++d)
    {
      if (grid.n_nodes[d] < 2 || !(std::isfinite(grid.origin[d]) &&
                                   std::isfinite(grid.spacing[d]) && grid.spacing[d] > 0.))
        report("needs 2 points or more at growing places along " + directions[d]);
      if (boundary[d] != "wall" && boundary[d] != "periodic" && boundary[d] != "open")
        report("has the boundary '" + boundary[d] + "' along " + directions[d] +
               "; known: open, periodic, wall");
    }
  const auto grows_not = [](double before, double after) { return !(before < after); };
  if (times.empty() || !std::ranges::all_of(times, [](double t) { return std::isfinite(t); }) ||
      std::ranges::adjacent_find(times, grows_not) != times.end())
    report("needs a time, and its times must grow");
  std::set<std::string> names, numbers;
  for (const GridField &field : fields)
    if (field.name.empty() || field.name.find('/') != std::string::npos || field.order > 2 ||
        !names.insert(field.name).second)
      report("cannot hold the field '" + field.name +
             "': names must differ and the order of a tensor is 0, 1 or 2");
  for (const auto &[parameter, value] : parameters)
    numbers.insert(parameter);
  for (const std::string &scalar : scalars)
    if (scalar.empty() || !numbers.insert(scalar).second)
      report("cannot hold the scalar '" + scalar + "' beside another of that name");
  return found;
}

std::string grid_file_bytes(const GridDataSetInfo &info,
                            std::span<const GridTrajectory> trajectories,
                            const std::map<std::string, std::string> &notes)
{
  check_trajectories(info, trajectories);
  const Quiet quiet;
  try
  {
    const Handle file = create_in_memory();
    write_root(file, info, trajectories.size(), notes);
    write_dimensions(file, info);
    write_boundaries(file, info);
    write_scalars(file, info, trajectories);
    write_fields(file, info, trajectories);
    return image_of(file);
  }
  catch (const Failure &failure)
  {
    throw WriteError(std::string("HDF5 could not ") + failure.what + " of the data set '" +
                     info.name + "'; the memory may be exhausted.");
  }
}

namespace
{
GridTrajectory trajectory_of(const DataSet &data, const GridDataSetInfo &info, std::size_t id)
{
  GridTrajectory trajectory;
  for (const GridField &field : info.fields)
  {
    trajectory.fields.push_back(data.read(id, field.name));
    if (trajectory.fields.back().size() != info.n_values(field))
      throw UserError("The field '" + field.name + "' of data set '" + data.folder() + "' has " +
                      std::to_string(trajectory.fields.back().size()) +
                      " values where its grid and times ask for " +
                      std::to_string(info.n_values(field)) + ".");
  }
  for (const std::string &scalar : info.scalars)
    trajectory.scalars.push_back(data.read(id, scalar).at(0));
  return trajectory;
}

std::size_t trajectories_per_file(const GridDataSetInfo &info, std::size_t file_bytes)
{
  std::size_t n = 1;
  for (const GridField &field : info.fields)
    n += info.n_values(field) * sizeof(float);
  return std::max<std::size_t>(file_bytes / n, 1);
}

using Sums = std::map<std::string, std::string>; ///< SHA-256 of the files in a folder

Sums read_sums(const std::string &folder)
{
  std::istringstream lines(read_file((fs::path(folder) / sums_file).string()));
  Sums sums;
  for (std::string line; std::getline(lines, line);)
    if (const std::size_t gap = line.find("  "); gap != std::string::npos)
      sums[line.substr(gap + 2)] = line.substr(0, gap);
  return sums;
}

bool is_of_split(const std::string &file, const std::string &split)
{
  return file.starts_with("data/" + folder_of_split(split) + "/");
}

/// The path of a file that has the SHA-256 that it should have.
std::string verified(const std::string &folder, const Sums::value_type &sum)
{
  const std::string path = (fs::path(folder) / sum.first).string();
  if (sha256_of_file(path) != sum.second)
    throw UserError("'" + path + "' differs from its SHA-256 in '" +
                    (fs::path(folder) / sums_file).string() + "', so it was damaged or edited.");
  return path;
}
} // namespace

void write_grid_files(const DataSet &data, const GridDataSetInfo &info, const std::string &folder,
                      std::size_t file_bytes)
{
  check_trajectories(info, {});
  fs::path target = fs::absolute(folder).lexically_normal();
  if (!target.has_filename()) // the path ended in a slash
    target = target.parent_path();
  if (fs::exists(target) && !fs::is_empty(target) && !fs::exists(target / sums_file))
    throw UserError("'" + target.string() +
                    "' holds something else than files of a data set on grids, so it is not "
                    "replaced.");
  const fs::path next = target.string() + ".next";
  remove_folder(next);
  const std::map<std::string, std::string> notes = {{"data_set_sha256", data.hash()}};
  const std::size_t most = trajectories_per_file(info, file_bytes);
  std::string sums;
  for (const std::string split : {"train", "val", "test"})
  {
    const std::vector<std::size_t> ids = data.ids(split);
    if (!ids.empty())
      create_folder((next / "data" / folder_of_split(split)).string());
    for (std::size_t begin = 0; begin < ids.size(); begin += most)
    {
      std::vector<GridTrajectory> trajectories;
      for (std::size_t i = begin; i < std::min(begin + most, ids.size()); ++i)
        trajectories.push_back(trajectory_of(data, info, ids[i]));
      std::array<char, 32> number{};
      std::snprintf(number.data(), number.size(), "-%05zu.hdf5", begin / most);
      const fs::path file = fs::path("data") / folder_of_split(split) / (info.name + number.data());
      const std::string bytes = grid_file_bytes(info, trajectories, notes);
      write_file_atomically((next / file).string(), bytes);
      sums += sha256_hex(bytes) + "  " + file.string() + "\n";
    }
  }
  create_folder(next.string());
  write_file_atomically((next / sums_file).string(), sums);
  replace_folder(next, target);
}

std::vector<std::string> grid_splits(const std::string &folder)
{
  const Sums sums = read_sums(folder);
  std::vector<std::string> found;
  for (const std::string split : {"train", "val", "test"})
    if (std::ranges::any_of(sums, [&](const auto &sum) { return is_of_split(sum.first, split); }))
      found.push_back(split);
  return found;
}

std::vector<std::string> grid_files(const std::string &folder, const std::string &split)
{
  std::vector<std::string> found;
  for (const auto &sum : read_sums(folder)) // sorted
    if (is_of_split(sum.first, split))
      found.push_back(verified(folder, sum));
  if (found.empty())
    throw UserError("'" + (fs::path(folder) / sums_file).string() +
                    "' lists no file of the split '" + split + "'.");
  return found;
}

bool verify_grid_file(const std::string &path)
{
  const fs::path file = fs::absolute(path).lexically_normal();
  const fs::path folder = file.parent_path().parent_path().parent_path();
  if (!fs::exists(folder / sums_file))
    return false;
  const Sums sums = read_sums(folder.string());
  const auto sum = sums.find(file.lexically_relative(folder).string());
  if (sum == sums.end())
    return false;
  verified(folder.string(), *sum);
  return true;
}
} // namespace understudy
