// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <meshes/rve_generator.h>
#include <solvers/rve.h>
#include <solvers/rve_output.h>
#include <tests/temporary_folder.h>
#include <tests/vtu_reader.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vtkCellData.h>
#include <vtkDataArray.h>
#include <vtkPointData.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <utility>

using namespace understudy;
using testing::HasSubstr;
using testing_tools::read_vtu;
using testing_tools::sentence_of;
using testing_tools::TemporaryFolder;

namespace
{
/// Square cells of which every third is matrix, so that the order of the points (matrix first) is
/// far from that of the cells.
RveMesh checkered()
{
  RveMesh mesh = make_rve("laminate", 1);
  for (std::size_t c = 0; c < mesh.cells.size(); ++c)
    mesh.phase[c] = c % 3 == 1 ? Phase::matrix : Phase::fibre;
  return mesh;
}

std::array<double, 2> centre(const RveMesh &mesh, std::size_t cell)
{
  std::array<double, 2> x{};
  for (unsigned a = 0; a < 4; ++a)
    for (unsigned i = 0; i < 2; ++i)
      x[i] += mesh.nodes[mesh.cells[cell][a]][i] / 4;
  return x;
}

/// A stress linear in the place: its mean over a rectangular cell is its value in the centre.
std::array<double, 3> linear(const std::array<double, 2> &x, double factor)
{
  return {factor * (1 + 2 * x[0] + 30 * x[1]), factor * (x[0] - x[1]), factor * (5 - 7 * x[1])};
}

MicroState linear_state(const RveMesh &mesh, const Rve &rve, const std::string &prefix,
                        double factor)
{
  MicroState state{prefix, {}, {}};
  for (const auto &x : mesh.nodes)
  {
    state.displacement.push_back(factor * x[0]);
    state.displacement.push_back(factor * (x[1] + 2));
  }
  for (const auto &place : rve.discretisation().point_places())
    for (const double s : linear(place, factor))
      state.stress.push_back(s);
  return state;
}

double at(vtkDataSetAttributes *data, const std::string &name, std::size_t i, int component = 0)
{
  vtkDataArray *array = data->GetArray(name.c_str());
  if (!array)
    throw std::runtime_error("no field " + name);
  return array->GetComponent(static_cast<vtkIdType>(i), component);
}
} // namespace

TEST(RveOutput, CellsCarryTheMeanOfTheirOwnPoints)
{
  const TemporaryFolder folder;
  const RveMesh mesh = checkered();
  const Rve rve(mesh, RveParameters{});
  write_micro_fields(folder / "micro.vtu", mesh, rve, {linear_state(mesh, rve, "", 1.)});
  const auto grid = read_vtu(folder / "micro.vtu");

  ASSERT_EQ(grid->GetNumberOfPoints(), static_cast<vtkIdType>(mesh.nodes.size()));
  ASSERT_EQ(grid->GetNumberOfCells(), static_cast<vtkIdType>(mesh.cells.size()));
  for (std::size_t c = 0; c < mesh.cells.size(); ++c)
  {
    const auto s = linear(centre(mesh, c), 1.);
    EXPECT_EQ(at(grid->GetCellData(), "phase", c), mesh.phase[c] == Phase::fibre ? 2. : 1.);
    EXPECT_NEAR(at(grid->GetCellData(), "stress_xx", c), s[0], 1e-13);
    EXPECT_NEAR(at(grid->GetCellData(), "stress_yy", c), s[1], 1e-13);
    EXPECT_NEAR(at(grid->GetCellData(), "stress_xy", c), s[2], 1e-13);
  }
  for (std::size_t n = 0; n < mesh.nodes.size(); ++n)
  {
    EXPECT_EQ(at(grid->GetPointData(), "displacement", n, 0), mesh.nodes[n][0]);
    EXPECT_EQ(at(grid->GetPointData(), "displacement", n, 1), mesh.nodes[n][1] + 2);
  }
  EXPECT_EQ(grid->GetCellData()->GetNumberOfArrays(), 4) << "one state has no error";
  EXPECT_EQ(grid->GetPointData()->GetNumberOfArrays(), 1);
}

