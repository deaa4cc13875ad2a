// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/register.h>

namespace understudy
{
Registry<Family> families()
{
  Registry<Family> all("family of cases");
  return all;
}
} // namespace understudy
