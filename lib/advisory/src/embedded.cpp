// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "embedded.hpp"

#include "signet/core/ensure.hpp"

#include <array>

// The files, each with the symbol that it gets. SIGNET_ADVISORY_DATA is their folder.
#define SIGNET_FILES(each)                                                                                            \
  each(csaf20, "schemas/csaf-2.0.json") each(csaf21, "schemas/csaf-2.1.json")                                         \
      each(provider20, "schemas/provider-2.0.json") each(provider21, "schemas/provider-2.1.json")                     \
          each(ext_content, "schemas/extension-content.json")                                                         \
              each(ext_metaschema, "schemas/extension-metaschema.json") each(cvss20, "schemas/cvss-v2.0.json")        \
                  each(cvss30, "schemas/cvss-v3.0.json") each(cvss31, "schemas/cvss-v3.1.json")                       \
                      each(cvss40, "schemas/cvss-v4.0.json") each(ssvc, "schemas/ssvc-selection-list-2.0.0.json")     \
                          each(cve5, "schemas/cve-5.json") each(openvex, "schemas/openvex-0.2.0.json")                \
                              each(osv, "schemas/osv.json") each(cdx14, "schemas/cyclonedx-1.4.json")                 \
                                  each(cdx15, "schemas/cyclonedx-1.5.json") each(cdx16, "schemas/cyclonedx-1.6.json") \
                                      each(cdx17, "schemas/cyclonedx-1.7.json")                                       \
                                          each(cdx_crypto, "schemas/cyclonedx-cryptography-defs.json")                \
                                              each(cdx_jsf, "schemas/cyclonedx-jsf-0.82.json")                        \
                                                  each(cdx_spdx, "schemas/cyclonedx-spdx.json") each(cwe, "cwe.tsv")  \
                                                      each(languages, "languages.tsv") each(licenses, "licenses.tsv") \
                                                          each(ssvc_points, "ssvc.tsv")

// The assembler puts each into the read-only data.
#define SIGNET_EMBED(symbol, file)                                                                                 \
  __asm__(".pushsection .rodata\n.balign 16\nsignet_data_" #symbol "_begin:\n.incbin \"" SIGNET_ADVISORY_DATA file \
          "\"\nsignet_data_" #symbol "_end:\n.byte 0\n.popsection\n");                                             \
  extern "C" const std::byte signet_data_##symbol##_begin[];                                                       \
  extern "C" const std::byte signet_data_##symbol##_end[];
SIGNET_FILES(SIGNET_EMBED)
#undef SIGNET_EMBED

namespace signet::advisory {

namespace {

struct File {
  std::string_view name;
  const std::byte* begin;
  const std::byte* end;
};

#define SIGNET_ROW(symbol, file) File{file, signet_data_##symbol##_begin, signet_data_##symbol##_end},
const std::array k_files{SIGNET_FILES(SIGNET_ROW)};
#undef SIGNET_ROW

}  // namespace

ByteView embedded(std::string_view name) {
  for (const File& file : k_files) {
    if (file.name == name) return {file.begin, file.end};
  }
  ensure(false, "an embedded file that is asked for is there");
  return {};
}

}  // namespace signet::advisory
