// Finished fits as archives, for checkpoints.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>

#include "completion/run.h"

namespace rankflow::completion {

Archive fit_to_archive(const Fit& fit);
/// Throws InputError unless the archive holds a sound fit of this table.
Fit fit_from_archive(const Archive& archive, const Table& table);

/// A number of a file as an enumerator, `last` being the largest one; nothing for any other number.
template <class E>
std::optional<E> enumerator(double number, E last) {
  if (!(number >= 0 && number <= static_cast<double>(last)) || number != std::floor(number)) return std::nullopt;
  return static_cast<E>(static_cast<int>(number));
}

/// For fits that are no whole Fit: throws InputError.
[[noreturn]] void damaged_fit(const Archive& archive);
template <class E>
E kept_enumerator(const Archive& archive, std::int64_t number, E last) {
  if (const std::optional<E> known = enumerator(static_cast<double>(number), last)) return *known;
  damaged_fit(archive);
}

/// The steps of a history as arrays: histories survive an interruption too.
Archive history_to_archive(const std::vector<Step>& history);
std::vector<Step> history_from_archive(const Archive& archive);

}  // namespace rankflow::completion
