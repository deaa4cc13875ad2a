// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/stage_inputs.h>
#include <data/core/errors.h>
#include <data/core/parameters.h>

namespace understudy
{
nlohmann::json section_values(const dealii::ParameterHandler &prm, const std::string &section)
{
  auto values = nlohmann::json::object();
  for (const auto &entry : json_of(prm))
  {
    const std::string where = entry["section"];
    if (is_in_section(where, section))
      values[where + "/" + entry["key"].get<std::string>()] = entry["value"];
  }
  return values;
}

void require_complete(const DataSet &data, std::size_t wanted)
{
  const std::size_t found = data.manifest().samples.size();
  if (found < wanted)
    throw UserError("Data set '" + data.folder() + "' holds " + std::to_string(found) + " of " +
                    std::to_string(wanted) +
                    " samples; run the stage 'generate', which goes on from there.");
}
} // namespace understudy
