// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <cases/mg_tfno/refine.h>
#include <cases/mg_tfno/report.h>
#include <cases/mg_tfno/stages.h>
#include <cases/over_ranks.h>
#include <data/core/collective.h>
#include <data/core/errors.h>
#include <data/core/progress.h>
#include <data/core/timing.h>
#include <data/output/grid_errors.h>
#include <data/output/grid_vti.h>
#include <data/output/paraview_collection.h>
#include <data/output/statistics.h>
#include <data/store/atomic_file.h>
#include <data/store/folders.h>
#include <data/store/strict_json.h>
#include <surrogates/grid_rivals.h>

#include <algorithm>
#include <map>
#include <optional>

namespace understudy
{
namespace
{
using Json = nlohmann::json;

/// Rivals take time and memory with the square of their samples; with more they get no more.
constexpr std::size_t most_for_rivals = 2000;

GridBatch first_samples(const GridBatch &batch, std::size_t most)
{
  GridBatch part(std::min(batch.n_samples, most), batch.n_channels, batch.n1, batch.n2);
  std::copy_n(batch.values.begin(), part.values.size(), part.values.begin());
  return part;
}

GridBatch sample_of(const GridBatch &batch, std::size_t s)
{
  GridBatch one(1, batch.n_channels, batch.n1, batch.n2);
  std::ranges::copy(batch.sample(s), one.values.begin());
  return one;
}

/// Everybody who predicts, for one sample after the other.
class Contest
{
public:
  explicit Contest(MgTfnoWorkshop &workshop)
    : workshop_(workshop), task_(workshop.tasks().front()), problem_(task_.problem)
  {
    const MgTfnoCaseParameters &p = workshop.parameters();
    n_ = p.n_points;
    coarse_ = workshop.problem().coarse_points(n_);
    for (const PlannedModel &m : workshop.models())
      if (m.task == 0)
      {
        nets_.push_back(workshop.model(m.name));
        predictors_.push_back(m.name);
      }
    on_all_ranks(workshop.comm(),
                 [&]
                 {
                   data_.emplace(workshop.dataset());
                   GridBatch x, y;
                   auto ids = data_->ids("train");
                   task_.read(*data_, {ids.front()}, n_, x, y);
                   ids.resize(std::min(ids.size(), most_for_rivals / x.n_samples + 1));
                   task_.read(*data_, ids, n_, x, y);
                   rivals_.emplace(first_samples(x, most_for_rivals),
                                   first_samples(y, most_for_rivals));
                   n_for_rivals_ = std::min(x.n_samples, most_for_rivals);
                 });
    for (std::string name : GridRivals::names())
    {
      std::replace(name.begin(), name.end(), '-', '_');
      predictors_.push_back(name);
    }
    predictors_.push_back("coarse_interpolation");
    if (workshop.problem().has_persistence())
      predictors_.push_back("persistence");
  }

  const std::vector<std::string> &predictors() const { return predictors_; }
  const DataSet &data() const { return *data_; }
  std::size_t n_for_rivals() const { return n_for_rivals_; }
  MgTfno &net() { return nets_.front(); }
  std::vector<double> first_wave_numbers() const
  {
    std::vector<double> all;
    for (std::size_t b = 0; b < BandErrors(grid(n_)).n_bands(); ++b)
      all.push_back(BandErrors::first_wave_number(b));
    return all;
  }

  /// What there is to say of the pairs of a sample, see MgTfnoFindings::pairs.
  Json judge(std::size_t id)
  {
    GridBatch x, y;
    task_.read(*data_, {id}, n_, x, y);
    double seconds_coarse = 0.;
    const GridBatch coarse =
      workshop_.problem().solve_coarsely(*data_, id, coarse_, seconds_coarse);
    // at the points of the training; persistence is the input itself
    std::map<std::string, GridBatch> by_rivals;
    for (std::size_t r = 0; r < GridRivals::names().size(); ++r)
      by_rivals[predictors_[nets_.size() + r]] = rivals_->predict(r, x);
    by_rivals["coarse_interpolation"] = coarse;
    Json pairs = Json::array();
    for (std::size_t s = 0; s < x.n_samples; ++s)
      pairs.push_back({{"sample", id},
                       {"gate", net().untrusted(n_, x.sample(s))},
                       {"errors", Json::object()},
                       {"seconds", Json::array()},
                       {"seconds_coarse", seconds_coarse / static_cast<double>(x.n_samples)}});
    for (const unsigned n : workshop_.parameters().resolutions())
    {
      task_.read(*data_, {id}, n, x, y);
      if (workshop_.problem().has_persistence())
        by_rivals["persistence"] = x;
      for (std::size_t k = 0; k < nets_.size(); ++k)
        add_network(k, x, y, pairs);
      for (const auto &[name, answer] : by_rivals)
        add_errors(name, refined(problem_, answer, n), y, pairs);
    }
    return pairs;
  }

private:
  FieldGrid grid(unsigned n) const { return {n, n, problem_.is_periodic()}; }

