// Completion by a hierarchical factorization of which most local components are negligible: these move once per window
// of updates.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

#include "data/archive_numbers.h"
#include "rankflow/error.h"
#include "rankflow/tensor_descent.h"
#include "solver/tensor_descent/local_parts.h"
#include "solver/tensor_descent/tree_pass.h"
#include "solver/tensor_descent/window_loss.h"

namespace rankflow {
namespace tensor_descent {
namespace {

template <class T>
std::vector<T> flat(const std::vector<MatrixOf<T>>& matrices) {
  std::vector<T> all;
  for (const MatrixOf<T>& matrix : matrices) all.insert(all.end(), matrix.data(), matrix.data() + matrix.size());
  return all;
}

}  // namespace

// A postponed entry w obeys w_{t+1} = w_t - step_t g(W_t; slope_t), where g is linear in the slopes. Over J updates,
// with S = sum step_t slope_t,
//   w_J = w_0 - g(W_mid; S),  W_mid: what the entries are on average before an update, (J - 1) / (2 J) of the way,
// which postponed ones know to first order, w_0 - (J - 1) / (2 J) g(W_0; S). This is right to second order in the
// change. Active entries are those between active components. They see, of what others add to the rows of each node, to
// the predictions and to their gradient, what it was at the window's begin.
template <class T>
class TreeWindowLoss final : public WindowLoss<T> {
 public:
  TreeWindowLoss(const TensorProblem<T>& problem, TreeFactorization<T>& model, const TreeWindowOptions& options)
      : WindowLoss<T>(options.updates, problem.value.size(), model.weights),
        problem_(problem),
        model_(model),
        options_(options),
        largest_(options.largest * tensor_size(problem)),
        point_(model),
        all_(model_, {problem.index, nullptr}),
        scratch_(point_, {problem.index, nullptr}),
        x_(problem.value.size()),
        still_(x_),
        active_x_(x_),
        unused_(x_) {
    slope_ = x_;
    const ModeTree& tree = model.tree;
    is_active_.resize(static_cast<std::size_t>(tree.num_nodes()));
    rate_.resize(is_active_.size());
    for (Index node = tree.order; node < tree.num_nodes(); ++node) {
      is_active_[node].assign(static_cast<std::size_t>(model.width(node)), 1);
      rate_[node] = Vector::Constant(model.width(node), std::numeric_limits<double>::infinity());
    }
  }

  std::vector<MatrixOf<T>*> weights() override {
    std::vector<MatrixOf<T>*> list;
    for (MatrixOf<T>& matrix : model_.weights) list.push_back(&matrix);
    return list;
  }

  double gradient(std::vector<MatrixOf<T>>& gradient) override {
    begin_window();
    predict();
    const double loss = loss_at(problem_, x_, &slope_);
    const bool last = this->last_update();
    if (everything_) {
      all_.backward(slope_.data(), gradient);
      if (last) active_rate_ = largest_ratios(model_.tree, gradient, model_.weights);
      return loss;
    }
    some_->backward(slope_.data(), active_gradient_);
    if (!measured_) measure_postponed();
    for (MatrixOf<T>& matrix : gradient) matrix.setZero();
    std::size_t k = 0;
    active_.for_entries(
        [&](std::size_t v, Index, Index, Index a, Index b) { active_gradient_[v](a, b) += rest_[k++]; });
    if (last) active_rate_ = largest_ratios(model_.tree, active_gradient_, part_.weights);
    active_.for_entries(
        [&](std::size_t v, Index i, Index j, Index a, Index b) { gradient[v](i, j) = active_gradient_[v](a, b); });
    return loss;
  }

  double loss() override {
    if (begun_ && !shown_)
      predict();
    else
      all_.forward(x_.data());
    return loss_at(problem_, x_);
  }

  void save(Archive& archive) const override {
    std::vector<std::uint8_t> mask;
    std::vector<double> rates;
    for (std::size_t v = 0; v < is_active_.size(); ++v) {
      mask.insert(mask.end(), is_active_[v].begin(), is_active_[v].end());
      rates.insert(rates.end(), rate_[v].begin(), rate_[v].end());
    }
    archive.set("window_active", mask);
    archive.set("window_rate", rates);
    archive.set("window_begin", flat(begun_ && !everything_ ? begin_ : model_.weights));
    archive.set("window_rest", rest_);
    this->save_place(archive);
  }
  void load(const Archive& archive) override {
    Index components = 0, entries = 0;
    for (const auto& mask : is_active_) components += static_cast<Index>(mask.size());
    for (const MatrixOf<T>& matrix : model_.weights) entries += matrix.size();
    const auto mask = archive.get_bytes("window_active", components);
    const auto rates = archive.get_doubles("window_rate", components);
    const auto begin = get_numbers<T>(archive, "window_begin", entries);
    rest_ = get_numbers<T>(archive, "window_rest", -1);  // as many as there are active entries
    std::size_t at = 0;
    for (std::size_t v = 0; v < is_active_.size(); ++v)
      for (std::size_t r = 0; r < is_active_[v].size(); ++r, ++at) {
        is_active_[v][r] = mask[at];
        rate_[v][static_cast<Index>(r)] = rates[at];
      }
    begin_ = model_.weights;
    const T* from = begin.data();
    for (MatrixOf<T>& matrix : begin_) {
      std::copy(from, from + matrix.size(), matrix.data());
      from += matrix.size();
    }
    this->load_place(archive);
  }

