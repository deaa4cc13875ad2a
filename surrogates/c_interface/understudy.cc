// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <surrogates/c_interface/understudy.h>
#include <surrogates/model_closure.h>

#include <nlohmann/json.hpp>
#include <understudy_version.h>

#include <array>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>

using understudy::PointBatch;

struct understudy_model
{
  std::unique_ptr<understudy::PointMap> map;
  std::string description;
  PointBatch inputs, hints; ///< component-major copies of what the caller gives
  understudy::PointAnswer answer;
};

namespace
{
/// An array of its own for every thread: it can be written when there is no memory left.
thread_local std::array<char, 4096> error_text{};

int fail(int code, const char *sentence) noexcept
{
  std::strncpy(error_text.data(), sentence, error_text.size() - 1);
  return code;
}

/// Runs @p action and makes a code and an error text of whatever it throws.
template <class Action>
int guarded(const Action &action) noexcept
{
  try
  {
    action();
    return UNDERSTUDY_OK;
  }
  catch (const understudy::Error &error)
  {
    return fail(UNDERSTUDY_BAD_MODEL, error.what());
  }
  catch (const std::bad_alloc &)
  {
    return fail(UNDERSTUDY_NO_MEMORY, "There is not enough memory.");
  }
  catch (const std::length_error &)
  {
    return fail(UNDERSTUDY_NO_MEMORY, "There are more points than memory can hold.");
  }
  catch (const std::exception &error)
  {
    return fail(UNDERSTUDY_INTERNAL_ERROR, error.what());
  }
  catch (...)
  {
    return fail(UNDERSTUDY_INTERNAL_ERROR, "An exception of unknown type was thrown.");
  }
}

nlohmann::json describe(const std::vector<understudy::Quantity> &quantities)
{
  nlohmann::json list = nlohmann::json::array();
  for (const auto &q : quantities)
    list.push_back({{"name", q.name}, {"unit", q.unit}});
  return list;
}

std::string describe(const understudy::PointMapInfo &info, const understudy::CardedModel &model)
{
  const nlohmann::json &meta = model.file.meta();
  return nlohmann::json{{"name", info.name},
                        {"inputs", describe(info.inputs)},
                        {"outputs", describe(info.outputs)},
                        {"lower", info.lower},
                        {"upper", info.upper},
                        {"symmetric_tangent", info.symmetric_tangent},
                        {"hint_size", info.hint_size},
                        {"card", model.card.to_json()},
                        {"provenance", meta.value("provenance", nlohmann::json::object())},
                        {"library_version", UNDERSTUDY_VERSION}}
    .dump(2);
}

/// Point-major to component-major: [n][n_components] to [n_components][n].
void read_points(const double *from, std::size_t n_components, std::size_t n, PointBatch &to)
{
  to.reshape(n_components, n);
  for (std::size_t c = 0; c < n_components; ++c)
    for (std::size_t p = 0; p < n; ++p)
      to(c, p) = from[p * n_components + c];
}

/// And back.
void write_points(const PointBatch &from, double *to)
{
  const std::size_t n_components = from.n_components();
  for (std::size_t c = 0; c < n_components; ++c)
    for (std::size_t p = 0; p < from.n_points(); ++p)
      to[p * n_components + c] = from(c, p);
}
} // namespace

const char *understudy_version(void)
{
  return UNDERSTUDY_VERSION;
}

const char *understudy_error(void)
{
  return error_text.data();
}

int understudy_load(const char *path, understudy_model **model)
{
  if (model == nullptr)
    return fail(UNDERSTUDY_BAD_ARGUMENT, "understudy_load needs a place for the model, not NULL.");
  *model = nullptr;
  if (path == nullptr)
    return fail(UNDERSTUDY_BAD_ARGUMENT, "understudy_load needs a path, not NULL.");
  return guarded(
    [&]
    {
      const understudy::CardedModel file = understudy::read_model(path);
      auto loaded = std::make_unique<understudy_model>();
      loaded->map = understudy::make_closure(file);
      loaded->description = describe(loaded->map->info(), file);
      *model = loaded.release();
    });
}

void understudy_free(understudy_model *model)
{
  delete model;
}

const char *understudy_describe(const understudy_model *model)
{
  return model ? model->description.c_str() : nullptr;
}

int64_t understudy_n_inputs(const understudy_model *model)
{
  return model ? static_cast<int64_t>(model->map->info().inputs.size()) : -1;
}

int64_t understudy_n_outputs(const understudy_model *model)
{
  return model ? static_cast<int64_t>(model->map->info().outputs.size()) : -1;
}

int64_t understudy_hint_size(const understudy_model *model)
{
  return model ? static_cast<int64_t>(model->map->info().hint_size) : -1;
}

int understudy_evaluate(understudy_model *model, int64_t n, const double *inputs, double *outputs,
                        double *tangent, int *health, double *error_estimate, double *hints)
{
  if (model == nullptr)
    return fail(UNDERSTUDY_BAD_ARGUMENT, "understudy_evaluate needs a model, not NULL.");
  if (n < 0)
    return fail(UNDERSTUDY_BAD_ARGUMENT, "understudy_evaluate needs no negative number of points.");
  if (n > 0 && (inputs == nullptr || outputs == nullptr))
    return fail(UNDERSTUDY_BAD_ARGUMENT,
                "understudy_evaluate needs arrays for inputs and outputs, not NULL.");
  return guarded(
    [&]
    {
      // Beyond it the number of doubles would not fit into a std::size_t.
      if (n > (int64_t(1) << 40))
        throw std::length_error("");
      const auto &info = model->map->info();
      const auto n_points = static_cast<std::size_t>(n);
      const bool remembers = hints != nullptr && info.hint_size > 0;
      read_points(inputs, info.inputs.size(), n_points, model->inputs);
      if (remembers)
        read_points(hints, info.hint_size, n_points, model->hints);
      understudy::PointQuery query;
      query.inputs = &model->inputs;
      query.hints = remembers ? &model->hints : nullptr;
      query.want_tangent = tangent != nullptr;
      query.want_estimate = error_estimate != nullptr;
      model->map->evaluate(query, model->answer);
      if (n == 0)
        return;
      write_points(model->answer.outputs, outputs);
      if (tangent != nullptr)
        write_points(model->answer.tangent, tangent);
      if (remembers)
        write_points(model->hints, hints);
      for (std::size_t p = 0; p < n_points; ++p)
      {
        if (health != nullptr)
          health[p] = static_cast<int>(model->answer.health[p]);
        if (error_estimate != nullptr)
          error_estimate[p] = model->answer.error_estimate[p];
      }
    });
}
