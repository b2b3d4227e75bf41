// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: erofs_fuzz)
#include "erofs.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace signet::delta::erofs {

namespace {

// The layout of linux/fs/erofs/erofs_fs.h; integers are little-endian.
constexpr std::uint64_t k_super_at = 1024;
constexpr std::size_t k_super_bytes = 128;
constexpr std::uint64_t k_magic = 0xE0F5E1E2;
constexpr std::uint64_t k_slot_bytes = 32;
constexpr std::size_t k_entry_bytes = 12;
constexpr std::uint64_t k_directory_bytes_max = 16U << 20U;
constexpr std::size_t k_inodes_max = 1U << 20U;
constexpr std::size_t k_path_bytes_max = 4096;
constexpr std::uint64_t k_mode_type = 0170000;
constexpr std::uint64_t k_mode_directory = 0040000;
constexpr std::uint64_t k_mode_file = 0100000;

enum Layout : std::uint64_t { flat_plain = 0, flat_inline = 2 };

std::uint64_t little(ByteView bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8U | std::to_integer<std::uint64_t>(bytes[at + i]);
  return value;
}

struct Inode {
  std::uint64_t mode = 0;
  std::uint64_t size_bytes = 0;
  std::uint64_t block = 0;    ///< where its whole blocks begin, in blocks
  std::uint64_t tail_at = 0;  ///< where an inlined tail stands, in bytes
  bool inlined = false;
  std::int64_t modified = 0;
};

class Walker {
 public:
  Walker(ImageReader& image, ByteView super)
      : image_(image),
        block_bits_(little(super, 12, 1)),
        root_(little(super, 14, 2)),
        built_(static_cast<std::int64_t>(little(super, 24, 8))),
        meta_block_(little(super, 40, 4)) {}

  [[nodiscard]] bool sound() const { return block_bits_ >= 9 && block_bits_ <= 16; }

  std::vector<Extent> walk() {
    struct Open {
      std::uint64_t nid;
      std::string path;
    };
    std::vector<Open> open{{root_, "/"}};
    while (!open.empty() && seen_.size() < k_inodes_max) {
      const Open next = std::move(open.back());
      open.pop_back();
      if (!seen_.insert(next.nid).second) continue;  // a hard link, or a loop
      const auto inode = read_inode(next.nid);
      if (!inode) continue;
      const std::uint64_t type = inode->mode & k_mode_type;
      if (type != k_mode_directory && type != k_mode_file) continue;
      const bool directory = type == k_mode_directory;
      add_extent(*inode, directory && next.path != "/" ? next.path + "/" : next.path);
      if (!directory) continue;
      for (auto& [nid, name] : entries(*inode)) {
        std::string path = next.path == "/" ? "/" + name : next.path + "/" + name;
        if (path.size() <= k_path_bytes_max && open.size() < k_inodes_max) open.push_back({nid, std::move(path)});
      }
    }
    return sorted();
  }

 private:
  [[nodiscard]] std::uint64_t block_bytes() const { return std::uint64_t{1} << block_bits_; }
  [[nodiscard]] std::uint64_t whole_bytes(const Inode& inode) const {
    const std::uint64_t blocks = inode.size_bytes / block_bytes() + (inode.size_bytes % block_bytes() != 0 ? 1 : 0);
    return inode.inlined ? (blocks == 0 ? 0 : blocks - 1) * block_bytes() : inode.size_bytes;
  }
  [[nodiscard]] bool inside(std::uint64_t at, std::uint64_t size) const {
    return at <= image_.size_bytes() && size <= image_.size_bytes() - at;
  }

  std::optional<Inode> read_inode(std::uint64_t nid) {
    if (nid > image_.size_bytes() / k_slot_bytes) return std::nullopt;
    const std::uint64_t at = (meta_block_ << block_bits_) + nid * k_slot_bytes;
    std::array<std::byte, 64> bytes{};
    if (!inside(at, 32) || !image_.read_at(at, ByteSpan(bytes).first(32))) return std::nullopt;
    const std::uint64_t format = little(bytes, 0, 2);
    const bool extended = (format & 1U) != 0;
    if (extended && (!inside(at, 64) || !image_.read_at(at, bytes))) return std::nullopt;
    const std::uint64_t layout = format >> 1U & 7U;
    if (layout != flat_plain && layout != flat_inline) return std::nullopt;
    const std::uint64_t xattrs = little(bytes, 2, 2);
    const std::uint64_t body = (extended ? 64 : 32) + (xattrs == 0 ? 0 : 12 + (xattrs - 1) * 4);
    return Inode{little(bytes, 4, 2),   little(bytes, 8, extended ? 8 : 4),
                 little(bytes, 16, 4),  at + body,
                 layout == flat_inline, extended ? static_cast<std::int64_t>(little(bytes, 32, 8)) : built_};
  }