 private:
  // begin_: all weights when the window began.
  using Base = WindowLoss<T>;
  using Base::begin_, Base::begun_, Base::everything_, Base::first_, Base::loaded_, Base::measured_, Base::moved_,
      Base::previous_norm_, Base::second_, Base::shown_, Base::slope_, Base::sum_;

  void begin_window() override {
    if (begun_) return;
    if (!loaded_) begin_ = model_.weights;
    go_to_begin();
    scratch_.forward(still_.data());
    if (!loaded_) {
      choose_active();
      std::fill(sum_.begin(), sum_.end(), T(0));
      measured_ = false;
    }
    loaded_ = false;
    begun_ = true;
    everything_ = std::all_of(is_active_.begin(), is_active_.end(), [](const std::vector<std::uint8_t>& mask) {
      return std::find(mask.begin(), mask.end(), 0) == mask.end();
    });
    if (everything_) return;
    list_active();
    if (measured_ && static_cast<double>(rest_.size()) != active_.entries())
      throw InputError("the state", fmt::format("it has {} numbers of active components, expected {:.0f}", rest_.size(),
                                                active_.entries()));
    take_active(begin_);
    some_->forward_as_part(scratch_, active_.kept(), active_x_.data());
    for (std::size_t k = 0; k < still_.size(); ++k) still_[k] -= active_x_[k];
  }

  void go_to_begin() {
    point_.weights = begin_;
    at_begin_ = true;
  }

  void choose_active() {
    const LocalNumbers bounds = contribution_bounds(point_, scratch_);
    const auto updates = static_cast<double>(options_.updates);
    bool changed = false;
    for (std::size_t v = 0; v < is_active_.size(); ++v)
      for (std::size_t r = 0; r < is_active_[v].size(); ++r) {
        const auto at = static_cast<Index>(r);
        const double most = options_.change * (is_active_[v][r] ? kStay : 1);
        const std::uint8_t active = bounds[v][at] > largest_ || !(rate_[v][at] * updates <= most);
        changed = changed || active != is_active_[v][r];
        is_active_[v][r] = active;
      }
    // Where most are active, an update of all costs less than telling them apart.
    double entries = 0;
    for (const MatrixOf<T>& matrix : model_.weights) entries += static_cast<double>(matrix.size());
    if (2 * listed().entries() > entries)
      for (auto& mask : is_active_) std::fill(mask.begin(), mask.end(), std::uint8_t{1});
    if (changed) previous_norm_ = 0;
  }

  KeptComponents listed() const {
    std::vector<std::vector<Index>> kept(is_active_.size());
    for (std::size_t v = 0; v < is_active_.size(); ++v)
      for (std::size_t r = 0; r < is_active_[v].size(); ++r)
        if (is_active_[v][r]) kept[v].push_back(static_cast<Index>(r));
    std::vector<Index> leaf_rows;
    for (Index mode = 0; mode < model_.order(); ++mode) leaf_rows.push_back(model_.weights[mode].rows());
    return {model_.tree, std::move(kept), leaf_rows};
  }

  // The active ones have a pass of their own, with a power of two of columns: what it sums in which order depends on
  // how many they are, not on how many they were.
  void list_active() {
    active_ = listed();
    const ModeTree& tree = model_.tree;
    std::vector<Index> width(is_active_.size(), kFewest);
    for (Index node = tree.order; node < tree.num_nodes(); ++node)
      while (width[node] < static_cast<Index>(active_.kept()[node].size())) width[node] *= 2;
    bool same = some_ != nullptr;
    for (Index node = tree.order; node < tree.num_nodes() && same; ++node) same = part_.width(node) == width[node];
    if (same) {
      for (MatrixOf<T>& matrix : part_.weights) matrix.setZero();
      return;
    }
    part_.tree = tree;
    part_.weights.clear();
    for (Index node = 0; node < tree.num_nodes(); ++node)
      part_.weights.emplace_back(MatrixOf<T>::Zero(tree.is_leaf(node) ? model_.weights[node].rows() : width[node],
                                                   node == tree.root() ? 1 : width[tree.parent[node]]));
    active_gradient_ = part_.weights;
    some_ = std::make_unique<TreePass<T>>(part_, LeafInput<T>{problem_.index, nullptr});
  }

