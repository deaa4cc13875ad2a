// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: the plates of a data set are those of the design, each on a mesh of its own; they
// are read back as they were solved, and a data set of other columns or units is refused by name.
#include <data/core/errors.h>
#include <data/store/dataset.h>
#include <data/store/dataset_writer.h>
#include <solvers/plate_dataset.h>
#include <tests/temporary_folder.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

using namespace understudy;
using testing::AllOf;
using testing::HasSubstr;
using testing_tools::sentence_of;
using testing_tools::TemporaryFolder;

namespace
{
PlateSamplingParameters few(unsigned n_train = 3, unsigned n_test = 2)
{
  PlateSamplingParameters s;
  s.n_train = n_train;
  s.n_test = n_test;
  s.n_nodes = 150;
  s.radius_lower = 0.4;
  s.radius_upper = 0.7;
  return s;
}

PlateParameters two_steps()
{
  PlateParameters p;
  p.n_steps = 2;
  return p;
}

/// The first sample of few(), solved.
Sample solved()
{
  const PlateDesign design = design_plates(few())[0];
  return solve_plate(0, "train", design, mesh_of(design, few()), two_steps());
}

std::size_t place_of(const std::string &field)
{
  const auto fields = describe_plate_dataset(few(), two_steps()).fields;
  return static_cast<std::size_t>(
    std::find_if(fields.begin(), fields.end(), [&](const auto &f) { return f.name == field; }) -
    fields.begin());
}

/// The sentence with which a plate is refused after @p change of what is written.
std::string refusal(const std::function<void(std::vector<std::vector<double>> &)> &change)
{
  static const Sample good = solved();
  const TemporaryFolder folder;
  Sample sample = good;
  change(sample.values);
  DataSetWriter(MPI_COMM_SELF, folder / "data", describe_plate_dataset(few(), two_steps()))
    .write_round({sample});
  const DataSet data = DataSet::open(folder / "data");
  return sentence_of<UserError>([&] { read_plate(data, 0); });
}
} // namespace

// Requirement: each split is a Latin hypercube of its own over the radius and all scalars.
TEST(PlateDataSet, DesignsFillTheirRanges)
{
  for (const std::string variant : {"paper", "plastic", "flowing"})
  {
    PlateSamplingParameters s = few(30, 20);
    s.variant = variant;
    const auto ranges = plate_ranges(variant);
    const auto all = design_plates(s);
    ASSERT_EQ(all.size(), 50u);
    std::set<std::uint64_t> seeds;
    for (const PlateDesign &design : all)
    {
      seeds.insert(design.mesh_seed);
      EXPECT_EQ(design.shape.notch, PlateShape::Notch::circle);
      EXPECT_EQ(design.shape.depth, design.shape.half_height);
      ASSERT_EQ(design.inputs.size(), ranges.size());
    }
    EXPECT_EQ(seeds.size(), 50u);
    for (std::size_t c = 0; c <= ranges.size(); ++c)
      for (const auto &[first, n] : {std::pair{0u, 30u}, std::pair{30u, 20u}})
      {
        std::set<int> slices;
        for (std::size_t i = first; i < first + n; ++i)
        {
          const double share =
            c == ranges.size()
              ? (all[i].shape.depth - s.radius_lower) / (s.radius_upper - s.radius_lower)
              : (all[i].inputs[c] - ranges[c].lower) / (ranges[c].upper - ranges[c].lower);
          ASSERT_GE(share, 0.);
          ASSERT_LE(share, 1.);
          slices.insert(static_cast<int>(share * n));
        }
        EXPECT_EQ(slices.size(), n) << "component " << c;
      }
    PlateSamplingParameters other = s;
    ++other.seed;
    EXPECT_NE(design_plates(other)[7].inputs, all[7].inputs);
    EXPECT_EQ(design_plates(s)[7].inputs, all[7].inputs);
  }
}

