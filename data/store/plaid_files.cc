// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/store/atomic_file.h>
#include <data/store/plaid_files.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace understudy
{
namespace
{
using Json = nlohmann::json;

Json infos_of(const DataSet &data, const Json &attributes)
{
  Json infos = {{"storage_backend", plaid_backend},
                {"data_description", attributes.at("title").get<std::string>() +
                                       ". The samples stand in HDF5 files as manifest.json lists "
                                       "them, not in one of the layouts of PLAID."}};
  const Json &known = attributes.at("infos");
  infos["data_production"] = known.at("data_production");
  for (const char *what : {"owner", "license"})
  {
    const std::string said = known.value("legal", Json::object()).value(what, "");
    infos["legal"][what] = said.empty() ? plaid_not_stated : said;
  }
  for (const char *split : {"train", "val", "test"})
    if (const std::size_t n = data.ids(split).size(); n > 0)
      infos["num_samples"][split] = n;
  return infos;
}

Json problem_of(const Json &attributes)
{
  const Json &known = attributes.at("problem_definition");
  Json problem = {{"name", known.at("name")},
                  {"train_split", {{"train", "all"}}},
                  {"test_split", {{"test", "all"}}}};
  for (const char *list : {"input_features", "output_features"})
  {
    auto names = known.at(list).get<std::vector<std::string>>();
    std::ranges::sort(names);
    problem[list] = names;
  }
  return problem;
}
} // namespace

void write_plaid_files(const DataSet &data, const nlohmann::json &attributes)
{
  const std::filesystem::path folder = data.folder(), problems = folder / "problem_definitions";
  create_folder(problems.string());
  const Json problem = problem_of(attributes);
  write_file_atomically((folder / "infos.yaml").string(),
                        infos_of(data, attributes).dump(2) + "\n");
  write_file_atomically((problems / (problem["name"].get<std::string>() + ".yaml")).string(),
                        problem.dump(2) + "\n");
}
} // namespace understudy
