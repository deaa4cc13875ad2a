// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/store/grid_dataset.h>
#include <data/store/hdf5_attributes.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

namespace understudy
{
namespace
{
using namespace hdf5;
using Shape = std::vector<hsize_t>;

const std::array<std::string, 3> tensor_groups = {"/t0_fields", "/t1_fields", "/t2_fields"};

std::string text_of(const Shape &shape)
{
  std::string text = "(";
  for (const hsize_t extent : shape)
    text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
  return text + ")";
}

/// Collects what is wrong in one open file.
class Check
{
public:
  explicit Check(hid_t file) : file_(file) {}

  std::vector<std::string> run()
  {
    check_root();
    within("dimensions", [this](hid_t group) { check_dimensions(group); });
    within("boundary_conditions", [this](hid_t group) { check_boundaries(group); });
    within("scalars", [this](hid_t group) { check_listed(group, "/scalars", -1); });
    for (const int order : {0, 1, 2})
    {
      const std::string where = tensor_groups[order];
      within(where.substr(1), [&](hid_t group) { check_listed(group, where, order); });
    }
    return found_;
  }

private:
  void report(const std::string &sentence) { found_.push_back(sentence); }

  /// Whether the attribute was found as what it must be.
  template <class Value>
  bool need(const std::optional<Value> &value, const std::string &object, const std::string &name,
            const char *kind)
  {
    if (!value)
      report(object + " needs the attribute '" + name + "', " + kind + ".");
    return value.has_value();
  }

  template <class Action>
  void within(const std::string &name, const Action &action)
  {
    if (!has_object(file_, name, H5O_TYPE_GROUP))
      return report("The root needs the group '" + name + "'.");
    const Handle group(H5Gopen2(file_, name.c_str(), H5P_DEFAULT), H5Gclose, "open a group");
    action(group);
  }

  void check_root()
  {
    need(text_attribute(file_, "dataset_name"), "The root", "dataset_name", "a string");
    need(text_attribute(file_, "grid_type"), "The root", "grid_type", "a string");
    const auto n_dims = integer_attribute(file_, "n_spatial_dims");
    if (need(n_dims, "The root", "n_spatial_dims", "an integer"))
    {
      n_dims_ = static_cast<std::size_t>(std::max(0ll, *n_dims));
      if (n_dims_ < 1 || n_dims_ > 3)
        report("'n_spatial_dims' is " + std::to_string(*n_dims) + "; it must be 1 to 3.");
    }
    const auto n = integer_attribute(file_, "n_trajectories");
    if (need(n, "The root", "n_trajectories", "an integer"))
      n_trajectories_ = static_cast<hsize_t>(std::max(0ll, *n));
    const auto parameters = texts_attribute(file_, "simulation_parameters");
    if (!need(parameters, "The root", "simulation_parameters", "a list of strings"))
      return;
    const bool scalars = has_object(file_, "scalars", H5O_TYPE_GROUP);
    for (const std::string &name : *parameters)
    {
      need(number_attribute(file_, name), "The root", name,
           "a number, since it is listed in 'simulation_parameters'");
      if (scalars && !has_object(file_, "scalars/" + name, H5O_TYPE_DATASET))
        report("/scalars needs the array '" + name +
               "', which is listed in 'simulation_parameters'.");
    }
  }

  void check_dimensions(hid_t group)
  {
    const auto names = texts_attribute(group, "spatial_dims");
    if (need(names, "/dimensions", "spatial_dims", "a list of strings"))
    {
      names_ = *names;
      if (names_.size() != n_dims_)
        report("'spatial_dims' lists " + std::to_string(names_.size()) +
               " directions where 'n_spatial_dims' is " + std::to_string(n_dims_) + ".");
    }
    for (const std::string &name : names_)
      extents_.push_back(extent_along(group, name));
    n_times_ = extent_along(group, "time");
  }

  /// The last extent of an array of /dimensions; 0 when there is none.
  hsize_t extent_along(hid_t group, const std::string &name)
  {
    const std::string where = "/dimensions/" + name;
    if (!has_object(group, name, H5O_TYPE_DATASET))
    {
      report("/dimensions needs the array '" + name + "'.");
      return 0;
    }
    const Handle dataset(H5Dopen2(group, name.c_str(), H5P_DEFAULT), H5Dclose, "open an array");
    need(flag_attribute(dataset, "sample_varying"), where, "sample_varying", "a boolean");
    if (name != "time")
      need(flag_attribute(dataset, "time_varying"), where, "time_varying", "a boolean");
    const Shape shape = shape_of(dataset);
    if (shape.empty() || std::ranges::count(shape, hsize_t(0)) > 0)
    {
      report(where + " needs at least one value.");
      return 0;
    }
    return shape.back();
  }

