// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: of 2,000 damaged MMGP models none is read that is not what was written, and of 2,000
// whose hash is right for what they say, none crashes, hangs or answers without a word where it has
// no answer.

#include <data/core/errors.h>
#include <data/store/model_file.h>
#include <meshes/plate_generator.h>
#include <surrogates/mmgp_training.h>
#include <surrogates/model_closure.h>
#include <tests/mutations.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <functional>

using namespace understudy;
using testing::HasSubstr;
using testing_tools::Mutator;
using testing_tools::sentence_of;
using Json = nlohmann::json;

namespace
{
constexpr unsigned n_trials = 2000;

TriangleMesh plate(double radius, std::uint64_t seed)
{
  PlateMeshing meshing;
  meshing.h = 0.2;
  meshing.seed = seed;
  return make_plate(PlateShape::circle(radius), meshing);
}

const std::vector<double> middle = {1.5, 0.};

/// A model of two fields and a scalar from a few coarse plates.
const ModelFile &good_model()
{
  static const ModelFile file = []
  {
    const MmgpProblem problem = {{{{"P", "MPa"}, 1., 2.}, {{"K", "MPa"}, -1., 1.}},
                                 {{{"wave", "mm"}, 0.}, {{"decades", "1"}, 1e-12}},
                                 {{{"mean", "mm"}, 0.}}};
    const auto sample = [](std::size_t i)
    {
      const double u = static_cast<double>(5 * i % 12) / 11.,
                   v = std::cos(7. * static_cast<double>(i)),
                   radius = 0.4 + 0.02 * static_cast<double>(i);
      MmgpSample s{plate(radius, i), {1. + u, v}, {{}, {}}, {radius * u + v}};
      for (const auto &[x, y] : s.mesh.nodes)
      {
        s.fields[0].push_back((1. + u) * std::sin(1. + x + radius * y) + v * x * y);
        s.fields[1].push_back(std::pow(10., -6. + 2. * u + v * y));
      }
      return s;
    };
    MmgpParameters parameters;
    parameters.shape_modes = parameters.field_modes = 3;
    parameters.fit.n_restarts = 1;
    MmgpTraining training;
    const Mmgp model =
      train_mmgp(MPI_COMM_SELF, parameters, problem, {plate_features.begin(), plate_features.end()},
                 12, sample, training);
    ModelFile written;
    model.save(written);
    written.meta()["kind"] = "mmgp";
    return written;
  }();
  return file;
}

double hostile_number(Mutator &mutator)
{
  static const std::vector<double> numbers = {0.,    -0.,    -1.,         1.,     2.,
                                              0.5,   1e308,  -1e308,      1e-308, 5e-324,
                                              1e154, 1e-154, 4294967295., 1e9,    -1e9};
  return numbers[mutator.below(numbers.size())];
}

/// Changes one tensor, or changes two for each other, or takes one away.
ModelFile with_changed_tensor(const ModelFile &model, Mutator &mutator)
{
  const auto names = model.names();
  const std::string &one = names[mutator.below(names.size())];
  const std::string &other = names[mutator.below(names.size())];
  auto shape = model.shape(one);
  auto values = model.tensor(one, shape);
  ModelFile changed = model;
  switch (mutator.below(7))
  {
  case 0:
    changed = ModelFile();
    changed.meta() = model.meta();
    for (const auto &name : names)
      if (name != one)
        changed.add(name, model.shape(name), model.tensor(name, model.shape(name)));
    break;
  case 1:
    changed.add(other, shape, values);
    break;
  case 2:
    std::reverse(shape.begin(), shape.end());
    changed.add(one, shape, values);
    break;
  case 3:
    changed.add(one, {values.size()}, values);
    break;
  case 4: // fewer rows or none, as some other writer may have it
    if (!shape.empty() && shape[0] > 0)
    {
      const std::size_t rows = mutator.below(shape[0]);
      values.resize(values.size() / shape[0] * rows);
      shape[0] = rows;
    }
    changed.add(one, shape, values);
    break;
  default:
    for (std::size_t n = 1 + mutator.below(3); n > 0 && !values.empty(); --n)
      values[mutator.below(values.size())] = hostile_number(mutator);
    changed.add(one, shape, values);
    break;
  }
  return changed;
}

/// Changes words of the meta data; nothing where no JSON is left.
ModelFile with_changed_meta(const ModelFile &model, Mutator &mutator)
{
  ModelFile changed = model;
  const Json meta = Json::parse(mutator.json(model.meta().dump()), nullptr, false);
  if (meta.is_object())
    changed.meta() = meta;
  return changed;
}
} // namespace

TEST(MutatedMmgpModel, ItsHashCatchesEveryOtherContent)
{
  Mutator mutator(21);
  const std::string good = good_model().to_bytes();
  unsigned refused = 0;
  for (unsigned trial = 0; trial < n_trials; ++trial)
  {
    const std::string bytes = mutator.bytes(good);
    try
    {
      EXPECT_EQ(ModelFile::from_bytes(bytes, "m").to_bytes(), good) << "trial " << trial;
    }
    catch (const UserError &error)
    {
      ++refused;
      EXPECT_THAT(error.what(), HasSubstr("Model file 'm' is refused: "));
    }
  }
  EXPECT_GT(refused, n_trials * 9 / 10);
}

