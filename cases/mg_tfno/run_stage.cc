// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mg_tfno/stages.h>
#include <data/core/collective.h>
#include <data/store/atomic_file.h>

namespace understudy
{
void mg_tfno_run_stage(MgTfnoWorkshop &workshop)
{
  const nlohmann::json record = workshop.problem().run(workshop);
  on_rank_0(workshop.comm(),
            [&]
            {
              const auto folder = workshop.file("run");
              create_folder(folder.string());
              write_file_atomically((folder / "record.json").string(), record.dump(2) + "\n");
              return std::string();
            });
}
} // namespace understudy
