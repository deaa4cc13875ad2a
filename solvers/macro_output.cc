// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <data/store/atomic_file.h>
#include <solvers/macro_output.h>

#include <deal.II/numerics/data_out.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>

namespace understudy
{
namespace
{
using CellData = std::map<std::string, dealii::Vector<float>>;

std::string numbered(const std::string &name, unsigned counter)
{
  const std::string digits = std::to_string(counter);
  return name + "_" + std::string(digits.size() < 4 ? 4 - digits.size() : 0, '0') + digits;
}

/// Averages and worst values of one cell into row @p i of the cell data.
void fill_cell(const MacroCell &cell, const MacroCell *reference, unsigned rank, unsigned i,
               CellData &data)
{
  static const std::array<const char *, 3> strain{{"strain_xx", "strain_yy", "strain_gxy"}};
  static const std::array<const char *, 3> part{{"xx", "yy", "xy"}};
  double area = 0.;
  for (const auto &point : cell.points)
    area += point.weight;
  for (unsigned q = 0; q < MacroCell::n_points; ++q)
  {
    const MacroPoint &point = cell.points[q];
    const double w = point.weight / area;
    for (unsigned c = 0; c < 3; ++c)
    {
      data[strain[c]][i] += w * point.strain[c];
      data[std::string("stress_") + part[c]][i] += w * point.stress[c];
      if (reference != nullptr)
        data[std::string("stress_error_") + part[c]][i] +=
          w * (point.stress[c] - reference->points[q].stress[c]);
    }
    float &indicator = data["indicator"][i];
    if (!std::isnan(point.error_estimate)) // a map without an indicator leaves zero
      indicator = std::max(indicator, static_cast<float>(point.error_estimate));
    float &health = data["health"][i];
    health = std::max(health, static_cast<float>(point.health));
    float &answered = data["answered_by"][i];
    answered = std::max(answered, static_cast<float>(point.answered_by));
  }
  data["rank"][i] = rank;
}

/// The nodal displacement of @p fields less that of @p reference, where there is one, with ghosts.
MacroDiscretisation::Vector nodal_displacement(const MacroDiscretisation &discretisation,
                                               const MacroFields &fields,
                                               const MacroFields *reference)
{
  auto u = discretisation.displacement(fields);
  if (reference != nullptr)
    u -= discretisation.displacement(*reference);
  auto ghosted = discretisation.make_ghosted_vector();
  ghosted = u;
  return ghosted;
}
} // namespace

MacroOutput::MacroOutput(const MacroDiscretisation &discretisation, std::filesystem::path folder,
                         std::string name)
  : discretisation_(discretisation),
    folder_(std::move(folder)),
    name_(std::move(name)),
    collection_(folder_ / (name_ + ".pvd"))
{
}

void MacroOutput::go_on_after(const std::vector<double> &load_factors)
{
  for (const double factor : load_factors)
    collection_.add(factor, folder_ / (numbered(name_, counter_++) + ".pvtu"));
}

void MacroOutput::write_step(const MacroFields &fields, const MacroFields *reference)
{
  const MPI_Comm comm = discretisation_.comm();
  const unsigned rank = dealii::Utilities::MPI::this_mpi_process(comm);
  const unsigned n_cells = discretisation_.dofs().get_triangulation().n_active_cells();
  CellData data;
  std::vector<std::string> names{"strain_xx", "strain_yy", "strain_gxy", "stress_xx",   "stress_yy",
                                 "stress_xy", "indicator", "health",     "answered_by", "rank"};
  if (reference != nullptr)
    names.insert(names.end(), {"stress_error_xx", "stress_error_yy", "stress_error_xy"});
  for (const auto &name : names)
    data[name].reinit(n_cells);
  for (const auto &cell : discretisation_.dofs().active_cell_iterators())
    if (cell->is_locally_owned())
    {
      const std::string id = cell->id().to_string();
      const MacroCell *other = reference != nullptr ? find_cell(*reference, id) : nullptr;
      fill_cell(*find_cell(fields, id), other, rank, cell->active_cell_index(), data);
    }
  const auto displacement = nodal_displacement(discretisation_, fields, nullptr);

  dealii::DataOut<2> out;
  dealii::DataOutBase::VtkFlags flags;
  flags.time = fields.load_factor;
  flags.write_higher_order_cells = true;
  out.set_flags(flags);
  out.attach_dof_handler(discretisation_.dofs());
  const std::vector<dealii::DataComponentInterpretation::DataComponentInterpretation> vector(
    2, dealii::DataComponentInterpretation::component_is_part_of_vector);
  out.add_data_vector(displacement, std::vector<std::string>(2, "displacement"),
                      dealii::DataOut<2>::type_dof_data, vector);
  MacroDiscretisation::Vector error;
  if (reference != nullptr)
  {
    error = nodal_displacement(discretisation_, fields, reference);
    out.add_data_vector(error, std::vector<std::string>(2, "displacement_error"),
                        dealii::DataOut<2>::type_dof_data, vector);
  }
  for (const auto &[name, values] : data)
    out.add_data_vector(values, name, dealii::DataOut<2>::type_cell_data);
  out.build_patches(discretisation_.mapping(), 2, dealii::DataOut<2>::curved_inner_cells);

  const std::string base = numbered(name_, counter_++);
  const auto piece = [&](unsigned r) { return base + "." + std::to_string(r) + ".vtu"; };
  on_rank_0(comm,
            [&]
            {
              create_folder(folder_.string());
              return std::string();
            });
  on_all_ranks(comm,
               [&]
               {
                 std::ostringstream text;
                 out.write_vtu(text);
                 write_file_atomically((folder_ / piece(rank)).string(),
                                       std::string_view(text.str()));
               });
  on_rank_0(comm,
            [&]
            {
              std::vector<std::string> pieces;
              for (unsigned r = 0; r < dealii::Utilities::MPI::n_mpi_processes(comm); ++r)
                pieces.push_back(piece(r));
              std::ostringstream text;
              out.write_pvtu_record(text, pieces);
              write_file_atomically((folder_ / (base + ".pvtu")).string(),
                                    std::string_view(text.str()));
              collection_.add(fields.load_factor, folder_ / (base + ".pvtu"));
              collection_.write();
              return std::string();
            });
}
} // namespace understudy
