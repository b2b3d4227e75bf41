// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/bundle.hpp"
#include "signet/delta.hpp"
#include "signet/delta_patch.hpp"

#include <cstdint>
#include <memory>
#include <string>

/// Images that a bundle carries in parts, so that a device fetches only what it lacks. An image of role R is packed
/// either as itself, or as two images "R.index" and "R.store", or, in a bundle that patches one older release, as
/// "R.patch" and "R.patch-data". The first of the two is small and read whole, the second by ranges.
namespace signet::bundle {

/// How a manifest carries the image of a role.
enum class Encoding : std::uint8_t { absent, whole, chunks, patch };
/// What the manifest has of this role; a role in two encodings is "absent": nobody packs so.
[[nodiscard]] Encoding encoding_of(const Manifest& manifest, const std::string& role);

/// Where an image stands in the file of a bundle: its chunk table, then, padded, itself.
struct Place {
  std::uint64_t table_at = 0;
  std::uint64_t table_bytes = 0;
  std::uint64_t image_at = 0;
  std::uint64_t image_bytes = 0;
};
/// For readers of ranges. Reason: "bundle.no-such-image".
Result<Place> place_of(const VerifiedBundle& bundle, const std::string& role);

/// Reads an image of at most `size_bytes_max` by one range of the bundle's file, and compares it with what was signed.
/// Reasons: "bundle.no-such-image", "bundle.payload-altered", "bundle.truncated", "bundle.image-size".
Result<Bytes> read_small_image(const VerifiedBundle& bundle, const std::string& role, delta::RangeSource& file,
                               std::size_t size_bytes_max);
/// The index of a role that is packed as chunks, authenticated, then parsed.
Result<delta::Index> read_index(const VerifiedBundle& bundle, const std::string& role, delta::RangeSource& file);
/// The head of a role's patch, the same way.
Result<delta::Patch> read_patch(const VerifiedBundle& bundle, const std::string& role, delta::RangeSource& file);
/// The store ("R.store") or patch data ("R.patch-data") of a role as ranges that count from 0. Their bytes are checked
/// by delta::apply and apply_patch.
Result<std::unique_ptr<delta::RangeSource>> store_of(const VerifiedBundle& bundle, const std::string& role,
                                                     delta::RangeSource& file);

/// The index of a bundle that nobody has verified, for the maker's own use: it may only decide how a store is arranged.
Result<delta::Index> peek_index(const Untrusted<Head>& head, const Manifest& manifest, const std::string& role,
                                delta::RangeSource& file);
/// Makes the two images of a role in `folder` (files "R.index" and "R.store"), to be handed to pack().
Result<std::vector<ImageFile>> chunk_image(const ImageFile& image, const std::filesystem::path& folder,
                                           const delta::MakeOptions& options = {}, const Progress& progress = {});
/// The same for a patch: files "R.patch" and "R.patch-data".
Result<std::vector<ImageFile>> patch_image(const std::string& role, const std::filesystem::path& old_image,
                                           const std::filesystem::path& new_image, const std::filesystem::path& folder,
                                           const Progress& progress = {});

}  // namespace signet::bundle
