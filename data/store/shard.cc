// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/store/hdf5_handle.h>
#include <data/store/shard.h>
#include <data/store/strict_json.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <utility>

namespace understudy
{
namespace
{
using namespace hdf5;
using Json = nlohmann::json;

/// A plain value, or a list of numbers, as an attribute; other JSON is left to its text.
void write_plain(const hid_t object, const std::string &name, const Json &value)
{
  if (name.empty() || H5Aexists(object, name.c_str()) > 0)
    return;
  const Handle scalar(H5Screate(H5S_SCALAR), H5Sclose, "create a scalar");
  if (value.is_string())
    write_text(object, name, value.get<std::string>());
  else if (value.is_boolean())
  {
    const std::uint8_t flag = value.get<bool>() ? 1 : 0;
    write_attribute(object, name, H5T_NATIVE_UINT8, scalar, &flag);
  }
  else if (value.is_number_unsigned())
  {
    const auto number = value.get<std::uint64_t>();
    write_attribute(object, name, H5T_NATIVE_UINT64, scalar, &number);
  }
  else if (value.is_number_integer())
  {
    const auto number = value.get<std::int64_t>();
    write_attribute(object, name, H5T_NATIVE_INT64, scalar, &number);
  }
  else if (value.is_number())
  {
    const auto number = value.get<double>();
    write_attribute(object, name, H5T_NATIVE_DOUBLE, scalar, &number);
  }
  else if (value.is_array() && !value.empty() &&
           std::all_of(value.begin(), value.end(), [](const Json &x) { return x.is_number(); }))
  {
    const auto numbers = value.get<std::vector<double>>();
    const hsize_t n = numbers.size();
    const Handle list(H5Screate_simple(1, &n, nullptr), H5Sclose, "create a list");
    write_attribute(object, name, H5T_NATIVE_DOUBLE, list, numbers.data());
  }
}

void write_root_attributes(const hid_t file, const DataSetInfo &info, const Json &provenance)
{
  const Handle root(H5Gopen2(file, "/", H5P_DEFAULT), H5Gclose, "open the root group");
  write_plain(root, "format_version", Manifest::format_version);
  write_text(root, "kind", info.kind);
  write_text(root, "fingerprint", info.fingerprint());
  write_text(root, "provenance_json", json_text(provenance));
  write_text(root, "defining_json", json_text(info.defining));
  write_text(root, "attributes_json", json_text(info.attributes));
  for (const Json *group : {&provenance, &info.defining, &info.attributes})
    for (const auto &[name, value] : group->items())
      write_plain(root, name, value);
}

hid_t file_type(const bool integer)
{
  return integer ? H5T_NATIVE_INT64 : H5T_NATIVE_DOUBLE;
}

/// Where a ragged field of a sample stands.
std::string ragged_path(const std::string &name, const std::size_t id)
{
  const std::string mesh = "mesh/";
  return name.starts_with(mesh) ? "/mesh/" + std::to_string(id) + "/" + name.substr(mesh.size())
                                : "/samples/" + std::to_string(id) + "/" + name;
}

void write_ragged(const hid_t file, const FieldSpec &field, const Sample &sample,
                  const std::vector<double> &values)
{
  std::vector<hsize_t> shape = {values.size() / field.size()};
  shape.insert(shape.end(), field.shape.begin(), field.shape.end());
  const Handle dataset =
    create_dataset(file, ragged_path(field.name, sample.id), file_type(field.integer), shape, {});
  write_text(dataset, "unit", field.unit);
  write_dataset(dataset, H5T_NATIVE_DOUBLE, values.data()); // converted by HDF5
}

void write_field(const hid_t file, const FieldSpec &field, const std::size_t index,
                 const std::vector<const Sample *> &samples)
{
  if (field.ragged)
  {
    for (const Sample *sample : samples)
      write_ragged(file, field, *sample, sample->values[index]);
    return;
  }
  std::vector<hsize_t> shape = {samples.size()}, chunk = {1};
  shape.insert(shape.end(), field.shape.begin(), field.shape.end());
  chunk.insert(chunk.end(), field.shape.begin(), field.shape.end());
  const Handle dataset =
    create_dataset(file, "/samples/" + field.name, file_type(field.integer), shape, chunk);
  write_text(dataset, "unit", field.unit);
  std::vector<double> values;
  values.reserve(samples.size() * field.size());
  for (const Sample *sample : samples)
    values.insert(values.end(), sample->values[index].begin(), sample->values[index].end());
  write_dataset(dataset, H5T_NATIVE_DOUBLE, values.data());
}

void write_labels(const hid_t file, const std::vector<const Sample *> &samples)
{
  std::vector<std::uint64_t> ids;
  std::vector<const char *> splits;
  for (const Sample *sample : samples)
  {
    ids.push_back(sample->id);
    splits.push_back(sample->split.c_str());
  }
  const std::vector<hsize_t> shape = {samples.size()};
  const Handle id_set = create_dataset(file, "/sample_id", H5T_NATIVE_UINT64, shape, {});
  write_dataset(id_set, H5T_NATIVE_UINT64, ids.data());
  const Handle type(string_type());
  const Handle split_set = create_dataset(file, "/split", type, shape, {});
  write_dataset(split_set, type, splits.data());
}

void write_static(const hid_t file, const std::string &name, const StaticArray &array)
{
  const std::vector<hsize_t> shape(array.shape.begin(), array.shape.end());
  const Handle dataset = create_dataset(file, "/" + name, file_type(array.integer), shape, {});
  write_text(dataset, "unit", array.unit);
  write_dataset(dataset, H5T_NATIVE_DOUBLE, array.values.data()); // converted by HDF5
}

template <class Action>
std::string write_with_hdf5(Action action)
{
  const Quiet quiet;
  try
  {
    const Handle file = create_in_memory();
    action(file);
    return image_of(file);
  }
  catch (const Failure &failure)
  {
    throw WriteError(std::string("HDF5 could not ") + failure.what +
                     " of the data set; the memory may be exhausted.");
  }
}

/// The n of an array [n][shape of the field].
std::size_t rows_in(const hid_t space, const FieldSpec &field)
{
  std::vector<hsize_t> found(field.shape.size() + 1);
  if (H5Sget_simple_extent_ndims(space) != static_cast<int>(found.size()) ||
      H5Sget_simple_extent_dims(space, found.data(), nullptr) < 0 ||
      !std::equal(field.shape.begin(), field.shape.end(), found.begin() + 1))
    throw Failure{"find the shape that the manifest lists"};
  return found[0];
}

template <class Action>
std::vector<double> read_with_hdf5(const std::string &path, const std::string &name, Action action)
{
  const Quiet quiet;
  try
  {
    const Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, "open it");
    const Handle dataset(H5Dopen2(file, name.c_str(), H5P_DEFAULT), H5Dclose, "find the array");
    const Handle space(H5Dget_space(dataset), H5Sclose, "read the shape of the array");
    return action(dataset, space);
  }
  catch (const Failure &failure)
  {
    throw UserError("Cannot read '" + name + "' from '" + path + "': HDF5 could not " +
                    failure.what + ".");
  }
}
} // namespace

