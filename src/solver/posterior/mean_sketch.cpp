// Accumulating and unfolding the sketch of the posterior mean.
// SPDX-License-Identifier: Apache-2.0
#include "solver/posterior/mean_sketch.h"

#include <algorithm>

#include "base/threads.h"
#include "linalg/aligned.h"
#include "linalg/decompositions.h"
#include "rankflow/rng.h"
#include "solver/posterior/side.h"

namespace rankflow::posterior {
namespace {

constexpr Index kLinesPerBlock = 512;

template <class T>
MatrixOf<T> gaussian(Index rows, Index columns, std::uint64_t seed, std::uint64_t which) {
  MatrixOf<T> a(rows, columns);
  parallel_blocks(rows, kLinesPerBlock, [&](Index begin, Index end, Index block) {
    Rng rng(seed, static_cast<std::uint64_t>(Stream::sketch), which, static_cast<std::uint64_t>(block));
    for (Index i = begin * columns; i < end * columns; ++i) a.data()[i] = static_cast<T>(rng.normal());
  });
  return a;
}

// a^T b for tall a and b, in blocks of rows added in order.
template <class T, class Factor>
MatrixOf<T> cross(const Factor& a, const MatrixOf<T>& b) {
  return parallel_sum(
      a.rows(), kLinesPerBlock, MatrixOf<T>(MatrixOf<T>::Zero(a.cols(), b.cols())),
      [&](Index begin, Index end) {
        return MatrixOf<T>(a.middleRows(begin, end - begin).transpose() * b.middleRows(begin, end - begin));
      },
      0.1 * static_cast<double>(a.cols() * b.cols()));
}

// target += a small, in blocks of rows.
template <class T, class Factor>
void add_product(MatrixOf<T>& target, const Factor& a, const MatrixOf<T>& small) {
  parallel_blocks(
      a.rows(), kLinesPerBlock,
      [&](Index begin, Index end, Index) {
        target.middleRows(begin, end - begin).noalias() += a.middleRows(begin, end - begin) * small;
      },
      0.1 * static_cast<double>(small.size()));
}

}  // namespace

template <class T>
MeanSketch<T>::MeanSketch(Index rows, Index columns, Index rank, std::uint64_t seed) : rows_(rows), columns_(columns) {
  const Index k = std::min({2 * rank + 8, rows, columns}), l = std::min(2 * k + 1, rows);
  exact_ = rows * columns <= (rows + columns) * (k + l);
  if (exact_) {
    dense_.setZero(rows, columns);
    return;
  }
  omega_ = gaussian<T>(columns, k, seed, 0);
  psi_ = gaussian<T>(rows, l, seed, 1);
  range_.setZero(rows, k);
  corange_.setZero(columns, l);
}

template <class T>
template <class Factor>
void MeanSketch<T>::add(const Factor& u, const Factor& v, double weight) {
  if (exact_) {
    add_product<T>(dense_, u, MatrixOf<T>(static_cast<T>(weight) * v.transpose()));
    return;
  }
  add_product<T>(range_, u, MatrixOf<T>(static_cast<T>(weight) * cross<T>(v, omega_)));
  add_product<T>(corange_, v, MatrixOf<T>(static_cast<T>(weight) * cross<T>(u, psi_)));
}

template <class T>
typename MeanSketch<T>::LowRank MeanSketch<T>::approximation(Index rank, double scale) const {
  LowRank result;
  if (exact_) {
    Svd<double> full = svd<double>(Matrix(dense_.template cast<double>()));
    rank = std::min<Index>(rank, full.s.size());
    return {full.u.leftCols(rank), full.v.leftCols(rank), full.s.head(rank) * scale};
  }
  // Q = orth(Y); M ~ Q (Psi Q)^+ Z. With Psi Q = P R (thin QR): B = R^-1 P^T Z, so B^T = Z^T P R^-T.
  Matrix q = range_.template cast<double>(), unused, r;
  thin_qr(q, unused);
  Matrix p = psi_.template cast<double>().transpose() * q;  // l x k
  thin_qr(p, r);
  Matrix b = corange_.template cast<double>() * p;  // n x k
  b = r.triangularView<Eigen::Upper>().solve(b.transpose()).transpose().eval();
  Matrix rb;
  thin_qr(b, rb);  // M ~ q (b rb)^T = q rb^T b^T
  const Svd<double> small = svd<double>(Matrix(rb.transpose()));
  rank = std::min<Index>(rank, small.s.size());
  return {q * small.u.leftCols(rank), b * small.v.leftCols(rank), small.s.head(rank) * scale};
}

template <class T>
void MeanSketch<T>::save(Archive& archive, const std::string& prefix) const {
  if (exact_) {
    archive.set(prefix + "dense", dense_);
  } else {
    archive.set(prefix + "range", range_);
    archive.set(prefix + "corange", corange_);
  }
}

template <class T>
void MeanSketch<T>::load(const Archive& archive, const std::string& prefix) {
  const auto get = [&](const std::string& name, MatrixOf<T>& into) {
    if constexpr (std::is_same_v<T, double>) {
      into = archive.get_matrix(prefix + name, into.rows(), into.cols());
    } else {
      into = archive.get_float_matrix(prefix + name, into.rows(), into.cols());
    }
  };
  if (exact_) {
    get("dense", dense_);
  } else {
    get("range", range_);
    get("corange", corange_);
  }
}

template class MeanSketch<double>;
template class MeanSketch<float>;
template void MeanSketch<double>::add(const AlignedRows<double>::ConstView&, const AlignedRows<double>::ConstView&,
                                      double);
template void MeanSketch<float>::add(const AlignedRows<float>::ConstView&, const AlignedRows<float>::ConstView&,
                                     double);

}  // namespace rankflow::posterior
