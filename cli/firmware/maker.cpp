// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/bundle_delta.hpp"
#include "signet/keystore.hpp"
#include "signet/ledger_store.hpp"
#include "signet/os/clock.hpp"
#include "signet/os/file.hpp"

#include "firmware_common.hpp"

namespace signet::cli::firmware {

namespace {

constexpr std::uint64_t k_sbom_bytes_max = 1ULL << 30U;

/// Hashed in pieces: an SBOM may be large, and what is no SBOM may be endless.
Result<Bytes> sbom_digest(const std::string& file) {
  TRY_ASSIGN(const os::Fd fd, os::open_read(file));
  crypto::Hasher hasher(crypto::HashAlgorithm::sha256);
  Bytes buffer(1U << 16U);
  std::uint64_t total = 0;
  for (;;) {
    TRY_ASSIGN(const std::size_t count, os::read_some(fd, buffer));
    if (count == 0) return hasher.finish();
    total += count;
    if (total > k_sbom_bytes_max) {
      return Error(Errc::invalid_input, "firmware.sbom", "'" + printable(file) + "' is larger than an SBOM of 1 GiB",
                   "Is it the right file?");
    }
    hasher.update(ByteView(buffer).first(count));
  }
}

Result<std::vector<bundle::ImageFile>> parse_images(const std::vector<std::string>& values) {
  std::vector<bundle::ImageFile> images;
  for (const std::string& value : values) {
    const std::size_t equals = value.find('=');
    if (equals == std::string::npos) {
      return Error(Errc::usage, "firmware.image", "'" + printable(value) + "' is not of the form ROLE=FILE",
                   "Write it like --image rootfs=rootfs.erofs.");
    }
    images.push_back({value.substr(0, equals), value.substr(equals + 1)});
  }
  return images;
}

/// The index of an image in the bundle of the release before. It decides the order of the new store and nothing else,
/// so no signature is asked for.
Result<delta::Index> index_before(const std::string& file, const std::string& role) {
  TRY_ASSIGN(const Untrusted<bundle::Head> head, load_head(file));
  TRY_ASSIGN(const bundle::Manifest manifest, bundle::Manifest::parse(head.unverified().manifest));
  TRY_ASSIGN(const std::unique_ptr<delta::ImageReader> reader, delta::open_image(file));
  const std::unique_ptr<delta::RangeSource> ranges = delta::ranges_of(*reader);
  return bundle::peek_index(head, manifest, role, *ranges);
}

Result<bundle::Manifest> pack_in_chunks(const Invocation& call, bundle::Manifest manifest,
                                        const std::vector<bundle::ImageFile>& images) {
  const std::string out = call.get("BUNDLE");
  TRY_ASSIGN(const ScratchFolder scratch, ScratchFolder::beside(out));
  std::vector<bundle::ImageFile> parts;
  for (const bundle::ImageFile& image : images) {
    TRY(check_name(image.role, "role of an image"));
    delta::MakeOptions options;
    for (const std::string& before : call.all("--since")) {
      TRY_ASSIGN(delta::Index since, index_before(before, image.role));
      options.since.push_back(std::move(since));
    }
    TRY_ASSIGN(const std::vector<bundle::ImageFile> made,
               bundle::chunk_image(image, scratch.path(), options, progress_to(call.out(), "compressing")));
    parts.insert(parts.end(), made.begin(), made.end());
  }
  return bundle::pack(std::move(manifest), parts, out, progress_to(call.out(), "packing"));
}

Result<void> run_pack(const Invocation& call) {
  TRY_ASSIGN(ProductId product, ProductId::parse(call.get("--product")));
  bundle::Manifest manifest{.product = std::move(product),
                            .hardware = call.all("--hardware"),
                            .version = call.get("--version"),
                            .track = call.get("--track"),
                            .released = os::SystemClock().now(),
                            .images = {},
                            .sbom_sha256 = {}};
  TRY_ASSIGN(manifest.security_version, call.get_uint("--security-version", 0, (1ULL << 53U) - 1));
  if (call.has("--released")) {
    TRY_ASSIGN(manifest.released, from_rfc3339(call.get("--released")));
  }
  if (call.has("--sbom")) {
    TRY_ASSIGN(manifest.sbom_sha256, sbom_digest(call.get("--sbom")));
  }
  TRY_ASSIGN(const std::vector<bundle::ImageFile> images, parse_images(call.all("--image")));
  const std::string out = call.get("BUNDLE");
  if (call.has("--delta-index")) {
    TRY_ASSIGN(manifest, pack_in_chunks(call, std::move(manifest), images));
  } else {
    TRY_ASSIGN(manifest, bundle::pack(std::move(manifest), images, out, progress_to(call.out(), "packing")));
  }
  call.out().line("Packed " + printable(out) + ", not signed yet:");
  print_manifest(call.out(), manifest);
  call.out().line("Next: signet firmware sign " + printable(out) + " --key URI --certificate FILE");
  call.out().result(Json::object({{"bundle", out}, {"manifest", manifest_json(manifest)}}));
  return {};
}

Result<void> attach_signature(const Invocation& call, const std::string& file) {
  TRY_ASSIGN(const Bytes cms, os::read_file(call.get("--attach"), 65'536));
  TRY(bundle::add_record(file, bundle::RecordKind::cms_signature, cms, progress_to(call.out(), "writing")));
  call.out().line("Added the signature to " + printable(file) + ".");
  call.out().result(Json::object({{"bundle", file}, {"attached", call.get("--attach")}}));
  return {};
}

/// A signature that hardware made elsewhere with an HSS key: Signet only verifies those (SP 800-208).
Result<void> attach_hss_signature(const Invocation& call, const std::string& file) {
  TRY_ASSIGN(const crypto::HssPublicKey key, load_hss_key(call.get("--hss-key")));
  TRY_ASSIGN(const Bytes signature, os::read_file(call.get("--attach"), 1U << 20U));
  TRY(bundle::attach_hss(file, key, signature, progress_to(call.out(), "writing")));
  call.out().line("Added the HSS signature to " + printable(file) + ".");
  call.out().result(Json::object({{"bundle", file}, {"key_fingerprint", to_hex(key.fingerprint())}}));
  return {};
}

Result<void> run_sign(const Invocation& call) {
  const std::string file = call.get("BUNDLE");
  if (call.has("--hss-key") && call.has("--attach") && !call.has("--key") && !call.has("--certificate")) {
    return attach_hss_signature(call, file);
  }
  if (call.has("--attach") == call.has("--key") || call.has("--key") != call.has("--certificate")) {
    return Error(Errc::usage, "firmware.sign-how", "give either --key and --certificate, or --attach",
                 "See 'signet firmware sign --help' for examples of both.");
  }
  if (call.has("--attach")) return attach_signature(call, file);
  TRY_ASSIGN(const std::vector<pki::Certificate> chain, load_certificates({call.get("--certificate")}));
  TRY_ASSIGN(const std::shared_ptr<crypto::Signer> signer, keystore::open_signer(call.get("--key")));
  const std::vector<pki::Certificate> above(chain.begin() + 1, chain.end());
  TRY(bundle::sign(file, signer, chain.front(), above, progress_to(call.out(), "writing")));
  call.out().line("Signed " + printable(file) + " as " + chain.front().subject() + ".");
  call.out().result(Json::object({{"bundle", file},
                                  {"signer", chain.front().subject()},
                                  {"key_fingerprint", to_hex(signer->public_key().fingerprint())}}));
  return {};
}

Result<void> run_record(const Invocation& call) {
  TRY_ASSIGN(const Untrusted<bundle::Head> head, load_head(call.get("BUNDLE")));
  TRY_ASSIGN(const bundle::Manifest manifest, bundle::Manifest::parse(head.unverified().manifest));
  const std::string entry = bundle::ledger_entry(head.unverified().manifest);
  TRY_ASSIGN(ledger::Ledger ledger, ledger::Ledger::open(call.get("--ledger")));
  TRY_ASSIGN(const std::uint64_t index, ledger.append(as_bytes(entry)));
  call.out().line("Recorded release " + manifest.version + " of " + manifest.product.str() + " as entry " +
                  std::to_string(index) + " of " + ledger.origin() + ".");
  call.out().result(Json::object({{"index", index}, {"origin", ledger.origin()}, {"entry", entry}}));
  return {};
}

/// The index of an entry in a published ledger, looked for from the end, since a release is recent when it is proven.
Result<std::uint64_t> find_entry(const ledger::Published& published, ByteView entry) {
  for (std::uint64_t index = published.size(); index-- > 0;) {
    TRY_ASSIGN(const Bytes candidate, published.entry(index));
    if (equal(candidate, entry)) return index;
  }
  return Error(Errc::not_found, "firmware.not-recorded", "the release is not in the ledger's published checkpoint",
               "Record it ('signet firmware record'), then sign a checkpoint ('signet ledger checkpoint').");
}

Result<void> run_prove(const Invocation& call) {
  const std::string file = call.get("BUNDLE");
  TRY_ASSIGN(const Untrusted<bundle::Head> head, load_head(file));
  const std::string entry = bundle::ledger_entry(head.unverified().manifest);
  TRY_ASSIGN(const ledger::Published published, ledger::Published::open(call.get("--ledger")));
  TRY_ASSIGN(const std::uint64_t index, find_entry(published, as_bytes(entry)));
  TRY_ASSIGN(const ledger::ProofFile proof, published.proof_file(index));
  TRY(bundle::add_record(file, bundle::RecordKind::release_proof, as_bytes(proof.encode()),
                         progress_to(call.out(), "writing")));
  call.out().line("Added to " + printable(file) + " the proof that " + published.origin() + " holds it as entry " +
                  std::to_string(index) + " of " + std::to_string(published.size()) + ".");
  call.out().result(
      Json::object({{"bundle", file}, {"origin", published.origin()}, {"index", index}, {"size", published.size()}}));
  return {};
}

Command pack_command() {
  return {
      .noun = "firmware",
      .verb = "pack",
      .summary = "Pack images and their manifest into one bundle",
      .description =
          "Writes an unsigned bundle. Its manifest names product, hardware, version and the digests of all images; the "
          "signatures that "
          "are added later cover the manifest and through it every byte.\n\n"
          "The security version decides about rollback: a device never goes below one that it has confirmed. Raise it "
          "when a release "
          "closes a hole; the version itself is for people.",
      .positionals = {{"BUNDLE", "File to write; replaced if it exists."}},
      .options = {{.name = "--product", .value = "NAME", .help = "Product that the firmware is for.", .required = true},
                  {.name = "--hardware",
                   .value = "NAME",
                   .help = "Hardware that it runs on.",
                   .required = true,
                   .repeatable = true},
                  {.name = "--version", .value = "VERSION", .help = "Version for people.", .required = true},
                  {.name = "--security-version",
                   .value = "N",
                   .help = "Number that decides about rollback.",
                   .required = true},
                  {.name = "--image",
                   .value = "ROLE=FILE",
                   .help = "Image and what it is for.",
                   .required = true,
                   .repeatable = true},
                  {.name = "--track", .value = "NAME", .help = "Track that it is released on.", .fallback = "active"},
                  {.name = "--released", .value = "TIME", .help = "Time of release (RFC 3339); now if not given."},
                  {.name = "--sbom",
                   .value = "FILE",
                   .help = "SBOM whose digest the manifest shall hold.",
                   .complete = Complete::file},
                  {.name = "--delta-index",
                   .help = "Pack images compressed and in chunks, so that devices fetch only what they lack."},
                  {.name = "--since",
                   .value = "BUNDLE",
                   .help = "Release before, packed so as well: what is new since then is fetched in one piece.",
                   .repeatable = true,
                   .complete = Complete::file}},
      .examples = {{"signet firmware pack --product cam-a --hardware cam-a-r2 --version 11.9.60 --security-version 7 "
                    "--image rootfs=rootfs.erofs "
                    "cam-a.bundle",
                    "One image for one kind of hardware"},
                   {"signet firmware pack --product cam-a --hardware cam-a-r2 --version 11.9.61 --security-version 8 "
                    "--image rootfs=rootfs.erofs --delta-index --since cam-a.bundle cam-a-61.bundle",
                    "In chunks, arranged for devices that have the release before"}},
      .run = run_pack};
}

Command sign_command() {
  return {.noun = "firmware",
          .verb = "sign",
          .summary = "Sign a bundle",
          .description =
              "Adds one detached CMS signature over the bundle's manifest. Devices that demand several signers count "
              "different keys, so each "
              "signer runs this once.\n\n"
              "The certificate needs the extended key usage codeSigning; FILE may hold its chain below the root as "
              "well, signer first. A "
              "signature made elsewhere, for example with 'openssl cms -sign' over the manifest that 'signet firmware "
              "inspect --extract' wrote, is "
              "added with --attach.",
          .positionals = {{"BUNDLE", "File to sign."}},
          .options = {{.name = "--key", .value = "URI", .help = "Signer's key: pkcs11:... or file:..."},
                      {.name = "--certificate",
                       .value = "FILE",
                       .help = "Signer's certificate (PEM), then its chain.",
                       .complete = Complete::file},
                      {.name = "--attach",
                       .value = "FILE",
                       .help = "Signature made elsewhere (DER; with --hss-key as RFC 8554 has it).",
                       .complete = Complete::file},
                      {.name = "--hss-key",
                       .value = "FILE",
                       .help = "Post-quantum key (HSS/LMS) that made the attached signature.",
                       .complete = Complete::file}},
          .examples = {{"signet firmware sign cam-a.bundle --key "
                        "'pkcs11:token=release;object=release-1?pin-source=file:pin' --certificate release-1.pem",
                        "With a key in a token"},
                       {"signet firmware sign cam-a.bundle --attach release-2.p7s",
                        "With a signature made on an offline machine"}},
          .run = run_sign};
}

}  // namespace

std::vector<Command> maker_commands() {
  Command record{
      .noun = "firmware",
      .verb = "record",
      .summary = "Record a release in a ledger",
      .description =
          "Appends the digest of the bundle's manifest to a ledger, so that a checkpoint with witnesses can prove when "
          "the release "
          "existed. Then run 'signet ledger checkpoint', let witnesses cosign, and run 'signet firmware prove'.",
      .positionals = {{"BUNDLE", "Release to record."}},
      .options = {{.name = "--ledger",
                   .value = "FOLDER",
                   .help = "Ledger to append to.",
                   .required = true,
                   .complete = Complete::folder}},
      .examples = {{"signet firmware record cam-a.bundle --ledger releases",
                    "Append to the ledger in the folder releases"}},
      .run = run_record};
  Command prove{
      .noun = "firmware",
      .verb = "prove",
      .summary = "Add the ledger's proof of a release to its bundle",
      .description =
          "A device that trusts the ledger and its witnesses then judges the signers as of the time that the witnesses "
          "saw, so a release "
          "stays installable after its signers' certificates have expired. Revocation is judged as known today all the "
          "same.",
      .positionals = {{"BUNDLE", "Release to prove."}},
      .options = {{.name = "--ledger",
                   .value = "FOLDER",
                   .help = "Ledger with a published checkpoint.",
                   .required = true,
                   .complete = Complete::folder}},
      .examples = {{"signet firmware prove cam-a.bundle --ledger releases", "Add the proof from the folder releases"}},
      .run = run_prove};
  return {pack_command(), sign_command(), std::move(record), std::move(prove)};
}

}  // namespace signet::cli::firmware
