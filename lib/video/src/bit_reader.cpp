// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: video_mp4_fuzz)
#include "bit_reader.hpp"

#include <algorithm>

namespace signet::video {

namespace {

// All that is read stands in front; a parameter set with every scaling list has less.
constexpr std::size_t k_size_bytes_max = 4096;

}  // namespace

void BitReader::append(std::byte each) {
  if (size_ < few_.size()) {
    few_.at(size_) = each;
  } else {
    more_.push_back(each);
  }
  ++size_;
}

BitReader BitReader::of(ByteView bytes) {
  BitReader reader;
  for (const std::byte each : bytes.first(std::min(bytes.size(), k_size_bytes_max))) reader.append(each);
  return reader;
}

BitReader BitReader::of_nal(ByteView payload) {
  BitReader reader;
  std::size_t zeros = 0;
  for (const std::byte each : payload.first(std::min(payload.size(), k_size_bytes_max))) {
    if (zeros >= 2 && each == std::byte{3}) {
      zeros = 0;
      continue;
    }
    zeros = each == std::byte{0} ? zeros + 1 : 0;
    reader.append(each);
  }
  return reader;
}

std::uint32_t BitReader::bits(unsigned count) {
  std::uint32_t value = 0;
  for (; count > 0; --count, ++at_) {
    if (at_ / 8 >= size_) {
      failed_ = true;
      return 0;
    }
    value = value << 1U | (std::to_integer<std::uint32_t>(at(at_ / 8)) >> (7 - at_ % 8) & 1U);
  }
  return value;
}

void BitReader::skip(unsigned count) {
  at_ += count;
  failed_ = failed_ || at_ > size_ * 8;
}

std::uint32_t BitReader::ue() {
  unsigned zeros = 0;
  while (!failed_ && !flag()) ++zeros;
  if (zeros > 31) failed_ = true;
  return failed_ ? 0 : (std::uint32_t{1} << zeros) - 1 + bits(zeros);
}

std::int32_t BitReader::se() {
  const std::uint32_t code = ue();
  const auto size = static_cast<std::int32_t>(code / 2);
  return code % 2 == 0 ? -size : size + 1;
}

}  // namespace signet::video
