// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signet::advisory {

struct Member;

/// A JSON value for documents that are read once and looked at often: sixteen bytes, no allocation of its own. What a
/// value is not, it has none of: a number has no members, so that checks need no ladder of types.
class Node {
 public:
  enum class Type : std::uint8_t { missing, null, boolean, integer, number, string, array, object };

  [[nodiscard]] Type type() const { return type_; }
  [[nodiscard]] bool exists() const { return type_ != Type::missing; }
  [[nodiscard]] bool is_string() const { return type_ == Type::string; }
  [[nodiscard]] bool is_object() const { return type_ == Type::object; }
  [[nodiscard]] bool is_array() const { return type_ == Type::array; }
  [[nodiscard]] bool is_number() const { return type_ == Type::integer || type_ == Type::number; }
  [[nodiscard]] bool is_true() const { return type_ == Type::boolean && integer_ != 0; }

  [[nodiscard]] std::string_view text() const { return is_string() ? std::string_view(text_, count_) : ""; }
  [[nodiscard]] double number() const {
    return type_ == Type::integer ? static_cast<double>(integer_) : type_ == Type::number ? number_ : 0;
  }
  [[nodiscard]] std::int64_t integer() const { return type_ == Type::integer ? integer_ : 0; }
  [[nodiscard]] std::span<const Node> items() const;
  [[nodiscard]] std::span<const Member> members() const;
  /// How many items or members.
  [[nodiscard]] std::size_t size() const { return is_array() || is_object() ? count_ : 0; }

  /// The member of that name, or a node that does not exist.
  [[nodiscard]] const Node& operator[](std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return (*this)[name].exists(); }

  /// Equality as JSON Schema has it: 1 equals 1.0, members in any order.
  [[nodiscard]] bool equals(const Node& other) const;

 private:
  friend class TreeBuilder;
  Type type_ = Type::missing;
  std::uint32_t count_ = 0;
  union {
    const char* text_;
    const Node* items_;
    const Member* members_;
    std::int64_t integer_ = 0;
    double number_;
  };
};

struct Member {
  std::string_view name;
  Node value;
};

inline std::span<const Node> Node::items() const {
  return is_array() ? std::span<const Node>(items_, count_) : std::span<const Node>();
}
inline std::span<const Member> Node::members() const {
  return is_object() ? std::span<const Member>(members_, count_) : std::span<const Member>();
}

/// Reads documents one after the other into the same memory.
class TreeReader {
 public:
  TreeReader();
  ~TreeReader();
  TreeReader(TreeReader&&) noexcept;
  TreeReader& operator=(TreeReader&&) noexcept;

  /// The document's root, until the next call. Malformed: "json.syntax", "json.duplicate" (a member twice: two readers
  /// would see different documents), "json.deep", "json.too-long", "json.trailing".
  Result<const Node*> read(ByteView text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

inline constexpr std::size_t k_document_size_bytes_max = 256U << 20U;
inline constexpr std::size_t k_document_depth_max = 256;

/// A JSON pointer (RFC 6901) for each of `nodes`, found in one walk over the tree below `root`.
[[nodiscard]] std::vector<std::string> pointers_to(const Node& root, std::span<const Node* const> nodes);

}  // namespace signet::advisory
