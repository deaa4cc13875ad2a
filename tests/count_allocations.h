// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

/// Calls of operator new in this program so far. The header replaces the operators, so a program
/// includes it in one file only.
static std::size_t n_allocations = 0;

// Not inlined, because GCC then takes malloc and free for a mismatched pair.
[[gnu::noinline]] void *operator new(std::size_t size)
{
  ++n_allocations;
  if (void *memory = std::malloc(size))
    return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void *operator new(std::size_t size, std::align_val_t alignment)
{
  ++n_allocations;
  const auto unit = static_cast<std::size_t>(alignment);
  if (void *memory = std::aligned_alloc(unit, (size + unit - 1) / unit * unit))
    return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void *memory) noexcept
{
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void *memory, std::size_t) noexcept
{
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void *memory, std::align_val_t) noexcept
{
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void *memory, std::size_t, std::align_val_t) noexcept
{
  std::free(memory);
}
