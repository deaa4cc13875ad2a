// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <vtkSmartPointer.h>
#include <vtkUnstructuredGrid.h>
#include <vtkXMLUnstructuredGridReader.h>

#include <string>

namespace understudy::testing_tools
{
/// The grid in a .vtu file, read by VTK itself.
inline vtkSmartPointer<vtkUnstructuredGrid> read_vtu(const std::string &path)
{
  const auto reader = vtkSmartPointer<vtkXMLUnstructuredGridReader>::New();
  reader->SetFileName(path.c_str());
  reader->Update();
  return reader->GetOutput();
}
} // namespace understudy::testing_tools
