// Finished fits as archives, for checkpoints.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "completion/run.h"

namespace rankflow::completion {

Archive fit_to_archive(const Fit& fit);
/// Throws InputError unless the archive holds a sound fit of this table.
Fit fit_from_archive(const Archive& archive, const Table& table);

/// The steps of a history as arrays: histories survive an interruption too.
Archive history_to_archive(const std::vector<Step>& history);
std::vector<Step> history_from_archive(const Archive& archive);

}  // namespace rankflow::completion
