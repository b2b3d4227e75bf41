// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/bundle.hpp"

#include "signet/os/process.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/memory_source.hpp"
#include "signet/test/temp_dir.hpp"
#include "signet/test/vendor.hpp"

#include "layout.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace signet::bundle {
namespace {

using test::k_now;
using test::must;

/// Collects what comes out, to compare it with what went in.
class CollectingSink : public ImageSink {
 public:
  Result<void> begin(const Image& image) override {
    current_ = &images[image.role];
    return {};
  }
  Result<void> write(std::uint64_t offset, ByteView chunk) override {
    EXPECT_EQ(offset, current_->size());
    append(*current_, chunk);
    return {};
  }
  Result<void> end(const Image&) override { return {}; }
  std::map<std::string, Bytes> images;

 private:
  Bytes* current_ = nullptr;
};

/// Everything that a device does with a bundle: verdict, manifest, images.
struct Outcome {
  Bytes manifest;
  std::map<std::string, Bytes> images;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Result<Outcome> read_from(Source& source, const TrustPolicy& policy, Instant now = k_now) {
  TRY_ASSIGN(const Untrusted<Head> head, read_head(source));
  TRY_ASSIGN(const VerifiedBundle verified, verify(head, policy, now));
  CollectingSink sink;
  TRY(stream_images(verified, source, sink));
  return Outcome{verified.manifest().encode(), std::move(sink.images)};
}

Result<Outcome> read_all(const std::filesystem::path& path, const TrustPolicy& policy, Instant now = k_now) {
  TRY_ASSIGN(const auto source, open_source(path));
  return read_from(*source, policy, now);
}

Result<Outcome> read_bytes(const Bytes& bytes, const TrustPolicy& policy) {
  test::MemorySource source(bytes);
  return read_from(source, policy);
}

class BundleTest : public ::testing::Test {
 protected:
  /// Packs two small images; returns the file.
  std::filesystem::path pack_sample() {
    test::write_file(folder_ / "rootfs", test::sample_bytes(5000, 1));
    test::write_file(folder_ / "kernel", test::sample_bytes(300, 2));
    must(pack(test::sample_manifest(), {{"rootfs", folder_ / "rootfs"}, {"kernel", folder_ / "kernel"}},
              folder_ / "bundle"));
    return folder_ / "bundle";
  }
  std::filesystem::path pack_signed() {
    const auto path = pack_sample();
    must(sign(path, alice_.signer, alice_.certificate, {}));
    return path;
  }
  [[nodiscard]] TrustPolicy policy(unsigned signers_required = 1) const {
    return {.anchors = {vendor_.root()}, .crls = {}, .signers_required = signers_required, .release_logs = {}};
  }

  test::TempDir folder_;
  test::Vendor vendor_;
  test::Identity alice_ = vendor_.issue("Alice");
  test::Identity bob_ = vendor_.issue("Bob");
};

TEST_F(BundleTest, WhatGoesInComesOut) {
  const auto path = pack_signed();
  const auto outcome = read_all(path, policy());
  ASSERT_OK(outcome);
  EXPECT_EQ(outcome->images.at("rootfs"), test::sample_bytes(5000, 1));
  EXPECT_EQ(outcome->images.at("kernel"), test::sample_bytes(300, 2));
}

TEST_F(BundleTest, SizesAroundAChunkAndEmptyImagesSurvive) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{4095}, std::size_t{4096}, std::size_t{k_chunk_size_bytes - 1},
        std::size_t{k_chunk_size_bytes}, std::size_t{k_chunk_size_bytes + 1}, std::size_t{2 * k_chunk_size_bytes}}) {
    test::write_file(folder_ / "image", test::sample_bytes(size));
    must(pack(test::sample_manifest(), {{"image", folder_ / "image"}}, folder_ / "bundle"));
    must(sign(folder_ / "bundle", alice_.signer, alice_.certificate, {}));
    const auto outcome = read_all(folder_ / "bundle", policy());
    ASSERT_OK(outcome);
    EXPECT_EQ(outcome->images.at("image"), test::sample_bytes(size)) << size;
  }
}

TEST_F(BundleTest, P_BUNDLE_001_EachFlippedByteOfTheFrontIsRefused) {
  const Bytes good = test::read_file(pack_signed());
  const TrustPolicy trust = policy();
  Bytes bad = good;
  for (std::size_t i = 0; i < 4096; ++i) {
    bad[i] ^= std::byte{1};
    EXPECT_FALSE(read_bytes(bad, trust).has_value()) << "byte " << i;
    bad[i] = good[i];
  }
}