  void take_active(const std::vector<MatrixOf<T>>& from) {
    active_.for_entries(
        [&](std::size_t v, Index i, Index j, Index a, Index b) { part_.weights[v](a, b) = from[v](i, j); });
  }

  void predict() {
    if (everything_) return all_.forward(x_.data());
    take_active(model_.weights);
    some_->forward(active_x_.data());
    for (std::size_t k = 0; k < x_.size(); ++k) x_[k] = still_[k] + active_x_[k];
  }

  // Of active entries rest_ is what active_gradient_ lacks: paths to the root over components that are not active.
  void measure_postponed() {
    measured_ = true;
    back_to_begin();
    scratch_.backward(slope_.data(), first_);
    rest_.clear();
    active_.for_entries([&](std::size_t v, Index i, Index j, Index a, Index b) {
      rest_.push_back(first_[v](i, j) - active_gradient_[v](a, b));
      first_[v](i, j) = 0;
    });
    this->measure_norm(first_);
  }

  void back_to_begin() {
    if (at_begin_) return;
    go_to_begin();
    scratch_.forward(unused_.data());
  }

  void advance() override {
    back_to_begin();
    scratch_.backward(sum_.data(), first_);
    const auto count = static_cast<double>(moved_);
    const T half = static_cast<T>((count - 1) / (2 * count));
    for (std::size_t v = 0; v < begin_.size(); ++v) point_.weights[v] = begin_[v] - half * first_[v];
    active_.for_entries([&](std::size_t v, Index i, Index j, Index, Index) {
      point_.weights[v](i, j) = begin_[v](i, j) + half * (model_.weights[v](i, j) - begin_[v](i, j));
    });
    at_begin_ = false;
    scratch_.forward(unused_.data());
    scratch_.backward(sum_.data(), second_);
    for (std::size_t v = 0; v < begin_.size(); ++v) second_[v] = begin_[v] - second_[v];
  }

  // Everything but the active entries.
  void write_postponed(const std::vector<MatrixOf<T>>& from) override {
    kept_entries_.clear();
    active_.for_entries(
        [&](std::size_t v, Index i, Index j, Index, Index) { kept_entries_.push_back(model_.weights[v](i, j)); });
    for (std::size_t v = 0; v < from.size(); ++v) model_.weights[v] = from[v];
    std::size_t k = 0;
    active_.for_entries(
        [&](std::size_t v, Index i, Index j, Index, Index) { model_.weights[v](i, j) = kept_entries_[k++]; });
  }

  void end_window(double step) override {
    if (everything_) {
      rate_ = active_rate_;
      for (Vector& rates : rate_) rates *= step;
    } else {
      advance();
      rate_ = largest_ratios(model_.tree, first_, begin_);
      for (Vector& rates : rate_) rates /= static_cast<double>(moved_);
      for (std::size_t v = 0; v < rate_.size(); ++v)
        for (std::size_t a = 0; a < active_.kept()[v].size(); ++a)
          rate_[v][active_.kept()[v][a]] = step * active_rate_[v][static_cast<Index>(a)];
      write_postponed(second_);
    }
  }

  const TensorProblem<T>& problem_;
  TreeFactorization<T>& model_;
  TreeWindowOptions options_;
  double largest_;
  TreeFactorization<T> point_, part_;  // where scratch_ is; the active components
  TreePass<T> all_, scratch_;
  std::unique_ptr<TreePass<T>> some_;

  std::vector<std::vector<std::uint8_t>> is_active_;  // by inner node
  KeptComponents active_;
  LocalNumbers rate_;         // change of a component's vectors in an update, of their norms
  LocalNumbers active_rate_;  // |gradient| / |weight| of active components in the window's last update
  std::vector<T> x_, still_, active_x_, unused_;
  bool at_begin_ = false;

  std::vector<MatrixOf<T>> active_gradient_;
  std::vector<T> rest_, kept_entries_;  // of active entries
};

}  // namespace tensor_descent

template <class T>
std::unique_ptr<TensorModelLoss<T>> make_loss(const TensorProblem<T>& problem, TreeFactorization<T>& model,
                                              const TreeWindowOptions& windows) {
  tensor_descent::check_windows(problem, windows);
  make_loss(problem, model);  // complains where the two do not fit
  return std::make_unique<tensor_descent::TreeWindowLoss<T>>(problem, model, windows);
}

template std::unique_ptr<TensorModelLoss<double>> make_loss<double>(const TensorProblem<double>&,
                                                                    TreeFactorization<double>&,
                                                                    const TreeWindowOptions&);
template std::unique_ptr<TensorModelLoss<float>> make_loss<float>(const TensorProblem<float>&,
                                                                  TreeFactorization<float>&, const TreeWindowOptions&);

}  // namespace rankflow
