// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <understudy.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace understudy
{
/// The answer of a model for n points; arrays are point-major, see understudy.h.
struct ModelAnswer
{
  std::vector<double> outputs;        ///< [n][n_outputs]
  std::vector<double> tangent;        ///< [n][n_outputs][n_inputs]
  std::vector<int> health;            ///< enum understudy_health [n]
  std::vector<double> error_estimate; ///< [n]; NaN where the model has none
};

/// A trained model in C++: the C interface with an owner and exceptions. C++17; header only, so
/// that compiler and standard library of the caller need not be those of libunderstudy.so.
class Model
{
public:
  /// Loads a model file. Throws std::runtime_error with the sentence of understudy_error().
  explicit Model(const std::string &path)
  {
    understudy_model *loaded = nullptr;
    require(understudy_load(path.c_str(), &loaded));
    model_.reset(loaded);
  }

  std::size_t n_inputs() const { return std::size_t(understudy_n_inputs(model_.get())); }
  std::size_t n_outputs() const { return std::size_t(understudy_n_outputs(model_.get())); }
  std::size_t hint_size() const { return std::size_t(understudy_hint_size(model_.get())); }
  /// JSON text.
  std::string description() const { return understudy_describe(model_.get()); }

  /// @param inputs [n][n_inputs]
  /// @param hints  [n][hint_size] or empty, which becomes zeros; null: none
  /// Throws std::invalid_argument when a length does not fit, and std::runtime_error.
  ModelAnswer evaluate(const std::vector<double> &inputs, std::vector<double> *hints = nullptr)
  {
    const std::size_t n = inputs.size() / n_inputs();
    if (n * n_inputs() != inputs.size())
      throw std::invalid_argument("The number of inputs is no multiple of n_inputs.");
    if (hints && hints->empty())
      hints->resize(n * hint_size());
    if (hints && hints->size() != n * hint_size())
      throw std::invalid_argument("The number of hints is not that of points times hint_size.");
    ModelAnswer answer;
    answer.outputs.resize(n * n_outputs());
    answer.tangent.resize(n * n_outputs() * n_inputs());
    answer.health.resize(n);
    answer.error_estimate.resize(n);
    require(understudy_evaluate(model_.get(), std::int64_t(n), inputs.data(), answer.outputs.data(),
                                answer.tangent.data(), answer.health.data(),
                                answer.error_estimate.data(), hints ? hints->data() : nullptr));
    return answer;
  }

private:
  struct Free
  {
    void operator()(understudy_model *model) const { understudy_free(model); }
  };

  static void require(int code)
  {
    if (code != UNDERSTUDY_OK)
      throw std::runtime_error(understudy_error());
  }

  std::unique_ptr<understudy_model, Free> model_;
};
} // namespace understudy
