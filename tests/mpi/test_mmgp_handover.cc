// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
//
// Requirement: MMGP hands over what is unlike its samples, and refuses in a sentence what is no
// question, no sample and no model.

#include <data/core/errors.h>
#include <data/store/model_file.h>
#include <tests/temporary_folder.h>
#include <tests/toy_mmgp.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <functional>

using namespace understudy;
using namespace understudy::toy_mmgp;
using testing::HasSubstr;
using testing_tools::sentence_of;

TEST(MmgpHandover, WhatIsUnlikeItsSamplesIsHandedOver)
{
  const auto gate = [](const TriangleMesh &mesh, const std::vector<double> &inputs)
  {
    const MmgpPrediction p = model().predict(mesh, inputs);
    EXPECT_EQ(p.reason.empty(), p.gate == MmgpGate::none);
    return p.gate;
  };
  const std::vector<double> middle = {1.5, 0.};
  PlateMeshing meshing;
  meshing.h = 0.14;
  EXPECT_EQ(gate(plate(0.4, 77), middle), MmgpGate::none);
  EXPECT_EQ(gate(plate(0.4, 77), {2.1, 0.}), MmgpGate::range);
  EXPECT_EQ(gate(make_plate(PlateShape::semi_ellipse(0.4, 0.6), meshing), middle), MmgpGate::shape);
  EXPECT_EQ(gate(make_plate(PlateShape::v_notch(0.4, 0.5), meshing), middle), MmgpGate::shape);
  TriangleMesh flipped = plate(0.4, 77);
  std::swap(flipped.triangles[5][0], flipped.triangles[5][1]);
  EXPECT_EQ(gate(flipped, middle), MmgpGate::morph);
  EXPECT_TRUE(model().predict(flipped, middle).fields.empty());
  unsigned false_alarms = 0;
  for (std::size_t i = 6000; i < 6040; ++i)
  {
    const MmgpSample truth = sample(i);
    false_alarms += gate(truth.mesh, truth.inputs) != MmgpGate::none ? 1 : 0;
  }
  EXPECT_LE(false_alarms, 2u);
}

// Requirement: far from its samples the model is less certain than on plates of their kind.
TEST(MmgpHandover, OtherNotchesHaveLargerDeviations)
{
  const auto deviation = [](const MmgpPrediction &p)
  { return *std::ranges::max_element(p.fields[0].deviation); };
  std::vector<double> known;
  for (std::size_t i = 1000; i < 1021; ++i)
  {
    const MmgpSample truth = sample(i);
    known.push_back(deviation(model().predict(truth.mesh, truth.inputs)));
  }
  std::ranges::sort(known);
  PlateMeshing meshing;
  meshing.h = 0.14;
  for (const PlateShape &shape :
       {PlateShape::semi_ellipse(0.4, 0.6), PlateShape::v_notch(0.4, 0.5)})
    EXPECT_GT(deviation(model().predict(make_plate(shape, meshing), {1.5, 0.})), known[10]);
}

// Requirement: a mirrored plate that kept its names is refused, as their order tells; one that was
// turned has another shape.
TEST(MmgpHandover, MirroredAndTurnedPlatesAreHandedOver)
{
  const TriangleMesh good = plate(0.4, 77);
  const std::vector<double> middle = {1.5, 0.};
  TriangleMesh mirrored = good;
  for (auto &x : mirrored.nodes)
    x[0] = -x[0];
  for (auto &t : mirrored.triangles)
    std::swap(t[1], t[2]);
  for (auto &[name, part] : mirrored.edges)
    for (auto &edge : part)
      std::swap(edge[0], edge[1]);
  const MmgpPrediction p = model().predict(mirrored, middle);
  EXPECT_EQ(p.gate, MmgpGate::morph);
  EXPECT_THAT(p.reason, HasSubstr("does not follow 'bottom_right'"));

  TriangleMesh turned = good;
  for (auto &x : turned.nodes)
    x = {-x[1], x[0]};
  EXPECT_EQ(model().predict(turned, middle).gate, MmgpGate::shape);
}

// Requirement: what cannot be morphed is handed over with the reason, whatever is wrong.
TEST(MmgpHandover, MeshesThatAreNoDisksAreHandedOver)
{
  const auto reason = [](const std::function<void(TriangleMesh &)> &change)
  {
    TriangleMesh mesh = plate(0.4, 77);
    change(mesh);
    const MmgpPrediction p = model().predict(mesh, {1.5, 0.});
    EXPECT_EQ(p.gate, MmgpGate::morph);
    EXPECT_TRUE(p.fields.empty());
    return p.reason;
  };
  EXPECT_THAT(reason([](TriangleMesh &m) { m.features.erase("top_left"); }),
              HasSubstr("The mesh has no feature 'top_left'"));
  EXPECT_THAT(reason(
                [](TriangleMesh &m)
                {
                  const auto n = static_cast<unsigned>(m.n_nodes());
                  m.nodes.insert(m.nodes.end(), {{5., 0.}, {6., 0.}, {5., 1.}});
                  m.triangles.push_back({n, n + 1, n + 2});
                }),
              HasSubstr("The mesh has 2 components"));
  EXPECT_THAT(reason(
                [](TriangleMesh &m)
                {
                  const auto inner = std::ranges::find_if(
                    m.triangles, [](const auto &t) { return *std::ranges::min_element(t) > 100; });
                  m.triangles.erase(inner);
                }),
              HasSubstr("has 2 loops"));
  EXPECT_THAT(reason([](TriangleMesh &m) { m.nodes[3][1] = std::nan(""); }),
              HasSubstr("Node 3 has a coordinate that is not finite"));
  EXPECT_THAT(reason([](TriangleMesh &m) { m.nodes.push_back(m.nodes[4]); }),
              HasSubstr("belongs to no triangle"));
  EXPECT_THAT(reason([](TriangleMesh &m) { m.triangles.clear(); }),
              HasSubstr("The mesh has no triangle"));
}

