// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/store/hdf5_handle.h>

#include <optional>
#include <string>
#include <vector>

/// Attributes as h5py knows them: str, bool (an enumeration of FALSE and TRUE), int, float, and
/// lists of these, which may be empty. For .cc files only.
namespace understudy::hdf5
{
/// The type of h5py's bool.
Handle flag_type();

void write_texts(hid_t object, const std::string &name, const std::vector<std::string> &texts);
void write_flag(hid_t object, const std::string &name, bool flag);
void write_flags(hid_t object, const std::string &name, const std::vector<bool> &flags);
void write_integer(hid_t object, const std::string &name, long long value);
void write_number(hid_t object, const std::string &name, double value);

/// Empty when there is no such attribute, or one of another type or shape.
std::optional<std::string> text_attribute(hid_t object, const std::string &name);
std::optional<std::vector<std::string>> texts_attribute(hid_t object, const std::string &name);
std::optional<bool> flag_attribute(hid_t object, const std::string &name);
std::optional<std::vector<bool>> flags_attribute(hid_t object, const std::string &name);
std::optional<long long> integer_attribute(hid_t object, const std::string &name);
std::optional<double> number_attribute(hid_t object, const std::string &name);

/// Extents of an array; empty for a single value.
std::vector<hsize_t> shape_of(hid_t dataset);

/// Whether @p name, one link deep, is an object of that type in the group.
bool has_object(hid_t group, const std::string &name, H5O_type_t type);
} // namespace understudy::hdf5