  void add_network(std::size_t k, const GridBatch &x, const GridBatch &y, Json &pairs)
  {
    MgTfno &net = nets_[k];
    if (!net.unfit(x.n1).empty())
      return;
    GridBatch answer(x.n_samples, y.n_channels, y.n1, y.n2);
    for (std::size_t s = 0; s < x.n_samples; ++s)
    {
      const GridBatch one = sample_of(x, s);
      if (k == 0 && s == 0)
        net.predict(one); // memory and plans for this grid
      const double start = seconds_now();
      const GridBatch found = net.predict(one);
      if (k == 0)
        pairs[s]["seconds"].push_back(seconds_now() - start);
      std::ranges::copy(found.values, answer.sample(s).begin());
    }
    add_errors(predictors_[k], answer, y, pairs);
    if (k == 0 && x.n1 == n_)
      add_details(answer, y, pairs);
  }

  /// Appends relative L2 and H1 of every pair, the mean over outputs.
  void add_errors(const std::string &name, const GridBatch &answer, const GridBatch &y,
                  Json &pairs) const
  {
    const FieldGrid g = grid(static_cast<unsigned>(y.n1));
    const auto n_outputs = static_cast<double>(y.n_channels);
    for (std::size_t s = 0; s < y.n_samples; ++s)
    {
      double l2 = 0., h1 = 0.;
      for (std::size_t c = 0; c < y.n_channels; ++c)
      {
        l2 += relative_l2(answer.field(s, c), y.field(s, c)) / n_outputs;
        h1 += relative_h1(g, answer.field(s, c), y.field(s, c)) / n_outputs;
      }
      pairs[s]["errors"][name].push_back({l2, h1});
    }
    if (name == "coarse_interpolation" && y.n1 == n_)
    {
      BandErrors bands(g);
      for (std::size_t s = 0; s < y.n_samples; ++s)
        pairs[s]["bands_coarse"] = bands(answer.field(s, 0), y.field(s, 0)).of_whole;
    }
  }

  /// Error by wave numbers, and what seams of patches show.
  void add_details(const GridBatch &answer, const GridBatch &y, Json &pairs) const
  {
    BandErrors bands(grid(n_));
    const PatchingParameters &patching = nets_.front().state().patching;
    std::optional<MultigridPatches> patches;
    if (patching.levels > 0)
      patches.emplace(patching, n_, n_);
    const auto wide = [](std::span<const float> f)
    { return std::vector<double>(f.begin(), f.end()); };
    for (std::size_t s = 0; s < y.n_samples; ++s)
    {
      pairs[s]["bands"] = bands(answer.field(s, 0), y.field(s, 0)).of_whole;
      if (!patches)
        continue;
      pairs[s]["seam_jump"] = seam_jump(*patches, n_, n_, wide(answer.field(s, 0)).data());
      pairs[s]["seam_jump_exact"] = seam_jump(*patches, n_, n_, wide(y.field(s, 0)).data());
    }
  }

