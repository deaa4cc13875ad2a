// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/fe2/guard.h>
#include <cases/fe2/workshop.h>
#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/parameters.h>
#include <data/sampling/latin_hypercube.h>

#include <deal.II/base/mpi.h>
#include <deal.II/base/utilities.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace understudy
{
namespace
{
constexpr std::size_t n_splits = 20;
constexpr double far_outside = 1.5; ///< times the box

/// Samples of a split of all data sets that the models were made from.
CalibrationData read_split(const DataSets &data, const std::string &split)
{
  return {data.read_all(split, "E"), data.read_all(split, "S")};
}

CalibrationData joined(CalibrationData a, const CalibrationData &b)
{
  a.E.insert(a.E.end(), b.E.begin(), b.E.end());
  a.S.insert(a.S.end(), b.S.begin(), b.S.end());
  return a;
}

StressError stress_error(Fe2Workshop &workshop, const DataSet &data)
{
  std::vector<double> w;
  workshop.rve()->elastic_guess({}, w);
  const RveAnswer at_zero = workshop.rve()->solve({}, w, true);
  if (!at_zero.converged)
    throw SolverError("The exact micro model has no tangent at zero strain.");
  return {at_zero.tangent, data.read_all("train", "S")};
}

/// Why these scores have no quantile that is positive and finite, and what may be done.
std::string trouble_of_calibration(const std::string &name, const std::vector<double> &scores,
                                   double nominal)
{
  const auto unanswered = std::ranges::count_if(scores, [](double s) { return std::isinf(s); });
  const std::string sentence = "The error estimate of '" + name + "' cannot be calibrated with " +
                               std::to_string(scores.size()) +
                               " validation samples inside its training box";
  if (scores.size() < conformal_minimum(nominal))
    return sentence + "; raise 'Validation samples' in section 'Data set'.";
  if (unanswered > 0)
    return sentence + ": it has no answer or no estimate for " + std::to_string(unanswered) +
           " of them; train it better, or take it out of 'Chain' in section 'Guard'.";
  return sentence + ": its errors there are zero, so nothing can be learned from them.";
}

GuardCalibration calibrate(const std::string &name, PointMap &map, const GuardParameters &p,
                           const CalibrationData &validation, const CalibrationData &unseen,
                           const StressError &error)
{
  GuardCalibration c;
  c.closure = name;
  const auto scores = conformity_scores(map, validation, error);
  c.n_samples = scores.size();
  c.quantile = conformal_quantile(scores, p.violation_rate);
  c.limit = p.tolerance / c.quantile;
  if (!std::isfinite(c.quantile) || !(c.quantile > 0.))
    throw UserError(trouble_of_calibration(name, scores, p.violation_rate));
  c.splits = study_splits(conformity_scores(map, joined(validation, unseen), error),
                          p.violation_rate, n_splits, p.seed);
  return c;
}

/// Stands at the end of a chain in place of the exact model when only the gates matter.
class Nobody final : public PointMap
{
public:
  explicit Nobody(PointMapInfo like) : info_(std::move(like))
  {
    info_.name = "nobody";
    info_.hint_size = 0;
  }
  const PointMapInfo &info() const override { return info_; }
  void evaluate(const PointQuery &query, PointAnswer &answer) override
  {
    prepare_answer(info_, query, answer);
  }

private:
  PointMapInfo info_;
};

/// Strains of a Latin hypercube in @p factor times the box; @p beyond: only those with a component
/// beyond far_outside times its side.
PointBatch strains_around(const PointMapInfo &box, double factor, bool beyond, std::size_t n)
{
  std::vector<double> lower = box.lower, upper = box.upper;
  for (unsigned i = 0; i < 3; ++i)
  {
    lower[i] *= factor;
    upper[i] *= factor;
  }
  const PointBatch all = latin_hypercube(n, lower, upper, 4711);
  std::vector<std::size_t> kept;
  for (std::size_t p = 0; p < n; ++p)
  {
    bool far = false;
    for (unsigned i = 0; i < 3; ++i)
      far = far || std::abs(all(i, p)) > far_outside * box.upper[i];
    if (far || !beyond)
      kept.push_back(p);
  }
  PointBatch strains(3, kept.size());
  for (std::size_t p = 0; p < kept.size(); ++p)
    for (unsigned i = 0; i < 3; ++i)
      strains(i, p) = all(i, kept[p]);
  return strains;
}
} // namespace

void GuardParameters::declare(dealii::ParameterHandler &prm)
{
  using namespace dealii::Patterns;
  prm.add_parameter("Chain", chain,
                    "Micro models from the quickest to the exact one. A point is answered by the "
                    "first that may speak: strain inside its box, error estimate within its limit.",
                    List(Selection("equino|equino-mlp|equino-rbf|pod-galerkin|rve"), 1, 4));
  add_number(prm, "Tolerance", tolerance,
             "Relative error of the stress that is allowed, in the energy norm and relative to the "
             "root mean square over the training samples; it sets the limits of the estimates [1]",
             Double(1e-12, 1.));
  add_number(prm, "Violation rate", violation_rate,
             "Share of the points whose error may exceed what the calibrated estimate says [1]",
             Double(1e-4, 0.5));
  add_number(prm, "Audit share", audit_share,
             "Share of the trusted points of each load step that are solved exactly as well [1]",
             Double(0., 1.));
  prm.add_parameter("Seed", seed, "Seed of the audit's choice of points [1]", Integer(0));
  prm.add_parameter("Rounds", rounds,
                    "Rounds of training and run; from the second on the training uses the "
                    "hand-overs of the rounds before [1]",
                    Integer(1, 20));
  prm.add_parameter("Hand-over samples", handover_samples,
                    "Most exact answers of a run that are kept as samples [1]", Integer(0, 100000));
}

std::vector<std::string> GuardParameters::names() const
{
  return dealii::Utilities::split_string_list(chain);
}

std::vector<std::string> GuardParameters::problems(bool used, unsigned n_validation,
                                                   const std::vector<std::string> &trained) const
{
  std::vector<std::string> all;
  if (rounds > 1 && !used)
    all.push_back("'Rounds' = " + std::to_string(rounds) +
                  " in section 'Guard' needs 'Closure' = guarded in section 'Coupling'.");
  if (!used)
    return all;
  const auto models = names();
  std::set<std::string> seen;
  const auto exact = std::find(models.begin(), models.end(), "rve");
  if (exact != models.end() && exact + 1 != models.end())
    all.push_back("'Chain' in section 'Guard' goes on after rve, which answers everything.");
  for (const auto &name : models)
  {
    if (!seen.insert(model_of(name)).second)
      all.push_back("'Chain' in section 'Guard' names " + name + " twice.");
    if (name != "rve" && std::find(trained.begin(), trained.end(), model_of(name)) == trained.end())
      all.push_back("'Chain' in section 'Guard' needs '" + model_of(name) +
                    "' among the 'Closures' of section 'Training'.");
  }
  if (models.size() < 2)
    all.push_back("'Chain' in section 'Guard' needs a micro model before rve.");
  if (models.back() != "rve")
    all.push_back("'Chain' in section 'Guard' must end with rve, which answers what no other may.");
  if (n_validation < conformal_minimum(violation_rate))
    all.push_back("'Violation rate' in section 'Guard' needs at least " +
                  std::to_string(conformal_minimum(violation_rate)) +
                  " 'Validation samples' in section 'Data set', not " +
                  std::to_string(n_validation) + ".");
  return all;
}

Guard make_guard(Fe2Workshop &workshop)
{
  const GuardParameters &p = workshop.parameters().guard;
  CalibrationData validation, test;
  std::unique_ptr<StressError> error;
  on_all_ranks(workshop.comm(),
               [&]
               {
                 const DataSets data = workshop.training_data();
                 validation = read_split(data, "val");
                 test = read_split(data, "test");
                 error = std::make_unique<StressError>(stress_error(workshop, data.first()));
               });
  Guard guard;
  std::vector<GuardLevel> levels;
  for (const auto &name : p.names())
  {
    GuardLevel level{name == "rve" ? workshop.playing_closure(name) : workshop.closure(name, true),
                     0.};
    if (name != "rve")
    {
      guard.calibration.push_back(calibrate(name, *level.map, p, validation, test, *error));
      level.quantile = guard.calibration.back().quantile;
    }
    levels.push_back(std::move(level));
  }
  AuditPlan plan{p.tolerance, p.violation_rate, p.audit_share, p.seed, *error};
  guard.map =
    std::make_unique<GuardedMap>("guarded", std::move(levels), std::move(plan), workshop.comm());
  return guard;
}

nlohmann::json guard_dependencies(Fe2Workshop &workshop)
{
  const GuardParameters &p = workshop.parameters().guard;
  nlohmann::json models = nlohmann::json::object();
  for (const auto &name : p.names())
    if (name != "rve")
      models[name] = workshop.model_hash(name, workshop.round());
  return {{"Chain", p.names()},
          {"models", models},
          {"calibration samples", workshop.training_data().hash()},
          {"Tolerance", p.tolerance},
          {"Violation rate", p.violation_rate},
          {"Audit share", p.audit_share},
          {"Seed", p.seed},
          {"Micro/Tolerance", workshop.parameters().micro.rve.tolerance}};
}

nlohmann::json guard_record(const Guard &guard, const GuardParameters &parameters,
                            const std::vector<double> &memory)
{
  nlohmann::json levels = nlohmann::json::array();
  for (std::size_t l = 0; l < guard.calibration.size(); ++l)
  {
    const GuardCalibration &c = guard.calibration[l];
    const GuardedMap::AuditTally audit = guard.map->tally(l, memory);
    levels.push_back({{"closure", c.closure},
                      {"quantile", c.quantile},
                      {"limit", c.limit},
                      {"calibration_samples", c.n_samples},
                      {"splits", c.splits.n_splits},
                      {"splits_mean", c.splits.mean},
                      {"splits_smallest", c.splits.smallest},
                      {"splits_largest", c.splits.largest},
                      {"audited", audit.audited},
                      {"violations", audit.violations},
                      {"limit_at_end", guard.map->limit(l, memory)}});
  }
  return {{"tolerance", parameters.tolerance},
          {"violation_rate_nominal", parameters.violation_rate},
          {"levels", levels}};
}

GateScore score_gate(Fe2Workshop &workshop)
{
  const Guard guard = make_guard(workshop);
  std::vector<GuardLevel> levels = guard.map->levels();
  PointMap &first = *levels.front().map;
  levels.back() = {std::make_shared<Nobody>(first.info()), 0.};
  GuardedMap gate("gate", levels, {workshop.parameters().guard.tolerance, 0.05, 0., 0, {}},
                  workshop.comm());
  const double limit = gate.limit(0, {});
  GateScore score;
  PointQuery query;
  query.want_tangent = false;
  PointAnswer answer;
  const auto share_handed_on = [&](const PointBatch &strains)
  {
    query.inputs = &strains;
    gate.evaluate(query, answer);
    const auto kept = std::count(answer.answered_by.begin(), answer.answered_by.end(), 0);
    return 1. - static_cast<double>(kept) / static_cast<double>(strains.n_points());
  };
  const PointBatch outside = strains_around(first.info(), 2. * far_outside, true, 2000);
  const PointBatch inside = strains_around(first.info(), 1., false, 2000);
  score.n_outside = outside.n_points();
  score.n_inside = inside.n_points();
  score.recall = share_handed_on(outside);
  score.false_alarm = share_handed_on(inside);
  query.inputs = &outside;
  first.evaluate(query, answer);
  const auto passed = std::count_if(answer.error_estimate.begin(), answer.error_estimate.end(),
                                    [&](double estimate) { return estimate <= limit; });
  score.recall_blind = 1. - static_cast<double>(passed) / static_cast<double>(outside.n_points());
  return score;
}
} // namespace understudy
