// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: a model file is enough. Without case and micro structure it gives the answers that
// the register gives, bit for bit, and a file that lacks something is refused by a sentence.

#include <data/core/errors.h>
#include <surrogates/model_closure.h>
#include <tests/contract/micro_fixture.h>

#include <nlohmann/json.hpp>

#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <limits>

namespace understudy
{
namespace
{
using testing::AllOf;
using testing::HasSubstr;
using namespace testing_tools;

[[maybe_unused]] const auto *environment = testing::AddGlobalTestEnvironment(new MicroEnvironment);

std::vector<std::string> trained_closures()
{
  std::vector<std::string> names;
  for (const auto &[name, traits] : closure_traits())
    if (traits.train)
      names.push_back(name);
  return names;
}

/// The same bits, those of NaN included.
bool identical(const double *a, const double *b, std::size_t n)
{
  return n == 0 || std::memcmp(a, b, n * sizeof(double)) == 0;
}

bool identical(const PointBatch &a, const PointBatch &b)
{
  return a.n_components() == b.n_components() && a.n_points() == b.n_points() &&
         identical(a.data(), b.data(), a.n_components() * a.n_points());
}

void expect_identical(const PointAnswer &a, const PointAnswer &b)
{
  EXPECT_TRUE(identical(a.outputs, b.outputs));
  EXPECT_TRUE(identical(a.tangent, b.tangent));
  EXPECT_EQ(a.health, b.health);
  ASSERT_EQ(a.error_estimate.size(), b.error_estimate.size());
  EXPECT_TRUE(identical(a.error_estimate.data(), b.error_estimate.data(), a.error_estimate.size()));
}

/// Strains inside the training box, one outside and one that is no number.
PointBatch mixed_strains()
{
  PointBatch E = test_strains(37);
  E(1, 5) = 1.5 * MicroFixture::limit;
  E(2, 8) = std::numeric_limits<double>::quiet_NaN();
  return E;
}

class ModelClosure : public testing::TestWithParam<std::string>
{
protected:
  std::string path() const { return micro().model(GetParam()).string(); }

  /// The sentence with which a changed copy of the model file is refused.
  template <class Change>
  std::string refusal(const Change &change) const
  {
    ModelFile file = ModelFile::read(path());
    change(file.meta()["card"]);
    file.write(copy());
    return sentence_of<UserError>([&] { load_closure(copy()); });
  }
  std::string copy() const { return folder_ / "copy.safetensors"; }

private:
  TemporaryFolder folder_;
};

TEST_P(ModelClosure, GivesTheAnswersOfTheRegisterBitForBit)
{
  const PointBatch E = mixed_strains();
  const auto alone = load_closure(path()), of_case = micro().make(GetParam());
  expect_identical(ask(*alone, E), ask(*of_case, E));
  EXPECT_EQ(alone->info().name, of_case->info().name);
  EXPECT_EQ(alone->info().upper, of_case->info().upper);
  EXPECT_EQ(alone->info().hint_size, of_case->info().hint_size);
  EXPECT_EQ(alone->info().symmetric_tangent, of_case->info().symmetric_tangent);
}

TEST_P(ModelClosure, NameOfTheFileIsFree)
{
  std::filesystem::copy_file(path(), copy());
  const PointBatch E = mixed_strains();
  expect_identical(ask(*load_closure(copy()), E), ask(*load_closure(path()), E));
}

TEST_P(ModelClosure, WithoutMaterialsMustBeTrainedAgain)
{
  EXPECT_THAT(refusal([](auto &card) { card.erase("materials"); }),
              AllOf(HasSubstr("The model " + copy()), HasSubstr("has no complete entry 'card'"),
                    HasSubstr("run the stage 'train' again with --force")));
}

TEST_P(ModelClosure, MaterialsThatCannotBeAreRefused)
{
  EXPECT_THAT(refusal([](auto &card) { card["materials"]["fibre"]["law"] = "liner"; }),
              AllOf(HasSubstr("The model " + copy() + " states a fibre that cannot be"),
                    HasSubstr("did you mean 'linear'?")));
  EXPECT_THAT(refusal([](auto &card) { card["materials"]["matrix"]["a2"] = -0.06; }),
              HasSubstr("states a matrix that cannot be: 'a2' is not positive"));
}

TEST_P(ModelClosure, UnknownKindGetsTheNearestOne)
{
  const std::string misspelt = GetParam() + "s";
  EXPECT_THAT(refusal([&](auto &card) { card["kind"] = misspelt; }),
              AllOf(HasSubstr("of the unknown kind '" + misspelt + "'"),
                    HasSubstr("did you mean '" + GetParam() + "'?")));
}

TEST_P(ModelClosure, TangentWithoutPotentialStaysAsItIs)
{
  ModelFile file = ModelFile::read(path());
  file.meta()["card"]["materials"]["matrix"]["norm"] = "inplane";
  file.write(copy());
  const bool is_solved = GetParam() == "pod-galerkin"; // whose answers are those of the law
  if (is_solved)
    EXPECT_THAT(sentence_of<UserError>([&] { load_closure(copy()); }), HasSubstr("probe"));
  else
    EXPECT_EQ(load_closure(copy())->info().symmetric_tangent, GetParam() == "training-mean");
}

INSTANTIATE_TEST_SUITE_P(All, ModelClosure, testing::ValuesIn(trained_closures()),
                         [](const auto &info)
                         {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(EquinoFile, IndicatorTakesTheLawsOfTheFile)
{
  const TemporaryFolder folder;
  const std::string path = folder / "stiffer.safetensors";
  ModelFile file = ModelFile::read(micro().model("equino-rbf").string());
  auto &bulk = file.meta()["card"]["materials"]["matrix"]["bulk"];
  bulk = 2. * bulk.get<double>();
  file.write(path);
  const PointBatch E = test_strains(3);
  const PointAnswer stiffer = ask(*load_closure(path), E),
                    original = ask(*micro().make("equino-rbf"), E);
  for (std::size_t p = 0; p < 3; ++p)
    EXPECT_GT(stiffer.error_estimate[p], 2. * original.error_estimate[p]);
  EXPECT_TRUE(identical(stiffer.outputs, original.outputs));
}
} // namespace
} // namespace understudy
