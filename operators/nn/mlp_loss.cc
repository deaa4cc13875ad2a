// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <operators/nn/gemm.h>
#include <operators/nn/simd_kernels.h>
#include <operators/nn/train_mlp.h>

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <random>

namespace understudy
{
namespace
{
// Samples that go through the net together: their activations and derivatives stay in L2.
constexpr std::size_t samples_per_chunk = 64;

// Hidden units that are nearly alike make the least-squares problem of the last layer singular to
// rounding. The ridge rho of the header bounds the weights: where it is much smaller, large weights
// of opposite sign cost digits of the answer.
constexpr double ridge = 1e-10;
} // namespace

struct MlpLoss::Data
{
  // A row of a chunk: its values, then its derivatives in each scaled input direction.
  struct Chunk
  {
    std::size_t n = 0;              ///< samples
    std::vector<double> in, labels; ///< [n_inputs | n_outputs][(1 + directions) n], labels times W
  };
  struct Layer
  {
    std::size_t n_in = 0, n_out = 0;
    std::size_t weight = 0, bias = 0;    ///< offsets into the parameters
    std::vector<double> z, h, grad;      ///< [n_out][columns]
    std::vector<double> u1, u2, uc, u1c; ///< [n_out][samples] derivatives of the units
  };

  std::vector<double> input_scale, output_weight, output_scale;
  std::vector<Chunk> chunks;
  std::vector<Layer> layers;
  std::size_t n_parameters = 0, directions = 0;
  double value_factor = 0., derivative_factor = 0.;
  bool odd = true;
  std::uint64_t seed = 0;

