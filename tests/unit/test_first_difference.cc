// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/first_difference.h>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

using namespace understudy;
using Json = nlohmann::json;

TEST(FirstDifference, IsEmptyForEqualValues)
{
  const Json value = {{"a", {1, 2.5, "x"}}, {"b", nullptr}};
  EXPECT_EQ(first_difference(value, value), "");
  EXPECT_EQ(first_difference({}, {}), "");
  // Key order does not count, as in JSON.
  EXPECT_EQ(first_difference(Json::parse(R"({"a":1,"b":2})"), Json::parse(R"({"b":2,"a":1})")), "");
}

TEST(FirstDifference, NamesPathOldAndNewValue)
{
  EXPECT_EQ(first_difference({{"tolerances", {1e-9, 1}}}, {{"tolerances", {1e-8, 1}}}),
            "'tolerances/0' was 1e-09 and is 1e-08");
  EXPECT_EQ(first_difference({{"mesh", {{"cells", 3}, {"kind", "square"}}}, {"z", 1}},
                             {{"mesh", {{"cells", 3}, {"kind", "disc"}}}, {"z", 2}}),
            "'mesh/kind' was \"square\" and is \"disc\"");
  // The last digit of a double shows.
  EXPECT_EQ(first_difference({{"x", 0.3}}, {{"x", 0.1 + 0.2}}),
            "'x' was 0.3 and is 0.30000000000000004");
}

TEST(FirstDifference, TellsMissingEntries)
{
  EXPECT_EQ(first_difference({{"a", 1}}, {{"a", 1}, {"b", 2}}), "'b' was missing and is 2");
  EXPECT_EQ(first_difference({{"a", {1, 2}}}, {{"a", {1}}}), "'a/1' was 2 and is missing");
  // An entry that is null is not missing.
  EXPECT_EQ(first_difference({{"a", nullptr}}, Json::object()), "'a' was null and is missing");
}

TEST(FirstDifference, TellsOtherKindsAndCutsLongValues)
{
  EXPECT_EQ(first_difference({{"a", 1}}, {{"a", {1}}}), "'a' was 1 and is [1]");
  EXPECT_EQ(first_difference(1, 2), "it was 1 and is 2");
  const auto text = first_difference({{"a", std::string(1000, 'x')}}, {{"a", 2}});
  EXPECT_EQ(text, "'a' was \"" + std::string(76, 'x') + "... and is 2");
}
