// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/fe2/family.h>
#include <cases/fe2/stages.h>
#include <data/core/parameters.h>

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
    Fe2Workshop &w = *workshop_;
    w.rve(); // made by all ranks together: the functions below run on one
    const auto out = context.output;
    std::vector<std::filesystem::path> models = {w.basis(), out / "train.json"};
    for (const auto &name : parameters_.training.names())
      models.push_back(w.model(name));
    std::vector<std::filesystem::path> runs = {w.runs() / parameters_.coupling.closure /
                                               "record.json"};
    if (parameters_.coupling.reference != "none")
      runs.push_back(w.runs() / parameters_.coupling.reference / "record.json");
    // The run writes beside its record; the comparison writes the same with error fields on top.
    const auto run_fields = w.macro_fields(w.runs() / parameters_.coupling.closure),
               compared_fields = w.macro_fields(out);
    std::vector<std::filesystem::path> comparison = {out / "report.md", out / "results.json",
                                                     out / "statistics.csv"};
    if (parameters_.macro.output_fields)
    {
      runs.push_back(run_fields);
      comparison.push_back(compared_fields);
    }
    return {
      {"generate",
       "Solves the exact micro model at sampled strains.",
       [&w] {
         return nlohmann::json{{"dataset", w.dataset_info().fingerprint()}};
       },
       {w.data() / "manifest.json", out / "generate.json"},
       [&w] { generate_stage(w); }},
      {"train",
       "Computes modes and trains the micro models.",
       [&w, this] { return train_dependencies(w); },
       models,
       [&w, this] { train_stage(w, [&w, this] { return train_dependencies(w); }); },
       {},
       [&w] { remove_training_checkpoints(w); }},
      {"run",
       "Computes the macro structure with the closure and with the reference.",
       [&w, this] { return run_dependencies_of_case(w); },
       runs,
       [&w] { run_stage(w); },
       {"", run_fields}},
      {"compare",
       "Compares all micro models, on test strains and in the structure.",
       [&w, this]
       {
         auto depends = run_dependencies_of_case(w);
         depends["dataset"] = w.dataset().hash();
         depends["train"] = read_json(w.context().output / "train.json");
         depends["generate"] = read_json(w.context().output / "generate.json");
         depends["macro"] = section("Macro");
         depends["coupling"] = section("Coupling");
         for (const auto &name : {parameters_.coupling.closure, parameters_.coupling.reference})
           if (name != "none")
             depends["record_" + name] = read_json(w.runs() / name / "record.json");
         return depends;
       },
       comparison,
       [&w] { compare_stage(w); },
       {out / "report.md", compared_fields}}};
  }

  std::vector<NamedSentence> closures() const override
  {
    std::vector<NamedSentence> all = {
      {"equino", "EquiNO with the head that wins in the structure, equino-rbf."}};
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
  /// All entries of a section with their values.
  nlohmann::json section(const std::string &name) const
  {
    auto values = nlohmann::json::object();
    for (const auto &entry : json_of(*prm_))
    {
      const std::string where = entry["section"];
      if (where == name || where.rfind(name + "/", 0) == 0)
        values[where + "/" + entry["key"].get<std::string>()] = entry["value"];
    }
    return values;
  }

  nlohmann::json train_dependencies(Fe2Workshop &w) const
  {
    return {{"dataset", w.dataset().hash()},
            {"micro", w.card("").micro},
            {"training", section("Training")}};
  }

  nlohmann::json run_dependencies_of_case(Fe2Workshop &w) const
  {
    nlohmann::json depends = {{"closure", run_dependencies(w, parameters_.coupling.closure)}};
    if (parameters_.coupling.reference != "none")
      depends["reference"] = run_dependencies(w, parameters_.coupling.reference);
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