TEST(RveOutput, TheErrorIsTheStateMinusTheExactOneInEitherOrder)
{
  const TemporaryFolder folder;
  const RveMesh mesh = checkered();
  const Rve rve(mesh, RveParameters{});
  std::vector<MicroState> states = {linear_state(mesh, rve, "", 3.),
                                    linear_state(mesh, rve, "exact_", 2.)};
  for (int round = 0; round < 2; ++round, std::swap(states[0], states[1]))
  {
    write_micro_fields(folder / "micro.vtu", mesh, rve, states);
    const auto grid = read_vtu(folder / "micro.vtu");
    for (std::size_t c = 0; c < mesh.cells.size(); ++c)
    {
      const auto s = linear(centre(mesh, c), 1.);
      EXPECT_NEAR(at(grid->GetCellData(), "stress_xx", c), 3 * s[0], 1e-12);
      EXPECT_NEAR(at(grid->GetCellData(), "exact_stress_xx", c), 2 * s[0], 1e-12);
      EXPECT_NEAR(at(grid->GetCellData(), "stress_error_xx", c), s[0], 1e-12);
      EXPECT_NEAR(at(grid->GetCellData(), "stress_error_yy", c), s[1], 1e-12);
      EXPECT_NEAR(at(grid->GetCellData(), "stress_error_xy", c), s[2], 1e-12);
    }
    EXPECT_NEAR(at(grid->GetPointData(), "displacement_error", 0, 1), mesh.nodes[0][1] + 2, 1e-14);
  }
}

TEST(RveOutput, TheMeansOfASolutionAddUpToTheMacroscopicStress)
{
  const TemporaryFolder folder;
  const RveMesh mesh = make_rve("rve3", 1);
  Rve rve(mesh, RveParameters{});
  const std::array<double, 3> E = {0.01, -0.005, 0.02};
  std::vector<double> w;
  rve.elastic_guess(E, w);
  const RveAnswer answer = rve.solve(E, w, false);
  ASSERT_TRUE(answer.converged);

  MicroState state;
  rve.discretisation().nodal_displacement(E, w.data(), state.displacement);
  for (std::size_t q = 0; q < rve.stress().n_points(); ++q)
    for (unsigned i = 0; i < 3; ++i)
      state.stress.push_back(rve.stress()(i, q));
  write_micro_fields(folder / "micro.vtu", mesh, rve, {state});

  const auto grid = read_vtu(folder / "micro.vtu");
  std::array<double, 3> sum{};
  for (std::size_t c = 0; c < mesh.cells.size(); ++c)
  {
    const double area = cell_area(mesh, c);
    sum[0] += area * at(grid->GetCellData(), "stress_xx", c);
    sum[1] += area * at(grid->GetCellData(), "stress_yy", c);
    sum[2] += area * at(grid->GetCellData(), "stress_xy", c);
  }
  for (unsigned i = 0; i < 3; ++i)
    EXPECT_NEAR(sum[i], answer.stress[i], 1e-10 * std::abs(answer.stress[0]));
}

TEST(RveOutput, StatesThatDoNotFitAreRefused)
{
  const TemporaryFolder folder;
  const RveMesh mesh = checkered();
  const Rve rve(mesh, RveParameters{});
  MicroState state = linear_state(mesh, rve, "exact_", 1.);
  const auto write = [&] { write_micro_fields(folder / "micro.vtu", mesh, rve, {state}); };

  state.stress[4] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(sentence_of<std::logic_error>(write), HasSubstr("'exact_stress_yy' is not finite"));
  state.stress.pop_back();
  EXPECT_THAT(sentence_of<std::logic_error>(write), HasSubstr("'exact_...'"));
  state.stress.clear();
  const RveMesh other = make_rve("homogeneous", 1);
  EXPECT_THAT(sentence_of<std::logic_error>(
                [&] { write_micro_fields(folder / "micro.vtu", other, rve, {}); }),
              HasSubstr("is not the one of the RVE"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}
