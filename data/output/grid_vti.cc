// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/output/grid_vti.h>
#include <data/store/atomic_file.h>

#include <vtkFloatArray.h>
#include <vtkImageData.h>
#include <vtkNew.h>
#include <vtkPointData.h>
#include <vtkXMLImageDataWriter.h>

#include <cmath>
#include <set>
#include <stdexcept>

namespace understudy
{
namespace
{
void check_grid(const GridView &grid)
{
  for (unsigned d = 0; d < 3; ++d)
    if (grid.n_nodes[d] == 0 || !std::isfinite(grid.origin[d]) || !std::isfinite(grid.spacing[d]) ||
        grid.spacing[d] <= 0.)
      throw std::logic_error("A grid to write needs nodes, a finite origin and positive spacings "
                             "in all directions.");
}

void check_field(const GridImageField &field, std::size_t n_nodes)
{
  if (field.values.size() != n_nodes)
    throw std::logic_error("The field '" + field.name + "' has " +
                           std::to_string(field.values.size()) + " values instead of " +
                           std::to_string(n_nodes) + ".");
  for (std::size_t i = 0; i < n_nodes; ++i)
    if (!std::isfinite(field.values[i]))
      throw std::logic_error("The field '" + field.name + "' is not finite at node " +
                             std::to_string(i) + ".");
}

void add_field(const GridImageField &field, const GridView &grid, vtkPointData &data)
{
  vtkNew<vtkFloatArray> array;
  array->SetName(field.name.c_str());
  array->SetNumberOfTuples(static_cast<vtkIdType>(grid.size()));
  // In a grid of ours the last index runs fastest, in an image of VTK the first one.
  const std::size_t n0 = grid.n_nodes[0], n1 = grid.n_nodes[1], n2 = grid.n_nodes[2];
  for (std::size_t i = 0; i < n0; ++i)
    for (std::size_t j = 0; j < n1; ++j)
      for (std::size_t k = 0; k < n2; ++k)
        array->SetValue(static_cast<vtkIdType>((k * n1 + j) * n0 + i),
                        field.values[(i * n1 + j) * n2 + k]);
  data.AddArray(array);
}
} // namespace

void write_grid_vti(const std::string &path, const GridView &grid,
                    std::span<const GridImageField> fields)
{
  check_grid(grid);
  vtkNew<vtkImageData> image;
  image->SetDimensions(static_cast<int>(grid.n_nodes[0]), static_cast<int>(grid.n_nodes[1]),
                       static_cast<int>(grid.n_nodes[2]));
  image->SetOrigin(grid.origin.data());
  image->SetSpacing(grid.spacing.data());
  std::set<std::string> names;
  for (const GridImageField &field : fields)
  {
    check_field(field, grid.size());
    if (!names.insert(field.name).second)
      throw std::logic_error("The field '" + field.name + "' is given twice.");
    add_field(field, grid, *image->GetPointData());
  }

  // Into memory first: VTK's own file output is not atomic and reports a full disk to stderr only.
  vtkNew<vtkXMLImageDataWriter> writer;
  writer->SetInputData(image);
  writer->WriteToOutputStringOn();
  writer->SetDataModeToAppended();
  writer->EncodeAppendedDataOff(); // raw bytes
  if (writer->Write() == 0)
    throw WriteError("The file '" + path + "' could not be prepared by VTK.");
  write_file_atomically(path, std::string_view(writer->GetOutputString()));
}
} // namespace understudy