TEST_F(BundleTest, P_BUNDLE_001_EachFlippedByteBehindTheFrontIsRefused) {
  const Bytes good = test::read_file(pack_signed());
  test::MemorySource whole(good);
  const auto head = must(read_head(whole));
  const auto verified = must(verify(head, policy(), k_now));  // the front is the same for all of them
  const std::size_t front = head.unverified().size_bytes;
  ASSERT_EQ(front, 4096U);
  Bytes bad = good;
  for (std::size_t i = front; i < good.size(); ++i) {
    bad[i] ^= std::byte{1};
    test::MemorySource source(bad, front);
    CollectingSink sink;
    EXPECT_REASON(stream_images(verified, source, sink), "bundle.payload-altered") << "byte " << i;
    bad[i] = good[i];
  }
}

/// What an attacker does who knows the format: changes a byte of the front and mends its digest.
Bytes flipped_and_mended(const Bytes& good, std::size_t at, std::byte with) {
  Bytes bad = good;
  bad[at] ^= with;
  const auto header = layout::parse_header(ByteView(bad).first(layout::k_header_bytes));
  if (!header) return bad;
  const std::size_t size = std::size_t{header->manifest_size_bytes} + header->records_size_bytes;
  if (layout::k_header_bytes + size > bad.size()) return bad;
  crypto::Hasher hasher(crypto::HashAlgorithm::sha256);
  hasher.update(ByteView(bad).first(layout::k_checked_header_bytes));
  hasher.update(ByteView(bad).subspan(layout::k_header_bytes, size));
  std::ranges::copy(hasher.finish(), bad.begin() + layout::k_checked_header_bytes);
  return bad;
}

TEST_F(BundleTest, P_BUNDLE_001_AFlippedByteWithAMendedDigestIsRefusedOrChangesNothing) {
  const auto path = pack_signed();
  const auto wanted = must(read_all(path, policy()));
  const Bytes good = test::read_file(path);
  const std::size_t front = 4096;
  std::size_t accepted = 0;
  const TrustPolicy trust = policy();
  for (std::size_t i = 0; i < front; ++i) {
    const bool in_digest = i >= layout::k_checked_header_bytes && i < layout::k_header_bytes;
    if (in_digest) continue;  // mended, so nothing is left of the change
    for (const std::byte with : {std::byte{0x01}, std::byte{0x20}}) {
      const auto outcome = read_bytes(flipped_and_mended(good, i, with), trust);
      if (!outcome) continue;
      ++accepted;
      EXPECT_EQ(*outcome, wanted) << "byte " << i;
    }
  }
  EXPECT_LT(accepted,
            16U);  // a handful of bytes of a CMS carry no meaning; more would say that something is not looked at
}

TEST_F(BundleTest, P_BUNDLE_002_EachTruncationIsRefused) {
  const auto path = pack_signed();
  const Bytes good = test::read_file(path);
  for (std::size_t size = 0; size < good.size(); size += size < 200 ? 1 : 509) {
    EXPECT_REASON(read_bytes(to_bytes(ByteView(good).first(size)), policy()), "bundle.truncated") << size;
  }
}

TEST_F(BundleTest, P_BUNDLE_002_TrailingBytesAreRefused) {
  const auto path = pack_signed();
  Bytes longer = test::read_file(path);
  longer.push_back(std::byte{0});
  test::write_file(folder_ / "bad", longer);
  EXPECT_REASON(read_all(folder_ / "bad", policy()), "bundle.trailing-bytes");
}

