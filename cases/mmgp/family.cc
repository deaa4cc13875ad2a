// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mmgp/family.h>
#include <cases/mmgp/stages.h>
#include <cases/stage_inputs.h>
#include <data/core/errors.h>
#include <data/store/atomic_file.h>

namespace understudy
{
namespace
{
class MmgpFamily final : public Family
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
    workshop_ = std::make_unique<MmgpWorkshop>(parameters_, context);
    return {generate(), train(), run(), compare()};
  }

  std::vector<NamedSentence> closures() const override
  {
    return {{"mmgp", "Fields of a plate on a mesh never seen before, with standard deviations."}};
  }
  std::vector<NamedSentence> solvers() const override
  {
    return {{"plate-viscoplastic", "Elasto-viscoplastic plate in plane strain: six-node triangles, "
                                   "implicit Euler, SNES."}};
  }
  void evaluate(RunContext &, const std::string &, const std::filesystem::path &,
                const std::filesystem::path &) override
  {
    throw UserError("MMGP predicts fields on meshes, so a table of points cannot be evaluated.");
  }

private:
  Stage generate()
  {
    MmgpWorkshop &w = *workshop_;
    return {"generate",
            "Solves plates that all have meshes of their own.",
            [&w]
            {
              const auto &p = w.parameters();
              return nlohmann::json{
                {"dataset", describe_plate_dataset(p.plates, p.solver).fingerprint()},
                {"legal", {p.plates.owner, p.plates.license}}};
            },
            {w.data() / "manifest.json", w.data() / "infos.yaml", w.file("generate.json")},
            [&w] { mmgp_generate_stage(w); }};
  }

  Stage train()
  {
    MmgpWorkshop &w = *workshop_;
    return {"train",
            "Morphs the plates to one shape, finds modes and Gaussian processes.",
            [&w, this]
            {
              return nlohmann::json{{"dataset", w.hash_for_training()},
                                    {"training", section("Training")},
                                    {"model version", Mmgp::file_version}};
            },
            {w.model_file(), w.file("train.json")},
            [&w] { mmgp_train_stage(w); }};
  }

  Stage run()
  {
    MmgpWorkshop &w = *workshop_;
    return {"run",
            "Lets the model predict, hand over and guess beside the exact solver.",
            [&w, this] { return dependencies(w); },
            {w.file("run") / "record.json"},
            [&w] { mmgp_run_stage(w); },
            {},
            {},
            [&w] { return handovers_are_there(w); }};
  }

  Stage compare()
  {
    MmgpWorkshop &w = *workshop_;
    std::vector<std::filesystem::path> makes = {w.file("report.md"), w.file("results.json"),
                                                w.file("statistics.csv")};
    if (!w.pictures().empty())
      makes.push_back(w.pictures());
    return {"compare",
            "Compares predictions, rivals and exact fields on the test plates.",
            [&w, this]
            {
              auto depends = dependencies(w);
              for (const char *name : {"generate.json", "train.json", "run/record.json"})
                depends[name] = read_file(w.file(name).string());
              return depends;
            },
            makes,
            [&w] { mmgp_compare_stage(w); },
            {w.file("report.md"), w.pictures()}};
  }

  nlohmann::json dependencies(const MmgpWorkshop &w) const
  {
    return {{"dataset", w.dataset().hash()}, {"model", w.model_hash()}, {"run", section("Run")}};
  }

  nlohmann::json section(const std::string &name) const { return section_values(*prm_, name); }

  const dealii::ParameterHandler *prm_ = nullptr;
  MmgpCaseParameters parameters_;
  std::unique_ptr<MmgpWorkshop> workshop_;
};
} // namespace

std::unique_ptr<Family> make_mmgp_family()
{
  return std::make_unique<MmgpFamily>();
}
} // namespace understudy
