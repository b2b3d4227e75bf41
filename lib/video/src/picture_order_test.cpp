// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "picture_order.hpp"

#include <gtest/gtest.h>

namespace signet::video {

namespace {

/// Writes the fields of a parameter set or slice; none of them is so large that it needs emulation prevention.
class Fields {
 public:
  explicit Fields(std::initializer_list<unsigned> head) {
    for (const unsigned each : head) bits(each, 8);
  }
  Fields& bits(std::uint32_t value, unsigned count) {
    for (; count > 0; --count) bits_.push_back((value >> (count - 1) & 1U) != 0);
    return *this;
  }
  Fields& ue(std::uint32_t value) {
    unsigned size = 0;
    while ((value + 1) >> (size + 1) != 0) ++size;
    return bits(0, size).bits(value + 1, size + 1);
  }
  [[nodiscard]] Bytes bytes() const {
    Bytes out((bits_.size() + 8) / 8);
    for (std::size_t i = 0; i < bits_.size(); ++i) {
      if (bits_[i]) out[i / 8] |= static_cast<std::byte>(0x80U >> i % 8);
    }
    out[bits_.size() / 8] |= static_cast<std::byte>(0x80U >> bits_.size() % 8);
    return out;
  }

 private:
  std::vector<bool> bits_;
};

constexpr unsigned k_low_bits = 4;

// H.264 7.3.2.1.1: baseline, frame numbers and counts of four bits each, 16 x 16.
Bytes h264_sequence(unsigned order_type) {
  Fields fields({0x67, 66, 0xc0, 10});
  fields.ue(0).ue(0).ue(order_type);
  if (order_type == 0) fields.ue(0);
  return fields.ue(1).bits(0, 1).ue(0).ue(0).bits(0b110, 3).bits(0, 2).bytes();
}

Bytes h264_slice(unsigned head, unsigned low) {
  Fields fields({head});
  fields.ue(0).ue(0).ue(0).bits(0, 4);
  if ((head & 0x1fU) == 5) fields.ue(0);
  return fields.bits(low, k_low_bits).bits(0xff, 8).bytes();
}

std::vector<OrderKey> keys_of(PictureOrder& order, const std::vector<Bytes>& slices) {
  std::vector<OrderKey> keys;
  for (const Bytes& slice : slices) keys.push_back(order.next(slice));
  return keys;
}

TEST(PictureOrder, h264_counts_go_on_where_their_low_part_wraps) {
  constexpr unsigned k_idr = 0x65;
  constexpr unsigned k_p = 0x41;
  constexpr unsigned k_b = 0x01;  // nobody's reference
  PictureOrder order(Codec::h264);
  order.take_parameter_set(h264_sequence(0));
  order.take_parameter_set(Fields({0x68}).ue(0).ue(0).bits(0, 2).bytes());
  const auto keys = keys_of(
      order, {h264_slice(k_idr, 0), h264_slice(k_p, 6), h264_slice(k_b, 2), h264_slice(k_b, 4), h264_slice(k_p, 12),
              h264_slice(k_p, 2), h264_slice(k_b, 14), h264_slice(k_idr, 0), h264_slice(k_p, 2)});
  const std::vector<OrderKey> expected{{1, 0}, {1, 6}, {1, 2}, {1, 4}, {1, 12}, {1, 18}, {1, 14}, {2, 0}, {2, 2}};
  EXPECT_EQ(keys, expected);
}

TEST(PictureOrder, pictures_that_do_not_say_follow_each_other) {
  PictureOrder unknown(Codec::h264);
  EXPECT_EQ(keys_of(unknown, {h264_slice(0x65, 0), h264_slice(0x41, 6), h264_slice(0x41, 2)}),
            (std::vector<OrderKey>{{0, 0}, {0, 1}, {0, 2}}));
  PictureOrder as_stored(Codec::h264);
  as_stored.take_parameter_set(h264_sequence(2));
  as_stored.take_parameter_set(Fields({0x68}).ue(0).ue(0).bits(0, 2).bytes());
  EXPECT_EQ(keys_of(as_stored, {h264_slice(0x65, 0), h264_slice(0x41, 6), Bytes{std::byte{0x41}}}),
            (std::vector<OrderKey>{{0, 0}, {0, 1}, {0, 2}}));
}

// H.265 7.3.2.2.1, with a main profile of level 1.
Bytes h265_sequence() {
  Fields fields({0x42, 0x01});
  fields.bits(0, 4).bits(0, 3).bits(1, 1).bits(1, 8).bits(0x60000000, 32).bits(0x90000000, 32).bits(0, 16);
  return fields.bits(30, 8).ue(0).ue(1).ue(16).ue(16).bits(0, 1).ue(0).ue(0).ue(0).bits(0, 1).bytes();
}

Bytes h265_slice(unsigned type, unsigned low) {
  Fields fields({type << 1U, 0x01});
  fields.bits(1, 1);
  if (type >= 16) fields.bits(0, 1);
  fields.ue(0).ue(1);
  if (type != 19) fields.bits(low, k_low_bits);
  return fields.bits(0xff, 8).bytes();
}

TEST(PictureOrder, h265_leading_pictures_stand_before_the_one_that_they_follow) {
  constexpr unsigned k_trail_n = 0;
  constexpr unsigned k_trail_r = 1;
  constexpr unsigned k_rasl_n = 8;
  constexpr unsigned k_bla = 16;
  constexpr unsigned k_idr = 19;
  constexpr unsigned k_cra = 21;
  PictureOrder order(Codec::h265);
  order.take_parameter_set(h265_sequence());
  order.take_parameter_set(Fields({0x44, 0x01}).ue(0).ue(0).bits(0, 5).bytes());
  const auto keys = keys_of(order, {h265_slice(k_idr, 0), h265_slice(k_trail_r, 4), h265_slice(k_trail_n, 2),
                                    h265_slice(k_cra, 12), h265_slice(k_rasl_n, 8), h265_slice(k_rasl_n, 10),
                                    h265_slice(k_trail_r, 2), h265_slice(k_bla, 3), h265_slice(k_rasl_n, 1)});
  const std::vector<OrderKey> expected{{1, 0}, {1, 4}, {1, 2}, {1, 12}, {1, 8}, {1, 10}, {1, 18}, {2, 3}, {2, 1}};
  EXPECT_EQ(keys, expected);
}

}  // namespace

}  // namespace signet::video
