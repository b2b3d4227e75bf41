// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "firmware_common.hpp"

#include "signet/os/file.hpp"

#include "firmware_commands.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace signet::cli {

std::vector<Command> firmware_commands() {
  std::vector<Command> all = firmware::maker_commands();
  for (auto* group :
       {&firmware::check_commands, &firmware::offer_commands, &firmware::delta_commands, &firmware::device_commands}) {
    for (Command& command : (*group)()) all.push_back(std::move(command));
  }
  return all;
}

namespace firmware {

namespace {

constexpr std::uint64_t k_pem_bytes_max = 16U << 20U;

template <typename T>
Result<std::vector<T>> load_all(const std::vector<std::string>& files) {
  std::vector<T> all;
  for (const std::string& file : files) {
    TRY_ASSIGN(const Bytes pem, os::read_file(file, k_pem_bytes_max));
    auto some = T::all_from_pem(as_text(pem));
    if (!some) return std::move(some).error().with_context("'" + printable(file) + "'");
    all.insert(all.end(), some->begin(), some->end());
  }
  return all;
}

}  // namespace

Result<std::vector<pki::Certificate>> load_certificates(const std::vector<std::string>& files) {
  return load_all<pki::Certificate>(files);
}

Result<std::vector<pki::Crl>> load_crls(const std::vector<std::string>& files) { return load_all<pki::Crl>(files); }

Result<Untrusted<bundle::Head>> load_head(const std::string& file) {
  if (file == "-") return bundle::read_head(*bundle::standard_input_source());
  TRY_ASSIGN(const std::unique_ptr<bundle::Source> source, bundle::open_source(file));
  return bundle::read_head(*source).context("'" + printable(file) + "'");
}

Result<std::vector<ledger::VerifierKey>> load_vkeys(const std::vector<std::string>& values) {
  std::vector<ledger::VerifierKey> keys;
  for (const std::string& value : values) {
    std::string text = value;
    std::error_code ignored;  // a key may be longer than a file's name can be
    if (std::filesystem::exists(value, ignored)) {
      TRY_ASSIGN(const Bytes content, os::read_file(value, 65'536));
      text = as_text(content);
    }
    while (text.ends_with('\n')) text.pop_back();
    auto key = ledger::VerifierKey::parse(text);
    if (!key) return std::move(key).error().with_context("key '" + printable(value, 60) + "'");
    keys.push_back(*std::move(key));
  }
  return keys;
}

std::string human_size(std::uint64_t size_bytes) {
  constexpr std::array<const char*, 5> k_units{"bytes", "KiB", "MiB", "GiB", "TiB"};
  double size = static_cast<double>(size_bytes);
  std::size_t unit = 0;
  while (size >= 1024 && unit + 1 < k_units.size()) {
    size /= 1024;
    ++unit;
  }
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", size, k_units.at(unit));
  return text.data();
}

Result<crypto::HssPublicKey> load_hss_key(const std::string& file) {
  TRY_ASSIGN(const Bytes bytes, os::read_file(file, 4096));
  return crypto::HssPublicKey::parse(bytes).context("'" + printable(file) + "'");
}

Result<ScratchFolder> ScratchFolder::beside(const std::filesystem::path& output) {
  std::string name = output.native() + ".parts-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) return errno_error(errno, "create a folder beside '" + printable(name) + "'");
  return ScratchFolder(std::filesystem::path(name));
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

void print_manifest(Output& out, const bundle::Manifest& manifest) {
  std::string hardware;
  for (const std::string& name : manifest.hardware) hardware += (hardware.empty() ? "" : ", ") + name;
  out.line("  product           " + manifest.product.str());
  out.line("  hardware          " + hardware);
  out.line("  version           " + manifest.version + " (security version " +
           std::to_string(manifest.security_version) + ")");
  out.line("  track             " + manifest.track);
  out.line("  released          " + to_rfc3339(manifest.released) + " (the maker's claim)");
  if (manifest.sbom_sha256) out.line("  SBOM              sha256:" + to_hex(*manifest.sbom_sha256));
  for (const bundle::Image& image : manifest.images) {
    out.line("  image             " + image.role + ", " + human_size(image.size_bytes));
  }
}

Json manifest_json(const bundle::Manifest& manifest) {
  const auto json = Json::parse(manifest.encode());
  ensure(json.has_value(), "an encoded manifest is JSON");
  return *json;
}

Json signatures_json(const std::vector<bundle::SignatureReport>& reports) {
  Json list = Json::array();
  for (const bundle::SignatureReport& report : reports) {
    Json one = Json::object({{"signer", report.signer},
                             {"key_fingerprint", report.key_fingerprint},
                             {"algorithm", report.algorithm},
                             {"counts", report.counts()}});
    if (!report.counts()) one.set("reason", report.reason).set("text", report.text);
    list.push(std::move(one));
  }
  return list;
}

bundle::Progress progress_to(Output& out, std::string doing) {
  return
      [&out, doing = std::move(doing)](std::uint64_t done, std::uint64_t total) { out.progress(doing, done, total); };
}

}  // namespace firmware

}  // namespace signet::cli
