// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/bundle.hpp"
#include "signet/os/clock.hpp"

#include "firmware/firmware_common.hpp"
#include "repo_keys.hpp"
#include "terms.hpp"

#include <string>

namespace signet::cli::repo {

namespace {

/// The manifest of a bundle, verified where anchors are given; never of one that nobody has signed.
Result<bundle::Manifest> read_release(const Invocation& call, const std::string& file) {
  TRY_ASSIGN(const std::unique_ptr<bundle::Source> source, bundle::open_source(file));
  TRY_ASSIGN(const Untrusted<bundle::Head> head, bundle::read_head(*source));
  if (head.unverified().signatures.empty()) {
    return Error(Errc::untrusted, "bundle.unsigned", "nobody has signed that bundle",
                 "Sign it with 'signet firmware sign' first: devices take nothing else.");
  }
  if (!call.has("--anchor")) return bundle::Manifest::parse(head.unverified().manifest);
  bundle::TrustPolicy policy;
  TRY_ASSIGN(policy.anchors, firmware::load_certificates(call.all("--anchor")));
  TRY_ASSIGN(policy.crls, firmware::load_crls(call.all("--crl")));
  TRY_ASSIGN(const bundle::VerifiedBundle verified, bundle::verify(head, policy, os::SystemClock().now()));
  TRY(bundle::check_images(verified, *source, firmware::progress_to(call.out(), "checking")));
  return verified.manifest();
}

Result<void> run_publish(const Invocation& call) {
  const std::string file = call.get("BUNDLE");
  auto manifest = read_release(call, file);
  if (!manifest) return std::move(manifest).error().with_context("'" + printable(file) + "'");
  TRY_ASSIGN(tuf::Repository repository, tuf::Repository::open(call.get("REPO")));
  TRY_ASSIGN(const Keys keys, load_keys(call.all("--key")));
  const std::string track = call.has("--track") ? call.get("--track") : manifest->track;
  TRY_ASSIGN(release::Terms terms, terms_from(call));
  if (manifest->sbom_sha256) terms.sbom_sha256 = to_hex(*manifest->sbom_sha256);
  TRY(repository.publish(manifest->product,
                         {.version = manifest->version,
                          .security_version = manifest->security_version,
                          .track = track,
                          .file = file,
                          .hardware = manifest->hardware,
                          .terms = release::to_json(terms)},
                         os::SystemClock().now()));
  const std::string& product = manifest->product.str();
  return settle(call, repository, keys,
                "Drafted release " + manifest->version + " of " + product + " on the track " + track + ".",
                Json::object({{"product", product}, {"version", manifest->version}, {"track", track}}));
}

Result<void> run_promote(const Invocation& call) {
  TRY_ASSIGN(const ProductId product, ProductId::parse(call.get("PRODUCT")));
  TRY_ASSIGN(tuf::Repository repository, tuf::Repository::open(call.get("REPO")));
  TRY_ASSIGN(const Keys keys, load_keys(call.all("--key")));
  const std::string version = call.get("VERSION");
  const std::string track = call.get("--to");
  TRY(repository.promote(product, version, track, os::SystemClock().now()));
  return settle(call, repository, keys,
                "Drafted release " + printable(version) + " of " + product.str() + " for the track " + track + " too.",
                Json::object({{"product", product.str()}, {"version", version}, {"track", track}}));
}

Result<void> run_withdraw(const Invocation& call) {
  TRY_ASSIGN(const ProductId product, ProductId::parse(call.get("PRODUCT")));
  TRY_ASSIGN(tuf::Repository repository, tuf::Repository::open(call.get("REPO")));
  TRY_ASSIGN(const Keys keys, load_keys(call.all("--key")));
  const std::string version = call.get("VERSION");
  std::optional<std::string> track;
  if (call.has("--track")) track = call.get("--track");
  TRY(repository.withdraw(product, version, track, os::SystemClock().now()));
  return settle(call, repository, keys,
                "Drafted the end of release " + printable(version) + " of " + product.str() +
                    (track ? " on the track " + *track : std::string()) + ".",
                Json::object({{"product", product.str()}, {"version", version}, {"track", track.value_or("")}}));
}

const Positional k_product{.name = "PRODUCT", .help = "Name of the product.", .complete = Complete::nothing};
const Positional k_version{.name = "VERSION", .help = "Version of the release.", .complete = Complete::nothing};

}  // namespace

std::vector<Command> release_commands() {
  std::vector<Option> options = {
      {.name = "--track", .value = "NAME", .help = "Track to offer it on; if not given, the one of the manifest."},
      {.name = "--anchor",
       .value = "FILE",
       .help = "Certificates (PEM) that a device trusts.",
       .repeatable = true,
       .complete = Complete::file},
      {.name = "--crl",
       .value = "FILE",
       .help = "Revocation lists (PEM).",
       .repeatable = true,
       .complete = Complete::file},
      key_option()};
  for (Option& option : terms_options()) options.push_back(std::move(option));
  Command publish{
      .noun = "repo",
      .verb = "publish",
      .summary = "Offer a signed bundle to devices",
      .description =
          "Copies a signed firmware bundle into the repository and drafts metadata that names it on a "
          "track. Product and version are those of the bundle's manifest. With the product's key at hand, "
          "and those of snapshot and timestamp in their place, it is public when the command ends.\n\n"
          "With --anchor the bundle is verified as a device does it, every byte. The other options tell devices "
          "and their owners what to expect of the release; see 'signet firmware check'.",
      .positionals = {repo_positional(), {"BUNDLE", "Signed bundle."}},
      .options = std::move(options),
      .examples = {{"signet repo publish updates cam-a.bundle --anchor vendor-root.pem "
                    "--key pkcs11:token=cam-a",
                    "On the track that its manifest names"}},
      .run = run_publish};
  Command promote{
      .noun = "repo",
      .verb = "promote",
      .summary = "Offer a release on a further track",
      .description = "Names a release on one more track. Only metadata changes: the bundle stays as it is.",
      .positionals = {repo_positional(), k_product, k_version},
      .options = {{.name = "--to", .value = "TRACK", .help = "Track to add.", .required = true}, key_option()},
      .examples = {{"signet repo promote updates cam-a 11.9.60 --to lts-2026 --key pkcs11:token=cam-a",
                    "From active to long-term support"}},
      .run = run_promote};
  Command withdraw{
      .noun = "repo",
      .verb = "withdraw",
      .summary = "Take a release back",
      .description =
          "Devices that have not taken the release yet no longer find it, on one track or on all. Those "
          "that have it keep it: offer them a newer one.",
      .positionals = {repo_positional(), k_product, k_version},
      .options = {{.name = "--track", .value = "NAME", .help = "Take it off this track only."}, key_option()},
      .examples = {{"signet repo withdraw updates cam-a 11.9.60 --key pkcs11:token=cam-a", "A release with a fault"}},
      .run = run_withdraw};
  return {std::move(publish), std::move(promote), std::move(withdraw)};
}

}  // namespace signet::cli::repo
