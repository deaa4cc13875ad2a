// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/fe2/family.h>
#include <cases/mg_tfno/family.h>
#include <cases/mmgp/family.h>
#include <cases/register.h>

namespace understudy
{
Registry<Family> families()
{
  Registry<Family> all("family of cases");
  all.add("fe2", "Two-scale solid mechanics with a learned micro-scale.", make_fe2_family);
  all.add("mg_tfno",
          "Fields on regular grids and neural operators: porous media, vorticity on the torus.",
          make_mg_tfno_family);
  all.add("mmgp",
          "Notched plates on meshes that all differ, and their fields by Gaussian processes.",
          make_mmgp_family);
  return all;
}
} // namespace understudy
