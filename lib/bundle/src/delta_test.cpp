// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/bundle_delta.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"
#include "signet/test/vendor.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace signet::bundle {
namespace {

using test::k_now;
using test::must;

class MemoryWriter : public delta::ImageWriter {
 public:
  Result<void> write_at(std::uint64_t offset, ByteView piece) override {
    if (bytes.size() < offset + piece.size()) bytes.resize(static_cast<std::size_t>(offset) + piece.size());
    std::ranges::copy(piece, bytes.begin() + static_cast<std::ptrdiff_t>(offset));
    return {};
  }
  Bytes bytes;
};

class DeltaTest : public ::testing::Test {
 protected:
  DeltaTest() {
    old_bytes_ = test::sample_bytes(700'000);
    new_bytes_ = old_bytes_;
    new_bytes_.insert(new_bytes_.begin() + 300'000, std::byte{1});
    test::write_file(folder_ / "old", old_bytes_);
    test::write_file(folder_ / "new", new_bytes_);
  }

  VerifiedBundle release(const std::vector<ImageFile>& images) {
    must(pack(test::sample_manifest(), images, path_));
    const auto alice = vendor_.issue("Alice");
    must(sign(path_, alice.signer, alice.certificate, {}));
    const TrustPolicy policy{.anchors = {vendor_.root()}, .crls = {}, .release_logs = {}};
    return must(verify(must(read_head(*must(open_source(path_)))), policy, k_now));
  }

  test::TempDir folder_;
  std::filesystem::path path_ = folder_ / "bundle";
  test::Vendor vendor_;
  Bytes old_bytes_;
  Bytes new_bytes_;
};

TEST_F(DeltaTest, P_BUNDLE_020_ChunksMakeTheImageThroughTheBundle) {
  const VerifiedBundle verified = release(must(chunk_image({"rootfs", folder_ / "new"}, folder_.path())));
  EXPECT_EQ(encoding_of(verified.manifest(), "rootfs"), Encoding::chunks);
  EXPECT_OK(check_images(
      verified, *[this] {
        auto source = must(open_source(path_));
        must(read_head(*source));
        return source;
      }()));
  const auto reader = must(delta::open_image(path_));
  const auto file = delta::ranges_of(*reader);
  const auto index = must(read_index(verified, "rootfs", *file));
  const auto old = must(delta::open_image(folder_ / "old"));
  const auto plan = delta::plan(index, must(delta::Inventory::scan(*old)));
  EXPECT_LT(plan.fetched_bytes, new_bytes_.size());
  const auto store = must(store_of(verified, "rootfs", *file));
  MemoryWriter out;
  ASSERT_OK(delta::apply(plan, old.get(), *store, out));
  EXPECT_EQ(out.bytes, new_bytes_);
}

TEST_F(DeltaTest, P_BUNDLE_020_APatchMakesTheImageThroughTheBundle) {
  const VerifiedBundle verified =
      release(must(patch_image("rootfs", folder_ / "old", folder_ / "new", folder_.path())));
  EXPECT_EQ(encoding_of(verified.manifest(), "rootfs"), Encoding::patch);
  const auto reader = must(delta::open_image(path_));
  const auto file = delta::ranges_of(*reader);
  const auto patch = must(read_patch(verified, "rootfs", *file));
  const auto old = must(delta::open_image(folder_ / "old"));
  const auto data = must(store_of(verified, "rootfs", *file));
  MemoryWriter out;
  ASSERT_OK(delta::apply_patch(patch, *old, *data, out));
  EXPECT_EQ(out.bytes, new_bytes_);
}

TEST_F(DeltaTest, P_BUNDLE_020_AChangedIndexIsRefusedBeforeItIsParsed) {
  const VerifiedBundle verified = release(must(chunk_image({"rootfs", folder_ / "new"}, folder_.path())));
  const Place place = must(place_of(verified, "rootfs.index"));
  for (const std::uint64_t at : {place.table_at, place.image_at, place.image_at + place.image_bytes - 1}) {
    Bytes content = must(os::read_file(path_, 1U << 24U));
    content[static_cast<std::size_t>(at)] ^= std::byte{1};
    test::write_file(folder_ / "spoiled", content);
    const auto reader = must(delta::open_image(folder_ / "spoiled"));
    EXPECT_REASON(read_index(verified, "rootfs", *delta::ranges_of(*reader)), "bundle.payload-altered");
  }
  const auto cut_off = must(delta::open_image(folder_ / "old"));
  EXPECT_FALSE(read_index(verified, "rootfs", *delta::ranges_of(*cut_off)).has_value());
  EXPECT_REASON(read_index(verified, "kernel", *delta::ranges_of(*cut_off)), "bundle.no-such-image");
}

TEST_F(DeltaTest, P_BUNDLE_020_ARoleInTwoEncodingsIsNone) {
  Manifest manifest = test::sample_manifest();
  for (const char* role : {"rootfs.index", "rootfs.store"}) manifest.images.push_back({role, 1, Bytes(32)});
  EXPECT_EQ(encoding_of(manifest, "rootfs"), Encoding::chunks);
  EXPECT_EQ(encoding_of(manifest, "kernel"), Encoding::absent);
  manifest.images.push_back({"rootfs", 1, Bytes(32)});
  EXPECT_EQ(encoding_of(manifest, "rootfs"), Encoding::absent);
  manifest.images = {{"rootfs.index", 1, Bytes(32)}};
  EXPECT_EQ(encoding_of(manifest, "rootfs"), Encoding::absent);
}

}  // namespace
}  // namespace signet::bundle
