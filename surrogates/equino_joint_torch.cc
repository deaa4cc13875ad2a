// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/progress.h>
#include <data/core/timing.h>
#include <data/sampling/latin_hypercube.h>
#include <data/sampling/random_numbers.h>
#include <operators/nn/one_thread_torch.h>
#include <surrogates/equino_joint.h>
#include <surrogates/equino_misfit.h>
#include <surrogates/layer_widths.h>
#include <surrogates/optimizer_state_torch.h>

#include <nlohmann/json.hpp>
#include <torch/torch.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>
#include <random>
#include <sstream>
#include <utility>

namespace understudy
{
namespace
{
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

const auto in_double = torch::TensorOptions().dtype(torch::kFloat64);

/// EquinoMisfit with its hand-written derivative: LibTorch sees neither fields nor the law, so it
/// keeps no copies of them for its way back.
class MisfitFunction : public torch::autograd::Function<MisfitFunction>
{
public:
  static torch::Tensor forward(AutogradContext *context, const torch::Tensor &E,
                               const torch::Tensor &a, const torch::Tensor &b,
                               const EquinoMisfit *misfit)
  {
    const torch::Tensor a_rows = a.contiguous(), b_rows = b.contiguous();
    const torch::Tensor grad_a = torch::empty_like(a_rows), grad_b = torch::empty_like(b_rows);
    const double loss = misfit->evaluate(static_cast<std::size_t>(E.size(0)), E.data_ptr<double>(),
                                         a_rows.data_ptr<double>(), b_rows.data_ptr<double>(),
                                         grad_a.data_ptr<double>(), grad_b.data_ptr<double>());
    context->save_for_backward({grad_a, grad_b});
    return torch::scalar_tensor(loss, in_double);
  }

  static tensor_list backward(AutogradContext *context, const tensor_list &grad)
  {
    const auto saved = context->get_saved_variables();
    return {torch::Tensor(), grad[0] * saved[0], grad[0] * saved[1], torch::Tensor()};
  }
};

/// One branch as LibTorch computes it. Equals the Mlp of weights(), see MlpWeights.
struct Branch
{
  std::vector<torch::Tensor> weight, bias; ///< [n_out][n_in], [n_out]; odd: one bias fewer
  torch::Tensor scale;                     ///< [n_outputs]
  bool odd = true;

  Branch(const std::vector<std::int64_t> &widths, std::vector<double> output_scale, bool is_odd,
         std::mt19937_64 &generator)
    : scale(torch::tensor(output_scale, in_double)), odd(is_odd)
  {
    const auto random = [&](std::vector<std::int64_t> shape, double bound)
    {
      torch::Tensor t = torch::empty(shape, in_double);
      for (std::int64_t i = 0; i < t.numel(); ++i)
        t.data_ptr<double>()[i] = bound * (2. * uniform_01(generator) - 1.);
      return t.requires_grad_();
    };
    for (std::size_t l = 0; l + 1 < widths.size(); ++l)
    {
      const double bound = 1. / std::sqrt(static_cast<double>(widths[l]));
      weight.push_back(random({widths[l + 1], widths[l]}, bound));
      // an odd unit with a small shift is nearly linear: its shifts start over a wider range
      if (!odd)
        bias.push_back(random({widths[l + 1]}, bound));
      else if (l + 2 < widths.size())
        bias.push_back(random({widths[l + 1]}, 2.));
    }
  }

  torch::Tensor forward(torch::Tensor h) const
  {
    const std::size_t last = weight.size() - 1;
    for (std::size_t l = 0; l < last; ++l)
      if (odd)
      {
        const torch::Tensor z = torch::matmul(h, weight[l].t());
        h = torch::silu(z + bias[l]) - torch::silu(bias[l] - z);
      }
      else
        h = torch::silu(torch::addmm(bias[l], h, weight[l].t()));
    h = torch::matmul(h, weight[last].t());
    return (odd ? h : h + bias[last]) * scale;
  }

  /// With the output scale in the last layer.
  Mlp network(double limit) const
  {
    MlpWeights w;
    w.odd = odd;
    w.input_scale.assign(static_cast<std::size_t>(weight[0].size(1)), limit);
    for (std::size_t l = 0; l < weight.size(); ++l)
    {
      const bool last = l + 1 == weight.size();
      MlpWeights::Layer layer;
      layer.n_in = static_cast<std::size_t>(weight[l].size(1));
      layer.n_out = static_cast<std::size_t>(weight[l].size(0));
      layer.weight = values_of(last ? weight[l] * scale.unsqueeze(1) : weight[l]);
      if (l < bias.size())
        layer.bias = values_of(last ? bias[l] * scale : bias[l]);
      w.layers.push_back(std::move(layer));
    }
    return Mlp(std::move(w));
  }

