#pragma once

namespace signet {

struct Bare {
  int x;
};

// Only a remark.
enum class Kind { a, b };

template <typename T>
class Wrapped {};

int convert(int x);

/// Explained.
int first();

int second();

template <typename T>
T third(T x) {
  return x;
}

}  // namespace signet
