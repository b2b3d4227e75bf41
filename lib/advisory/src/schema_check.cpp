// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_csaf_fuzz)
#include "schema.hpp"

#include <algorithm>
#include <cmath>

namespace signet::advisory {

namespace {

std::string cited(std::string_view text) {
  constexpr std::size_t k_shown_max = 80;
  if (text.size() <= k_shown_max) return "`" + std::string(text) + "`";
  return "`" + std::string(text.substr(0, k_shown_max)) + "...`";
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

std::string types_text(std::uint32_t types) {
  constexpr std::array<std::string_view, 8> k_names{"",       "null",   "boolean", "integer",
                                                    "number", "string", "array",   "object"};
  std::string text;
  for (unsigned i = 1; i < k_names.size(); ++i) {
    if ((types & (1U << i)) == 0 || (i == 3 && (types & (1U << 4U)) != 0)) continue;
    if (!text.empty()) text += " or ";
    text += k_names[i];
  }
  return text;
}

bool has_type(std::uint32_t types, const Node& node) {
  if ((types & (1U << static_cast<unsigned>(node.type()))) != 0) return true;
  const bool wants_integer = (types & (1U << static_cast<unsigned>(Node::Type::integer))) != 0;
  return wants_integer && node.type() == Node::Type::number && std::nearbyint(node.number()) == node.number();
}

/// Equal items in a list: a hash of what is cheap to hash, then a comparison.
std::size_t hash_of(const Node& node) {
  if (node.is_string()) return std::hash<std::string_view>()(node.text());
  if (node.is_number()) return std::hash<double>()(node.number());
  if (!node.is_object()) return node.size() * 31 + static_cast<std::size_t>(node.type());
  std::size_t sum = node.size();
  for (const Member& member : node.members()) {
    sum += std::hash<std::string_view>()(member.name) ^ (member.value.is_string() ? hash_of(member.value) * 3 : 1);
  }
  return sum;
}

const Node* duplicate_in(std::span<const Node> items) {
  std::vector<std::pair<std::size_t, const Node*>> hashes;
  if (items.size() < 2) return nullptr;
  hashes.reserve(items.size());
  for (const Node& item : items) hashes.emplace_back(hash_of(item), &item);
  std::ranges::sort(hashes);
  constexpr std::size_t k_compared_max = 64;  // hostile lists are all of one hash: they stay linear
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    for (std::size_t k = i + 1; k < hashes.size() && k < i + k_compared_max && hashes[k].first == hashes[i].first;
         ++k) {
      if (hashes[i].second->equals(*hashes[k].second)) return std::max(hashes[i].second, hashes[k].second);
    }
  }
  return nullptr;
}

/// Judges a document. With `Explain` it goes on after a violation and says each; without, it stops at the first and
/// allocates nothing.
template <bool Explain>
class Checker {
 public:
  Checker(Strictness strictness, std::vector<Violation>* out, std::size_t max)
      : closed_(strictness == Strictness::closed), out_(out), max_(max) {}

  bool check(const Rule& rule, const Node& node) {
    if (rule.is_never) return broken(node, "nothing may stand here");
    bool good = rule.ref == nullptr || check(*rule.ref, node);
    if (!Explain && !good) return false;
    if (rule.types != 0 && !has_type(rule.types, node)) {
      return broken(node, "must be " + std::string(Explain ? types_text(rule.types) : ""));
    }
    if ((!rule.words.empty() || !rule.values.empty()) && !is_listed(rule, node)) {
      good = broken(node, Explain ? not_listed(rule, node) : "");
      if (!Explain) return false;
    }
    switch (node.type()) {
      case Node::Type::string:
        good = check_text(rule, node) && good;
        break;
      case Node::Type::object:
        good = check_object(rule, node) && good;
        break;
      case Node::Type::array:
        good = check_array(rule, node) && good;
        break;
      case Node::Type::integer:
      case Node::Type::number:
        good = check_number(rule, node) && good;
        break;
      default:
        break;
    }
    if (!Explain && !good) return false;
    return check_logic(rule, node) && good;
  }

