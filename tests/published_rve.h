// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstdlib>
#include <filesystem>

namespace understudy::test
{
/// Where the meshes that were published with EquiNO may lie: `rveN_nodes.csv` and
/// `rveN_elements.csv`, N = 1..3, from the folders data/RVEN/grid of
/// github.com/HamidrezaEiv/EquiNO. The variable UNDERSTUDY_PUBLISHED_RVE names another folder. They
/// are not part of the project; tests that need them skip where they are absent.
inline std::filesystem::path published_rve_folder()
{
  if (const char *folder = std::getenv("UNDERSTUDY_PUBLISHED_RVE"))
    return folder;
  return std::filesystem::path(UNDERSTUDY_SOURCE_DIR).parent_path() / "shared/data/equino_rve";
}
} // namespace understudy::test
