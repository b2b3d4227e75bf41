// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/keystore.hpp"
#include "signet/os/clock.hpp"
#include "signet/os/fd.hpp"
#include "signet/os/file.hpp"
#include "signet/video_signer.hpp"

#include "firmware/firmware_common.hpp"
#include "video/elementary.hpp"
#include "video/open_recording.hpp"
#include "video/pipe_units.hpp"
#include "video/unit_queue.hpp"
#include "video/video_commands.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

namespace signet::cli::video_cli {

namespace {

Result<video::SignOptions> options_of(const Invocation& call, video::Codec codec) {
  video::SignOptions options;
  options.codec = codec;
  const std::string format = call.get("--format");
  const bool is_axis = format == "axis-v2" || (format.empty() && codec == video::Codec::av1);
  options.profile = is_axis ? video::Profile::axis_v2 : video::Profile::onvif;
  for (const auto hash :
       {crypto::HashAlgorithm::sha256, crypto::HashAlgorithm::sha384, crypto::HashAlgorithm::sha512}) {
    if (call.get("--hash") == name_of(hash)) options.hash = hash;
  }
  options.hash_list = !call.has("--low-bitrate");
  TRY_ASSIGN(const std::uint64_t part, call.get_uint("--part-frames", 1, 600));
  TRY_ASSIGN(const std::uint64_t every, call.get_uint("--sign-every", 1, 60));
  options.partial_gop_frames_max = static_cast<std::uint32_t>(part);
  options.sign_every = static_cast<std::uint32_t>(every);
  if (call.has("--list-entries")) {
    TRY_ASSIGN(const std::uint64_t entries, call.get_uint("--list-entries", 8, 900));
    options.hash_list_entries_max = static_cast<std::uint32_t>(entries);
  }
  options.certificate_sei = call.has("--certificate-sei");
  options.parameter_sets = call.has("--sign-parameters");
  TRY_ASSIGN(options.chain, firmware::load_certificates(call.all("--chain")));
  options.device = {.manufacturer = call.get("--manufacturer"),
                    .hardware = call.get("--hardware"),
                    .firmware = call.get("--firmware"),
                    .serial = call.get("--serial"),
                    .address = {},
                    .signer_version = {}};
  return options;
}

struct Counts {
  std::uint64_t units = 0;
  std::uint64_t sei = 0;
  std::uint64_t pictures = 0;
  std::chrono::microseconds latency_max{0};  ///< from a unit's last byte read to its last byte written
  std::chrono::microseconds latency_sum{0};
};

/// When each picture was taken: by the container's times, by the wall clock (live), or by --rate.
class PictureClock {
 public:
  static Result<PictureClock> make(const Invocation& call, bool is_live) {
    PictureClock clock;
    clock.is_live_ = is_live && !call.has("--start") && !call.has("--rate");
    TRY_ASSIGN(const std::uint64_t rate, call.get_uint("--rate", 1, 1000));
    clock.step_us_ = static_cast<std::int64_t>(1'000'000 / rate);
    Instant start = os::SystemClock().now();
    if (call.has("--start")) {
      TRY_ASSIGN(start, from_rfc3339(call.get("--start")));
    }
    clock.start_us_ = start.seconds_since_epoch * 1'000'000;
    clock.now_us_ = clock.start_us_;
    return clock;
  }
  /// The time of a unit; never runs back, though pictures are stored out of their order.
  std::int64_t at(const QueuedUnit& unit) {
    using std::chrono::duration_cast;
    using std::chrono::microseconds;
    if (is_live_) {
      const auto since = std::chrono::system_clock::now().time_since_epoch();
      now_us_ = std::max(now_us_, std::int64_t{duration_cast<microseconds>(since).count()});
    } else if (unit.time_us) {
      if (!first_us_) first_us_ = unit.time_us;
      now_us_ = std::max(now_us_, start_us_ + *unit.time_us - *first_us_);
      has_times_ = true;
    }
    return now_us_;
  }
  [[nodiscard]] std::int64_t step_us() const { return step_us_; }
  void picture_is_over() {
    if (!is_live_ && !has_times_) now_us_ += step_us_;
  }

