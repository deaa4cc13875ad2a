// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <operators/nn/fno_config.h>

#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <type_traits>
#include <utility>

namespace understudy
{
namespace
{
template <class Enum, std::size_t n>
using Names = std::array<std::pair<Enum, const char *>, n>;

constexpr Names<FnoSkip, 4> skip_names = {{{FnoSkip::none, "none"},
                                           {FnoSkip::identity, "identity"},
                                           {FnoSkip::linear, "linear"},
                                           {FnoSkip::soft_gate, "soft gate"}}};
constexpr Names<FnoNorm, 5> norm_names = {{{FnoNorm::none, "none"},
                                           {FnoNorm::instance, "instance"},
                                           {FnoNorm::group, "group"},
                                           {FnoNorm::batch, "batch"},
                                           {FnoNorm::adaptive, "adaptive"}}};

template <class Enum, std::size_t n>
std::string name_in(const Names<Enum, n> &names, Enum value)
{
  for (const auto &[known, name] : names)
    if (known == value)
      return name;
  return {};
}

template <class Enum, std::size_t n>
Enum value_in(const Names<Enum, n> &names, const std::string &name)
{
  for (const auto &[value, known] : names)
    if (name == known)
      return value;
  throw UserError("There is no '" + name + "' among the parts of a Fourier neural operator.");
}

FnoConfig::PaddingPoints padding_points(double share, bool one_sided, std::size_t n)
{
  const auto side = static_cast<std::size_t>(std::lround(share * static_cast<double>(n)));
  return one_sided ? FnoConfig::PaddingPoints{0, side} : FnoConfig::PaddingPoints{side, side};
}

/// Visits every entry of a configuration with its name.
template <class Config, class Visitor>
void visit(Config &c, Visitor &&entry)
{
  entry("inputs", c.n_in);
  entry("outputs", c.n_out);
  entry("width", c.width);
  entry("modes1", c.modes1);
  entry("modes2", c.modes2);
  entry("layers", c.layers);
  entry("lift_width", c.lift_width);
  entry("projection_width", c.projection_width);
  entry("factorisation", c.factorisation);
  entry("rank", c.rank);
  entry("joint", c.joint);
  entry("separable", c.separable);
  entry("skip", c.skip);
  entry("mlp", c.mlp);
  entry("mlp_width", c.mlp_width);
  entry("mlp_skip", c.mlp_skip);
  entry("norm", c.norm);
  entry("preactivation", c.preactivation);
  entry("padding1", c.padding1);
  entry("padding2", c.padding2);
  entry("padding_one_sided", c.padding_one_sided);
  entry("grid", c.grid);
}

struct ToJson
{
  nlohmann::json &json;
  template <class V>
  void operator()(const char *name, const V &value) const
  {
    if constexpr (std::is_same_v<V, Factorisation>)
      json[name] = name_of(value);
    else if constexpr (std::is_same_v<V, FnoSkip>)
      json[name] = name_in(skip_names, value);
    else if constexpr (std::is_same_v<V, FnoNorm>)
      json[name] = name_in(norm_names, value);
    else
      json[name] = value;
  }
};

struct FromJson
{
  const nlohmann::json &json;
  template <class V>
  void operator()(const char *name, V &value) const
  {
    const nlohmann::json &entry = json.at(name);
    if constexpr (std::is_same_v<V, Factorisation>)
      value = factorisation_named(entry.get<std::string>());
    else if constexpr (std::is_same_v<V, FnoSkip>)
      value = value_in(skip_names, entry.get<std::string>());
    else if constexpr (std::is_same_v<V, FnoNorm>)
      value = value_in(norm_names, entry.get<std::string>());
    else if constexpr (std::is_same_v<V, std::size_t>)
    {
      if (!entry.is_number_integer() || entry < 0 || entry > 1000000)
        throw UserError(std::string("'") + name + "' is no whole number up to a million.");
      value = entry.get<std::size_t>();
    }
    else if constexpr (std::is_same_v<V, double>)
    {
      if (!entry.is_number())
        throw UserError(std::string("'") + name + "' is no number.");
      value = entry.get<double>();
    }
    else
      value = entry.get<V>();
  }
};
} // namespace

FnoSkip fno_skip_named(const std::string &name)
{
  return value_in(skip_names, name);
}
FnoNorm fno_norm_named(const std::string &name)
{
  return value_in(norm_names, name);
}

FnoConfig::PaddingPoints FnoConfig::padding_points1(std::size_t n1) const
{
  return padding_points(padding1, padding_one_sided, n1);
}
FnoConfig::PaddingPoints FnoConfig::padding_points2(std::size_t n2) const
{
  return padding_points(padding2, padding_one_sided, n2);
}

TensorShape FnoConfig::spectral_shape() const
{
  TensorShape shape;
  if (joint)
    shape.push_back(layers);
  shape.push_back(width);
  if (!separable)
    shape.push_back(width);
  shape.push_back(modes1);
  shape.push_back(modes2 / 2 + 1);
  return shape;
}

std::vector<std::string> FnoConfig::problems() const
{
  std::vector<std::string> found;
  if (n_in == 0 || n_out == 0 || width == 0 || layers == 0)
    found.emplace_back("Inputs, outputs, width and layers must be at least 1.");
  if (modes1 == 0 || modes2 == 0 || modes1 % 2 != 0 || modes2 % 2 != 0)
    found.push_back("The numbers of modes must be even and positive, not " +
                    std::to_string(modes1) + " and " + std::to_string(modes2) + ".");
  if (!(rank > 0. && rank <= 1.))
    found.emplace_back("The rank must lie in (0, 1].");
  if (joint && factorisation == Factorisation::dense)
    found.emplace_back("A dense spectral weight cannot be joint.");
  // What a hostile file asks for must fit into memory.
  if (layers > 1000)
    found.emplace_back("More than 1000 layers are not supported.");
  double dense = joint ? 1. : static_cast<double>(layers);
  for (const std::size_t extent : spectral_shape())
    dense *= static_cast<double>(extent);
  if (dense > 1e9)
    found.emplace_back("The spectral weights would have more than 1e9 entries.");
  for (const double p : {padding1, padding2})
    if (!(p >= 0. && p <= 1.))
      found.emplace_back("The padding must lie in [0, 1].");
  return found;
}

nlohmann::json FnoConfig::to_json() const
{
  nlohmann::json json;
  visit(*this, ToJson{json});
  return json;
}

FnoConfig FnoConfig::from_json(const nlohmann::json &json, const std::string &source)
{
  FnoConfig config;
  try
  {
    visit(config, FromJson{json});
  }
  catch (const std::exception &e)
  {
    throw UserError("The configuration of the Fourier neural operator in '" + source +
                    "' cannot be read: " + e.what());
  }
  for (const auto &[name, value] : json.items())
    if (!config.to_json().contains(name))
      throw UserError("The Fourier neural operator in '" + source + "' has an unknown entry '" +
                      name + "'.");
  const auto problems = config.problems();
  if (!problems.empty())
    throw UserError("The Fourier neural operator in '" + source +
                    "' makes no sense: " + problems.front());
  return config;
}
} // namespace understudy
