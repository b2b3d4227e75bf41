#pragma once
// A private comment may name EVP_PKEY.
#include <span>
#include <vector>

#include <signet/core/result.hpp>

namespace signet {

class Error;
struct Later;

/// Bytes that are owned.
using Bytes = std::vector<std::byte>;

/// A verdict.
enum class Verdict { good, bad };

/// Holds one thing.
template <typename T, typename = void>
class [[nodiscard]] Box {
 public:
  explicit Box(int x) : x_{x}, y_(x) {}
  int get() const { return x_; }

 private:
  int x_;
  int y_;
};

template <>
struct Box<void> {};

/// The digest of `data`; never fails.
Bytes digest(std::span<const std::byte> data);
/// As above, for text.
Bytes digest(std::string_view text);
Bytes digest(const char* text);

inline bool operator==(const Error& a, const Error& b) { return &a == &b; }
inline constexpr int k_limit = sizeof(int) * 2;
inline constexpr auto k_call = [](int x) { return x; };

namespace detail {
int hidden(int x);
struct Hidden {};
}  // namespace detail

/// The larger one.
template <typename T>
  requires std::is_arithmetic_v<T>
T larger(T a, T b) {
  return a < b ? b : a;
}

}  // namespace signet
