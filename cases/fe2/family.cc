// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/fe2/family.h>
#include <cases/fe2/stages.h>
#include <cases/stage_inputs.h>

namespace understudy
{
namespace
{
class Fe2Family final : public Family
{
public:
  void declare(dealii::ParameterHandler &prm) override
  {
    prm_ = &prm;
    parameters_.declare(prm);
  }
  std::vector<std::string> problems() const override { return parameters_.problems(); }

  std::vector<Stage> stages(RunContext &context) override
  {
    workshop_ = std::make_unique<Fe2Workshop>(parameters_, context);
    workshop_->rve(); // made by all ranks together: the functions below run on one
    std::vector<Stage> all = {generate()};
    for (unsigned round = 1; round <= parameters_.guard.rounds; ++round)
    {
      all.push_back(train(round));
      all.push_back(run(round));
    }
    all.push_back(compare());
    return all;
  }

  std::vector<NamedSentence> closures() const override
  {
    std::vector<NamedSentence> all = {
      {"equino", "EquiNO with the head that wins in the structure, equino-rbf."},
      {guarded_name,
       "The chain of section 'Guard': whoever may speak answers, the exact model last."}};
    for (const auto &[name, entry] : ::understudy::closures().entries())
      all.push_back({name, entry.sentence});
    return all;
  }
  std::vector<NamedSentence> solvers() const override
  {
    return {{"rve", "Nonlinear periodic RVE in plane strain: Q8 elements, Newton, exact tangent."},
            {"two-scale", "Quasi-static plane-strain structure with a closure at every point: Q2, "
                          "SNES, load stepping."}};
  }
  void evaluate(RunContext &context, const std::string &closure, const std::filesystem::path &input,
                const std::filesystem::path &output) override
  {
    Fe2Workshop workshop(parameters_, context);
    evaluate_points(workshop, closure, input, output);
  }

private:
  Stage generate()
  {
    Fe2Workshop &w = *workshop_;
    return {"generate",
            "Solves the exact micro model at sampled strains.",
            [&w] {
              return nlohmann::json{{"dataset", w.dataset_info().fingerprint()}};
            },
            {w.data() / "manifest.json", w.context().output / "generate.json"},
            [&w] { generate_stage(w.at_round(1)); }};
  }

  Stage train(unsigned round)
  {
    Fe2Workshop &w = workshop_->at_round(round);
    std::vector<std::filesystem::path> models = {w.basis(), w.folder() / "train.json"};
    for (const auto &name : w.trained_closures())
      models.push_back(w.model(name));
    return {numbered_stage("train", round),
            round == 1 ? "Computes modes and trains the micro models."
                       : "Trains the guarded models with the hand-overs so far.",
            [&w, round, this] { return train_dependencies(w.at_round(round)); },
            models,
            [&w, round, this]
            { train_stage(w.at_round(round), [&w, this] { return train_dependencies(w); }); },
            {},
            [&w, round] { remove_training_checkpoints(w.at_round(round)); }};
  }

  Stage run(unsigned round)
  {
    Fe2Workshop &w = workshop_->at_round(round);
    const CouplingParameters &coupling = parameters_.coupling;
    std::vector<std::filesystem::path> makes = {w.run(coupling.closure) / "record.json"};
    if (coupling.reference != "none" && round == 1)
      makes.push_back(w.run(coupling.reference) / "record.json");
    const auto fields = w.macro_fields(w.run(coupling.closure));
    if (!fields.empty())
      makes.push_back(fields);
    return {numbered_stage("run", round),
            round == 1 ? "Computes the macro structure with the closure and with the reference."
                       : "Computes the macro structure again.",
            [&w, round, this] { return dependencies_of_run(w.at_round(round)); },
            makes,
            [&w, round] { run_stage(w.at_round(round)); },
            {"", fields},
            {},
            [&w, round, &coupling]
            { return handovers_are_there(w.at_round(round), coupling.closure); }};
  }

  Stage compare()
  {
    Fe2Workshop &w = workshop_->at_round(parameters_.guard.rounds);
    const auto out = w.context().output;
    std::vector<std::filesystem::path> makes = {out / "report.md", out / "results.json",
                                                out / "statistics.csv"};
    // The run writes beside its record; the comparison writes the same with error fields on top.
    const auto fields = w.macro_fields(out);
    if (!fields.empty())
      makes.push_back(fields);
    return {"compare",
            "Compares all micro models, on test strains and in the structure.",
            [&w, this] { return dependencies_of_comparison(w); },
            makes,
            [&w, this] { compare_stage(w.at_round(parameters_.guard.rounds)); },
            {out / "report.md", fields}};
  }

  nlohmann::json section(const std::string &name) const { return section_values(*prm_, name); }

  nlohmann::json train_dependencies(Fe2Workshop &w) const
  {
    return {
      {"dataset", w.hash_for_training()}, {"micro", w.micro()}, {"training", section("Training")}};
  }

  nlohmann::json dependencies_of_run(Fe2Workshop &w) const
  {
    nlohmann::json depends = {{"closure", run_dependencies(w, parameters_.coupling.closure)}};
    if (parameters_.coupling.reference != "none" && w.round() == 1)
      depends["reference"] = run_dependencies(w, parameters_.coupling.reference);
    return depends;
  }

  nlohmann::json dependencies_of_comparison(Fe2Workshop &w) const
  {
    nlohmann::json depends = {{"generate", read_json(w.context().output / "generate.json")},
                              {"macro", section("Macro")},
                              {"coupling", section("Coupling")},
                              {"guard", section("Guard")}};
    for (unsigned round = 1; round <= parameters_.guard.rounds; ++round)
    {
      nlohmann::json &of_round = depends[numbered_stage("round", round)];
      of_round = dependencies_of_run(w.at_round(round));
      of_round["dataset"] = w.training_data().hash();
      of_round["train"] = read_json(w.folder() / "train.json");
      for (const auto &name : {parameters_.coupling.closure, parameters_.coupling.reference})
        if (name != "none")
          of_round["record_" + name] = read_json(w.run(name) / "record.json");
    }
    return depends;
  }

  const dealii::ParameterHandler *prm_ = nullptr;
  Fe2Parameters parameters_;
  std::unique_ptr<Fe2Workshop> workshop_;
};
} // namespace

std::unique_ptr<Family> make_fe2_family()
{
  return std::make_unique<Fe2Family>();
}
} // namespace understudy
