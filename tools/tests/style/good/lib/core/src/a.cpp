// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include <string>

namespace signet {
namespace {

// The call is made twice (see the table below); a comment may end so.
class Last final {
  int one() {
@@repeat 57:     step();
    return 1;
  }
};

struct Table {
  Table(int a, int b) noexcept : a_{a}, b_(b) {}
  int a_{0};
  int b_ = 1'000'000;
};

const char* k_text = "// int x = 1; strcpy(a, b); {{{";
const char* k_raw = R"(
  { rand( system( "
)";
constexpr char k_brace = '{';

}  // namespace

#define OPENS_A_BRACE {

template <typename T>
  requires(sizeof(T) > 1)
auto Table::work(T value) const -> T {
  auto inner = [&](int x) {
@@repeat 25:     x += 1;
    return x;
  };
@@repeat 27:   inner(1);
  return value;
}

int Table::next() {
@@repeat 40:   step();
  return random_system(1) + own.rand() + other::memcmp(1);
}

int Table::last() {
@@repeat 40:   step();
  return 0;
}

}  // namespace signet
