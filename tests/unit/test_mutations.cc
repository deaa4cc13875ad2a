// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: of 2,000 damaged model files, manifests and case files each, none crashes or hangs
// the program, and none is accepted with contents other than those that stand in it.

#include <cases/run_case.h>
#include <data/core/errors.h>
#include <data/core/parameters.h>
#include <data/core/sha256.h>
#include <data/store/atomic_file.h>
#include <data/store/manifest.h>
#include <data/store/model_file.h>
#include <tests/example_model_file.h>
#include <tests/mutations.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <regex>

using namespace understudy;
using testing::HasSubstr;
using testing_tools::example_model;
using testing_tools::Mutator;
using testing_tools::sentence_of;
using testing_tools::TemporaryFolder;
using Json = nlohmann::json;

namespace
{
constexpr unsigned n_trials = 2000;

/// How often a parser accepted and refused.
struct Outcomes
{
  unsigned accepted = 0, refused = 0;

  /// Calls @p read; anything but an answer or one sentence for the user fails the test.
  template <class Read, class Check>
  void note(const Read &read, const Check &check)
  {
    try
    {
      const auto found = read();
      ++accepted;
      check(found);
    }
    catch (const UserError &error)
    {
      ++refused;
      EXPECT_FALSE(std::string(error.what()).empty());
    }
  }
};

/// The header of a model file and what follows it; nothing when there is no such header.
struct ModelParts
{
  std::string header, payload;

  static std::optional<ModelParts> of(const std::string &bytes)
  {
    std::uint64_t length = 0;
    if (bytes.size() < 8)
      return {};
    std::memcpy(&length, bytes.data(), 8);
    if (length > bytes.size() - 8)
      return {};
    return ModelParts{bytes.substr(8, length), bytes.substr(8 + length)};
  }

  std::string bytes() const
  {
    const std::uint64_t length = header.size();
    return std::string(reinterpret_cast<const char *>(&length), 8) + header + payload;
  }

  /// Tensors and meta data as the header has them, read without a single check of their sense;
  /// throws a JSON exception where that is not possible.
  ModelFile read_blindly() const
  {
    ModelFile file;
    const Json json = Json::parse(header);
    for (const auto &[name, entry] : json.items())
      if (name != "__metadata__")
      {
        const auto begin = entry.at("data_offsets").at(0).get<std::size_t>(),
                   end = entry.at("data_offsets").at(1).get<std::size_t>();
        const bool wide = entry.at("dtype").get<std::string>() == "F64";
        std::vector<double> values;
        for (std::size_t at = begin; at < end && at + (wide ? 8 : 4) <= payload.size();
             at += wide ? 8 : 4)
        {
          double value = 0.;
          float narrow = 0.F;
          wide ? std::memcpy(&value, payload.data() + at, 8)
               : std::memcpy(&narrow, payload.data() + at, 4);
          values.push_back(wide ? value : static_cast<double>(narrow));
        }
        file.add(name, entry.at("shape").get<std::vector<std::size_t>>(), values);
      }
    file.meta() = Json::parse(json.at("__metadata__").at("understudy").get<std::string>());
    return file;
  }

