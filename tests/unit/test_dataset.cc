// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/store/atomic_file.h>
#include <data/store/dataset.h>
#include <data/store/dataset_writer.h>
#include <data/store/shard.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <sys/resource.h>

using namespace understudy;
using testing::HasSubstr;
using testing_tools::sentence_of;
using testing_tools::TemporaryFolder;

namespace
{
DataSetInfo example_info()
{
  DataSetInfo info;
  info.kind = "fe2-rve";
  info.fields = {{"strain", {3}, "1"}, {"modes", {2, 2}, "MPa"}, {"energy", {}, "MPa"}};
  info.attributes = {{"title", "three fields"}, {"case_text", std::string(100'000, 'c')}};
  info.defining = {{"norm", "energy"}, {"box", {0.04, 0.04, 0.08}}, {"seed", 7}};
  info.statics["mesh/nodes"] = {{2, 2}, "mm", {0., 0.5, 1., 1.5}, false};
  info.statics["mesh/cells"] = {{1, 4}, "1", {0, 1, 2, 3}, true};
  return info;
}

Sample sample(const std::size_t id, const std::string &split)
{
  const double x = double(id);
  return {id, split, false, "", {{x, x + 0.1, x + 0.2}, {x, 2. * x, 3. * x, 4. * x}, {-x}}};
}

void write_example(const std::string &folder)
{
  DataSetWriter writer(MPI_COMM_SELF, folder, example_info());
  writer.write_round({sample(4, "train"), sample(0, "test")});
  writer.write_round({{2, "train", true, "Newton failed", {}}});
  writer.write_round({sample(1, "train"), sample(3, "val")});
}

std::string error_of_writing(const std::string &folder, const DataSetInfo &info)
{
  return sentence_of<UserError>([&] { DataSetWriter(MPI_COMM_SELF, folder, info); });
}
} // namespace

TEST(DataSet, RoundTrip)
{
  const TemporaryFolder folder;
  write_example(folder / "data");
  const DataSet set = DataSet::open(folder / "data");
  EXPECT_EQ(set.ids("train"), (std::vector<std::size_t>{1, 4}));
  EXPECT_EQ(set.ids(), (std::vector<std::size_t>{0, 1, 3, 4}));
  EXPECT_EQ(set.crashed(), std::vector<std::size_t>{2});
  EXPECT_EQ(set.manifest().samples.at(2).note, "Newton failed");
  for (const std::size_t id : set.ids())
  {
    EXPECT_EQ(set.read(id, "strain"), sample(id, "").values[0]);
    EXPECT_EQ(set.read(id, "modes"), sample(id, "").values[1]);
    EXPECT_EQ(set.read(id, "energy"), sample(id, "").values[2]);
  }
  EXPECT_EQ(set.read_all("train", "modes"), (std::vector<double>{1, 2, 3, 4, 4, 8, 12, 16}));
  EXPECT_TRUE(set.read_all("nothing", "modes").empty());
  EXPECT_EQ(set.attributes(), example_info().attributes);
  EXPECT_EQ(set.static_array("mesh/nodes").values, (std::vector<double>{0., 0.5, 1., 1.5}));
  EXPECT_EQ(set.static_array("mesh/cells").values, (std::vector<double>{0, 1, 2, 3}));
  EXPECT_EQ(set.fingerprint(), example_info().fingerprint());
  set.verify();
  set.require(example_info());
}

// Requirement: the hash knows contents, and neither the order of writing nor the shards.
TEST(DataSet, HashIsThatOfTheContents)
{
  const TemporaryFolder folder;
  write_example(folder / "a");
  {
    DataSetWriter writer(MPI_COMM_SELF, folder / "b", example_info());
    writer.write_round({sample(0, "test"),
                        sample(1, "train"),
                        sample(3, "val"),
                        sample(4, "train"),
                        {2, "train", true, "other words", {}}});
  }
  {
    DataSetWriter writer(MPI_COMM_SELF, folder / "c", example_info());
    Sample changed = sample(1, "train");
    changed.values[2][0] += 1e-15;
    writer.write_round({sample(0, "test"),
                        changed,
                        sample(3, "val"),
                        sample(4, "train"),
                        {2, "train", true, "Newton failed", {}}});
  }
  EXPECT_EQ(DataSet::open(folder / "a").hash(), DataSet::open(folder / "b").hash());
  EXPECT_NE(DataSet::open(folder / "a").hash(), DataSet::open(folder / "c").hash());
}

// Requirement: samples on meshes of their own, which differ in size, are stored and read, and h5py
// finds them at /mesh/<id> and /samples/<id>.
TEST(DataSet, RaggedFields)
{
  const TemporaryFolder folder;
  DataSetInfo info;
  info.kind = "meshes";
  info.fields = {{"mesh/points", {2}, "mm", true},
                 {"mesh/cells", {3}, "1", true, true},
                 {"U1", {}, "mm", true},
                 {"inputs", {2}, "MPa"}};
  const Sample three{7, "train", false, "", {{0, 0, 1, 0, 0, 1}, {0, 1, 2}, {1, 2, 3}, {8, 9}}},
    four{
      9, "test", false, "", {{0, 0, 1, 0, 1, 1, 0, 1}, {0, 1, 2, 0, 2, 3}, {1, 2, 3, 4}, {6, 7}}};
  {
    DataSetWriter writer(MPI_COMM_SELF, folder / "data", info);
    Sample odd = three;
    odd.values[1].pop_back();
    EXPECT_EQ(sentence_of<UserError>([&] { writer.write_round({odd}); }),
              "Sample 7 has 2 values of 'mesh/cells' where its shape is n x [3].");
    odd.values[1].clear();
    EXPECT_THAT(sentence_of<UserError>([&] { writer.write_round({odd}); }), HasSubstr("0 values"));
    writer.write_round({three, four});
  }
  const DataSet set = DataSet::open(folder / "data");
  set.require(info);
  for (const Sample &sample : {three, four})
    for (std::size_t f = 0; f < info.fields.size(); ++f)
      EXPECT_EQ(set.read(sample.id, info.fields[f].name), sample.values[f]);
  EXPECT_EQ(set.read_all("test", "inputs"), four.values[3]);
  EXPECT_THAT(sentence_of<UserError>([&] { set.read_all("test", "U1"); }),
              HasSubstr("differs in length from sample to sample"));
  info.fields[2].ragged = false;
  EXPECT_THAT(sentence_of<UserError>([&] { set.require(info); }), HasSubstr("field 'U1' of n x"));
  if (std::system("/usr/bin/python3 -c 'import h5py' 2> /dev/null") != 0)
    GTEST_SKIP() << "h5py is not installed";
  std::ofstream(folder / "look.py") << R"(
import h5py, sys
with h5py.File(sys.argv[1] + '/shard-000000-0000.h5', 'r') as f:
    assert f['mesh/9/points'].shape == (4, 2) and f['mesh/9/points'].attrs['unit'] == 'mm'
    assert f['mesh/7/cells'].dtype == 'int64' and f['mesh/7/cells'][:].tolist() == [[0, 1, 2]]
    assert f['samples/9/U1'][:].tolist() == [1, 2, 3, 4]
    assert f['samples/inputs'][:].tolist() == [[8, 9], [6, 7]]
)";
  const std::string command = "/usr/bin/python3 " + (folder / "look.py") + " " + (folder / "data");
  EXPECT_EQ(std::system(command.c_str()), 0);
}

// Requirement: h5py opens a shard and finds fields, units, ids, splits and attributes.
TEST(DataSet, PythonReadsAShard)
{
  if (std::system("/usr/bin/python3 -c 'import h5py' 2> /dev/null") != 0)
    GTEST_SKIP() << "h5py is not installed";
  const TemporaryFolder folder;
  write_example(folder / "data");
  std::ofstream(folder / "look.py") << R"(
import h5py, json, sys
with h5py.File(sys.argv[1] + '/shard-000000-0000.h5', 'r') as f:
    assert f['samples/modes'].shape == (2, 2, 2) and f['samples/modes'].chunks == (1, 2, 2)
    assert f['samples/modes'].attrs['unit'] == 'MPa'
    assert f['samples/strain'][0, 1] == 4.1 and f['samples/energy'][:].tolist() == [-4, 0]
    assert f['sample_id'][:].tolist() == [4, 0]
    assert f['split'].asstr()[:].tolist() == ['train', 'test']
    assert f.attrs['norm'] == 'energy' and f.attrs['seed'] == 7 and f.attrs['format_version'] == 2
    assert f.attrs['box'].tolist() == [0.04, 0.04, 0.08]
    assert len(json.loads(f.attrs['attributes_json'])['case_text']) == 100000
    assert f.attrs['program'] == 'understudy' and len(f.attrs['fingerprint']) == 64
    assert all(name in f.attrs for name in ('git_commit', 'version', 'created_utc', 'petsc_version'))
with h5py.File(sys.argv[1] + '/static.h5', 'r') as f:
    assert f['mesh/cells'].dtype == 'int64' and f['mesh/nodes'].attrs['unit'] == 'mm'
)";
  const std::string command = "/usr/bin/python3 " + (folder / "look.py") + " " + (folder / "data");
  EXPECT_EQ(std::system(command.c_str()), 0);
}

// Requirement: resuming keeps what the manifest lists and removes what it does not.
TEST(DataSet, Resumes)
{
  const TemporaryFolder folder;
  write_example(folder / "data");
  for (const char *name : {"shard-000003-0000.h5", "shard-000003-0001.h5.part", "notes.txt"})
    std::ofstream(folder / "data/" + name) << "x";
  DataSetWriter writer(MPI_COMM_SELF, folder / "data", example_info());
  EXPECT_EQ(writer.done(), (std::set<std::size_t>{0, 1, 2, 3, 4}));
  EXPECT_FALSE(std::filesystem::exists(folder / "data/shard-000003-0000.h5"));
  EXPECT_FALSE(std::filesystem::exists(folder / "data/shard-000003-0001.h5.part"));
  EXPECT_TRUE(std::filesystem::exists(folder / "data/notes.txt"));
  writer.write_round({sample(9, "val")});
  EXPECT_EQ(DataSet::open(folder / "data").read_all("val", "energy"),
            (std::vector<double>{-3, -9}));
}

TEST(DataSet, StartsAfresh)
{
  const TemporaryFolder folder;
  write_example(folder / "data");
  DataSetInfo other = example_info();
  other.defining["norm"] = "l2";
  DataSetWriter writer(MPI_COMM_SELF, folder / "data", other, true);
  EXPECT_TRUE(writer.done().empty());
  EXPECT_TRUE(DataSet::open(folder / "data").ids().empty());
  EXPECT_FALSE(std::filesystem::exists(folder / "data/shard-000000-0000.h5"));
}

// Requirement: another data set is refused by the first thing in which it differs.
TEST(DataSet, RefusesAnotherDataSet)
{
  const TemporaryFolder folder;
  write_example(folder / "data");
  DataSetInfo norm = example_info(), unit = example_info(), kind = example_info(),
              box = example_info(), mesh = example_info();
  norm.defining["norm"] = "l2";
  box.defining["box"][1] = 0.05;
  unit.fields[1].unit = "Pa";
  kind.kind = "darcy";
  mesh.statics["mesh/nodes"].values[1] = 0.6;
  const std::string label = "Data set '" + (folder / "data") + "' has ";
  EXPECT_EQ(error_of_writing(folder / "data", norm),
            label +
              "norm = \"energy\" where the case asks for norm = \"l2\"; choose another output "
              "directory or run the stage 'generate' with --force.");
  EXPECT_THAT(error_of_writing(folder / "data", box), HasSubstr("box/1 = 0.04 where the case asks "
                                                                "for box/1 = 0.05"));
  EXPECT_THAT(
    error_of_writing(folder / "data", unit),
    HasSubstr("field 'modes' [2, 2] in MPa where the case asks for field 'modes' [2, 2] in "
              "Pa"));
  EXPECT_THAT(error_of_writing(folder / "data", kind),
              HasSubstr("the kind 'fe2-rve' where the case "
                        "asks for 'darcy'"));
  EXPECT_THAT(error_of_writing(folder / "data", mesh), HasSubstr("other static arrays"));
  EXPECT_THAT(sentence_of<UserError>([&] { DataSet::open(folder / "data").require(norm); }),
              HasSubstr("norm = \"energy\""));
}

TEST(DataSet, RefusesMissingForeignAndDamagedFiles)
{
  const TemporaryFolder folder;
  const auto opening = [&]
  { return sentence_of<UserError>([&] { DataSet::open(folder / "data"); }); };
  const std::string shard = folder / "data/shard-000000-0000.h5";
  EXPECT_EQ(opening(),
            "There is no data set in '" + (folder / "data") + "'; run the stage 'generate' first.");
  std::filesystem::create_directory(folder / "data");
  for (const auto &[text, reason] :
       {std::pair("{", "it is not JSON"), std::pair("{}", "not the manifest of an Understudy"),
        std::pair("{\"format\":\"understudy-dataset\"}", "an entry is missing")})
  {
    std::ofstream(folder / "data/manifest.json") << text;
    EXPECT_THAT(opening(), HasSubstr(reason));
  }
  std::filesystem::remove(folder / "data/manifest.json");
  write_example(folder / "data");

  std::string bytes = read_file(shard);
  bytes[bytes.size() / 2] ^= 1;
  write_file_atomically(shard, bytes);
  EXPECT_EQ(opening(), "");
  EXPECT_THAT(sentence_of<UserError>([&] { DataSet::open(folder / "data").read(4, "strain"); }),
              HasSubstr("shard-000000-0000.h5' differs from the SHA-256 in the manifest"));
  EXPECT_EQ(sentence_of<UserError>([&] { DataSet::open(folder / "data").read(1, "strain"); }), "");
  write_file_atomically(shard, bytes.substr(1));
  EXPECT_THAT(opening(), HasSubstr("bytes where the manifest lists"));
  std::filesystem::remove(shard);
  EXPECT_THAT(opening(), HasSubstr("lacks its file 'shard-000000-0000.h5'"));
}

// Requirement: nobody changes a split, an id or an attribute of the manifest unnoticed.
TEST(DataSet, RefusesAnEditedManifest)
{
  const TemporaryFolder folder;
  write_example(folder / "data");
  const std::string good = read_file(folder / "data/manifest.json");
  const auto edited = [&](const std::string &old_text, const std::string &new_text)
  {
    std::string text = good;
    text.replace(text.find(old_text), old_text.size(), new_text);
    write_file_atomically(folder / "data/manifest.json", text);
    return sentence_of<UserError>([&] { DataSet::open(folder / "data"); });
  };
  EXPECT_THAT(edited("\"norm\": \"energy\"", "\"norm\": \"l2\""),
              HasSubstr("fingerprint contradicts"));
  EXPECT_THAT(edited("\"split\": \"val\"", "\"split\": \"test\""),
              HasSubstr("contradict its SHA-256"));
  EXPECT_THAT(edited("\"row\": 1", "\"row\": -1"), HasSubstr("not a whole number >= 0"));
  EXPECT_THAT(edited("\"id\": 4", "\"id\": 0"), HasSubstr("lists sample 0 twice"));
  EXPECT_THAT(edited("\"shard-000000-0000.h5\": {", "\"../../etc\": {"), HasSubstr("foreign name"));
  EXPECT_THAT(edited("\"format_version\": 2", "\"format_version\": 1"),
              HasSubstr("its format version is 1, this program knows version 2"));
  for (const auto &[old_text, new_text] : {std::pair("three fields", "four fields"),
                                           {"Newton failed", "Newton gave up"},
                                           {"\"row\": 0", "\"row\": 1"},
                                           {"\"unit\": \"mm\"", "\"unit\": \"m\""}})
    EXPECT_THAT(edited(old_text, new_text),
                HasSubstr("its contents differ from its SHA-256, so it was damaged or edited"));
}

TEST(DataSet, RefusesWrongSamplesAndNames)
{
  const TemporaryFolder folder;
  DataSetWriter writer(MPI_COMM_SELF, folder / "data", example_info());
  const auto writing = [&](const Sample &wrong)
  { return sentence_of<UserError>([&] { writer.write_round({wrong}); }); };
  Sample nan = sample(0, "train"), shape = sample(0, "train");
  nan.values[1][3] = std::numeric_limits<double>::quiet_NaN();
  shape.values[1].pop_back();
  EXPECT_THAT(writing(nan), HasSubstr("Sample 0 has a value of 'modes' that is not finite"));
  EXPECT_THAT(writing(shape), HasSubstr("3 values of 'modes' where its shape is [2, 2]"));
  EXPECT_THAT(writing(sample(0, "trial")), HasSubstr("known: train, val, test"));
  writer.write_round({sample(0, "train")});
  EXPECT_THAT(writing(sample(0, "train")), HasSubstr("Sample 0 was offered"));
  EXPECT_THAT(sentence_of<UserError>(
                [&] {
                  writer.write_round({sample(5, "val"), sample(5, "val")});
                }),
              HasSubstr("Sample 5 was offered"));
  EXPECT_THAT(error_of_writing(folder / "data", example_info()),
              HasSubstr("Another program is writing the data set"));
  const DataSet set = DataSet::open(folder / "data");
  EXPECT_EQ(set.ids(), std::vector<std::size_t>{0});
  EXPECT_THAT(sentence_of<UserError>([&] { set.read(0, "strian"); }),
              HasSubstr("no field 'strian'; did you mean 'strain'?"));
  EXPECT_THAT(sentence_of<UserError>([&] { set.read(1, "strain"); }), HasSubstr("no sample 1"));
  EXPECT_THAT(sentence_of<UserError>([&] { set.static_array("mesh/node"); }),
              HasSubstr("did you mean 'mesh/nodes'?"));
}

// Requirement: a disk that is full in the middle of a round loses nothing that was acknowledged,
// and writing goes on when there is room again.
TEST(DataSet, SurvivesAFullDisk)
{
  const TemporaryFolder folder;
  DataSetInfo info = example_info();
  info.attributes = nlohmann::json::object();
  DataSetWriter writer(MPI_COMM_SELF, folder / "data", info);
  writer.write_round({sample(0, "train")});
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const rlimit lower{100, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &lower);
  const std::string sentence =
    sentence_of<WriteError>([&] { writer.write_round({sample(1, "val")}); });
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(sentence, HasSubstr("Cannot write '" + (folder / "data/shard-000001-0000.h5")));
  EXPECT_EQ(writer.done(), std::set<std::size_t>{0});
  EXPECT_EQ(DataSet::open(folder / "data").ids(), std::vector<std::size_t>{0});
  writer.write_round({sample(1, "val")});
  EXPECT_EQ(DataSet::open(folder / "data").read(1, "energy"), std::vector<double>{-1.});
}
