// One side (rows or columns) of the posterior's state: its vectors, its features, its prior and its noise.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "linalg/aligned.h"
#include "rankflow/observations.h"
#include "rankflow/types.h"

namespace rankflow::posterior {

/// Names the streams of random numbers, so that no two draws share one.
enum class Stream : std::uint64_t { start = 1, prior, line, noise, features, sketch, probes };

/// The prior of a side: vectors are normal with mean B^T f and precision Lambda.
struct Prior {
  Matrix precision;          // Lambda, d x d
  Matrix coefficients;       // B, p x d
  double feature_decay = 1;  // lambda_B
};

template <class T>
struct Side {
  const Lines<T>* lines = nullptr;  // observations of each line
  int index = 0;                    // 0 rows, 1 columns: part of the keys of random numbers
  AlignedRows<T> vectors;           // the current draw: (bias, u), one row a line
  AlignedRows<T> means;             // conditional means given the other side
  AlignedVector<T> noise;           // precision factor of each line (tau or kappa)
  MatrixOf<T> features;             // lines x p, first column 1
  Matrix feature_gram;              // features^T features
  Prior prior;

  Index size() const { return vectors.rows(); }
  int dimension() const { return static_cast<int>(vectors.columns()); }
};

/// Draws the prior given the side's vectors: matrix-normal-Wishart, conjugate, with
///   beta_0 = 2 on the constant, lambda_B on the features, nu_0 = d, W_0 = I.
/// (Salakhutdinov and Mnih 2008, eq. 14, with a regression for the mean as in Simm et al. 2015.) O(lines (p + d) d).
template <class T>
void draw_prior(Side<T>& side, std::uint64_t seed, std::uint64_t sweep);

/// Draws every line of `side` given `other`: independent of each other, so threads change nothing. Fills vectors,
/// means, and squares[i] = sum of weight * noise of the other side * residual^2 over line i. O(|Omega| d^2 + lines
/// d^3).
template <class T>
void draw_lines(Side<T>& side, const Side<T>& other, double alpha, double center, double scale, std::uint64_t seed,
                std::uint64_t sweep, std::vector<double>& squares);

/// Draws the noise factors of a side from gamma((nu + n_i)/2, (nu + alpha squares_i)/2), nu = 10.
template <class T>
void draw_noise(Side<T>& side, double alpha, const std::vector<double>& squares, std::uint64_t seed,
                std::uint64_t sweep);

}  // namespace rankflow::posterior