  bool has_bias(std::size_t layer) const { return !odd || layer + 1 < layers.size(); }
  void make_chunks(const MlpLabels &labels);
  void forward(const Chunk &chunk, const double *parameters, std::size_t n_layers);
  void add_normal_equations(const Chunk &chunk, Eigen::MatrixXd &A, Eigen::MatrixXd &B) const;
  double misfit(const Chunk &chunk, bool want_gradient);
  void backward(const Chunk &chunk, const double *parameters, double by_unit_size,
                double *gradient);
  double evaluate(const double *parameters, double by_unit_size, double *gradient);
  double fit_last_layer(double *parameters);
  double last_factor(std::size_t parameter) const;
};

void MlpLoss::Data::make_chunks(const MlpLabels &labels)
{
  const PointBatch &x = *labels.x, &y = *labels.y;
  const std::size_t n_in = x.n_components(), n_out = y.n_components();
  double values = 0., derivatives = 0.;
  for (std::size_t start = 0; start < x.n_points(); start += samples_per_chunk)
  {
    Chunk c;
    c.n = std::min(samples_per_chunk, x.n_points() - start);
    const std::size_t columns = (1 + directions) * c.n;
    c.in.assign(n_in * columns, 0.);
    c.labels.assign(n_out * columns, 0.);
    for (std::size_t p = 0; p < c.n; ++p)
    {
      for (std::size_t i = 0; i < n_in; ++i)
      {
        c.in[i * columns + p] = x(i, start + p) / input_scale[i];
        if (directions > 0)
          c.in[i * columns + (1 + i) * c.n + p] = 1.;
      }
      for (std::size_t k = 0; k < n_out; ++k)
      {
        const double w = output_weight[k], v = w * y(k, start + p);
        c.labels[k * columns + p] = v;
        values += v * v;
        for (std::size_t j = 0; j < directions; ++j)
        {
          const double d = w * (*labels.dy)(k * n_in + j, start + p) * input_scale[j];
          c.labels[k * columns + (1 + j) * c.n + p] = d;
          derivatives += d * d;
        }
      }
    }
    chunks.push_back(std::move(c));
  }
  if (!std::isfinite(values) || !std::isfinite(derivatives) || values == 0. ||
      (directions > 0 && derivatives == 0.))
    throw UserError("The labels of a network are zero throughout or not finite.");
  value_factor = 1. / values;
  derivative_factor = directions > 0 ? derivative_factor / derivatives : 0.;
}

// The first @p n_layers layers; the last one leaves its outputs in z, hidden ones theirs in h.
void MlpLoss::Data::forward(const Chunk &c, const double *parameters, std::size_t n_layers)
{
  const std::size_t columns = (1 + directions) * c.n;
  const double *in = c.in.data();
  const SimdKernels &kernels = simd_kernels();
  for (std::size_t i = 0; i < n_layers; ++i)
  {
    Layer &l = layers[i];
    gemm<double>(false, false, l.n_out, columns, l.n_in, parameters + l.weight, l.n_in, in, columns,
                 0., l.z.data(), columns);
    if (i + 1 == layers.size())
    {
      if (has_bias(i))
        for (std::size_t k = 0; k < l.n_out; ++k)
          for (std::size_t p = 0; p < c.n; ++p)
            l.z[k * columns + p] += parameters[l.bias + k];
      return;
    }
    for (std::size_t k = 0; k < l.n_out; ++k)
    {
      const double *z = &l.z[k * columns];
      double *h = &l.h[k * columns];
      const std::size_t o = k * c.n;
      kernels.unit(odd, c.n, z, parameters[l.bias + k], h, &l.u1[o], &l.u2[o], &l.uc[o], &l.u1c[o]);
      for (std::size_t j = 1; j <= directions; ++j)
        for (std::size_t p = 0; p < c.n; ++p)
          h[j * c.n + p] = l.u1[o + p] * z[j * c.n + p];
    }
    in = l.h.data();
  }
}

// Adds what this chunk says about the weights V = output_weight * output_scale * W of the last
// layer: A V = B minimises the loss. Only the lower half of A is filled.
void MlpLoss::Data::add_normal_equations(const Chunk &c, Eigen::MatrixXd &A,
                                         Eigen::MatrixXd &B) const
{
  using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto columns = static_cast<Eigen::Index>((1 + directions) * c.n);
  const auto n = static_cast<Eigen::Index>(c.n);
  const auto n_in = static_cast<Eigen::Index>(layers.back().n_in);
  const auto n_out = static_cast<Eigen::Index>(layers.back().n_out);
  const Eigen::Map<const Rows> h(layers[layers.size() - 2].h.data(), n_in, columns);
  const Eigen::Map<const Rows> y(c.labels.data(), n_out, columns);
  const auto add = [&](Eigen::Index first, Eigen::Index count, double factor)
  {
    const auto part = h.middleCols(first, count);
    A.topLeftCorner(n_in, n_in).selfadjointView<Eigen::Lower>().rankUpdate(part, factor);
    B.topRows(n_in).noalias() += factor * part * y.middleCols(first, count).transpose();
  };
  add(0, n, value_factor);
  if (directions > 0)
    add(n, columns - n, derivative_factor);
  if (A.rows() > n_in) // a bias is a unit that is always one and has no derivative
  {
    A.row(n_in).head(n_in) += value_factor * h.leftCols(n).rowwise().sum().transpose();
    A(n_in, n_in) += value_factor * static_cast<double>(n);
    B.row(n_in) += value_factor * y.leftCols(n).rowwise().sum().transpose();
  }
}

// Sum of squares of this chunk; leaves its derivative by the outputs in the last layer's grad.
double MlpLoss::Data::misfit(const Chunk &c, bool want_gradient)
{
  const std::size_t columns = (1 + directions) * c.n;
  Layer &l = layers.back();
  double values = 0., derivatives = 0.;
  for (std::size_t k = 0; k < l.n_out; ++k)
  {
    const double factor = output_weight[k] * output_scale[k];
    for (std::size_t p = 0; p < columns; ++p)
    {
      const std::size_t i = k * columns + p;
      const double r = factor * l.z[i] - c.labels[i];
      (p < c.n ? values : derivatives) += r * r;
      if (want_gradient)
        l.grad[i] = 2. * r * factor * (p < c.n ? value_factor : derivative_factor);
    }
  }
  return values * value_factor + derivatives * derivative_factor;
}

// @param by_unit_size  derivative of what is minimised by the sum of the sizes of the last units
void MlpLoss::Data::backward(const Chunk &c, const double *parameters, double by_unit_size,
                             double *gradient)
{
  const std::size_t columns = (1 + directions) * c.n;
  for (std::size_t i = layers.size(); i-- > 0;)
  {
    Layer &l = layers[i];
    const bool last = i + 1 == layers.size();
    for (std::size_t k = 0; k < l.n_out; ++k) // grad by h becomes grad by z, in place
    {
      double *g = &l.grad[k * columns];
      double by_bias = 0.;
      if (last)
        for (std::size_t p = 0; p < c.n; ++p)
          by_bias += g[p];
      else
      {
        const double *z = &l.z[k * columns];
        const std::size_t o = k * c.n;
        for (std::size_t p = 0; p < c.n; ++p)
        {
          double curved = 0.;
          for (std::size_t j = 1; j <= directions; ++j)
          {
            curved += g[j * c.n + p] * z[j * c.n + p];
            g[j * c.n + p] *= l.u1[o + p];
          }
          by_bias += g[p] * l.uc[o + p] + curved * l.u1c[o + p];
          g[p] = g[p] * l.u1[o + p] + curved * l.u2[o + p];
        }
      }
      if (has_bias(i))
        gradient[l.bias + k] += by_bias;
    }
    const double *in = i > 0 ? layers[i - 1].h.data() : c.in.data();
    gemm<double>(false, true, l.n_out, l.n_in, columns, l.grad.data(), columns, in, columns, 1.,
                 gradient + l.weight, l.n_in);
    if (i > 0)
      gemm<double>(true, false, l.n_in, columns, l.n_out, parameters + l.weight, l.n_in,
                   l.grad.data(), columns, 0., layers[i - 1].grad.data(), columns);
    for (std::size_t j = 0; last && by_unit_size != 0. && j < l.n_in; ++j)
    {
      double *g = &layers[i - 1].grad[j * columns];
      const double *h = in + j * columns;
      for (std::size_t p = 0; p < c.n; ++p)
        g[p] += 2. * by_unit_size * value_factor * h[p];
      for (std::size_t p = c.n; p < columns; ++p)
        g[p] += 2. * by_unit_size * derivative_factor * h[p];
    }
  }
}

double MlpLoss::Data::evaluate(const double *parameters, double by_unit_size, double *gradient)
{
  double loss = 0.;
  if (gradient)
    std::fill_n(gradient, n_parameters, 0.);
  for (const Chunk &chunk : chunks)
  {
    forward(chunk, parameters, layers.size());
    loss += misfit(chunk, gradient != nullptr);
    if (gradient)
      backward(chunk, parameters, by_unit_size, gradient);
  }
  return loss;
}

// What turns a parameter of the last layer into its weight V in the loss.
double MlpLoss::Data::last_factor(std::size_t parameter) const
{
  const Layer &last = layers.back();
  const std::size_t output =
    parameter < last.bias ? (parameter - last.weight) / last.n_in : parameter - last.bias;
  return output_weight[output] * output_scale[output];
}

// Overwrites the last layer by the best one. Returns the sum of the sizes of the units: the trace
// of the normal matrix.
double MlpLoss::Data::fit_last_layer(double *parameters)
{
  const Layer &last = layers.back();
  const auto n_in = static_cast<Eigen::Index>(last.n_in);
  const auto n = n_in + (last.bias < n_parameters ? 1 : 0);
  Eigen::MatrixXd A = Eigen::MatrixXd::Zero(n, n);
  Eigen::MatrixXd B = Eigen::MatrixXd::Zero(n, static_cast<Eigen::Index>(last.n_out));
  for (const Chunk &chunk : chunks)
  {
    forward(chunk, parameters, layers.size() - 1);
    add_normal_equations(chunk, A, B);
  }
  const double sizes = A.trace();
  A.diagonal().array() += ridge * sizes / static_cast<double>(n);
  const Eigen::MatrixXd V = A.selfadjointView<Eigen::Lower>().ldlt().solve(B);
  for (std::size_t i = last.weight; i < n_parameters; ++i)
  {
    const bool is_weight = i < last.bias;
    const auto unit = is_weight ? static_cast<Eigen::Index>((i - last.weight) % last.n_in) : n_in;
    const auto output =
      static_cast<Eigen::Index>(is_weight ? (i - last.weight) / last.n_in : i - last.bias);
    const double factor = last_factor(i);
    parameters[i] = factor > 0. ? V(unit, output) / factor : 0.;
  }
  return sizes;
}

namespace
{
void check_labels(const MlpRecipe &recipe, const MlpLabels &labels)
{
  if (!labels.x || !labels.y || labels.x->n_points() == 0 || labels.x->n_components() == 0 ||
      labels.y->n_components() == 0)
    throw UserError("A network needs at least one sample with inputs and outputs to be trained.");
  const std::size_t n = labels.x->n_points(), n_in = labels.x->n_components(),
                    n_out = labels.y->n_components();
  if (labels.y->n_points() != n ||
      (labels.dy && (labels.dy->n_points() != n || labels.dy->n_components() != n_in * n_out)))
    throw UserError("The labels of a network do not belong to its " + std::to_string(n) +
                    " samples.");
  if ((!recipe.input_scale.empty() && recipe.input_scale.size() != n_in) ||
      (!recipe.output_weight.empty() && recipe.output_weight.size() != n_out))
    throw UserError("A network of " + std::to_string(n_in) + " inputs and " +
                    std::to_string(n_out) +
                    " outputs needs as many input scales and output weights.");
  if (recipe.hidden.empty() ||
      std::count(recipe.hidden.begin(), recipe.hidden.end(), std::size_t(0)) > 0)
    throw UserError("A network needs at least one hidden layer, and no layer may be empty.");
}
} // namespace

MlpLoss::MlpLoss(const MlpRecipe &recipe, const MlpLabels &labels) : data_(std::make_unique<Data>())
{
  check_labels(recipe, labels);
  Data &d = *data_;
  const std::size_t n_in = labels.x->n_components(), n_out = labels.y->n_components();
  d.odd = recipe.odd;
  d.seed = recipe.seed;
  d.directions = labels.dy && recipe.sobolev > 0. ? n_in : 0;
  d.derivative_factor = recipe.sobolev;
  d.input_scale = recipe.input_scale;
  for (std::size_t i = 0; i < n_in && recipe.input_scale.empty(); ++i)
  {
    double largest = 0.;
    for (const double x : labels.x->component(i))
      largest = std::max(largest, std::abs(x));
    d.input_scale.push_back(largest > 0. ? largest : 1.);
  }
  d.output_weight = recipe.output_weight;
  d.output_weight.resize(n_out, 1.);
  for (std::size_t k = 0; k < n_out; ++k)
  {
    double sum = 0.;
    for (const double y : labels.y->component(k))
      sum += y * y;
    const double rms = std::sqrt(sum / static_cast<double>(labels.y->n_points()));
    d.output_scale.push_back(rms > 0. ? rms : 1.);
  }
  d.make_chunks(labels);

  std::vector<std::size_t> widths = recipe.hidden;
  widths.push_back(n_out);
  const std::size_t columns = (1 + d.directions) * samples_per_chunk;
  std::size_t width = n_in;
  d.layers.resize(widths.size());
  for (std::size_t i = 0; i < widths.size(); ++i)
  {
    Data::Layer &l = d.layers[i];
    l.n_in = width;
    l.n_out = widths[i];
    l.weight = d.n_parameters;
    l.bias = l.weight + l.n_in * l.n_out;
    d.n_parameters = l.bias + (d.has_bias(i) ? l.n_out : 0);
    for (auto *v : {&l.z, &l.h, &l.grad})
      v->assign(l.n_out * columns, 0.);
    for (auto *v : {&l.u1, &l.u2, &l.uc, &l.u1c})
      v->assign(l.n_out * samples_per_chunk, 0.);
    width = l.n_out;
  }
}

MlpLoss::~MlpLoss() = default;

std::size_t MlpLoss::n_parameters() const
{
  return data_->n_parameters;
}

std::vector<double> MlpLoss::initial_parameters() const
{
  std::vector<double> parameters(data_->n_parameters, 0.);
  std::mt19937_64 random(data_->seed);
  // 53 random bits in [-1, 1); the standard's distributions differ between libraries
  const auto uniform = [&] { return static_cast<double>(random() >> 11) * 0x1p-52 - 1.; };
  for (std::size_t i = 0; i < data_->layers.size(); ++i)
  {
    const Data::Layer &l = data_->layers[i];
    const double bound = 1. / std::sqrt(static_cast<double>(l.n_in));
    for (std::size_t k = l.weight; k < l.bias; ++k)
      parameters[k] = bound * uniform();
    // an odd unit with a small shift is nearly linear: its shifts start over a wider range
    for (std::size_t k = 0; k < l.n_out && data_->has_bias(i); ++k)
      parameters[l.bias + k] = (data_->odd ? 2. : bound) * uniform();
  }
  return parameters;
}

double MlpLoss::evaluate(const double *parameters, double *gradient)
{
  return data_->evaluate(parameters, 0., gradient);
}

std::size_t MlpLoss::n_hidden_parameters() const
{
  return data_->layers.back().weight;
}

void MlpLoss::fit_last_layer(double *parameters)
{
  data_->fit_last_layer(parameters);
}

double MlpLoss::evaluate_reduced(double *parameters, double *gradient)
{
  Data &d = *data_;
  // a pass of its own: the activations of all chunks would leave L2
  const double sizes = d.fit_last_layer(parameters);
  const Data::Layer &last = d.layers.back();
  const double share =
    ridge / static_cast<double>(last.n_in + (last.bias < d.n_parameters ? 1 : 0));
  double weights = 0.;
  for (std::size_t i = last.weight; i < d.n_parameters; ++i)
    weights += std::pow(d.last_factor(i) * parameters[i], 2);
  const double loss = d.evaluate(parameters, share * weights, gradient);
  for (std::size_t i = last.weight; gradient && i < d.n_parameters; ++i)
    gradient[i] += 2. * share * sizes * std::pow(d.last_factor(i), 2) * parameters[i];
  return loss + share * sizes * weights;
}

const std::vector<double> &MlpLoss::input_scale() const
{
  return data_->input_scale;
}

void MlpLoss::share_output_scale(const MlpLoss &other)
{
  data_->output_scale = other.data_->output_scale;
}

Mlp MlpLoss::network(const double *parameters) const
{
  const Data &d = *data_;
  MlpWeights w;
  w.odd = d.odd;
  w.input_scale = d.input_scale;
  for (std::size_t i = 0; i < d.layers.size(); ++i)
  {
    const Data::Layer &l = d.layers[i];
    MlpWeights::Layer layer{l.n_in, l.n_out, {parameters + l.weight, parameters + l.bias}, {}};
    if (d.has_bias(i))
      layer.bias.assign(parameters + l.bias, parameters + l.bias + l.n_out);
    if (i + 1 == d.layers.size())
      for (std::size_t k = 0; k < l.n_out; ++k)
      {
        for (std::size_t j = 0; j < l.n_in; ++j)
          layer.weight[k * l.n_in + j] *= d.output_scale[k];
        if (!layer.bias.empty())
          layer.bias[k] *= d.output_scale[k];
      }
    w.layers.push_back(std::move(layer));
  }
  return Mlp(std::move(w));
}
} // namespace understudy
