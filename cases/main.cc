// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/program.h>
#include <data/store/provenance.h>

#include <understudy_commit.h>

int main(int argc, char **argv)
{
  understudy::source_commit() = {UNDERSTUDY_GIT_COMMIT, UNDERSTUDY_GIT_CHANGED};
  return understudy::run_program(argc, argv);
}
