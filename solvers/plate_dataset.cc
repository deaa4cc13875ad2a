// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/number_text.h>
#include <data/core/timing.h>
#include <data/sampling/latin_hypercube.h>
#include <solvers/generate_samples.h>
#include <solvers/plate_dataset.h>

#include <algorithm>
#include <cmath>

namespace understudy
{
namespace
{
using Json = nlohmann::json;

const std::vector<double> &field_of(const PlateResult &result, const std::string &name)
{
  return name == "U1"       ? result.U1
         : name == "U2"     ? result.U2
         : name == "evrcum" ? result.evrcum
         : name == "sig11"  ? result.sig11
         : name == "sig22"  ? result.sig22
                            : result.sig12;
}

std::vector<std::size_t> numbers(std::size_t first, std::size_t n)
{
  std::vector<std::size_t> all(n);
  for (std::size_t i = 0; i < n; ++i)
    all[i] = first + i;
  return all;
}

/// Inputs, outputs and splits by the names that a CGNS tree of the data would have.
Json problem_definition(const PlateSamplingParameters &sampling)
{
  const std::string zone = "Base_2_2/Zone/";
  Json inputs = {zone + "GridCoordinates/CoordinateX", zone + "GridCoordinates/CoordinateY"};
  Json outputs = Json::array();
  for (const PlateRange &range : plate_ranges(sampling.variant))
    inputs.push_back(std::string("Global/") + range.name);
  for (const char *name : plate_fields)
    outputs.push_back(zone + "VertexFields/" + name);
  for (const char *name : plate_scalars)
    outputs.push_back(std::string("Global/") + name);
  return {{"name", "plate_" + sampling.variant},
          {"input_features", inputs},
          {"output_features", outputs},
          {"train_split", {{"train", numbers(0, sampling.n_train)}}},
          {"test_split", {{"test", numbers(sampling.n_train, sampling.n_test)}}}};
}

void add_mesh(const TriangleMesh &mesh, std::vector<std::vector<double>> &values)
{
  std::vector<double> points, cells, edges, parts, features;
  for (const auto &x : mesh.nodes)
    points.insert(points.end(), x.begin(), x.end());
  for (const auto &t : mesh.triangles)
    cells.insert(cells.end(), t.begin(), t.end());
  for (std::size_t part = 0; part < plate_parts.size(); ++part)
    for (const auto &edge : mesh.edges.at(plate_parts[part]))
    {
      edges.insert(edges.end(), edge.begin(), edge.end());
      parts.push_back(static_cast<double>(part));
    }
  for (const char *name : plate_features)
    features.push_back(mesh.features.at(name));
  for (auto *list : {&points, &cells, &edges, &parts, &features})
    values.push_back(std::move(*list));
}

/// What begins a sentence on a stored plate.
std::string in_sample(const DataSet &data, std::size_t id)
{
  return "Sample " + std::to_string(id) + " of the data set '" + data.folder() + "' has ";
}

std::vector<unsigned> read_numbers(const DataSet &data, std::size_t id, const char *field)
{
  std::vector<unsigned> all;
  for (const double value : data.read(id, field))
  {
    if (!(value >= 0. && value < 4294967295.))
      throw UserError(in_sample(data, id) + "a number " + number_text(value) + " in '" + field +
                      "', where numbers count from 0.");
    all.push_back(static_cast<unsigned>(value));
  }
  return all;
}

/// Whether the mesh hangs together is left to those who use it.
TriangleMesh read_mesh(const DataSet &data, std::size_t id)
{
  TriangleMesh mesh;
  const auto points = data.read(id, "mesh/points");
  const auto cells = read_numbers(data, id, "mesh/cells"),
             edges = read_numbers(data, id, "mesh/edges"),
             parts = read_numbers(data, id, "mesh/edge_part"),
             features = read_numbers(data, id, "mesh/features");
  for (std::size_t i = 0; i < points.size(); i += 2)
    mesh.nodes.push_back({points[i], points[i + 1]});
  for (std::size_t i = 0; i < cells.size(); i += 3)
    mesh.triangles.push_back({cells[i], cells[i + 1], cells[i + 2]});
  if (edges.size() != 2 * parts.size())
    throw UserError(in_sample(data, id) + std::to_string(edges.size() / 2) +
                    " edges of its boundary, but parts for " + std::to_string(parts.size()) + ".");
  for (std::size_t i = 0; i < parts.size(); ++i)
  {
    if (parts[i] >= plate_parts.size())
      throw UserError(in_sample(data, id) + "an edge of the part " + std::to_string(parts[i]) +
                      " of its boundary; a plate has " + std::to_string(plate_parts.size()) +
                      " parts, counted from 0.");
    mesh.edges[plate_parts[parts[i]]].push_back({edges[2 * i], edges[2 * i + 1]});
  }
  for (std::size_t i = 0; i < plate_features.size(); ++i)
    mesh.features[plate_features[i]] = features.at(i);
  return mesh;
}
} // namespace

// K of "plastic", whose R0 is given, and all of "flowing" were chosen by a scan: 24 plates per row
// (one design of radius 0.2 to 0.8, P, C, D and Young's modulus, meshes of about 1,000 nodes);
// share of the plates whose largest evrcum exceeds 1e-4 and 1e-3, and lies between 1e-3 and 2e-2;
// median and largest of it. No plate was without solution; in the row 20, 30-60 two steps were
// halved.
//
//     n   K [MPa]   R0 [MPa]   > 1e-4   > 1e-3   1e-3 to 2e-2   median    largest
//    20   300-600   100-150      0 %      0 %        0 %        0         3e-11
//    20   100-200   100-150      4 %      0 %        0 %        6e-20     9e-4
//    20    30-60    100-150     29 %     12 %                   2e-9      3.1
//    12   300-600   100-150      0 %      0 %        0 %        3e-18     2e-7
//    12   100-200   100-150      8 %      4 %        4 %        1e-12     1.6e-3
//    12    30-60    100-150     42 %     21 %                   2.5e-6    2.0
//     8   300-600   100-150      0 %      0 %        0 %        1e-12     2e-5
//     8   100-200   100-150     12 %      4 %        4 %        7e-9      2.5e-3
//     8    30-60    100-150     46 %     25 %                   5e-5      0.9
//     3   100-200   100-150     50 %     21 %       21 %        1.1e-4    1.7e-2   "plastic"
//     8   100-200    60-90      62 %     21 %       21 %        1.5e-4    1.2e-2
//     4   150-300    60-90      88 %     29 %       29 %        4.9e-4    1.5e-2
//     4   150-300    40-60      96 %     71 %       67 %        1.2e-3    3.2e-2
//     4   150-300    20-40     100 %     88 %       83 %        2.3e-3    6.2e-2
//     4   300-600    10-20      96 %     58 %       58 %        1.0e-3    7.4e-3
//     4   200-400    10-20     100 %     88 %       83 %        2.6e-3    3.0e-2   "flowing"
//
// The largest von Mises stress of an elastic plate is 120 to 330 MPa: with an R0 of 100 MPa and
// more half of the plates never flow, and with a large n the others flow through their ligament or
// hardly at all. A small exponent spreads the strains over few decades.
std::vector<PlateRange> plate_ranges(const std::string &variant)
{
  const bool plastic = variant == "plastic", flowing = variant == "flowing";
  return {{"P", "MPa", -50., -40.},
          {"R0", "MPa", plastic ? 100. : 10., plastic ? 150. : 20.},
          {"K", "MPa",
           plastic   ? 100.
           : flowing ? 200.
                     : 300.,
           plastic   ? 200.
           : flowing ? 400.
                     : 600.},
          {"C", "MPa", 1000., 2000.},
          {"D", "1", 1000., 2000.},
          {"young", "MPa", 5e4, 1e5}};
}

std::string plate_unit(const std::string &name)
{
  const bool is_length = name == "U1" || name == "U2" || name == "max_U2_top";
  return is_length ? "mm" : name == "evrcum" || name == "max_evrcum" ? "1" : "MPa";
}

void scalars_of_fields(const TriangleMesh &mesh, const std::vector<std::vector<double>> &fields,
                       double *scalars)
{
  std::vector<unsigned> top;
  for (const auto &edge : mesh.edges.at("top"))
    top.insert(top.end(), edge.begin(), edge.end());
  std::ranges::copy(plate_scalars_of(top, fields[1], fields[2], fields[3], fields[4], fields[5]),
                    scalars);
}

std::vector<PlateDesign> design_plates(const PlateSamplingParameters &sampling)
{
  std::vector<double> lower = {sampling.radius_lower}, upper = {sampling.radius_upper};
  for (const PlateRange &range : plate_ranges(sampling.variant))
  {
    lower.push_back(range.lower);
    upper.push_back(range.upper);
  }
  std::vector<PlateDesign> all;
  const auto add = [&](std::size_t n, std::uint64_t seed)
  {
    const PointBatch points = latin_hypercube(n, lower, upper, seed);
    for (std::size_t p = 0; p < n; ++p)
    {
      PlateDesign design{PlateShape::circle(points(0, p)), 1000 * sampling.seed + all.size(), {}};
      for (std::size_t c = 1; c < lower.size(); ++c)
        design.inputs.push_back(points(c, p));
      all.push_back(std::move(design));
    }
  };
  add(sampling.n_train, sampling.seed);
  add(sampling.n_test, sampling.seed + 1);
  return all;
}

TriangleMesh mesh_of(const PlateDesign &design, const PlateSamplingParameters &sampling)
{
  PlateMeshing meshing;
  meshing.h = plate_element_size(design.shape, sampling.n_nodes);
  meshing.h_variation = sampling.h_variation;
  meshing.seed = design.mesh_seed;
  return make_plate(design.shape, meshing);
}

PlateParameters parameters_of(const PlateDesign &design, const PlateParameters &base)
{
  PlateParameters p = base;
  p.pressure = design.inputs.at(0);
  p.material.R0 = design.inputs.at(1);
  p.material.K = design.inputs.at(2);
  p.material.C = design.inputs.at(3);
  p.material.D = design.inputs.at(4);
  p.material.young = design.inputs.at(5);
  return p;
}

DataSetInfo describe_plate_dataset(const PlateSamplingParameters &sampling,
                                   const PlateParameters &base)
{
  DataSetInfo info;
  info.kind = "plate-viscoplastic";
  info.fields = {{"mesh/points", {2}, "mm", true},
                 {"mesh/cells", {3}, "1", true, true},
                 {"mesh/edges", {2}, "1", true, true},
                 {"mesh/edge_part", {}, "1", true, true},
                 {"mesh/features", {plate_features.size()}, "1", false, true}};
  Json ranges = Json::object();
  for (const PlateRange &range : plate_ranges(sampling.variant))
  {
    info.fields.push_back({range.name, {}, range.unit});
    ranges[range.name] = {range.lower, range.upper};
  }
  for (const char *name : plate_fields)
    info.fields.push_back({name, {}, plate_unit(name), true});
  for (const char *name : plate_scalars)
    info.fields.push_back({name, {}, plate_unit(name)});
  info.fields.push_back({"seconds", {}, "s"});
  info.defining = {{"variant", sampling.variant},
                   {"ranges", ranges},
                   {"radius", {sampling.radius_lower, sampling.radius_upper}},
                   {"n_train", sampling.n_train},
                   {"n_test", sampling.n_test},
                   {"n_nodes", sampling.n_nodes},
                   {"h_variation", sampling.h_variation},
                   {"seed", sampling.seed},
                   {"poisson", base.material.poisson},
                   {"norton_exponent", base.material.n},
                   {"duration_s", base.duration},
                   {"n_steps", base.n_steps},
                   {"relative_tolerance", base.relative_tolerance},
                   {"absolute_tolerance", base.absolute_tolerance}};
  info.attributes = {{"title", "Notched plates in tension, elasto-viscoplastic, plane strain"},
                     {"edge_parts", plate_parts},
                     {"features", plate_features},
                     {"problem_definition", problem_definition(sampling)},
                     {"infos",
                      {{"num_samples", {{"train", sampling.n_train}, {"test", sampling.n_test}}},
                       {"legal", {{"owner", sampling.owner}, {"license", sampling.license}}},
                       {"data_production",
                        {{"type", "simulation"},
                         {"physics", "small-strain elasto-viscoplasticity, plane strain"},
                         {"simulator", "understudy, plate-viscoplastic"}}}}}};
  return info;
}

Sample solve_plate(std::size_t id, const std::string &split, const PlateDesign &design,
                   const TriangleMesh &mesh, const PlateParameters &base)
{
  Sample sample;
  sample.id = id;
  sample.split = split;
  try
  {
    const double begin = seconds_now();
    const PlateResult result =
      PlateViscoplastic(mesh, parameters_of(design, base), MPI_COMM_SELF).run();
    const double seconds = seconds_now() - begin;
    add_mesh(mesh, sample.values);
    for (const double input : design.inputs)
      sample.values.push_back({input});
    for (const char *name : plate_fields)
      sample.values.push_back(field_of(result, name));
    for (const double scalar :
         {result.max_von_mises, result.max_evrcum, result.max_U2_top, result.max_sig22_top})
      sample.values.push_back({scalar});
    sample.values.push_back({seconds});
  }
  catch (const SolverError &failure)
  {
    sample.crashed = true;
    sample.note = failure.what();
    sample.values.clear();
  }
  return sample;
}

std::size_t generate_plate_dataset(MPI_Comm comm, const std::string &folder,
                                   const PlateSamplingParameters &sampling,
                                   const PlateParameters &base, Log &log, bool start_afresh)
{
  const std::vector<PlateDesign> designs = design_plates(sampling);
  const auto solve = [&](std::size_t id)
  {
    return solve_plate(id, id < sampling.n_train ? "train" : "test", designs[id],
                       mesh_of(designs[id], sampling), base);
  };
  return generate_samples(comm, folder, describe_plate_dataset(sampling, base), designs.size(),
                          sampling.samples_per_shard, solve, "generate", log, start_afresh);
}

StoredPlate read_plate(const DataSet &data, std::size_t id)
{
  StoredPlate plate{read_mesh(data, id), {}, {}, {}, data.read(id, "seconds").at(0)};
  for (const PlateRange &range : plate_ranges("paper")) // names are those of all variants
    plate.inputs.push_back(data.read(id, range.name).at(0));
  for (const char *name : plate_fields)
  {
    plate.fields.push_back(data.read(id, name));
    if (plate.fields.back().size() != plate.mesh.n_nodes())
      throw UserError(in_sample(data, id) + "a field '" + name + "' of " +
                      std::to_string(plate.fields.back().size()) + " values on a mesh of " +
                      std::to_string(plate.mesh.n_nodes()) + " nodes.");
  }
  for (const char *name : plate_scalars)
    plate.scalars.push_back(data.read(id, name).at(0));
  return plate;
}
} // namespace understudy