  void add_extent(const Inode& inode, const std::string& path) {
    const std::uint64_t size = whole_bytes(inode);
    const std::uint64_t at = inode.block << block_bits_;
    if (size != 0 && inside(at, size)) extents_.push_back({path, at, size, inode.modified});
  }

  /// A directory's bytes: its blocks, then its tail.
  std::optional<Bytes> content(const Inode& inode) {
    if (inode.size_bytes > k_directory_bytes_max) return std::nullopt;
    const std::uint64_t whole = whole_bytes(inode);
    const std::uint64_t at = inode.block << block_bits_;
    const std::uint64_t tail = inode.size_bytes - whole;
    if ((whole != 0 && !inside(at, whole)) || (tail != 0 && !inside(inode.tail_at, tail))) return std::nullopt;
    Bytes bytes(static_cast<std::size_t>(inode.size_bytes));
    const ByteSpan all(bytes);
    if (whole != 0 && !image_.read_at(at, all.first(static_cast<std::size_t>(whole)))) return std::nullopt;
    if (tail != 0 && !image_.read_at(inode.tail_at, all.subspan(static_cast<std::size_t>(whole)))) return std::nullopt;
    return bytes;
  }

  std::vector<std::pair<std::uint64_t, std::string>> entries(const Inode& inode) {
    std::vector<std::pair<std::uint64_t, std::string>> found;
    const auto bytes = content(inode);
    if (!bytes) return found;
    const auto step = static_cast<std::size_t>(block_bytes());
    for (std::size_t at = 0; at < bytes->size(); at += step) {
      add_entries(ByteView(*bytes).subspan(at, std::min(step, bytes->size() - at)), found);
    }
    return found;
  }

  /// One block: entries of 12 bytes, then their names, each up to where the next begins.
  static void add_entries(ByteView block, std::vector<std::pair<std::uint64_t, std::string>>& found) {
    if (block.size() < k_entry_bytes) return;
    const std::size_t names = little(block, 8, 2);
    if (names < k_entry_bytes || names > block.size() || names % k_entry_bytes != 0) return;
    const std::size_t count = names / k_entry_bytes;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t from = little(block, i * k_entry_bytes + 8, 2);
      const std::size_t to = i + 1 < count ? little(block, (i + 1) * k_entry_bytes + 8, 2) : block.size();
      if (from < names || from > to || to > block.size()) return;
      std::string_view name = as_text(block.subspan(from, to - from));
      name = name.substr(0, name.find('\0'));
      if (name.empty() || name == "." || name == ".." || name.find('/') != std::string_view::npos) continue;
      found.emplace_back(little(block, i * k_entry_bytes, 8), std::string(name));
    }
  }

  std::vector<Extent> sorted() {
    std::ranges::sort(extents_, [](const Extent& a, const Extent& b) {
      return a.offset != b.offset ? a.offset < b.offset : a.path < b.path;
    });
    std::vector<Extent> apart;
    std::uint64_t end = 0;
    for (Extent& extent : extents_) {
      if (extent.offset < end) continue;
      end = extent.offset + extent.size_bytes;
      apart.push_back(std::move(extent));
    }
    return apart;
  }

  ImageReader& image_;
  std::uint64_t block_bits_;
  std::uint64_t root_;
  std::int64_t built_;  ///< the time of inodes that have none of their own
  std::uint64_t meta_block_;
  std::set<std::uint64_t> seen_;
  std::vector<Extent> extents_;
};

}  // namespace

std::optional<std::vector<Extent>> extents(ImageReader& image) {
  std::array<std::byte, k_super_bytes> super{};
  if (image.size_bytes() < k_super_at + k_super_bytes || !image.read_at(k_super_at, super)) return std::nullopt;
  if (little(super, 0, 4) != k_magic) return std::nullopt;
  Walker walker(image, super);
  if (!walker.sound()) return std::nullopt;
  std::vector<Extent> found = walker.walk();
  if (found.empty()) return std::nullopt;
  return found;
}

}  // namespace signet::delta::erofs
