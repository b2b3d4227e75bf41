// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/documents.hpp"
#include "signet/os/file.hpp"

#include "video/judging.hpp"
#include "video/report_files.hpp"
#include "video/video_commands.hpp"

namespace signet::cli::video_cli {

namespace {

/// Public keys, or certificates for the sake of theirs: whoever names a certificate here trusts its key.
Result<std::vector<crypto::PublicKey>> load_keys(const std::vector<std::string>& files) {
  constexpr std::uint64_t k_pem_size_bytes_max = 64U << 10U;
  std::vector<crypto::PublicKey> keys;
  for (const std::string& file : files) {
    TRY_ASSIGN(const Bytes pem, os::read_file(file, k_pem_size_bytes_max));
    if (as_text(pem).find("-----BEGIN CERTIFICATE-----") == std::string_view::npos) {
      TRY_ASSIGN(crypto::PublicKey key,
                 crypto::PublicKey::from_pem(as_text(pem)).context("read '" + printable(file) + "'"));
      keys.push_back(std::move(key));
      continue;
    }
    TRY_ASSIGN(const pki::Certificate certificate,
               pki::Certificate::from_pem(as_text(pem)).context("read '" + printable(file) + "'"));
    TRY_ASSIGN(crypto::PublicKey key, certificate.public_key());
    keys.push_back(std::move(key));
  }
  return keys;
}

/// What a signed report says, as far as this command needs it.
struct Said {
  std::string authenticity;
  std::string provenance;
  std::string judged_at;
  std::string sha256;
  std::string html_sha256;  ///< empty if there was none
};

Result<Said> said_by(const documents::VerifiedPayload& payload) {
  const JsonLimits limits{.size_bytes_max = documents::k_payload_size_bytes_max, .values_max = 1'000'000};
  TRY_ASSIGN(const Json json, Json::parse(payload.payload(), limits));
  Said said;
  TRY_ASSIGN(said.authenticity, json.string_at("authenticity"));
  TRY_ASSIGN(said.provenance, json.string_at("provenance"));
  TRY_ASSIGN(said.judged_at, json.string_at("judged_at"));
  TRY_ASSIGN(const Json file, json.object_at("file"));
  TRY_ASSIGN(said.sha256, file.string_at("sha256"));
  if (const Json* html = json.find("html")) {
    TRY_ASSIGN(said.html_sha256, html->string_at("sha256"));
  }
  return said;
}

Result<void> must_match(const std::string& file, const std::string& expected, const char* reason,
                        const std::string& what) {
  TRY_ASSIGN(const std::string found, digest_of_file(file));
  if (found == expected) return {};
  return Error(Errc::untrusted, reason, "the report speaks of another " + what + " than '" + printable(file) + "'",
               "It was made for the file with the SHA-256 " + printable(expected, 64) + ".");
}

Result<void> report_verify(const Invocation& call) {
  TRY_ASSIGN(const std::vector<crypto::PublicKey> keys, load_keys(call.all("--key")));
  TRY_ASSIGN(const Bytes envelope, os::read_file(call.get("REPORT"), documents::k_envelope_size_bytes_max));
  TRY_ASSIGN(const documents::VerifiedPayload payload,
             documents::open_envelope(Untrusted<ByteView>(envelope), k_report_type, keys));
  TRY_ASSIGN(const Said said, said_by(payload));
  if (call.has("RECORDING")) {
    TRY(must_match(call.get("RECORDING"), said.sha256, "video.other-recording", "recording"));
  }
  if (call.has("--html")) {
    if (said.html_sha256.empty()) {
      return Error(Errc::untrusted, "video.other-html", "the signed report says nothing of a report for people",
                   "Make both in one run: --html FILE --report FILE --sign URI.");
    }
    TRY(must_match(call.get("--html"), said.html_sha256, "video.other-html", "report for people"));
  }
  const std::string signer = to_hex(payload.signers().front().fingerprint());
  Output& out = call.out();
  out.line("The report is genuine" + std::string(call.has("RECORDING") ? ", and speaks of this very file." : "."));
  out.line("it says     " + printable(said.authenticity) + ", key " + printable(said.provenance) + ", judged " +
           printable(said.judged_at));
  out.line("signed by   the key " + signer);
  out.line("speaks of   the file with the SHA-256 " + printable(said.sha256) +
           (call.has("RECORDING") ? "" : ", which was not compared with any"));
  out.result(Json::object({{"authenticity", said.authenticity},
                           {"provenance", said.provenance},
                           {"judged_at", said.judged_at},
                           {"sha256", said.sha256},
                           {"signer", signer},
                           {"recording_compared", call.has("RECORDING")},
                           {"html_compared", call.has("--html")}}));
  return {};
}

}  // namespace

Command report_verify_command() {
  return {
      .noun = "video",
      .verb = "report-verify",
      .summary = "Check a signed report, and that it speaks of a recording",
      .description =
          "Checks that a report of `signet video verify --report --sign` is signed by a key that you trust, and that "
          "it "
          "was made for the very file that you have. It succeeds whatever the report says of the recording: read that "
          "from the output.",
      .positionals = {{.name = "REPORT", .help = "The signed report."},
                      {.name = "RECORDING", .help = "The recording of which it is to speak.", .required = false}},
      .options = {{.name = "--key",
                   .value = "PEM",
                   .help = "A public key, or a certificate with it, that is trusted to sign reports.",
                   .required = true,
                   .repeatable = true,
                   .complete = Complete::file},
                  {.name = "--html",
                   .value = "FILE",
                   .help = "The report for people that was made with it.",
                   .complete = Complete::file}},
      .examples = {{"signet video report-verify report.dsse recording.mp4 --key examiner.pem",
                    "Check that the report is the examiner's and speaks of this file."}},
      .run = report_verify};
}

}  // namespace signet::cli::video_cli
