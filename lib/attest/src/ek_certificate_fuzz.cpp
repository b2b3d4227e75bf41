// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "ek_certificate.hpp"

#include "signet/attest.hpp"
#include "signet/test/fuzz.hpp"

using namespace signet;

// What stands in NV is a stranger's. Padding is cut once; nothing leads to a maker that nobody configured; and where
// somebody did, the endorsement key is the certificate's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = test::fuzz_input(data, size);
  const ByteView cut = attest::without_padding(input);
  FUZZ_ASSERT(cut.size() <= input.size() && equal(cut, input.first(cut.size())));
  FUZZ_ASSERT(equal(attest::without_padding(cut), cut));
  const auto certificate = pki::Certificate::from_der(cut);
  if (!certificate) return 0;
  const std::string model = attest::model_of(*certificate);
  FUZZ_ASSERT(printable(model, model.size() + 1) == model);
  tpm::Public area;
  area.attributes = tpm::k_fixed_tpm | tpm::k_fixed_parent | tpm::k_restricted | tpm::k_decrypt;
  if (const auto key = certificate->public_key()) area.key = *key;
  attest::EkPolicy policy{.anchors = {}, .at = certificate->not_before()};
  FUZZ_ASSERT(!attest::verify_ek({to_bytes(input)}, area, policy).has_value());
  policy.anchors = {{*certificate, attest::Strength::strong}};
  const auto ek = attest::verify_ek({to_bytes(input)}, area, policy);
  if (!ek) return 0;
  FUZZ_ASSERT(ek->certificate() == *certificate && ek->fingerprint() == certificate->public_key()->fingerprint());
  FUZZ_ASSERT(attest::check_ek_usage(*certificate).has_value() && !certificate->is_ca());
  return 0;
}
