// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"

#include "layout.hpp"
#include "stream.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace signet::bundle {

namespace {

/// Writes where it is told and leaves holes where there is nothing but zeros, so that sparse images stay sparse.
class SparseWriter {
 public:
  explicit SparseWriter(const os::Fd& fd) : fd_(fd) {}

  Result<void> write_at(std::uint64_t offset, ByteView piece) {
    if (layout::all_zero(piece)) return {};
    return os::write_all_at(fd_, offset, piece);
  }
  /// Gives the file its size; a hole at the very end is part of it.
  Result<void> finish(std::uint64_t size_bytes) {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size_bytes)) != 0)
      return errno_error(errno, "set the size of a file");
    return {};
  }

 private:
  const os::Fd& fd_;
};

struct OpenImage {
  std::string role;
  os::Fd fd;
  std::uint64_t size_bytes = 0;
};

Result<OpenImage> open_image(const ImageFile& file) {
  TRY_ASSIGN(os::Fd fd, os::open_read(file.path));
  auto size = os::size_of(fd);
  if (!size)
    return std::move(size).error().with_context("image '" + file.role + "' from '" + printable(file.path.native()) +
                                                "'");
  if (*size > k_image_size_bytes_max) {
    return Error(Errc::invalid_input, "bundle.image-size",
                 "image '" + file.role + "' is larger than a bundle can hold");
  }
  return OpenImage{file.role, std::move(fd), *size};
}

/// Copies one image to its place and returns its chunk table: read once, hashed once, written once.
Result<Bytes> write_image(SparseWriter& writer, const OpenImage& image, std::uint64_t offset,
                          const std::function<void(std::uint64_t)>& advanced) {
  Bytes table;
  const std::uint64_t start = offset + layout::padded(layout::chunk_count(image.size_bytes) * layout::k_digest_bytes);
  Bytes buffer(static_cast<std::size_t>(std::min(image.size_bytes, k_chunk_size_bytes)));
  for (std::uint64_t at = 0; at < image.size_bytes; at += k_chunk_size_bytes) {
    const ByteSpan chunk =
        ByteSpan(buffer).first(static_cast<std::size_t>(std::min(k_chunk_size_bytes, image.size_bytes - at)));
    TRY(os::read_exact_at(image.fd, at, chunk));
    append(table, layout::chunk_digest(chunk));
    TRY(writer.write_at(start + at, chunk));
    advanced(chunk.size());
  }
  for (std::size_t at = 0; at < table.size(); at += k_chunk_size_bytes) {
    TRY(writer.write_at(offset + at,
                        ByteView(table).subspan(at, std::min<std::size_t>(k_chunk_size_bytes, table.size() - at))));
  }
  return table;
}

/// Copies the rest of one file to offset `to`, holes as holes; returns the new size.
Result<std::uint64_t> copy_rest(const os::Fd& from, std::uint64_t offset, SparseWriter& writer, std::uint64_t to,
                                const Progress& progress) {
  TRY_ASSIGN(const std::uint64_t size, os::size_of(from));
  const std::uint64_t new_size = to + (size - offset);
  Bytes buffer(k_chunk_size_bytes);
  while (offset < size) {
    const off_t data = ::lseek(from.get(), static_cast<off_t>(offset), SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;  // nothing but a hole up to the end
    if (data >= 0 && static_cast<std::uint64_t>(data) > offset) {
      to += static_cast<std::uint64_t>(data) - offset;
      offset = static_cast<std::uint64_t>(data);
    }
    const ByteSpan piece =
        ByteSpan(buffer).first(static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size - offset)));
    TRY(os::read_exact_at(from, offset, piece));
    TRY(writer.write_at(to, piece));
    offset += piece.size();
    to += piece.size();
    if (progress) progress(offset, size);
  }
  return new_size;
}

}  // namespace

Result<Manifest> pack(Manifest manifest, const std::vector<ImageFile>& images, const std::filesystem::path& out,
                      const Progress& progress) {
  std::vector<OpenImage> opened;
  std::uint64_t total = 0;
  manifest.images.clear();
  for (const ImageFile& file : images) {
    TRY_ASSIGN(OpenImage image, open_image(file));
    total += image.size_bytes;
    manifest.images.push_back({image.role, image.size_bytes, Bytes(layout::k_digest_bytes)});
    opened.push_back(std::move(image));
  }
  TRY(Manifest::parse(manifest.encode()));  // what we write, every reader must accept
  std::uint64_t done = 0;
  const std::function<void(std::uint64_t)> advanced = [&](std::uint64_t bytes) {
    done += bytes;
    if (progress) progress(done, total);
  };
  os::remove_leftovers(out);
  TRY_ASSIGN(os::PendingFile file, os::PendingFile::create(out));
  SparseWriter writer(file.fd());
  // A digest has the same length whatever it is, so the front's size is known before the images are hashed.
  const std::uint64_t front_size = layout::encode_head(manifest.encode(), {}).size();
  std::uint64_t offset = front_size;
  for (std::size_t i = 0; i < opened.size(); ++i) {
    TRY_ASSIGN(const Bytes table, write_image(writer, opened[i], offset, advanced));
    manifest.images[i].chunks_sha256 = crypto::digest(crypto::HashAlgorithm::sha256, table);
    offset += layout::image_span_bytes(opened[i].size_bytes);
  }
  const Bytes front = layout::encode_head(manifest.encode(), {});
  ensure(front.size() == front_size, "a manifest keeps its size when its digests are filled in");
  TRY(os::write_all_at(file.fd(), 0, front));
  TRY(writer.finish(offset));
  TRY(file.commit());
  return manifest;
}

Result<void> add_record(const std::filesystem::path& bundle, RecordKind kind, ByteView record,
                        const Progress& progress) {
  TRY_ASSIGN(const std::unique_ptr<Source> source, open_source(bundle));
  TRY_ASSIGN(RawHead head, read_raw_head(*source));
  TRY(check_record(head, kind, record));
  head.records.emplace_back(kind, to_bytes(record));
  std::size_t records_size = 0;
  for (const auto& [ignored, body] : head.records) records_size += layout::k_record_header_bytes + body.size();
  if (head.records.size() > k_records_max || records_size > k_records_size_bytes_max) {
    return Error(Errc::exhausted, "bundle.records-full", "the bundle has no room for another signature or proof");
  }
  TRY_ASSIGN(const os::Fd from, os::open_read(bundle));
  os::remove_leftovers(bundle);
  TRY_ASSIGN(os::PendingFile file, os::PendingFile::create(bundle));
  SparseWriter writer(file.fd());
  const Bytes front = layout::encode_head(head.manifest, head.records);
  TRY(os::write_all_at(file.fd(), 0, front));
  TRY_ASSIGN(const std::uint64_t size, copy_rest(from, head.size_bytes, writer, front.size(), progress));
  TRY(writer.finish(size));
  return file.commit();
}

}  // namespace signet::bundle
