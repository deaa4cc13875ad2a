// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

/// The functions of LAPACK that are used here: Fortran symbols, column-major, all arguments by
/// address, since no C header of LAPACK comes with every BLAS.
extern "C"
{
  void dpotrf_(const char *uplo, const int *n, double *A, const int *lda, int *info);
  void dtrtri_(const char *uplo, const char *diag, const int *n, double *A, const int *lda,
               int *info);
  void dlauum_(const char *uplo, const int *n, double *A, const int *lda, int *info);
  void dsyevd_(const char *jobz, const char *uplo, const int *n, double *A, const int *lda,
               double *w, double *work, const int *lwork, int *iwork, const int *liwork, int *info);
}