  void append_to(std::vector<torch::Tensor> &all) const
  {
    for (std::size_t l = 0; l < weight.size(); ++l)
    {
      all.push_back(weight[l]);
      if (l < bias.size())
        all.push_back(bias[l]);
    }
  }
};

std::vector<std::int64_t> widths(const EquinoJointParameters &parameters, std::size_t n_modes)
{
  std::vector<std::int64_t> all{3};
  for (const std::size_t n : layer_widths(parameters.hidden_layers))
    all.push_back(static_cast<std::int64_t>(n));
  all.push_back(static_cast<std::int64_t>(n_modes));
  return all;
}

std::vector<double> output_scale(const EquinoJointParameters &parameters, std::vector<double> rms)
{
  if (parameters.scaling == "per-mode")
    return rms;
  const double squares = std::inner_product(rms.begin(), rms.end(), rms.begin(), 0.);
  rms.assign(rms.size(), std::sqrt(squares / static_cast<double>(rms.size())));
  return rms;
}

const EquinoJointParameters &checked(const EquinoJointParameters &parameters)
{
  const auto problems = parameters.problems();
  if (!problems.empty())
    throw UserError("Joint training of EquiNO: " + problems.front());
  return parameters;
}

/// One call of train(): its time, with what was spent before a checkpoint, and its checkpoints.
class Session
{
public:
  Session(const TrainingCheckpoint &checkpoint, double budget) : checkpoint_(checkpoint)
  {
    const double before =
      checkpoint.from ? checkpoint.from->meta().at("joint").at("seconds").get<double>() : 0.;
    start_ = seconds_now() - before;
    end_ = start_ + budget;
  }
  double seconds() const { return seconds_now() - start_; }
  bool has_time() const { return seconds_now() < end_; }

  /// The state to go on from when it was taken in this @p phase; null otherwise.
  const ModelFile *from(const std::string &phase) const
  {
    const auto &file = checkpoint_.from;
    return file && file->meta().at("joint").at("phase") == phase ? file.get() : nullptr;
  }
  /// Takes a checkpoint where one is wanted. @p add puts the state into the file.
  void offer(const std::string &phase, const std::function<void(ModelFile &)> &add) const
  {
    if (!checkpoint_.wanted || !checkpoint_.wanted())
      return;
    ModelFile file;
    file.meta()["joint"] = {{"phase", phase}, {"seconds", seconds()}};
    add(file);
    checkpoint_.save(file);
  }

private:
  const TrainingCheckpoint &checkpoint_;
  double start_ = 0., end_ = 0.;
};

/// Points [3][n] as rows of a tensor.
torch::Tensor rows(const PointBatch &E)
{
  torch::Tensor t = torch::empty({static_cast<std::int64_t>(E.n_points()), 3}, in_double);
  for (std::size_t p = 0; p < E.n_points(); ++p)
    for (unsigned i = 0; i < 3; ++i)
      t.data_ptr<double>()[3 * p + i] = E(i, p);
  return t;
}
} // namespace

struct EquinoJointLoss::Data
{
  Data(const EquinoJointParameters &p, const MicroBasis &basis, const Rve &rve, double box)
    : parameters(checked(p)),
      limit(box),
      generator(p.seed),
      misfit(basis, rve, p.points, p.seed, p.norm),
      a(widths(p, basis.n_modes), output_scale(p, misfit.rms_a()), p.odd, generator),
      b(widths(p, basis.n_modes), output_scale(p, misfit.rms_b()), p.odd, generator),
      E(rows(latin_hypercube(p.strains, std::vector<double>(3, -box), std::vector<double>(3, box),
                             p.seed)))
  {
    a.append_to(tensors);
    b.append_to(tensors);
  }

