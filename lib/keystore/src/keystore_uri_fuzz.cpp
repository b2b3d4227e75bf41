// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/test/fuzz.hpp"

#include "file_uri.hpp"
#include "keystored_uri.hpp"
#include "pkcs11_uri.hpp"
#include "tpm_uri.hpp"

using namespace signet;

// What is accepted has a canonical spelling that means the same, and that never holds a PIN unless asked to.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = as_text(test::fuzz_input(data, size));
  if (const auto uri = keystore::Pkcs11Uri::parse(input)) {
    const std::string text = uri->text(true);
    FUZZ_ASSERT(text.starts_with("pkcs11:"));
    const auto again = keystore::Pkcs11Uri::parse(std::string_view(text).substr(7));
    // Encoding may lengthen a text beyond what is read.
    FUZZ_ASSERT(text.size() > 8192 || (again.has_value() && *again == *uri));
    const auto open_text = keystore::Pkcs11Uri::parse(uri->text().substr(7));
    FUZZ_ASSERT(!open_text.has_value() || !open_text->pin_value.has_value());
  }
  if (const auto uri = keystore::FileUri::parse(input)) {
    const auto again = keystore::FileUri::parse(uri->of_key(uri->label).substr(5));
    FUZZ_ASSERT(again.has_value() && again->folder == uri->folder && again->label == uri->label &&
                again->source == uri->source && again->source_name == uri->source_name);
  }
  if (const auto uri = keystore::TpmUri::parse(input)) {
    const auto again = keystore::TpmUri::parse(std::string_view(uri->of_key(uri->label)).substr(4));
    FUZZ_ASSERT(again.has_value() && *again == *uri);
  }
  if (const auto uri = keystore::KeystoredUri::parse(input)) {
    const auto again =
        keystore::KeystoredUri::parse(std::string_view(uri->of_key(uri->label, uri->purpose)).substr(10));
    FUZZ_ASSERT(again.has_value() && *again == *uri);
  }
  return 0;
}