// A NaN in the place of any number of the payload is told by the name of its tensor.
TEST(MutatedMmgpModel, WeightsThatAreNoNumbersAreRefused)
{
  const std::string good = good_model().to_bytes();
  const double nan = std::nan("");
  Mutator mutator(22);
  for (unsigned trial = 0; trial < 100; ++trial)
  {
    std::string bytes = good;
    const std::size_t place = 1 + mutator.below(2000); // values from the end
    bytes.replace(bytes.size() - 8 * place, 8, reinterpret_cast<const char *>(&nan), 8);
    EXPECT_THAT(sentence_of<UserError>([&] { Mmgp::load(ModelFile::from_bytes(bytes, "m")); }),
                testing::MatchesRegex(
                  "Model file 'm' is refused: tensor '.*' has a value that is not finite."));
  }
}

TEST(MutatedMmgpModel, BehindARightHashItIsRefusedOrAnswersOrSaysThatItCannot)
{
  Mutator mutator(23);
  const ModelFile &good = good_model();
  const TriangleMesh mesh = plate(0.5, 99);
  ASSERT_EQ(Mmgp::load(good).predict(mesh, middle).gate, MmgpGate::none);
  unsigned accepted = 0, refused = 0, trusted = 0;
  for (unsigned trial = 0; trial < n_trials; ++trial)
  {
    const ModelFile changed =
      trial % 2 == 0 ? with_changed_tensor(good, mutator) : with_changed_meta(good, mutator);
    SCOPED_TRACE("trial " + std::to_string(trial));
    try
    {
      const Mmgp model = Mmgp::load(changed);
      ++accepted;
      const std::size_t n_inputs = model.state().inputs.size();
      const MmgpPrediction p =
        model.predict(mesh, n_inputs == middle.size() ? middle : std::vector<double>(n_inputs, 1.));
      EXPECT_EQ(p.reason.empty(), p.gate == MmgpGate::none);
      if (p.gate != MmgpGate::none)
        continue;
      ++trusted;
      EXPECT_EQ(p.fields.size(), model.state().fields.size());
      for (const MmgpValues &field : p.fields)
      {
        EXPECT_EQ(field.mean.size(), mesh.n_nodes());
        EXPECT_TRUE(std::ranges::all_of(field.mean, [](double x) { return std::isfinite(x); }));
      }
    }
    catch (const UserError &error)
    {
      ++refused;
      EXPECT_FALSE(std::string(error.what()).empty());
    }
    if (HasFailure())
      break;
  }
  RecordProperty("refused", std::to_string(refused));
  EXPECT_GT(refused, n_trials / 4);
  EXPECT_GT(accepted, n_trials / 10);
  EXPECT_GT(trusted, 10u);
}

// Requirement: a model for another problem is refused by the first thing that differs.
TEST(MmgpModel, OfAnotherProblemIsRefused)
{
  const Mmgp model = Mmgp::load(good_model());
  const auto refusal = [&](const std::function<void(MmgpProblem &)> &change)
  {
    MmgpProblem wanted = model.problem();
    change(wanted);
    return sentence_of<UserError>([&] { require_problem(model, wanted, "m"); });
  };
  EXPECT_EQ(refusal([](MmgpProblem &) {}), "");
  EXPECT_EQ(refusal([](MmgpProblem &p) { std::swap(p.inputs[0], p.inputs[1]); }),
            "The model 'm' was trained for another problem: its input number 1 is 'P' [MPa] from 1 "
            "to 2, that of the case is 'K' [MPa] from -1 to 1; run the stage 'train' again with "
            "--force.");
  EXPECT_THAT(refusal([](MmgpProblem &p) { p.inputs[1].quantity.unit = "GPa"; }),
              HasSubstr("its input number 2 is 'K' [MPa] from -1 to 1, that of the case is 'K' "
                        "[GPa] from"));
  EXPECT_THAT(refusal([](MmgpProblem &p) { p.inputs[1].upper = 3.; }),
              HasSubstr("from -1 to 1, that of the case is 'K' [MPa] from -1 to 3"));
  EXPECT_THAT(
    refusal([](MmgpProblem &p) { p.fields.pop_back(); }),
    HasSubstr("its field number 2 is 'decades' [1] with the floor 1e-12, that of the case "
              "is none"));
  EXPECT_THAT(refusal([](MmgpProblem &p) { p.fields[1].floor = 0.; }),
              HasSubstr("that of the case is 'decades' [1];"));
  EXPECT_THAT(refusal(
                [](MmgpProblem &p) {
                  p.scalars.push_back({{"more", "1"}, 0.});
                }),
              HasSubstr("its scalar number 2 is none, that of the case is 'more' [1]"));
}

// Requirement: who asks for answers at points, as libunderstudy does, is told what the model is.
TEST(MmgpModel, IsNoClosure)
{
  const testing_tools::TemporaryFolder folder;
  ModelFile file = good_model();
  file.write(folder / "mmgp.safetensors");
  EXPECT_EQ(sentence_of<UserError>([&] { load_closure(folder / "mmgp.safetensors"); }),
            "The model " + (folder / "mmgp.safetensors") +
              " is of the kind 'mmgp', which predicts fields on meshes; here a model is needed "
              "that answers point by point.");
}