// Requirement: an input that never changes is no trouble: it is not scaled, and the model is not to
// be used with another value of it.
TEST(MmgpHandover, AConstantInputIsNotScaled)
{
  const auto at_rest = [](std::size_t i) { return sample_with(i, {}, 0.25); };
  MmgpParameters lenient = parameters();
  lenient.deviation_limit = 0.2;
  MmgpTraining training;
  const Mmgp constant =
    train_mmgp(MPI_COMM_WORLD, lenient, problem(), features, n_train, at_rest, training);
  EXPECT_EQ(constant.state().x.scale.back(), 1.);
  const MmgpSample truth = at_rest(1000);
  const MmgpPrediction p = constant.predict(truth.mesh, truth.inputs);
  EXPECT_EQ(p.gate, MmgpGate::none) << p.reason;
  EXPECT_LT(error(p.fields[0].mean, truth.fields[0]), 0.05);
  EXPECT_EQ(constant.predict(truth.mesh, {truth.inputs[0], 0.3}).gate, MmgpGate::distance);
}

TEST(MmgpHandover, WrongInputIsToldInASentence)
{
  const TriangleMesh mesh = plate(0.4, 1);
  EXPECT_EQ(sentence_of<UserError>([&] { model().predict(mesh, {1.5}); }),
            "The model takes 2 scalars, but was given 1.");
  EXPECT_EQ(sentence_of<UserError>(
              [&] {
                model().predict(mesh, {1.5, std::nan("")});
              }),
            "The input 'K' is not finite.");
  MmgpTraining training;
  const auto refusal = [&](std::size_t n, const std::function<MmgpSample(std::size_t)> &samples)
  {
    return sentence_of<UserError>(
      [&] { train_mmgp(MPI_COMM_SELF, parameters(), problem(), features, n, samples, training); });
  };
  EXPECT_EQ(refusal(1, sample), "MMGP needs at least 10 training samples, not 1.");
  const auto changed = [](const std::function<void(MmgpSample &)> &change)
  {
    return [change](std::size_t i)
    {
      MmgpSample s = sample(i);
      if (i == 3)
        change(s);
      return s;
    };
  };
  EXPECT_EQ(refusal(12, changed([](MmgpSample &s) { s.fields[0][4] = std::nan(""); })),
            "Sample 3 has a field that does not have one finite value per node.");
  EXPECT_EQ(refusal(12, changed([](MmgpSample &s) { s.inputs.pop_back(); })),
            "Sample 3 has other inputs or outputs than the problem.");
  EXPECT_THAT(refusal(12, changed([](MmgpSample &s)
                                  { std::swap(s.mesh.triangles[0][0], s.mesh.triangles[0][1]); })),
              HasSubstr("Sample 3 cannot be morphed: "));
  EXPECT_THAT(refusal(12,
                      [](std::size_t i)
                      {
                        MmgpSample s = sample(i);
                        if (i == 6) // the middle one
                          std::swap(s.mesh.triangles[0][0], s.mesh.triangles[0][1]);
                        return s;
                      }),
              HasSubstr("The common mesh is to be the image of sample 6. The mesh cannot be "
                        "morphed: Triangle 0 "));
  EXPECT_THAT(refusal(12,
                      [](std::size_t i)
                      {
                        MmgpSample s = sample(i);
                        s.scalars = {7.};
                        return s;
                      }),
              HasSubstr("The scalar 'mean' is the same number in all samples"));
}

TEST(MmgpHandover, ADamagedModelFileIsRefused)
{
  ModelFile file;
  model().save(file);
  const auto refusal = [&](const std::function<void(ModelFile &)> &change)
  {
    ModelFile other = file;
    change(other);
    return sentence_of<UserError>([&] { Mmgp::load(other); });
  };
  EXPECT_THAT(refusal([](ModelFile &f) { f.meta().erase("mmgp"); }), HasSubstr("lacks a part"));
  EXPECT_THAT(refusal([](ModelFile &f) { f.meta()["mmgp"]["version"] = 9; }),
              HasSubstr("another version"));
  EXPECT_THAT(refusal([](ModelFile &f) { f.add("fields/wave/range", {}, {0.}); }),
              HasSubstr("The parts of 'wave'"));
  EXPECT_THAT(refusal(
                [](ModelFile &f)
                {
                  auto t = f.tensor("common/triangles", f.shape("common/triangles"));
                  t[0] = 1e9;
                  f.add("common/triangles", f.shape("common/triangles"), t);
                }),
              HasSubstr("names a node of the common mesh that is not there"));
}
