// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// What files in the layout of The Well hold, of ours or of others.

#include <cases/inspect.h>
#include <data/core/errors.h>
#include <data/store/grid_dataset.h>

#include <fmt/format.h>

namespace understudy
{
namespace
{
namespace fs = std::filesystem;

std::string field_line(const GridField &field)
{
  return fmt::format("  {} {}, {} [{}]\n", field.name,
                     field.order == 0 ? "scalar" : fmt::format("tensor of order {}", field.order),
                     field.time == GridField::Time::none ? "constant in time" : "at every time",
                     field.unit);
}

std::string contents(const GridDataSetInfo &info)
{
  std::string text = "data set '" + info.name + "'\ngrid:\n";
  for (unsigned d = 0; d < info.grid.dimension; ++d)
    text += fmt::format("  {} points from {:.6g} with spacing {:.6g}, {}\n", info.grid.n_nodes[d],
                        info.grid.origin[d], info.grid.spacing[d], info.boundary[d]);
  text += fmt::format("times: {}, from {:.6g} to {:.6g}\nfields:\n", info.times.size(),
                      info.times.front(), info.times.back());
  for (const auto &field : info.fields)
    text += field_line(field);
  if (!info.scalars.empty())
    text += fmt::format("scalars: {}\n", fmt::join(info.scalars, ", "));
  if (!info.parameters.empty())
    text += "parameters:\n";
  for (const auto &[name, value] : info.parameters)
    text += fmt::format("  {} {:.6g}\n", name, value);
  return text;
}
} // namespace

std::string inspect_grid_file(const fs::path &path)
{
  // libhdf5 may crash on what was damaged: of ours the hash tells before it is opened
  const bool verified = verify_grid_file(path.string());
  const GridFile file(path.string());
  return fmt::format("file {} in the layout of The Well ({})\ntrajectories: {}\n", path.string(),
                     verified ? "verified" : "without a hash", file.n_trajectories()) +
         contents(file.info());
}

std::string inspect_grid_files(const fs::path &folder)
{
  const auto splits = grid_splits(folder.string());
  if (splits.empty())
    throw UserError("'" + (folder / "SHA256SUMS").string() +
                    "' lists no files of a data set on grids.");
  std::string counts, held;
  for (const auto &split : splits)
  {
    const auto files = grid_files(folder.string(), split);
    std::size_t n = 0;
    for (const auto &path : files)
    {
      const GridFile file(path);
      n += file.n_trajectories();
      held = contents(file.info());
    }
    counts +=
      fmt::format("  {} {} in {} file{}\n", split, n, files.size(), files.size() == 1 ? "" : "s");
  }
  return "files " + folder.string() +
         " in the layout of The Well (all files verified)\ntrajectories:\n" + counts + held;
}
} // namespace understudy
