// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/output/paraview_collection.h>

#include <data/store/atomic_file.h>

#include <deal.II/base/data_out_base.h>

#include <sstream>

namespace understudy
{
void ParaviewCollection::add(double time, const std::filesystem::path &pvtu_file)
{
  const auto relative = pvtu_file.lexically_proximate(file_.parent_path());
  const bool below = !relative.empty() && *relative.begin() != "..";
  records_.emplace_back(time, (below ? relative : pvtu_file).generic_string());
}

void ParaviewCollection::write() const
{
  std::ostringstream text;
  dealii::DataOutBase::write_pvd_record(text, records_);
  write_file_atomically(file_.string(), text.str());
}
} // namespace understudy