  torch::Tensor loss(const torch::Tensor &strains) const
  {
    const torch::Tensor x = strains / limit;
    return MisfitFunction::apply(strains, a.forward(x), b.forward(x), &misfit);
  }
  /// Loss of all strains; leaves the gradient in the tensors.
  torch::Tensor loss_and_gradient() const
  {
    for (const auto &t : tensors)
      if (t.grad().defined())
        t.grad().zero_();
    const torch::Tensor l = loss(E);
    l.backward();
    return l;
  }
  std::vector<double> values() const
  {
    std::vector<double> all;
    for (const auto &t : tensors)
      all.insert(all.end(), t.data_ptr<double>(), t.data_ptr<double>() + t.numel());
    return all;
  }
  void set_values(const std::vector<double> &all)
  {
    if (all.size() != values().size())
      throw UserError("Both branches have " + std::to_string(values().size()) +
                      " parameters, not " + std::to_string(all.size()) + ".");
    const double *next = all.data();
    for (const auto &t : tensors)
    {
      std::copy_n(next, t.numel(), t.data_ptr<double>());
      next += t.numel();
    }
  }

  struct Outcome
  {
    double loss = std::numeric_limits<double>::infinity();
    unsigned evaluations = 0;
    std::string stopped_by;
  };
  using Report = std::function<void(const Outcome &)>;
  void add_values(ModelFile &file) const
  {
    const std::vector<double> all = values();
    file.add("joint/values", {all.size()}, all);
  }
  void set_values_of(const ModelFile &file)
  {
    set_values(file.tensor("joint/values", {values().size()}));
  }
  void adam(const Session &session);
  Outcome lbfgs(const Session &session, const Report &report);

