// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: every map of fields keeps the contract of FieldMap, in whatever numbering it is
// asked; what is hostile is told by health or by a sentence, and no NaN gets out.

#include <data/core/errors.h>
#include <surrogates/register.h>
#include <tests/contract/field_fixture.h>

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <limits>

namespace understudy
{
namespace
{
using testing::HasSubstr;
using namespace testing_tools;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

const SmallModels &small_models()
{
  static const SmallModels models(MPI_COMM_SELF);
  return models;
}

const std::map<std::string, FieldMapTraits> &maps()
{
  static const auto all = known_field_maps(small_models());
  return all;
}

class EveryFieldMap : public testing::TestWithParam<const char *>
{
protected:
  const FieldMapTraits &traits() const { return maps().at(GetParam()); }
  const FieldExample &example() const { return traits().example; }
  std::unique_ptr<FieldMap> make() const { return traits().make(MPI_COMM_SELF); }

  FieldAnswer answer_to(const FieldExample &example) const
  {
    RankQuery part(example, {});
    return ask(*make(), part);
  }
  /// The sentence that refuses the example after a change.
  std::string refusal(const std::function<void(FieldExample &)> &change) const
  {
    FieldExample changed = example();
    change(changed);
    RankQuery part(changed, {});
    return sentence_of<UserError>([&] { ask(*make(), part); });
  }
  std::string refusal_of(const std::function<void(RankQuery &)> &change) const
  {
    RankQuery part(example(), {});
    change(part);
    return sentence_of<UserError>([&] { ask(*make(), part); });
  }
};

bool all_finite(const FieldAnswer &answer)
{
  bool good = true;
  for (const auto &field : answer.fields)
    for (const auto *values : {&field.mean, &field.deviation})
      for (const double v : *values)
        good = good && std::isfinite(v);
  for (const auto &scalar : answer.scalars)
    good = good && std::isfinite(scalar.mean);
  return good;
}

std::string readable(const testing::TestParamInfo<const char *> &info)
{
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}
} // namespace

TEST(FieldMapRegister, EveryMapIsInTheFixture)
{
  for (const auto &[name, entry] : field_maps().entries())
  {
    EXPECT_TRUE(maps().contains(name)) << name;
    EXPECT_FALSE(entry.sentence.empty()) << name;
  }
  EXPECT_THAT(sentence_of<UserError>([] { field_maps().create("mmpg", {}); }),
              HasSubstr("no map of fields 'mmpg'; did you mean 'mmgp'?"));
}

TEST_P(EveryFieldMap, OutputsHaveNamesUnitsAndOneValuePerNode)
{
  const auto map = make();
  const FieldMapInfo &info = map->info();
  EXPECT_EQ(info.name, GetParam());
  EXPECT_EQ(info.lower.size(), info.input_scalars.size());
  EXPECT_EQ(info.upper.size(), info.input_scalars.size());
  EXPECT_FALSE(info.output_fields.empty());
  for (const auto *list :
       {&info.input_fields, &info.input_scalars, &info.output_fields, &info.output_scalars})
    for (const Quantity &quantity : *list)
    {
      EXPECT_FALSE(quantity.name.empty());
      EXPECT_FALSE(quantity.unit.empty()) << quantity.name;
    }
  const FieldAnswer answer = answer_to(example());
  EXPECT_EQ(answer.health, Health::ok) << answer.reason;
  EXPECT_TRUE(answer.reason.empty());
  EXPECT_TRUE(all_finite(answer));
  ASSERT_EQ(answer.fields.size(), info.output_fields.size());
  ASSERT_EQ(answer.scalars.size(), info.output_scalars.size());
  for (std::size_t f = 0; f < answer.fields.size(); ++f)
  {
    EXPECT_EQ(answer.fields[f].quantity.name, info.output_fields[f].name);
    EXPECT_EQ(answer.fields[f].quantity.unit, info.output_fields[f].unit);
    EXPECT_EQ(answer.fields[f].mean.size(), example().n_nodes());
    EXPECT_EQ(answer.fields[f].deviation.size(), info.has_deviation ? example().n_nodes() : 0u);
    for (const double deviation : answer.fields[f].deviation)
      EXPECT_GE(deviation, 0.);
  }
  for (std::size_t s = 0; s < answer.scalars.size(); ++s)
  {
    EXPECT_EQ(answer.scalars[s].quantity.name, info.output_scalars[s].name);
    EXPECT_EQ(std::isfinite(answer.scalars[s].deviation), info.has_deviation);
  }
  EXPECT_EQ(&answer.field(info.output_fields[0].name), answer.fields.data());
  EXPECT_THROW(answer.field("nothing"), std::out_of_range);
}

TEST_P(EveryFieldMap, NumberingDoesNotMatter)
{
  const FieldAnswer whole = answer_to(example());
  Sharing sharing;
  sharing.renumber = true;
  RankQuery other(example(), sharing);
  EXPECT_LE(largest_difference(ask(*make(), other), other, whole), 1e-10);
  sharing.number_cells = false;
  RankQuery plain(example(), sharing);
  EXPECT_LE(largest_difference(ask(*make(), plain), plain, whole), 1e-10);
}

TEST_P(EveryFieldMap, InputsAreFoundByTheirNames)
{
  FieldExample other = example();
  std::ranges::reverse(other.fields);
  std::ranges::reverse(other.scalars);
  RankQuery part(other, {});
  EXPECT_EQ(largest_difference(answer_to(other), part, answer_to(example())), 0.);
}

TEST_P(EveryFieldMap, BatchIsOneByOneAndNothingIsRemembered)
{
  const auto map = make();
  RankQuery a(example(), {}), b(traits().other, {});
  const FieldAnswer first = ask(*map, a), second = ask(*map, b);
  EXPECT_NE(first.fields[0].mean[0], second.fields[0].mean[0]);
  const std::vector<FieldQuery> queries = {a.query(), b.query(), a.query()};
  std::vector<FieldAnswer> answers(7);
  map->evaluate_all(queries, answers);
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(largest_difference(answers[0], a, first), 0.);
  EXPECT_EQ(largest_difference(answers[1], b, second), 0.);
  EXPECT_EQ(largest_difference(answers[2], a, first), 0.);
  map->evaluate_all({}, answers);
  EXPECT_TRUE(answers.empty());
}

TEST_P(EveryFieldMap, WhatIsNotFiniteGetsNoAnswer)
{
  for (const double bad : {nan, infinity, -infinity})
  {
    std::vector<FieldExample> all;
    for (std::size_t s = 0; s < example().scalars.size(); ++s)
    {
      all.push_back(example());
      all.back().scalars[s].value = bad;
    }
    for (std::size_t f = 0; f < example().fields.size(); ++f)
    {
      all.push_back(example());
      all.back().fields[f].values[4] = bad;
    }
    all.push_back(example());
    if (example().mesh)
      all.back().mesh->nodes[5][1] = bad;
    else
      all.back().grid->spacing[1] = bad;
    for (const FieldExample &hostile : all)
    {
      const FieldAnswer answer = answer_to(hostile);
      EXPECT_EQ(answer.health, Health::not_finite);
      EXPECT_THAT(answer.reason, HasSubstr("not finite"));
      EXPECT_TRUE(answer.fields.empty() && answer.scalars.empty());
      EXPECT_FALSE(answer.has_values());
    }
  }
}

TEST_P(EveryFieldMap, HugeInputsGetNoNaN)
{
  FieldExample hostile = example();
  for (auto &scalar : hostile.scalars)
    scalar.value = 1e300;
  for (auto &field : hostile.fields)
    for (double &value : field.values)
      value *= 1e300;
  const FieldAnswer answer = answer_to(hostile);
  EXPECT_TRUE(all_finite(answer));
  EXPECT_EQ(answer.has_values(), !answer.fields.empty());
  EXPECT_EQ(answer.reason.empty(), answer.health == Health::ok);
}

TEST_P(EveryFieldMap, WrongNamesUnitsAndCountsAreRefused)
{
  const std::string name = "'" + std::string(GetParam()) + "' ";
  for (const bool scalars : {true, false})
  {
    if (scalars ? example().scalars.empty() : example().fields.empty())
      continue;
    const std::string kind = scalars ? "scalar" : "field";
    const auto with = [&](const std::function<void(Quantity &)> &change)
    {
      return refusal([&](FieldExample &e)
                     { change(scalars ? e.scalars[0].quantity : e.fields[0].quantity); });
    };
    const Quantity first = scalars ? example().scalars[0].quantity : example().fields[0].quantity;
    EXPECT_THAT(with([](Quantity &q) { q.name = "wrong"; }),
                HasSubstr(name + "takes no " + kind + " 'wrong'"));
    EXPECT_EQ(with([](Quantity &q) { q.unit = "furlong"; }), name + "takes the " + kind + " '" +
                                                               first.name + "' in " + first.unit +
                                                               ", but was given it in furlong.");
    EXPECT_EQ(refusal(
                [scalars](FieldExample &e)
                {
                  if (scalars)
                    e.scalars.erase(e.scalars.begin());
                  else
                    e.fields.erase(e.fields.begin());
                }),
              name + "needs the " + kind + " '" + first.name + "', which it was not given.");
    EXPECT_EQ(refusal(
                [scalars](FieldExample &e)
                {
                  if (scalars)
                    e.scalars.push_back(e.scalars[0]);
                  else
                    e.fields.push_back(e.fields[0]);
                }),
              name + "was given the " + kind + " '" + first.name + "' twice.");
  }
  EXPECT_THAT(refusal_of(
                [](RankQuery &part)
                {
                  part.nodes().pop_back();
                  part.query().nodes = part.nodes();
                }),
              HasSubstr(" for " + std::to_string(example().n_nodes() - 1) + " nodes."));
  EXPECT_THAT(refusal_of([](RankQuery &part) { part.nodes()[3] = part.nodes()[8]; }),
              HasSubstr(name + "was given node 8 more than once."));
  EXPECT_THAT(refusal_of(
                [](RankQuery &part)
                {
                  part.query().mesh = nullptr;
                  part.query().grid = nullptr;
                }),
              HasSubstr(name + "takes fields on a "));
}

TEST_P(EveryFieldMap, ImpossibleMeshesAndGridsAreRefused)
{
  if (example().grid)
  {
    EXPECT_THAT(refusal([](FieldExample &e) { e.grid->dimension = 3; }), HasSubstr("dimensions"));
    const unsigned n = static_cast<unsigned>(example().n_nodes());
    EXPECT_THAT(refusal_of([n](RankQuery &part) { part.nodes()[2] = n; }),
                HasSubstr("node " + std::to_string(n) + " of a grid that has " + std::to_string(n) +
                          " nodes"));
    return;
  }
  EXPECT_THAT(refusal_of([](RankQuery &part) { part.mesh().nodes_per_cell = 6; }),
              HasSubstr("takes cells of 3 nodes in 2 dimensions, but was given cells of 6 in 2"));
  EXPECT_THAT(refusal_of([](RankQuery &part) { part.cells()[4] = 9999; }),
              HasSubstr("a cell with node 9999, which no rank owns"));
  EXPECT_THAT(refusal_of([](RankQuery &part) { part.mesh().features["top_left"] = 9999; }),
              HasSubstr("a feature with node 9999, which no rank owns"));
  EXPECT_THAT(refusal_of([](RankQuery &part) { part.mesh().cells = part.mesh().cells.subspan(1); }),
              HasSubstr("incomplete list of cells"));
}

// Requirement: a mesh that the method cannot handle is told by health, with a sentence.
TEST_P(EveryFieldMap, UnfitMeshesAreToldByHealth)
{
  if (!example().mesh)
    GTEST_SKIP() << "takes grids";
  const auto changed = [&](const std::function<void(TriangleMesh &)> &change)
  {
    FieldExample e = example();
    change(*e.mesh);
    return answer_to(e);
  };
  std::vector<FieldAnswer> answers;
  answers.push_back(changed([](TriangleMesh &m) { m.triangles.erase(m.triangles.begin() + 30); }));
  answers.push_back(
    changed([](TriangleMesh &m) { std::swap(m.triangles[5][0], m.triangles[5][1]); }));
  answers.push_back(changed([](TriangleMesh &m) { m.nodes[9] = m.nodes[20]; }));
  answers.push_back(changed([](TriangleMesh &m) { m.features.clear(); }));
  answers.push_back(changed([](TriangleMesh &m) { m.triangles.clear(); }));
  for (const FieldAnswer &answer : answers)
  {
    EXPECT_EQ(answer.has_values(), !answer.fields.empty());
    EXPECT_TRUE(all_finite(answer));
    EXPECT_EQ(answer.reason.empty(), answer.health == Health::ok);
    if (traits().needs_disk)
    {
      EXPECT_EQ(answer.health, Health::not_converged) << answer.reason;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryFieldMap,
                         testing::Values("mg-tfno", "mmgp", "toy-grid", "toy-mesh"), readable);

// Requirement: what a map that is broken itself gives does not get out either.
TEST(GatheredFieldMap, ValuesThatAreNotFiniteAreNoAnswer)
{
  FieldMapInfo info = testing_maps::ToyMeshMap(MPI_COMM_SELF).info();
  info.has_deviation = false;
  info.output_scalars.clear();
  RankQuery part(maps().at("toy-mesh").example, {});
  testing_maps::GivenFields map(MPI_COMM_SELF, info,
                                [](std::size_t i, std::size_t) { return i == 17 ? nan : 1.; });
  const FieldAnswer answer = ask(map, part);
  EXPECT_EQ(answer.health, Health::not_converged);
  EXPECT_EQ(answer.reason, "'toy-mesh' gave values of 'v' that are not finite.");
  EXPECT_TRUE(answer.fields.empty());
}

TEST(GatheredFieldMap, SentencesNameTheCallersNodes)
{
  FieldExample e = maps().at("toy-mesh").example;
  e.fields[0].values[12] = nan;
  Sharing sharing;
  sharing.renumber = true;
  RankQuery part(e, sharing);
  unsigned number = 0;
  for (std::size_t i = 0; i < part.old().size(); ++i)
    if (part.old()[i] == 12)
      number = part.nodes()[i];
  EXPECT_EQ(ask(*maps().at("toy-mesh").make(MPI_COMM_SELF), part).reason,
            "The field 'b' is not finite at node " + std::to_string(number) + ".");
}

// Requirement: gates of MMGP become health, with values where there are some.
TEST(MmgpFieldMap, GatesBecomeHealth)
{
  const auto map = maps().at("mmgp").make(MPI_COMM_SELF);
  FieldExample e = maps().at("mmgp").example;
  EXPECT_EQ(map->info().lower[0], 1.);
  EXPECT_EQ(map->info().upper[0], 2.);
  e.scalars[1].value = 2.5; // P
  RankQuery range(e, {});
  FieldAnswer answer = ask(*map, range);
  EXPECT_EQ(answer.health, Health::outside_training_range);
  EXPECT_EQ(answer.reason, "'P' = 2.5 is outside of 1 to 2.");
  EXPECT_TRUE(answer.has_values() && !answer.fields.empty());
  e = maps().at("mmgp").example;
  PlateMeshing meshing;
  meshing.h = 0.14;
  e.mesh = make_plate(PlateShape::v_notch(0.4, 0.6), meshing);
  RankQuery shape(e, {});
  answer = ask(*map, shape);
  EXPECT_EQ(answer.health, Health::outside_training_range);
  EXPECT_THAT(answer.reason, HasSubstr("The shape differs by "));
  make_hole(*e.mesh);
  RankQuery hole(e, {});
  EXPECT_THAT(ask(*map, hole).reason, HasSubstr("The boundary has 2 loops"));
}

// Requirement: what the map says is what the model of its file says.
TEST(MmgpFieldMap, AnswersLikeTheModelOfItsFile)
{
  const Mmgp model = Mmgp::load(ModelFile::read(small_models().mmgp.path()));
  const FieldExample &e = maps().at("mmgp").example;
  const MmgpPrediction direct = model.predict(*e.mesh, {e.scalars[1].value, e.scalars[0].value});
  RankQuery part(e, {});
  const FieldAnswer answer = ask(*maps().at("mmgp").make(MPI_COMM_SELF), part);
  EXPECT_EQ(answer.fields[1].mean, direct.fields[1].mean);
  EXPECT_EQ(answer.fields[0].deviation, direct.fields[0].deviation);
  EXPECT_EQ(answer.scalars[0].mean, direct.scalars.mean[0]);
  EXPECT_EQ(answer.scalars[0].deviation, direct.scalars.deviation[0]);
}

// Requirement: a file of another kind, without a probe, or whose model is not the one that was
// stored is refused.
TEST(FieldMapRegister, DamagedFilesAreRefused)
{
  struct Stored
  {
    std::string kind, path, scales; ///< a tensor of output offsets
  };
  for (const auto &[kind, path, scales] :
       {Stored{"mmgp", small_models().mmgp.path(), "fields/U1/offset"},
        Stored{"mg-tfno", small_models().mg_tfno.path(), "output/scale"}})
  {
    TemporaryFolder folder;
    const std::string name = folder / "m.safetensors";
    const auto refusal_of_bytes = [&](const std::string &bytes)
    {
      std::ofstream(name, std::ios::binary) << bytes;
      return sentence_of<UserError>([&] { field_maps().create(kind, {MPI_COMM_SELF, name}); });
    };
    const auto refusal = [&](const ModelFile &changed)
    { return refusal_of_bytes(changed.to_bytes()); };
    const ModelFile file = ModelFile::read(path);
    EXPECT_EQ(refusal(file), "");
    ModelFile other = file;
    other.meta()["kind"] = "crystal-ball";
    EXPECT_THAT(refusal(other),
                HasSubstr("is of kind 'crystal-ball', but '" + kind + "' is wanted"));
    other.meta().erase("kind");
    EXPECT_THAT(refusal(other), HasSubstr("is of no kind"));
    other = file;
    other.meta().erase("field_probe");
    EXPECT_THAT(refusal(other), HasSubstr("has no probe"));
    other = file;
    auto values = file.tensor(scales, file.shape(scales));
    values[0] += 1e-3;
    other.add(scales, file.shape(scales), values);
    EXPECT_THAT(refusal(other), HasSubstr("does not give the answers stored in its probe"));
    std::string bytes = file.to_bytes();
    bytes[bytes.size() - 2] = static_cast<char>(bytes[bytes.size() - 2] ^ 1);
    EXPECT_THAT(refusal_of_bytes(bytes), HasSubstr("m.safetensors")) << kind;
  }
}
} // namespace understudy
