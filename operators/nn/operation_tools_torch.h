// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <torch/torch.h>

#include <cstddef>
#include <cstdint>

/// What operations of LibTorch with a gradient written by hand have in common.
namespace understudy::fno
{
using MaybeTensor = c10::optional<torch::Tensor>; ///< an input that may be absent

inline torch::Tensor value(const MaybeTensor &t)
{
  return t.value_or(torch::Tensor());
}

/// Null for an undefined tensor.
template <class T>
T *pointer(const torch::Tensor &t)
{
  return t.defined() ? t.data_ptr<T>() : nullptr;
}

inline std::size_t extent(const torch::Tensor &t, std::int64_t axis)
{
  return static_cast<std::size_t>(t.size(axis));
}

inline std::int64_t number(std::size_t n)
{
  return static_cast<std::int64_t>(n);
}

/// Gradients written by hand have no gradient; one that is asked for would be zero without a word.
inline void check_first_derivative()
{
  TORCH_CHECK(!at::GradMode::is_enabled(),
              "a Fourier neural operator has no second derivatives (create_graph)");
}

inline torch::Tensor contiguous(const torch::Tensor &t)
{
  return t.defined() ? t.contiguous() : t;
}

inline torch::Tensor same_shape(const torch::Tensor &t)
{
  return t.defined() ? torch::empty_like(t, torch::MemoryFormat::Contiguous) : t;
}
} // namespace understudy::fno
