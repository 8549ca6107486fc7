// One table describes every option; command line, files, checks and the manual are made from it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "rankflow/types.h"

namespace rankflow {

/// The values a number may have.
struct Range {
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  bool open_low = false, open_high = false;
  bool contains(double x) const;
  std::string text() const;  // e.g. "(0, 1]"
};

/// One option of one options object: its one name on every surface, what it means, what it may be.
struct OptionField {
  std::string name;                             // snake_case; the command line writes it with dashes
  std::string help;                             // meaning, unit, when to touch it
  std::string domain;                           // allowed values in words: a range or the choices
  std::string default_text;                     // value before anything was set
  bool is_flag = false;                         // a yes/no option
  std::function<void(const std::string&)> set;  // throws OptionError naming the option, the value and the domain
  std::function<std::string()> get;
};

OptionField field(std::string name, double& value, Range range, std::string help);
OptionField field(std::string name, Index& value, Range range, std::string help);
OptionField field(std::string name, std::uint64_t& value, std::string help);
OptionField field(std::string name, int& value, Range range, std::string help);
OptionField field(std::string name, bool& value, std::string help);
OptionField field(std::string name, std::string& value, std::string domain, std::string help);

/// An option with a fixed set of words; E is an enum.
template <class E>
OptionField choice(std::string name, E& value, std::vector<std::pair<std::string, E>> words, std::string help);

// ---- implementation of the template

[[noreturn]] void throw_unknown_word(const std::string& name, const std::string& given, const std::string& domain);

template <class E>
OptionField choice(std::string name, E& value, std::vector<std::pair<std::string, E>> words, std::string help) {
  OptionField option;
  for (const auto& [word, unused] : words) option.domain += (option.domain.empty() ? "" : " | ") + word;
  option.get = [&value, words] {
    for (const auto& [word, meaning] : words)
      if (meaning == value) return word;
    return std::string("?");
  };
  option.set = [&value, words, name, domain = option.domain](const std::string& given) {
    for (const auto& [word, meaning] : words)
      if (word == given) {
        value = meaning;
        return;
      }
    throw_unknown_word(name, given, domain);
  };
  option.default_text = option.get();
  option.name = std::move(name);
  option.help = std::move(help);
  return option;
}

}  // namespace rankflow
