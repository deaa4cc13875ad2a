// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/fe2/parameters.h>
#include <data/core/errors.h>
#include <data/core/nearest_name.h>
#include <data/core/parameters.h>
#include <meshes/rve_generator.h>
#include <meshes/rve_published.h>
#include <surrogates/register.h>

#include <deal.II/base/patterns.h>
#include <deal.II/base/utilities.h>

#include <algorithm>
#include <filesystem>

namespace understudy
{
namespace
{
using namespace dealii::Patterns;

template <class Names>
std::string choice(const Names &names)
{
  std::string text;
  for (const auto &name : names)
    text.append(text.empty() ? "" : "|").append(name);
  return text;
}

void declare_material(dealii::ParameterHandler &prm, const std::string &section,
                      MaterialParameters &m)
{
  prm.enter_subsection(section);
  prm.add_parameter("Law", m.law, "Material law.", Selection(choice(material_laws().names())));
  add_number(prm, "Bulk modulus", m.bulk, "K of both laws [N/mm2]", Double(1e-12));
  add_number(prm, "Shear modulus", m.shear, "G of the law 'linear' [N/mm2]", Double(1e-12));
  add_number(prm, "Shear limit", m.a1, "a1 of 'saturating-shear', the limit of |dev s| [N/mm2]",
             Double(1e-12));
  add_number(prm, "Strain scale", m.a2, "a2 of 'saturating-shear': G starts at a1 / (2 a2) [1]",
             Double(1e-12));
  prm.leave_subsection();
}
} // namespace

void MicroParameters::declare(dealii::ParameterHandler &prm)
{
  auto geometries = rve_geometries();
  geometries.push_back("published");
  geometries.push_back("gmsh");
  prm.add_parameter("Geometry", geometry,
                    "Micro structure; 'published' reads 'Node file' and 'Element file', 'gmsh' "
                    "your own 'Mesh file'. Its materials are those of the sections Matrix and "
                    "Fibre below.",
                    Selection(choice(geometries)));
  prm.add_parameter("Refinement", refinement,
                    "Cells per side of a geometry of ours are multiplied by it [1]",
                    Integer(1, 64));
  prm.add_parameter("Node file", node_file, "Table x,y of the nodes of a published mesh.");
  prm.add_parameter("Element file", element_file, "Table of the Q8 elements of a published mesh.");
  prm.add_parameter("Mesh file", mesh_file,
                    "Of Gmsh, ASCII, format 4.1 or 2.2: quadrilaterals that fill a square of any "
                    "size and are periodic.");
  prm.add_parameter("Matrix group", groups.matrix,
                    "Name or number of the physical group of 'Mesh file' that is the matrix.");
  prm.add_parameter("Fibre group", groups.fibre,
                    "Name or number of the physical group of 'Mesh file' that is the fibre.");
  prm.add_parameter(
    "Norm", norm,
    "Norm of dev e in the law: 'full' in three dimensions, 'inplane' without the zz "
    "part (then the law has no potential).",
    Selection("full|inplane"));
  prm.add_parameter("Tolerance", rve.tolerance,
                    "Residual of the micro equilibrium relative to its absolute contributions [1]",
                    Double(1e-14, 1e-3));
  prm.add_parameter("Maximum Newton iterations", rve.maximum_iterations,
                    "Of a micro problem before it counts as failed [1]", Integer(1, 1000));
  declare_material(prm, "Matrix", rve.matrix);
  declare_material(prm, "Fibre", rve.fibre);
}

std::vector<std::string> MicroParameters::problems() const
{
  std::vector<std::string> all;
  const auto needs_file = [&](const std::string &key, const std::string &file)
  {
    if (file.empty())
      all.push_back("'Geometry' = " + geometry + " needs '" + key + "' in section 'Micro'.");
    else if (!std::filesystem::exists(file))
      all.push_back("The '" + key + "' " + file + " of section 'Micro' does not exist.");
  };
  const GmshGroups defaults;
  const bool tables = !node_file.empty() || !element_file.empty();
  const bool own_mesh =
    !mesh_file.empty() || groups.matrix != defaults.matrix || groups.fibre != defaults.fibre;
  const bool is_published = geometry == "published", is_gmsh = geometry == "gmsh";
  const std::string start =
    "'Geometry' = " + geometry +
    (is_published || is_gmsh ? " reads other files" : " makes its own mesh");
  if (!is_published && tables)
    all.push_back(start + ", but a 'Node file' or 'Element file' is given in section 'Micro'; set "
                          "'Geometry' = published or remove them.");
  if (!is_gmsh && own_mesh)
    all.push_back(start + ", but a 'Mesh file', 'Matrix group' or 'Fibre group' is given in "
                          "section 'Micro'; set 'Geometry' = gmsh or remove them.");
  if (is_published)
  {
    needs_file("Node file", node_file);
    needs_file("Element file", element_file);
  }
  if (is_gmsh)
  {
    needs_file("Mesh file", mesh_file);
    if (groups.matrix == groups.fibre)
      all.push_back("'Matrix group' and 'Fibre group' in section 'Micro' are both '" +
                    groups.matrix + "'.");
    if (refinement != 1)
      all.push_back("'Refinement' = " + std::to_string(refinement) +
                    " in section 'Micro' does not refine a mesh from a file; make a finer one in "
                    "Gmsh.");
  }
  return all;
}

RveMesh MicroParameters::make_mesh() const
{
  if (geometry == "published")
    return read_published_rve(node_file, element_file);
  if (geometry == "gmsh")
    return read_gmsh_rve(mesh_file, groups);
  return make_rve(geometry, refinement);
}

RveParameters MicroParameters::rve_parameters() const
{
  RveParameters p = rve;
  p.matrix.norm = p.fibre.norm = norm;
  return p;
}

void TrainingParameters::declare(dealii::ParameterHandler &prm)
{
  std::vector<std::string> trainable = ::understudy::closures().names();
  std::erase(trainable, "rve");
  prm.add_parameter("Closures", closures, "Micro models to train.",
                    List(Selection(choice(trainable)), 0, 100));
  prm.add_parameter("Evaluations of snapshot-mlp", snapshot_mlp_evaluations,
                    "Most evaluations of the loss of the rival [1]", Integer(1, 10000000));
  prm.add_parameter(
    "Use handover samples", use_handovers,
    "Train with the exact answers that an earlier run of this case was handed, too; "
    "the training box grows to hold them.");
  prm.add_parameter("Cubature tolerance", cubature_tolerance,
                    "Residual at which 'pod-galerkin' has enough quadrature points [1]",
                    Double(1e-14, 1.));
  prm.add_parameter("Cubature points", cubature_points,
                    "Most quadrature points of 'pod-galerkin' [1]", Integer(1, 1000000));
}

std::vector<std::string> TrainingParameters::names() const
{
  return dealii::Utilities::split_string_list(closures);
}

void CouplingParameters::declare(dealii::ParameterHandler &prm)
{
  auto names = case_closures();
  prm.add_parameter(
    "Closure", closure,
    "Micro model of the macro structure; 'guarded' is the chain of section 'Guard'.",
    Selection(choice(names)));
  std::erase(names, guarded_name);
  prm.add_parameter("Reference", reference,
                    "Micro model it is compared with in the same structure; 'none': no comparison.",
                    Selection(choice(names) + "|none"));
  prm.add_parameter("First guess", first_guess,
                    "What starts the exact micro model: the Galerkin ROM, or the last solution of "
                    "the point ('none'). It changes times, not results.",
                    Selection("pod-galerkin|none"));
  prm.add_parameter("Indicator", indicator,
                    "Compute the closure's own error indicator at every point.");
  prm.add_parameter("Symmetric tangent", symmetric_tangent,
                    "Use (C + C^T) / 2 of closures whose tangent is not symmetric by itself.");
  add_number(
    prm, "Checkpoint interval", checkpoint_interval,
    "Least time between two checkpoints of the macro run; it is longer where writing would "
    "take more than a fiftieth of the time. 0: one after every load step [s]",
    Double(0., 1e6));
}

std::vector<std::string> CouplingParameters::problems(const std::vector<std::string> &trained) const
{
  std::vector<std::string> all;
  for (const auto &[key, name] : {std::pair("Closure", closure), std::pair("Reference", reference)})
  {
    const std::string model = model_of(name);
    if (name != "none" && model != "rve" && model != guarded_name &&
        std::find(trained.begin(), trained.end(), model) == trained.end())
      all.push_back("'" + std::string(key) + "' = " + name + " in section 'Coupling' needs '" +
                    model + "' among the 'Closures' of section 'Training'.");
  }
  if (closure == reference)
    all.push_back("'Closure' and 'Reference' in section 'Coupling' are both " + closure +
                  "; set 'Reference' = none to run one micro model only.");
  return all;
}

void Fe2Parameters::declare(dealii::ParameterHandler &prm)
{
  prm.enter_subsection("Micro");
  micro.declare(prm);
  prm.leave_subsection();

  prm.enter_subsection("Data set");
  prm.add_parameter("Training samples", sampling.n_train, "Exact solutions for the modes [1]",
                    Integer(1, 1000000));
  prm.add_parameter("Validation samples", sampling.n_validation, "Exact solutions for choices [1]",
                    Integer(0, 1000000));
  prm.add_parameter("Test samples", sampling.n_test, "Exact solutions for the report only [1]",
                    Integer(1, 1000000));
  prm.add_parameter("Strain limit", sampling.limit, "Samples have |E_i| up to it [1]",
                    Double(1e-9, 10.));
  prm.add_parameter("Graded share", sampling.graded_share,
                    "Share of the training samples that are drawn towards zero strain [1]",
                    Double(0., 1.));
  prm.add_parameter("Seed", sampling.seed, "Seed of the Latin hypercubes [1]", Integer(0));
  prm.add_parameter("Samples per shard", sampling.samples_per_shard,
                    "Samples that a rank writes, and so may lose when killed, at a time [1]",
                    Integer(1, 100000));
  prm.leave_subsection();

  prm.enter_subsection("Training");
  training.declare(prm);
  prm.enter_subsection("EquiNO");
  equino.declare(prm);
  prm.leave_subsection();
  prm.leave_subsection();

  prm.enter_subsection("Macro");
  macro.declare(prm);
  prm.leave_subsection();

  prm.enter_subsection("Coupling");
  coupling.declare(prm);
  prm.leave_subsection();

  prm.enter_subsection("Guard");
  guard.declare(prm);
  prm.leave_subsection();
}

std::vector<std::string> Fe2Parameters::problems() const
{
  std::vector<std::string> all = micro.problems();
  const auto add = [&all](const std::vector<std::string> &more)
  { all.insert(all.end(), more.begin(), more.end()); };
  if (equino.modes > sampling.n_train)
    all.push_back("'Modes' = " + std::to_string(equino.modes) +
                  " in section 'Training/EquiNO' exceed "
                  "'Training samples' = " +
                  std::to_string(sampling.n_train) + " in section 'Data set'.");
  auto names = training.names();
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end())
    all.push_back("'Closures' in section 'Training' names " + *twice + " twice.");
  add(equino.problems());
  add(macro.problems());
  add(coupling.problems(training.names()));
  add(guard.problems(coupling.is_guarded(), sampling.n_validation, training.names()));
  return all;
}

std::vector<std::string> case_closures()
{
  auto names = closures().names();
  names.insert(names.begin(), {"equino", guarded_name});
  return names;
}

std::string model_of(const std::string &closure)
{
  return closure == "equino" ? "equino-rbf" : closure;
}
} // namespace understudy
