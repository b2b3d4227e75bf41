// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "segments.hpp"

#include "signet/os/file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace signet::camerad {

namespace {

constexpr std::size_t k_number_digits = 8;
constexpr std::string_view k_time_shape =
    "-dddddddd"
    "Tdddddd"
    "Z";
constexpr std::array<std::string_view, 3> k_extensions{".mp4", ".h264", ".h265"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Whether `text` has the shape's own characters, and digits where it says 'd'.
bool has_shape(std::string_view text, std::string_view shape) {
  return text.size() == shape.size() &&
         std::ranges::equal(text, shape, [](char c, char wanted) { return wanted == 'd' ? is_digit(c) : c == wanted; });
}

}  // namespace

std::string file_name(const SegmentName& name) {
  std::string number = std::to_string(name.number);
  if (number.size() < k_number_digits) number.insert(0, k_number_digits - number.size(), '0');
  std::string began = to_rfc3339(name.began);
  std::erase_if(began, [](char c) { return c == '-' || c == ':'; });
  const std::string extension = name.format == SegmentFormat::mp4 ? "mp4" : std::string(name_of(name.codec));
  return number + "-" + began + "." + extension;
}

std::optional<std::uint64_t> segment_number(std::string_view file_name) {
  const auto* const extension =
      std::ranges::find_if(k_extensions, [&](std::string_view each) { return file_name.ends_with(each); });
  if (extension == k_extensions.end()) return std::nullopt;
  file_name.remove_suffix(extension->size());
  if (file_name.size() < k_number_digits + k_time_shape.size()) return std::nullopt;
  const std::size_t digits = file_name.size() - k_time_shape.size();
  if (!has_shape(file_name.substr(digits), k_time_shape)) return std::nullopt;
  if (!std::ranges::all_of(file_name.substr(0, digits), is_digit)) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(file_name.data(), file_name.data() + digits, number);
  if (failed != std::errc() || end != file_name.data() + digits) return std::nullopt;
  return number;
}

Result<SegmentStore> SegmentStore::open(std::filesystem::path folder) {
  TRY(os::make_folders(folder, 0750));
  SegmentStore store(std::move(folder));
  std::error_code failed;
  std::vector<std::string> leftovers;
  for (std::filesystem::directory_iterator entry(store.folder_, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    const std::string name = entry->path().filename().string();
    // What a killed writer left is called like the segment that it would have become, and more.
    const std::string_view stem = std::string_view(name).substr(0, name.find(".new-"));
    if (stem.size() != name.size() && segment_number(stem)) leftovers.emplace_back(stem);
    const auto number = segment_number(name);
    std::error_code unknown;
    if (!number || !entry->is_regular_file(unknown)) continue;
    const std::uint64_t size = entry->file_size(unknown);
    store.add({.number = *number, .size_bytes = unknown ? 0 : size, .name = name});
  }
  if (failed) return errno_error(failed.value(), "read the folder '" + printable(store.folder_.native()) + "'");
  for (const std::string& name : leftovers) os::remove_leftovers(store.folder_ / name);
  return store;
}

void SegmentStore::add(StoredSegment segment) {
  size_bytes_ += segment.size_bytes;
  next_number_ = std::max(next_number_, segment.number + 1);
  const auto place = std::ranges::upper_bound(stored_, segment.number, {}, &StoredSegment::number);
  stored_.insert(place, std::move(segment));
}

Result<void> SegmentStore::remove_oldest() {
  if (stored_.empty()) return {};
  TRY(os::remove_file(folder_ / stored_.front().name));
  size_bytes_ -= stored_.front().size_bytes;
  stored_.erase(stored_.begin());
  ++removed_;
  return {};
}

Result<void> SegmentStore::make_room(std::uint64_t keep_size_bytes, std::uint64_t coming_size_bytes) {
  while (!stored_.empty() && size_bytes_ + coming_size_bytes > keep_size_bytes) TRY(remove_oldest());
  return {};
}

}  // namespace signet::camerad