 private:
  bool is_live_ = false;
  bool has_times_ = false;
  std::int64_t step_us_ = 0;
  std::int64_t start_us_ = 0;
  std::int64_t now_us_ = 0;
  std::optional<std::int64_t> first_us_;
};

/// Signs and writes what the queue brings.
class SigningLine {
 public:
  SigningLine(video::Codec codec, video::StreamSigner& signer, UnitFile& out, PictureClock clock)
      : codec_(codec), signer_(signer), out_(out), clock_(clock) {}

  /// `sets` stand in the container: there they stay in MP4; a stream has them in front.
  void begin_with(std::vector<Bytes> sets) { sets_ = std::move(sets); }
  Result<void> put(const QueuedUnit& unit, Counts& counts) {
    for (Bytes& set : std::exchange(sets_, {})) {
      const QueuedUnit queued{.bytes = std::move(set), .time_us = unit.time_us, .read = unit.read};
      TRY(put_one(queued, !out_.is_mp4(), counts));
    }
    return put_one(unit, true, counts);
  }
  /// What the signer has left for the end.
  Result<void> finish(Counts& counts) {
    TRY_ASSIGN(const std::vector<Bytes> rest, signer_.finish());
    for (const Bytes& each : rest) TRY(out_.write(each, {}));
    counts.sei += rest.size();
    return {};
  }

 private:
  Result<void> put_one(const QueuedUnit& unit, bool is_written, Counts& counts) {
    const std::optional<Bytes> escaped = out_.is_mp4() ? std::nullopt : escaped_if_needed(codec_, unit.bytes);
    const ByteView bytes = escaped ? *escaped : unit.bytes;
    TRY_ASSIGN(const std::vector<Bytes> before, signer_.add(bytes, clock_.at(unit)));
    for (const Bytes& each : before) TRY(out_.write(each, unit.time_us));
    counts.sei += before.size();
    if (!is_written) return {};
    TRY(out_.write(bytes, unit.time_us));
    if (out_.is_stream()) TRY(out_.flush());
    ++counts.units;
    if (video::begins_picture(codec_, unit.bytes)) {
      ++counts.pictures;
      clock_.picture_is_over();
    }
    const auto latency =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - unit.read);
    counts.latency_max = std::max(counts.latency_max, latency);
    counts.latency_sum += latency;
    return {};
  }

