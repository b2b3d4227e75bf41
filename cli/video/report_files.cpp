// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "video/report_files.hpp"

#include "signet/documents.hpp"
#include "signet/keystore.hpp"
#include "signet/os/file.hpp"

#include "video/report_html.hpp"
#include "video/stills.hpp"

#include <array>
#include <filesystem>

namespace signet::cli::video_cli {

namespace {

Result<void> must_be_new(const std::string& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(std::filesystem::symlink_status(file, ignored))) return {};
  return Error(Errc::conflict, "os.exists", "'" + printable(file) + "' exists already",
               "Remove it first, or choose another name.");
}

Result<Json> write_html(const Invocation& call, const Report& report) {
  const Stills stills = stills_of(report);
  const std::string page = report_html(report, stills);
  TRY(os::write_new_file(call.get("--html"), as_bytes(page)));
  const std::string digest = to_hex(crypto::digest(crypto::HashAlgorithm::sha256, as_bytes(page)));
  call.out().line("report      " + printable(call.get("--html")) + ", SHA-256 " + digest +
                  (stills.problem.empty() ? "" : " (without pictures: " + stills.problem + ")"));
  return Json::object({{"name", printable(call.get("--html"), 4096)},
                       {"sha256", digest},
                       {"pictures", std::uint64_t{stills.pictures.size()}}});
}

Result<void> write_json(const Invocation& call, const Json& members) {
  const std::string text = members.dump();
  if (!call.has("--sign")) return os::write_new_file(call.get("--report"), as_bytes(text + "\n"));
  TRY_ASSIGN(const std::shared_ptr<crypto::Signer> key, keystore::open_signer(call.get("--sign")));
  const std::array signers{key.get()};
  TRY_ASSIGN(const Bytes envelope, documents::sign_envelope(k_report_type, as_bytes(text), signers));
  TRY(os::write_new_file(call.get("--report"), envelope));
  call.out().line("signed      " + printable(call.get("--report")) + ", by the key " +
                  to_hex(key->public_key().fingerprint()));
  return {};
}

}  // namespace

std::vector<Option> file_options() {
  return {{.name = "--html",
           .value = "FILE",
           .help = "Write a report for people into a new file.",
           .complete = Complete::file},
          {.name = "--report",
           .value = "FILE",
           .help = "Write the report for machines into a new file.",
           .complete = Complete::file},
          {.name = "--sign", .value = "URI", .help = "Sign what --report writes with this key."}};
}

Result<void> check_file_options(const Invocation& call) {
  if (call.has("--sign") && !call.has("--report")) {
    return Error(Errc::usage, "video.sign-needs-report", "--sign signs what --report writes, which is missing",
                 "Add --report FILE.");
  }
  for (const char* const option : {"--html", "--report"}) {
    if (call.has(option)) TRY(must_be_new(call.get(option)));
  }
  return {};
}

Result<void> write_report_files(const Invocation& call, const Report& report, Json& members) {
  if (call.has("--html")) {
    TRY_ASSIGN(Json html, write_html(call, report));
    members.set("html", std::move(html));
  }
  if (call.has("--report")) TRY(write_json(call, members));
  return {};
}

}  // namespace signet::cli::video_cli
