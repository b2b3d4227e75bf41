// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"
#include "signet/test/memory_signer.hpp"

#include "note.hpp"

using namespace signet;
using namespace signet::ledger;

namespace {

/// A log and a witness with fresh keys, and the one checkpoint that they ever signed.
struct World {
  std::shared_ptr<crypto::Signer> log = signet::test::make_memory_signer(crypto::KeyAlgorithm::ed25519);
  std::shared_ptr<crypto::Signer> witness = signet::test::make_memory_signer(crypto::KeyAlgorithm::ed25519);
  Policy log_only = *Policy::make({*VerifierKey::for_log("log", log->public_key())});
  Policy witnessed = *Policy::make({*VerifierKey::for_log("log", log->public_key())},
                                   {*VerifierKey::for_witness("w", witness->public_key())}, 1);
  std::string plain = *sign_checkpoint("log", 9, leaf_hash({}), *log);
  std::string cosigned =
      *add_cosignature(*open_checkpoint(Untrusted(as_bytes(plain)), log_only), "w", *witness, Instant{1'700'000'000});
};

}  // namespace

// The input edits a genuine, cosigned checkpoint. Whatever comes out: if it is accepted, its text is the one that was
// signed, and a policy that demands the witness accepts nothing that the lesser one refuses.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World k_world;
  std::string note = k_world.cosigned;
  // Three bytes an edit: place (2), new byte; the rest of the input is inserted at the last place.
  std::size_t at = 0;
  std::size_t used = 0;
  for (; used + 3 <= size && used < 12; used += 3) {
    at = (std::size_t{data[used]} * 256 + data[used + 1]) % note.size();
    if (data[used + 2] != 0) note[at] = static_cast<char>(data[used + 2]);
  }
  note.insert(at, as_text(signet::test::fuzz_input(data, size).subspan(used)));
  const auto opened = open_checkpoint(Untrusted(as_bytes(note)), k_world.log_only);
  const auto witnessed = open_checkpoint(Untrusted(as_bytes(note)), k_world.witnessed);
  FUZZ_ASSERT(opened.has_value() || !witnessed.has_value());
  if (opened) {
    FUZZ_ASSERT(opened->origin() == "log" && opened->size() == 9 && opened->root() == leaf_hash({}));
    FUZZ_ASSERT(opened->note() == note);
  }
  if (witnessed) FUZZ_ASSERT(witnessed->witnessed_at() == Instant{1'700'000'000});
  // The bytes as they are, unedited, are no checkpoint of this log.
  FUZZ_ASSERT(!open_checkpoint(Untrusted(signet::test::fuzz_input(data, size)), k_world.log_only));
  return 0;
}
