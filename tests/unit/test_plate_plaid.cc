// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: a data set of plates holds what its scalars say, and the files beside it tell PLAID
// what it holds.

#include <data/store/atomic_file.h>
#include <data/store/datasets.h>
#include <data/store/plaid_files.h>
#include <solvers/plate_dataset.h>
#include <tests/temporary_folder.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>

namespace understudy
{
namespace
{
class PlatesForPlaid : public testing::Test
{
protected:
  static void SetUpTestSuite()
  {
    folder_ = std::make_unique<testing_tools::TemporaryFolder>();
    Log log(MPI_COMM_SELF, true);
    generate_plate_dataset(MPI_COMM_SELF, path(), sampling(), solver(), log, false);
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static std::string path() { return folder_->path() + "/data"; }
  static PlateSamplingParameters sampling()
  {
    PlateSamplingParameters s;
    s.variant = "plastic";
    s.n_train = 2;
    s.n_test = 1;
    s.n_nodes = 200;
    s.owner = "A \"person\": one";
    return s;
  }
  static PlateParameters solver()
  {
    PlateParameters p;
    p.n_steps = 2;
    return p;
  }

  static std::unique_ptr<testing_tools::TemporaryFolder> folder_;
};
std::unique_ptr<testing_tools::TemporaryFolder> PlatesForPlaid::folder_;

TEST_F(PlatesForPlaid, ScalarsAreThoseOfTheFields)
{
  const DataSet data = DataSet::open(path());
  for (const std::size_t id : data.ids())
  {
    const StoredPlate plate = read_plate(data, id);
    std::vector<double> scalars(plate_scalars.size());
    scalars_of_fields(plate.mesh, plate.fields, scalars.data());
    for (std::size_t s = 0; s < scalars.size(); ++s)
      EXPECT_NEAR(scalars[s], plate.scalars[s], 1e-12 * std::abs(plate.scalars[s]))
        << id << " " << plate_scalars[s];
  }
}

TEST_F(PlatesForPlaid, SamplesOfSeveralSetsHaveTheirPlaces)
{
  DataSets all = DataSet::open(path());
  all.add(DataSet::open(path()));
  const auto train = all.places("train"), test = all.places("test");
  ASSERT_EQ(train.size(), 4u);
  ASSERT_EQ(test.size(), 2u);
  EXPECT_EQ(train[1].set, 0u);
  EXPECT_EQ(train[1].id, 1u);
  EXPECT_EQ(train[2].set, 1u);
  EXPECT_EQ(train[2].id, 0u);
  EXPECT_EQ(test[1].id, 2u);
}

TEST_F(PlatesForPlaid, FilesTellPlaidWhatItHolds)
{
  const DataSet data = DataSet::open(path());
  write_plaid_files(data, describe_plate_dataset(sampling(), solver()).attributes);
  const auto read = [&](const std::string &file)
  { return nlohmann::json::parse(read_file(path() + "/" + file)); };
  const auto infos = read("infos.yaml");
  EXPECT_EQ(infos["legal"]["owner"], "A \"person\": one");
  EXPECT_EQ(infos["legal"]["license"], plaid_not_stated);
  EXPECT_EQ(infos["num_samples"], (nlohmann::json{{"train", 2}, {"test", 1}}));
  EXPECT_EQ(infos["data_production"]["type"], "simulation");
  // PLAID refuses other keys.
  for (const auto &[key, value] : infos.items())
    EXPECT_TRUE(key == "legal" || key == "data_production" || key == "data_description" ||
                key == "num_samples" || key == "storage_backend")
      << key;
  const auto problem = read("problem_definitions/plate_plastic.yaml");
  EXPECT_EQ(problem["name"], "plate_plastic");
  EXPECT_EQ(problem["train_split"]["train"], "all");
  EXPECT_EQ(problem["test_split"]["test"], "all");
  EXPECT_EQ(problem["input_features"].size(), 8u);
  EXPECT_EQ(problem["output_features"].size(), 10u);
  EXPECT_TRUE(std::is_sorted(problem["output_features"].begin(), problem["output_features"].end()));
  // They are no part of the data set, which goes on as it was.
  EXPECT_EQ(DataSet::open(path()).hash(), data.hash());
}
} // namespace
} // namespace understudy
