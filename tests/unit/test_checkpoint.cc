// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/store/atomic_file.h>
#include <data/store/checkpoint.h>
#include <tests/mutations.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sys/resource.h>

using namespace understudy;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing_tools::sentence_of;
using testing_tools::TemporaryFolder;

namespace
{
ModelFile state_of(const double value, const std::size_t n = 3)
{
  ModelFile file;
  file.add("x", {n}, std::vector<double>(n, value));
  file.meta() = {{"step", value}};
  return file;
}

/// "value @ sequence" of the newest checkpoint, or "nothing".
std::string newest(const CheckpointStore &store, std::vector<std::string> &refused)
{
  refused.clear();
  const auto found = store.read_newest(refused);
  if (!found)
    return "nothing";
  const double value = found->state.tensor("x", found->state.shape("x"))[0];
  EXPECT_EQ(found->state.meta(), nlohmann::json({{"step", value}})) << "the caller's, no more";
  return std::to_string(static_cast<int>(value)) + " @ " + std::to_string(found->sequence);
}

void damage(const std::string &file)
{
  std::string bytes = read_file(file);
  bytes[bytes.size() - 3] ^= 1;
  write_file_atomically(file, bytes);
}
} // namespace

TEST(Checkpoint, NothingThere)
{
  const TemporaryFolder folder;
  std::vector<std::string> refused;
  EXPECT_EQ(newest({folder / "none", "run"}, refused), "nothing");
  EXPECT_THAT(refused, IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(folder / "none"));
}

// Requirement: two slots in turn, the newest wins, and a store opened later goes on likewise.
TEST(Checkpoint, NewestWins)
{
  const TemporaryFolder folder;
  std::vector<std::string> refused;
  for (int i = 0; i < 5; ++i)
  {
    CheckpointStore store(folder / "c", "run");
    store.write(state_of(2 * i), "key " + std::to_string(i));
    store.write(state_of(2 * i + 1), "key " + std::to_string(i));
    EXPECT_EQ(newest(store, refused),
              std::to_string(2 * i + 1) + " @ " + std::to_string(2 * i + 1));
    EXPECT_EQ(store.read_newest(refused)->key, "key " + std::to_string(i));
    EXPECT_THAT(refused, IsEmpty());
  }
  std::size_t n = 0;
  for ([[maybe_unused]] const auto &file : std::filesystem::directory_iterator(folder / "c"))
    ++n;
  EXPECT_EQ(n, 2U);
}

// Requirement: values come back bit for bit, also those of the meta data.
TEST(Checkpoint, KeepsEveryBit)
{
  const TemporaryFolder folder;
  const std::vector<double> hard{0.1 + 0.2, -0., std::numeric_limits<double>::denorm_min(),
                                 std::numeric_limits<double>::max(), 1. / 3.};
  ModelFile state;
  state.add("x", {hard.size()}, hard);
  state.meta()["x"] = hard;
  CheckpointStore(folder / "", "run").write(state, "");
  std::vector<std::string> refused;
  const auto found = CheckpointStore(folder / "", "run").read_newest(refused);
  ASSERT_TRUE(found);
  const auto &tensor = found->state.tensor("x", {hard.size()});
  const auto meta = found->state.meta().at("x").get<std::vector<double>>();
  EXPECT_EQ(std::memcmp(tensor.data(), hard.data(), 8 * hard.size()), 0);
  EXPECT_EQ(std::memcmp(meta.data(), hard.data(), 8 * hard.size()), 0);
}

// Requirement: a damaged slot is passed over with a reason, and is the one that is replaced next.
TEST(Checkpoint, DamagedNewestGivesTheOlder)
{
  const TemporaryFolder folder;
  CheckpointStore(folder / "", "run").write(state_of(1), "");
  CheckpointStore(folder / "", "run").write(state_of(2), "");
  damage(folder / "run.1.checkpoint");
  std::vector<std::string> refused;
  CheckpointStore store(folder / "", "run");
  EXPECT_EQ(newest(store, refused), "1 @ 0");
  EXPECT_THAT(refused,
              ElementsAre(AllOf(HasSubstr("/run.1.checkpoint' is refused"), HasSubstr("SHA-256"))));
  store.write(state_of(3), "");
  EXPECT_EQ(newest(store, refused), "3 @ 1");
  EXPECT_THAT(refused, IsEmpty());
}

TEST(Checkpoint, BothDamaged)
{
  const TemporaryFolder folder;
  CheckpointStore store(folder / "", "run");
  store.write(state_of(1), "");
  store.write(state_of(2), "");
  damage(folder / "run.0.checkpoint");
  write_file_atomically(folder / "run.1.checkpoint", std::string());
  std::vector<std::string> refused;
  EXPECT_EQ(newest(store, refused), "nothing");
  EXPECT_THAT(refused,
              ElementsAre(HasSubstr("/run.0.checkpoint'"), HasSubstr("/run.1.checkpoint'")));
  CheckpointStore(folder / "", "run").write(state_of(3), "");
  EXPECT_EQ(newest(store, refused), "3 @ 0");
}

