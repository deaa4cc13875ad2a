// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <hdf5.h>

#include <string>
#include <utility>
#include <vector>

/// What the writers and readers of HDF5 files share; for .cc files only.
namespace understudy::hdf5
{
/// A call of HDF5 failed; the callers turn it into the error of reading or writing.
struct Failure
{
  const char *what;
};

/// An HDF5 identifier that closes itself.
class Handle
{
public:
  Handle(const hid_t id, herr_t (*close)(hid_t), const char *what) : id_(id), close_(close)
  {
    if (id < 0)
      throw Failure{what};
  }
  Handle(Handle &&other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  ~Handle()
  {
    if (id_ >= 0)
      close_(id_);
  }
  Handle(const Handle &) = delete;
  Handle &operator=(const Handle &) = delete;
  operator hid_t() const { return id_; }

private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

/// Throws Failure{@p what} when @p status says so.
void check(herr_t status, const char *what);

/// HDF5 prints a stack of messages at every failure unless told not to; we have our own sentence.
class Quiet
{
public:
  Quiet();
  ~Quiet();
  Quiet(const Quiet &) = delete;
  Quiet &operator=(const Quiet &) = delete;

private:
  H5E_auto2_t function_ = nullptr;
  void *data_ = nullptr;
};

/// UTF-8 of variable length: such texts stand in a heap, so that an attribute may exceed 64 KiB.
Handle string_type();

void write_attribute(hid_t object, const std::string &name, hid_t type, hid_t space,
                     const void *value);
void write_text(hid_t object, const std::string &name, const std::string &text);

/// A file in memory that is thrown away when closed.
Handle create_in_memory();
/// Its bytes, as they would stand on disk.
std::string image_of(hid_t file);

/// With the groups on its path, and without time stamps: equal contents are equal bytes.
/// @param shape empty: a single value
/// @param chunk empty: in one piece
Handle create_dataset(hid_t file, const std::string &name, hid_t type,
                      const std::vector<hsize_t> &shape, const std::vector<hsize_t> &chunk);
void write_dataset(hid_t dataset, hid_t type, const void *values);
} // namespace understudy::hdf5
