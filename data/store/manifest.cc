// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/core/sha256.h>
#include <data/store/atomic_file.h>
#include <data/store/manifest.h>
#include <data/store/shard.h>
#include <data/store/strict_json.h>

#include <algorithm>
#include <filesystem>
#include <set>

namespace understudy
{
namespace
{
using Json = nlohmann::json;
const std::string format_name = "understudy-dataset";

Json fields_to_json(const std::vector<FieldSpec> &fields)
{
  Json list = Json::array();
  for (const FieldSpec &field : fields)
  {
    list.push_back({{"name", field.name}, {"shape", field.shape}, {"unit", field.unit}});
    if (field.ragged)
      list.back()["ragged"] = true;
    if (field.integer)
      list.back()["integer"] = true;
  }
  return list;
}

const std::string hash_entry = "manifest_sha256";

/// SHA-256 of all entries but the one that holds it.
std::string hash_of_entries(Json text)
{
  text.erase(hash_entry);
  return sha256_hex(json_text(text));
}

Json to_json(const Manifest &manifest)
{
  Json text = {{"format", format_name},
               {"format_version", Manifest::format_version},
               {"kind", manifest.info.kind},
               {"fingerprint", manifest.info.fingerprint()},
               {"fields", fields_to_json(manifest.info.fields)},
               {"defining", manifest.info.defining},
               {"attributes", manifest.info.attributes},
               {"provenance", manifest.provenance},
               {"static_sha256", manifest.static_sha256},
               {"content_sha256", manifest.hash()}};
  Json &statics = text["static"] = Json::object();
  for (const auto &[name, array] : manifest.info.statics)
    statics[name] = {{"shape", array.shape}, {"unit", array.unit}, {"integer", array.integer}};
  Json &files = text["files"] = Json::object();
  for (const auto &[name, file] : manifest.files)
    files[name] = {{"bytes", file.bytes}, {"sha256", file.sha256}};
  Json &samples = text["samples"] = Json::array();
  Json &crashed = text["crashed"] = Json::array();
  for (const auto &[id, entry] : manifest.samples)
    if (entry.crashed())
      crashed.push_back(
        {{"id", id}, {"split", entry.split}, {"note", entry.note}, {"sha256", entry.sha256}});
    else
      samples.push_back({{"id", id},
                         {"shard", entry.shard},
                         {"row", entry.row},
                         {"split", entry.split},
                         {"sha256", entry.sha256}});
  text[hash_entry] = hash_of_entries(text);
  return text;
}

void require(const bool condition, const std::string &reason)
{
  if (!condition)
    throw JsonRefusal(reason);
}

void read_info(const Json &text, DataSetInfo &info)
{
  info.kind = text.at("kind").get<std::string>();
  for (const Json &entry : text.at("fields"))
  {
    FieldSpec field{entry.at("name").get<std::string>(),
                    to_counts(entry.at("shape"), "the shape of a field"),
                    entry.at("unit").get<std::string>(), entry.value("ragged", false),
                    entry.value("integer", false)};
    checked_product(field.shape, "field '" + field.name + "'");
    info.fields.push_back(field);
  }
  info.defining = text.at("defining");
  info.attributes = text.at("attributes");
  for (const auto &[name, entry] : text.at("static").items())
  {
    StaticArray &array = info.statics[name];
    array.shape = to_counts(entry.at("shape"), "the shape of a static array");
    checked_product(array.shape, "static array '" + name + "'");
    array.unit = entry.at("unit").get<std::string>();
    array.integer = entry.at("integer").get<bool>();
  }
  require(text.at("fingerprint") == info.fingerprint(),
          "its fingerprint contradicts its fields and attributes");
}

void read_samples(const Json &list, const bool crashed, Manifest &manifest)
{
  for (const Json &entry : list)
  {
    const std::size_t id = to_count(entry.at("id"), "the id of a sample");
    SampleEntry sample;
    sample.split = entry.at("split").get<std::string>();
    require(is_split(sample.split), "sample " + std::to_string(id) + " has the split '" +
                                      sample.split + "'; known: train, val, test");
    sample.sha256 = entry.at("sha256").get<std::string>();
    if (crashed)
      sample.note = entry.at("note").get<std::string>();
    else
    {
      sample.shard = entry.at("shard").get<std::string>();
      sample.row = to_count(entry.at("row"), "the row of a sample");
      require(manifest.files.count(sample.shard) == 1,
              "sample " + std::to_string(id) + " stands in a shard that it does not list");
    }
    require(manifest.samples.emplace(id, sample).second,
            "it lists sample " + std::to_string(id) + " twice");
  }
}

Manifest from_json(const Json &text)
{
  require(text.value("format", Json()) == format_name,
          "it is not the manifest of an Understudy data set");
  require(text.at("format_version") == Manifest::format_version,
          "its format version is " + json_text(text.at("format_version")) +
            ", this program knows version " + std::to_string(Manifest::format_version));
  // Where a list or object is expected, JSON would also count through null or a number.
  for (const char *list : {"fields", "samples", "crashed"})
    require(text.at(list).is_array(), std::string("its entry '") + list + "' is not a list");
  for (const char *object : {"defining", "attributes", "provenance", "static", "files"})
    require(text.at(object).is_object(),
            std::string("its entry '") + object + "' is not an object");
  Manifest manifest;
  read_info(text, manifest.info);
  manifest.provenance = text.at("provenance");
  manifest.static_sha256 = text.at("static_sha256").get<std::string>();
  for (const auto &[name, entry] : text.at("files").items())
  {
    require(name == static_file || shard_round(name) != SIZE_MAX,
            "it lists a file with the foreign name '" + name + "'");
    manifest.files[name] = {to_count(entry.at("bytes"), "the size of a file"),
                            entry.at("sha256").get<std::string>()};
  }
  require(manifest.info.statics.empty() || manifest.files.count(static_file) == 1,
          "it describes static arrays but lists no file '" + static_file + "'");
  read_samples(text.at("samples"), false, manifest);
  read_samples(text.at("crashed"), true, manifest);
  require(text.at("content_sha256") == manifest.hash(), "its samples contradict its SHA-256");
  require(text.at(hash_entry) == hash_of_entries(text),
          "its contents differ from its SHA-256, so it was damaged or edited");
  return manifest;
}

[[noreturn]] void fail_to_match(const std::string &folder, const std::string &found,
                                const std::string &wanted)
{
  throw UserError("Data set '" + folder + "' has " + found + " where the case asks for " + wanted +
                  "; choose another output directory or run the stage 'generate' with --force.");
}

/// "stress [3] in MPa"
std::string describe(const std::vector<FieldSpec> &fields, const std::size_t i)
{
  if (i >= fields.size())
    return "no field";
  return "field '" + fields[i].name + "' " + (fields[i].ragged ? "of n x " : "") +
         shape_text(fields[i].shape) + " in " + fields[i].unit;
}

std::string describe(const Json &flat, const std::string &key)
{
  return flat.contains(key) ? key.substr(1) + " = " + json_text(flat[key]) : "no " + key.substr(1);
}
} // namespace

std::size_t FieldSpec::size() const
{
  std::size_t product = 1;
  for (const std::size_t n : shape)
    product *= n;
  return product;
}

bool FieldSpec::fits(std::size_t n_values) const
{
  return ragged ? n_values > 0 && n_values % size() == 0 : n_values == size();
}

bool is_split(const std::string &name)
{
  return name == "train" || name == "val" || name == "test";
}

std::string DataSetInfo::fingerprint() const
{
  return sha256_hex(
    json_text({{"kind", kind}, {"fields", fields_to_json(fields)}, {"defining", defining}}));
}

std::string Manifest::hash() const
{
  Json content = {info.fingerprint(), static_sha256};
  for (const auto &[id, entry] : samples)
    content.push_back({id, entry.split, entry.crashed(), entry.sha256});
  return sha256_hex(json_text(content));
}

std::string manifest_path(const std::string &folder)
{
  return (std::filesystem::path(folder) / "manifest.json").string();
}

void Manifest::write(const std::string &folder) const
{
  write_file_atomically(manifest_path(folder), json_text(to_json(*this), 1) + "\n");
}

Manifest Manifest::read(const std::string &folder)
{
  const std::string path = manifest_path(folder);
  std::error_code error;
  if (!std::filesystem::exists(path, error))
    throw UserError("There is no data set in '" + folder + "'; run the stage 'generate' first.");
  try
  {
    return from_json(parse_strictly(read_file(path)));
  }
  catch (const JsonRefusal &refusal)
  {
    throw UserError("'" + path + "' is refused: " + refusal.what() +
                    "; run the stage 'generate' to make a data set.");
  }
  catch (const Json::exception &)
  {
    throw UserError("'" + path + "' is refused: an entry is missing or of the wrong type" +
                    "; run the stage 'generate' to make a data set.");
  }
}

void Manifest::check_files(const std::string &folder) const
{
  for (const auto &[name, file] : files)
  {
    const std::string path = (std::filesystem::path(folder) / name).string();
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(path, error);
    if (error)
      throw UserError("Data set '" + folder + "' lacks its file '" + name +
                      "'; run the stage 'generate' with --force.");
    if (size != file.bytes)
      throw UserError("'" + path + "' has " + std::to_string(size) +
                      " bytes where the manifest lists " + std::to_string(file.bytes) +
                      "; run the stage 'generate' with --force.");
  }
}

void require_same_contents(const std::string &folder, const DataSetInfo &found,
                           const DataSetInfo &wanted)
{
  if (found.fingerprint() == wanted.fingerprint())
    return;
  if (found.kind != wanted.kind)
    fail_to_match(folder, "the kind '" + found.kind + "'", "'" + wanted.kind + "'");
  for (std::size_t i = 0; i < std::max(found.fields.size(), wanted.fields.size()); ++i)
    if (describe(found.fields, i) != describe(wanted.fields, i))
      fail_to_match(folder, describe(found.fields, i), describe(wanted.fields, i));
  const Json a = found.defining.flatten(), b = wanted.defining.flatten();
  std::set<std::string> keys;
  for (const Json *flat : {&a, &b})
    for (const auto &entry : flat->items())
      keys.insert(entry.key());
  for (const std::string &key : keys)
    if (!key.empty() && describe(a, key) != describe(b, key))
      fail_to_match(folder, describe(a, key), describe(b, key));
  fail_to_match(folder, "the defining attributes " + json_text(found.defining),
                json_text(wanted.defining));
}
} // namespace understudy
