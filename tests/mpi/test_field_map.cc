// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: a map of fields gives every rank the values at its own nodes, the same ones however
// the nodes are shared and numbered, and what one rank does wrong is everybody's error.

#include <data/core/errors.h>
#include <tests/contract/field_fixture.h>

#include <gmock/gmock.h>

using namespace understudy;
using namespace understudy::testing_tools;
using testing::HasSubstr;

namespace
{
const std::map<std::string, FieldMapTraits> &maps()
{
  static const SmallModels models(MPI_COMM_WORLD);
  static const auto all = known_field_maps(models);
  return all;
}

Sharing shared(bool renumber = false)
{
  Sharing sharing;
  sharing.rank = rank_in(MPI_COMM_WORLD);
  MPI_Comm_size(MPI_COMM_WORLD, &sharing.n_ranks);
  sharing.renumber = renumber;
  return sharing;
}

/// All nodes on the last rank, none on the others.
Sharing on_last_rank()
{
  Sharing sharing = shared();
  sharing.rank = sharing.rank == sharing.n_ranks - 1 ? 0 : -1;
  sharing.n_ranks = 1;
  return sharing;
}

FieldAnswer alone(const FieldMapTraits &traits, const FieldExample &example)
{
  RankQuery whole(example, {});
  return ask(*traits.make(MPI_COMM_SELF), whole);
}

/// The sentence that all ranks throw for @p part; empty when they do not agree.
std::string common_refusal(FieldMap &map, RankQuery &part)
{
  std::string sentence = sentence_of<UserError>([&] { ask(map, part); });
  const std::string of_rank_0 = on_rank_0(MPI_COMM_WORLD, [&] { return sentence; });
  return of_rank_0 == sentence ? sentence : "";
}
} // namespace

TEST(FieldMapMpi, RanksAndNumberingDoNotMatter)
{
  for (const auto &[name, traits] : maps())
  {
    SCOPED_TRACE(name);
    const auto map = traits.make(MPI_COMM_WORLD);
    const FieldAnswer whole = alone(traits, traits.example);
    RankQuery same(traits.example, shared()), other(traits.example, shared(true));
    EXPECT_EQ(largest_difference(ask(*map, same), same, whole), 0.);
    EXPECT_LE(largest_difference(ask(*map, other), other, whole), 1e-9);
  }
}

TEST(FieldMapMpi, ARankMayHaveNoNodes)
{
  for (const auto &[name, traits] : maps())
  {
    SCOPED_TRACE(name);
    const auto map = traits.make(MPI_COMM_WORLD);
    RankQuery part(traits.example, on_last_rank());
    EXPECT_EQ(largest_difference(ask(*map, part), part, alone(traits, traits.example)), 0.);
  }
}

TEST(FieldMapMpi, SeveralQuestionsAreSharedOut)
{
  for (const auto &[name, traits] : maps())
  {
    SCOPED_TRACE(name);
    const auto map = traits.make(MPI_COMM_WORLD);
    RankQuery a(traits.example, shared()), b(traits.other, shared());
    const std::vector<FieldQuery> queries = {a.query(), b.query(), b.query(), a.query()};
    std::vector<FieldAnswer> answers;
    map->evaluate_all(queries, answers);
    const FieldAnswer of_a = alone(traits, traits.example), of_b = alone(traits, traits.other);
    ASSERT_EQ(answers.size(), 4u);
    EXPECT_EQ(largest_difference(answers[0], a, of_a), 0.);
    EXPECT_EQ(largest_difference(answers[1], b, of_b), 0.);
    EXPECT_EQ(largest_difference(answers[2], b, of_b), 0.);
    EXPECT_EQ(largest_difference(answers[3], a, of_a), 0.);
  }
}

TEST(FieldMapMpi, HealthIsEverybodys)
{
  const FieldMapTraits &traits = maps().at("mmgp");
  FieldExample hole = traits.example;
  hole.mesh->triangles.erase(hole.mesh->triangles.begin() + 30);
  RankQuery part(hole, shared());
  const FieldAnswer answer = ask(*traits.make(MPI_COMM_WORLD), part);
  EXPECT_EQ(answer.health, Health::not_converged);
  EXPECT_EQ(answer.reason, alone(traits, hole).reason);
  EXPECT_TRUE(answer.fields.empty());

  RankQuery broken(maps().at("toy-mesh").example, shared());
  if (rank_in(MPI_COMM_WORLD) == 1)
    broken.field(0)[0] = std::nan("");
  EXPECT_EQ(ask(*maps().at("toy-mesh").make(MPI_COMM_WORLD), broken).health, Health::not_finite);
}

TEST(FieldMapMpi, WhatOneRankDoesWrongAllRefuse)
{
  const FieldMapTraits &traits = maps().at("toy-mesh");
  const auto map = traits.make(MPI_COMM_WORLD);
  const bool here = rank_in(MPI_COMM_WORLD) == 1;
  const auto refusal = [&](const std::function<void(RankQuery &)> &change)
  {
    RankQuery part(traits.example, shared());
    if (here)
      change(part);
    return common_refusal(*map, part);
  };
  EXPECT_THAT(refusal([](RankQuery &p) { p.query().scalars[0].quantity.unit = "h"; }),
              HasSubstr("takes the scalar 't' in s, but was given it in h"));
  EXPECT_THAT(refusal([](RankQuery &p) { p.query().scalars[0].value = 7.; }),
              HasSubstr("other scalars on one rank than on another"));
  EXPECT_THAT(refusal([](RankQuery &p) { p.nodes()[0] = 0; }),
              HasSubstr("was given node 0 more than once"));
  EXPECT_THAT(refusal([](RankQuery &p) { p.mesh().cell_numbers = {}; }),
              HasSubstr("numbers of cells on one rank and none on another"));
  EXPECT_THAT(refusal([](RankQuery &p) { p.mesh().features["top_left"] = 0; }),
              HasSubstr("another feature 'top_left'"));
  RankQuery part(traits.example, shared());
  std::vector<FieldQuery> queries(here ? 2 : 1, part.query());
  std::vector<FieldAnswer> answers;
  EXPECT_THAT(sentence_of<UserError>([&] { map->evaluate_all(queries, answers); }),
              HasSubstr("more questions by one rank than by another"));
  // And all of them can go on.
  EXPECT_EQ(ask(*map, part).health, Health::ok);

  const FieldMapTraits &grid = maps().at("toy-grid");
  FieldExample other = grid.example;
  if (here)
    other.grid->spacing[0] *= 2.;
  RankQuery on_grid(other, shared());
  EXPECT_THAT(common_refusal(*grid.make(MPI_COMM_WORLD), on_grid), HasSubstr("another grid"));
}
