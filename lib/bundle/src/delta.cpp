// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/bundle_delta.hpp"
#include "signet/os/file.hpp"

#include "layout.hpp"

#include <algorithm>

namespace signet::bundle {

namespace {

bool has(const Manifest& manifest, const std::string& role) {
  return std::ranges::find(manifest.images, role, &Image::role) != manifest.images.end();
}

Error altered(const std::string& role) {
  return {Errc::untrusted, "bundle.payload-altered", "image '" + role + "' is not what the maker signed",
          "The file was changed or damaged; get it again from the maker."};
}

Result<void> read_range(delta::RangeSource& file, delta::Range range, ByteSpan out) {
  TRY(file.begin(range));
  while (!out.empty()) {
    TRY_ASSIGN(const std::size_t count, file.read(out));
    if (count == 0 || count > out.size()) {
      return Error(Errc::invalid_input, "bundle.truncated", "the bundle ends too early",
                   "It was cut off, perhaps during a download; get it again.");
    }
    out = out.subspan(count);
  }
  return {};
}

/// Ranges of one image, which stands somewhere in the file.
class PartOfFile : public delta::RangeSource {
 public:
  PartOfFile(delta::RangeSource& file, Place place) : file_(file), place_(place) {}
  Result<void> begin(delta::Range range) override {
    if (range.offset > place_.image_bytes || range.size_bytes > place_.image_bytes - range.offset) {
      return Error(Errc::invalid_input, "bundle.truncated", "a range lies beyond the image",
                   "The index belongs to another release; get the bundle again.");
    }
    return file_.begin({place_.image_at + range.offset, range.size_bytes});
  }
  Result<std::size_t> read(ByteSpan out) override { return file_.read(out); }

 private:
  delta::RangeSource& file_;
  Place place_;
};

/// A file that is written by offset.
class FileWriter : public delta::ImageWriter {
 public:
  explicit FileWriter(os::Fd fd) : fd_(std::move(fd)) {}
  Result<void> write_at(std::uint64_t offset, ByteView bytes) override { return os::write_all_at(fd_, offset, bytes); }

