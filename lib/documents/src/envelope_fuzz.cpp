// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/documents.hpp"
#include "signet/test/fuzz.hpp"
#include "signet/test/memory_signer.hpp"

#include <array>

using namespace signet;

namespace {

constexpr std::string_view k_type = "text/plain";
constexpr std::string_view k_body = "what two keys have signed";

/// Two fresh keys, and the one envelope that they ever signed.
struct World {
  std::shared_ptr<crypto::Signer> one = signet::test::make_memory_signer(crypto::KeyAlgorithm::ed25519);
  std::shared_ptr<crypto::Signer> two = signet::test::make_memory_signer(crypto::KeyAlgorithm::ed25519);
  std::vector<crypto::PublicKey> trusted{one->public_key(), two->public_key()};
  Bytes envelope = *documents::sign_envelope(k_type, as_bytes(k_body), std::array{one.get(), two.get()});
};

}  // namespace

// The input edits a genuine envelope. Whatever comes out: if it opens, it is what was signed; and whoever demands both
// keys accepts nothing that one key does not open.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World k_world;
  Bytes edited = k_world.envelope;
  // Three bytes an edit: place (2), new byte; the rest of the input is inserted at the last place.
  std::size_t at = 0;
  std::size_t used = 0;
  for (; used + 3 <= size && used < 12; used += 3) {
    at = (std::size_t{data[used]} * 256 + data[used + 1]) % edited.size();
    if (data[used + 2] != 0) edited[at] = static_cast<std::byte>(data[used + 2]);
  }
  const ByteView rest = signet::test::fuzz_input(data, size).subspan(used);
  edited.insert(edited.begin() + static_cast<std::ptrdiff_t>(at), rest.begin(), rest.end());
  const auto any = documents::open_envelope(Untrusted<ByteView>(edited), k_type, k_world.trusted, 1);
  const auto both = documents::open_envelope(Untrusted<ByteView>(edited), k_type, k_world.trusted, 2);
  FUZZ_ASSERT(any.has_value() || !both.has_value());
  if (any) FUZZ_ASSERT(any->type() == k_type && as_text(any->payload()) == k_body && !any->signers().empty());
  if (both) FUZZ_ASSERT(both->signers() == k_world.trusted);
  // The bytes as they are, unedited, are nothing that these keys have signed.
  const Untrusted input(signet::test::fuzz_input(data, size));
  FUZZ_ASSERT(!documents::open_envelope(input, k_type, k_world.trusted, 1).has_value());
  return 0;
}
