// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// What PLAID (github.com/PLAID-lib/plaid, its pages on the disk format, infos and problem
// definitions) asks of a data set, and what one of ours has of it.

#include <cases/inspect.h>
#include <data/store/atomic_file.h>
#include <data/store/plaid_files.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

namespace understudy
{
namespace
{
using Json = nlohmann::json;

/// Lines "has ..." and "lacks ...".
class Findings
{
public:
  void note(bool has, const std::string &what, const std::string &where = "")
  {
    (has ? has_ : lacks_).push_back(what + (has && !where.empty() ? ": " + where : ""));
  }
  std::string text() const
  {
    std::string all;
    for (const auto &line : has_)
      all += "  has   " + line + "\n";
    for (const auto &line : lacks_)
      all += "  lacks " + line + "\n";
    return all + std::to_string(lacks_.size()) + " of " +
           std::to_string(has_.size() + lacks_.size()) + " things are missing.\n";
  }

private:
  std::vector<std::string> has_, lacks_;
};

bool is_list_of_texts(const Json &list)
{
  return list.is_array() && !list.empty() &&
         std::ranges::all_of(list, [](const Json &entry) { return entry.is_string(); });
}

/// Whether a split of a problem names samples that are there.
bool is_split_of(const Json &split, const std::vector<std::size_t> &ids)
{
  if (!split.is_object() || split.empty())
    return false;
  for (const auto &[name, list] : split.items())
    for (const Json &id : list)
      if (!id.is_number_unsigned() || !std::ranges::binary_search(ids, id.get<std::size_t>()))
        return false;
  return true;
}

void look_at_problem(const DataSet &data, Findings &findings)
{
  const Json problem = data.attributes().value("problem_definition", Json::object());
  const auto ids = data.ids();
  findings.note(problem.contains("name"), "a problem definition with a name",
                "attribute problem_definition");
  for (const char *list : {"input_features", "output_features"})
    findings.note(is_list_of_texts(problem.value(list, Json())), list);
  for (const char *split : {"train_split", "test_split"})
    findings.note(is_split_of(problem.value(split, Json()), ids),
                  std::string(split) + " of samples that are there");
}

/// infos.yaml as write_plaid_files() makes it, otherwise what the manifest says of it.
Json infos_of(const DataSet &data)
{
  const auto file = std::filesystem::path(data.folder()) / "infos.yaml";
  if (std::filesystem::exists(file))
    if (const Json read = Json::parse(read_file(file.string()), nullptr, false); read.is_object())
      return read;
  return data.attributes().value("infos", Json::object());
}

void look_at_infos(const DataSet &data, Findings &findings)
{
  const Json infos = infos_of(data);
  const Json legal =
    infos.contains("legal") && infos["legal"].is_object() ? infos["legal"] : Json::object();
  const auto is_stated = [&](const char *what)
  {
    const Json said = legal.value(what, Json());
    return said.is_string() && said != "" && said != plaid_not_stated;
  };
  findings.note(is_stated("owner"),
                "infos: legal.owner (who owns the data is yours to say: 'Owner' of the case)");
  findings.note(is_stated("license"), "infos: legal.license (likewise: 'License')");
  findings.note(infos.contains("num_samples"), "infos: num_samples");
  findings.note(infos.contains("data_production"), "infos: data_production");
  findings.note(infos.value("storage_backend", Json(plaid_backend)) != plaid_backend,
                "infos: a storage_backend that PLAID can load");
}

bool all_finite(const DataSet &data)
{
  for (const std::size_t id : data.ids())
    for (const FieldSpec &field : data.fields())
      if (!std::ranges::all_of(data.read(id, field.name),
                               [](double x) { return std::isfinite(x); }))
        return false;
  return true;
}

void look_at_samples(const DataSet &data, Findings &findings)
{
  std::set<std::string> fields, contents;
  for (const FieldSpec &field : data.fields())
    fields.insert(field.name);
  findings.note(fields.contains("mesh/points") && fields.contains("mesh/cells"),
                "a mesh in every sample", "/mesh/<id>/points and cells");
  bool distinct = true;
  for (const auto &[id, entry] : data.manifest().samples)
    distinct = contents.insert(entry.sha256).second && distinct;
  findings.note(distinct, "samples that all differ");
  findings.note(all_finite(data), "values that are finite");
  findings.note(
    std::ranges::all_of(data.fields(), [](const FieldSpec &f) { return !f.unit.empty(); }),
    "a unit for every field");
}
} // namespace

std::string inspect_plaid(const std::filesystem::path &folder)
{
  const DataSet data = DataSet::open(folder.string());
  data.verify();
  Findings findings;
  look_at_problem(data, findings);
  look_at_infos(data, findings);
  look_at_samples(data, findings);
  // Its files are a conversion away: the same contents in another layout.
  for (const char *file : {"infos.yaml", "variable_schema.yaml", "cgns_types.yaml", "constants",
                           "data", "problem_definitions"})
    findings.note(std::filesystem::exists(folder / file),
                  std::string("the file or folder ") + file);
  return "data set " + folder.string() + " as PLAID would look at it\n" + findings.text();
}
} // namespace understudy
