// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: camerad_config_fuzz)
#include "config.hpp"

#include "signet/os/file.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace signet::camerad {

namespace {

constexpr std::uint64_t k_config_bytes_max = 64U << 10U;
constexpr std::uint64_t k_mib_max = std::uint64_t{1} << 40U;
constexpr std::string_view k_hint = "docs/formats/camerad-config.md shows a whole one.";

Error bad(std::string text) { return {Errc::invalid_input, "camerad.config", std::move(text), std::string(k_hint)}; }

struct Bound {
  std::string_view name;
  std::uint64_t minimum;
  std::uint64_t maximum;
};

// One row per number, wherever it comes from.
constexpr Bound k_width{"encoder.width", 64, 8192};
constexpr Bound k_height{"encoder.height", 64, 8192};
constexpr Bound k_rate{"encoder.rate", 1, 240};
constexpr Bound k_gop{"encoder.gop_frames", 1, 600};
constexpr Bound k_bitrate{"encoder.bitrate_kbps", 16, 200'000};
constexpr Bound k_segment{"record.segment_seconds", 1, 86'400};
constexpr Bound k_keep{"record.keep_mib", 1, k_mib_max};
constexpr Bound k_queue{"queue_pictures", 1, 1000};
constexpr Bound k_part{"part_frames", 1, 600};

Result<void> within(const Bound& bound, std::uint64_t value) {
  if (value >= bound.minimum && value <= bound.maximum) return {};
  return bad("'" + std::string(bound.name) + "' must be " + std::to_string(bound.minimum) + " to " +
             std::to_string(bound.maximum));
}

Result<void> read_text(const Json& json, std::string_view name, std::string& out) {
  if (json.find(name) == nullptr) return {};
  TRY_ASSIGN(out, json.string_at(name));
  return {};
}

Result<void> read_number(const Json& json, const Bound& bound, std::uint32_t& out) {
  const std::string_view name = bound.name.substr(bound.name.rfind('.') + 1);
  if (json.find(name) == nullptr) return {};
  TRY_ASSIGN(const std::uint64_t value, json.uint_at(name));
  TRY(within(bound, value));
  out = static_cast<std::uint32_t>(value);
  return {};
}

Result<void> read_encoder(const Json& json, Encoder& encoder) {
  TRY(json.only_members({"codec", "width", "height", "rate", "gop_frames", "bitrate_kbps"}));
  std::string codec(name_of(encoder.codec));
  TRY(read_text(json, "codec", codec));
  if (codec != "h264" && codec != "h265") return bad("'encoder.codec' is h264 or h265");
  encoder.codec = codec == "h264" ? video::Codec::h264 : video::Codec::h265;
  TRY(read_number(json, k_width, encoder.width));
  TRY(read_number(json, k_height, encoder.height));
  TRY(read_number(json, k_rate, encoder.rate));
  TRY(read_number(json, k_gop, encoder.gop_frames));
  return read_number(json, k_bitrate, encoder.bitrate_kbps);
}

Result<void> read_record(const Json& json, const std::filesystem::path& folder, Recording& record) {
  TRY(json.only_members({"folder", "format", "segment_seconds", "keep_mib"}));
  TRY_ASSIGN(const std::string name, json.string_at("folder"));
  if (name.empty()) return bad("'record.folder' names no folder");
  record.folder = folder / name;
  std::string format = "mp4";
  TRY(read_text(json, "format", format));
  if (format != "mp4" && format != "annexb") return bad("'record.format' is mp4 or annexb");
  record.format = format == "mp4" ? SegmentFormat::mp4 : SegmentFormat::annexb;
  TRY(read_number(json, k_segment, record.segment_seconds));
  if (json.find("keep_mib") == nullptr) return {};
  TRY_ASSIGN(const std::uint64_t keep_mib, json.uint_at("keep_mib"));
  TRY(within(k_keep, keep_mib));
  record.keep_size_bytes = keep_mib << 20U;
  return {};
}

Result<void> read_device(const Json& json, video::Device& device) {
  TRY(json.only_members({"manufacturer", "hardware", "firmware", "serial"}));
  TRY(read_text(json, "manufacturer", device.manufacturer));
  TRY(read_text(json, "hardware", device.hardware));
  TRY(read_text(json, "firmware", device.firmware));
  return read_text(json, "serial", device.serial);
}

Result<void> read_rtsp(const Json& json, Config& config) {
  TRY(json.only_members({"listen", "path"}));
  TRY(read_text(json, "listen", config.rtsp_listen));
  return read_text(json, "path", config.rtsp_path);
}

/// Calls `read` with the member, if it is there.
template <typename Read>
Result<void> read_object(const Json& json, std::string_view name, Read read) {
  if (json.find(name) == nullptr) return {};
  TRY_ASSIGN(const Json member, json.object_at(name));
  return read(member);
}

Result<Config> read(ByteView text, const std::filesystem::path& folder) {
  TRY_ASSIGN(const Json json,
             Json::parse(text, {.size_bytes_max = k_config_bytes_max, .depth_max = 5, .values_max = 500}));
  TRY(json.only_members({"source", "encoder", "key", "chain", "format", "part_frames", "sign_parameters", "device",
                         "rtsp", "record", "status", "queue_pictures"}));
  Config config;
  TRY(read_text(json, "source", config.source));
  TRY(read_text(json, "key", config.key));
  std::string format = "onvif";
  TRY(read_text(json, "format", format));
  if (format != "onvif" && format != "axis-v2") return bad("'format' is onvif or axis-v2");
  config.profile = format == "onvif" ? video::Profile::onvif : video::Profile::axis_v2;
  if (json.find("chain") != nullptr) {
    TRY_ASSIGN(const Json::Array files, json.array_at("chain"));
    for (const Json& file : files) {
      TRY_ASSIGN(const std::string name, file.as_string("chain[]"));
      config.chain.push_back(folder / name);
    }
  }
  TRY(read_number(json, k_part, config.part_frames));
  if (const Json* given = json.find("sign_parameters")) TRY(given->as_bool(config.sign_parameters, "sign_parameters"));
  TRY(read_number(json, k_queue, config.queue_pictures_max));
  std::string status;
  TRY(read_text(json, "status", status));
  if (!status.empty()) config.status_socket = folder / status;
  TRY(read_object(json, "encoder", [&](const Json& member) { return read_encoder(member, config.encoder); }));
  TRY(read_object(json, "device", [&](const Json& member) { return read_device(member, config.device); }));
  TRY(read_object(json, "record", [&](const Json& member) { return read_record(member, folder, config.record); }));
  TRY(read_object(json, "rtsp", [&](const Json& member) { return read_rtsp(member, config); }));
  return config;
}

Result<void> check_source(const std::string& source) {
  constexpr std::array<std::string_view, 6> k_schemes{"test:", "rtsp://", "rtspt://", "rtsps://", "file:", "v4l2:/"};
  const auto* const scheme =
      std::ranges::find_if(k_schemes, [&](std::string_view each) { return source.starts_with(each); });
  if (scheme == k_schemes.end() || (*scheme != "test:" && source.size() == scheme->size()) ||
      (*scheme == "test:" && source.size() != scheme->size())) {
    return bad("a source is test:, rtsp://HOST/PATH, file:PATH or v4l2:/dev/video0, not '" +
               printable(without_credentials(source)) + "'");
  }
  if (source.find('\0') != std::string::npos) return bad("the source holds a zero byte");
  return {};
}

/// Only what needs no escaping in a URL.
Result<void> check_rtsp_path(const std::string& path) {
  constexpr std::string_view k_allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
  constexpr std::size_t k_path_chars_max = 200;
  if (path.size() < 2 || path.size() > k_path_chars_max || path.front() != '/' || path.ends_with('/') ||
      path.find_first_not_of(k_allowed) != std::string::npos) {
    return bad("'rtsp.path' is like /video");
  }
  return {};
}

}  // namespace

std::string Endpoint::url_host() const {
  return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

std::optional<std::string> Endpoint::warning() const {
  if (address.starts_with("127.") || address == "::1") return std::nullopt;
  return "RTSP is open to the network on " + url_host() +
         ", without passwords and without encryption; the pictures are signed, not secret";
}

Result<Endpoint> parse_endpoint(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return bad("'rtsp.listen' is ADDRESS:PORT, like 127.0.0.1:8554");
  Endpoint endpoint;
  endpoint.address = text.substr(0, colon);
  const bool is_six = endpoint.address.size() > 2 && endpoint.address.front() == '[' && endpoint.address.back() == ']';
  if (is_six) endpoint.address = endpoint.address.substr(1, endpoint.address.size() - 2);
  std::array<std::byte, sizeof(in6_addr)> parsed{};
  const char* const end = text.data() + text.size();
  const auto [stopped, failed] = std::from_chars(text.data() + colon + 1, end, endpoint.port);
  if (::inet_pton(is_six ? AF_INET6 : AF_INET, endpoint.address.c_str(), parsed.data()) != 1 || failed != std::errc() ||
      stopped != end || endpoint.address.find('\0') != std::string::npos) {
    return bad("'rtsp.listen' is ADDRESS:PORT with an IP address, like 127.0.0.1:8554 or [::1]:8554");
  }
  return endpoint;
}

std::string without_credentials(const std::string& source) {
  const std::size_t scheme = source.find("://");
  if (scheme == std::string::npos) return source;
  const std::size_t host = scheme + 3;
  const std::size_t at = source.substr(0, source.find('/', host)).rfind('@');
  if (at == std::string::npos || at < host) return source;
  return source.substr(0, host) + source.substr(at + 1);
}

Result<void> Config::check() const {
  if (source.empty()) return bad("no source is named");
  TRY(check_source(source));
  if (key.empty()) return bad("no key is named");
  if (profile == video::Profile::onvif && chain.empty()) return bad("ONVIF needs the key's certificate in 'chain'");
  if (rtsp_listen.empty() && record.folder.empty()) return bad("neither 'rtsp' nor 'record' says where pictures go");
  if (!rtsp_listen.empty()) {
    TRY(parse_endpoint(rtsp_listen));
    TRY(check_rtsp_path(rtsp_path));
  }
  TRY(within(k_width, encoder.width));
  TRY(within(k_height, encoder.height));
  if (encoder.width % 2 != 0 || encoder.height % 2 != 0) return bad("width and height are even");
  TRY(within(k_rate, encoder.rate));
  TRY(within(k_gop, encoder.gop_frames));
  TRY(within(k_bitrate, encoder.bitrate_kbps));
  TRY(within(k_segment, record.segment_seconds));
  TRY(within(k_keep, record.keep_size_bytes >> 20U));
  TRY(within(k_queue, queue_pictures_max));
  return within(k_part, part_frames);
}

Result<Config> parse_config(ByteView text, const std::filesystem::path& folder) {
  auto config = read(text, folder);
  if (config) return config;
  return bad(config.error().message());
}

Result<Config> Config::load(const std::filesystem::path& path) {
  TRY_ASSIGN(const Bytes text, os::read_file(path, k_config_bytes_max));
  return parse_config(text, std::filesystem::absolute(path).parent_path())
      .context("read the configuration '" + printable(path.string()) + "'");
}

}  // namespace signet::camerad