// Requirement: all meshes differ, by their sizes too; with the size held, they have the nodes asked
// for.
TEST(PlateDataSet, EveryPlateHasAMeshOfItsOwn)
{
  PlateSamplingParameters s = few(40, 1);
  s.n_nodes = 400;
  std::set<std::vector<TriangleMesh::Triangle>> different;
  double least = 1e9, most = 0.;
  for (const PlateDesign &design : design_plates(s))
  {
    const TriangleMesh mesh = mesh_of(design, s);
    different.insert(mesh.triangles);
    least = std::min(least, static_cast<double>(mesh.n_nodes()));
    most = std::max(most, static_cast<double>(mesh.n_nodes()));
    EXPECT_EQ(mesh.edges.size(), plate_parts.size());
    EXPECT_EQ(mesh.features.size(), plate_features.size());
  }
  EXPECT_EQ(different.size(), 41u);
  EXPECT_GT(most / least, 1.4); // h varies by 15 % either way: 1.83 at most
  EXPECT_LT(most / least, 2.);
  s.h_variation = 0.;
  for (unsigned i = 0; i < 5; ++i)
    EXPECT_NEAR(mesh_of(design_plates(s)[i], s).n_nodes(), 400., 40.);
}

TEST(PlateDataSet, InputsGoToTheirPlaces)
{
  PlateDesign design;
  design.inputs = {-1., 2., 3., 4., 5., 6.};
  const PlateParameters p = parameters_of(design, two_steps());
  EXPECT_EQ(p.pressure, -1.);
  EXPECT_EQ(p.material.R0, 2.);
  EXPECT_EQ(p.material.K, 3.);
  EXPECT_EQ(p.material.C, 4.);
  EXPECT_EQ(p.material.D, 5.);
  EXPECT_EQ(p.material.young, 6.);
  EXPECT_EQ(p.n_steps, 2u);
  std::string names;
  for (const PlateRange &range : plate_ranges("flowing"))
    names += std::string(range.name) + "[" + range.unit + "] ";
  EXPECT_EQ(names, "P[MPa] R0[MPa] K[MPa] C[MPa] D[1] young[MPa] ");
}

