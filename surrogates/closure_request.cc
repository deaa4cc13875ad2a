// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/collective.h>
#include <data/core/sha256.h>
#include <data/store/provenance.h>
#include <surrogates/closure_request.h>

#include <nlohmann/json.hpp>

#include <span>
#include <vector>

namespace understudy
{
namespace
{
template <class T>
void hash_values(Sha256 &hash, const std::vector<T> &values)
{
  hash.update(std::to_string(values.size()) + ";");
  hash.update(std::as_bytes(std::span<const T>(values)));
}

void hash_material(Sha256 &hash, const MaterialParameters &m)
{
  hash.update(m.law + ";" + m.norm + ";");
  hash_values(hash, std::vector<double>{m.bulk, m.shear, m.a1, m.a2});
}
} // namespace

std::string micro_fingerprint(const RveMesh &mesh, const RveParameters &parameters)
{
  Sha256 hash;
  hash.update("fe2-rve 1;");
  hash_values(hash, mesh.nodes);
  hash_values(hash, mesh.cells);
  hash_values(hash, mesh.phase);
  hash_material(hash, parameters.matrix);
  hash_material(hash, parameters.fibre);
  return hash.hex();
}

void write_model_card(ModelFile &file, const MicroModelCard &card, const PointBatch &probe_E,
                      const PointBatch &probe_S)
{
  file.meta()["card"] = card.to_json();
  file.meta()["provenance"] = provenance();
  const std::size_t n = probe_E.n_points();
  file.add("probe/E", {3, n}, {probe_E.data(), probe_E.data() + 3 * n});
  file.add("probe/S", {3, n}, {probe_S.data(), probe_S.data() + 3 * n});
}

CardedModel read_model(const std::string &name, const ClosureRequest &request)
{
  return read_model(request.models / (name + ".safetensors"), name, request.micro, request.norm);
}

std::unique_ptr<PointMap> make_trained_closure(const std::string &name,
                                               const ClosureRequest &request)
{
  std::unique_ptr<PointMap> closure;
  on_all_ranks(request.comm, [&] { closure = make_closure(read_model(name, request), request); });
  return closure;
}
} // namespace understudy
