// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: fields of a data set come on nested grids, each point with its value, and a grid
// that is no part of theirs is refused with the nearest ones that are.

#include <data/core/errors.h>
#include <data/store/dataset_writer.h>
#include <data/store/grid_samples.h>
#include <tests/only_line.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace understudy;
using testing::HasSubstr;
using testing_tools::sentence_of;

namespace
{
constexpr std::size_t n_samples = 3, m = 9, n_times = 4;

/// Values that tell where they belong.
double value(std::size_t sample, std::size_t time, std::size_t i, std::size_t j)
{
  return static_cast<double>(1000 * sample + 200 * time + 10 * i + j);
}

/// "a" [9][9], boundary included, "f" [8][8], "w" [4][8][8] and "r" [8][9].
DataSet example(const std::string &folder)
{
  DataSetInfo info;
  info.kind = "grid";
  info.fields = {{"a", {m, m}, "1"},
                 {"f", {m - 1, m - 1}, "1"},
                 {"w", {n_times, m - 1, m - 1}, "1"},
                 {"r", {m - 1, m}, "1"}};
  DataSetWriter writer(MPI_COMM_SELF, folder, info);
  std::vector<Sample> samples;
  for (std::size_t s = 0; s < n_samples; ++s)
  {
    Sample sample{s, "train", false, "", std::vector<std::vector<double>>(4)};
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t j = 0; j < m; ++j)
        sample.values[0].push_back(value(s, 0, i, j));
    for (std::size_t t = 0; t < n_times; ++t)
      for (std::size_t i = 0; i < m - 1; ++i)
        for (std::size_t j = 0; j < m - 1; ++j)
        {
          if (t == 0)
            sample.values[1].push_back(-value(s, 0, i, j));
          sample.values[2].push_back(value(s, t, i, j));
        }
    sample.values[3].resize((m - 1) * m);
    samples.push_back(std::move(sample));
  }
  writer.write_round(samples);
  return DataSet::open(folder);
}
} // namespace

TEST(GridSamples, PointsOfNestedGridsHaveTheirValues)
{
  const testing_tools::TemporaryFolder folder;
  const DataSet data = example(folder / "data");
  for (const std::size_t n : {8u, 4u, 2u})
  {
    const std::size_t stride = 8 / n;
    const GridBatch x = read_grid_samples(data, {2, 0}, {"a", "f"}, n);
    ASSERT_EQ(x.n_samples, 2u);
    ASSERT_EQ(x.n_channels, 2u);
    ASSERT_EQ(x.n1, n);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
      {
        EXPECT_EQ(x.field(0, 0)[i * n + j], value(2, 0, i * stride, j * stride));
        EXPECT_EQ(x.field(1, 1)[i * n + j], -value(0, 0, i * stride, j * stride));
      }
  }
}

TEST(GridSamples, PairsFollowEachOther)
{
  const testing_tools::TemporaryFolder folder;
  const DataSet data = example(folder / "data");
  GridBatch before, after;
  read_grid_pairs(data, {1, 2}, "w", 4, before, after);
  ASSERT_EQ(before.n_samples, 6u);
  for (std::size_t p = 0; p < 6; ++p)
    for (std::size_t i = 0; i < 4; ++i)
      for (std::size_t j = 0; j < 4; ++j)
      {
        EXPECT_EQ(before.field(p, 0)[i * 4 + j], value(1 + p / 3, p % 3, 2 * i, 2 * j));
        EXPECT_EQ(after.field(p, 0)[i * 4 + j], value(1 + p / 3, p % 3 + 1, 2 * i, 2 * j));
      }
}

TEST(GridSamples, OtherGridsAreRefused)
{
  const testing_tools::TemporaryFolder folder;
  const DataSet data = example(folder / "data");
  const auto refusal = [&](const std::string &field, std::size_t n)
  { return sentence_of<UserError>([&] { read_grid_samples(data, {0}, {field}, n); }); };
  EXPECT_THAT(refusal("a", 6), HasSubstr("the nearest that are have 4 and 8 points"));
  EXPECT_THAT(refusal("f", 5), HasSubstr("the nearest that are have"));
  EXPECT_THAT(refusal("f", 0), HasSubstr("no part"));
  EXPECT_THAT(refusal("f", 100), HasSubstr("8"));
  EXPECT_THAT(refusal("r", 8), HasSubstr("not given on a square grid"));
  EXPECT_THAT(refusal("w", 8), HasSubstr("not given on a square grid"));
  EXPECT_THAT(refusal("b", 8), HasSubstr("'b'"));
  GridBatch before, after;
  EXPECT_THAT(sentence_of<UserError>([&] { read_grid_pairs(data, {0}, "a", 4, before, after); }),
              HasSubstr("not given on a square grid at several times"));
}