 private:
  os::Fd fd_;
};

Result<Place> place_in(const Manifest& manifest, std::uint64_t at, const std::string& role) {
  for (const Image& image : manifest.images) {
    const std::uint64_t table = layout::chunk_count(image.size_bytes) * layout::k_digest_bytes;
    if (image.role == role) return Place{at, table, at + layout::padded(table), image.size_bytes};
    at += layout::image_span_bytes(image.size_bytes);
  }
  return Error(Errc::not_found, "bundle.no-such-image", "the bundle has no image '" + printable(role) + "'",
               "'signet firmware inspect' lists what it has.");
}

Result<Bytes> read_checked(const Manifest& manifest, const Place& place, const std::string& role,
                           delta::RangeSource& file, std::size_t size_bytes_max) {
  if (place.image_bytes > size_bytes_max) {
    return Error(Errc::invalid_input, "bundle.image-size",
                 "image '" + role + "' is larger than what is read into memory",
                 "It was packed by a faulty tool; pack it again.");
  }
  Bytes all(static_cast<std::size_t>(place.image_at + place.image_bytes - place.table_at));
  TRY(read_range(file, {place.table_at, all.size()}, all));
  const ByteView table = ByteView(all).first(static_cast<std::size_t>(place.table_bytes));
  const ByteView image = ByteView(all).subspan(static_cast<std::size_t>(place.image_at - place.table_at));
  const auto named = std::ranges::find(manifest.images, role, &Image::role);
  if (crypto::digest(crypto::HashAlgorithm::sha256, table) != named->chunks_sha256) return altered(role);
  for (std::size_t at = 0; at < image.size(); at += k_chunk_size_bytes) {
    const ByteView chunk = image.subspan(at, std::min<std::size_t>(k_chunk_size_bytes, image.size() - at));
    const ByteView wanted = table.subspan(at / k_chunk_size_bytes * layout::k_digest_bytes, layout::k_digest_bytes);
    if (!equal(layout::chunk_digest(chunk), wanted)) return altered(role);
  }
  return to_bytes(image);
}

}  // namespace

Encoding encoding_of(const Manifest& manifest, const std::string& role) {
  const bool whole = has(manifest, role);
  const bool chunks = has(manifest, role + ".index") && has(manifest, role + ".store");
  const bool patch = has(manifest, role + ".patch") && has(manifest, role + ".patch-data");
  if (int{whole} + int{chunks} + int{patch} != 1) return Encoding::absent;
  if (whole) return Encoding::whole;
  return chunks ? Encoding::chunks : Encoding::patch;
}

Result<Place> place_of(const VerifiedBundle& bundle, const std::string& role) {
  std::uint64_t at = bundle.file_size_bytes();
  for (const Image& image : bundle.manifest().images) at -= layout::image_span_bytes(image.size_bytes);
  return place_in(bundle.manifest(), at, role);
}

Result<Bytes> read_small_image(const VerifiedBundle& bundle, const std::string& role, delta::RangeSource& file,
                               std::size_t size_bytes_max) {
  TRY_ASSIGN(const Place place, place_of(bundle, role));
  return read_checked(bundle.manifest(), place, role, file, size_bytes_max);
}

Result<delta::Index> read_index(const VerifiedBundle& bundle, const std::string& role, delta::RangeSource& file) {
  TRY_ASSIGN(const Bytes bytes, read_small_image(bundle, role + ".index", file, delta::k_index_size_bytes_max));
  return delta::Index::parse(bytes);
}

Result<delta::Index> peek_index(const Untrusted<Head>& head, const Manifest& manifest, const std::string& role,
                                delta::RangeSource& file) {
  TRY_ASSIGN(const Place place, place_in(manifest, head.unverified().size_bytes, role + ".index"));
  TRY_ASSIGN(const Bytes bytes, read_checked(manifest, place, role + ".index", file, delta::k_index_size_bytes_max));
  return delta::Index::parse(bytes);
}

Result<delta::Patch> read_patch(const VerifiedBundle& bundle, const std::string& role, delta::RangeSource& file) {
  TRY_ASSIGN(const Bytes bytes, read_small_image(bundle, role + ".patch", file, delta::k_patch_head_bytes_max));
  return delta::Patch::parse(bytes);
}

Result<std::unique_ptr<delta::RangeSource>> store_of(const VerifiedBundle& bundle, const std::string& role,
                                                     delta::RangeSource& file) {
  const bool patch = encoding_of(bundle.manifest(), role) == Encoding::patch;
  TRY_ASSIGN(const Place place, place_of(bundle, role + (patch ? ".patch-data" : ".store")));
  return std::unique_ptr<delta::RangeSource>(std::make_unique<PartOfFile>(file, place));
}

Result<std::vector<ImageFile>> chunk_image(const ImageFile& image, const std::filesystem::path& folder,
                                           const delta::MakeOptions& options, const Progress& progress) {
  const std::vector<ImageFile> files{{image.role + ".index", folder / (image.role + ".index")},
                                     {image.role + ".store", folder / (image.role + ".store")}};
  TRY_ASSIGN(const std::unique_ptr<delta::ImageReader> reader, delta::open_image(image.path));
  TRY_ASSIGN(os::Fd fd, os::create_new(files[1].path));
  FileWriter store(std::move(fd));
  TRY_ASSIGN(const delta::Index index, delta::make_index(*reader, store, options, progress));
  TRY(os::write_new_file(files[0].path, index.encode()));
  return files;
}

Result<std::vector<ImageFile>> patch_image(const std::string& role, const std::filesystem::path& old_image,
                                           const std::filesystem::path& new_image, const std::filesystem::path& folder,
                                           const Progress& progress) {
  const std::vector<ImageFile> files{{role + ".patch", folder / (role + ".patch")},
                                     {role + ".patch-data", folder / (role + ".patch-data")}};
  TRY_ASSIGN(const std::unique_ptr<delta::ImageReader> old, delta::open_image(old_image));
  TRY_ASSIGN(const std::unique_ptr<delta::ImageReader> fresh, delta::open_image(new_image));
  TRY_ASSIGN(os::Fd fd, os::create_new(files[1].path));
  FileWriter data(std::move(fd));
  TRY_ASSIGN(const delta::Patch patch, delta::make_patch(*old, *fresh, data, delta::k_patch_level, progress));
  TRY(os::write_new_file(files[0].path, patch.encode()));
  return files;
}

}  // namespace signet::bundle