 private:
  bool broken(const Node& node, std::string text) {
    if constexpr (Explain) {
      if (out_->size() < max_) out_->push_back({&node, std::move(text)});
    }
    return false;
  }

  static bool is_listed(const Rule& rule, const Node& node) {
    if (node.is_string()) return rule.words.contains(node.text());
    return std::ranges::any_of(rule.values, [&](const Node* one) { return one->equals(node); });
  }

  static std::string not_listed(const Rule& rule, const Node& node) {
    std::string text =
        node.is_string() ? cited(node.text()) + " is not one of those allowed" : "is not one of those allowed";
    constexpr std::size_t k_listed_max = 12;
    if (rule.words.empty() || rule.words.size() > k_listed_max) return text;
    std::vector<std::string_view> words(rule.words.begin(), rule.words.end());
    std::ranges::sort(words);
    text += ":";
    for (const std::string_view word : words) text += " " + std::string(word);
    return text;
  }

  bool check_text(const Rule& rule, const Node& node) {
    const std::string_view text = node.text();
    bool good = true;
    if (rule.length_min && text.size() < 4 * *rule.length_min && code_points(text) < *rule.length_min) {
      good = broken(node, *rule.length_min == 1 ? "must not be empty" : "is too short");
    }
    if (rule.length_max && text.size() > *rule.length_max && code_points(text) > *rule.length_max) {
      good = broken(node, Explain ? "is longer than " + std::to_string(*rule.length_max) + " characters" : "");
    }
    if (rule.pattern != nullptr && !rule.pattern->matches(text)) {
      good =
          broken(node, Explain ? cited(text) + " does not match the pattern " + cited(rule.pattern->expression()) : "");
    }
    if (rule.format != Format::none && !has_format(rule.format, text)) {
      good = broken(node, Explain ? cited(text) + " is no " + format_text(rule.format) : "");
    }
    return good;
  }

  static std::string format_text(Format format) {
    switch (format) {
      case Format::date_time:
        return "date and time of RFC 3339";
      case Format::date:
        return "date";
      case Format::uuid:
        return "UUID";
      default:
        return "absolute URI";
    }
  }

  bool check_number(const Rule& rule, const Node& node) {
    const double number = node.number();
    if (rule.minimum && number < *rule.minimum) return broken(node, "is too small");
    if (rule.maximum && number > *rule.maximum) return broken(node, "is too large");
    if (rule.multiple_of) {
      const double times = number / *rule.multiple_of;
      if (std::abs(times - std::nearbyint(times)) > 1e-9)
        return broken(node, "is no multiple of what it must be one of");
    }
    return true;
  }

  bool check_object(const Rule& rule, const Node& node) {
    bool good = true;
    for (const std::string_view name : rule.required) {
      if (node.has(name)) continue;
      good = broken(node, Explain ? "the member `" + std::string(name) + "` is missing" : "");
      if (!Explain) return false;
    }
    if (rule.properties_min && node.size() < *rule.properties_min) good = broken(node, "has too few members");
    if (rule.properties_max && node.size() > *rule.properties_max) good = broken(node, "has too many members");
    for (const auto& [name, needs] : rule.dependent_required) {
      if (!node.has(name)) continue;
      for (const std::string_view need : needs) {
        if (!node.has(need))
          good = broken(node, Explain ? "with one member, `" + std::string(need) + "` is needed" : "");
      }
    }
    const bool asks_members = !rule.properties.empty() || rule.additional != nullptr ||
                              !rule.pattern_properties.empty() || rule.property_names != nullptr;
    if (!good && !Explain) return false;
    return (!asks_members || check_members(rule, node)) && good;
  }

