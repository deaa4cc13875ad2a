// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <meshes/triangle_mesh.h>
#include <solvers/field_guess.h>
#include <solvers/plate_discretisation.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace understudy
{
/// Where the first guess of a plate's displacement at full load comes from.
struct PlateGuess
{
  /// Predicts the fields U1 and U2 [mm] at full load, on meshes of triangles with three nodes or
  /// with six. Collective over the communicator of the plate.
  std::shared_ptr<FieldMap> map;
  std::vector<ScalarInput> scalars; ///< load and material, as the map takes them
};

/// Asks for the displacement of a plate in the numbering of its vectors. Every rank asks with the
/// nodes and triangles that it owns, which bear the numbers of the plate's mesh; of triangles with
/// three nodes the middles of the sides are completed by complete_sides().
class PlateGuesser
{
public:
  /// @param mesh of the plate, with its edges and features
  /// @param discretisation must outlive the guesser
  /// Throws UserError as FieldGuess does.
  PlateGuesser(const TriangleMesh &mesh, const PlateDiscretisation &discretisation,
               PlateGuess guess);
  PlateGuesser(const PlateGuesser &) = delete;
  PlateGuesser &operator=(const PlateGuesser &) = delete;

  /// FieldGuess::improve() at full load, with @p distance as norm of the residual. Collective.
  GuessOutcome improve(const std::function<double(Vec)> &distance, Vec u, Vec work);

  GuessCounts take_counts() { return guess_.take_counts(); }

private:
  void fill(const FieldAnswer &answer, Vec u) const;

  const PlateDiscretisation &discretisation_;
  FieldGuess guess_;
  std::vector<ScalarInput> scalars_;
  std::size_t n_asked_; ///< nodes of all ranks that the map is asked at
  std::vector<unsigned> nodes_, cells_;
  std::vector<double> points_;
  std::map<std::string, std::vector<unsigned>> edges_;
  MeshView view_;
};
} // namespace understudy
