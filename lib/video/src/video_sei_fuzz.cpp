// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"

#include "keys.hpp"
#include "parameters.hpp"
#include "sei_reader.hpp"
#include "sei_writer.hpp"

using namespace signet;

// A signature SEI that is read stays within its own bytes, and what is signed is a true front of it. The first byte of
// the input says which codec.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const ByteView input = test::fuzz_input(data, size);
  const auto codec = static_cast<video::Codec>(data[0] % 3);
  const ByteView unit = input.subspan(1);
  FUZZ_ASSERT(equal(video::unescape(video::escape(unit)), unit));
  static_cast<void>(video::parameter_set_id(codec, unit));
  if (const auto statement = video::parse_parameter_statement(codec, unit)) {
    FUZZ_ASSERT(video::is_parameter_statement(codec, unit) && !video::family_of(codec, unit));
    FUZZ_ASSERT(statement->document.size() + statement->signature.size() < unit.size());
    FUZZ_ASSERT(!statement->signature.empty() && statement->sets.size() <= 64);
  }
  const auto family = video::family_of(codec, unit);
  const auto sei = video::parse_sei(codec, unit, crypto::HashAlgorithm::sha256);
  if (!sei) return 0;
  FUZZ_ASSERT(family == sei->family);
  FUZZ_ASSERT(sei->document.size() < unit.size() && sei->signature.size() < unit.size());
  FUZZ_ASSERT(sei->is_signed != sei->signature.empty());
  if (sei->is_signed) {
    const ByteView signed_part = sei->document;
    const Bytes plain = video::unescape(unit);
    FUZZ_ASSERT(equal(unit.first(signed_part.size()), signed_part) ||
                (plain.size() > signed_part.size() && equal(ByteView(plain).first(signed_part.size()), signed_part)));
  }
  if (sei->hash_list) FUZZ_ASSERT(!sei->hash_list->empty() && sei->hash_list->size() * 32 < unit.size());
  video::KeyRing keys;
  const auto digest = video::Digest::of(crypto::digest(crypto::HashAlgorithm::sha256, sei->document));
  if (sei->is_signed) FUZZ_ASSERT(keys.check(*sei, crypto::HashAlgorithm::sha256, digest) || keys.keys().empty());
  return 0;
}
