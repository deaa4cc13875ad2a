// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// The reader of grid_dataset.h.
#include <data/core/errors.h>
#include <data/core/nearest_name.h>
#include <data/store/grid_dataset.h>
#include <data/store/hdf5_attributes.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace understudy
{
namespace
{
using namespace hdf5;

Handle open_file(const std::string &path)
{
  return {H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, "open it"};
}

Handle open_group(hid_t parent, const std::string &name)
{
  return {H5Gopen2(parent, name.c_str(), H5P_DEFAULT), H5Gclose, "find a group"};
}

Handle open_dataset(hid_t parent, const std::string &name)
{
  return {H5Dopen2(parent, name.c_str(), H5P_DEFAULT), H5Dclose, "find an array"};
}

std::vector<double> read_numbers(hid_t group, const std::string &name)
{
  const Handle dataset = open_dataset(group, name);
  std::size_t n = 1;
  for (const hsize_t extent : shape_of(dataset))
    n *= extent;
  std::vector<double> values(n);
  check(H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
        "read an array");
  return values;
}

const std::array<std::string, 3> tensor_groups = {"t0_fields", "t1_fields", "t2_fields"};

std::vector<std::string> names_in(hid_t object, const char *attribute)
{
  return texts_attribute(object, attribute).value();
}

/// Single precision keeps a regular grid regular to about 1e-7 of its places.
void read_direction(hid_t group, const std::string &name, unsigned d, GridView &grid)
{
  const std::vector<double> x = read_numbers(group, name);
  const std::size_t n = x.size();
  grid.n_nodes[d] = static_cast<unsigned>(n);
  grid.origin[d] = x.front();
  grid.spacing[d] = n > 1 ? (x.back() - x.front()) / static_cast<double>(n - 1) : 1.;
  const double tolerance = 1e-6 * (std::abs(x.front()) + std::abs(x.back())) + 1e-300;
  for (std::size_t i = 0; i < n; ++i)
    if (!(std::abs(x[i] - x.front() - static_cast<double>(i) * grid.spacing[d]) <= tolerance))
      throw Failure{"find a regular grid in it"};
}

void read_boundaries(hid_t file, const std::vector<std::string> &names, GridDataSetInfo &info)
{
  const Handle group = open_group(file, "boundary_conditions");
  H5G_info_t links;
  check(H5Gget_info(group, &links), "list a group");
  for (hsize_t i = 0; i < links.nlinks; ++i)
  {
    const Handle one(H5Oopen_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, H5P_DEFAULT),
                     H5Oclose, "find a boundary");
    const auto along = texts_attribute(one, "associated_dims");
    const auto type = text_attribute(one, "bc_type");
    for (unsigned d = 0; along && type && d < info.grid.dimension; ++d)
      if (std::ranges::find(*along, names[d]) != along->end())
      {
        info.boundary[d] = *type;
        std::ranges::transform(info.boundary[d], info.boundary[d].begin(),
                               [](unsigned char c) { return std::tolower(c); });
      }
  }
}

template <class Action>
auto reading(const std::string &path, const Action &action)
{
  const Quiet quiet;
  try
  {
    return action(open_file(path));
  }
  catch (const Failure &failure)
  {
    throw UserError("Cannot read '" + path + "': HDF5 could not " + failure.what + ".");
  }
}
} // namespace

GridFile::GridFile(const std::string &path) : path_(path)
{
  if (const auto found = grid_dataset_problems(path); !found.empty())
    throw UserError("'" + path + "' is not in the layout of The Well: " + found.front());
  reading(path,
          [this](hid_t file)
          {
            info_.name = text_attribute(file, "dataset_name").value();
            n_trajectories_ =
              static_cast<std::size_t>(integer_attribute(file, "n_trajectories").value());
            for (const auto &name : names_in(file, "simulation_parameters"))
              if (const auto value = number_attribute(file, name))
                info_.parameters[name] = *value;
            const Handle dimensions = open_group(file, "dimensions");
            const auto names = names_in(dimensions, "spatial_dims");
            info_.grid.dimension = static_cast<unsigned>(names.size());
            for (unsigned d = 0; d < names.size(); ++d)
              read_direction(dimensions, names[d], d, info_.grid);
            info_.times = read_numbers(dimensions, "time");
            read_boundaries(file, names, info_);
            const Handle scalars = open_group(file, "scalars");
            for (const auto &name : names_in(scalars, "field_names"))
            {
              const Handle scalar = open_dataset(scalars, name);
              if (flag_attribute(scalar, "sample_varying").value() &&
                  !flag_attribute(scalar, "time_varying").value())
                info_.scalars.push_back(name);
            }
            for (unsigned order = 0; order < 3; ++order)
            {
              const Handle group = open_group(file, tensor_groups[order]);
              for (const auto &name : names_in(group, "field_names"))
              {
                const Handle field = open_dataset(group, name);
                const auto along = flags_attribute(field, "dim_varying").value();
                if (std::ranges::find(along, false) != along.end())
                  throw Failure{"read a field that does not vary along all directions"};
                const bool in_time = flag_attribute(field, "time_varying").value();
                info_.fields.push_back({name, order,
                                        in_time ? GridField::Time::every : GridField::Time::none,
                                        text_attribute(field, "unit").value_or("1")});
                shared_.push_back(!flag_attribute(field, "sample_varying").value());
              }
            }
          });
}

std::vector<double> GridFile::read(const std::string &name, std::size_t trajectory) const
{
  std::vector<std::string> known;
  for (const GridField &field : info_.fields)
    known.push_back(field.name);
  const auto it = std::ranges::find(known, name);
  if (it == known.end())
    throw UserError("'" + path_ + "' has no field '" + name + "'" + suggestion(name, known) + ".");
  if (trajectory >= n_trajectories_)
    throw UserError("'" + path_ + "' has no trajectory " + std::to_string(trajectory) +
                    "; it has " + std::to_string(n_trajectories_) + ".");
  const auto index = static_cast<std::size_t>(it - known.begin());
  const GridField &field = info_.fields[index];
  return reading(
    path_,
    [&](hid_t file)
    {
      const Handle group = open_group(file, tensor_groups[field.order]);
      const Handle dataset = open_dataset(group, name);
      std::vector<hsize_t> count = shape_of(dataset), start(count.size(), 0);
      if (!shared_[index])
      {
        count[0] = 1;
        start[0] = trajectory;
      }
      const Handle space(H5Dget_space(dataset), H5Sclose, "read a shape");
      const Handle memory(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr),
                          H5Sclose, "create a space");
      check(
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr),
        "select a trajectory");
      std::vector<double> values(info_.n_values(field));
      if (H5Sget_simple_extent_npoints(memory) != static_cast<hssize_t>(values.size()))
        throw Failure{"find an array of the size that its grid asks for"};
      check(H5Dread(dataset, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, values.data()),
            "read a trajectory");
      return values;
    });
}
} // namespace understudy
