// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/mesh_view.h>
#include <data/store/dataset.h>

#include <array>
#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

/// Data sets on regular grids in the HDF5 layout of The Well (Ohana et al., 2024,
/// arXiv 2412.00568; github.com/PolymathicAI/the_well, docs/data_format.md), which its own loader
/// reads: root attributes, and the groups dimensions, boundary_conditions, scalars, t0_fields,
/// t1_fields and t2_fields. Values are single precision.
namespace understudy
{
/// A field of tensors of order 0, 1 or 2, with as many components at a point: 1, d or d^2.
struct GridField
{
  enum class Time
  {
    none, ///< one array per trajectory, as a coefficient: a constant field of The Well
    every,
    last ///< given at the last time only, zero before: the answer of a steady problem, whose times
         ///< are "input" and "output"
  };
  std::string name;
  unsigned order = 0;
  Time time = Time::none;
  std::string unit = "1"; ///< an attribute of ours
};

/// What a file holds, apart from its trajectories.
struct GridDataSetInfo
{
  std::string name;
  GridView grid; ///< directions x, y, z
  /// Per direction: "wall", "periodic" or "open", at both ends.
  std::array<std::string, 3> boundary = {"wall", "wall", "wall"};
  std::vector<double> times = {0., 1.};
  std::map<std::string, double> parameters; ///< of the simulation, the same for all trajectories
  std::vector<GridField> fields;
  std::vector<std::string> scalars; ///< that vary between trajectories, constant in time

  std::size_t n_components(const GridField &field) const;
  /// Numbers that a trajectory gives: n_components per point, at each time with Time::every.
  std::size_t n_values(const GridField &field) const;
  std::vector<std::string> problems() const; ///< one sentence for each thing that is wrong
};

/// Values of one trajectory.
struct GridTrajectory
{
  std::vector<std::vector<double>> fields; ///< parallel to the fields: [time][point][component]
  std::vector<double> scalars;             ///< parallel to the scalars
};

/// A file in memory. @p notes are further root attributes. Throws UserError for problems() of
/// @p info and trajectories that do not fit it, WriteError when memory is exhausted.
std::string grid_file_bytes(const GridDataSetInfo &info,
                            std::span<const GridTrajectory> trajectories,
                            const std::map<std::string, std::string> &notes = {});

/// Writes the samples of @p data as files data/train, data/valid and data/test/<name>-<number>.hdf5
/// in the place of @p folder, with SHA256SUMS (as sha256sum writes it) beside data. The data set,
/// which is safe against crashes, stays what it is; of the files all appear or none. Fields and
/// scalars are found by their names. Crashed samples are left out. Local.
/// @param file_bytes about so large a file becomes at most
/// Throws UserError when the data set has no such field or one of another size, or is damaged, and
/// WriteError.
void write_grid_files(const DataSet &data, const GridDataSetInfo &info, const std::string &folder,
                      std::size_t file_bytes = std::size_t(64) << 20);

/// The splits ("train", "val", "test") of which the sums in a folder of write_grid_files() list
/// files. Throws UserError when there are no such sums.
std::vector<std::string> grid_splits(const std::string &folder);

/// The files of a split ("train", "val" or "test") in a folder of write_grid_files(), sorted and
/// compared with their SHA-256. Throws UserError when there are none, or one differs.
std::vector<std::string> grid_files(const std::string &folder, const std::string &split);

/// Whether a file is one that the sums of a folder of write_grid_files() list. Throws UserError
/// when it is and differs from its SHA-256.
bool verify_grid_file(const std::string &path);

/// Reads a file in this layout, of ours or of The Well as far as its fields vary along all
/// directions. Only files that are trusted: libhdf5 may crash on damaged ones, see grid_files().
class GridFile
{
public:
  /// Throws UserError with the first of grid_dataset_problems(), or when a field does not vary in
  /// some direction or the grid is not regular.
  explicit GridFile(const std::string &path);

  /// Fields with Time::last come as Time::every; parameters and boundaries as they stand.
  const GridDataSetInfo &info() const { return info_; }
  std::size_t n_trajectories() const { return n_trajectories_; }

  /// [time][point][component], without time for Time::none. Throws UserError naming the nearest
  /// known field, or when there is no such trajectory.
  std::vector<double> read(const std::string &field, std::size_t trajectory) const;

private:
  std::string path_;
  GridDataSetInfo info_;
  std::vector<bool> shared_; ///< fields that are the same for all trajectories
  std::size_t n_trajectories_ = 0;
};

/// What is missing or wrong in a file according to docs/data_format.md of The Well, as its loader
/// and its own check understand it: one sentence each. Empty for a file in order.
std::vector<std::string> grid_dataset_problems(const std::string &path);
} // namespace understudy
