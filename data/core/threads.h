// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

namespace understudy
{
/// Keeps OpenMP, the BLAS and deal.II to one thread in this process; each would start one per core
/// on every rank. To be called first of all in main(). LibTorch has a setting of its own.
void one_thread_per_rank();
} // namespace understudy
