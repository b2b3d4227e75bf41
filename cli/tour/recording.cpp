// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "recording.hpp"

#include "signet/core/bytes.hpp"
#include "signet/os/file.hpp"

#include <bit>
#include <utility>

namespace signet::cli::tour {

namespace {

// ITU-T H.264, constrained baseline profile, level 1. Sizes are in macroblocks of 16x16.
constexpr unsigned k_width = 4;
constexpr unsigned k_height = 3;
constexpr unsigned k_macroblocks = k_width * k_height;
constexpr unsigned k_pictures = 100;
constexpr unsigned k_key_picture_every = 25;
constexpr std::uint8_t k_bright = 220;
constexpr std::size_t k_recording_bytes_max = 1U << 24U;

/// The bits of a NAL unit (section 7.2), written from the most significant one on.
class Bits {
 public:
  void put(std::uint32_t value, unsigned count) {
    while (count-- > 0) {
      if (used_ == 0) bytes_.push_back(std::byte{0});
      bytes_.back() |= std::byte{static_cast<std::uint8_t>((value >> count & 1U) << (7 - used_))};
      used_ = (used_ + 1) % 8;
    }
  }
  /// ue(v): Exp-Golomb (section 9.1).
  void golomb(std::uint32_t value) {
    const auto length = static_cast<unsigned>(std::bit_width(value + 1));
    put(0, length - 1);
    put(value + 1, length);
  }
  void align_with_zeros() { used_ = 0; }
  /// rbsp_trailing_bits(), then the unit with its start code; no three bytes in it look like another start code
  /// (section 7.4.1).
  [[nodiscard]] Bytes unit(std::uint8_t header) {
    put(1, 1);
    Bytes out{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1}, std::byte{header}};
    unsigned zeros = 0;
    for (const std::byte byte : bytes_) {
      if (zeros >= 2 && byte <= std::byte{3}) {
        out.push_back(std::byte{3});
        zeros = 0;
      }
      out.push_back(byte);
      zeros = byte == std::byte{0} ? zeros + 1 : 0;
    }
    return out;
  }

 private:
  Bytes bytes_;
  unsigned used_ = 0;
};

Bytes sequence_parameters() {
  Bits bits;
  bits.put(66, 8);    // profile_idc
  bits.put(0xC0, 8);  // constraint_set0 and 1
  bits.put(10, 8);    // level_idc
  bits.golomb(0);     // its own number
  bits.golomb(0);     // frame_num has 4 bits
  bits.golomb(2);     // output order is decoding order
  bits.golomb(1);     // one reference picture
  bits.put(0, 1);
  bits.golomb(k_width - 1);
  bits.golomb(k_height - 1);
  bits.put(0b1100, 4);  // frames only, direct_8x8_inference, no cropping, no VUI
  return bits.unit(0x67);
}

Bytes picture_parameters() {
  Bits bits;
  bits.golomb(0);
  bits.golomb(0);
  bits.put(0, 2);  // CAVLC
  for (int i = 0; i < 3; ++i) bits.golomb(0);
  bits.put(0, 3);                              // no weighted prediction
  for (int i = 0; i < 3; ++i) bits.golomb(0);  // quantisers
  bits.put(0b100, 3);                          // deblocking is said in each slice
  return bits.unit(0x68);
}

/// A macroblock whose samples stand there as they are (I_PCM).
void paint(Bits& bits, std::uint32_t type, std::uint8_t brightness) {
  bits.golomb(type);
  bits.align_with_zeros();
  for (int i = 0; i < 256; ++i) bits.put(brightness, 8);
  for (int i = 0; i < 128; ++i) bits.put(128, 8);
}

/// The room's own grey at a place; it gets darker towards the back.
std::uint8_t grey(unsigned place) { return static_cast<std::uint8_t>(60 + 8 * place); }

unsigned square_at(unsigned picture) { return picture / 2 % k_macroblocks; }

Bytes key_picture(unsigned picture) {
  Bits bits;
  bits.golomb(0);
  bits.golomb(7);  // I
  bits.golomb(0);
  bits.put(0, 4);                                   // frame_num
  bits.golomb(picture / k_key_picture_every % 16);  // idr_pic_id
  bits.put(0, 2);
  bits.golomb(0);
  bits.golomb(1);  // no deblocking
  for (unsigned place = 0; place < k_macroblocks; ++place) {
    paint(bits, 25, place == square_at(picture) ? k_bright : grey(place));
  }
  return bits.unit(0x65);
}

/// Says only where the square was and is; the rest stays.
Bytes next_picture(unsigned picture) {
  Bits bits;
  bits.golomb(0);
  bits.golomb(5);  // P
  bits.golomb(0);
  bits.put(picture % k_key_picture_every % 16, 4);
  bits.put(0, 3);
  bits.golomb(0);
  bits.golomb(1);
  std::uint32_t skipped = 0;
  for (unsigned place = 0; place < k_macroblocks; ++place) {
    const bool here = place == square_at(picture);
    if (!here && place != square_at(picture - 1)) {
      ++skipped;
      continue;
    }
    bits.golomb(std::exchange(skipped, 0));
    paint(bits, 30, here ? k_bright : grey(place));
  }
  if (skipped > 0) bits.golomb(skipped);
  return bits.unit(0x41);
}

}  // namespace

Result<void> make_recording(const std::filesystem::path& file) {
  Bytes stream;
  for (unsigned picture = 0; picture < k_pictures; ++picture) {
    const bool is_key = picture % k_key_picture_every == 0;
    if (is_key) {
      append(stream, sequence_parameters());
      append(stream, picture_parameters());
    }
    append(stream, is_key ? key_picture(picture) : next_picture(picture));
  }
  return os::replace_file(file, stream);
}

Result<void> alter_picture(const std::filesystem::path& recording, std::uint64_t picture,
                           const std::filesystem::path& altered) {
  TRY_ASSIGN(Bytes bytes, os::read_file(recording, k_recording_bytes_max));
  std::uint64_t pictures = 0;
  for (std::size_t at = 0; at + 5 < bytes.size(); ++at) {
    if (get_be32(ByteView(bytes).subspan(at)) != 1) continue;
    const unsigned type = std::to_integer<unsigned>(bytes[at + 4]) & 0x1FU;
    if (type != 1 && type != 5) continue;
    if (++pictures != picture) continue;
    constexpr std::size_t k_into_the_samples = 60;
    ensure(at + k_into_the_samples < bytes.size(), "alter_picture: a picture has samples");
    bytes[at + k_into_the_samples] ^= std::byte{0x40};
    return os::replace_file(altered, bytes);
  }
  return Error(Errc::internal, "tour.alter", "the recording has too few pictures");
}

}  // namespace signet::cli::tour
