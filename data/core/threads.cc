// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/threads.h>

#include <deal.II/base/multithread_info.h>

#include <cstdlib>
#include <dlfcn.h>

namespace understudy
{
void one_thread_per_rank()
{
  for (const char *name :
       {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "DEAL_II_NUM_THREADS"})
    setenv(name, "1", 1);
  // OpenBLAS, where that is the BLAS, read its variable when it was loaded, before main().
  if (void *const set = dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))
    reinterpret_cast<void (*)(int)>(set)(1);
  dealii::MultithreadInfo::set_thread_limit(1);
}
} // namespace understudy
