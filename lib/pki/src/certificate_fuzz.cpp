// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/pki.hpp"
#include "signet/test/fuzz.hpp"

using namespace signet;

// A certificate that is read is written as it stood, in DER as in PEM, and nothing that stands alone leads to an
// anchor.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input = test::fuzz_input(data, size);
  const auto from_der = pki::Certificate::from_der(input);
  if (from_der) FUZZ_ASSERT(equal(from_der->der(), input));
  for (const auto& certificate : {from_der, pki::Certificate::from_pem(as_text(input))}) {
    if (!certificate) continue;
    const auto again = pki::Certificate::from_pem(certificate->pem());
    FUZZ_ASSERT(again.has_value() && *again == *certificate);
    FUZZ_ASSERT(again->subject() == certificate->subject() && again->serial_hex() == certificate->serial_hex());
    FUZZ_ASSERT(!certificate->has_extended_usage(pki::Usage::code_signing) ||
                certificate->has_extended_usage(pki::Usage::any));
    (void)certificate->dns_names();
    (void)certificate->common_name();
    (void)certificate->public_key();
    (void)certificate->device_serial();
    (void)certificate->policies();
    const auto hardware = certificate->hardware_module();
    FUZZ_ASSERT(!hardware || (!hardware->type_oid.empty() && !hardware->serial.empty()));
    pki::ValidationInput judged_by{
        .intermediates = {*certificate}, .at = certificate->not_before(), .usage = pki::Usage::any};
    FUZZ_ASSERT(!pki::validate(*certificate, judged_by).has_value());
    judged_by.anchors = {*certificate};
    const auto chain = pki::validate(*certificate, judged_by);
    if (chain) FUZZ_ASSERT(chain->leaf() == *certificate && chain->anchor() == *certificate);
  }
  return 0;
}
