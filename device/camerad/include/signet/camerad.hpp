// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "signet/core/error.hpp"
#include "signet/core/json.hpp"
#include "signet/core/result.hpp"
#include "signet/video.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

/// signet-camerad: signs a live picture with the device's video key, serves it over RTSP and writes it in segments.
namespace signet::camerad {

/// How a source that is not yet encoded becomes a stream.
struct Encoder {
  video::Codec codec = video::Codec::h264;  ///< or h265
  std::uint32_t width = 1280;               ///< of the test pattern; other sources keep their size
  std::uint32_t height = 720;
  std::uint32_t rate = 25;        ///< pictures a second
  std::uint32_t gop_frames = 25;  ///< one I picture in so many
  std::uint32_t bitrate_kbps = 2000;
};

/// What a segment is wrapped in.
enum class SegmentFormat : std::uint8_t {
  mp4,     ///< fragmented MP4
  annexb,  ///< the bare stream (H.264, H.265 annex B)
};

/// What is written, and how much of it stays.
struct Recording {
  std::filesystem::path folder = {};  ///< empty: nothing is written
  SegmentFormat format = SegmentFormat::mp4;
  std::uint32_t segment_seconds = 60;                       ///< cut at the first I picture after so long
  std::uint64_t keep_size_bytes = std::uint64_t{4} << 30U;  ///< of all segments, the one being written included
};

/// How a service is run: a JSON file (docs/formats/camerad-config.md), or options.
struct Config {
  /// "test:", "rtsp://HOST/PATH" (rtsps, rtspt), "file:PATH", "v4l2:/dev/video0".
  std::string source = {};
  Encoder encoder = {};
  std::string key = {};                            ///< URI, as keystore::open_signer takes it
  std::vector<std::filesystem::path> chain = {};   ///< the key's certificate, then those between it and the root
  video::Profile profile = video::Profile::onvif;  ///< or axis_v2
  std::uint32_t part_frames = 150;                 ///< longer GOPs are signed in parts
  bool sign_parameters = false;                    ///< the decoder's parameters as well
  video::Device device = {};                       ///< as signed account
  std::string rtsp_listen = "127.0.0.1:8554";      ///< ADDRESS:PORT; port 0 is any; empty: no RTSP
  std::string rtsp_path = "/video";
  Recording record = {};
  std::filesystem::path status_socket = {};  ///< answers any message with the status; empty: none
  std::uint32_t queue_pictures_max = 50;     ///< that may wait for the signature; more are dropped, see Service
  std::function<void(LogLevel, const std::string&)> log = {};  ///< one line per event, never with a secret

  /// "camerad.config" (invalid_input) names the member that is wrong. Relative paths are below the file's folder.
  static Result<Config> load(const std::filesystem::path& path);
  /// What load() checks, for a configuration that was changed or made from options.
  [[nodiscard]] Result<void> check() const;
};

/// A source as it may stand in logs: without user and password.
[[nodiscard]] std::string without_credentials(const std::string& source);

/// From a source to signed pictures. They leave in the order in which they came, each as soon as what stands before it
/// is signed; nothing leaves unsigned. When signing cannot keep up, at most `queue_pictures_max` pictures wait; what
/// comes then is dropped up to the next I picture, before it is signed, and counted. When source or key fail, the
/// stream ends with its last GOP signed as far as the key allows, and after a pause a new one begins, signed anew.
class Service {
 public:
  /// Opens the key once, to refuse a wrong one at the start; RTSP and the folder of segments are opened as well.
  /// "camerad.config" (invalid_input), "camerad.rtsp" (unavailable: the port is taken), "camerad.plugin" (unavailable:
  /// a part of GStreamer is missing), "os.locked" (conflict: another one writes there), "pki.key-mismatch".
  static Result<std::unique_ptr<Service>> open(Config config);
  ~Service();

  /// Runs until `stop`, or until a file is over. `ready` hears the RTSP port (0: none).
  Result<void> serve(const std::stop_token& stop, const std::function<void(std::uint16_t)>& ready);

  /// docs/formats/camerad-status.md; safe to call from any thread.
  [[nodiscard]] Json status() const;

 private:
  struct State;
  explicit Service(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What a running service says of itself; "os.not-found" and its siblings if none answers there.
Result<Json> ask_status(const std::filesystem::path& socket);

}  // namespace signet::camerad