  video::Codec codec_;
  video::StreamSigner& signer_;
  UnitFile& out_;
  PictureClock clock_;
  std::vector<Bytes> sets_;
};

/// Reads units into the queue until the recording or the consumer ends.
Result<void> read_all(video::Recording& recording, UnitQueue& queue) {
  while (true) {
    auto unit = next_whole(recording);
    if (!unit || !*unit) {
      queue.end();
      return unit ? Result<void>() : Result<void>(unit.error());
    }
    const bool is_wanted = queue.push({.bytes = std::move((*unit)->bytes),
                                       .time_us = (*unit)->time_us,
                                       .offset = recording.offset(),
                                       .read = std::chrono::steady_clock::now()});
    if (!is_wanted) return {};
  }
}

Result<void> take_all(const Invocation& call, UnitQueue& queue, SigningLine& line, Counts& counts) {
  while (const std::optional<QueuedUnit> unit = queue.pop()) {
    TRY(line.put(*unit, counts));
    if (!call.out().json()) call.out().progress("Signing", unit->offset, 0);
  }
  return {};
}

/// Reads ahead on a thread of its own, so that a slow key delays the source only when the queue is full.
Result<void> run_line(const Invocation& call, video::Recording& recording, UnitQueue& queue, SigningLine& line,
                      Counts& counts) {
  Result<void> read;
  std::jthread reader([&] { read = read_all(recording, queue); });
  const Result<void> taken = take_all(call, queue, line, counts);
  queue.close();
  reader.join();
  TRY(taken);
  return read;
}

/// What is to be signed, and whether it arrives while it is.
struct Input {
  video::Recording recording;
  bool is_live = false;
};

Result<Input> open_input(const Invocation& call) {
  const std::string name = call.get("FILE");
  if (name != "-" || codec_of(call) == video::Codec::av1) {
    TRY_ASSIGN(media::Opened opened, open_recording(call, name));
    return Input{std::move(opened.recording), opened.is_live};
  }
  const auto codec = codec_of(call);
  if (!codec) {
    return Error(Errc::usage, "video.codec-needed", "what standard input holds must be said", "Add --codec h264.");
  }
  os::Fd fd(::dup(STDIN_FILENO));
  if (!fd.is_open()) return errno_error(errno, "read standard input");
  return Input{
      video::Recording::from_units(video::Container::annexb, *codec, std::make_unique<PipeUnits>(std::move(fd))), true};
}

/// A file, standard output, or a place for a stream.
Result<UnitFile> open_output(const Invocation& call, const Input& input, const PictureClock& clock) {
  const std::string name = call.get("--out");
  const video::Recording& recording = input.recording;
  if (call.has("--sdp-out")) {
    TRY_ASSIGN(const std::string session, media::Sender::session(name, recording.codec()));
    TRY(os::replace_file(call.get("--sdp-out"), as_bytes(session)));
  }
  if (media::Sender::is_address(name)) {
    return UnitFile::send(call, name, recording.codec(),
                          {.rate = static_cast<std::uint32_t>(1'000'000 / clock.step_us()), .is_live = input.is_live});
  }
  return UnitFile::create(call, name,
                          {.codec = recording.codec(),
                           .configuration = recording.decoder_configuration(),
                           .created = recording.created(),
                           .picture_us = clock.step_us()});
}

Json counts_json(const Counts& counts, const UnitQueue& queue, video::Profile profile) {
  const auto units = static_cast<std::int64_t>(std::max<std::uint64_t>(counts.units, 1));
  return Json::object(
      {{"format", name_of(profile)},
       {"units", counts.units},
       {"pictures", counts.pictures},
       {"sei", counts.sei},
       {"latency_us", Json::object({{"max", std::int64_t{counts.latency_max.count()}},
                                    {"mean", std::int64_t{counts.latency_sum.count() / units}}})},
       {"queue", Json::object({{"depth_max", std::uint64_t{queue.depth_max()}}, {"reader_waited", queue.waits()}})}});
}

Result<void> sign(const Invocation& call) {
  if (call.get("--out") == "-" && call.out().json()) {
    return Error(Errc::usage, "video.stdout-json", "standard output cannot take both the stream and --json",
                 "Write the stream into a file, or leave out --json.");
  }
  TRY_ASSIGN(const std::uint64_t depth, call.get_uint("--queue", 1, 4096));
  TRY_ASSIGN(Input input, open_input(call));
  video::Recording& recording = input.recording;
  TRY_ASSIGN(const video::SignOptions options, options_of(call, recording.codec()));
  TRY_ASSIGN(const std::shared_ptr<crypto::Signer> key, keystore::open_signer(call.get("--key")));
  TRY_ASSIGN(video::StreamSigner signer, video::StreamSigner::make(options, key));
  TRY_ASSIGN(const PictureClock clock, PictureClock::make(call, input.is_live));
  TRY_ASSIGN(UnitFile out, open_output(call, input, clock));
  Counts counts;
  UnitQueue queue(depth);
  SigningLine line(recording.codec(), signer, out, clock);
  line.begin_with(video::parameter_sets_in(recording.codec(), recording.decoder_configuration()));
  TRY(run_line(call, recording, queue, line, counts));
  TRY(line.finish(counts));
  if (counts.sei == 0) {
    return Error(Errc::invalid_input, "video.no-pictures", "no picture was found to sign",
                 "Is it a video? --codec says what a stream without container holds.");
  }
  TRY(out.commit());
  if (out.is_stdout()) return {};
  const std::string place = media::Sender::is_address(call.get("--out"))
                                ? " signature SEI, sent on"
                                : " signature SEI, in " + printable(call.get("--out"));
  call.out().line("Signed as " + std::string(name_of(options.profile)) + ": " + std::to_string(counts.units) +
                  " units, " + std::to_string(counts.sei) + place);
  call.out().result(counts_json(counts, queue, options.profile));
  return {};
}

std::vector<Option> sign_options() {
  return {
      {.name = "--key", .value = "URI", .help = "The camera's key: file:, pkcs11: or keystored:.", .required = true},
      {.name = "--out",
       .value = "FILE",
       .help = "The signed stream, or NAME.mp4; - for standard output; rtp://HOST:PORT or rtsp://... to send it on.",
       .required = true,
       .complete = Complete::file},
      {.name = "--sdp-out",
       .value = "FILE",
       .help = "With rtp://: what a receiver must know (SDP), written before the first picture.",
       .complete = Complete::file},
      {.name = "--chain",
       .value = "PEM",
       .help = "The key's certificate, then those between it and the root.",
       .repeatable = true,
       .complete = Complete::file},
      {.name = "--format",
       .value = "FORMAT",
       .help = "ONVIF Media Signing where the codec allows it, unless said otherwise.",
       .choices = {"onvif", "axis-v2"}},
      {.name = "--hash",
       .value = "HASH",
       .help = "The hash function.",
       .fallback = "sha256",
       .choices = {"sha256", "sha384", "sha512"}},
      {.name = "--low-bitrate", .help = "Leave out hash lists: losses can then not be located."},
      {.name = "--part-frames",
       .value = "N",
       .help = "Sign longer GOPs in parts of so many pictures.",
       .fallback = "150"},
      {.name = "--list-entries",
       .value = "N",
       .help = "At most so many hashes in a list (8 to 900): a part whose list is full ends."},
      {.name = "--sign-every",
       .value = "N",
       .help = "Sign one of so many parts, the others through it.",
       .fallback = "1"},
      {.name = "--queue",
       .value = "N",
       .help = "How many units may wait for a slow key; then the source has to wait.",
       .fallback = "256"},
      {.name = "--certificate-sei", .help = "Send certificates once, in front, instead of with each signature."},
      {.name = "--sign-parameters",
       .help = "Sign the decoder's parameters as well, for signet to check; one more signature for each GOP."},
      {.name = "--start", .value = "TIME", .help = "When the first picture was taken (RFC 3339); now, if left out."},
      {.name = "--rate", .value = "N", .help = "Pictures a second.", .fallback = "25"},
      {.name = "--manufacturer", .value = "TEXT", .help = "The maker, as signed account."},
      {.name = "--hardware", .value = "TEXT", .help = "The hardware, as signed account."},
      {.name = "--firmware", .value = "TEXT", .help = "The firmware's version, as signed account."},
      {.name = "--serial", .value = "TEXT", .help = "The serial number, as signed account."},
      codec_option(),
      recording_options()[0],
      recording_options()[1]};
}

}  // namespace

