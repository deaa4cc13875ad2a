// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <data/core/log.h>
#include <data/store/dataset.h>
#include <meshes/plate_generator.h>
#include <solvers/plate_viscoplastic.h>

#include <mpi.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace understudy
{
/// A scalar of the design with its range.
struct PlateRange
{
  const char *name, *unit;
  double lower, upper;
};

/// Which plates are sampled: Latin hypercubes over the radius of the notches and the scalars, one
/// per split, each plate with an unstructured mesh of its own.
struct PlateSamplingParameters
{
  std::string variant = "paper"; ///< or "plastic" or "flowing", see plate_ranges()
  unsigned n_train = 120, n_test = 40;
  unsigned n_nodes = 1200; ///< of a mesh with the mean element size
  double h_variation = 0.15;
  double radius_lower = 0.2, radius_upper = 0.8; ///< of the notches; the side of the plate is 2
  std::uint64_t seed = 24;
  unsigned samples_per_shard = 8;
  std::string owner, license; ///< of the data, for infos.yaml; empty: not stated
};

/// The scalar inputs P, R0, K, C, D, young, in this order. Of Tensile2d (Casenave et al., 2023) in
/// the variant "paper". In "plastic" R0 is 100 to 150 MPa and K 100 to 200 MPa; with Norton's
/// exponent 3 in the place of 20 half of the plates flow by more than 1e-4. In "flowing" K is 200
/// to 400 MPa; with the exponent 4 most plates flow by 1e-3 to 2e-2.
std::vector<PlateRange> plate_ranges(const std::string &variant);

inline constexpr std::array<const char *, 6> plate_fields = {"U1",    "U2",    "evrcum",
                                                             "sig11", "sig22", "sig12"};
inline constexpr std::array<const char *, 4> plate_scalars = {"max_von_mises", "max_evrcum",
                                                              "max_U2_top", "max_sig22_top"};
/// Unit of a field or scalar: "mm", "MPa" or "1".
std::string plate_unit(const std::string &name);

/// The plate_scalars of nodal fields: the largest von Mises stress
/// sqrt(s11^2 - s11 s22 + s22^2 + 3 s12^2) and evrcum of all nodes, the largest U2 and sig22 of
/// those on the edges "top".
/// @param fields  parallel to plate_fields, at the nodes of @p mesh
/// @param scalars [4]
void scalars_of_fields(const TriangleMesh &mesh, const std::vector<std::vector<double>> &fields,
                       double *scalars);

/// A plate before it is solved.
struct PlateDesign
{
  PlateShape shape;
  std::uint64_t mesh_seed = 0;
  std::vector<double> inputs; ///< parallel to plate_ranges()
};

/// The plates of the data set in the order of their numbers: training, then test.
std::vector<PlateDesign> design_plates(const PlateSamplingParameters &sampling);

TriangleMesh mesh_of(const PlateDesign &design, const PlateSamplingParameters &sampling);

/// @p base with load and material of the design.
PlateParameters parameters_of(const PlateDesign &design, const PlateParameters &base);

/// Description of the data set, kind "plate-viscoplastic". Fields of a sample: mesh/points [n][2]
/// [mm], mesh/cells [n][3], mesh/edges [n][2] and mesh/edge_part [n] (number in plate_parts),
/// mesh/features [8] (nodes, in the order of plate_features), the scalars of plate_ranges(), the
/// nodal plate_fields [n], the plate_scalars, and "seconds", the time of the solution. The
/// attribute "problem_definition" names inputs, outputs and splits.
DataSetInfo describe_plate_dataset(const PlateSamplingParameters &sampling,
                                   const PlateParameters &base);

/// The sample of a solved design; crashed, with the sentence of the solver, where it has none.
Sample solve_plate(std::size_t id, const std::string &split, const PlateDesign &design,
                   const TriangleMesh &mesh, const PlateParameters &base);

/// Solves all plates that @p folder does not hold yet, see generate_samples(). Collective.
std::size_t generate_plate_dataset(MPI_Comm comm, const std::string &folder,
                                   const PlateSamplingParameters &sampling,
                                   const PlateParameters &base, Log &log, bool start_afresh);

/// A plate as it stands in a data set.
struct StoredPlate
{
  TriangleMesh mesh;
  std::vector<double> inputs;
  std::vector<std::vector<double>> fields; ///< parallel to plate_fields
  std::vector<double> scalars;             ///< parallel to plate_scalars
  double seconds = 0.;
};
/// Throws UserError, naming the sample, when what stands there are not the numbers of a plate: a
/// negative node, an edge of an unknown part, a field without one value for each node.
StoredPlate read_plate(const DataSet &data, std::size_t id);
} // namespace understudy