  /// Puts the right SHA-256 into the header where the rest of it can be read.
  void mend_hash()
  {
    try
    {
      const std::string right = ModelParts::of(read_blindly().to_bytes())->header;
      Json json = Json::parse(header);
      json["__metadata__"]["understudy_sha256"] =
        Json::parse(right)["__metadata__"]["understudy_sha256"];
      header = json.dump();
    }
    catch (const Json::exception &)
    {
    }
    catch (const UserError &) // the tensors contradict themselves
    {
    }
  }
};

Manifest example_manifest()
{
  Manifest manifest;
  manifest.info.kind = "fe2-rve";
  manifest.info.fields = {{"E", {3}, "1"}, {"modes", {2, 2}, "MPa"}, {"energy", {}, "MPa"}};
  manifest.info.attributes = {{"title", "three fields"}, {"case_text", "set Family = fe2\n"}};
  manifest.info.defining = {{"norm", "full"}, {"box", {0.04, 0.04, 0.08}}, {"seed", 7}};
  manifest.info.statics["mesh/nodes"] = {{2, 2}, "mm", {}, false};
  manifest.provenance = {{"git_commit", "abc"}, {"ranks", 2}};
  manifest.static_sha256 = sha256_hex("static");
  manifest.files["static.h5"] = {100, sha256_hex("a")};
  manifest.files["shard-000000-0000.h5"] = {2000, sha256_hex("b")};
  for (std::size_t id = 0; id < 5; ++id)
    manifest.samples[id] = {"shard-000000-0000.h5", id, id < 3 ? "train" : "val",
                            sha256_hex(std::to_string(id)), ""};
  manifest.samples[5] = {"", 0, "test", sha256_hex("5"), "Newton failed"};
  return manifest;
}

/// The manifest of a folder with this text, as the program would write it again.
std::string rewritten(const TemporaryFolder &folder, const std::string &text)
{
  std::ofstream(folder / "manifest.json", std::ios::binary) << text;
  const Manifest found = Manifest::read(folder.path());
  found.write(folder.path());
  return read_file(folder / "manifest.json");
}

/// Puts the right hashes into a manifest where it is JSON at all.
std::string with_right_hashes(const std::string &text)
{
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object())
    return text;
  for (const char *list : {"samples", "crashed"})
    if (!json.contains(list))
      return text;
  const auto dump = [](const Json &value)
  { return value.dump(-1, ' ', false, Json::error_handler_t::replace); };
  json["fingerprint"] = sha256_hex(dump({{"kind", json.value("kind", Json())},
                                         {"fields", json.value("fields", Json())},
                                         {"defining", json.value("defining", Json())}}));
  std::map<std::size_t, Json> samples;
  for (const char *list : {"samples", "crashed"})
    for (const Json &entry : json[list])
      if (entry.is_object() && entry.contains("id") && entry["id"].is_number_unsigned())
        samples[entry["id"].get<std::size_t>()] = {entry["id"], entry.value("split", Json()),
                                                   std::string(list) == "crashed",
                                                   entry.value("sha256", Json())};
  Json content = {json["fingerprint"], json.value("static_sha256", Json())};
  for (const auto &sample : samples)
    content.push_back(sample.second);
  json["content_sha256"] = sha256_hex(dump(content));
  json.erase("manifest_sha256");
  json["manifest_sha256"] = sha256_hex(dump(json));
  return dump(json);
}

/// Whether all of @p part stands in @p whole; entries that only @p whole has do not count.
bool stands_in(const Json &part, const Json &whole)
{
  if (!part.is_object())
    return part == whole;
  for (const auto &[key, value] : part.items())
    if (!whole.contains(key) || !stands_in(value, whole[key]))
      return false;
  return true;
}

/// Samples by their number, which is their order in a manifest.
Json sorted(Json manifest)
{
  for (const char *list : {"samples", "crashed"})
    std::sort(manifest[list].begin(), manifest[list].end(),
              [](const Json &a, const Json &b)
              { return a.value("id", Json()) < b.value("id", Json()); });
  for (const char *own_hash : {"manifest_sha256", "content_sha256", "fingerprint"})
    manifest.erase(own_hash);
  return manifest;
}

/// A case with entries of all kinds, comments, a continued line and an empty value.
const std::string example_case =
  "# words with ä\nset Family = fe2\nset Output directory =\n"
  "subsection Micro\n  set Geometry = rve3 # fibres\nend\n"
  "subsection Data set\n  set Training samples   = 30\n"
  "  set Test samples = 10\n  set Seed = 12\nend\n"
  "subsection Training\n"
  "  set Closures = equino-rbf, linear, \\\n    training-mean\n"
  "  subsection EquiNO\n    set Modes = 6\n"
  "    set Hidden layers = 16, 16\n  end\nend\n"
  "subsection Macro\n  set Macro mesh = square\n  set Load = 1.5e-2\n"
  "  set Load steps = 2\n  set Write macro fields = false\nend\n"
  "subsection Coupling\n  set Symmetric tangent = true\nend\n";

