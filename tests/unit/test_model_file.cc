// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/store/atomic_file.h>
#include <data/store/model_file.h>
#include <tests/example_model_file.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <cstring>
#include <limits>
#include <random>

using namespace understudy;
using testing::HasSubstr;
using testing_tools::sentence_of;
using Json = nlohmann::json;

namespace
{
struct Parts
{
  Json header;
  std::string payload;
};

Parts take_apart(const std::string &bytes)
{
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  return {Json::parse(bytes.substr(8, length)), bytes.substr(8 + length)};
}

std::string put_together(const std::string &header, const std::string &payload)
{
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char *>(&length), 8) + header + payload;
}

std::string refusal(const std::string &bytes)
{
  return sentence_of<UserError>([&] { ModelFile::from_bytes(bytes, "m.safetensors"); });
}

/// The refusal after @p change of the header.
template <class Change>
std::string refusal_after(Change change)
{
  Parts parts = take_apart(testing_tools::example_model().to_bytes());
  change(parts.header);
  return refusal(put_together(parts.header.dump(), parts.payload));
}
} // namespace

// Requirement: what is written is read back bit for bit, with its meta data.
TEST(ModelFile, RoundTrip)
{
  const testing_tools::TemporaryFolder folder;
  const ModelFile file = testing_tools::example_model();
  file.write(folder / "m.safetensors");
  const ModelFile back = ModelFile::read(folder / "m.safetensors");
  EXPECT_EQ(back.names(), file.names());
  EXPECT_EQ(back.tensor("weights", {2, 3}), file.tensor("weights", {2, 3}));
  EXPECT_EQ(back.tensor("scale", {}), std::vector<double>{0.5});
  EXPECT_TRUE(back.tensor("none", {0, 7}).empty());
  EXPECT_EQ(back.meta(), file.meta());
  EXPECT_EQ(back.tensor_hash(), file.tensor_hash());
  EXPECT_EQ(back.path(), folder / "m.safetensors");
  EXPECT_EQ(back.to_bytes(), file.to_bytes());
}

// Requirement: the hash tells apart values, shapes and names.
TEST(ModelFile, HashDependsOnEverything)
{
  const std::string hash = testing_tools::example_model().tensor_hash();
  ModelFile value = testing_tools::example_model(), shape = testing_tools::example_model(),
            name = testing_tools::example_model();
  value.add("scale", {}, {0.5000000000000001});
  shape.add("weights", {3, 2}, testing_tools::example_model().tensor("weights", {2, 3}));
  name.add("another", {}, {0.5});
  EXPECT_NE(value.tensor_hash(), hash);
  EXPECT_NE(shape.tensor_hash(), hash);
  EXPECT_NE(name.tensor_hash(), hash);
}

// Requirement: a missing tensor or another shape is a sentence with file, name and both shapes.
TEST(ModelFile, TensorRequests)
{
  const ModelFile file =
    ModelFile::from_bytes(testing_tools::example_model().to_bytes(), "m.safetensors");
  EXPECT_THAT(
    sentence_of<UserError>([&] { file.tensor("weights", {6}); }),
    HasSubstr("Model file 'm.safetensors' has a tensor 'weights' of shape [2, 3] where [6] "
              "is expected."));
  EXPECT_THAT(
    sentence_of<UserError>([&] { file.shape("weight"); }),
    HasSubstr("Model file 'm.safetensors' has no tensor 'weight'; did you mean 'weights'?"));
}

TEST(ModelFile, RefusesWrongTensors)
{
  ModelFile file;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(sentence_of<UserError>([&] { file.add("a", {1}, {nan}); }), HasSubstr("not finite"));
  EXPECT_THAT(sentence_of<UserError>([&] { file.add("a", {2}, {1.}); }),
              HasSubstr("tensor 'a' of shape [2] was given 1 values"));
  EXPECT_FALSE(file.has("a"));
}

// Requirement: every kind of damage has its own sentence that names the file.
TEST(ModelFile, RefusalsOfTheWholeFile)
{
  const std::string good = testing_tools::example_model().to_bytes();
  const Parts parts = take_apart(good);
  const std::string start = "Model file 'm.safetensors' is refused: ";
  EXPECT_EQ(refusal(good), "");
  EXPECT_EQ(refusal("1234567"), start + "it is shorter than the 8 bytes of its header length.");
  EXPECT_THAT(refusal(good.substr(0, 40)), HasSubstr("exceeds the file"));
  EXPECT_THAT(refusal(good.substr(0, good.size() - 1)), HasSubstr("the file may be truncated"));
  EXPECT_THAT(refusal(good + "x"), HasSubstr("1 bytes at its end belong to no tensor"));
  EXPECT_THAT(refusal(std::string(8, '\x7f') + good), HasSubstr("exceeds 100 MB"));
  EXPECT_THAT(refusal(put_together("{\"a\":", "")), HasSubstr("it is not JSON"));
  EXPECT_THAT(refusal(put_together("{\"a\":1e999}", "")), HasSubstr("it is not JSON"));
  EXPECT_THAT(refusal(put_together("[1]", "")), HasSubstr("its JSON is not an object"));
  EXPECT_THAT(refusal(put_together("{\"a\":1,\"a\":2}", "")), HasSubstr("the key 'a' twice"));
  EXPECT_THAT(refusal(put_together("{\"a\":" + std::string(100000, '['), "")),
              HasSubstr("nested deeper than 32 levels"));
  EXPECT_THAT(refusal(put_together("{}", "")), HasSubstr("not written by this program"));
  EXPECT_THAT(sentence_of<UserError>([] { ModelFile::read("/nonexistent/m"); }),
              HasSubstr("Cannot read '/nonexistent/m': No such file"));
}

