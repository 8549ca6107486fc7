// The body of the CP passes, included by cp_passes_<instruction set>.cpp with RANKFLOW_VECTOR_BYTES and
// RANKFLOW_KERNEL_NAMESPACE set. Everything here is static: no symbol may be shared between instruction sets.
// SPDX-License-Identifier: Apache-2.0
#include "linalg/cp_passes.h"
#include "linalg/vector_body.h"

namespace rankflow::RANKFLOW_KERNEL_NAMESPACE {
namespace {

constexpr int kLanes = RANKFLOW_VECTOR_BYTES / 8;
using Vec = StoredVec<double>;

[[gnu::always_inline]] inline double total(const Vec& v) {
  double sum = 0;
  for (int i = 0; i < kLanes; ++i) sum += v[i];
  return sum;
}

// N = the order, or 0 where only the pass knows it.
template <int N>
[[gnu::always_inline]] inline int modes(const CpPass& p) {
  return N > 0 ? N : p.order;
}
template <int N>
inline constexpr int kRoom = N > 0 ? N : kMostModes;

template <int N>
[[gnu::always_inline]] inline void rows_of(const CpPass& p, const double* base, std::int64_t k, const double** rows) {
  const std::int32_t* row = p.row + k * modes<N>(p);
  for (int n = 0; n < modes<N>(p); ++n) rows[n] = base + row[n] * p.stride;
}

// Lanes r .. of the products a^n of all rows but the n-th; returns the product of all.
template <int N>
[[gnu::always_inline]] inline Vec products(int order, const double* const* rows, std::int64_t r, Vec* others) {
  Vec before = Vec{} + 1.0;
  for (int n = 0; n < (N > 0 ? N : order); ++n) {
    others[n] = before;
    before *= stored(rows[n] + r);
  }
  Vec after = stored(rows[order - 1] + r);
  for (int n = (N > 0 ? N : order) - 2; n >= 0; --n) {
    others[n] *= after;
    after *= stored(rows[n] + r);
  }
  return before;
}

template <int N>
[[gnu::always_inline]] inline double value_of(const CpPass& p, const double* const* rows) {
  Vec sum = {};
  for (std::int64_t r = 0; r < p.stride; r += kLanes) {
    Vec product = stored(rows[0] + r);
    for (int n = 1; n < modes<N>(p); ++n) product *= stored(rows[n] + r);
    sum += product;
  }
  return total(sum);
}

template <int N>
struct Pass {
  static void values(const CpPass& p, double* x) {
    const double* rows[kRoom<N>];
    for (std::int64_t k = p.begin; k < p.end; ++k) {
      rows_of<N>(p, p.factors, k, rows);
      x[k] = value_of<N>(p, rows);
    }
  }

  static double squared_error(const CpPass& p) {
    const double* rows[kRoom<N>];
    double sum = 0;
    for (std::int64_t k = p.begin; k < p.end; ++k) {
      rows_of<N>(p, p.factors, k, rows);
      const double error = value_of<N>(p, rows) - p.value[k];
      sum += (p.weight ? p.weight[k] : 1.0) * error * error;
    }
    return sum;
  }

  static double gradient(const CpPass& p, double* gradient) {
    const double* rows[kRoom<N>];
    double sum = 0;
    for (std::int64_t k = p.begin; k < p.end; ++k) {
      rows_of<N>(p, p.factors, k, rows);
      const double error = value_of<N>(p, rows) - p.value[k];
      const double slope = (p.weight ? p.weight[k] : 1.0) * error;
      sum += slope * error;
      add_to_rows(p, k, rows, slope, gradient);
    }
    return sum;
  }

  static void normal_product(const CpPass& p, const double* direction, double* product) {
    const double *rows[kRoom<N>], *along[kRoom<N>];
    Vec others[kRoom<N>] = {};  // compilers do not see that they are set before they are read
    for (std::int64_t k = p.begin; k < p.end; ++k) {
      rows_of<N>(p, p.factors, k, rows);
      rows_of<N>(p, direction, k, along);
      Vec sum = {};
      for (std::int64_t r = 0; r < p.stride; r += kLanes) {
        products<N>(modes<N>(p), rows, r, others);
        for (int n = 0; n < modes<N>(p); ++n) sum += others[n] * stored(along[n] + r);
      }
      const double slope = (p.weight ? p.weight[k] : 1.0) * total(sum);
      const std::int32_t* row = p.row + k * modes<N>(p);
      for (std::int64_t r = 0; r < p.stride; r += kLanes) {
        if (p.stride > kLanes) products<N>(modes<N>(p), rows, r, others);
        for (int n = 0; n < modes<N>(p); ++n) stored(product + row[n] * p.stride + r) += slope * others[n];
      }
    }
  }

  static void normal_blocks(const CpPass& p, std::int64_t columns, double* blocks) {
    const double* rows[kRoom<N>];
    Vec right[kRoom<N>] = {}, left[kRoom<N>] = {};
    for (std::int64_t k = p.begin; k < p.end; ++k) {
      rows_of<N>(p, p.factors, k, rows);
      const double weight = p.weight ? p.weight[k] : 1.0;
      const std::int32_t* row = p.row + k * modes<N>(p);
      for (std::int64_t c = 0; c < p.stride; c += kLanes) {
        products<N>(modes<N>(p), rows, c, right);
        for (std::int64_t r = 0; r < columns; r += kLanes) {
          if (r == c) {
            for (int n = 0; n < modes<N>(p); ++n) left[n] = right[n];
          } else {
            products<N>(modes<N>(p), rows, r, left);
          }
          const int lanes = columns - r < kLanes ? static_cast<int>(columns - r) : kLanes;
          for (int n = 0; n < modes<N>(p); ++n) {
            double* block = blocks + (row[n] * columns + r) * p.stride + c;
            const Vec weighted = weight * left[n];
            for (int i = 0; i < lanes; ++i) stored(block + i * p.stride) += weighted[i] * right[n];
          }
        }
      }
    }
  }

