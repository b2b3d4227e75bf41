// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/bundle.hpp"
#include "signet/cli.hpp"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace signet::cli::firmware {

// The groups of commands.
std::vector<Command> maker_commands();
std::vector<Command> offer_commands();
std::vector<Command> check_commands();
std::vector<Command> device_commands();
std::vector<Command> delta_commands();

/// Certificates of PEM files, in their order.
Result<std::vector<pki::Certificate>> load_certificates(const std::vector<std::string>& files);
/// Revocation lists of PEM files.
Result<std::vector<pki::Crl>> load_crls(const std::vector<std::string>& files);
/// The front of a bundle file, "-" being standard input.
Result<Untrusted<bundle::Head>> load_head(const std::string& file);
/// Keys in vkey form, given as such or as files that hold one a line.
Result<std::vector<ledger::VerifierKey>> load_vkeys(const std::vector<std::string>& values);

/// What --anchor and the options beside it demand of a bundle.
Result<bundle::TrustPolicy> policy_from(const Invocation& call);
/// Those options.
std::vector<Option> trust_options();

/// A folder for parts of an output; gone with this object.
class ScratchFolder {
 public:
  /// Beside the output, so that what is large lies where there is room for it.
  static Result<ScratchFolder> beside(const std::filesystem::path& output);
  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder();
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  explicit ScratchFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

/// An HSS public key as RFC 8554 encodes it.
Result<crypto::HssPublicKey> load_hss_key(const std::string& file);

/// A manifest for people, line by line.
void print_manifest(Output& out, const bundle::Manifest& manifest);
/// The same for machines.
Json manifest_json(const bundle::Manifest& manifest);
/// What became of each signature, for machines.
Json signatures_json(const std::vector<bundle::SignatureReport>& reports);
/// "12.3 MiB".
std::string human_size(std::uint64_t size_bytes);
/// Draws a bundle's progress through the output.
bundle::Progress progress_to(Output& out, std::string doing);

}  // namespace signet::cli::firmware