  MgTfnoWorkshop &workshop_;
  const LearningTask &task_;
  const MgTfnoProblem &problem_;
  unsigned n_ = 0, coarse_ = 0;
  std::vector<MgTfno> nets_;
  std::vector<std::string> predictors_; ///< networks first
  std::optional<DataSet> data_;
  std::optional<GridRivals> rivals_;
  std::size_t n_for_rivals_ = 0;
};

/// fields.pvd with fields/*.vti: inputs, outputs, exact ones and errors of the first test samples
/// on the finest grid of the comparison. Local.
void write_pictures(const MgTfnoWorkshop &workshop, Contest &contest)
{
  const auto folder = workshop.file("fields"), collection = workshop.file("fields.pvd");
  remove_folder(folder); // an earlier run may have written more
  remove_file(collection.string());
  const unsigned n_pictures = workshop.parameters().n_pictures;
  if (n_pictures == 0)
    return;
  const LearningTask &task = workshop.tasks().front();
  const unsigned n = workshop.parameters().resolutions().back();
  GridView grid;
  grid.n_nodes = {n, n, 1};
  grid.spacing = {task.problem.side / n, task.problem.side / n, 1.};
  create_folder(folder.string());
  ParaviewCollection all(collection);
  auto ids = contest.data().ids("test");
  ids.resize(std::min<std::size_t>(ids.size(), n_pictures));
  for (std::size_t i = 0; i < ids.size(); ++i)
  {
    GridBatch x, y;
    task.read(contest.data(), {ids[i]}, n, x, y);
    const GridBatch answer = contest.net().predict(sample_of(x, 0));
    std::vector<GridImageField> fields;
    for (std::size_t c = 0; c < x.n_channels; ++c)
      fields.push_back({task.problem.inputs[c].name, x.field(0, c)});
    std::vector<std::vector<float>> errors;
    for (std::size_t c = 0; c < y.n_channels; ++c)
    {
      errors.emplace_back(answer.field(0, c).begin(), answer.field(0, c).end());
      std::ranges::transform(errors[c], y.field(0, c), errors[c].begin(), std::minus<>());
    }
    for (std::size_t c = 0; c < y.n_channels; ++c)
    {
      const std::string &name = task.problem.outputs[c].name;
      fields.push_back({name, answer.field(0, c)});
      fields.push_back({name + "_exact", y.field(0, c)});
      fields.push_back({name + "_error", errors[c]});
    }
    const auto file = folder / ("test_" + std::to_string(i) + ".vti");
    write_grid_vti(file.string(), grid, fields);
    all.add(static_cast<double>(i), file);
  }
  all.write();
}

Json read_record(const std::filesystem::path &file)
{
  return parse_strictly(read_file(file.string()));
}
} // namespace

void mg_tfno_compare_stage(MgTfnoWorkshop &workshop)
{
  RunContext &context = workshop.context();
  Contest contest(workshop);
  const auto ids = contest.data().ids("test");
  if (ids.empty())
    throw UserError("There is nothing to compare with: the data set has no solved test samples.");
  MgTfnoFindings findings;
  findings.predictors = contest.predictors();
  findings.n_for_rivals = contest.n_for_rivals();
  findings.resolutions = workshop.parameters().resolutions();
  findings.first_wave_numbers = contest.first_wave_numbers();
  Progress progress(context.log, "compare", "samples", ids.size());
  const Json by_sample = over_ranks(context.comm, ids.size(),
                                    [&](std::size_t i)
                                    {
                                      progress.update(i);
                                      return contest.judge(ids[i]);
                                    });
  progress.update(ids.size());
  progress.finish();
  on_rank_0(context.comm,
            [&]
            {
              findings.pairs = Json::array();
              for (const Json &pairs : by_sample)
                findings.pairs.insert(findings.pairs.end(), pairs.begin(), pairs.end());
              findings.pairs_per_sample = by_sample.front().size();
              std::vector<double> seconds;
              for (const std::size_t id : ids)
                seconds.push_back(contest.data().read(id, "seconds").at(0));
              findings.seconds_exact = median(seconds);
              for (const LearningTask &task : workshop.tasks())
                findings.generate[task.folder] =
                  read_record(workshop.file("generate_" + task.folder + ".json"));
              findings.train = read_record(workshop.file("train.json"));
              findings.run = read_record(workshop.file("run") / "record.json");
              write_pictures(workshop, contest);
              write_mg_tfno_report(workshop.parameters(), findings, context.output);
              write_mg_tfno_statistics(findings, context.output / "statistics.csv");
              return std::string();
            });
}
} // namespace understudy
