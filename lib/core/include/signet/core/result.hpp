// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/ensure.hpp"
#include "signet/core/error.hpp"

#include <concepts>
#include <functional>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

namespace signet {

/// A value or an Error; spelled like std::expected, so that a later swap is mechanical.
///
/// Access without a value ends the program (a broken invariant, never input). There is no Result<bool>: a verdict is a
/// type that only verification can make, or an enum.
template <typename T>
class [[nodiscard]] Result {
  static_assert(!std::is_same_v<std::remove_cv_t<T>, bool>, "a verdict is a type or an enum, never a bool");
  static_assert(!std::is_reference_v<T>, "return a value or a pointer");

 public:
  using value_type = T;

  template <typename U = T>
    requires(std::constructible_from<T, U> && !std::same_as<std::remove_cvref_t<U>, Result> &&
             !std::same_as<std::remove_cvref_t<U>, Error>)
  Result(U&& value) : value_(static_cast<T>(std::forward<U>(value))), has_value_(true) {}  // implicit, as expected's
  Result(Error error) : error_(std::move(error)), has_value_(false) {}
  Result(const Result& other)
    requires std::copy_constructible<T>
      : has_value_(other.has_value_) {
    if (has_value_) {
      ::new (static_cast<void*>(&value_)) T(other.value_);
    } else {
      ::new (static_cast<void*>(&error_)) Error(other.error_);
    }
  }
  Result(Result&& other) noexcept : has_value_(other.has_value_) { take(std::move(other)); }
  Result& operator=(Result other) noexcept {
    drop();
    has_value_ = other.has_value_;
    take(std::move(other));
    return *this;
  }
  ~Result() { drop(); }

  [[nodiscard]] bool has_value() const noexcept { return has_value_; }
  explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] T& value() & { return checked(); }
  [[nodiscard]] const T& value() const& {
    ensure(has_value(), "Result: value() of an error");
    return value_;
  }
  [[nodiscard]] T&& value() && { return std::move(checked()); }
  [[nodiscard]] T& operator*() & { return checked(); }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T&& operator*() && { return std::move(checked()); }
  [[nodiscard]] T* operator->() { return &checked(); }
  [[nodiscard]] const T* operator->() const { return &value(); }

  [[nodiscard]] const Error& error() const& {
    ensure(!has_value(), "Result: error() of a value");
    return error_;
  }
  [[nodiscard]] Error&& error() && {
    ensure(!has_value(), "Result: error() of a value");
    return std::move(error_);
  }

  template <typename U>
  [[nodiscard]] T value_or(U&& fallback) && {
    return has_value() ? std::move(checked()) : static_cast<T>(std::forward<U>(fallback));
  }

  /// Calls `f`, which returns a Result, with the value.
  template <typename F>
  auto and_then(F&& f) && -> std::invoke_result_t<F, T&&> {
    if (!has_value()) return std::move(*this).error();
    return std::invoke(std::forward<F>(f), std::move(checked()));
  }

  /// Replaces the value by what `f` makes of it.
  template <typename F>
  auto transform(F&& f) && -> Result<std::remove_cvref_t<std::invoke_result_t<F, T&&>>> {
    if (!has_value()) return std::move(*this).error();
    return std::invoke(std::forward<F>(f), std::move(checked()));
  }

  /// Adds "while doing this" to an error; a value passes unchanged.
  [[nodiscard]] Result context(std::string doing) && {
    if (has_value()) return std::move(*this);
    return std::move(*this).error().with_context(std::move(doing));
  }

 private:
  T& checked() {
    ensure(has_value(), "Result: value() of an error");
    return value_;
  }
  void take(Result&& other) noexcept {
    static_assert(std::is_nothrow_move_constructible_v<T>, "what is handed on must not get lost on the way");
    if (has_value_) {
      ::new (static_cast<void*>(&value_)) T(std::move(other.value_));
    } else {
      ::new (static_cast<void*>(&error_)) Error(std::move(other.error_));
    }
  }
  void drop() noexcept {
    if (has_value_) {
      value_.~T();
    } else {
      error_.~Error();
    }
  }

  // Not a std::variant, which is compiled anew for each T: it was a sixth of all code of an unoptimised build.
  union {
    T value_;
    Error error_;
  };
  bool has_value_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  [[nodiscard]] bool has_value() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] const Error& error() const& {
    ensure(!has_value(), "Result: error() of a value");
    return *error_;
  }
  [[nodiscard]] Error&& error() && {
    ensure(!has_value(), "Result: error() of a value");
    return *std::move(error_);
  }

  [[nodiscard]] Result context(std::string doing) && {
    if (has_value()) return {};
    return std::move(*this).error().with_context(std::move(doing));
  }

 private:
  std::optional<Error> error_;
};

}  // namespace signet

#define SIGNET_CONCAT_(a, b) a##b
#define SIGNET_CONCAT(a, b) SIGNET_CONCAT_(a, b)

/// Returns the error of an expression that yields a Result; drops its value.
#define TRY(...)                                                   \
  do {                                                             \
    auto signet_result_ = (__VA_ARGS__);                           \
    if (!signet_result_) return std::move(signet_result_).error(); \
  } while (false)

/// TRY_ASSIGN(auto x, f()); declares x from the value of f(), or returns its error. A declaration, not a GNU statement
/// expression: standard C++, and usable with move-only types.
#define TRY_ASSIGN(declaration, ...) TRY_ASSIGN_(SIGNET_CONCAT(signet_result_, __COUNTER__), declaration, __VA_ARGS__)
#define TRY_ASSIGN_(name, declaration, ...)  \
  auto name = (__VA_ARGS__);                 \
  if (!name) return std::move(name).error(); \
  declaration = *std::move(name)
