// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
namespace signet {

int outer(int a) {
  auto f = [a](int x) {
@@repeat 30:     x += a;
    return x;
  };
@@repeat 30:   a = f(a);
  return a;
}

Reader::Reader(int a, Options o)
    : a_{a}, options_{std::move(o)}, list_{1, 2, 3} {
@@repeat 60:   step();
}

template <typename T, std::size_t N = sizeof(T), bool B = (N > 1)>
  requires requires(T t) { t.x(); }
class [[nodiscard]] Box final : public Base<(N > 1)> {
 public:
  Box() = default;
  template <typename U>
  auto get(U u = {}) const& noexcept -> decltype(u) {
@@repeat 60:     step();
  }
  bool operator==(const Box&) const {
@@repeat 60:     step();
  }
};

const auto k_handler = [](int x) {
@@repeat 60:   step();
  return x;
};

TEST(Suite, name) {
  if (a) {
@@repeat 60:     step();
  }
}

}  // namespace signet
