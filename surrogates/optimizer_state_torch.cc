// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <surrogates/optimizer_state_torch.h>

#include <c10/util/C++17.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <vector>

namespace understudy
{
namespace
{
/// The name under which an optimiser keeps what belongs to a parameter.
std::string key_of(const torch::Tensor &parameter)
{
  return c10::guts::to_string(parameter.unsafeGetTensorImpl());
}

template <class State>
const State *find_state(const torch::optim::Optimizer &optimizer, const torch::Tensor &parameter)
{
  const auto found = optimizer.state().find(key_of(parameter));
  return found == optimizer.state().end() ? nullptr
                                          : static_cast<const State *>(found->second.get());
}

std::vector<std::size_t> shape_of(const torch::Tensor &tensor)
{
  return {tensor.sizes().begin(), tensor.sizes().end()};
}

void add(ModelFile &file, const std::string &name, const torch::Tensor &tensor)
{
  file.add(name, shape_of(tensor), values_of(tensor));
}

torch::Tensor read(const ModelFile &file, const std::string &name,
                   const std::vector<std::size_t> &shape)
{
  const std::vector<double> &values = file.tensor(name, shape);
  torch::Tensor tensor =
    torch::empty(std::vector<std::int64_t>(shape.begin(), shape.end()), torch::kFloat64);
  std::copy(values.begin(), values.end(), tensor.data_ptr<double>());
  return tensor;
}

double read_number(const ModelFile &file, const std::string &name)
{
  return file.tensor(name, {})[0];
}

void add_list(ModelFile &file, const std::string &name, const std::deque<torch::Tensor> &list)
{
  for (std::size_t i = 0; i < list.size(); ++i)
    add(file, name + std::to_string(i), list[i]);
}

std::deque<torch::Tensor> read_list(const ModelFile &file, const std::string &name, std::size_t n,
                                    const std::vector<std::size_t> &shape)
{
  std::deque<torch::Tensor> list;
  for (std::size_t i = 0; i < n; ++i)
    list.push_back(read(file, name + std::to_string(i), shape));
  return list;
}
} // namespace

std::vector<double> values_of(const torch::Tensor &tensor)
{
  const torch::Tensor rows = tensor.detach().to(torch::kFloat64).contiguous();
  return {rows.data_ptr<double>(), rows.data_ptr<double>() + rows.numel()};
}

void save_optimizer(const torch::optim::Adam &optimizer, ModelFile &file, const std::string &prefix)
{
  const auto &parameters = optimizer.param_groups()[0].params();
  for (std::size_t i = 0; i < parameters.size(); ++i)
    if (const auto *state = find_state<torch::optim::AdamParamState>(optimizer, parameters[i]))
    {
      const std::string name = prefix + std::to_string(i) + "/";
      file.add(name + "step", {}, {static_cast<double>(state->step())});
      add(file, name + "mean", state->exp_avg());
      add(file, name + "square", state->exp_avg_sq());
    }
}

void load_optimizer(torch::optim::Adam &optimizer, const ModelFile &file, const std::string &prefix)
{
  const auto &parameters = optimizer.param_groups()[0].params();
  for (std::size_t i = 0; i < parameters.size(); ++i)
  {
    const std::string name = prefix + std::to_string(i) + "/";
    if (!file.has(name + "step"))
      continue;
    auto state = std::make_unique<torch::optim::AdamParamState>();
    state->step(static_cast<std::int64_t>(read_number(file, name + "step")));
    state->exp_avg(read(file, name + "mean", shape_of(parameters[i])));
    state->exp_avg_sq(read(file, name + "square", shape_of(parameters[i])));
    optimizer.state()[key_of(parameters[i])] = std::move(state);
  }
}

// LibTorch keeps the state of all parameters with the first one.
void save_optimizer(const torch::optim::LBFGS &optimizer, ModelFile &file,
                    const std::string &prefix)
{
  const auto &first = optimizer.param_groups()[0].params()[0];
  const auto *state = find_state<torch::optim::LBFGSParamState>(optimizer, first);
  if (!state || !state->d().defined())
    return;
  const auto number = [&](const std::string &name, double value)
  { file.add(prefix + name, {}, {value}); };
  number("evaluations", static_cast<double>(state->func_evals()));
  number("iterations", static_cast<double>(state->n_iter()));
  number("t", state->t());
  number("loss", state->prev_loss());
  number("H", state->H_diag().item<double>());
  number("pairs", static_cast<double>(state->ro().size()));
  add(file, prefix + "direction", state->d());
  add(file, prefix + "gradient", state->prev_flat_grad());
  add_list(file, prefix + "y", state->old_dirs());
  add_list(file, prefix + "s", state->old_stps());
  add_list(file, prefix + "rho", state->ro());
}

void load_optimizer(torch::optim::LBFGS &optimizer, const ModelFile &file,
                    const std::string &prefix)
{
  if (!file.has(prefix + "direction"))
    return;
  const auto &parameters = optimizer.param_groups()[0].params();
  std::size_t size = 0;
  for (const auto &parameter : parameters)
    size += static_cast<std::size_t>(parameter.numel());
  const auto n_pairs = static_cast<std::size_t>(read_number(file, prefix + "pairs"));
  auto state = std::make_unique<torch::optim::LBFGSParamState>();
  state->func_evals(static_cast<std::int64_t>(read_number(file, prefix + "evaluations")));
  state->n_iter(static_cast<std::int64_t>(read_number(file, prefix + "iterations")));
  state->t(read_number(file, prefix + "t"));
  state->prev_loss(read_number(file, prefix + "loss"));
  state->H_diag(read(file, prefix + "H", {}));
  state->d(read(file, prefix + "direction", {size}));
  state->prev_flat_grad(read(file, prefix + "gradient", {size}));
  state->old_dirs(read_list(file, prefix + "y", n_pairs, {size}));
  state->old_stps(read_list(file, prefix + "s", n_pairs, {size}));
  state->ro(read_list(file, prefix + "rho", n_pairs, {}));
  optimizer.state()[key_of(parameters[0])] = std::move(state);
}
} // namespace understudy
