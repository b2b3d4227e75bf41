// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/bundle.hpp"
#include "signet/cli.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace signet::cli::firmware {

// The groups of commands.
std::vector<Command> maker_commands();
std::vector<Command> offer_commands();
std::vector<Command> check_commands();
std::vector<Command> device_commands();

/// Certificates of PEM files, in their order.
Result<std::vector<pki::Certificate>> load_certificates(const std::vector<std::string>& files);
/// Revocation lists of PEM files.
Result<std::vector<pki::Crl>> load_crls(const std::vector<std::string>& files);
/// The front of a bundle file, "-" being standard input.
Result<Untrusted<bundle::Head>> load_head(const std::string& file);
/// Keys in vkey form, given as such or as files that hold one a line.
Result<std::vector<ledger::VerifierKey>> load_vkeys(const std::vector<std::string>& values);

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
