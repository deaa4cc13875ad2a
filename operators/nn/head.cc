// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <data/store/model_file.h>
#include <operators/nn/affine_head.h>
#include <operators/nn/head_meta.h>
#include <operators/nn/mlp.h>
#include <operators/nn/odd_rbf.h>

namespace understudy
{
nlohmann::json head_meta(const ModelFile &file, const std::string &prefix, const std::string &key)
{
  const nlohmann::json &meta = file.meta();
  if (!meta.contains("heads") || !meta["heads"].contains(prefix) ||
      !meta["heads"][prefix].contains(key))
    throw UserError("Model '" + file.path() + "' has no entry '" + key + "' for its head '" +
                    prefix + "' in its meta data.");
  return meta["heads"][prefix][key];
}

bool head_flag(const ModelFile &file, const std::string &prefix, const std::string &key)
{
  const nlohmann::json value = head_meta(file, prefix, key);
  if (!value.is_boolean())
    throw UserError("Entry '" + key + "' of the head '" + prefix + "' of model '" + file.path() +
                    "' must be true or false, not " + value.dump() + ".");
  return value.get<bool>();
}

std::vector<std::size_t> matrix_shape(const ModelFile &file, const std::string &name)
{
  const std::vector<std::size_t> shape = file.shape(name);
  if (shape.size() != 2 || shape[0] == 0 || shape[1] == 0)
    throw UserError("Tensor '" + name + "' of model '" + file.path() +
                    "' is not a matrix with at least one row and column.");
  return shape;
}

std::unique_ptr<Head> load_head(const ModelFile &file, const std::string &prefix)
{
  const nlohmann::json kind = head_meta(file, prefix, "kind");
  if (kind == "mlp")
    return std::make_unique<Mlp>(Mlp::load(file, prefix));
  if (kind == "odd-rbf")
    return std::make_unique<OddRbf>(OddRbf::load(file, prefix));
  if (kind == "affine")
    return std::make_unique<AffineHead>(AffineHead::load(file, prefix));
  throw UserError("Model '" + file.path() + "' holds a head '" + prefix + "' of unknown kind " +
                  kind.dump() + "; known: affine, mlp, odd-rbf.");
}
} // namespace understudy
