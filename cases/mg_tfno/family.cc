// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mg_tfno/family.h>
#include <cases/mg_tfno/stages.h>
#include <cases/stage_inputs.h>
#include <data/core/errors.h>
#include <data/store/atomic_file.h>
#include <data/store/folders.h>

namespace understudy
{
namespace
{
class MgTfnoFamily final : public Family
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
    workshop_ = std::make_unique<MgTfnoWorkshop>(parameters_, context);
    return {generate(), train(), run(), compare()};
  }

  std::vector<NamedSentence> closures() const override
  {
    return {{"mg-tfno",
             "Solutions on grids, from that of the training to four times as fine, by a "
             "tensorised Fourier neural operator that may see large fields in patches."}};
  }
  std::vector<NamedSentence> solvers() const override
  {
    return {{"darcy", "Flow through porous media: bilinear elements, conjugate gradients with "
                      "BoomerAMG."},
            {"torus-vorticity", "Incompressible flow on the torus: pseudo-spectral, dealiased, "
                                "Adams-Bashforth and Crank-Nicolson."}};
  }
  void evaluate(RunContext &, const std::string &, const std::filesystem::path &,
                const std::filesystem::path &) override
  {
    throw UserError(
      "A neural operator predicts fields on grids, so a table of points cannot be evaluated.");
  }

private:
  Stage generate()
  {
    MgTfnoWorkshop &w = *workshop_;
    std::vector<std::filesystem::path> makes;
    for (std::size_t t = 0; t < w.tasks().size(); ++t)
    {
      makes.push_back(w.data(t) / "manifest.json");
      makes.push_back(w.file("generate_" + w.tasks()[t].folder + ".json"));
    }
    if (parameters_.grid_files)
      makes.push_back(w.grid_files() / "SHA256SUMS");
    return {"generate", "Solves the samples exactly.",
            [&w]
            {
              nlohmann::json depends;
              for (const LearningTask &task : w.tasks())
                depends[task.folder] = task.info.fingerprint();
              depends["grid files"] = w.parameters().grid_files;
              return depends;
            },
            makes, [&w] { mg_tfno_generate_stage(w); }};
  }

  Stage train()
  {
    MgTfnoWorkshop &w = *workshop_;
    std::vector<std::filesystem::path> makes;
    for (const PlannedModel &m : w.models())
      makes.push_back(w.model_file(m.name));
    makes.push_back(w.file("train.json"));
    const auto depends_on = [&w, this]
    {
      // by task, so that networks of one do not depend on what others are trained from
      nlohmann::json depends = nlohmann::json::array();
      for (std::size_t t = 0; t < w.tasks().size(); ++t)
      {
        nlohmann::json task = {{"problem", parameters_.problem_name},
                               {"model version", MgTfno::file_version},
                               {"data set", w.dataset(t).hash()}};
        for (const auto &section : parameters_.problem().recipe(t))
          task.update(section_values(*prm_, section));
        depends.push_back(task);
      }
      return depends;
    };
    return {"train",
            "Fits the operator and the networks that it is compared with.",
            depends_on,
            makes,
            [&w, depends_on] { mg_tfno_train_stage(w, depends_on); },
            {},
            [&w] { remove_folder(w.checkpoints()); }};
  }

  Stage run()
  {
    MgTfnoWorkshop &w = *workshop_;
    std::vector<std::filesystem::path> makes = {w.file("run") / "record.json"};
    for (const auto &product : parameters_.problem().products())
      makes.push_back(w.file(product));
    return {"run", "Lets the operator take its place beside the exact solver.",
            [&w, this] { return dependencies(w); }, makes, [&w] { mg_tfno_run_stage(w); }};
  }

  Stage compare()
  {
    MgTfnoWorkshop &w = *workshop_;
    std::vector<std::filesystem::path> makes = {w.file("report.md"), w.file("results.json"),
                                                w.file("statistics.csv")};
    Products products{w.file("report.md"), {}};
    if (parameters_.n_pictures > 0)
      makes.push_back(products.paraview = w.file("fields.pvd"));
    return {"compare",
            "Compares operators, rivals and exact solutions on the test samples.",
            [&w, this]
            {
              auto depends = dependencies(w);
              depends["comparison"] = section_values(*prm_, "Comparison");
              for (const char *name : {"train.json", "run/record.json"})
                depends[name] = read_file(w.file(name).string());
              for (const LearningTask &task : w.tasks())
                depends[task.folder] =
                  read_file(w.file("generate_" + task.folder + ".json").string());
              return depends;
            },
            makes,
            [&w] { mg_tfno_compare_stage(w); },
            products};
  }

  nlohmann::json dependencies(const MgTfnoWorkshop &w) const
  {
    nlohmann::json depends = {{"dataset", w.dataset().hash()}, {"models", w.model_hashes()}};
    for (const auto &section : parameters_.problem().sections())
      depends[section] = section_values(*prm_, section);
    return depends;
  }

  const dealii::ParameterHandler *prm_ = nullptr;
  MgTfnoCaseParameters parameters_;
  std::unique_ptr<MgTfnoWorkshop> workshop_;
};
} // namespace

std::unique_ptr<Family> make_mg_tfno_family()
{
  return std::make_unique<MgTfnoFamily>();
}
} // namespace understudy