  bool check_members(const Rule& rule, const Node& node) {
    const bool is_closed = closed_ && !rule.is_open && !rule.is_part && !rule.properties.empty();
    bool good = true;
    for (const Member& member : node.members()) {
      bool is_known = false;
      if (const Rule* one = rule.properties.find(member.name)) {
        is_known = true;
        good = check(*one, member.value) && good;
      }
      for (const PatternRule& one : rule.pattern_properties) {
        if (!one.pattern->matches(member.name)) continue;
        is_known = true;
        good = check(*one.rule, member.value) && good;
      }
      if (!is_known && rule.additional != nullptr) {
        good = (rule.additional->is_never ? unknown(member) : check(*rule.additional, member.value)) && good;
      } else if (!is_known && is_closed) {
        good = unknown(member) && good;
      }
      if (!Explain && !good) return false;
    }
    return good;
  }

  bool unknown(const Member& member) {
    return broken(member.value,
                  Explain ? "the member `" + std::string(member.name) + "` is not one that the schema knows" : "");
  }

  bool check_array(const Rule& rule, const Node& node) {
    const auto items = node.items();
    bool good = true;
    if (rule.items_min && items.size() < *rule.items_min) {
      good = broken(node, *rule.items_min == 1 ? "must not be empty" : "has too few items");
    }
    if (rule.items_max && items.size() > *rule.items_max) good = broken(node, "has too many items");
    if (rule.unique_items) {
      if (const Node* twice = duplicate_in(items)) good = broken(*twice, "stands in the list twice");
    }
    if (!good && !Explain) return false;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const Rule* one = i < rule.prefix_items.size() ? rule.prefix_items[i] : rule.items;
      if (one != nullptr && !check(*one, items[i])) good = false;
      if (!Explain && !good) return false;
    }
    if (rule.contains != nullptr &&
        !std::ranges::any_of(items, [&](const Node& item) { return quietly(*rule.contains, item); })) {
      good = broken(node, "has no item of the kind that there must be one of");
    }
    return good;
  }

  bool quietly(const Rule& rule, const Node& node) const {
    return Checker<false>(closed_ ? Strictness::closed : Strictness::as_written, nullptr, 0).check(rule, node);
  }

  bool check_logic(const Rule& rule, const Node& node) {
    bool good = true;
    for (const Rule* one : rule.all_of) {
      good = check(*one, node) && good;
      if (!Explain && !good) return false;
    }
    if (!rule.any_of.empty() &&
        std::ranges::none_of(rule.any_of, [&](const Rule* one) { return quietly(*one, node); })) {
      good = none_of(rule.any_of, node);
    }
    if (!rule.one_of.empty()) {
      const auto count = std::ranges::count_if(rule.one_of, [&](const Rule* one) { return quietly(*one, node); });
      if (count == 0) good = none_of(rule.one_of, node);
      if (count > 1) good = broken(node, "fits more than one of the forms of which it may be one");
    }
    if (rule.not_rule != nullptr && quietly(*rule.not_rule, node)) good = broken(node, "is what it must not be");
    if (rule.if_rule != nullptr) {
      const Rule* next = quietly(*rule.if_rule, node) ? rule.then_rule : rule.else_rule;
      if (next != nullptr && !check(*next, node)) good = false;
    }
    return good;
  }

  /// Says what is wrong with the alternative that comes nearest: the one with the fewest violations.
  bool none_of(const std::vector<const Rule*>& rules, const Node& node) {
    if constexpr (Explain) {
      std::vector<Violation> best;
      for (const Rule* one : rules) {
        std::vector<Violation> found;
        Checker(closed_ ? Strictness::closed : Strictness::as_written, &found, max_).check(*one, node);
        if (best.empty() || found.size() < best.size()) best = std::move(found);
      }
      for (Violation& one : best) {
        if (out_->size() < max_) out_->push_back(std::move(one));
      }
    }
    return broken(node, "fits none of the forms of which it must be one");
  }

  bool closed_;
  std::vector<Violation>* out_;
  std::size_t max_;
};

}  // namespace

bool conforms(const Rule& rule, const Node& node, Strictness strictness) {
  return Checker<false>(strictness, nullptr, 0).check(rule, node);
}

std::vector<Violation> violations(const Rule& rule, const Node& node, Strictness strictness,
                                  std::size_t violations_max) {
  std::vector<Violation> found;
  Checker<true>(strictness, &found, violations_max).check(rule, node);
  return found;
}

}  // namespace signet::advisory
