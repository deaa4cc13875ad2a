// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: a data set of the Darcy problem holds the media of its parameters by their numbers,
// with the solutions that the solver gives, and its files for The Well hold the same.
#include <data/core/errors.h>
#include <data/store/dataset.h>
#include <solvers/darcy_dataset.h>
#include <tests/darcy_fields.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

using namespace understudy;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_tools::sentence_of;
using testing_tools::TemporaryFolder;

namespace
{
constexpr unsigned n = 16;

DarcyDataParameters few()
{
  DarcyDataParameters p;
  p.media.n_modes = 8;
  p.solver.n_cells = n;
  p.n_train = 3;
  p.n_valid = 2;
  p.n_test = 1;
  p.samples_per_shard = 2;
  return p;
}

std::size_t generate(const std::string &folder, const DarcyDataParameters &parameters)
{
  Log log(MPI_COMM_SELF, true);
  return generate_darcy_dataset(MPI_COMM_SELF, folder, parameters, log, false);
}

/// As the values come back from single precision.
std::vector<double> rounded(std::vector<double> values)
{
  for (double &value : values)
    value = static_cast<double>(static_cast<float>(value));
  return values;
}
} // namespace

TEST(DarcyDataSet, HoldsMediaAndTheirSolutions)
{
  const TemporaryFolder folder;
  EXPECT_EQ(generate(folder / "data", few()), 6u);
  const DataSet data = DataSet::open(folder / "data");
  data.require(describe_darcy_dataset(few()));
  EXPECT_THAT(data.ids("train"), ElementsAre(0, 1, 2));
  EXPECT_THAT(data.ids("val"), ElementsAre(3, 4));
  EXPECT_THAT(data.ids("test"), ElementsAre(5));
  DarcySamples media(few().media, n);
  std::vector<double> a(media.nodes().size());
  for (const std::size_t id : data.ids())
  {
    media.draw(few().splits().number(id), a);
    EXPECT_EQ(data.read(id, "a"), a);
    DarcySolver fresh(few().solver, MPI_COMM_SELF);
    fresh.set_coefficient(media.nodes(), a);
    const auto u = data.read(id, "u");
    EXPECT_EQ(u, fresh.on_grid(fresh.solve().u)); // whatever was solved before
    EXPECT_EQ(u[5], 0.);
    EXPECT_GT(*std::ranges::max_element(u), 0.);
    EXPECT_GT(data.read(id, "seconds").at(0), 0.);
  }
  EXPECT_EQ(generate(folder / "data", few()), 0u); // all there
}

// Requirement: media to test with stay what they are when there are more to learn from, and none of
// them is learned from.
TEST(DarcyDataSet, SplitsGrowByThemselves)
{
  DarcyDataParameters small = few(), large = few();
  large.n_train = 30;
  large.n_valid = 20;
  const SplitSizes a = small.splits(), b = large.splits();
  EXPECT_EQ(a.split(5), "test");
  EXPECT_EQ(b.split(50), "test");
  EXPECT_EQ(a.number(5), b.number(50));
  EXPECT_EQ(a.number(3), b.number(30)); // validation
  std::set<std::uint64_t> all;
  for (std::size_t id = 0; id < b.n_samples(); ++id)
    all.insert(b.number(id));
  EXPECT_EQ(all.size(), b.n_samples());
}

// Requirement: what decides the contents is told by the first difference, and nothing else is.
TEST(DarcyDataSet, OtherContentsAreRefused)
{
  const auto fingerprint = [](const auto &change)
  {
    DarcyDataParameters p = few();
    change(p);
    return describe_darcy_dataset(p).fingerprint();
  };
  using P = DarcyDataParameters;
  const std::string same = describe_darcy_dataset(few()).fingerprint();
  EXPECT_EQ(fingerprint([](P &p) { p.samples_per_shard = 7; }), same);
  EXPECT_NE(fingerprint([](P &p) { p.media.alpha = 2.5; }), same);
  EXPECT_NE(fingerprint([](P &p) { p.media.tau = 4.; }), same);
  EXPECT_NE(fingerprint([](P &p) { p.media.above = 4.; }), same);
  EXPECT_NE(fingerprint([](P &p) { p.media.below = 4.; }), same);
  EXPECT_NE(fingerprint([](P &p) { p.media.n_modes = 9; }), same);
  EXPECT_NE(fingerprint([](P &p) { p.media.seed = 9; }), same);
  EXPECT_NE(fingerprint([](P &p) { p.solver.n_cells = 17; }), same);
  EXPECT_NE(fingerprint([](P &p) { p.solver.relative_tolerance = 1e-9; }), same);
  EXPECT_NE(fingerprint([](P &p) { p.solver.maximum_iterations = 9; }), same);
  EXPECT_NE(fingerprint([](P &p) { p.n_train = 4; }), same);
  EXPECT_NE(fingerprint([](P &p) { p.n_valid = 4; }), same);
  EXPECT_NE(fingerprint([](P &p) { p.n_test = 4; }), same);

  const TemporaryFolder folder;
  DarcyDataParameters one = few(), other = few();
  one.n_train = other.n_train = 1;
  one.n_valid = one.n_test = other.n_valid = other.n_test = 0;
  other.media.above = 5.;
  generate(folder / "data", one);
  EXPECT_THAT(sentence_of<UserError>([&] { generate(folder / "data", other); }),
              HasSubstr("media/above"));
}