Command sign_command() {
  return {
      .noun = "video",
      .verb = "sign",
      .summary = "Sign an encoded video stream",
      .description =
          "Reads a H.264 or H.265 byte stream, an AV1 OBU stream, MP4 or IVF and puts signature SEI in between; not "
          "one byte of the pictures changes. If --out ends in .mp4 it writes fragmented MP4, with the times of the "
          "source, else a stream without container. ONVIF Media Signing needs the certificate of the key.\n\nWith - as "
          "FILE a stream is signed as it arrives on standard input (with --codec); pictures then "
          "have the time at which they came. With --out - each unit is handed on as soon as it is signed. A picture "
          "waits for the beginning of the next unit and, once in a part, for the key. No picture is ever dropped: "
          "while "
          "the key is slow, up to --queue units wait, and then whoever writes into the pipe.\n\nWith --out "
          "rtp://HOST:PORT the "
          "stream goes to one receiver, with rtsp://... to a server that records it (ANNOUNCE), through ffmpeg, which "
          "must be installed. A recording is sent at --rate, a live stream as it comes. To be watched over RTSP by "
          "many, use signet-camerad.",
      .positionals = {{.name = "FILE", .help = "The stream to sign, or - for standard input."}},
      .options = sign_options(),
      .examples =
          {{"signet video sign in.h264 --key file:camera-keys?label=video --chain video.pem --out signed.h264",
            "Sign as ONVIF Media Signing."},
           {"signet video sign in.mp4 --key file:camera-keys?label=video --chain video.pem --out signed.mp4",
            "Sign a recording, and keep it playable."},
           {"signet video sign in.obu --key file:camera-keys?label=video --format axis-v2 --out signed.obu",
            "Sign AV1 as Axis Signed Video."},
           {"signet video sign - --codec h264 --key keystored:?purpose=video --chain video.pem --out - < camera",
            "Sign a live stream."},
           {"signet video sign rtsp://camera/stream --key keystored:?purpose=video --chain video.pem --out "
            "rtsp://recorder/camera-1",
            "Sign what another camera sends, and hand it on."}},
      .run = sign};
}

}  // namespace signet::cli::video_cli
