// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors

#include <solvers/sparse_factor.h>

#include <cholmod.h>
#include <umfpack.h>

#include <algorithm>
#include <cmath>
#include <new>
#include <omp.h>

namespace understudy
{
namespace
{
bool all_finite(std::size_t n, const double *values)
{
  return std::all_of(values, values + n, [](double v) { return std::isfinite(v); });
}

/// CHOLMOD asks for four OpenMP threads in many small loops, whatever OMP_NUM_THREADS says; on a
/// core of its own, a rank then waits for threads that have none. Within this scope OpenMP has one.
class OneThread
{
public:
  OneThread() : levels_(omp_get_max_active_levels()) { omp_set_max_active_levels(0); }
  ~OneThread() { omp_set_max_active_levels(levels_); }
  OneThread(const OneThread &) = delete;
  OneThread &operator=(const OneThread &) = delete;

private:
  int levels_;
};
} // namespace

struct SparseFactor::Data
{
  const SparsityPattern &pattern;

  cholmod_common common{};
  cholmod_sparse view{};
  cholmod_factor *cholesky = nullptr;
  cholmod_dense *solution = nullptr, *work_y = nullptr, *work_e = nullptr;

  bool factorized = false;
  void *symbolic = nullptr, *numeric = nullptr;
  std::vector<double> unsymmetric_values; ///< UMFPACK needs them again for its refinement

  explicit Data(const SparsityPattern &p) : pattern(p)
  {
    if (!pattern.symmetric)
    {
      const std::vector<double> ones(pattern.row.size(), 1.);
      if (umfpack_di_symbolic(pattern.n, pattern.n, pattern.column_start.data(), pattern.row.data(),
                              ones.data(), &symbolic, nullptr,
                              nullptr) == UMFPACK_ERROR_out_of_memory)
        throw std::bad_alloc();
      return; // without a symbolic factor, for whatever other reason, every numeric one fails
    }
    const OneThread one_thread;
    cholmod_start(&common);
    common.print = 0;
    common.supernodal = CHOLMOD_SUPERNODAL;
    // Nested dissection: on RVE meshes factor and solve take less time than with AMD.
    common.nmethods = 1;
    common.method[0].ordering = CHOLMOD_NESDIS;
    view.nrow = view.ncol = pattern.n;
    view.nzmax = pattern.row.size();
    view.p = const_cast<int *>(pattern.column_start.data());
    view.i = const_cast<int *>(pattern.row.data());
    view.stype = -1;
    view.itype = CHOLMOD_INT;
    view.xtype = CHOLMOD_PATTERN;
    view.dtype = CHOLMOD_DOUBLE;
    view.sorted = view.packed = 1;
    cholesky = cholmod_analyze(&view, &common);
    if (cholesky == nullptr)
    {
      cholmod_finish(&common);
      throw std::bad_alloc();
    }
  }
  ~Data()
  {
    if (pattern.symmetric)
    {
      cholmod_free_dense(&solution, &common);
      cholmod_free_dense(&work_y, &common);
      cholmod_free_dense(&work_e, &common);
      cholmod_free_factor(&cholesky, &common);
      cholmod_finish(&common);
    }
    if (numeric != nullptr)
      umfpack_di_free_numeric(&numeric);
    if (symbolic != nullptr)
      umfpack_di_free_symbolic(&symbolic);
  }
  Data(const Data &) = delete;
  Data &operator=(const Data &) = delete;

  bool factorize_lu(const std::vector<double> &values)
  {
    unsymmetric_values = values;
    if (numeric != nullptr)
      umfpack_di_free_numeric(&numeric);
    return umfpack_di_numeric(pattern.column_start.data(), pattern.row.data(),
                              unsymmetric_values.data(), symbolic, &numeric, nullptr,
                              nullptr) == UMFPACK_OK;
  }
  bool factorize_cholesky(const std::vector<double> &values)
  {
    const OneThread one_thread;
    view.x = const_cast<double *>(values.data());
    view.xtype = CHOLMOD_REAL;
    cholmod_factorize(&view, cholesky, &common);
    const bool positive = common.status == CHOLMOD_OK && cholesky->minor == cholesky->n;
    common.status = CHOLMOD_OK;
    return positive;
  }
  bool solve_lu(std::size_t n_columns, const double *B, double *X) const
  {
    std::vector<double> x(pattern.n);
    for (std::size_t c = 0; c < n_columns; ++c)
    {
      if (umfpack_di_solve(UMFPACK_A, pattern.column_start.data(), pattern.row.data(),
                           unsymmetric_values.data(), x.data(), B + c * pattern.n, numeric, nullptr,
                           nullptr) != UMFPACK_OK)
        return false;
      std::copy(x.begin(), x.end(), X + c * pattern.n);
    }
    return true;
  }
  bool solve_cholesky(std::size_t n_columns, const double *B, double *X)
  {
    const OneThread one_thread;
    // One column at a time: CHOLMOD's supernodal solve gains nothing from several.
    for (std::size_t c = 0; c < n_columns; ++c)
    {
      cholmod_dense b{};
      b.nrow = b.d = b.nzmax = pattern.n;
      b.ncol = 1;
      b.x = const_cast<double *>(B + c * pattern.n);
      b.xtype = CHOLMOD_REAL;
      b.dtype = CHOLMOD_DOUBLE;
      const int solved = cholmod_solve2(CHOLMOD_A, cholesky, &b, nullptr, &solution, nullptr,
                                        &work_y, &work_e, &common);
      const bool good = solved && common.status == CHOLMOD_OK;
      common.status = CHOLMOD_OK;
      if (!good)
        return false;
      std::copy_n(static_cast<const double *>(solution->x), pattern.n, X + c * pattern.n);
    }
    return true;
  }
};

SparseFactor::SparseFactor(const SparsityPattern &pattern) : data_(std::make_unique<Data>(pattern))
{
}
SparseFactor::~SparseFactor() = default;

bool SparseFactor::factorize(const std::vector<double> &values)
{
  Data &data = *data_;
  data.factorized =
    all_finite(values.size(), values.data()) &&
    (data.pattern.symmetric ? data.factorize_cholesky(values) : data.factorize_lu(values));
  return data.factorized;
}

bool SparseFactor::solve(std::size_t n_columns, const double *B, double *X)
{
  Data &data = *data_;
  return data.factorized &&
         (data.pattern.symmetric ? data.solve_cholesky(n_columns, B, X)
                                 : data.solve_lu(n_columns, B, X)) &&
         all_finite(n_columns * data.pattern.n, X);
}

void multiply(const SparsityPattern &pattern, const std::vector<double> &values,
              std::size_t n_columns, const double *X, double *Y)
{
  const std::size_t n = pattern.n;
  std::fill_n(Y, n * n_columns, 0.);
  for (std::size_t c = 0; c < n_columns; ++c)
  {
    const double *x = X + c * n;
    double *y = Y + c * n;
    for (std::size_t j = 0; j < n; ++j)
    {
      const int begin = pattern.column_start[j], end = pattern.column_start[j + 1];
      if (!pattern.symmetric)
      {
        for (int k = begin; k < end; ++k)
          y[pattern.row[k]] += values[k] * x[j];
        continue;
      }
      double sum = values[begin] * x[j]; // the diagonal comes first in a sorted lower column
      for (int k = begin + 1; k < end; ++k)
      {
        y[pattern.row[k]] += values[k] * x[j];
        sum += values[k] * x[pattern.row[k]];
      }
      y[j] += sum;
    }
  }
}
} // namespace understudy
