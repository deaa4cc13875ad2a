// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/nearest_name.h>

#include <gtest/gtest.h>

using namespace understudy;

TEST(NearestName, DistanceCountsEditsAndSwapsWithoutCase)
{
  EXPECT_EQ(edit_distance("mesh", "mesh"), 0u);
  EXPECT_EQ(edit_distance("Mesh", "mesh"), 0u);
  EXPECT_EQ(edit_distance("", "mesh"), 4u);
  EXPECT_EQ(edit_distance("mseh", "mesh"), 1u); // one swap of neighbours
  EXPECT_EQ(edit_distance("meshes", "mesh"), 2u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(NearestName, FindsTheNearestAndRefusesTheFar)
{
  const std::vector<std::string> known{"generate", "train", "run", "compare"};
  EXPECT_EQ(nearest_name("trian", known), "train");
  EXPECT_EQ(nearest_name("GENERATE", known), "generate");
  EXPECT_EQ(nearest_name("visualise", known), "");
  EXPECT_EQ(nearest_name("xy", known), ""); // two edits of a word of two letters are another word
}

TEST(NearestName, SuggestionListsWhatIsKnown)
{
  EXPECT_EQ(suggestion("trian", {"run", "train"}), "; did you mean 'train'? Known: run, train");
  EXPECT_EQ(suggestion("visualise", {"run", "train"}), "; known: run, train");
  EXPECT_EQ(suggestion("x", {}), "; known: none");
}
