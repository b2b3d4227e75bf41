// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"

#include "ossl.hpp"
#include "sample_for_test.hpp"

using namespace signet;

namespace {

struct World {
  ossl::EvpPkey key = birth::sample::must(ossl::generate_key(crypto::KeyAlgorithm::ec_p256));
  Secret pkcs8;
  Bytes ek = birth::sample::filled(32, 1);
  Bytes sealed;

  World() {
    unsigned char* der = nullptr;
    const int size = i2d_PrivateKey(key.get(), &der);
    pkcs8 = Secret::copy_of(std::as_bytes(std::span(der, static_cast<std::size_t>(size))));
    OPENSSL_free(der);
    const birth::Escrow escrow{random(), random(), random()};
    sealed = birth::sample::must(birth::seal_escrow(escrow, birth::sample::must(ossl::from_evp(key.get())), ek));
  }
  static Secret random() { return crypto::random_secret(32); }
};

}  // namespace

// The input edits a genuine escrow: it opens only if nothing was changed. As it is, it never opens.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World k_world;
  Bytes edited = k_world.sealed;
  for (std::size_t i = 0; i + 2 < size && i < 12; i += 3) {
    edited[(std::size_t{data[i]} * 256 + data[i + 1]) % edited.size()] ^= static_cast<std::byte>(data[i + 2]);
  }
  const bool opens = birth::open_escrow(edited, k_world.pkcs8, k_world.ek).has_value();
  FUZZ_ASSERT(opens == equal(edited, k_world.sealed));
  FUZZ_ASSERT(!birth::open_escrow(test::fuzz_input(data, size), k_world.pkcs8, k_world.ek).has_value());
  return 0;
}
