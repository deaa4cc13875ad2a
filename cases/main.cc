// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/program.h>

int main(int argc, char **argv)
{
  return understudy::run_program(argc, argv);
}
