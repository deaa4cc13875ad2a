// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/csv.h>
#include <cases/mmgp/report.h>

#include <limits>
#include <string>
#include <vector>

namespace understudy
{
namespace
{
double number(const nlohmann::json &value)
{
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

/// "U1_mm", but "evrcum" for what has no unit.
std::string with_unit(const MmgpOutput &output, const std::string &what)
{
  const Quantity &q = output.quantity;
  return q.name + (what.empty() ? "" : "_" + what) + (q.unit == "1" ? "" : "_" + q.unit);
}

constexpr const char *of_scalar[] = {"exact", "", "deviation", "lower", "upper"};
constexpr const char *of_derived[] = {"derived", "derived_lower", "derived_upper"};

std::vector<std::string> header(const MmgpProblem &problem, bool has_derived)
{
  std::vector<std::string> names = {"plate",       "n_nodes",           "gate",
                                    "answered_by", "largest_deviation", "time_predict_s",
                                    "time_exact_s"};
  for (const MmgpOutput &field : problem.fields)
  {
    names.push_back(field.quantity.name + "_error");
    names.push_back(with_unit(field, "deviation"));
    names.push_back(field.quantity.name + "_in_band");
  }
  for (const MmgpOutput &scalar : problem.scalars)
  {
    for (const char *what : of_scalar)
      names.push_back(with_unit(scalar, what));
    for (std::size_t i = 0; has_derived && i < std::size(of_derived); ++i)
      names.push_back(with_unit(scalar, of_derived[i]));
  }
  return names;
}
} // namespace

void write_mmgp_statistics(const MmgpProblem &problem, const nlohmann::json &test,
                           const std::filesystem::path &file)
{
  const bool has_derived = !test.empty() && test[0].contains("derived");
  CsvWriter csv(header(problem, has_derived));
  for (const auto &plate : test)
  {
    const std::string gate = plate["gate"];
    csv << number(plate["id"]) << number(plate["n_nodes"]) << gate
        << std::string(gate == "none" ? "mmgp" : "plate-viscoplastic")
        << number(plate["largest_deviation"])
        << number(plate["seconds_morph"]) + number(plate["seconds_predict"])
        << number(plate["seconds_exact"]);
    for (const auto &field : plate["fields"])
      for (const auto &value : field)
        csv << number(value);
    for (std::size_t s = 0; s < problem.scalars.size(); ++s)
    {
      for (const auto &value : plate["scalars"][s])
        csv << number(value);
      if (has_derived)
        for (const auto &value : plate["derived"][s])
          csv << number(value);
    }
    csv.end_row();
  }
  csv.write(file);
}
} // namespace understudy
