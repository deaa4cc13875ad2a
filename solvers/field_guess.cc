// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/nearest_name.h>
#include <solvers/field_guess.h>
#include <solvers/petsc_errors.h>

#include <algorithm>
#include <cmath>

namespace understudy
{
const char *to_string(GuessUse use)
{
  switch (use)
  {
  case GuessUse::none:
    return "none";
  case GuessUse::taken:
    return "taken";
  case GuessUse::discarded:
    return "discarded";
  case GuessUse::refused:
    return "refused";
  }
  return "unknown";
}

FieldGuess::FieldGuess(std::shared_ptr<FieldMap> map, const std::vector<Quantity> &fields)
  : map_(std::move(map))
{
  const FieldMapInfo &info = map_->info();
  std::vector<std::string> names;
  for (const Quantity &output : info.output_fields)
    names.push_back(output.name);
  for (const Quantity &field : fields)
  {
    const auto it = std::ranges::find(names, field.name);
    if (it == names.end())
      throw UserError("'" + info.name + "' does not predict '" + field.name +
                      "', of which a first guess is wanted" + suggestion(field.name, names) + ".");
    const std::string &unit = info.output_fields[it - names.begin()].unit;
    if (unit != field.unit)
      throw UserError("'" + info.name + "' predicts '" + field.name + "' in " + unit +
                      ", but a first guess in " + field.unit + " is wanted.");
  }
}

GuessOutcome FieldGuess::weigh(const FieldQuery &query, const Solver &solver, Vec u, Vec guess)
{
  GuessOutcome outcome;
  FieldAnswer answer;
  map_->evaluate(query, answer);
  outcome.use = GuessUse::refused;
  outcome.reason = answer.reason;
  if (answer.health != Health::ok)
    return outcome;
  solver.fill(answer, guess);
  if (solver.hold)
    solver.hold(guess);
  return weigh_guess(solver.residual_norm, "'" + map_->info().name + "'", u, guess);
}

GuessOutcome weigh_guess(const std::function<double(Vec)> &residual_norm, const std::string &who,
                         Vec u, Vec guess)
{
  GuessOutcome outcome;
  PetscReal size = 0.;
  check_petsc(VecNorm(guess, NORM_2, &size)); // the same on all ranks
  if (!std::isfinite(size))
  {
    outcome.use = GuessUse::refused;
    outcome.reason = who + " gave a first guess that is not finite.";
    return outcome;
  }
  outcome.own_norm = residual_norm(u);
  outcome.guess_norm = residual_norm(guess);
  const bool take = std::isfinite(outcome.guess_norm) && !(outcome.guess_norm > outcome.own_norm);
  outcome.use = take ? GuessUse::taken : GuessUse::discarded;
  if (take)
    check_petsc(VecCopy(guess, u));
  return outcome;
}

GuessOutcome FieldGuess::improve(const FieldQuery &query, const Solver &solver, Vec u, Vec guess)
{
  const GuessOutcome outcome = weigh(query, solver, u, guess);
  ++counts_.asked;
  counts_.taken += outcome.use == GuessUse::taken;
  counts_.discarded += outcome.use == GuessUse::discarded;
  counts_.refused += outcome.use == GuessUse::refused;
  return outcome;
}

void fill_nodes(const FieldAnswer &answer, const std::vector<std::string> &fields,
                const std::vector<PetscInt> &first, Vec u)
{
  std::vector<PetscInt> unknowns(first.size());
  check_petsc(VecSetOption(u, VEC_IGNORE_NEGATIVE_INDICES, PETSC_TRUE));
  for (std::size_t c = 0; c < fields.size(); ++c)
  {
    for (std::size_t i = 0; i < first.size(); ++i)
      unknowns[i] = first[i] < 0 ? -1 : first[i] + static_cast<PetscInt>(c);
    check_petsc(VecSetValues(u, static_cast<PetscInt>(unknowns.size()), unknowns.data(),
                             answer.field(fields[c]).mean.data(), INSERT_VALUES));
  }
  check_petsc(VecAssemblyBegin(u));
  check_petsc(VecAssemblyEnd(u));
}
} // namespace understudy