TEST_F(BundleTest, AForeignFileIsNoBundle) {
  test::write_file(folder_ / "bad", test::sample_bytes(10'000));
  EXPECT_REASON(read_all(folder_ / "bad", policy()), "bundle.not-a-bundle");
  test::write_file(folder_ / "empty", {});
  EXPECT_REASON(read_all(folder_ / "empty", policy()), "bundle.truncated");
}

TEST_F(BundleTest, HeaderBoundsAreKeptBeforeMemoryIsTaken) {
  Bytes header(layout::k_header_bytes);
  std::ranges::copy(as_bytes(layout::k_magic), header.begin());
  put_be16(ByteSpan(header).subspan(8), layout::k_version);
  put_be32(ByteSpan(header).subspan(12), 0xffffffff);
  test::write_file(folder_ / "bad", header);
  EXPECT_REASON(read_all(folder_ / "bad", policy()), "bundle.malformed");
}

TEST_F(BundleTest, P_BUNDLE_004_EachSignatureIsCheckableWithOpensslAlone) {
  const auto path = pack_signed();
  must(sign(path, bob_.signer, bob_.certificate, {}));
  const auto source = must(open_source(path));
  const auto head = must(read_head(*source)).unverified();
  ASSERT_EQ(head.signatures.size(), 2U);
  test::write_file(folder_ / "manifest.json", head.manifest);
  test::write_file(folder_ / "root.pem", as_bytes(vendor_.root().pem()));
  for (const Bytes& cms : head.signatures) {
    test::write_file(folder_ / "signature.p7s", cms);
    const std::vector<std::string> command{"openssl",  "cms",
                                           "-verify",  "-binary",
                                           "-purpose", "any",
                                           "-inform",  "DER",
                                           "-in",      folder_ / "signature.p7s",
                                           "-content", folder_ / "manifest.json",
                                           "-CAfile",  folder_ / "root.pem",
                                           "-out",     "/dev/null",
                                           "-attime",  std::to_string(k_now.seconds_since_epoch)};
    const auto good = must(os::run(command));
    EXPECT_EQ(good.exit_code, 0) << good.err;
    Bytes altered = head.manifest;
    altered[10] ^= std::byte{1};
    test::write_file(folder_ / "manifest.json", altered);
    EXPECT_NE(must(os::run(command)).exit_code, 0);
    test::write_file(folder_ / "manifest.json", head.manifest);
  }
}

TEST_F(BundleTest, P_BUNDLE_004_ASignatureMadeByOpensslCounts) {
  // The maker's other way: a signature by the command line, attached afterwards.
  const auto run = [](const std::vector<std::string>& command) {
    const auto result = must(os::run(command));
    ASSERT_EQ(result.exit_code, 0) << result.err;
  };
  test::write_file(folder_ / "ca.cnf",
                   as_bytes("[ext]\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,codeSigning\n"));
  run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Root",
       "-keyout", folder_ / "root.key", "-out", folder_ / "root.pem", "-days", "3650", "-addext",
       "keyUsage=critical,keyCertSign,cRLSign"});
  run({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=Signer",
       "-keyout", folder_ / "signer.key", "-out", folder_ / "signer.csr"});
  run({"openssl", "x509", "-req", "-in", folder_ / "signer.csr", "-CA", folder_ / "root.pem", "-CAkey",
       folder_ / "root.key", "-CAcreateserial", "-days", "365", "-extfile", folder_ / "ca.cnf", "-extensions", "ext",
       "-out", folder_ / "signer.pem"});
  const auto path = pack_sample();
  test::write_file(folder_ / "manifest.json", must(read_head(*must(open_source(path)))).unverified().manifest);
  run({"openssl", "cms", "-sign", "-binary", "-md", "sha256", "-signer", folder_ / "signer.pem", "-inkey",
       folder_ / "signer.key", "-in", folder_ / "manifest.json", "-outform", "DER", "-nosmimecap", "-out",
       folder_ / "signature.p7s"});
  ASSERT_OK(add_record(path, RecordKind::cms_signature, test::read_file(folder_ / "signature.p7s")));
  const Bytes root = test::read_file(folder_ / "root.pem");
  TrustPolicy trust{.anchors = {must(pki::Certificate::from_pem(as_text(root)))}, .crls = {}, .release_logs = {}};
  const Instant during = trust.anchors[0].not_before().plus_days(1);
  EXPECT_OK(read_all(path, trust, during));
}

TEST_F(BundleTest, SigningKeepsThePayloadAndLeavesNoOtherFile) {
  const auto path = pack_sample();
  const Bytes before = test::read_file(path);
  must(sign(path, alice_.signer, alice_.certificate, {}));
  const Bytes after = test::read_file(path);
  EXPECT_TRUE(std::ranges::equal(ByteView(before).subspan(4096), ByteView(after).last(before.size() - 4096)));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 3);  // rootfs, kernel, bundle
}

TEST_F(BundleTest, WhatAKilledRunLeftBesideTheBundleIsRemoved) {
  test::write_file(folder_ / "bundle.new-4711-0", as_bytes("half a bundle"));
  const auto path = pack_sample();
  EXPECT_FALSE(std::filesystem::exists(folder_ / "bundle.new-4711-0"));
  test::write_file(folder_ / "bundle.new-4711-0", as_bytes("half a bundle"));
  must(sign(path, alice_.signer, alice_.certificate, {}));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "bundle.new-4711-0"));
}

TEST_F(BundleTest, TheSameSignerTwiceIsAConflict) {
  const auto path = pack_signed();
  EXPECT_REASON(sign(path, alice_.signer, alice_.certificate, {}), "bundle.signed-already");
}

TEST_F(BundleTest, ASignatureOverAnotherManifestIsNotAttached) {
  const auto path = pack_sample();
  const Bytes foreign = must(pki::cms_sign(alice_.signer, alice_.certificate, {}, as_bytes("another manifest")));
  EXPECT_REASON(add_record(path, RecordKind::cms_signature, foreign), "pki.cms-bad-signature");
}

}  // namespace
}  // namespace signet::bundle
