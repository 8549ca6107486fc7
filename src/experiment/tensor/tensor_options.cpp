// The option tables of runs about tensors.
// SPDX-License-Identifier: Apache-2.0
#include "experiment/tensor/tensor_options.h"

#include <fmt/format.h>

#include <charconv>
#include <sstream>

#include "rankflow/error.h"

namespace rankflow::experiment {
namespace {

using Fields = std::vector<OptionField>;

constexpr double kMany = 1e12;
constexpr const char* kTreeDomain = "binary | half | size of groups | ((0,1),(2,3))";

OptionField shape_field(TensorDataOptions& o) {
  return field("shape", o.shape, "sizes", "sizes of the tensor's modes");
}

OptionField norm_field(TensorDataOptions& o) {
  return field("norm", o.norm, Range{0, kMany, true}, "its Frobenius norm");
}

OptionField tree_field(std::string& tree) {
  return field("tree", tree, kTreeDomain,
               "which modes are pooled with which: neighbours by two or by more, halves, or any tree of modes from 0");
}

Fields start_fields(TensorInitializationOptions& o) {
  // Called as for products of matrices with scale_of = factor, so that a study may vary all models' starts at once.
  return {field("scale", o.deviation, Range{0, 1e6}, "standard deviation of all weights at the start"),
          field("mean", o.mean, Range{-1e6, 1e6}, "mean of all weights at the start"),
          field("balanced", o.balanced, "scale the vectors of each component to one norm; the component's norm stays"),
          field("seed", o.seed, "seed of the start; the study's seed unless given")};
}

}  // namespace

std::vector<OptionField> cp_data_fields(TensorDataOptions& o) {
  return {shape_field(o), field("rank", o.rank, Range{1, 1e6}, "outer products that the tensor is the sum of"),
          norm_field(o)};
}

std::vector<OptionField> tree_data_fields(TensorDataOptions& o) {
  return {shape_field(o), tree_field(o.tree),
          field("widths", o.widths, "numbers", "local components of the inner nodes, or one number for all"),
          norm_field(o)};
}

std::vector<OptionField> loss_fields(TensorLoss& loss) {
  return {choice("normalization", loss.normalization,
                 {{"mean", Normalization::mean}, {"half_sum", Normalization::half_sum}},
                 "mean of costs, or half their sum; learning rates depend on it"),
          choice("penalty", loss.penalty,
                 {{"squared", TensorPenalty::squared},
                  {"huber", TensorPenalty::huber},
                  {"smooth_l1", TensorPenalty::smooth_l1}},
                 "what a residual costs; smooth_l1 is huber over delta"),
          field("delta", loss.delta, Range{0, kMany, true}, "huber, smooth_l1: where squares end")};
}

std::vector<OptionField> cp_model_fields(TensorModelOptions& o) {
  Fields list = {field("components", o.components, Range{0, 1e9},
                       "outer products; 0 = as many as a tensor of the shape can need")};
  for (OptionField& option : start_fields(o.start)) list.push_back(std::move(option));
  return list;
}

std::vector<OptionField> tree_model_fields(TensorModelOptions& o) {
  Fields list = {tree_field(o.tree), field("widths", o.widths, "numbers",
                                           "local components of the inner nodes, or one number for all; 0 = as many as "
                                           "a tensor of the shape can need")};
  for (OptionField& option : start_fields(o.start)) list.push_back(std::move(option));
  return list;
}

std::vector<OptionField> growing_tree_fields(TensorModelOptions& o) {
  return {tree_field(o.tree)};
}

std::vector<OptionField> window_fields(CpWindowOptions& o) {
  return {field("window_updates", o.updates, Range{0, 1e6},
                "negligible components move once in so many updates, by all of them together; 0 = in every update"),
          field("window_change", o.change, Range{0, 1, true},
                "the most that a vector of such a component may change in a window, of its norm"),
          field("window_largest", o.largest, Range{0, 1, true},
                "the largest norm of such a component, of that of the observed tensor")};
}

std::vector<Index> parse_sizes(const std::string& text, const std::string& key, Index least) {
  std::istringstream words(text);
  std::vector<Index> sizes;
  for (std::string word; words >> word;) {
    Index size = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), size);
    if (error != std::errc() || end != word.data() + word.size() || size < least)
      throw OptionError(fmt::format("{} = '{}': found '{}', expected whole numbers from {}", key, text, word, least));
    sizes.push_back(size);
  }
  if (sizes.empty()) throw OptionError(fmt::format("{} is empty: expected a list of whole numbers", key));
  return sizes;
}

ModeTree parse_tree(const std::string& text, Index order, const std::string& key) {
  if (text == "binary") return ModeTree::perfect(order);
  if (text == "half") return ModeTree::halves(order);
  Index arity = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), arity);
  if (error == std::errc() && end == text.data() + text.size()) {
    if (arity < 2) throw OptionError(fmt::format("{} = {}: groups have at least two members", key, text));
    return ModeTree::perfect(order, arity);
  }
  try {
    return ModeTree::parse(text, order);
  } catch (const OptionError& wrong) {
    throw OptionError(fmt::format("{}: {}", key, wrong.what()), fmt::format("expected {}", kTreeDomain));
  }
}

}  // namespace rankflow::experiment
