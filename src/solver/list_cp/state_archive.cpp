// Rows, moments and precisions into an archive and back.
// SPDX-License-Identifier: Apache-2.0
#include "solver/list_cp/state_archive.h"

namespace rankflow::list_cp {
namespace {

std::string named(const std::string& prefix, const char* what, std::size_t mode) {
  return prefix + what + "_" + std::to_string(mode + 1);
}

}  // namespace

void store(Archive& archive, const std::string& prefix, const State& state) {
  for (std::size_t n = 0; n < state.modes.size(); ++n) {
    const ModeRows& rows = state.modes[n];
    archive.set(named(prefix, "mean", n), rows.mean);
    archive.set(named(prefix, "second", n), rows.second);
    archive.set(named(prefix, "effect", n), rows.effect);
    archive.set(named(prefix, "effect_second", n), rows.effect_second);
  }
  archive.set(prefix + "offset", state.offset);
  archive.set(prefix + "noise", state.noise);
  archive.set(prefix + "component_precision", state.component_precision);
  archive.set(prefix + "effect_precision", state.effect_precision);
}

State load(const Archive& archive, const std::string& prefix, const State& like) {
  State state;
  state.offset = archive.get_double(prefix + "offset");
  state.noise = archive.get_double(prefix + "noise");
  state.component_precision = archive.get_vector(prefix + "component_precision");
  state.effect_precision = archive.get_vector(prefix + "effect_precision", like.effect_precision.size());
  for (std::size_t n = 0; n < like.modes.size(); ++n) {
    const Index size = like.modes[n].effect.size();
    ModeRows rows;
    rows.mean = archive.get_matrix(named(prefix, "mean", n), size, state.components());
    rows.second = archive.get_float_matrix(named(prefix, "second", n));
    rows.effect = archive.get_vector(named(prefix, "effect", n), size);
    rows.effect_second = archive.get_vector(named(prefix, "effect_second", n), size);
    state.modes.push_back(std::move(rows));
  }
  return state;
}

}  // namespace rankflow::list_cp
