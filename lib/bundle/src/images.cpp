// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "layout.hpp"
#include "stream.hpp"

#include <algorithm>

namespace signet::bundle {

namespace {

/// One image on its way from the source to the sink.
class ImageReader {
 public:
  ImageReader(const Image& image, Source& source, ImageSink& sink) : image_(image), source_(source), sink_(sink) {}

  /// Reads table and image; calls `advanced` with the number of bytes that each step took.
  template <typename Advanced>
  Result<void> run(Advanced advanced) {
    TRY(read_table());
    advanced(layout::padded(table_.size()));
    TRY(sink_.begin(image_));
    Bytes chunk(static_cast<std::size_t>(std::min(image_.size_bytes, k_chunk_size_bytes)));
    for (std::uint64_t offset = 0; offset < image_.size_bytes; offset += k_chunk_size_bytes) {
      const ByteSpan part =
          ByteSpan(chunk).first(static_cast<std::size_t>(std::min(k_chunk_size_bytes, image_.size_bytes - offset)));
      TRY(read_exact(source_, part));
      TRY(check(offset, part));
      TRY(sink_.write(offset, part));
      advanced(part.size());
    }
    TRY(skip_padding(image_.size_bytes));
    advanced(layout::padding_after(image_.size_bytes));
    return sink_.end(image_);
  }

 private:
  Error altered(const std::string& what) const {
    return {Errc::untrusted, "bundle.payload-altered",
            what + " of image '" + image_.role + "' is not what the maker signed",
            "The file was changed or damaged; get it again from the maker."};
  }

  /// The table is as large as 1/32768 of the image: 128 KiB for 4 GiB. It is read in pieces, so that a length alone
  /// costs no memory.
  Result<void> read_table() {
    const std::uint64_t size = layout::chunk_count(image_.size_bytes) * layout::k_digest_bytes;
    constexpr std::size_t k_piece_bytes = 1U << 16U;
    while (table_.size() < size) {
      const std::size_t before = table_.size();
      table_.resize(before + static_cast<std::size_t>(std::min<std::uint64_t>(size - before, k_piece_bytes)));
      TRY(read_exact(source_, ByteSpan(table_).subspan(before)));
    }
    if (crypto::digest(crypto::HashAlgorithm::sha256, table_) != image_.chunks_sha256)
      return altered("the chunk table");
    return skip_padding(table_.size());
  }

  [[nodiscard]] Result<void> check(std::uint64_t offset, ByteView chunk) const {
    const std::uint64_t index = offset / k_chunk_size_bytes;
    const ByteView wanted =
        ByteView(table_).subspan(static_cast<std::size_t>(index) * layout::k_digest_bytes, layout::k_digest_bytes);
    if (equal(layout::chunk_digest(chunk), wanted)) return {};
    return altered("chunk " + std::to_string(index));
  }

  Result<void> skip_padding(std::uint64_t after) {
    Bytes padding(layout::padding_after(after));
    TRY(read_exact(source_, padding));
    if (layout::all_zero(padding)) return {};
    return altered("the padding");
  }

  const Image& image_;
  Source& source_;
  ImageSink& sink_;
  Bytes table_;
};

class NullSink : public ImageSink {
 public:
  Result<void> begin(const Image&) override { return {}; }
  Result<void> write(std::uint64_t, ByteView) override { return {}; }
  Result<void> end(const Image&) override { return {}; }
};

Error trailing_bytes() {
  return {Errc::invalid_input, "bundle.trailing-bytes", "bytes follow the end of the bundle",
          "The file was changed; get it again."};
}

}  // namespace

Result<void> stream_images(const VerifiedBundle& bundle, Source& source, ImageSink& sink, const Progress& progress) {
  std::uint64_t total = 0;
  for (const Image& image : bundle.manifest().images) total += layout::image_span_bytes(image.size_bytes);
  // Where the size is known beforehand, what is too short or too long is refused before a byte of it is used.
  if (const auto size = source.size_bytes()) {
    if (*size < bundle.file_size_bytes()) {
      return Error(Errc::invalid_input, "bundle.truncated",
                   "the bundle has " + std::to_string(*size) + " of the " + std::to_string(bundle.file_size_bytes()) +
                       " bytes that its manifest demands",
                   "It was cut off, perhaps during a download; get it again.");
    }
    if (*size > bundle.file_size_bytes()) return trailing_bytes();
  }
  std::uint64_t done = 0;
  const auto advanced = [&](std::uint64_t bytes) {
    done += bytes;
    if (progress) progress(done, total);
  };
  for (const Image& image : bundle.manifest().images) TRY(ImageReader(image, source, sink).run(advanced));
  Bytes one_more(1);
  TRY_ASSIGN(const std::size_t count, source.read(one_more));
  if (count != 0) return trailing_bytes();
  return {};
}

Result<void> check_images(const VerifiedBundle& bundle, Source& source, const Progress& progress) {
  NullSink sink;
  return stream_images(bundle, source, sink, progress);
}

}  // namespace signet::bundle