TEST(PlateDataSet, PlatesAreReadBackAsTheyWereSolved)
{
  const TemporaryFolder folder;
  const auto designs = design_plates(few());
  {
    DataSetWriter writer(MPI_COMM_SELF, folder / "data",
                         describe_plate_dataset(few(), two_steps()));
    std::vector<Sample> samples;
    for (std::size_t i = 0; i < designs.size(); ++i)
      samples.push_back(solve_plate(i, i < 3 ? "train" : "test", designs[i],
                                    mesh_of(designs[i], few()), two_steps()));
    writer.write_round(samples);
  }
  const DataSet data = DataSet::open(folder / "data");
  data.require(describe_plate_dataset(few(), two_steps()));
  EXPECT_EQ(data.ids("test"), (std::vector<std::size_t>{3, 4}));
  for (std::size_t i = 0; i < designs.size(); ++i)
  {
    const StoredPlate plate = read_plate(data, i);
    const TriangleMesh mesh = mesh_of(designs[i], few());
    EXPECT_EQ(plate.mesh.nodes, mesh.nodes);
    EXPECT_EQ(plate.mesh.triangles, mesh.triangles);
    EXPECT_EQ(plate.mesh.edges, mesh.edges);
    EXPECT_EQ(plate.mesh.features, mesh.features);
    EXPECT_EQ(plate.inputs, designs[i].inputs);
    const PlateResult r =
      PlateViscoplastic(mesh, parameters_of(designs[i], two_steps()), MPI_COMM_SELF).run();
    EXPECT_EQ(plate.fields,
              (std::vector<std::vector<double>>{r.U1, r.U2, r.evrcum, r.sig11, r.sig22, r.sig12}));
    EXPECT_EQ(plate.scalars,
              (std::vector<double>{r.max_von_mises, r.max_evrcum, r.max_U2_top, r.max_sig22_top}));
    EXPECT_GE(plate.seconds, 0.);
  }
  const auto &problem = data.attributes().at("problem_definition");
  EXPECT_EQ(problem.at("train_split").at("train"), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(problem.at("test_split").at("test"), (std::vector<int>{3, 4}));
  EXPECT_EQ(problem.at("input_features").size(), 2u + 6u);
  EXPECT_EQ(problem.at("output_features").size(), 6u + 4u);
}

// Requirement: columns of another order, name or unit, quadrilaterals and other ranges are refused
// by the first thing in which they differ.
TEST(PlateDataSet, OtherColumnsAreRefusedByName)
{
  const TemporaryFolder folder;
  const auto refused =
    [&](const std::string &name, const std::function<void(DataSetInfo &)> &change)
  {
    DataSetInfo info = describe_plate_dataset(few(), two_steps());
    change(info);
    DataSetWriter(MPI_COMM_SELF, folder / name, info);
    return sentence_of<UserError>(
      [&] { DataSet::open(folder / name).require(describe_plate_dataset(few(), two_steps())); });
  };
  const std::size_t K = place_of("K"), C = place_of("C");
  EXPECT_EQ(refused("same", [](DataSetInfo &) {}), "");
  EXPECT_THAT(refused("order", [&](DataSetInfo &i) { std::swap(i.fields[K], i.fields[C]); }),
              HasSubstr("field 'C' [] in MPa where the case asks for field 'K' [] in MPa"));
  EXPECT_THAT(refused("name", [&](DataSetInfo &i) { i.fields[K].name = "viscosity"; }),
              HasSubstr("field 'viscosity' [] in MPa where the case asks for field 'K'"));
  EXPECT_THAT(refused("unit", [&](DataSetInfo &i) { i.fields[K].unit = "GPa"; }),
              HasSubstr("field 'K' [] in GPa where the case asks for field 'K' [] in MPa"));
  EXPECT_THAT(refused("missing", [&](DataSetInfo &i) { i.fields.pop_back(); }),
              HasSubstr("where the case asks for field 'seconds'"));
  EXPECT_THAT(
    refused("quads", [&](DataSetInfo &i) { i.fields[place_of("mesh/cells")].shape = {4}; }),
    HasSubstr("field 'mesh/cells' of n x [4] in 1 where the case asks for field 'mesh/cells' of "
              "n x [3]"));
  EXPECT_THAT(refused("range", [&](DataSetInfo &i) { i.defining["ranges"]["K"][1] = 700.; }),
              HasSubstr("ranges/K/1 = 700.0 where the case asks for ranges/K/1 = 600.0"));
}

TEST(PlateDataSet, APlateWithoutSolutionIsListedWithItsReason)
{
  PlateDesign design = design_plates(few())[0];
  design.inputs = {-50., 5., 20., 1000., 1000., 5e4}; // it flows
  PlateParameters impatient;
  impatient.maximum_iterations = 1;
  const Sample sample = solve_plate(0, "train", design, mesh_of(design, few()), impatient);
  EXPECT_TRUE(sample.crashed);
  EXPECT_TRUE(sample.values.empty());
  EXPECT_THAT(sample.note, AllOf(HasSubstr("Step "), HasSubstr(" of 10 of the plate"),
                                 HasSubstr("at triangle "), HasSubstr("halved more than 6 times")));
  const TemporaryFolder folder;
  DataSetWriter(MPI_COMM_SELF, folder / "data", describe_plate_dataset(few(), impatient))
    .write_round({sample});
  const DataSet data = DataSet::open(folder / "data");
  EXPECT_EQ(data.crashed(), std::vector<std::size_t>{0});
  EXPECT_THAT(sentence_of<UserError>([&] { read_plate(data, 0); }),
              AllOf(HasSubstr("no sample 0: it crashed"), HasSubstr("at triangle ")));
}

// Requirement: what another program wrote is refused where it is no plate.
TEST(PlateDataSet, StoredPlatesThatAreNoneAreRefused)
{
  using Values = std::vector<std::vector<double>>;
  const std::size_t cells = place_of("mesh/cells"), parts = place_of("mesh/edge_part"),
                    edges = place_of("mesh/edges"), U2 = place_of("U2");
  EXPECT_EQ(refusal([](Values &) {}), "");
  EXPECT_THAT(refusal([&](Values &v) { v[parts][3] = 8.; }),
              AllOf(HasSubstr("Sample 0 of the data set '"),
                    HasSubstr("has an edge of the part 8 of its boundary; a plate has 8 parts")));
  EXPECT_THAT(refusal([&](Values &v) { v[cells][1] = -3.; }),
              HasSubstr("has a number -3 in 'mesh/cells', where numbers count from 0."));
  EXPECT_THAT(refusal([&](Values &v) { v[edges].resize(v[edges].size() - 2); }),
              HasSubstr(" edges of its boundary, but parts for "));
  EXPECT_THAT(refusal([&](Values &v) { v[U2].pop_back(); }), HasSubstr("has a field 'U2' of "));
}
