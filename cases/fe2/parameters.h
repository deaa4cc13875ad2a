// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cases/fe2/guard.h>
#include <meshes/rve_gmsh.h>
#include <meshes/rve_mesh.h>
#include <solvers/rve.h>
#include <solvers/rve_dataset.h>
#include <solvers/two_scale.h>
#include <surrogates/equino_training.h>
#include <surrogates/galerkin_training.h>

#include <deal.II/base/parameter_handler.h>

#include <string>
#include <vector>

namespace understudy
{
/// The micro structure of a case and its materials.
struct MicroParameters
{
  /// A name of make_rve(), "published" for the two tables or "gmsh" for the mesh file below.
  std::string geometry = "rve3";
  unsigned refinement = 1;
  std::string node_file, element_file;
  std::string mesh_file;
  GmshGroups groups;
  std::string norm = "full";
  RveParameters rve;

  void declare(dealii::ParameterHandler &prm);
  std::vector<std::string> problems() const;

  /// The mesh; throws UserError for files that are missing or wrong.
  RveMesh make_mesh() const;
  /// Materials with the norm of the case.
  RveParameters rve_parameters() const;
};

/// Which micro models are trained.
struct TrainingParameters
{
  std::string closures =
    "equino-rbf, equino-mlp, pod-galerkin, training-mean, linear, snapshot-rbf, "
    "snapshot-mlp";
  unsigned snapshot_mlp_evaluations = 1500;
  bool use_handovers = false;
  double cubature_tolerance = 1e-8;
  unsigned cubature_points = 400;

  void declare(dealii::ParameterHandler &prm);
  std::vector<std::string> names() const;
};

/// The chain of micro models that hand points over to each other, as a closure of the case.
inline const std::string guarded_name = "guarded";

/// Which micro models play in the macro structure.
struct CouplingParameters
{
  std::string closure = "equino";
  std::string reference = "rve";
  std::string first_guess = "pod-galerkin";
  bool indicator = true;
  bool symmetric_tangent = true;
  double checkpoint_interval = 1.; ///< [s]

  void declare(dealii::ParameterHandler &prm);
  bool is_guarded() const { return closure == guarded_name; }
  std::vector<std::string> problems(const std::vector<std::string> &trained) const;
};

/// A case of two-scale solid mechanics.
struct Fe2Parameters
{
  MicroParameters micro;
  RveSamplingParameters sampling;
  EquinoParameters equino;
  TrainingParameters training;
  CouplingParameters coupling;
  GuardParameters guard;
  TwoScaleParameters macro;

  void declare(dealii::ParameterHandler &prm);
  std::vector<std::string> problems() const;
};

/// The micro models that a case may name: all closures, "equino", EquiNO with the head that wins in
/// the structure, and "guarded".
std::vector<std::string> case_closures();

/// The closure that a name of the case stands for: "equino" is "equino-rbf".
std::string model_of(const std::string &closure);
} // namespace understudy