  static void normal_matrix(const CpPass& p, std::int64_t columns, int first, int last, double* matrix,
                            std::int64_t matrix_stride) {
    const double* rows[kRoom<N>];
    Vec right[kRoom<N>] = {}, left[kRoom<N>] = {};
    for (std::int64_t k = p.begin; k < p.end; ++k) {
      rows_of<N>(p, p.factors, k, rows);
      const double weight = p.weight ? p.weight[k] : 1.0;
      const std::int32_t* row = p.row + k * modes<N>(p);
      for (std::int64_t c = 0; c < columns; c += kLanes) {
        products<N>(modes<N>(p), rows, c, right);
        for (std::int64_t r = 0; r < columns; r += kLanes) {
          if (r == c) {
            for (int n = 0; n < modes<N>(p); ++n) left[n] = right[n];
          } else {
            products<N>(modes<N>(p), rows, r, left);
          }
          const int lanes = columns - r < kLanes ? static_cast<int>(columns - r) : kLanes;
          for (int n = first; n < last; ++n) {
            double* lines = matrix + (row[n] * columns + r) * matrix_stride + c;
            const Vec weighted = weight * left[n];
            for (int i = 0; i < lanes; ++i, lines += matrix_stride) {
              const double factor = weighted[i];
              for (int m = n; m < modes<N>(p); ++m) stored(lines + row[m] * columns) += factor * right[m];
            }
          }
        }
      }
    }
  }

  static void one_mode(const CpPass& p, int mode, double* gradient) {
    const double* rows[kRoom<N>];
    for (std::int64_t k = p.begin; k < p.end; ++k) {
      rows_of<N>(p, p.factors, k, rows);
      double* target = gradient + p.row[k * modes<N>(p) + mode] * p.stride;
      for (std::int64_t r = 0; r < p.stride; r += kLanes) {
        Vec product = Vec{} + p.value[k];
        for (int n = 0; n < modes<N>(p); ++n)
          if (n != mode) product *= stored(rows[n] + r);
        stored(target + r) += product;
      }
    }
  }

  static void all_modes(const CpPass& p, double* gradient) {
    const double* rows[kRoom<N>];
    for (std::int64_t k = p.begin; k < p.end; ++k) {
      rows_of<N>(p, p.factors, k, rows);
      add_to_rows(p, k, rows, p.value[k], gradient);
    }
  }

 private:
  // gradient row of mode n += slope a_k^n, for every n.
  [[gnu::always_inline]] static inline void add_to_rows(const CpPass& p, std::int64_t k, const double* const* rows,
                                                        double slope, double* gradient) {
    Vec others[kRoom<N>] = {};  // compilers do not see that they are set before they are read
    const std::int32_t* row = p.row + k * modes<N>(p);
    for (std::int64_t r = 0; r < p.stride; r += kLanes) {
      products<N>(modes<N>(p), rows, r, others);
      for (int n = 0; n < modes<N>(p); ++n) stored(gradient + row[n] * p.stride + r) += slope * others[n];
    }
  }
};

// The version of a pass for its order.
#define RANKFLOW_BY_ORDER(call) \
  switch (p.order) {            \
    case 2:                     \
      return Pass<2>::call;     \
    case 3:                     \
      return Pass<3>::call;     \
    case 4:                     \
      return Pass<4>::call;     \
    case 5:                     \
      return Pass<5>::call;     \
    case 6:                     \
      return Pass<6>::call;     \
    default:                    \
      return Pass<0>::call;     \
  }
void values(const CpPass& p, double* x) {
  RANKFLOW_BY_ORDER(values(p, x))
}
double squared_error(const CpPass& p) {
  RANKFLOW_BY_ORDER(squared_error(p))
}
double gradient(const CpPass& p, double* g) {
  RANKFLOW_BY_ORDER(gradient(p, g))
}
void normal_product(const CpPass& p, const double* direction, double* product) {
  RANKFLOW_BY_ORDER(normal_product(p, direction, product))
}
void normal_blocks(const CpPass& p, std::int64_t columns, double* blocks) {
  RANKFLOW_BY_ORDER(normal_blocks(p, columns, blocks))
}
void normal_matrix(const CpPass& p, std::int64_t columns, int first, int last, double* matrix, std::int64_t stride) {
  RANKFLOW_BY_ORDER(normal_matrix(p, columns, first, last, matrix, stride))
}
void one_mode(const CpPass& p, int mode, double* g) {
  RANKFLOW_BY_ORDER(one_mode(p, mode, g))
}
void all_modes(const CpPass& p, double* g) {
  RANKFLOW_BY_ORDER(all_modes(p, g))
}
#undef RANKFLOW_BY_ORDER

}  // namespace

extern const CpPasses passes;
const CpPasses passes = {values,        squared_error, gradient,  normal_product,      normal_blocks,
                         normal_matrix, one_mode,      all_modes, RANKFLOW_KERNEL_NAME};

}  // namespace rankflow::RANKFLOW_KERNEL_NAMESPACE
