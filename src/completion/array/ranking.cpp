// Ranking held-out facts among all that could stand in their place.
// SPDX-License-Identifier: Apache-2.0
#include "completion/array/ranking.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "base/threads.h"
#include "rankflow/error.h"
#include "rankflow/rng.h"

namespace rankflow::completion {
namespace {

constexpr double kSharedIds = 0.5;
constexpr double kMostCells = 5e7;  // that all stand against a fact
constexpr Index kSampledCells = 1'000'000;
constexpr std::uint64_t kSampleStream = 0x41554331;

using Cell = std::vector<std::int32_t>;

Cell cell_at(const Tensor& tensor, Index k) {
  Cell index;
  for (const auto& mode : tensor.index) index.push_back(mode[k]);
  return index;
}

std::set<std::string> occurring(const Tensor& tensor, Index mode) {
  std::vector<char> seen(static_cast<std::size_t>(tensor.size(mode)), 0);
  for (const std::int32_t i : tensor.index[mode]) seen[i] = 1;
  std::set<std::string> names;
  for (Index i = 0; i < tensor.size(mode); ++i)
    if (seen[i]) names.insert(tensor.modes[mode].name(i));
  return names;
}

bool share_ids(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::size_t both = 0;
  for (const std::string& name : a) both += b.count(name);
  return static_cast<double>(both) >= kSharedIds * static_cast<double>(a.size() + b.size() - both);
}

std::vector<Index> parse_modes(const std::string& text, Index order) {
  std::vector<Index> modes;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string word = text.substr(at, end - at);
    Index mode = 0;
    const auto [stop, failure] = std::from_chars(word.data(), word.data() + word.size(), mode);
    const bool sound = failure == std::errc() && stop == word.data() + word.size() && mode >= 1 && mode <= order;
    if (!sound || std::count(modes.begin(), modes.end(), mode - 1) > 0)
      throw OptionError(
          fmt::format("--ranked-modes: found '{}', expected different numbers of modes, 1 to {}, between "
                      "commas",
                      text, order));
    modes.push_back(mode - 1);
    at = end + 1;
  }
  std::sort(modes.begin(), modes.end());
  return modes;
}

// The model's number for every index of a mode, the others as in `index`.
void scores_along(const GeneralizedCp& model, const Cell& index, Index mode, Vector& scores) {
  Vector product = Vector::Ones(model.components.components());
  double rest = model.offset;
  for (Index n = 0; n < model.components.order(); ++n) {
    if (n == mode) continue;
    product.array() *= model.components.factors[n].row(index[n]).transpose().array();
    rest += model.effects[n][index[n]];
  }
  scores = model.effects[mode];
  scores.array() += rest;
  if (product.size() > 0) scores.noalias() += model.components.factors[mode] * product;
}

}  // namespace

std::vector<Index> ranked_modes(const Tensor& tensor, const std::string& text) {
  if (!text.empty()) return parse_modes(text, tensor.order());
  std::vector<std::set<std::string>> names;
  for (Index n = 0; n < tensor.order(); ++n) names.push_back(occurring(tensor, n));
  std::vector<Index> largest;
  for (Index n = 0; n < tensor.order(); ++n) {
    std::vector<Index> together;
    for (Index m = 0; m < tensor.order(); ++m)
      if (share_ids(names[n], names[m])) together.push_back(m);
    if (together.size() > largest.size()) largest = together;
  }
  if (largest.size() > 1) return largest;
  largest.resize(static_cast<std::size_t>(tensor.order()));
  std::iota(largest.begin(), largest.end(), Index{0});
  return largest;
}

