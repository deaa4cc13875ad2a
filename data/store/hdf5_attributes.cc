// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/store/hdf5_attributes.h>

#include <cstdint>

namespace understudy::hdf5
{
namespace
{
Handle list_space(std::size_t n)
{
  const hsize_t extent = n;
  return {H5Screate_simple(1, &extent, nullptr), H5Sclose, "create a list"};
}

Handle scalar_space()
{
  return {H5Screate(H5S_SCALAR), H5Sclose, "create a scalar"};
}

std::vector<hsize_t> extents(hid_t space)
{
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 0)
    throw Failure{"read a shape"};
  std::vector<hsize_t> shape(static_cast<std::size_t>(rank));
  if (rank > 0)
    H5Sget_simple_extent_dims(space, shape.data(), nullptr);
  return shape;
}

/// An attribute that exists, with type and shape.
class Attribute
{
public:
  static std::optional<Attribute> find(hid_t object, const std::string &name)
  {
    if (H5Aexists(object, name.c_str()) <= 0)
      return {};
    Handle id(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, "open an attribute");
    Handle type(H5Aget_type(id), H5Tclose, "read the type of an attribute");
    Handle space(H5Aget_space(id), H5Sclose, "read the shape of an attribute");
    if (H5Sget_simple_extent_type(space) == H5S_NULL)
      return {};
    return Attribute(std::move(id), std::move(type), std::move(space));
  }

  bool is(H5T_class_t kind) const { return H5Tget_class(type_) == kind; }
  bool is_flag() const { return is(H5T_ENUM) && H5Tget_size(type_) == 1; }
  std::size_t rank() const { return extents(space_).size(); }
  std::size_t size() const
  {
    const hssize_t n = H5Sget_simple_extent_npoints(space_);
    if (n < 0)
      throw Failure{"read the size of an attribute"};
    return static_cast<std::size_t>(n);
  }

  std::vector<std::string> texts() const
  {
    const std::size_t n = size();
    std::vector<std::string> found;
    if (n == 0)
      return found;
    if (H5Tis_variable_str(type_) > 0)
    {
      std::vector<char *> pointers(n, nullptr);
      check(H5Aread(id_, type_, pointers.data()), "read an attribute");
      for (const char *text : pointers)
        found.emplace_back(text != nullptr ? text : "");
      check(H5Dvlen_reclaim(type_, space_, H5P_DEFAULT, pointers.data()), "free a text");
      return found;
    }
    const std::size_t length = H5Tget_size(type_);
    std::string all(n * length, '\0');
    check(H5Aread(id_, type_, all.data()), "read an attribute");
    for (std::size_t i = 0; i < n; ++i)
    {
      const std::string text = all.substr(i * length, length);
      found.push_back(text.substr(0, text.find('\0')));
    }
    return found;
  }
  std::vector<bool> flags() const
  {
    std::vector<std::int8_t> values(size());
    if (!values.empty())
      check(H5Aread(id_, type_, values.data()), "read an attribute");
    return {values.begin(), values.end()};
  }
  template <class T>
  T value(hid_t memory_type) const
  {
    T number{};
    check(H5Aread(id_, memory_type, &number), "read an attribute");
    return number;
  }

private:
  Attribute(Handle id, Handle type, Handle space)
    : id_(std::move(id)), type_(std::move(type)), space_(std::move(space))
  {
  }

  Handle id_, type_, space_;
};
} // namespace

Handle flag_type()
{
  Handle type(H5Tenum_create(H5T_NATIVE_INT8), H5Tclose, "make a type");
  for (const std::int8_t value : {std::int8_t(0), std::int8_t(1)})
    check(H5Tenum_insert(type, value == 0 ? "FALSE" : "TRUE", &value), "make a type");
  return type;
}

void write_texts(hid_t object, const std::string &name, const std::vector<std::string> &texts)
{
  std::vector<const char *> pointers;
  for (const std::string &text : texts)
    pointers.push_back(text.c_str());
  write_attribute(object, name, string_type(), list_space(texts.size()), pointers.data());
}

void write_flag(hid_t object, const std::string &name, bool flag)
{
  const std::int8_t value = flag ? 1 : 0;
  write_attribute(object, name, flag_type(), scalar_space(), &value);
}

void write_flags(hid_t object, const std::string &name, const std::vector<bool> &flags)
{
  const std::vector<std::int8_t> values(flags.begin(), flags.end());
  write_attribute(object, name, flag_type(), list_space(flags.size()), values.data());
}

void write_integer(hid_t object, const std::string &name, long long value)
{
  write_attribute(object, name, H5T_NATIVE_LLONG, scalar_space(), &value);
}

void write_number(hid_t object, const std::string &name, double value)
{
  write_attribute(object, name, H5T_NATIVE_DOUBLE, scalar_space(), &value);
}

std::optional<std::string> text_attribute(hid_t object, const std::string &name)
{
  const auto found = Attribute::find(object, name);
  if (!found || !found->is(H5T_STRING) || found->rank() != 0)
    return {};
  return found->texts().at(0);
}

std::optional<std::vector<std::string>> texts_attribute(hid_t object, const std::string &name)
{
  const auto found = Attribute::find(object, name);
  if (!found || found->rank() != 1)
    return {};
  if (!found->is(H5T_STRING)) // h5py stores an empty list as floating-point numbers
    return found->size() == 0 ? std::optional(std::vector<std::string>()) : std::nullopt;
  return found->texts();
}

std::optional<bool> flag_attribute(hid_t object, const std::string &name)
{
  const auto found = Attribute::find(object, name);
  if (!found || !found->is_flag() || found->rank() != 0)
    return {};
  return found->flags().at(0);
}

std::optional<std::vector<bool>> flags_attribute(hid_t object, const std::string &name)
{
  const auto found = Attribute::find(object, name);
  if (!found || !found->is_flag() || found->rank() != 1)
    return {};
  return found->flags();
}

std::optional<long long> integer_attribute(hid_t object, const std::string &name)
{
  const auto found = Attribute::find(object, name);
  if (!found || !found->is(H5T_INTEGER) || found->rank() != 0)
    return {};
  return found->value<long long>(H5T_NATIVE_LLONG);
}

std::optional<double> number_attribute(hid_t object, const std::string &name)
{
  const auto found = Attribute::find(object, name);
  if (!found || !(found->is(H5T_FLOAT) || found->is(H5T_INTEGER)) || found->rank() != 0)
    return {};
  return found->value<double>(H5T_NATIVE_DOUBLE);
}

std::vector<hsize_t> shape_of(hid_t dataset)
{
  const Handle space(H5Dget_space(dataset), H5Sclose, "read the shape of an array");
  return extents(space);
}

bool has_object(hid_t group, const std::string &name, H5O_type_t type)
{
  if (name.empty() || H5Lexists(group, name.c_str(), H5P_DEFAULT) <= 0)
    return false;
  H5O_info_t info;
  return H5Oget_info_by_name2(group, name.c_str(), &info, H5O_INFO_BASIC, H5P_DEFAULT) >= 0 &&
         info.type == type;
}
} // namespace understudy::hdf5
