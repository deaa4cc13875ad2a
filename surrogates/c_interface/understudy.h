/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The Understudy authors
 *
 * Trained micro models in other codes: load a model file, ask what it is, evaluate it for many
 * points at once. C99; libunderstudy.so needs neither LibTorch nor MPI.
 *
 *   understudy_model *model;
 *   if (understudy_load("equino-mlp.safetensors", &model) != UNDERSTUDY_OK)
 *     fprintf(stderr, "%s\n", understudy_error());
 *   double strain[3] = {0.01, 0., 0.}, stress[3], tangent[9];
 *   int health;
 *   understudy_evaluate(model, 1, strain, stress, tangent, &health, NULL, NULL);
 *   understudy_free(model);
 *
 * Threads: a model is used by one thread at a time, because it holds scratch memory; different
 * models are independent of each other, also when they come from the same file. No function holds
 * state of the process beside the error text, of which every thread has its own.
 * OpenBLAS, which "pod-galerkin" uses, starts threads of its own unless OPENBLAS_NUM_THREADS=1; the
 * matrices are too small to gain from them.
 *
 * No function lets a C++ exception out, ends the process or writes to a stream.
 */
#ifndef UNDERSTUDY_H
#define UNDERSTUDY_H

#include <stdint.h>

#if defined(__GNUC__)
#define UNDERSTUDY_API __attribute__((visibility("default")))
#else
#define UNDERSTUDY_API
#endif

#ifdef __cplusplus
extern "C"
{
#endif

  /** A trained model, ready to answer. */
  typedef struct understudy_model understudy_model;

  /** What the functions return. Trouble at single points is no failure: see health. */
  enum understudy_code
  {
    UNDERSTUDY_OK = 0,
    UNDERSTUDY_BAD_ARGUMENT = 1, /**< NULL or a negative number where none may be */
    UNDERSTUDY_BAD_MODEL = 2,    /**< the model file is missing or refused */
    UNDERSTUDY_NO_MEMORY = 3,
    UNDERSTUDY_INTERNAL_ERROR = 4
  };

  /** What a model thinks of its own answer at one point, from best to worst. */
  enum understudy_health
  {
    UNDERSTUDY_HEALTHY = 0,
    UNDERSTUDY_OUTSIDE_TRAINING_RANGE = 1, /**< answered, but by extrapolation */
    UNDERSTUDY_NOT_CONVERGED = 2,          /**< no usable answer: outputs and tangent are NaN */
    UNDERSTUDY_NOT_FINITE = 3              /**< the input was NaN or infinite; the same */
  };

  /** Version of the library, as "0.1.0". */
  UNDERSTUDY_API const char *understudy_version(void);

  /** What went wrong in the last call of this thread that did not return UNDERSTUDY_OK: one
   *  sentence, UTF-8, valid until the next failure in this thread. Empty before the first. */
  UNDERSTUDY_API const char *understudy_error(void);

  /** Loads a model file (*.safetensors) of a micro model, of any kind that FE2 cases train, and
   *  checks that it gives the answers stored in it.
   *  @param path   of the file
   *  @param model  receives the model, to be given to understudy_free(); NULL on failure */
  UNDERSTUDY_API int understudy_load(const char *path, understudy_model **model);

  /** Frees a model; NULL is allowed. */
  UNDERSTUDY_API void understudy_free(understudy_model *model);

  /** What the model is, as JSON text that lives as long as the model; NULL when model is NULL:
   *
   *    name, inputs [{name, unit}], outputs [{name, unit}], lower, upper (training box, one number
   *    per input), symmetric_tangent, hint_size, card (kind, fingerprint of the micro structure,
   *    materials of its phases, hash of the training data), provenance (program, version, commit,
   *    date), library_version.
   *
   *  A plane-strain model has the inputs Exx, Eyy, Gxy = 2 Exy [1] and the outputs Sxx, Syy, Sxy
   *  [N/mm2]. */
  UNDERSTUDY_API const char *understudy_describe(const understudy_model *model);

  /** Numbers per point: inputs, outputs, and what hints need; -1 when model is NULL. */
  UNDERSTUDY_API int64_t understudy_n_inputs(const understudy_model *model);
  UNDERSTUDY_API int64_t understudy_n_outputs(const understudy_model *model);
  UNDERSTUDY_API int64_t understudy_hint_size(const understudy_model *model);

  /** y = f(x) and dy/dx at n points. All arrays are point-major: what belongs to one point stands
   *  together. They must not overlap. On failure they are left as they were.
   *  @param n               number of points; 0 is allowed, and then all arrays may be NULL
   *  @param inputs          x [n][n_inputs]
   *  @param outputs         y [n][n_outputs]
   *  @param tangent         dy_i/dx_j [n][n_outputs][n_inputs], or NULL: not wanted
   *  @param health          enum understudy_health [n], or NULL. Who passes NULL must look for NaN
   *  @param error_estimate  [n], the model's own estimate of its relative error, NaN where it has
   *                         none; or NULL: not wanted, which saves its time
   *  @param hints           [n][hint_size], read and written: memory of each point that shortens
   *                         its next evaluation (zeros at first), or NULL. It changes answers
   *                         within the tolerance of the model's own solver only */
  UNDERSTUDY_API int understudy_evaluate(understudy_model *model, int64_t n, const double *inputs,
                                         double *outputs, double *tangent, int *health,
                                         double *error_estimate, double *hints);

#ifdef __cplusplus
}
#endif

#endif