/// Entries by "Section/Key", read by other means than those of the program; only for texts that it
/// accepts.
std::map<std::string, std::string> entries_of(std::string text)
{
  static const std::regex mark("^\xef\xbb\xbf"), continued("\\\\[ \t\r]*\n[ \t\r]*"),
    comment("#[^\n]*"), section("[ \t\r]*(?:subsection|SUBSECTION)[ \t]+(.*?)[ \t\r]*"),
    end("[ \t\r]*(?:end|END)[ \t\r]*"),
    entry("[ \t\r]*(?:set|SET)[ \t]+([^=]*?)[ \t]*=[ \t\r]*(.*?)[ \t\r]*");
  text = std::regex_replace(text, mark, "");
  text = std::regex_replace(text, continued, "");
  text = std::regex_replace(text, comment, "");
  std::map<std::string, std::string> found;
  std::vector<std::string> open;
  std::istringstream in(text);
  std::smatch match;
  for (std::string line; std::getline(in, line);)
    if (std::regex_match(line, match, section))
      open.push_back(match[1]);
    else if (std::regex_match(line, end) && !open.empty())
      open.pop_back();
    else if (std::regex_match(line, match, entry))
    {
      std::string path;
      for (const auto &name : open)
        path += name + "/";
      found[path + match[1].str()] = match[2];
    }
  return found;
}

/// Every entry has the value that stands in the text or its default, and numbers are numbers.
void expect_as_written(const Json &entries, const std::string &text)
{
  auto written = entries_of(text);
  for (const Json &entry : entries)
  {
    const auto section = entry["section"].get<std::string>();
    const std::string path =
      (section.empty() ? "" : section + "/") + entry["key"].get<std::string>();
    const auto value = entry["value"].get<std::string>();
    const auto found = written.find(path);
    EXPECT_EQ(value, found == written.end() ? entry["default"].get<std::string>() : found->second)
      << path << " in\n"
      << text;
    const auto pattern = entry["pattern"].get<std::string>();
    if (pattern.rfind("[Double", 0) == 0 || pattern.rfind("[Integer", 0) == 0)
    {
      char *end = nullptr;
      const double number = std::strtod(value.c_str(), &end);
      EXPECT_EQ(*end, '\0') << path << " = '" << value << "'";
      EXPECT_TRUE(std::isfinite(number)) << path << " = '" << value << "'";
    }
    if (found != written.end())
      written.erase(found);
  }
  EXPECT_TRUE(written.empty()) << "nobody knows '" << written.begin()->first << "' in\n" << text;
}

Json read_text(const TemporaryFolder &folder, const std::string &text)
{
  const std::string file = folder / "a.prm";
  std::ofstream(file, std::ios::binary) << text;
  Case now;
  declare_case("fe2", now);
  read_case(now.prm, file, {}, MPI_COMM_SELF);
  now.family->problems(); // of whatever the values are
  return json_of(now.prm);
}

std::string refusal_of_case(const std::string &text)
{
  const TemporaryFolder folder;
  return sentence_of<UserError>([&] { read_text(folder, text); });
}
} // namespace

TEST(MutatedModelFile, ItsHashCatchesEveryOtherContent)
{
  Mutator mutator(1);
  const std::string good = example_model().to_bytes();
  Outcomes outcomes;
  for (unsigned trial = 0; trial < n_trials; ++trial)
  {
    std::string bytes = mutator.bytes(good);
    if (trial % 2 == 1)
    {
      ModelParts parts = *ModelParts::of(good);
      parts.header = mutator.json(parts.header);
      bytes = parts.bytes();
    }
    outcomes.note([&] { return ModelFile::from_bytes(bytes, "m"); }, [&](const ModelFile &file)
                  { EXPECT_EQ(file.to_bytes(), good) << "trial " << trial; });
  }
  EXPECT_GT(outcomes.refused, n_trials * 9 / 10);
}

