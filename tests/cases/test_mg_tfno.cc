// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Small cases of neural operators through the built program, from the exact fields to the report;
// trainings that are broken off, and input that has to be refused.

#include <data/store/atomic_file.h>
#include <data/store/grid_dataset.h>
#include <data/store/model_file.h>
#include <tests/only_line.h>
#include <tests/run_program.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

namespace understudy::test
{
namespace
{
namespace fs = std::filesystem;

const std::string darcy = UNDERSTUDY_SOURCE_DIR "/tests/cases/mg_tfno_small.prm",
                  flow = UNDERSTUDY_SOURCE_DIR "/tests/cases/mg_tfno_flow_small.prm";

class MgTfnoCase : public testing::Test
{
protected:
  static void SetUpTestSuite()
  {
    folder_ = std::make_unique<testing_tools::TemporaryFolder>();
    first_ = run("");
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static std::string out(const std::string &name = "out") { return folder_->path() + "/" + name; }
  static ProgramResult run(const std::string &more, const std::string &folder = out(),
                           const std::string &file = darcy)
  {
    return run_understudy(file + " -D 'Output directory=" + folder + "' " + more);
  }
  static nlohmann::json json(const std::string &file, const std::string &folder = out())
  {
    return nlohmann::json::parse(read_file(folder + "/" + file));
  }
  static std::string hash_of(const std::string &model, const std::string &folder = out())
  {
    return ModelFile::read(folder + "/models/" + model + ".safetensors").tensor_hash();
  }
  /// The one line with which the program ends.
  static std::string sentence(const std::string &arguments, const std::string &folder = out("new"))
  {
    return only_line(run(arguments + " --quiet", folder), 2);
  }

  /// A training of the operator alone that takes seconds, so that it can be broken off.
  static constexpr const char *longer =
    "-D Training/Optimiser/Epochs=800 -D Training/Optimiser/Period=800 -D 'Training/Compare with "
    "dense=false' -D Correction/Train=false ";
  static std::vector<std::string> long_training(const std::string &folder)
  {
    std::vector<std::string> words = {darcy, "--stages", "train"};
    for (const std::string &entry :
         {"Output directory=" + folder, std::string("Training/Optimiser/Epochs=800"),
          std::string("Training/Optimiser/Period=800"),
          std::string("Training/Compare with dense=false"), std::string("Correction/Train=false")})
      words.insert(words.end(), {"-D", entry});
    return words;
  }

  static std::unique_ptr<testing_tools::TemporaryFolder> folder_;
  static ProgramResult first_;
};
std::unique_ptr<testing_tools::TemporaryFolder> MgTfnoCase::folder_;
ProgramResult MgTfnoCase::first_;
} // namespace

TEST_F(MgTfnoCase, RunsFromMediaToReport)
{
  ASSERT_EQ(first_.code, 0) << first_.output;
  for (const char *file :
       {"report.md", "results.json", "statistics.csv", "fields.pvd", "fields/test_0.vti",
        "models/operator.safetensors", "models/dense.safetensors", "models/correction.safetensors",
        "data/manifest.json", "data_grid/SHA256SUMS", "residuals/manifest.json", "run/record.json"})
    EXPECT_TRUE(fs::exists(out() + "/" + file)) << file;
  const auto results = json("results.json");
  for (const char *key :
       {"relative_l2_95", "relative_l2_max", "parameters", "ksp_iterations_zero",
        "ksp_iterations_coarse", "ksp_iterations_guess", "time_exact_s", "time_surrogate_s",
        "time_generate_s", "time_train_s", "time_step_s", "error_band_1", "gate_false_alarm"})
    EXPECT_TRUE(results[key].is_number()) << key;
  for (const char *who : {"", "dense_", "training_mean_", "nearest_neighbour_", "pod_ridge_",
                          "coarse_interpolation_"})
    for (const char *error : {"relative_l2", "relative_h1"})
      for (const char *at : {"", "_2x"})
        EXPECT_TRUE(results[std::string(who) + error + at].is_number()) << who << error << at;
  EXPECT_TRUE(results.contains("break_even_runs"));
  const auto models = json("train.json")["models"];
  EXPECT_NEAR(results["compression"],
              models[1]["parameters"].get<double>() / models[0]["parameters"].get<double>(), 1e-12);
  EXPECT_GT(results["compression"], 2.);
  const std::size_t best = models[0]["best_epoch"];
  EXPECT_EQ(results["validation_error"], models[0]["epochs"][best - 1][1]);
  EXPECT_EQ(models[0]["steps"].get<std::size_t>() % models[0]["epochs"].size(), 0u);
  EXPECT_NEAR(results["preconditioner_16_iterations_all"],
              results["preconditioner_16_iterations_surrogate"].get<double>() +
                results["preconditioner_16_further_iterations"].get<double>(),
              1e-12);
  EXPECT_FALSE(results.contains("correction_compression")); // it answers another question
  EXPECT_EQ(results["ksp_coarse_points"], 8);
  // an exact solver on half the points is within some percent, the mean of all is not
  EXPECT_LT(results["coarse_interpolation_relative_l2"], 0.1);
  EXPECT_LT(results["coarse_interpolation_relative_l2_2x"], 0.1);
  EXPECT_GT(results["training_mean_relative_l2"], 0.1);
  double squares = 0.;
  for (const auto &[key, value] : results.items())
    if (key.rfind("error_band_", 0) == 0)
      squares += value.get<double>() * value.get<double>();
  EXPECT_NEAR(std::sqrt(squares) / results["relative_l2"].get<double>(), 1., 0.05);
}

// Requirement: a guess with a residual above that of zero is dropped, which then costs no
// iteration; a learned preconditioner that gives up says why, and the exact one goes on.
TEST_F(MgTfnoCase, TheExactSolverDecidesOnGuessesAndPreconditioners)
{
  const auto record = json("run/record.json");
  ASSERT_EQ(record["guesses"].size(), 2u);
  for (const auto &guess : record["guesses"])
  {
    const auto &learned = guess["surrogate"];
    EXPECT_EQ(learned["use"] == "discarded", learned["residual"].get<double>() >= 1.) << guess;
    if (learned["use"] != "taken")
    {
      EXPECT_EQ(learned["iterations"], guess["zero"]["iterations"]);
    }
  }
  ASSERT_EQ(record["preconditioners"].size(), 4u); // on two grids
  for (const auto &p : record["preconditioners"])
  {
    EXPECT_EQ(p["fell_back"].get<bool>(), !p["reason"].get<std::string>().empty()) << p;
    EXPECT_EQ(p["fell_back"].get<bool>(), p["further_iterations"].get<double>() > 0.) << p;
  }
}

TEST_F(MgTfnoCase, GridFilesAreInTheLayoutOfTheWell)
{
  for (const char *split : {"train", "val", "test"})
    for (const auto &file : grid_files(out() + "/data_grid", split))
      EXPECT_THAT(grid_dataset_problems(file), IsEmpty()) << file;
  const std::string file = grid_files(out() + "/data_grid", "train").front();
  for (const std::string &what : {out() + "/data_grid", file})
  {
    const auto told = run_understudy("inspect " + what);
    EXPECT_EQ(told.code, 0) << told.output;
    EXPECT_THAT(told.output, AllOf(HasSubstr("verified)"), HasSubstr("  u scalar, at every time")));
  }
  fs::copy(file, out("alone.hdf5"));
  EXPECT_THAT(run_understudy("inspect " + out("alone.hdf5")).output, HasSubstr("without a hash"));
  EXPECT_THAT(only_line(run_understudy("inspect --plaid " + file), 2),
              HasSubstr("is a file on grids; --plaid looks at data sets"));
  fs::copy(out() + "/data_grid", out("damaged_grid"), fs::copy_options::recursive);
  const std::string damaged = out("damaged_grid") + file.substr((out() + "/data_grid").size());
  fs::resize_file(damaged, fs::file_size(damaged) / 2);
  for (const std::string &what : {out("damaged_grid"), damaged})
    EXPECT_THAT(only_line(run_understudy("inspect " + what), 2),
                HasSubstr("was damaged or edited"));
  fs::remove_all(out("damaged_grid") + "/data/train"); // which the sums still list
  EXPECT_EQ(run_understudy("inspect " + out("damaged_grid")).code, 2);
}

TEST_F(MgTfnoCase, NothingIsDoneTwiceAndTheRecipeDecides)
{
  const auto again = run("");
  ASSERT_EQ(again.code, 0) << again.output;
  EXPECT_THAT(again.output, HasSubstr("train: up to date"));
  EXPECT_THAT(again.output, HasSubstr("compare: up to date"));
  // the other network, what is run and what is told do not touch the operator
  const std::string other = out("changed");
  fs::copy(out(), other, fs::copy_options::recursive);
  const auto changed = run("-D Comparison/Resolutions=1 -D Correction/Optimiser/Epochs=3", other);
  ASSERT_EQ(changed.code, 0) << changed.output;
  EXPECT_EQ(hash_of("operator", other), hash_of("operator"));
  EXPECT_NE(hash_of("correction", other), hash_of("correction"));
  EXPECT_FALSE(json("results.json", other).contains("relative_l2_2x"));
}

// Requirement: a training that is stopped is gone on with, and ends as if it had not been.
TEST_F(MgTfnoCase, AStoppedTrainingIsGoneOnWith)
{
  const std::string folder = out("stopped");
  ASSERT_EQ(run(std::string(longer) + "--stages generate", folder).code, 0);
  StartedProgram program(1, long_training(folder));
  ASSERT_TRUE(program.runs_until(" steps,")) << program.output();
  kill(program.pid(), SIGTERM);
  const auto stopped = program.wait();
  EXPECT_EQ(stopped.code, 143) << stopped.output;
  EXPECT_THAT(stopped.output, HasSubstr("The training of 'operator' was stopped by a signal; the "
                                        "same command continues it."));
  EXPECT_FALSE(fs::exists(folder + "/models/operator.safetensors"));
  const auto resumed = run(std::string(longer) + "--stages train", folder);
  ASSERT_EQ(resumed.code, 0) << resumed.output;
  EXPECT_THAT(resumed.output, HasSubstr("goes on"));
  EXPECT_FALSE(fs::exists(folder + "/models/checkpoint"));
  const std::string whole = out("whole");
  const auto unbroken = run(std::string(longer) + "--stages generate,train", whole);
  ASSERT_EQ(unbroken.code, 0) << unbroken.output;
  EXPECT_EQ(hash_of("operator", folder), hash_of("operator", whole));
}

// Requirement: when one of two ranks is killed after a checkpoint, or told by a signal to stop,
// which stops both, the same command ends with the model of a training that was not.
TEST_F(MgTfnoCase, ATrainingOnTwoRanksIsGoneOnWith)
{
  const std::string whole = out("whole_on_two");
  ASSERT_EQ(run(std::string(longer) + "--stages generate", whole).code, 0);
  const std::string killed = out("killed"), stopped = out("stopped_on_two");
  fs::copy(whole, killed, fs::copy_options::recursive);
  fs::copy(whole, stopped, fs::copy_options::recursive);
  const auto unbroken = StartedProgram(2, long_training(whole)).wait();
  ASSERT_EQ(unbroken.code, 0) << unbroken.output;
  for (const auto &[folder, signal] : {std::pair(killed, SIGKILL), std::pair(stopped, SIGTERM)})
  {
    StartedProgram program(2, long_training(folder));
    while (!fs::exists(folder + "/models/checkpoint/operator.0.checkpoint") &&
           program.runs_to_age(program.age() + 0.05))
      ;
    const auto ranks = program.children();
    ASSERT_EQ(ranks.size(), 2u) << program.output();
    kill(ranks[1], signal);
    const auto broken = program.wait();
    EXPECT_NE(broken.code, 0);
    if (signal == SIGTERM)
    {
      EXPECT_EQ(broken.code, 143) << broken.output;
      EXPECT_THAT(broken.output, HasSubstr("was stopped by a signal"));
    }
    EXPECT_FALSE(fs::exists(folder + "/models/operator.safetensors"));
    const auto resumed = StartedProgram(2, long_training(folder)).wait();
    ASSERT_EQ(resumed.code, 0) << resumed.output;
    EXPECT_THAT(resumed.output, HasSubstr("goes on"));
    EXPECT_EQ(hash_of("operator", folder), hash_of("operator", whole));
  }
}

TEST_F(MgTfnoCase, FlowInPatchesOnTwoRanks)
{
  const std::string folder = out("forcing");
  const auto result = run_understudy_on(
    2, flow +
         " -D Problem=forcing -D Training/Patches/Levels=1 -D Training/Patches/Padding=0.0625 "
         "-D 'Training/Small rank=0.05' -D 'Output directory=" +
         folder + "'");
  ASSERT_EQ(result.code, 0) << result.output;
  const auto results = json("results.json", folder);
  for (const char *key : {"whole_relative_l2", "dense_relative_l2", "small_relative_l2",
                          "seam_jump", "seam_jump_exact", "map_seconds"})
    EXPECT_TRUE(results[key].is_number()) << key;
  for (const std::string who : {"whole", "small"})
    EXPECT_NEAR(results[who + "_compression"],
                results["dense_parameters"].get<double>() /
                  results[who + "_parameters"].get<double>(),
                1e-12);
  EXPECT_GT(results["small_compression"], results["compression"]);
  EXPECT_EQ(results["points"], 32);
  EXPECT_EQ(results["points_exact"], 32);
  EXPECT_EQ(results["gate_recall"], 1.);
  // what the map says on two ranks is what the network says on one
  EXPECT_NEAR(results["map_relative_l2"], results["relative_l2"],
              1e-5 * results["relative_l2"].get<double>());
  EXPECT_LT(results["relative_l2"], results["training_mean_relative_l2"]);
}

TEST_F(MgTfnoCase, OperatorAsStepperHandsOverAndComesBack)
{
  const std::string folder = out("stepper");
  // wide limits: what is learned in seconds is not good enough for those of a case
  const auto result =
    run("-D 'Flow/Training samples=24' -D Training/Network/Coordinates=true -D "
        "Training/Optimiser/Batch=4 -D Training/Optimiser/Epochs=20 -D "
        "Training/Optimiser/Period=20 -D 'Training/Optimiser/Learning rate=5e-3' -D "
        "'Flow/Gate/Least widening=4' -D 'Flow/Gate/Largest widening=5' -D Flow/Gate/Mean=0.3 -D "
        "'Flow/Stepper/Re-anchor=2'",
        folder, flow);
  ASSERT_EQ(result.code, 0) << result.output;
  EXPECT_TRUE(fs::exists(folder + "/flow.pvd"));
  EXPECT_TRUE(fs::exists(folder + "/flow/state_5.vti"));
  const auto results = json("results.json", folder);
  for (const char *group : {"guarded", "overloaded"})
  {
    double all = 0.;
    for (const char *maker : {"learned", "refused", "recovering", "anchoring"})
      all += results[std::string(group) + "_" + maker].get<double>();
    EXPECT_EQ(all, 10.) << group; // two trajectories of five intervals
  }
  EXPECT_GT(results["guarded_learned"], 0.);
  EXPECT_GT(results["overloaded_refused"], 0.);
  // exact steps between learned ones do not make it worse
  EXPECT_LE(results["rollout_guarded_5"], results["rollout_free_5"]);
  EXPECT_TRUE(results["persistence_relative_l2"].is_number());
  bool came_back = false;
  const auto record = json("run/record.json", folder);
  for (const auto &rollout : record["rollouts"])
    for (const char *group : {"guarded", "overloaded"})
    {
      const auto &makers = rollout[group]["makers"];
      for (std::size_t t = 1; t < makers.size(); ++t)
        came_back |= makers[t] == "learned" && makers[t - 1] != "learned";
    }
  EXPECT_TRUE(came_back);
}

TEST_F(MgTfnoCase, AllCasesThatComeWithItAreValid)
{
  unsigned n = 0;
  for (const auto &file : fs::directory_iterator(UNDERSTUDY_SOURCE_DIR "/cases/mg_tfno"))
    if (file.path().extension() == ".prm")
    {
      const auto result = run_understudy(file.path().string() + " --validate");
      EXPECT_EQ(result.code, 0) << result.output;
      ++n;
    }
  EXPECT_GE(n, 7u);
}

TEST_F(MgTfnoCase, WrongCasesAreRefusedInOneSentence)
{
  EXPECT_THAT(sentence("-D Training/Points=24"), HasSubstr("must divide the 32 points"));
  EXPECT_THAT(sentence("-D Training/Network/Modes=5"), HasSubstr("even"));
  EXPECT_THAT(sentence("-D 'Darcy/Media/Coefficient below=-1'"), HasSubstr("Coefficient below"));
  EXPECT_THAT(sentence("-D 'Darcy/Media/Coefficient above=nan'"), HasSubstr("Coefficient above"));
  EXPECT_THAT(sentence("-D Training/Network/Rank=0"), HasSubstr("Rank"));
  EXPECT_THAT(sentence("-D 'Training/Optimiser/Random shifts=true'"),
              HasSubstr("'Random shifts' are for periodic problems"));
  EXPECT_THAT(sentence("-D Problem=darci"), HasSubstr("'darci'"));
  EXPECT_THAT(sentence("-D Training/Network/Widht=4"), HasSubstr("did you mean"));
  EXPECT_THAT(sentence("-D 'Darcy/Media guessed=5'"), HasSubstr("exceeds the test samples"));
  EXPECT_THAT(sentence("-D Correction/Patches/Levels=1"),
              HasSubstr("Section 'Correction': The loss 'energy' is one of whole fields"));
  EXPECT_THAT(sentence("--stages train"), HasSubstr("'generate'"));
  // patches that cannot be: the nearest grids that can be cut
  const std::string patched =
    sentence("-D Problem=forcing -D 'Forcing/Flow/Grid points=48' -D Training/Points=48 -D "
             "Training/Network/Coordinates=false -D Training/Patches/Levels=2");
  EXPECT_THAT(patched, HasSubstr("32 and 64"));
  EXPECT_THAT(sentence("-D Training/Patches/Levels=3"), HasSubstr("128")); // on a square
}

TEST_F(MgTfnoCase, WrongFlowsAreRefusedInOneSentence)
{
  const auto flow_sentence = [](const std::string &arguments)
  { return only_line(run(arguments + " --quiet", out("new"), flow), 2); };
  EXPECT_THAT(flow_sentence("-D 'Flow/Flow/Viscosity=-1'"), HasSubstr("Viscosity"));
  EXPECT_THAT(flow_sentence("-D 'Flow/Flow/Time step=nan'"), HasSubstr("Time step"));
  EXPECT_THAT(flow_sentence("-D 'Flow/Flow/Grid points=7'"), HasSubstr("rid points"));
  EXPECT_THAT(flow_sentence("-D Flow/Interval=0.3"), HasSubstr("time step"));
  EXPECT_THAT(flow_sentence("-D 'Flow/Training samples=0'"), HasSubstr("Training samples"));
  EXPECT_THAT(flow_sentence("-D Flow/Rollouts=0 -D 'Flow/Test samples=0'"),
              HasSubstr("test sample"));
  EXPECT_THAT(flow_sentence("-D Problem=forcing -D 'Forcing/Final time=0.995'"),
              HasSubstr("time step"));
  EXPECT_THAT(flow_sentence("-D Training/Points=24"), HasSubstr("must divide the 32 points"));
}

TEST_F(MgTfnoCase, DamagedModelsAndOtherDataAreRefused)
{
  const std::string folder = out("damaged"), file = folder + "/models/operator.safetensors";
  fs::copy(out(), folder, fs::copy_options::recursive);
  const std::string good = read_file(file);
  std::string bytes = good;
  bytes[bytes.size() - 9] ^= 4;
  std::ofstream(file, std::ios::binary) << bytes;
  EXPECT_THAT(sentence("--stages run --force", folder), HasSubstr("SHA-256"));
  std::ofstream(file, std::ios::binary) << good.substr(0, good.size() / 2);
  EXPECT_THAT(sentence("--stages run --force", folder), HasSubstr("operator.safetensors"));
  const auto changed = [&](const std::function<void(ModelFile &)> &change)
  {
    std::ofstream(file, std::ios::binary) << good;
    ModelFile model = ModelFile::read(file);
    change(model);
    model.write(file);
    return sentence("--stages run --force", folder);
  };
  EXPECT_THAT(changed([](ModelFile &m) { m.meta()["dataset_hash"] = "0"; }),
              HasSubstr("trained on other data; run the stage 'train'"));
  EXPECT_THAT(changed(
                [](ModelFile &m) {
                  m.add("output/scale", {1, 2}, {0., 2. * m.tensor("output/scale", {1, 2})[1]});
                }),
              HasSubstr("probe"));
  EXPECT_THAT(changed([](ModelFile &m) { m.meta()["mg_tfno"]["coordinates"] = false; }),
              HasSubstr("other inputs or outputs"));
  fs::remove(file);
  EXPECT_THAT(sentence("--stages run --force", folder), HasSubstr("run the stage 'train'"));
}
} // namespace understudy::test
