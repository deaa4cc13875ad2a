// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <operators/maps/field_map.h>

#include <petscvec.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace understudy
{
/// What became of a first guess from elsewhere.
enum class GuessUse
{
  none,      ///< there was none
  taken,     ///< its residual was not larger than that of the solver's own guess
  discarded, ///< it was
  refused    ///< the map gave no values, did not trust them, or they were not finite
};
const char *to_string(GuessUse use);

struct GuessCounts
{
  std::size_t asked = 0, taken = 0, discarded = 0, refused = 0;
};

/// One guess. Equal on all ranks.
struct GuessOutcome
{
  GuessUse use = GuessUse::none;
  double own_norm = 0., guess_norm = 0.; ///< |F| of both; 0 for a guess that was refused
  std::string reason;                    ///< one sentence when it was refused
};

/// A FieldMap as first guess of a solve with PETSc, nonlinear (SNES) or linear (KSP with a nonzero
/// initial guess):
///
///   u = guess where |F(guess)| <= |F(own guess)|, otherwise the own guess.
///
/// The exact residual F decides, so a bad guess costs an evaluation and never a wrong answer. A
/// guess that is not trusted (health other than ok) or not finite is refused unseen.
class FieldGuess
{
public:
  /// What a solver does for it, on all ranks.
  struct Solver
  {
    /// Writes the fields at the nodes of the query into a vector in the solver's numbering.
    std::function<void(const FieldAnswer &, Vec)> fill;
    /// Overwrites what is prescribed, such as Dirichlet values; may be empty.
    std::function<void(Vec)> hold;
    /// |F(u)| in the norm of the solver; not finite where u has no residual. Equal on all ranks.
    std::function<double(Vec)> residual_norm;
  };

  /// @param map    collective over the communicator of the solver
  /// @param fields what it must predict. UserError when it does not, or in other units.
  FieldGuess(std::shared_ptr<FieldMap> map, const std::vector<Quantity> &fields);

  const FieldMap &map() const { return *map_; }

  /// Asks the map and replaces the own guess @p u, which has its prescribed values, by that of the
  /// map where it is not worse. When both were measured, the last call of residual_norm was for the
  /// guess. @p guess is work space like @p u. Collective; throws what the map throws.
  GuessOutcome improve(const FieldQuery &query, const Solver &solver, Vec u, Vec guess);

  /// What became of the guesses since construction or the last call.
  GuessCounts take_counts() { return std::exchange(counts_, {}); }

private:
  GuessOutcome weigh(const FieldQuery &query, const Solver &solver, Vec u, Vec guess);

  std::shared_ptr<FieldMap> map_;
  GuessCounts counts_;
};

/// The rule of FieldGuess for a guess that is there already: replaces @p u by @p guess, which has
/// its prescribed values, where it is finite and its residual is not larger. @p who names the guess
/// in the sentence that refuses it. Collective over the communicator of the vectors.
GuessOutcome weigh_guess(const std::function<double(Vec)> &residual_norm, const std::string &who,
                         Vec u, Vec guess);

/// Writes fields at nodes into @p u: component c of the i-th node of the query, the field named
/// @p fields[c], at the unknown @p first[i] + c in the numbering of PETSc; left out where first[i]
/// is negative. Any rank may own the unknown. Collective.
void fill_nodes(const FieldAnswer &answer, const std::vector<std::string> &fields,
                const std::vector<PetscInt> &first, Vec u);
} // namespace understudy
