// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#include <data/core/errors.h>
#include <operators/nn/fno_layers.h>

#include <algorithm>
#include <cmath>

namespace understudy
{
/// One grid, path and largest number of samples: memory, plans and the sweeps over rows.
template <class T>
class Fno<T>::Pass
{
public:
  Pass(std::shared_ptr<const Layers> layers, std::size_t rows, std::size_t columns,
       SpectralPath path, std::size_t n_samples);

  bool serves(std::size_t rows, std::size_t columns, SpectralPath path, std::size_t n_samples) const
  {
    return rows == n1 && columns == n2 && path == wanted && group >= group_of(n_samples);
  }

  void run(std::size_t n_samples, const T *x, T *y);

private:
  std::size_t group_of(std::size_t n_samples) const;
  T *row_of(FftArray<T> &field, std::size_t sample, std::size_t i1)
  {
    return field.data() + (sample * N1 + i1) * N2 * pitch;
  }

  void lift(std::size_t sample, const T *x);
  void enter(std::size_t l, std::size_t sample, T *y);
  void enter_normalised(std::size_t l, std::size_t sample, T *y);
  void leave(std::size_t l, std::size_t sample, T *y);
  void convolved_row(std::size_t l, std::size_t i1, T *u);
  void add_skip(const SkipLayer<T> &skip, const T *x, T *u, bool activate);
  void mlp_row(const FnoBlock<T> &block, T *u, T *x, bool activate);
  void row_done(std::size_t l, std::size_t i1, T *x, T *y);
  void project_row(std::size_t i1, const T *x, T *y);

  void clear_statistics();
  void count(const T *row);
  void end_statistics(const NormLayer<T> &norm, std::size_t sample);
  void embed(std::size_t sample, const T *x);
  void adapt(const NormLayer<T> &norm, std::size_t sample);
  void normalise(T *row) const;

