// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <data/core/errors.h>
#include <data/core/parameters.h>
#include <surrogates/mg_tfno_training.h>

#include <deal.II/base/patterns.h>

namespace understudy
{
using namespace dealii::Patterns;

namespace
{
void declare_network(dealii::ParameterHandler &prm, MgTfnoParameters &p)
{
  FnoConfig &n = p.network;
  prm.add_parameter("Width", n.width, "Channels of the Fourier layers [1]", Integer(1, 4096));
  prm.add_parameter("Modes", n.modes1,
                    "Fourier modes kept in each direction, negative and positive ones: even [1]",
                    Integer(2, 4096));
  prm.add_parameter("Layers", n.layers, "Fourier layers [1]", Integer(1, 1000));
  prm.add_parameter("Lift width", n.lift_width,
                    "Channels between the two layers of the lift; 0: twice the width [1]",
                    Integer(0, 65536));
  prm.add_parameter("Projection width", n.projection_width,
                    "The same of the projection; 0: twice the width [1]", Integer(0, 65536));
  prm.add_parameter("Factorisation", p.factorisation,
                    "Form of the spectral weights: all entries, a Tucker tensor, a sum of rank-one "
                    "tensors (canonical polyadic) or a tensor train.",
                    Selection("dense|tucker|cp|tt"));
  add_number(prm, "Rank", n.rank,
             "About this share of the entries of the dense weights remains [1]", Double(1e-6, 1.));
  prm.add_parameter("Joint", n.joint, "One factorised tensor holds the weights of all layers.");
  prm.add_parameter("Separable", n.separable, "Spectral weights act on each channel by itself.");
  prm.add_parameter("Skip", p.skip, "Path around each spectral convolution.",
                    Selection("none|identity|linear|soft gate"));
  prm.add_parameter("Channel MLP", n.mlp, "Each layer ends in two layers on the channels.");
  prm.add_parameter("MLP width", n.mlp_width, "Channels between them; 0: half the width [1]",
                    Integer(0, 65536));
  prm.add_parameter("MLP skip", p.mlp_skip, "Path around them.",
                    Selection("none|identity|linear|soft gate"));
  prm.add_parameter(
    "Normalisation", p.norm,
    "Between layers, to mean 0 and variance 1. instance: each sample and channel by itself; "
    "group: each sample over all channels; batch: each channel over the samples of a training "
    "step, in inference by running means; adaptive: as instance, with a factor and a shift per "
    "sample, with patches per window, that a small network makes of the means and magnitudes of "
    "the inputs of the network.",
    Selection("none|instance|group|batch|adaptive"));
  prm.add_parameter("Activate first", n.preactivation,
                    "Layers begin with normalisation and activation instead of ending with them.");
  add_number(prm, "Padding", n.padding1,
             "Zeros around the field, as a share of its side, on both sides [1]", Double(0., 1.));
  prm.add_parameter("One-sided padding", n.padding_one_sided,
                    "The zeros stand behind the field only.");
  prm.add_parameter("Coordinates", p.coordinates,
                    "The place in the square is two more inputs: for problems that are not alike "
                    "everywhere, as with a boundary, or a forcing that stands still.");
  prm.add_parameter("Window coordinates", p.window_coordinates,
                    "The place in what the network sees at once, from 0 to 1, is two more inputs. "
                    "Patches need it to make use of their coarser views, which show the "
                    "surroundings shrunk.");
}

void declare_patches(dealii::ParameterHandler &prm, MgTfnoParameters &p)
{
  prm.add_parameter("Levels", p.patching.levels,
                    "L: fields are cut in 2^L x 2^L patches, each with L coarser and wider views; "
                    "0: not cut [1]",
                    Integer(0, 8));
  add_number(prm, "Padding", p.patching.padding,
             "Halo of a patch on each side, as a share of the side of the field [1]",
             Double(0., 0.5));
  prm.add_parameter("Loss of whole fields", p.stitched,
                    "The loss is that of fields put together from patches, not of each patch.");
}

void declare_optimiser(dealii::ParameterHandler &prm, MgTfnoParameters &p)
{
  prm.add_parameter("Loss", p.loss,
                    "Relative error in L2, in H1, or in the norm of the energy with the first "
                    "input as coefficient.",
                    Selection("l2|h1|energy"));
  prm.add_parameter(
    "Loss of scaled fields", p.loss_of_scaled,
    "The loss is that of fields scaled to mean 0 and deviation 1; with patches, and "
    "of the energy, it is always that of physical ones.");
  prm.add_parameter("Input scaling", p.input_scaling,
                    "Of each input: to mean 0 and deviation 1 (normal), from 0 to 1 (range), none.",
                    Selection("normal|range|none"));
  prm.add_parameter("Output scaling", p.output_scaling, "Of each output, likewise.",
                    Selection("normal|range|none"));
  add_number(prm, "Learning rate", p.rate.start, "Of AdamW at the start [1]", Double(1e-12, 10.));
  prm.add_parameter("Schedule", p.rate.schedule,
                    "Of the learning rate over epochs: constant, a half period of a cosine, or by "
                    "a factor each period.",
                    Selection("constant|cosine|step"));
  add_number(prm, "Period", p.rate.period, "Of the schedule [epochs]", Double(1e-3));
  add_number(prm, "Factor", p.rate.factor, "Of the schedule 'step' [1]", Double(1e-6, 1.));
  add_number(prm, "Weight decay", p.adam.weight_decay, "Of AdamW [1]", Double(0., 1.));
  prm.add_parameter("Batch", p.batch, "Samples per step, over all ranks [1]", Integer(1, 1000000));
  prm.add_parameter("Epochs", p.epochs, "Passes over the training samples [1]",
                    Integer(1, 1000000));
  prm.add_parameter(
    "Random shifts", p.random_shifts,
    "Each sample of a periodic problem is shifted at random, anew in each epoch, so "
    "that patches lie elsewhere.");
  prm.add_parameter("Patience", p.patience,
                    "Epochs without a better validation error before the training ends; 0: all "
                    "epochs [1]",
                    Integer(0, 1000000));
  prm.add_parameter("Seed", p.seed, "Of the first weights and the order of the samples [1]",
                    Integer(0));
}
} // namespace

void MgTfnoParameters::declare(dealii::ParameterHandler &prm)
{
  const auto section = [&](const std::string &name, const auto &declare_in)
  {
    prm.enter_subsection(name);
    declare_in(prm, *this);
    prm.leave_subsection();
  };
  section("Network", declare_network);
  section("Patches", declare_patches);
  section("Optimiser", declare_optimiser);
}

FnoConfig MgTfnoParameters::network_for(const MgTfnoProblem &problem) const
{
  FnoConfig n = network;
  n.n_in = n_network_inputs(problem.inputs.size(), coordinates, patching);
  n.n_out = problem.outputs.size();
  n.modes2 = n.modes1;
  n.padding2 = n.padding1;
  n.factorisation = factorisation_named(factorisation);
  n.skip = fno_skip_named(skip);
  n.mlp_skip = fno_skip_named(mlp_skip);
  n.norm = fno_norm_named(norm);
  n.grid = window_coordinates;
  return n;
}

std::vector<std::string> MgTfnoParameters::problems(const MgTfnoProblem &problem,
                                                    std::size_t n_points) const
{
  std::vector<std::string> all = network_for(problem).problems();
  for (const auto &p : rate.problems())
    all.push_back(p);
  if (patching.levels > 0 && patching.periodic != problem.is_periodic())
    all.push_back("Fields of '" + problem.name + "' are " + (problem.is_periodic() ? "" : "not ") +
                  "periodic, and so must be their patches.");
  if (loss != "l2" && loss != "h1" && loss != "energy")
    all.push_back("The loss must be 'l2', 'h1' or 'energy', not '" + loss + "'.");
  if (random_shifts && (coordinates || !problem.is_periodic()))
    all.emplace_back("'Random shifts' are for periodic problems without 'Coordinates'.");
  if (loss == "energy" && (problem.is_periodic() || patching.levels > 0))
    all.emplace_back("The loss 'energy' is one of whole fields that vanish on the boundary.");
  for (const auto &scaling : {input_scaling, output_scaling})
    if (scaling != "normal" && scaling != "range" && scaling != "none")
      all.push_back("A scaling must be 'normal', 'range' or 'none', not '" + scaling + "'.");
  if (batch == 0 || epochs == 0)
    all.emplace_back("A training needs at least one epoch, and one sample in a batch.");
  if (rate.schedule == "cosine" && rate.period < epochs)
    all.emplace_back("With the schedule 'cosine' the learning rate is 0 after its 'Period', which "
                     "must not be shorter than the 'Epochs'.");
  try
  {
    if (patching.levels > 0)
      MultigridPatches(patching, n_points, n_points);
  }
  catch (const UserError &error)
  {
    all.emplace_back(error.what());
  }
  if (n_points < 4)
    all.emplace_back("A training grid needs at least 4 x 4 points.");
  return all;
}
} // namespace understudy