std::string shard_name(std::size_t round, int rank)
{
  std::array<char, 64> name{};
  std::snprintf(name.data(), name.size(), "shard-%06zu-%04d.h5", round, rank);
  return name.data();
}

std::size_t shard_round(const std::string &name)
{
  std::size_t round = 0;
  int rank = 0;
  if (std::sscanf(name.c_str(), "shard-%zu-%d.h5", &round, &rank) != 2 ||
      shard_name(round, rank) != name)
    return SIZE_MAX;
  return round;
}

std::string shard_bytes(const DataSetInfo &info, const nlohmann::json &provenance,
                        const std::vector<const Sample *> &samples)
{
  return write_with_hdf5(
    [&](const hid_t file)
    {
      write_root_attributes(file, info, provenance);
      write_labels(file, samples);
      for (std::size_t f = 0; f < info.fields.size(); ++f)
        write_field(file, info.fields[f], f, samples);
    });
}

std::string static_bytes(const DataSetInfo &info, const nlohmann::json &provenance)
{
  return write_with_hdf5(
    [&](const hid_t file)
    {
      write_root_attributes(file, info, provenance);
      for (const auto &[name, array] : info.statics)
        write_static(file, name, array);
    });
}

std::vector<double> read_rows(const std::string &path, const FieldSpec &field,
                              const std::vector<std::size_t> &rows)
{
  const auto read = [&](const hid_t dataset, const hid_t space)
  {
    const std::size_t n_rows = rows_in(space, field), rank = field.shape.size() + 1;
    std::vector<hsize_t> start(rank, 0), count(field.shape.begin(), field.shape.end());
    count.insert(count.begin(), 1);
    const Handle memory(H5Screate_simple(static_cast<int>(rank), count.data(), nullptr), H5Sclose,
                        "create a space");
    std::vector<double> values(rows.size() * field.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
    {
      if (rows[i] >= n_rows)
        throw Failure{"find the row that the manifest lists"};
      start[0] = rows[i];
      check(
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr),
        "select a row");
      check(H5Dread(dataset, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT,
                    values.data() + i * field.size()),
            "read a row");
    }
    return values;
  };
  return read_with_hdf5(path, "/samples/" + field.name, read);
}

std::vector<double> read_ragged(const std::string &path, const FieldSpec &field, std::size_t id)
{
  const auto read = [&](const hid_t dataset, const hid_t space)
  {
    std::vector<double> values(rows_in(space, field) * field.size());
    check(H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
          "read the array");
    return values;
  };
  return read_with_hdf5(path, ragged_path(field.name, id), read);
}

std::vector<double> read_static(const std::string &path, const std::string &name,
                                std::size_t n_values)
{
  const auto read = [&](const hid_t dataset, const hid_t space)
  {
    if (H5Sget_simple_extent_npoints(space) != static_cast<hssize_t>(n_values))
      throw Failure{"find the shape that the manifest lists"};
    std::vector<double> values(n_values);
    check(H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
          "read the array");
    return values;
  };
  return read_with_hdf5(path, "/" + name, read);
}
} // namespace understudy
