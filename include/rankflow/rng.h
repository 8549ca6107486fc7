// Random numbers as a pure function of (seed, stream, counter): no state to save, no order to keep between threads.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace rankflow {

/// A stream of random numbers keyed by up to four integers. Equal keys give equal numbers on every machine; different
/// keys give independent streams. Philox 2x64-10 (Salmon, Moraes, Dror, Shaw 2011).
class Rng {
 public:
  explicit Rng(std::uint64_t seed, std::uint64_t stream = 0, std::uint64_t a = 0, std::uint64_t b = 0)
      : key_(mix(mix(seed) ^ mix(stream + 0x9E3779B97F4A7C15ull))), high_(mix(mix(a + 0x632BE59BD9B4E019ull) ^ b)) {}

  /// 64 uniform bits.
  std::uint64_t bits() {
    if (have_second_) {
      have_second_ = false;
      return second_;
    }
    std::uint64_t x = counter_++, y = high_, key = key_;
    for (int round = 0; round < 10; ++round) {
      const auto product = static_cast<unsigned __int128>(x) * 0xD2B74407B1CE6E93ull;
      const auto hi = static_cast<std::uint64_t>(product >> 64);
      x = hi ^ key ^ y;
      y = static_cast<std::uint64_t>(product);
      key += 0x9E3779B97F4A7C15ull;
    }
    second_ = y;
    have_second_ = true;
    return x;
  }

  /// Uniform in (0, 1): never 0, never 1.
  double uniform() { return (static_cast<double>(bits() >> 11) + 0.5) * 0x1p-53; }

  /// Uniform integer in [0, n), n > 0, by multiplication (bias below n / 2^64).
  std::uint64_t below(std::uint64_t n) {
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(bits()) * n) >> 64);
  }

  /// Standard normal (Box and Muller 1958); both numbers of a pair are used.
  double normal() {
    if (have_normal_) {
      have_normal_ = false;
      return normal_;
    }
    const double radius = std::sqrt(-2.0 * std::log(uniform()));
    const double angle = 2.0 * std::numbers::pi * uniform();
    normal_ = radius * std::sin(angle);
    have_normal_ = true;
    return radius * std::cos(angle);
  }

  /// Gamma with the given shape > 0 and scale 1 (Marsaglia and Tsang 2000).
  double gamma(double shape);

 private:
  static constexpr std::uint64_t mix(std::uint64_t x) {  // splitmix64's finalizer
    x ^= x >> 30;
    x *= 0xBF58476D1CE4E5B9ull;
    x ^= x >> 27;
    x *= 0x94D049BB133111EBull;
    return x ^ (x >> 31);
  }

  std::uint64_t key_, high_, counter_ = 0, second_ = 0;
  double normal_ = 0;
  bool have_second_ = false, have_normal_ = false;
};

}  // namespace rankflow
