// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

/// Before a function: one machine code per processor generation, chosen when the program starts.
/// Sanitizers run before the resolvers may, so there is one code only under them.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define UNDERSTUDY_CLONES                                                                          \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define UNDERSTUDY_CLONES
#endif
