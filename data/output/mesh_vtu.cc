// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/output/mesh_vtu.h>
#include <data/store/atomic_file.h>

#include <vtkCellData.h>
#include <vtkDoubleArray.h>
#include <vtkNew.h>
#include <vtkPointData.h>
#include <vtkPoints.h>
#include <vtkUnstructuredGrid.h>
#include <vtkXMLUnstructuredGridWriter.h>

#include <cmath>
#include <set>
#include <stdexcept>

namespace understudy
{
namespace
{
void check_field(const MeshFields::Field &field, std::size_t n_entities)
{
  if (field.n_components != 1 && field.n_components != 2)
    throw std::logic_error("The field '" + field.name + "' has " +
                           std::to_string(field.n_components) + " components, not 1 or 2.");
  if (field.values.size() != field.n_components * n_entities)
    throw std::logic_error("The field '" + field.name + "' has " +
                           std::to_string(field.values.size()) + " values instead of " +
                           std::to_string(field.n_components * n_entities) + ".");
  for (std::size_t i = 0; i < field.values.size(); ++i)
    if (!std::isfinite(field.values[i]))
      throw std::logic_error("The field '" + field.name + "' is not finite at entity " +
                             std::to_string(i / field.n_components) + ".");
}

void add_fields(const std::vector<MeshFields::Field> &fields, std::size_t n_entities,
                vtkDataSetAttributes &data)
{
  std::set<std::string> names;
  for (const auto &field : fields)
  {
    check_field(field, n_entities);
    if (!names.insert(field.name).second)
      throw std::logic_error("The field '" + field.name + "' is given twice.");
    const bool vector = field.n_components == 2;
    vtkNew<vtkDoubleArray> array;
    array->SetName(field.name.c_str());
    array->SetNumberOfComponents(vector ? 3 : 1); // ParaView takes two components for no vector
    array->SetNumberOfTuples(static_cast<vtkIdType>(n_entities));
    for (std::size_t i = 0; i < n_entities; ++i)
      if (vector)
        array->SetTuple3(static_cast<vtkIdType>(i), field.values[2 * i], field.values[2 * i + 1],
                         0.);
      else
        array->SetValue(static_cast<vtkIdType>(i), field.values[i]);
    data.AddArray(array);
  }
}

template <std::size_t n>
void add_cells(const std::vector<std::array<unsigned, n>> &cells, int type, std::size_t n_points,
               vtkUnstructuredGrid &grid)
{
  for (const auto &cell : cells)
  {
    std::array<vtkIdType, n> nodes;
    for (std::size_t a = 0; a < n; ++a)
    {
      if (cell[a] >= n_points)
        throw std::logic_error("Cell " + std::to_string(&cell - cells.data()) +
                               " of a mesh to write has no point " + std::to_string(cell[a]) + ".");
      nodes[a] = cell[a];
    }
    grid.InsertNextCell(type, n, nodes.data());
  }
}

void add_mesh(const MeshFields &mesh, vtkUnstructuredGrid &grid)
{
  vtkNew<vtkPoints> points;
  points->SetDataTypeToDouble();
  points->SetNumberOfPoints(static_cast<vtkIdType>(mesh.points.size()));
  for (std::size_t i = 0; i < mesh.points.size(); ++i)
    points->SetPoint(static_cast<vtkIdType>(i), mesh.points[i][0], mesh.points[i][1], 0.);
  grid.SetPoints(points);

  grid.Allocate(static_cast<vtkIdType>(mesh.cells.size() + mesh.triangles.size()));
  add_cells(mesh.cells, VTK_QUADRATIC_QUAD, mesh.points.size(), grid);
  add_cells(mesh.triangles, VTK_TRIANGLE, mesh.points.size(), grid);
}
} // namespace

void write_mesh_vtu(const std::string &path, const MeshFields &mesh)
{
  vtkNew<vtkUnstructuredGrid> grid;
  add_mesh(mesh, *grid);
  add_fields(mesh.point_fields, mesh.points.size(), *grid->GetPointData());
  add_fields(mesh.cell_fields, mesh.cells.size() + mesh.triangles.size(), *grid->GetCellData());

  // Into memory first: VTK's own file output is not atomic and reports a full disk to stderr only.
  vtkNew<vtkXMLUnstructuredGridWriter> writer;
  writer->SetInputData(grid);
  writer->WriteToOutputStringOn();
  writer->SetDataModeToAppended();
  writer->EncodeAppendedDataOff(); // raw bytes
  if (writer->Write() == 0)
    throw WriteError("The file '" + path + "' could not be prepared by VTK.");
  write_file_atomically(path, std::string_view(writer->GetOutputString()));
}
} // namespace understudy
