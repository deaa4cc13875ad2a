// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <torch/torch.h>
#include <torch/version.h>

#include <cases/torch_setup.h>

namespace understudy
{
void set_torch_threads(int n_threads)
{
  at::set_num_threads(n_threads);
  at::set_num_interop_threads(n_threads);
}

std::string torch_version()
{
  return TORCH_VERSION;
}
} // namespace understudy
