// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 The Understudy authors
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace understudy
{
/// How a field is cut into patches that a neural operator answers one by one.
struct PatchingParameters
{
  unsigned levels = 1;  ///< L: 2^L x 2^L patches; 0: the whole field
  double padding = 0.0; ///< halo of each patch on each side, as a share of the side of the grid
  bool periodic = true; ///< false: edges are continued, and a channel tells what is the domain
};

/// Multi-grid patching of fields on regular grids (Kossaifi et al., TMLR 2024, arXiv 2310.00120): a
/// grid of n0 x n1 points is cut into 2^L x 2^L patches of P0 x P1 points, P = n / 2^L. Each patch
/// is seen through windows of (P0 + 2 p0) x (P1 + 2 p1) points, p = round(padding n), one for each
/// level l = 0 to L: the field thinned out 2^l times, around the middle of the patch,
///
///   view_l(i, r) = x(2^l (i P / 2^l - (P - P / 2^l) / 2 - p + r)),  r = 0 to P + 2 p - 1,
///
/// in each direction for patch i: the patch with its halo, then coarser and wider views as further
/// channels. Patch (i, j) has the number i 2^L + j. Answers are cropped to the patches and put
/// together; what the patches keep of the field is a copy to the bit.
///
/// Beyond the grid a periodic field goes on; else its edge does, and for each level one channel is
/// 1 in the domain and 0 beyond (the reference implementation always takes fields as periodic).
class MultigridPatches
{
public:
  /// Throws UserError when a side is no multiple of 2 * 4^L, naming the nearest possible sizes, and
  /// for a padding that is negative, not finite or above 1/2.
  MultigridPatches(const PatchingParameters &parameters, std::size_t n0, std::size_t n1);

  std::size_t n_patches() const { return per_side_ * per_side_; }
  std::size_t patch_size(unsigned direction) const { return patch_[direction]; }
  std::size_t halo(unsigned direction) const { return halo_[direction]; }
  std::size_t window_size(unsigned direction) const
  {
    return patch_[direction] + 2 * halo_[direction];
  }
  /// Channels of a patch of a field with @p n_channels: those of level 0, of level 1, ..., and
  /// where the field is not periodic what is the domain at level 0, 1, ...
  std::size_t n_patch_channels(std::size_t n_channels) const
  {
    return (n_channels + (parameters_.periodic ? 0 : 1)) * (parameters_.levels + 1);
  }

  /// Patches @p first to @p first + @p n - 1.
  /// @param field   [n_channels][n0][n1]
  /// @param patches [n][n_patch_channels][window 0][window 1]
  template <class Real>
  void cut(std::size_t n_channels, const Real *field, std::size_t first, std::size_t n,
           Real *patches) const;

  /// Puts answers of patches @p first to @p first + @p n - 1 where they belong.
  /// @param answers [n][n_channels][window 0][window 1]
  /// @param field   [n_channels][n0][n1], of which only these patches are written
  template <class Real>
  void put_together(std::size_t n_channels, const Real *answers, std::size_t first, std::size_t n,
                    Real *field) const;

private:
  /// Where a row or column of a window comes from: one list for each level and place of a patch.
  struct Line
  {
    std::vector<std::size_t> from; ///< [window] in the grid
    std::vector<char> is_inside;   ///< [window] of the domain
  };
  const Line &line(unsigned direction, unsigned level, std::size_t place) const
  {
    return lines_[direction][level * per_side_ + place];
  }
  Line make_line(unsigned direction, unsigned level, std::size_t place) const;

  PatchingParameters parameters_;
  std::size_t size_[2], patch_[2], halo_[2], per_side_;
  std::vector<Line> lines_[2];
};

/// The mean of what answers of neighbouring patches jump by across the seams between them, beyond
/// what neighbouring points differ by elsewhere: 0 for answers that know nothing of the patches.
///
///   (mean |u(k + 1) - u(k)| over pairs of points across a seam) / (the same over all pairs) - 1
///
/// @param field [n0][n1]; NaN without seams (levels 0) or for a constant field
double seam_jump(const MultigridPatches &patches, std::size_t n0, std::size_t n1,
                 const double *field);
} // namespace understudy