// A kill during a write leaves a temporary file, which is no slot.
TEST(Checkpoint, KilledWhileWriting)
{
  const TemporaryFolder folder;
  CheckpointStore store(folder / "", "run");
  store.write(state_of(1), "");
  const std::string whole = read_file(folder / "run.0.checkpoint");
  write_file_atomically(folder / "run.1.checkpoint.part", whole.substr(0, whole.size() / 2));
  std::vector<std::string> refused;
  EXPECT_EQ(newest(store, refused), "1 @ 0");
  EXPECT_THAT(refused, IsEmpty());
  store.write(state_of(2), "");
  EXPECT_EQ(newest(store, refused), "2 @ 1");
  write_file_atomically(folder / "run.0.checkpoint.part", std::string("half"));
  store.remove();
  EXPECT_TRUE(std::filesystem::is_empty(folder / ""));
  EXPECT_EQ(newest(store, refused), "nothing");
  store.write(state_of(3), "");
  EXPECT_EQ(newest(store, refused), "3 @ 0");
}

TEST(Checkpoint, RefusesAnotherVersionAndWhatIsNoCheckpoint)
{
  const TemporaryFolder folder;
  ModelFile other = state_of(7);
  other.write(folder / "run.0.checkpoint");
  other.meta()["checkpoint"] = {{"version", 99}, {"sequence", 5}, {"key", ""}};
  other.write(folder / "run.1.checkpoint");
  std::vector<std::string> refused;
  EXPECT_EQ(newest({folder / "", "run"}, refused), "nothing");
  EXPECT_THAT(refused, ElementsAre(HasSubstr("/run.0.checkpoint' is refused: it is no checkpoint"),
                                   HasSubstr("it has the version 99, this program reads 1")));
  other.meta()["checkpoint"] = {{"version", 1}, {"sequence", -5}, {"key", 3}};
  other.write(folder / "run.1.checkpoint");
  EXPECT_EQ(newest({folder / "", "run"}, refused), "nothing");
  EXPECT_THAT(refused[1], HasSubstr("its sequence number is not a whole number >= 0"));
}

// Requirement: of 2,000 damaged ones none is believed, and the older one stays of use. A few keep
// their contents, e.g. where a letter of the header was damaged into a blank between two words.
TEST(Checkpoint, NoneOfManyDamagedOnesIsBelieved)
{
  const TemporaryFolder folder;
  const CheckpointStore store(folder / "", "run");
  CheckpointStore(folder / "", "run").write(state_of(1), "{}");
  CheckpointStore(folder / "", "run").write(state_of(2), "{}");
  const std::string file = folder / "run.1.checkpoint", good = read_file(file);
  testing_tools::Mutator mutator(6);
  unsigned n_refused = 0;
  for (unsigned trial = 0; trial < 2000 && !testing::Test::HasFailure(); ++trial)
  {
    std::ofstream(file, std::ios::binary) << mutator.bytes(good);
    std::vector<std::string> refused;
    const std::string found = newest(store, refused);
    EXPECT_EQ(found, refused.empty() ? "2 @ 1" : "1 @ 0") << "trial " << trial;
    n_refused += refused.size();
  }
  EXPECT_GT(n_refused, 1900u);
}

// Requirement: a full disk is an error, and what stood there still stands.
TEST(Checkpoint, FullDiskKeepsBothSlots)
{
  const TemporaryFolder folder;
  CheckpointStore store(folder / "", "run");
  store.write(state_of(1), "");
  store.write(state_of(2), "");
  const std::string before = read_file(folder / "run.0.checkpoint");
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const rlimit lower{4000, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &lower);
  const auto sentence = sentence_of<WriteError>([&] { store.write(state_of(3, 1000), ""); });
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(sentence, HasSubstr("/run.0.checkpoint': File too large."));
  EXPECT_EQ(read_file(folder / "run.0.checkpoint"), before);
  EXPECT_FALSE(std::filesystem::exists(folder / "run.0.checkpoint.part"));
  std::vector<std::string> refused;
  EXPECT_EQ(newest(store, refused), "2 @ 1");
  store.write(state_of(3), "");
  EXPECT_EQ(newest(store, refused), "3 @ 2");
}

TEST(Checkpoint, RefusesNaN)
{
  const TemporaryFolder folder;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CheckpointStore store(folder / "", "run");
  store.write(state_of(1), "");
  EXPECT_THAT(sentence_of<UserError>([&] { state_of(nan); }), HasSubstr("not finite"));
  ModelFile state = state_of(2);
  state.meta() = {{"deep", {{"list", {1., nan}}}}};
  EXPECT_EQ(sentence_of<UserError>([&] { store.write(state, ""); }),
            "The meta data of the checkpoint 'run' have a number that is not finite.");
  std::vector<std::string> refused;
  EXPECT_EQ(newest(store, refused), "1 @ 0");
}
