// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Input that the built program has to refuse: each with its exit code and one sentence. A tiny case
// is trained once; every test works on a copy of its output folder.

#include <cases/csv.h>
#include <data/core/errors.h>
#include <data/store/atomic_file.h>
#include <data/store/manifest.h>
#include <data/store/model_file.h>
#include <meshes/rve_published.h>
#include <tests/only_line.h>
#include <tests/small_rve.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdlib>
#include <sys/resource.h>

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

namespace understudy::test
{
namespace
{
using Json = nlohmann::json;
namespace fs = std::filesystem;

/// The exit codes that the README promises.
constexpr int refused = 2, not_written = 4;

struct BadInput : testing::Test
{
  static void SetUpTestSuite()
  {
    folder_ = std::make_unique<testing_tools::TemporaryFolder>();
    SmallRve().write(path());
    const auto trained = run_understudy(of_case("trained") + " --stages generate,train");
    ASSERT_EQ(trained.code, 0) << trained.output;
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static std::string path() { return folder_->path(); }

  /// A copy of the trained case to be damaged, by the name of the test.
  static std::string copy()
  {
    const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(path() + "/" + name);
    fs::copy(path() + "/trained", path() + "/" + name, fs::copy_options::recursive);
    return name;
  }
  static std::string in(const std::string &name, const std::string &file)
  {
    return path() + "/" + name + "/" + file;
  }

  static std::vector<std::string> words(const std::string &output, const std::string &mesh)
  {
    std::vector<std::string> all = {UNDERSTUDY_SOURCE_DIR "/tests/cases/fe2_small.prm", "-D",
                                    "Output directory=" + path() + "/" + output, "-D",
                                    "Coupling/Closure=equino-rbf"};
    const auto more = SmallRve::overrides(path() + "/" + mesh);
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  /// The command line of the case, quoted for a shell. @param mesh folder of its tables
  static std::string of_case(const std::string &output, const std::string &mesh = ".")
  {
    std::string line;
    for (const auto &word : words(output, mesh))
      line += " '" + word + "'";
    return line;
  }

  /// The one line with which the program ends.
  static std::string sentence(const std::string &arguments, int code = refused)
  {
    return only_line(run_understudy(arguments + " --quiet"), code);
  }

  /// No file of @p output has a name of a write that failed.
  static void expect_no_part_in(const std::string &output)
  {
    for (const auto &entry : fs::recursive_directory_iterator(path() + "/" + output))
      EXPECT_NE(entry.path().extension(), ".part") << entry.path();
  }

  static std::unique_ptr<testing_tools::TemporaryFolder> folder_;
};
std::unique_ptr<testing_tools::TemporaryFolder> BadInput::folder_;

/// Changes what a model file says of itself; its hash fits what it then says.
template <class Change>
void edit_model(const std::string &file, const Change &change)
{
  ModelFile model = ModelFile::read(file);
  change(model.meta()["card"]);
  model.write(file);
  ModelFile::read(file); // its hash is right: whoever refuses it has another reason
}
} // namespace

// Requirement: a model of other quantities, units, norm or micro structure is refused for that
// reason.
TEST_F(BadInput, ForeignModels)
{
  struct
  {
    void (*change)(Json &card);
    const char *words;
  } const flaws[] = {
    {[](Json &card) { card["outputs"][0]["unit"] = "Pa"; },
     " has the outputs Sxx [Pa], Syy [N/mm2], Sxy [N/mm2], but a micro model needs Sxx [N/mm2], "},
    {[](Json &card) { card["inputs"][2]["name"] = "Exy"; },
     " has the inputs Exx [1], Eyy [1], Exy [1], but a micro model needs Exx [1], Eyy [1], Gxy "
     "[1]; run the stage 'train' again with --force."},
    {[](Json &card) { card["norm"] = "inplane"; },
     " was trained for norm 'inplane', the case has 'full'; run the stage 'train' again or"},
  };
  for (const auto &[change, words] : flaws)
  {
    const std::string name = copy(), model = in(name, "models/equino-rbf.safetensors");
    edit_model(model, change);
    EXPECT_THAT(sentence(of_case(name) + " --stages run"),
                AllOf(HasSubstr("The model " + model), HasSubstr(words), Not(HasSubstr("SHA"))));
  }
}

// Requirement: a model that was edited without its hash is refused as such, on two ranks once.
TEST_F(BadInput, EditedModelOnTwoRanks)
{
  const std::string name = copy(), model = in(name, "models/equino-rbf.safetensors");
  std::string bytes = read_file(model);
  const auto place = bytes.find("N/mm2");
  ASSERT_NE(place, std::string::npos);
  bytes.replace(place, 5, "kN/m2");
  write_file_atomically(model, bytes);
  const auto result = run_understudy_on(2, of_case(name) + " --stages run --quiet");
  EXPECT_THAT(only_line(result, refused), HasSubstr("its contents differ from its SHA-256"));
}

// Requirement: a data set of other units or another norm is refused for that reason, by training
// and by the stage that would have continued it.
TEST_F(BadInput, ForeignDataSets)
{
  const auto refusal = [](void (*change)(DataSetInfo &), const std::string &stage)
  {
    const std::string name = copy(), data = in(name, "data");
    Manifest manifest = Manifest::read(data);
    change(manifest.info);
    manifest.write(data);
    Manifest::read(data); // its hashes are right
    fs::remove_all(in(name, "stages"));
    return sentence(of_case(name) + " --stages " + stage);
  };
  EXPECT_THAT(refusal([](DataSetInfo &info) { info.fields.at(1).unit = "Pa"; }, "train"),
              HasSubstr("/data' has field 'S' [3] in Pa where the case asks for field 'S' [3] in "
                        "N/mm2; choose another output directory or run the stage 'generate' with "
                        "--force."));
  const auto other_norm = [](DataSetInfo &info) { info.defining["norm"] = "inplane"; };
  for (const char *stage : {"train", "generate"})
    EXPECT_THAT(
      refusal(other_norm, stage),
      HasSubstr("/data' has norm = \"inplane\" where the case asks for norm = \"full\"; choose"));
}

// Requirement: a data set that is missing or not complete is told, with the stage that mends it.
TEST_F(BadInput, MissingAndIncompleteDataSets)
{
  EXPECT_THAT(sentence(of_case("nothing") + " --stages train"),
              HasSubstr("There is no data set in '" + in("nothing", "data") +
                        "'; run the stage 'generate' first."));
  const std::string name = copy(), data = in(name, "data");
  Manifest manifest = Manifest::read(data);
  manifest.samples.erase(manifest.samples.begin(), std::next(manifest.samples.begin(), 4));
  manifest.write(data);
  EXPECT_THAT(
    sentence(of_case(name) + " --stages train"),
    HasSubstr("Data set '" + data + "' holds 40 of 44 samples; run the stage 'generate'"));
}

// Requirement: a mesh that is no periodic RVE is refused, with its file and the line or cell.
TEST_F(BadInput, DamagedMeshes)
{
  struct
  {
    void (*change)(SmallRve &rve);
    const char *words;
  } const flaws[] = {
    {[](SmallRve &rve) { rve.elements[3] = "4,1,3,19,9,15,18,20,21,11"; },
     "/elements.csv': cell 4 with first corner at (0, 0) is inverted"},
    {[](SmallRve &rve) { rve.nodes.pop_back(); }, "/elements.csv:4: node 21 is not in 1..20."},
    {[](SmallRve &rve) { rve.elements[1].replace(2, 1, "3"); },
     "/elements.csv:2: phase 3 is not in 1..2."},
    {[](SmallRve &rve) { rve.nodes[19] = "0.5,0.24"; },
     "boundary node 20 at (0.5, 0.24) has no periodic partner on the opposite side."},
  };
  fs::create_directory(path() + "/mesh");
  for (const auto &[change, words] : flaws)
  {
    SmallRve rve;
    change(rve);
    rve.write(path() + "/mesh");
    EXPECT_THAT(sentence(of_case("nothing", "mesh") + " --validate"), HasSubstr(words));
  }
  fs::remove(path() + "/mesh/nodes.csv");
  EXPECT_THAT(
    sentence(of_case("nothing", "mesh") + " --validate"),
    HasSubstr("The 'Node file' " + path() + "/mesh/nodes.csv of section 'Micro' does not exist."));
}

// Requirement: cells that overlap, a slit, and a node of no cell do not pass as a mesh, although
// the area is right and the boundary periodic; the mark with which spreadsheets begin a file may
// stand.
TEST_F(BadInput, MeshesThatDoNotHangTogether)
{
  const std::string folder = path() + "/loose";
  fs::create_directory(folder);
  const auto refusal = [&](const auto &change)
  {
    SmallRve rve;
    change(rve);
    rve.write(folder);
    return testing_tools::sentence_of<UserError>(
      [&] { read_published_rve(folder + "/nodes.csv", folder + "/elements.csv"); });
  };
  EXPECT_EQ(refusal([](SmallRve &) {}), "");
  EXPECT_EQ(refusal([](SmallRve &rve) { rve.nodes[0].insert(0, "\xef\xbb\xbf"); }), "");
  EXPECT_THAT(refusal([](SmallRve &rve) { rve.elements.pop_back(); }),
              HasSubstr("does not fill the unit square: the area of its cells is 0.75, not 1."));
  EXPECT_THAT(
    refusal([](SmallRve &rve) { rve.elements[1] = "2" + rve.elements[0].substr(1); }),
    HasSubstr("elements.csv:1: the side from node 1 to node 2 belongs to 3 cells; in a "));
  EXPECT_EQ(refusal([](SmallRve &rve) { rve.nodes.push_back("0.1,0.1"); }),
            folder + "/nodes.csv:22: this node belongs to no cell.");
  // The third cell gets its own copy of the node between it and the first one.
  EXPECT_EQ(refusal(
              [](SmallRve &rve)
              {
                rve.nodes.push_back("0,-0.25");
                rve.elements[0].replace(rve.elements[0].find(",6,"), 3, ",22,");
              }),
            folder + "/elements.csv:1: the side from node 2 to node 3 belongs to 1 cell; in a "
                     "periodic mesh every side belongs to two.");
}

// Requirement: where the output cannot be written, the program says so, leaves no half-written
// file, and goes on from there when it can.
TEST_F(BadInput, OutputThatCannotBeWritten)
{
  const std::string data = in("blocked", "data");
  fs::create_directories(in("blocked", ""));
  std::ofstream(data) << "a file in the place of the folder";
  EXPECT_THAT(sentence(of_case("blocked") + " --stages generate", not_written),
              HasSubstr("Cannot write '" + data + "': Not a directory."));
  fs::remove(data);

  const std::string shard = data + "/shard-000001-0000.h5";
  fs::create_directories(shard); // a folder in the place of a file
  EXPECT_THAT(sentence(of_case("blocked") + " --stages generate", not_written),
              HasSubstr("Cannot write '" + shard + "': Is a directory."));
  expect_no_part_in("blocked");
  EXPECT_EQ(Manifest::read(data).samples.size(), 4u); // the first round
  fs::remove(shard);
  const auto done = run_understudy(of_case("blocked") + " --stages generate");
  EXPECT_EQ(done.code, 0);
  EXPECT_THAT(done.output, HasSubstr("continues a data set of 4 acknowledged samples"));
  EXPECT_EQ(Manifest::read(data).hash(), Manifest::read(in("trained", "data")).hash());
}

// Requirement: models that cannot be written are told by their path, and those that were there
// stay.
TEST_F(BadInput, ModelsThatCannotBeWritten)
{
  const std::string name = copy(), model = in(name, "models/linear.safetensors");
  const std::string before = read_file(model);
  fs::create_symlink("/dev/full", model + ".part"); // where a model is written before it is renamed
  EXPECT_THAT(sentence(of_case(name) + " --stages train --force", not_written),
              HasSubstr("Cannot write '" + model + "': No space left on device."));
  expect_no_part_in(name);
  EXPECT_EQ(read_file(model), before);
  fs::remove_all(in(name, "models"));
  std::ofstream(in(name, "models")) << "a file in the place of the folder";
  EXPECT_THAT(sentence(of_case(name) + " --stages train", not_written),
              HasSubstr("Cannot write '" + in(name, "models") + "': Not a directory."));
}

// Requirement: a file that outgrows the limit of its size in the middle is not there.
TEST_F(BadInput, FileSizeLimit)
{
  auto arguments = words("limited", ".");
  arguments.insert(arguments.end(), {"--stages", "generate,train"});
  StartedProgram program(1, arguments);
  // From here on, after MPI has made its own large files. Shards and the largest model exceed it.
  ASSERT_TRUE(program.runs_until("generate: Solves")) << program.output();
  const rlimit limit{20000, 20000};
  ASSERT_EQ(prlimit(program.pid(), RLIMIT_FSIZE, &limit, nullptr), 0);
  const auto result = program.wait();
  EXPECT_EQ(result.code, not_written) << result.output;
  const auto error = result.output.find("error: Cannot write '");
  ASSERT_NE(error, std::string::npos) << result.output;
  const auto begin = error + std::string("error: Cannot write '").size();
  const auto end = result.output.find('\'', begin);
  EXPECT_FALSE(fs::exists(result.output.substr(begin, end - begin)));
  EXPECT_EQ(result.output.substr(end), "': File too large.\n");
  expect_no_part_in("limited");
}

// Requirement: what a learned closure answers outside of its training box, or for what is not
// finite, is never called sound: health names the reason, and without an answer there is no number.
TEST_F(BadInput, StrainsOutsideTheBox)
{
  const std::string input = path() + "/strains.csv", output = path() + "/answers.csv";
  std::ofstream(input) << "Gxy,Exx,note,Eyy\n0.02,0.01,1,-0.005\n0.05,0,2,0\n0,-0.041,3,0\n"
                          "0,0,4,1e300\nnan,0,5,0\n0,inf,6,0\n0,0,7,-inf\n";
  for (const std::string closure : {"equino-mlp", "equino-rbf", "pod-galerkin", "training-mean",
                                    "linear", "snapshot-rbf", "snapshot-mlp"})
  {
    SCOPED_TRACE(closure);
    const auto done = run_understudy("evaluate " + of_case("trained") + " --closure " + closure +
                                     " --input " + input + " --output " + output);
    ASSERT_EQ(done.code, 0) << done.output;
    std::ifstream file(output);
    std::string line;
    std::getline(file, line);
    for (int row = 1; row <= 7; ++row)
    {
      SCOPED_TRACE("row " + std::to_string(row));
      ASSERT_TRUE(std::getline(file, line));
      std::istringstream cells(line);
      std::vector<std::string> words;
      for (std::string word; std::getline(cells, word, ',');)
        words.push_back(word);
      ASSERT_EQ(words.size(), 18u);
      const std::string &health = words[15];
      if (row == 1)
      {
        EXPECT_THAT(line, HasSubstr("0.01,-0.0050000000000000001,0.02,")); // columns by name
        EXPECT_EQ(health, "ok");
      }
      else if (row <= 3)
        EXPECT_EQ(health, "outside_training_range");
      else if (row == 4)
        EXPECT_NE(health, "ok");
      else
        EXPECT_EQ(health, "not_finite");
      const bool answered = health == "ok" || health == "outside_training_range";
      for (int i = 3; i < 15; ++i)
        EXPECT_EQ(std::isfinite(std::strtod(words[i].c_str(), nullptr)), answered) << line;
    }
  }
}

// Requirement: a coupled run whose strains leave the box says how many points did.
TEST_F(BadInput, CoupledRunOutsideTheBox)
{
  const auto done = run_understudy(of_case(copy()) + " --stages run -D Macro/Load=0.1 -D "
                                                     "Coupling/Reference=none");
  EXPECT_EQ(done.code, 0) << done.output;
  EXPECT_THAT(done.output, HasSubstr(" points outside the training range"));
}

// Requirement: tables from spreadsheets are read where they can be, and refused by file and line
// where not.
TEST_F(BadInput, TablesOfStrains)
{
  const std::string file = path() + "/table.csv";
  const auto refusal = [&](const std::string &text)
  {
    std::ofstream(file) << text;
    return testing_tools::sentence_of<UserError>([&] { read_csv(file).column("Exx"); });
  };
  EXPECT_EQ(refusal("\xef\xbb\xbf"
                    "Exx, Eyy\t,Gxy\r\n0.01,2e-2, inf\r\n\r\n# words\n"),
            "");
  EXPECT_EQ(refusal(""), file + " has no header row.");
  EXPECT_EQ(refusal("0.01,0.01,0.02\n"),
            file + ":1: there are numbers where the header row with the names of the columns is "
                   "expected.");
  EXPECT_EQ(refusal("Exx;Eyy;Gxy\n0;0;0\n"),
            file + ":1: the columns of the header are not separated by commas.");
  EXPECT_EQ(refusal("exx,Eyy,Gxy\n0,0,0\n"),
            file + ": there is no column 'Exx'; did you mean 'exx'? Known: exx, Eyy, Gxy.");
  EXPECT_EQ(refusal("Exx,Exx,Gxy\n"), file + ":1: the column 'Exx' comes twice in the header.");
  EXPECT_EQ(refusal("Exx,,Gxy\n"), file + ":1: column 2 of the header has no name.");
  EXPECT_EQ(refusal("Exx,Eyy\n\n0,1\n0,01,02\n"),
            file + ":4: the row has 3 values, the header 2 columns.");
  EXPECT_EQ(refusal("Exx,Eyy\n0,1x\n"), file + ":2: '1x' in column 'Eyy' is no number.");
  EXPECT_EQ(refusal(std::string("Exx\n0\0\n", 7)), file + " is not a text file.");
  fs::remove(file);
  EXPECT_EQ(testing_tools::sentence_of<UserError>([&] { read_csv(file); }),
            "Cannot read '" + file + "': No such file or directory.");
}
} // namespace understudy::test
