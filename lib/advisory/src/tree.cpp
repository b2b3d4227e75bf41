// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_csaf_fuzz)
#include "tree.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <memory_resource>
#include <unordered_map>
#include <unordered_set>

namespace signet::advisory {

namespace {

constexpr Node k_missing{};
constexpr std::size_t k_arena_size_bytes = 256U << 10U;

Error bad(std::string reason, std::string text) {
  return {Errc::invalid_input, "json." + std::move(reason), std::move(text), "Give one JSON document in UTF-8."};
}

/// Which of 64 drawers a name falls into; two names in different drawers differ.
std::uint64_t drawer(std::string_view name) {
  if (name.empty()) return 1;
  const auto first = static_cast<unsigned char>(name.front());
  const auto last = static_cast<unsigned char>(name.back());
  return std::uint64_t{1} << ((name.size() * 7 + first * 3U + last * 5U +
                               static_cast<unsigned char>(name[name.size() / 2])) &
                              63U);
}

bool has_duplicate(std::span<const Member> members) {
  constexpr std::size_t k_few = 64;
  if (members.size() > k_few) {
    std::unordered_set<std::string_view> names;
    return !std::ranges::all_of(members, [&](const Member& one) { return names.insert(one.name).second; });
  }
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::uint64_t bit = drawer(members[i].name);
    if ((seen & bit) != 0) {
      for (std::size_t k = 0; k < i; ++k) {
        if (members[k].name == members[i].name) return true;
      }
    }
    seen |= bit;
  }
  return false;
}

}  // namespace

const Node& Node::operator[](std::string_view name) const {
  if (!is_object()) return k_missing;
  for (std::uint32_t i = 0; i < count_; ++i) {
    const Member& member = members_[i];
    if (member.name == name) return member.value;
  }
  return k_missing;
}

bool Node::equals(const Node& other) const {
  if (is_number() && other.is_number()) {
    if (type_ == Type::integer && other.type_ == Type::integer) return integer_ == other.integer_;
    return number() == other.number();
  }
  if (type_ != other.type_) return false;
  switch (type_) {
    case Type::string:
      return text() == other.text();
    case Type::boolean:
      return integer_ == other.integer_;
    case Type::array:
      return std::ranges::equal(items(), other.items(), [](const Node& a, const Node& b) { return a.equals(b); });
    case Type::object:
      return size() == other.size() &&
             std::ranges::all_of(members(), [&](const Member& one) { return one.value.equals(other[one.name]); });
    default:
      return true;
  }
}

/// Copies what simdjson found into nodes that stand side by side.
class TreeBuilder {
 public:
  explicit TreeBuilder(std::pmr::memory_resource& arena) : arena_(arena) {}

  Result<Node> build(simdjson::dom::element element, std::size_t depth) {
    if (depth > k_document_depth_max) {
      return bad("deep", "the document is nested deeper than " + std::to_string(k_document_depth_max) + " levels");
    }
    Node node;
    switch (element.type()) {
      case simdjson::dom::element_type::OBJECT:
        return build_object(element, depth);
      case simdjson::dom::element_type::ARRAY:
        return build_array(element, depth);
      case simdjson::dom::element_type::STRING: {
        const std::string_view text = element.get_string().value_unsafe();
        node.type_ = Node::Type::string;
        node.text_ = text.data();
        node.count_ = static_cast<std::uint32_t>(text.size());
        return node;
      }
      case simdjson::dom::element_type::INT64:
        node.type_ = Node::Type::integer;
        node.integer_ = element.get_int64().value_unsafe();
        return node;
      case simdjson::dom::element_type::UINT64:
        node.type_ = Node::Type::number;
        node.number_ = static_cast<double>(element.get_uint64().value_unsafe());
        return node;
      case simdjson::dom::element_type::DOUBLE:
        node.type_ = Node::Type::number;
        node.number_ = element.get_double().value_unsafe();
        return node;
      case simdjson::dom::element_type::BOOL:
        node.type_ = Node::Type::boolean;
        node.integer_ = element.get_bool().value_unsafe() ? 1 : 0;
        return node;
      case simdjson::dom::element_type::NULL_VALUE:
        break;
    }
    node.type_ = Node::Type::null;
    return node;
  }

