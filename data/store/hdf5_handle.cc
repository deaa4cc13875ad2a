// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/store/hdf5_handle.h>

namespace understudy::hdf5
{
void check(const herr_t status, const char *what)
{
  if (status < 0)
    throw Failure{what};
}

Quiet::Quiet()
{
  H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Quiet::~Quiet()
{
  H5Eset_auto2(H5E_DEFAULT, function_, data_);
}

Handle string_type()
{
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "make a string type");
  check(H5Tset_size(type, H5T_VARIABLE), "make a string type");
  check(H5Tset_cset(type, H5T_CSET_UTF8), "make a string type");
  return type;
}

void write_attribute(const hid_t object, const std::string &name, const hid_t type,
                     const hid_t space, const void *value)
{
  const Handle attribute(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT),
                         H5Aclose, "create an attribute");
  // HDF5 wants an address of an empty list, too.
  check(H5Awrite(attribute, type, value != nullptr ? value : ""), "write an attribute");
}

void write_text(const hid_t object, const std::string &name, const std::string &text)
{
  const Handle type(string_type());
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose, "create a scalar");
  const char *pointer = text.c_str();
  write_attribute(object, name, type, space, &pointer);
}

Handle create_in_memory()
{
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "create a property list");
  check(H5Pset_fapl_core(access, 1 << 20, 0), "choose files in memory");
  return Handle(H5Fcreate("understudy-in-memory", H5F_ACC_TRUNC, H5P_DEFAULT, access), H5Fclose,
                "create a file in memory");
}

std::string image_of(const hid_t file)
{
  check(H5Fflush(file, H5F_SCOPE_LOCAL), "flush a file");
  const ssize_t size = H5Fget_file_image(file, nullptr, 0);
  if (size <= 0)
    throw Failure{"read a file in memory"};
  std::string bytes(static_cast<std::size_t>(size), '\0');
  if (H5Fget_file_image(file, bytes.data(), bytes.size()) != size)
    throw Failure{"read a file in memory"};
  return bytes;
}

Handle create_dataset(const hid_t file, const std::string &name, const hid_t type,
                      const std::vector<hsize_t> &shape, const std::vector<hsize_t> &chunk)
{
  const Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose, "create a property list");
  check(H5Pset_create_intermediate_group(links, 1), "create groups");
  const Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "create a property list");
  check(H5Pset_obj_track_times(creation, false), "switch off time stamps");
  if (!chunk.empty())
    check(H5Pset_chunk(creation, static_cast<int>(chunk.size()), chunk.data()), "set a chunk");
  const Handle space(shape.empty()
                       ? H5Screate(H5S_SCALAR)
                       : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr),
                     H5Sclose, "create a space");
  return Handle(H5Dcreate2(file, name.c_str(), type, space, links, creation, H5P_DEFAULT), H5Dclose,
                "create an array");
}

void write_dataset(const hid_t dataset, const hid_t type, const void *values)
{
  check(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), "write an array");
}
} // namespace understudy::hdf5