  /// Leading extents of an array that says how it varies; nothing when it does not say so.
  std::optional<Shape> leading_shape(hid_t object, const std::string &where)
  {
    const auto samples = flag_attribute(object, "sample_varying");
    const auto times = flag_attribute(object, "time_varying");
    const bool both = need(samples, where, "sample_varying", "a boolean") &
                      need(times, where, "time_varying", "a boolean");
    if (!both)
      return {};
    Shape shape;
    if (*samples)
      shape.push_back(n_trajectories_);
    if (*times)
      shape.push_back(n_times_);
    return shape;
  }

  void compare(const std::string &where, const Shape &found, const Shape &expected)
  {
    if (found != expected)
      report(where + " has the shape " + text_of(found) + " where it must have " +
             text_of(expected) + ".");
  }

  /// @param order of tensors; -1: numbers without places
  void check_listed(hid_t group, const std::string &where, int order)
  {
    const auto names = texts_attribute(group, "field_names");
    if (!need(names, where, "field_names", "a list of strings"))
      return;
    for (const std::string &name : *names)
      if (!has_object(group, name, H5O_TYPE_DATASET))
        report(where + " needs the array '" + name + "', which is listed in 'field_names'.");
      else
      {
        const Handle dataset(H5Dopen2(group, name.c_str(), H5P_DEFAULT), H5Dclose, "open an array");
        check_array(dataset, where + "/" + name, order);
      }
  }

  void check_array(hid_t dataset, const std::string &where, int order)
  {
    std::optional<Shape> expected = leading_shape(dataset, where);
    if (order >= 0)
    {
      const auto along = flags_attribute(dataset, "dim_varying");
      if (!need(along, where, "dim_varying", "a list of booleans"))
        return;
      if (along->size() != n_dims_)
        return report("'dim_varying' of " + where + " must have " + std::to_string(n_dims_) +
                      " values.");
      for (std::size_t d = 0; expected && d < std::min(along->size(), extents_.size()); ++d)
        if ((*along)[d])
          expected->push_back(extents_[d]);
      if (expected)
        expected->insert(expected->end(), static_cast<std::size_t>(order), n_dims_);
    }
    if (order == 2)
      for (const char *name : {"symmetric", "antisymmetric"})
        need(flag_attribute(dataset, name), where, name, "a boolean");
    if (expected)
      compare(where, shape_of(dataset), *expected);
  }

  void check_boundaries(hid_t group)
  {
    H5G_info_t links;
    check(H5Gget_info(group, &links), "list a group");
    for (hsize_t i = 0; i < links.nlinks; ++i)
    {
      std::string name(256, '\0');
      const ssize_t length = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i,
                                                name.data(), name.size(), H5P_DEFAULT);
      if (length < 0)
        throw Failure{"list a group"};
      name.resize(std::min(static_cast<std::size_t>(length), name.size() - 1));
      const std::string where = "/boundary_conditions/" + name;
      if (!has_object(group, name, H5O_TYPE_GROUP))
        report(where + " must be a group.");
      else
      {
        const Handle one(H5Gopen2(group, name.c_str(), H5P_DEFAULT), H5Gclose, "open a group");
        check_boundary(one, where);
      }
    }
  }

  void check_boundary(hid_t group, const std::string &where)
  {
    const auto type = text_attribute(group, "bc_type");
    if (need(type, where, "bc_type", "a string"))
    {
      std::string lower = *type;
      std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
      if (lower != "wall" && lower != "open" && lower != "periodic")
        report("'bc_type' of " + where + " is '" + *type + "'; known: open, periodic, wall.");
    }
    need(texts_attribute(group, "associated_fields"), where, "associated_fields",
         "a list of strings");
    const auto along = texts_attribute(group, "associated_dims");
    need(along, where, "associated_dims", "a list of strings");
    std::optional<Shape> expected = leading_shape(group, where);
    if (!has_object(group, "mask", H5O_TYPE_DATASET))
      return report(where + " needs the array 'mask'.");
    if (!along || !expected)
      return;
    for (std::size_t d = 0; d < extents_.size(); ++d)
      if (std::ranges::find(*along, names_[d]) != along->end())
        expected->push_back(extents_[d]);
    const Handle mask(H5Dopen2(group, "mask", H5P_DEFAULT), H5Dclose, "open an array");
    compare(where + "/mask", shape_of(mask), *expected);
  }

  hid_t file_;
  std::vector<std::string> found_, names_;
  std::size_t n_dims_ = 0;
  hsize_t n_trajectories_ = 0, n_times_ = 0;
  Shape extents_;
};
} // namespace

std::vector<std::string> grid_dataset_problems(const std::string &path)
{
  if (!std::filesystem::is_regular_file(path))
    return {"There is no file '" + path + "'."};
  const Quiet quiet;
  try
  {
    const Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, "open it");
    return Check(file).run();
  }
  catch (const Failure &failure)
  {
    return {std::string("HDF5 could not ") + failure.what + "."};
  }
}
} // namespace understudy