FactRanker::FactRanker(const Tensor& tensor, const std::vector<Index>& numbers, const std::vector<Index>& known,
                       std::vector<Index> modes)
    : modes_(std::move(modes)) {
  for (const Index mode : modes_) {
    std::map<Cell, std::vector<std::int32_t>> fibres;  // by the cell with 0 in place of the mode's index
    const auto fibre = [&](Index k) {
      Cell cell = cell_at(tensor, k);
      cell[mode] = 0;
      return cell;
    };
    for (const Index k : numbers)
      if (tensor.value[k] == 1) fibres[fibre(k)];
    for (const Index k : known)
      if (tensor.value[k] == 1)
        if (const auto found = fibres.find(fibre(k)); found != fibres.end())
          found->second.push_back(tensor.index[mode][k]);
    for (const Index k : numbers)
      if (tensor.value[k] == 1) competitions_.push_back({cell_at(tensor, k), mode, fibres[fibre(k)]});
  }
  for (const Index k : numbers) facts_ += tensor.value[k] == 1 ? 1 : 0;
}

FactRanking FactRanker::rank(const GeneralizedCp& model) const {
  constexpr Index kBlock = 64;
  std::vector<double> place(competitions_.size());
  parallel_blocks(
      static_cast<Index>(competitions_.size()), kBlock,
      [&](Index begin, Index end, Index) {
        Vector scores;
        for (Index c = begin; c < end; ++c) {
          const Competition& fact = competitions_[c];
          scores_along(model, fact.index, fact.mode, scores);
          const double own = scores[fact.index[fact.mode]];
          for (const std::int32_t other : fact.others) scores[other] = -HUGE_VAL;
          scores[fact.index[fact.mode]] = -HUGE_VAL;
          const auto above = static_cast<double>((scores.array() > own).count()),
                     level = static_cast<double>((scores.array() == own).count());
          place[c] = 1 + above + level / 2;
        }
      },
      1e3);
  FactRanking ranking;
  ranking.modes = modes_;
  ranking.facts = facts_;
  if (place.empty()) return ranking;
  const auto share = [&](double limit) {
    return static_cast<double>(std::count_if(place.begin(), place.end(), [&](double p) { return p <= limit; })) /
           static_cast<double>(place.size());
  };
  ranking.mrr = 0;
  for (const double p : place) ranking.mrr += 1 / p / static_cast<double>(place.size());
  ranking.hits1 = share(1), ranking.hits3 = share(3), ranking.hits10 = share(10);
  return ranking;
}

double area_under_curve(const Tensor& tensor, const std::vector<Index>& numbers, const GeneralizedCp& model,
                        std::uint64_t seed) {
  std::vector<double> facts;
  for (const Index k : numbers)
    if (tensor.value[k] == 1) facts.push_back(model.linear(cell_at(tensor, k)));
  if (facts.empty()) return kNaN;
  std::sort(facts.begin(), facts.end());
  double below = 0, others = 0;  // pairs that are in order, cells that are no fact
  const auto count = [&](double x, double times) {
    const auto level = std::equal_range(facts.begin(), facts.end(), x);
    below +=
        times * (static_cast<double>(facts.end() - level.second) + static_cast<double>(level.second - level.first) / 2);
    others += times;
  };
  if (tensor.cells() <= kMostCells) {
    const Index last = tensor.order() - 1;
    Cell index(tensor.index.size(), 0);
    Vector scores;
    for (bool more = true; more;) {
      scores_along(model, index, last, scores);
      for (const double x : scores) count(x, 1);
      more = false;
      for (Index n = last; n-- > 0;) {
        if (++index[n] < tensor.size(n)) {
          more = true;
          break;
        }
        index[n] = 0;
      }
    }
    for (Index k = 0; k < tensor.num_observed(); ++k)
      if (tensor.value[k] == 1) count(model.linear(cell_at(tensor, k)), -1);
  } else {  // too sparse for a sampled cell to be a fact but by a rare chance
    Cell index(tensor.index.size());
    for (Index s = 0; s < kSampledCells; ++s) {
      Rng rng(seed, kSampleStream, static_cast<std::uint64_t>(s));
      for (Index n = 0; n < tensor.order(); ++n)
        index[n] = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(tensor.size(n))));
      count(model.linear(index), 1);
    }
  }
  return others > 0 ? below / others / static_cast<double>(facts.size()) : kNaN;
}

}  // namespace rankflow::completion