  EquinoJointParameters parameters;
  double limit;
  std::mt19937_64 generator;
  EquinoMisfit misfit;
  Branch a, b;
  torch::Tensor E; ///< [n][3]
  std::vector<torch::Tensor> tensors;
};

// Every batch is drawn without putting back until all strains had their turn.
void EquinoJointLoss::Data::adam(const Session &session)
{
  torch::optim::Adam optimizer(tensors, torch::optim::AdamOptions(1e-3));
  std::vector<std::int64_t> order(parameters.strains);
  std::iota(order.begin(), order.end(), 0);
  std::size_t next = order.size();
  unsigned step = 0;
  if (const ModelFile *from = session.from("adam"))
  {
    const auto &state = from->meta().at("joint").at("adam");
    state.at("step").get_to(step);
    state.at("next").get_to(next);
    state.at("order").get_to(order);
    std::istringstream(state.at("generator").get<std::string>()) >> generator;
    set_values_of(*from);
    load_optimizer(optimizer, *from, "joint/adam/");
  }
  const auto add_state = [&](ModelFile &file)
  {
    std::ostringstream random;
    random << generator;
    file.meta()["joint"]["adam"] = {
      {"step", step}, {"next", next}, {"order", order}, {"generator", random.str()}};
    add_values(file);
    save_optimizer(optimizer, file, "joint/adam/");
  };
  for (; step < parameters.adam_steps && session.has_time(); ++step)
  {
    session.offer("adam", add_state);
    if (next + parameters.batch > order.size())
    {
      for (std::size_t i = order.size() - 1; i > 0; --i)
        std::swap(
          order[i],
          order[static_cast<std::size_t>(uniform_01(generator) * static_cast<double>(i + 1))]);
      next = 0;
    }
    const torch::Tensor chosen = torch::tensor(std::vector<std::int64_t>(
      order.begin() + static_cast<std::ptrdiff_t>(next),
      order.begin() + static_cast<std::ptrdiff_t>(next + parameters.batch)));
    next += parameters.batch;
    optimizer.zero_grad();
    loss(E.index_select(0, chosen)).backward();
    optimizer.step();
  }
}

// In rounds of a few iterations, between which the optimizer keeps its pairs and the limits are
// looked at. Its own tolerances are zero: the loss gets so small that others would end it early.
EquinoJointLoss::Data::Outcome EquinoJointLoss::Data::lbfgs(const Session &session,
                                                            const Report &report)
{
  constexpr std::int64_t iterations = 20;
  torch::optim::LBFGS optimizer(tensors, torch::optim::LBFGSOptions(1.)
                                           .history_size(50)
                                           .line_search_fn("strong_wolfe")
                                           .max_iter(iterations)
                                           .max_eval(2 * iterations)
                                           .tolerance_grad(0.)
                                           .tolerance_change(0.));
  auto &options = static_cast<torch::optim::LBFGSOptions &>(optimizer.param_groups()[0].options());
  Outcome outcome;
  std::vector<double> best;
  const auto closure = [&]
  {
    const torch::Tensor loss = loss_and_gradient();
    ++outcome.evaluations;
    if (loss.item<double>() < outcome.loss)
    {
      outcome.loss = loss.item<double>();
      best = values();
    }
    return loss;
  };
  if (const ModelFile *from = session.from("lbfgs"))
  {
    outcome.evaluations = from->meta().at("joint").at("evaluations").get<unsigned>();
    outcome.loss = from->tensor("joint/loss", {})[0];
    best = from->tensor("joint/best", {values().size()});
    set_values_of(*from);
    load_optimizer(optimizer, *from, "joint/lbfgs/");
  }
  const auto add_state = [&](ModelFile &file)
  {
    file.meta()["joint"]["evaluations"] = outcome.evaluations;
    file.add("joint/loss", {}, {outcome.loss});
    file.add("joint/best", {best.size()}, best);
    add_values(file);
    save_optimizer(optimizer, file, "joint/lbfgs/");
  };
  while (outcome.stopped_by.empty())
  {
    if (!best.empty())
      session.offer("lbfgs", add_state);
    const double before = outcome.loss;
    options.max_eval(std::min<std::int64_t>(
      2 * iterations, static_cast<std::int64_t>(parameters.max_evaluations) - outcome.evaluations));
    optimizer.step(closure);
    report(outcome);
    if (outcome.evaluations >= parameters.max_evaluations)
      outcome.stopped_by = "evaluations";
    else if (!(outcome.loss < before))
      outcome.stopped_by = "stall";
    else if (!session.has_time())
      outcome.stopped_by = "time";
  }
  if (!best.empty())
    set_values(best);
  return outcome;
}

EquinoJointLoss::EquinoJointLoss(const EquinoJointParameters &parameters, const MicroBasis &basis,
                                 const Rve &rve, double limit)
  : data_(std::make_unique<Data>(parameters, basis, rve, limit))
{
}

EquinoJointLoss::~EquinoJointLoss() = default;

std::vector<double> EquinoJointLoss::parameters() const
{
  return data_->values();
}

void EquinoJointLoss::set_parameters(const std::vector<double> &values)
{
  data_->set_values(values);
}

double EquinoJointLoss::evaluate(std::vector<double> *gradient) const
{
  const OneThread one_thread;
  if (gradient == nullptr)
  {
    const torch::NoGradGuard no_gradient;
    return data_->loss(data_->E).item<double>();
  }
  const double loss = data_->loss_and_gradient().item<double>();
  gradient->clear();
  for (const auto &t : data_->tensors)
  {
    const torch::Tensor g = t.grad().contiguous();
    gradient->insert(gradient->end(), g.data_ptr<double>(), g.data_ptr<double>() + g.numel());
  }
  return loss;
}

PointBatch EquinoJointLoss::coefficients(const PointBatch &E) const
{
  const OneThread one_thread;
  const torch::NoGradGuard no_gradient;
  const torch::Tensor x = rows(E) / data_->limit;
  const torch::Tensor y =
    torch::cat({data_->a.forward(x), data_->b.forward(x)}, 1).t().contiguous();
  PointBatch out(static_cast<std::size_t>(y.size(0)), E.n_points());
  std::copy_n(y.data_ptr<double>(), y.numel(), out.data());
  return out;
}

EquinoBranches EquinoJointLoss::train(const std::function<void(const std::string &line)> &progress,
                                      const TrainingCheckpoint &checkpoint)
{
  const OneThread one_thread;
  const double budget = 60. * data_->parameters.max_minutes;
  const Session session(checkpoint, budget);
  double last = seconds_now();
  const unsigned most = data_->parameters.max_evaluations;
  const auto report = [&](const Data::Outcome &now)
  {
    if (!progress)
      return;
    char line[160] = "";
    if (seconds_now() - last > 5.)
    {
      last = seconds_now();
      std::snprintf(line, sizeof line,
                    "train: both branches, %u/%u evaluations, loss %.2e, %s left at most",
                    now.evaluations, most, now.loss,
                    duration(std::max(0., budget - session.seconds())).c_str());
    }
    progress(line);
  };
  if (!session.from("lbfgs"))
    data_->adam(session);
  const Data::Outcome outcome = data_->lbfgs(session, report);
  return {data_->a.network(data_->limit), data_->b.network(data_->limit), outcome.loss,
          outcome.evaluations, outcome.stopped_by};
}

EquinoBranches train_equino_joint(const EquinoJointParameters &parameters, const MicroBasis &basis,
                                  const Rve &rve, double limit,
                                  const std::function<void(const std::string &line)> &progress,
                                  const TrainingCheckpoint &checkpoint)
{
  return EquinoJointLoss(parameters, basis, rve, limit).train(progress, checkpoint);
}
} // namespace understudy