TEST(MutatedModelFile, BehindARightHashNothingIsReadThatDoesNotStandThere)
{
  Mutator mutator(2);
  const ModelParts good = *ModelParts::of(example_model().to_bytes());
  Outcomes outcomes;
  for (unsigned trial = 0; trial < n_trials; ++trial)
  {
    ModelParts parts = good;
    if (trial % 3 != 0)
      parts.header = mutator.json(parts.header);
    else
      parts.payload = mutator.bytes(parts.payload);
    if (trial % 3 == 2)
    {
      Json header = Json::parse(good.header);
      header["__metadata__"]["understudy"] = mutator.json(header["__metadata__"]["understudy"]);
      parts.header = header.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
    parts.mend_hash();
    outcomes.note([&] { return ModelFile::from_bytes(parts.bytes(), "m"); },
                  [&](const ModelFile &file)
                  { EXPECT_EQ(file.to_bytes(), parts.read_blindly().to_bytes()) << trial; });
  }
  EXPECT_GT(outcomes.refused, n_trials / 10);
  EXPECT_GT(outcomes.accepted, n_trials / 10); // the hash was mended, and other weights are weights
}

TEST(MutatedManifest, ItsHashCatchesEveryOtherContent)
{
  Mutator mutator(3);
  const TemporaryFolder folder;
  example_manifest().write(folder.path());
  const std::string good = read_file(folder / "manifest.json");
  Outcomes outcomes;
  for (unsigned trial = 0; trial < n_trials; ++trial)
  {
    const std::string text = trial % 2 == 0 ? mutator.bytes(good) : mutator.json(good);
    outcomes.note([&] { return rewritten(folder, text); }, [&](const std::string &again)
                  { EXPECT_EQ(again, good) << "trial " << trial << "\n"
                                           << text; });
  }
  EXPECT_GT(outcomes.refused, n_trials / 2); // white space may change
}

TEST(MutatedManifest, BehindRightHashesNothingIsReadThatDoesNotStandThere)
{
  Mutator mutator(4);
  const TemporaryFolder folder;
  example_manifest().write(folder.path());
  const std::string good = read_file(folder / "manifest.json");
  Outcomes outcomes;
  for (unsigned trial = 0; trial < n_trials; ++trial)
  {
    const std::string text = with_right_hashes(mutator.json(good));
    outcomes.note([&] { return rewritten(folder, text); },
                  [&](const std::string &again)
                  {
                    EXPECT_TRUE(stands_in(sorted(Json::parse(again)), sorted(Json::parse(text))))
                      << trial << "\n"
                      << text;
                  });
  }
  EXPECT_GT(outcomes.refused, n_trials / 4);
  EXPECT_GT(outcomes.accepted, n_trials / 10);
}

TEST(MutatedCase, ValuesAreThoseThatStandThereOrItIsRefused)
{
  Mutator mutator(5);
  const TemporaryFolder folder;
  Outcomes outcomes;
  expect_as_written(read_text(folder, example_case), example_case);
  for (unsigned trial = 0; trial < n_trials && !testing::Test::HasFailure(); ++trial)
  {
    const std::string text =
      trial % 2 == 0 ? mutator.bytes(example_case) : mutator.lines(example_case);
    SCOPED_TRACE("trial " + std::to_string(trial));
    outcomes.note([&] { return read_text(folder, text); },
                  [&](const Json &entries) { expect_as_written(entries, text); });
  }
  EXPECT_GT(outcomes.refused, n_trials / 4);
  EXPECT_GT(outcomes.accepted, n_trials / 10);
}

TEST(HostileCase, NumbersThatAreNone)
{
  const auto refusal = [](const std::string &entry)
  { return refusal_of_case("subsection Macro\nset " + entry + "\nend\n"); };
  for (const char *number : {"1e400", "-1e400", "nan", "inf", "1,5", "0x10", "1e", "1 2", ""})
    EXPECT_THAT(refusal(std::string("Load = ") + number),
                HasSubstr("'Load' in section 'Macro' must"))
      << number;
  for (const char *number : {"2147483648", "99999999999999999999", "-1", "1.5", "1e3", ""})
    EXPECT_THAT(refusal(std::string("Load steps = ") + number),
                HasSubstr("'Load steps' in section 'Macro' must be an integer"))
      << number;
  EXPECT_EQ(refusal("Load = -0"), "");
}

TEST(HostileCase, TextThatIsNotUtf8)
{
  EXPECT_EQ(refusal_of_case("# K\xf6ln\n"), ""); // nobody reads it
  EXPECT_EQ(refusal_of_case("set Output directory = K\xc3\xb6ln am Rhein\n"), "");
  EXPECT_THAT(refusal_of_case("\nset Output directory = K\xf6ln\n"),
              HasSubstr("a.prm:2: this line is not UTF-8 text; save the file in that encoding."));
  const TemporaryFolder folder;
  std::ofstream(folder / "a.prm") << "set Family = fe2\n";
  Case now;
  declare_case("fe2", now);
  EXPECT_THAT(
    sentence_of<UserError>(
      [&] { read_case(now.prm, folder / "a.prm", {"Output directory=K\xf6ln"}, MPI_COMM_SELF); }),
    HasSubstr(": this is not UTF-8 text."));
}

TEST(HostileCase, NeitherDepthNorLengthHangs)
{
  std::string deep;
  for (unsigned i = 0; i < 100000; ++i)
    deep += "subsection Macro\n";
  EXPECT_THAT(refusal_of_case(deep), HasSubstr("a.prm:33: sections are nested deeper than 32"));
  EXPECT_THAT(refusal_of_case("set " + std::string(1'000'000, 'x') + " = 1\n"),
              HasSubstr("a.prm:1: unknown entry 'xxx"));
  EXPECT_THAT(refusal_of_case("subsection " + std::string(1'000'000, 'x') + "\nend\n"),
              HasSubstr("a.prm:1: unknown section 'xxx"));
  EXPECT_THAT(refusal_of_case("include /dev/zero\n"),
              HasSubstr("a.prm:1: /dev/zero is a device where a case file is expected."));
}

TEST(HostileManifest, AListThatIsNone)
{
  const TemporaryFolder folder;
  example_manifest().write(folder.path());
  const Json good = Json::parse(read_file(folder / "manifest.json"));
  for (const char *entry : {"fields", "samples", "crashed", "files", "static", "attributes"})
    for (const Json &other : {Json(), Json(7), Json("text")})
    {
      Json json = good;
      json[entry] = other;
      EXPECT_THAT(
        sentence_of<UserError>([&] { rewritten(folder, with_right_hashes(json.dump())); }),
        HasSubstr(std::string("its entry '") + entry + "' is not a"));
    }
}

TEST(HostileManifest, NeitherDepthNorLargeNumbersPass)
{
  const TemporaryFolder folder;
  example_manifest().write(folder.path());
  const std::string good = read_file(folder / "manifest.json");
  // The row of the second sample; its hash is looked at last.
  const auto with_row = [&](const std::string &row)
  {
    std::string text = good;
    return text.replace(text.find("\"row\": 1"), 8, "\"row\": " + row);
  };
  const auto refusal = [&](const std::string &row)
  { return sentence_of<UserError>([&] { rewritten(folder, with_row(row)); }); };
  EXPECT_THAT(rewritten(folder, with_right_hashes(with_row("11"))), HasSubstr("\"row\": 11"));
  for (const char *row : {"-0", "-1", "1.0", "1e2", "18446744073709551616", "\"1\"", "[1]"})
    EXPECT_THAT(refusal(row), HasSubstr("the row of a sample is not a whole number >= 0")) << row;
  EXPECT_THAT(refusal("1e400"), HasSubstr("a number is out of range"));
  EXPECT_THAT(refusal(std::string(1'000'000, '[')), HasSubstr("nested deeper than 32 levels"));
  EXPECT_THAT(refusal("1, \"row\": 2"), HasSubstr("has the key 'row' twice"));
}
