/* SPDX-License-Identifier: LGPL-2.1-or-later
 * usage: hostile MODEL MISSING TRUNCATED
 * Every wrong call of the C interface: prints one line for each that was not answered as
 * understudy.h says, and ends with 1 when there was one. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <understudy.h>

static int failures = 0;

static void expect(int holds, const char *what)
{
  if (!holds)
  {
    printf("not so: %s\n", what);
    ++failures;
  }
}

/** The code is the wanted one, and the sentence holds the words. */
static void expect_failure(int code, int wanted, const char *words)
{
  const char *sentence = understudy_error();
  if (code != wanted || strstr(sentence, words) == NULL)
  {
    printf("not so: code %d and '%s' in '%s', but code %d\n", wanted, words, sentence, code);
    ++failures;
  }
}

static void load_what_cannot_be_loaded(const char *missing, const char *truncated)
{
  understudy_model *model = (understudy_model *)&failures;
  expect_failure(understudy_load(missing, &model), UNDERSTUDY_BAD_MODEL, missing);
  expect(model == NULL, "a failed load leaves NULL");
  expect_failure(understudy_load(truncated, &model), UNDERSTUDY_BAD_MODEL, truncated);
  expect_failure(understudy_load("/", &model), UNDERSTUDY_BAD_MODEL, "/");
  expect_failure(understudy_load("", &model), UNDERSTUDY_BAD_MODEL, "no model");
  expect_failure(understudy_load(NULL, &model), UNDERSTUDY_BAD_ARGUMENT, "needs a path");
  expect(model == NULL, "a load without a path leaves NULL");
  expect_failure(understudy_load(missing, NULL), UNDERSTUDY_BAD_ARGUMENT, "needs a place");
}

static void ask_without_a_model(void)
{
  double x[3] = {0., 0., 0.}, y[3];
  expect(understudy_describe(NULL) == NULL, "no model, no description");
  expect(understudy_n_inputs(NULL) == -1, "no model, no inputs");
  expect(understudy_n_outputs(NULL) == -1, "no model, no outputs");
  expect(understudy_hint_size(NULL) == -1, "no model, no hints");
  understudy_free(NULL);
  expect_failure(understudy_evaluate(NULL, 1, x, y, NULL, NULL, NULL, NULL),
                 UNDERSTUDY_BAD_ARGUMENT, "needs a model");
}

static void ask_wrongly(understudy_model *model)
{
  double x[3] = {0., 0., 0.}, y[3] = {7., 7., 7.};
  expect_failure(understudy_evaluate(model, -1, x, y, NULL, NULL, NULL, NULL),
                 UNDERSTUDY_BAD_ARGUMENT, "negative");
  expect_failure(understudy_evaluate(model, INT64_MIN, x, y, NULL, NULL, NULL, NULL),
                 UNDERSTUDY_BAD_ARGUMENT, "negative");
  expect_failure(understudy_evaluate(model, 1, NULL, y, NULL, NULL, NULL, NULL),
                 UNDERSTUDY_BAD_ARGUMENT, "inputs and outputs");
  expect_failure(understudy_evaluate(model, 1, x, NULL, NULL, NULL, NULL, NULL),
                 UNDERSTUDY_BAD_ARGUMENT, "inputs and outputs");
  expect_failure(understudy_evaluate(model, INT64_MAX, x, y, NULL, NULL, NULL, NULL),
                 UNDERSTUDY_NO_MEMORY, "memory");
  expect(y[0] == 7. && y[1] == 7. && y[2] == 7., "a failure leaves the outputs alone");
  expect(understudy_evaluate(model, 0, NULL, NULL, NULL, NULL, NULL, NULL) == UNDERSTUDY_OK,
         "no points, no trouble");
}

/** A point with NaN, one far outside and one inside: each is told by its own health. */
static void ask_for_nonsense(understudy_model *model)
{
  const double x[9] = {0.01, NAN, 0., 1., 0., 0., 0.01, 0.002, -0.01};
  double y[9], alone[3], tangent[27], estimate[3];
  int health[3];
  expect(understudy_evaluate(model, 3, x, y, tangent, health, estimate, NULL) == UNDERSTUDY_OK,
         "NaN is no failure of the call");
  expect(health[0] == UNDERSTUDY_NOT_FINITE, "NaN is told");
  expect(isnan(y[0]) && isnan(y[2]) && isnan(tangent[0]) && isnan(tangent[8]) && isnan(estimate[0]),
         "NaN is answered by NaN");
  expect(health[1] == UNDERSTUDY_OUTSIDE_TRAINING_RANGE || health[1] == UNDERSTUDY_NOT_CONVERGED,
         "the training range is told");
  expect(health[2] == UNDERSTUDY_HEALTHY, "neighbours do not suffer");
  expect(isfinite(y[6]) && isfinite(tangent[18]) && isfinite(tangent[26]), "and are answered");
  expect(understudy_evaluate(model, 1, x + 6, alone, NULL, NULL, NULL, NULL) == UNDERSTUDY_OK,
         "tangent, health, estimate and hints may be NULL");
  for (int i = 0; i < 3; ++i)
    expect(fabs(alone[i] - y[6 + i]) <= 1e-9 * fabs(y[6]), "one point alone has the same answer");
}

/** Hints are written and read: the answer stays. */
static void ask_with_hints(understudy_model *model)
{
  const double x[6] = {0.01, 0.002, -0.01, -0.004, 0.01, 0.003};
  double cold[6], warm[6], hints[2 * 64] = {0.};
  const int64_t size = understudy_hint_size(model);
  expect(size >= 0 && size <= 64, "the size of the hints is told");
  understudy_evaluate(model, 2, x, cold, NULL, NULL, NULL, NULL);
  for (int round = 0; round < 2; ++round)
  {
    expect(understudy_evaluate(model, 2, x, warm, NULL, NULL, NULL, hints) == UNDERSTUDY_OK,
           "hints are taken");
    for (int i = 0; i < 6; ++i)
      expect(fabs(warm[i] - cold[i]) <= 1e-8 * fabs(cold[0]), "hints change no answer");
  }
  int written = 0;
  for (int64_t k = 0; k < 2 * size; ++k)
    written += hints[k] != 0.;
  expect(size == 0 || written > size, "the hints of both points are written");
}

int main(int argc, char **argv)
{
  understudy_model *model = NULL;
  if (argc != 4)
    return 64;
  expect(understudy_error()[0] == '\0', "no error before the first");
  expect(strchr(understudy_version(), '.') != NULL, "the version is told");
  load_what_cannot_be_loaded(argv[2], argv[3]);
  ask_without_a_model();
  if (understudy_load(argv[1], &model) != UNDERSTUDY_OK)
  {
    printf("%s\n", understudy_error());
    return 1;
  }
  expect(understudy_n_inputs(model) == 3 && understudy_n_outputs(model) == 3, "sizes are told");
  expect(strstr(understudy_describe(model), "\"unit\": \"N/mm2\"") != NULL, "units are told");
  ask_wrongly(model);
  ask_for_nonsense(model);
  ask_with_hints(model);
  understudy_free(model);
  return failures != 0;
}