// Requirement: every contradiction of the header is refused by its reason.
TEST(ModelFile, RefusalsOfTheHeader)
{
  const auto weights = [](const char *key, const Json &value)
  { return refusal_after([&](Json &header) { header["weights"][key] = value; }); };
  EXPECT_THAT(weights("dtype", "I64"), HasSubstr("the dtype \"I64\", only F64 and F32 are known"));
  EXPECT_THAT(weights("dtype", "F32"), HasSubstr("does not fill its 48 bytes"));
  EXPECT_THAT(weights("shape", {2, 4}),
              HasSubstr("shape [2, 4] of tensor 'weights' does not fill"));
  EXPECT_THAT(weights("shape", {4294967296, 4294967296, 6}), HasSubstr("is too large"));
  EXPECT_THAT(weights("shape", {-2, -3}), HasSubstr("is not a whole number >= 0"));
  EXPECT_THAT(weights("shape", {2.5}), HasSubstr("is not a whole number >= 0"));
  EXPECT_THAT(weights("shape", "6"), HasSubstr("is not a list"));
  EXPECT_THAT(weights("data_offsets", {8, 800}), HasSubstr("does not lie within"));
  EXPECT_THAT(weights("data_offsets", {56, 8}), HasSubstr("does not lie within"));
  EXPECT_THAT(weights("data_offsets", {0, 48}), HasSubstr("overlaps another tensor"));
  EXPECT_THAT(weights("extra", 1), HasSubstr("other entries than dtype, shape and data_offsets"));
  EXPECT_THAT(refusal_after([](Json &header) { header.erase("scale"); }),
              HasSubstr("leaves a gap"));
  EXPECT_THAT(refusal_after([](Json &header) { header.erase("__metadata__"); }),
              HasSubstr("not written by this program"));
  EXPECT_THAT(refusal_after([](Json &header) { header["__metadata__"]["understudy"] = "{}"; }),
              HasSubstr("its contents differ from its SHA-256"));
}

// Requirement: a value that is not finite never enters, whatever its hash.
TEST(ModelFile, RefusesNonFiniteValues)
{
  Parts parts = take_apart(testing_tools::example_model().to_bytes());
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::memcpy(parts.payload.data(), &nan, 8);
  EXPECT_THAT(refusal(put_together(parts.header.dump(), parts.payload)),
              HasSubstr("tensor 'scale' has a value that is not finite"));
}

// Requirement: F32 tensors are widened exactly.
TEST(ModelFile, WidensSinglePrecision)
{
  ModelFile wide;
  wide.add("a", {2}, {0.5, -3.25});
  Parts parts = take_apart(wide.to_bytes());
  const float values[] = {0.5f, -3.25f};
  parts.header["a"] = {{"dtype", "F32"}, {"shape", {2}}, {"data_offsets", {0, 8}}};
  const std::string payload(reinterpret_cast<const char *>(values), 8);
  const ModelFile file = ModelFile::from_bytes(put_together(parts.header.dump(), payload), "f32");
  EXPECT_EQ(file.tensor("a", {2}), wide.tensor("a", {2}));
}

// Requirement: of 2000 damaged files none crashes the parser and none passes with other contents.
TEST(ModelFile, MutationsNeverPassSilently)
{
  const ModelFile original = testing_tools::example_model();
  const std::string good = original.to_bytes();
  std::mt19937_64 random(7);
  unsigned refused = 0;
  for (unsigned trial = 0; trial < 2000; ++trial)
  {
    std::string bytes = good;
    const unsigned n_changes = 1 + random() % 3;
    for (unsigned change = 0; change < n_changes; ++change)
    {
      const std::size_t place = random() % bytes.size();
      switch (random() % 5)
      {
      case 0:
        bytes[place] = static_cast<char>(bytes[place] ^ (1 << random() % 8));
        break;
      case 1:
        bytes[place] = static_cast<char>(random());
        break;
      case 2:
        bytes.erase(place, 1 + random() % 16);
        break;
      case 3:
        bytes.insert(place, 1 + random() % 16, static_cast<char>(random()));
        break;
      default:
        bytes.resize(std::max<std::size_t>(place, 1));
        break;
      }
      if (bytes.empty())
        bytes = "x";
    }
    try
    {
      const ModelFile file = ModelFile::from_bytes(bytes, "mutated");
      EXPECT_EQ(file.to_bytes(), good) << "trial " << trial; // e.g. another kind of white space
    }
    catch (const UserError &)
    {
      ++refused;
    }
  }
  EXPECT_GT(refused, 1900u);
}