  std::shared_ptr<const Layers> net;
  const FnoConfig &config;
  const ChannelKernels<T> &kernels = channel_kernels<T>();
  std::size_t n1, n2; ///< grid of inputs and outputs
  SpectralPath wanted;
  std::size_t p1, p2, N1, N2; ///< zeros before the field, and padded grid
  std::size_t pitch;          ///< of the blocks
  KeptModes kept;
  std::size_t group; ///< samples that pass a block together
  bool normalised;
  bool measured; ///< by statistics of the field at hand, not of the training
  SpectralTransform<T> transform;
  FftArray<T> field, inner;          ///< [group][N1][N2][pitch]; inner only between two norms
  FftArray<T> X, Y;                  ///< [kept][group][2][pitch]
  FftArray<T> row_in, row_wide;      ///< inputs and hidden layers of a row
  FftArray<T> row, row_out;          ///< [N2][pitch], [n2][pitch of outputs]
  FftArray<double> sum, sum_squares; ///< [pitch]
  FftArray<T> factor, shift;         ///< [pitch], y = factor x + shift
  FftArray<T> embedding;             ///< [group][n_embedding]
  FftArray<T> norm_hidden, norm_out; ///< of the layers that act on it
  std::size_t now_in_group = 0;
};

template <class T>
Fno<T>::Pass::Pass(std::shared_ptr<const Layers> layers, std::size_t rows, std::size_t columns,
                   SpectralPath path, std::size_t n_samples)
  : net(std::move(layers)),
    config(net->config),
    n1(rows),
    n2(columns),
    wanted(path),
    p1(config.padding_points1(rows).before),
    p2(config.padding_points2(columns).before),
    N1(rows + config.padding_points1(rows).all()),
    N2(columns + config.padding_points2(columns).all()),
    pitch(channel_pitch<T>(config.width)),
    kept(net->blocks[0].spectral.kept(N1, N2)),
    group(group_of(n_samples)),
    normalised(config.norm != FnoNorm::none),
    measured(normalised && config.norm != FnoNorm::batch),
    transform(N1, N2, kept, config.width, path),
    field(group * N1 * N2 * pitch),
    inner(normalised && config.preactivation && config.mlp ? N1 * N2 * pitch : 0),
    X(kept.size() * group * 2 * pitch),
    Y(X.size()),
    row_in(columns * config.n_lifted()),
    row_wide(N2 *
             std::max({net->lift0.pitch(), net->project0.pitch(), net->blocks[0].mlp0.pitch()})),
    row(N2 * pitch),
    row_out(columns * net->project1.pitch()),
    sum(pitch),
    sum_squares(pitch),
    factor(pitch),
    shift(pitch),
    embedding(group * config.n_embedding()),
    norm_hidden(channel_pitch<T>(config.norm_channels())),
    norm_out(channel_pitch<T>(2 * config.width))
{
}

// Weights that are larger than the activations of a sample are read once for several samples.
template <class T>
std::size_t Fno<T>::Pass::group_of(std::size_t n_samples) const
{
  const std::size_t activations = N1 * N2 * pitch * sizeof(T);
  const std::size_t most = net->blocks[0].spectral.weight_bytes() > activations ? 16 : 1;
  return std::min(n_samples, most);
}

template <class T>
void Fno<T>::Pass::run(std::size_t n_samples, const T *x, T *y)
{
  const std::size_t n = n1 * n2;
  for (std::size_t first = 0; first < n_samples; first += group)
  {
    now_in_group = std::min(group, n_samples - first);
    const auto y_of = [&](std::size_t s) { return y + (first + s) * config.n_out * n; };
    for (std::size_t s = 0; s < now_in_group; ++s)
    {
      lift(s, x + (first + s) * config.n_in * n);
      enter(0, s, y_of(s));
    }
    for (std::size_t l = 0; l < config.layers; ++l)
    {
      net->blocks[l].spectral.multiply(kept, now_in_group, X.data(), Y.data());
      for (std::size_t s = 0; s < now_in_group; ++s)
      {
        leave(l, s, y_of(s));
        enter(l + 1, s, y_of(s));
      }
    }
  }
}

template <class T>
void Fno<T>::Pass::lift(std::size_t sample, const T *x)
{
  if (config.norm == FnoNorm::adaptive)
    embed(sample, x);
  const std::size_t n_lifted = config.n_lifted();
  for (std::size_t i1 = 0; i1 < N1; ++i1)
  {
    T *to = row_of(field, sample, i1);
    if (i1 < p1 || i1 >= p1 + n1)
      std::fill_n(to, N2 * pitch, T(0));
    else
    {
      const std::size_t j1 = i1 - p1;
      for (std::size_t i2 = 0; i2 < n2; ++i2)
      {
        T *in = row_in.data() + i2 * n_lifted;
        for (std::size_t c = 0; c < config.n_in; ++c)
          in[c] = x[(c * n1 + j1) * n2 + i2];
        if (config.grid)
        {
          in[config.n_in] = static_cast<T>(static_cast<double>(j1) / static_cast<double>(n1));
          in[config.n_in + 1] = static_cast<T>(static_cast<double>(i2) / static_cast<double>(n2));
        }
      }
      auto hidden = net->lift0.product(n2, row_in.data(), n_lifted, row_wide.data());
      hidden.gelu = true;
      kernels.product(hidden);
      std::fill_n(to, p2 * pitch, T(0));
      kernels.product(net->lift1.product(n2, row_wide.data(), net->lift0.pitch(), to + p2 * pitch));
      std::fill_n(to + (p2 + n2) * pitch, (N2 - p2 - n2) * pitch, T(0));
    }
    if (!normalised)
      row_done(0, i1, to, nullptr);
  }
}

/// A row of what enters block l is final; without normalisation nothing else has to be known.
template <class T>
void Fno<T>::Pass::row_done(std::size_t l, std::size_t i1, T *x, T *y)
{
  if (l == config.layers)
    return project_row(i1, x, y);
  if (config.preactivation)
    kernels.gelu(N2 * pitch, x);
  transform.forward_row(i1, x);
}

/// Brings what enters block l into its spectrum, or to the outputs behind the last block.
template <class T>
void Fno<T>::Pass::enter(std::size_t l, std::size_t sample, T *y)
{
  if (normalised)
    enter_normalised(l, sample, y);
  if (l < config.layers)
    transform.forward_columns(X.data() + sample * 2 * pitch, now_in_group * 2 * pitch);
}

template <class T>
void Fno<T>::Pass::enter_normalised(std::size_t l, std::size_t sample, T *y)
{
  const bool last = l == config.layers;
  const bool before = config.preactivation && !last;               // N1 of this block
  const bool after = !config.preactivation && config.mlp && l > 0; // N2 of the one before
  if (before || after)
  {
    clear_statistics();
    for (std::size_t i1 = 0; i1 < N1; ++i1)
    {
      T *x = row_of(field, sample, i1);
      if (before)
        kernels.gelu(N2 * pitch, x);
      count(x);
    }
    end_statistics(before ? net->blocks[l].norm[0] : net->blocks[l - 1].norm[1], sample);
  }
  for (std::size_t i1 = 0; i1 < N1; ++i1)
  {
    T *x = row_of(field, sample, i1);
    if (before || after)
      normalise(x);
    if (after && !last)
      kernels.gelu(N2 * pitch, x);
    if (last)
      project_row(i1, x, y);
    else
      transform.forward_row(i1, x);
  }
}

/// From the spectrum of block l to its outputs.
template <class T>
void Fno<T>::Pass::leave(std::size_t l, std::size_t sample, T *y)
{
  const FnoBlock<T> &block = net->blocks[l];
  const bool last = l + 1 == config.layers, pre = config.preactivation;
  const bool two_sweeps = normalised && pre && config.mlp;
  transform.inverse_columns(Y.data() + sample * 2 * pitch, now_in_group * 2 * pitch);
  if (normalised && !pre)
  {
    clear_statistics();
    if (measured)
      for (std::size_t i1 = 0; i1 < N1; ++i1)
      {
        transform.inverse_row(i1, row.data(), block.spectral.bias());
        count(row.data());
      }
    end_statistics(block.norm[0], sample);
  }
  if (two_sweeps)
    clear_statistics();
  for (std::size_t i1 = 0; i1 < N1; ++i1)
  {
    T *x = row_of(field, sample, i1), *u = two_sweeps ? row_of(inner, 0, i1) : row.data();
    transform.inverse_row(i1, u, block.spectral.bias());
    if (normalised && !pre)
      normalise(u);
    add_skip(block.skip, x, u, !last && (config.mlp || !pre));
    if (two_sweeps)
      count(u);
    else if (config.mlp)
      mlp_row(block, u, x, !last && !pre && !normalised);
    else
      std::copy_n(u, N2 * pitch, x);
    if (!normalised)
      row_done(l + 1, i1, x, y);
  }
  if (!two_sweeps)
    return;
  end_statistics(block.norm[1], sample);
  for (std::size_t i1 = 0; i1 < N1; ++i1)
  {
    T *u = row_of(inner, 0, i1);
    normalise(u);
    mlp_row(block, u, row_of(field, sample, i1), false);
  }
}

/// u += skip(x), and the activation.
template <class T>
void Fno<T>::Pass::add_skip(const SkipLayer<T> &skip, const T *x, T *u, bool activate)
{
  ChannelProduct<T> p;
  switch (skip.kind)
  {
  case FnoSkip::none:
    if (activate)
      kernels.gelu(N2 * pitch, u);
    return;
  case FnoSkip::linear:
    p = skip.linear.product(N2, x, pitch, u);
    break;
  case FnoSkip::identity:
  case FnoSkip::soft_gate:
    p = gated_sum(N2, skip.gate, x, u);
    break;
  }
  p.add = true;
  p.gelu = activate;
  kernels.product(p);
}

/// x = MLP(u) + skip(x), and the activation; u is lost.
template <class T>
void Fno<T>::Pass::mlp_row(const FnoBlock<T> &block, T *u, T *x, bool activate)
{
  auto hidden = block.mlp0.product(N2, u, pitch, row_wide.data());
  hidden.gelu = true;
  kernels.product(hidden);
  const bool linear = block.mlp_skip.kind == FnoSkip::linear;
  // a linear skip still reads x while the sum is being made
  auto p = block.mlp1.product(N2, row_wide.data(), block.mlp0.pitch(), linear ? u : x);
  if (block.mlp_skip.kind == FnoSkip::identity || block.mlp_skip.kind == FnoSkip::soft_gate)
  {
    p.gate = block.mlp_skip.gate.data();
    p.G = x, p.ldg = pitch;
  }
  p.gelu = activate && !linear;
  kernels.product(p);
  if (linear)
  {
    add_skip(block.mlp_skip, x, u, activate);
    std::copy_n(u, N2 * pitch, x);
  }
}

template <class T>
void Fno<T>::Pass::project_row(std::size_t i1, const T *x, T *y)
{
  if (i1 < p1 || i1 >= p1 + n1)
    return;
  auto hidden = net->project0.product(n2, x + p2 * pitch, pitch, row_wide.data());
  hidden.gelu = true;
  kernels.product(hidden);
  kernels.product(
    net->project1.product(n2, row_wide.data(), net->project0.pitch(), row_out.data()));
  const std::size_t apart = net->project1.pitch();
  for (std::size_t c = 0; c < config.n_out; ++c)
    for (std::size_t i2 = 0; i2 < n2; ++i2)
      y[(c * n1 + i1 - p1) * n2 + i2] = row_out[i2 * apart + c];
}

template <class T>
void Fno<T>::Pass::clear_statistics()
{
  std::fill(sum.begin(), sum.end(), 0.);
  std::fill(sum_squares.begin(), sum_squares.end(), 0.);
}

template <class T>
void Fno<T>::Pass::count(const T *x)
{
  if (!measured)
    return;
  for (std::size_t i = 0; i < N2; ++i)
    for (std::size_t c = 0; c < pitch; ++c)
    {
      const auto v = static_cast<double>(x[i * pitch + c]);
      sum[c] += v;
      sum_squares[c] += v * v;
    }
}

/// Factor and shift of a normalisation from the sums over a field.
template <class T>
void Fno<T>::Pass::end_statistics(const NormLayer<T> &norm, std::size_t sample)
{
  if (!measured)
  {
    std::ranges::copy(norm.weight, factor.begin());
    std::ranges::copy(norm.bias, shift.begin());
    return;
  }
  const auto n = static_cast<double>(N1 * N2);
  double all = 0., all_squares = 0.;
  for (std::size_t c = 0; c < config.width; ++c)
  {
    all += sum[c] / static_cast<double>(config.width);
    all_squares += sum_squares[c] / static_cast<double>(config.width);
  }
  for (std::size_t c = 0; c < config.width; ++c)
  {
    const bool group_norm = config.norm == FnoNorm::group;
    const double mean = (group_norm ? all : sum[c]) / n;
    const double square = (group_norm ? all_squares : sum_squares[c]) / n;
    const double variance = std::max(0., square - mean * mean);
    const double a = static_cast<double>(norm.weight[c]) / std::sqrt(variance + fno_norm_epsilon);
    factor[c] = static_cast<T>(a);
    shift[c] = static_cast<T>(static_cast<double>(norm.bias[c]) - mean * a);
  }
  if (config.norm == FnoNorm::adaptive)
    adapt(norm, sample);
}

template <class T>
void Fno<T>::Pass::embed(std::size_t sample, const T *x)
{
  const std::size_t n = n1 * n2;
  T *to = embedding.data() + sample * config.n_embedding();
  for (std::size_t c = 0; c < config.n_in; ++c)
  {
    double all = 0., squares = 0.;
    for (const T *v = x + c * n; v < x + (c + 1) * n; ++v)
    {
      all += static_cast<double>(*v);
      squares += static_cast<double>(*v) * static_cast<double>(*v);
    }
    to[c] = static_cast<T>(all / static_cast<double>(n));
    to[config.n_in + c] =
      static_cast<T>(std::sqrt(squares / static_cast<double>(n) + fno_norm_epsilon));
  }
}

/// y = factor x + shift becomes (1 + a) (factor x + shift) + b.
template <class T>
void Fno<T>::Pass::adapt(const NormLayer<T> &norm, std::size_t sample)
{
  const std::size_t n = config.n_embedding();
  auto hidden = norm.embedding0.product(1, embedding.data() + sample * n, n, norm_hidden.data());
  hidden.gelu = true;
  kernels.product(hidden);
  kernels.product(
    norm.embedding1.product(1, norm_hidden.data(), norm_hidden.size(), norm_out.data()));
  for (std::size_t c = 0; c < config.width; ++c)
  {
    factor[c] *= T(1) + norm_out[c];
    shift[c] = (T(1) + norm_out[c]) * shift[c] + norm_out[config.width + c];
  }
}

template <class T>
void Fno<T>::Pass::normalise(T *x) const
{
  for (std::size_t i = 0; i < N2; ++i)
    for (std::size_t c = 0; c < pitch; ++c)
      x[i * pitch + c] = factor[c] * x[i * pitch + c] + shift[c];
}

template <class T>
Fno<T>::Fno(const FnoWeights &weights) : layers_(std::make_shared<Layers>(weights))
{
}
template <class T>
Fno<T>::Fno(const Fno &other) : layers_(other.layers_), path_(other.path_)
{
}
template <class T>
Fno<T>::~Fno() = default;
template <class T>
Fno<T>::Fno(Fno &&) noexcept = default;
template <class T>
Fno<T> &Fno<T>::operator=(Fno &&) noexcept = default;

template <class T>
const FnoConfig &Fno<T>::config() const
{
  return layers_->config;
}

template <class T>
void Fno<T>::use(SpectralPath path)
{
  path_ = path;
}

template <class T>
void Fno<T>::evaluate(std::size_t n_samples, std::size_t n1, std::size_t n2, const T *x, T *y)
{
  if (n1 == 0 || n2 == 0)
    throw UserError("A Fourier neural operator needs a grid with at least one point.");
  if (n_samples == 0)
    return;
  if (!pass_ || !pass_->serves(n1, n2, path_, n_samples))
    pass_ = std::make_unique<Pass>(layers_, n1, n2, path_, n_samples);
  pass_->run(n_samples, x, y);
}

template class Fno<float>;
template class Fno<double>;
} // namespace understudy