TEST(DarcyDataSet, MediaOfAFinerGridAreTheSame)
{
  const TemporaryFolder folder;
  DarcyDataParameters fine = few();
  fine.solver.n_cells = 2 * n;
  generate(folder / "coarse", few());
  generate(folder / "fine", fine);
  const auto coarse = DataSet::open(folder / "coarse").read(2, "a"),
             twice = DataSet::open(folder / "fine").read(2, "a");
  std::vector<double> restricted;
  for (unsigned i = 0; i <= n; ++i)
    for (unsigned j = 0; j <= n; ++j)
      restricted.push_back(twice[2 * i * (2 * n + 1) + 2 * j]);
  EXPECT_EQ(coarse, restricted);
}

TEST(DarcyDataSet, FilesForTheWellHoldTheSame)
{
  const TemporaryFolder folder;
  generate(folder / "data", few());
  const DataSet data = DataSet::open(folder / "data");
  write_grid_files(data, darcy_grid_info(few()), folder / "files");
  for (const std::string split : {"train", "val", "test"})
  {
    const auto paths = grid_files(folder / "files", split);
    ASSERT_EQ(paths.size(), 1u);
    EXPECT_THAT(grid_dataset_problems(paths[0]), IsEmpty());
    const GridFile file(paths[0]);
    EXPECT_TRUE(same_points(file.info().grid, darcy_nodes(n)));
    EXPECT_EQ(file.info().boundary[0], "wall");
    EXPECT_EQ(file.info().boundary[1], "wall");
    EXPECT_EQ(file.info().parameters.at("a_above"), 12.);
    const auto ids = data.ids(split);
    ASSERT_EQ(file.n_trajectories(), ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i)
    {
      EXPECT_EQ(file.read("a", i), rounded(data.read(ids[i], "a")));
      std::vector<double> u = data.read(ids[i], "u");
      u.insert(u.begin(), u.size(), 0.); // at the time "input"
      EXPECT_EQ(file.read("u", i), rounded(u));
    }
  }
}

TEST(DarcyDataSet, AMediumWithoutSolutionIsListedWithItsReason)
{
  const TemporaryFolder folder;
  DarcyDataParameters impatient = few();
  impatient.solver.maximum_iterations = 1;
  impatient.n_train = 1;
  impatient.n_valid = impatient.n_test = 0;
  generate(folder / "data", impatient);
  const DataSet data = DataSet::open(folder / "data");
  EXPECT_THAT(data.crashed(), ElementsAre(0));
  EXPECT_THAT(sentence_of<UserError>([&] { data.read(0, "u"); }),
              HasSubstr("stopped after 1 iterations"));
}

TEST(DarcyDataSet, ParametersThatAreWrong)
{
  EXPECT_THAT(DarcyDataParameters{}.problems(), IsEmpty());
  EXPECT_EQ(DarcyDataParameters{}.n_samples(), 1300u);
  DarcyDataParameters p = few();
  p.n_train = p.samples_per_shard = 0;
  p.solver.n_cells = 1;
  p.media.below = 0.;
  EXPECT_EQ(p.problems().size(), 4u);
  EXPECT_THAT(sentence_of<UserError>([&] { generate("never-made", p); }),
              HasSubstr("coefficient below"));
  dealii::ParameterHandler prm;
  DarcyDataParameters read;
  read.declare(prm);
  prm.set("Validation samples", "7");
  prm.enter_subsection("Media");
  EXPECT_EQ(prm.get("Modes"), "64");
  prm.set("Modes", "32");
  prm.leave_subsection();
  prm.enter_subsection("Solver");
  EXPECT_EQ(prm.get("Cells per direction"), "128");
  prm.set("Cells per direction", "64");
  prm.leave_subsection();
  EXPECT_EQ(read.n_valid, 7u);
  EXPECT_EQ(read.media.n_modes, 32u);
  EXPECT_EQ(read.solver.n_cells, 64u);
}