 private:
  template <typename T>
  const T* keep(std::vector<T>& stack, std::size_t from) {
    const std::size_t count = stack.size() - from;
    if (count == 0) return nullptr;
    auto* kept = static_cast<T*>(arena_.allocate(count * sizeof(T), alignof(T)));
    std::uninitialized_copy(stack.begin() + static_cast<std::ptrdiff_t>(from), stack.end(), kept);
    stack.resize(from);
    return kept;
  }

  Result<Node> build_object(simdjson::dom::object object, std::size_t depth) {
    const std::size_t from = members_.size();
    for (const simdjson::dom::key_value_pair pair : object) {
      TRY_ASSIGN(const Node value, build(pair.value, depth + 1));
      members_.push_back({pair.key, value});
    }
    Node node;
    node.type_ = Node::Type::object;
    node.count_ = static_cast<std::uint32_t>(members_.size() - from);
    node.members_ = keep(members_, from);
    if (has_duplicate(node.members())) return bad("duplicate", "an object has a member twice");
    return node;
  }

  Result<Node> build_array(simdjson::dom::array array, std::size_t depth) {
    const std::size_t from = items_.size();
    for (const simdjson::dom::element element : array) {
      TRY_ASSIGN(const Node item, build(element, depth + 1));
      items_.push_back(item);
    }
    Node node;
    node.type_ = Node::Type::array;
    node.count_ = static_cast<std::uint32_t>(items_.size() - from);
    node.items_ = keep(items_, from);
    return node;
  }

  std::pmr::memory_resource& arena_;
  std::vector<Node> items_;
  std::vector<Member> members_;
};

struct TreeReader::State {
  simdjson::dom::parser parser;
  std::vector<std::byte> first = std::vector<std::byte>(k_arena_size_bytes);
  std::pmr::monotonic_buffer_resource arena{first.data(), first.size()};
  Node root;
};

TreeReader::TreeReader() : state_(std::make_unique<State>()) {}
TreeReader::~TreeReader() = default;
TreeReader::TreeReader(TreeReader&&) noexcept = default;
TreeReader& TreeReader::operator=(TreeReader&&) noexcept = default;

Result<const Node*> TreeReader::read(ByteView text) {
  if (text.size() > k_document_size_bytes_max) {
    return bad("too-long", "the document is longer than " + std::to_string(k_document_size_bytes_max >> 20U) + " MiB");
  }
  state_->arena.release();
  const std::string_view json = as_text(text);
  const auto parsed = state_->parser.parse(json.data(), json.size(), true);
  if (parsed.error() != simdjson::SUCCESS) {
    const bool is_deep = parsed.error() == simdjson::DEPTH_ERROR;
    return bad(is_deep ? "deep" : "syntax", "this is no JSON: " + std::string(simdjson::error_message(parsed.error())));
  }
  TreeBuilder builder(state_->arena);
  TRY_ASSIGN(state_->root, builder.build(parsed.value_unsafe(), 0));
  return &state_->root;
}

namespace {

void append_step(std::string& path, std::string_view name) {
  path += '/';
  for (const char c : name) {
    if (c == '~') {
      path += "~0";
    } else if (c == '/') {
      path += "~1";
    } else {
      path += c;
    }
  }
}

/// Walks the tree once and notes the path of each node that somebody asked for.
class Finder {
 public:
  Finder(std::span<const Node* const> nodes, std::vector<std::string>& paths) : paths_(paths) {
    for (std::size_t i = 0; i < nodes.size(); ++i) wanted_.emplace(nodes[i], i);
  }

  void visit(const Node& node) {
    const auto [from, to] = wanted_.equal_range(&node);
    for (auto at = from; at != to; ++at) paths_[at->second] = path_;
    const std::size_t size = path_.size();
    for (const Member& member : node.members()) {
      append_step(path_, member.name);
      visit(member.value);
      path_.resize(size);
    }
    std::size_t number = 0;
    for (const Node& item : node.items()) {
      append_step(path_, std::to_string(number++));
      visit(item);
      path_.resize(size);
    }
  }

 private:
  std::vector<std::string>& paths_;
  std::unordered_multimap<const Node*, std::size_t> wanted_;
  std::string path_;
};

}  // namespace

std::vector<std::string> pointers_to(const Node& root, std::span<const Node* const> nodes) {
  std::vector<std::string> paths(nodes.size());
  if (!nodes.empty()) Finder(nodes, paths).visit(root);
  return paths;
}

}  // namespace signet::advisory
