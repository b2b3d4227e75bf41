// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/keystore.hpp"
#include "signet/os/clock.hpp"
#include "signet/os/fd.hpp"
#include "signet/os/file.hpp"
#include "signet/video_signer.hpp"

#include "firmware/firmware_common.hpp"
#include "video/video_commands.hpp"

#include <array>

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
  options.certificate_sei = call.has("--certificate-sei");
  TRY_ASSIGN(options.chain, firmware::load_certificates(call.all("--chain")));
  options.device = {.manufacturer = call.get("--manufacturer"),
                    .hardware = call.get("--hardware"),
                    .firmware = call.get("--firmware"),
                    .serial = call.get("--serial"),
                    .address = {},
                    .signer_version = {}};
  return options;
}

class UnitFile {
 public:
  UnitFile(os::PendingFile file, video::Codec codec) : file_(std::move(file)), codec_(codec) {}
  Result<void> write(ByteView unit, bool begins = true) {
    constexpr std::array k_start_code{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1}};
    constexpr std::size_t k_flush_size_bytes = 256U * 1024U;
    if (begins && codec_ != video::Codec::av1) append(buffer_, k_start_code);
    append(buffer_, unit);
    return buffer_.size() >= k_flush_size_bytes ? flush() : Result<void>();
  }
  Result<void> commit() {
    TRY(flush());
    return file_.commit_new();
  }

 private:
  Result<void> flush() {
    TRY(os::write_all(file_.fd(), buffer_));
    buffer_.clear();
    return {};
  }
  os::PendingFile file_;
  video::Codec codec_;
  Bytes buffer_;
};

struct Counts {
  std::uint64_t units = 0;
  std::uint64_t sei = 0;
};

Result<Counts> sign_all(const Invocation& call, video::Recording& recording, video::StreamSigner& signer,
                        UnitFile& out) {
  TRY_ASSIGN(const std::uint64_t rate, call.get_uint("--rate", 1, 1000));
  Instant start = os::SystemClock().now();
  if (call.has("--start")) {
    TRY_ASSIGN(start, from_rfc3339(call.get("--start")));
  }
  Counts counts;
  std::int64_t time_us = start.seconds_since_epoch * 1'000'000;
  Bytes whole;
  while (true) {
    TRY_ASSIGN(const std::optional<video::Piece> piece, recording.next());
    if (!piece) break;
    if (piece->begins) whole.clear();
    append(whole, piece->bytes);
    if (whole.size() > std::size_t{64} << 20U) {
      return Error(Errc::exhausted, "video.unit-too-large", "a unit of more than 64 MiB", "No picture is that large.");
    }
    if (!piece->ends) continue;
    TRY_ASSIGN(const std::vector<Bytes> before, signer.add(whole, time_us));
    for (const Bytes& each : before) TRY(out.write(each));
    counts.sei += before.size();
    TRY(out.write(whole));
    ++counts.units;
    if (video::begins_picture(recording.codec(), whole)) time_us += static_cast<std::int64_t>(1'000'000 / rate);
    call.out().progress("Signing", recording.offset(), 0);
  }
  TRY_ASSIGN(const std::vector<Bytes> rest, signer.finish());
  for (const Bytes& each : rest) TRY(out.write(each));
  counts.sei += rest.size();
  return counts;
}

Result<void> sign(const Invocation& call) {
  TRY_ASSIGN(const std::shared_ptr<video::Source> source, open_source(call.get("FILE")));
  TRY_ASSIGN(video::Recording recording, video::Recording::open(source, codec_of(call)));
  if (recording.container() != video::Container::annexb && recording.container() != video::Container::obu) {
    return Error(Errc::unsupported, "video.sign-container",
                 "only streams without container are signed: H.264 and H.265 byte streams, AV1 OBU streams",
                 "Take the stream out of its container first: ffmpeg -i IN -c copy OUT.h264");
  }
  TRY_ASSIGN(const video::SignOptions options, options_of(call, recording.codec()));
  TRY_ASSIGN(const std::shared_ptr<crypto::Signer> key, keystore::open_signer(call.get("--key")));
  TRY_ASSIGN(video::StreamSigner signer, video::StreamSigner::make(options, key));
  TRY_ASSIGN(os::PendingFile file, os::PendingFile::create(call.get("--out")));
  UnitFile out(std::move(file), recording.codec());
  TRY_ASSIGN(const Counts counts, sign_all(call, recording, signer, out));
  if (counts.sei == 0) {
    return Error(Errc::invalid_input, "video.no-pictures", "no picture was found to sign",
                 "Is it a video? --codec says what a stream without container holds.");
  }
  TRY(out.commit());
  call.out().line("Signed as " + std::string(name_of(options.profile)) + ": " + std::to_string(counts.units) +
                  " units, " + std::to_string(counts.sei) + " signature SEI, in " + printable(call.get("--out")));
  call.out().result(Json::object({{"format", name_of(options.profile)}, {"units", counts.units}, {"sei", counts.sei}}));
  return {};
}

std::vector<Option> sign_options() {
  return {
      {.name = "--key", .value = "URI", .help = "The camera's key: file:, pkcs11: or keystored:.", .required = true},
      {.name = "--out", .value = "FILE", .help = "The signed stream.", .required = true, .complete = Complete::file},
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
      {.name = "--sign-every",
       .value = "N",
       .help = "Sign one of so many parts, the others through it.",
       .fallback = "1"},
      {.name = "--certificate-sei", .help = "Send certificates once, in front, instead of with each signature."},
      {.name = "--start", .value = "TIME", .help = "When the first picture was taken (RFC 3339); now, if left out."},
      {.name = "--rate", .value = "N", .help = "Pictures a second.", .fallback = "25"},
      {.name = "--manufacturer", .value = "TEXT", .help = "The maker, as signed account."},
      {.name = "--hardware", .value = "TEXT", .help = "The hardware, as signed account."},
      {.name = "--firmware", .value = "TEXT", .help = "The firmware's version, as signed account."},
      {.name = "--serial", .value = "TEXT", .help = "The serial number, as signed account."},
      codec_option()};
}

}  // namespace

Command sign_command() {
  return {
      .noun = "video",
      .verb = "sign",
      .summary = "Sign an encoded video stream",
      .description =
          "Reads a H.264 or H.265 byte stream or an AV1 OBU stream and writes it with signature SEI in between; not "
          "one "
          "byte of the pictures changes. ONVIF Media Signing needs the certificate of the key.",
      .positionals = {{.name = "FILE", .help = "The stream to sign."}},
      .options = sign_options(),
      .examples = {{"signet video sign in.h264 --key file:camera-keys?label=video --chain video.pem --out signed.h264",
                    "Sign as ONVIF Media Signing."},
                   {"signet video sign in.obu --key file:camera-keys?label=video --format axis-v2 --out signed.obu",
                    "Sign AV1 as Axis Signed Video."}},
      .run = sign};
}

}  // namespace signet::cli::video_cli
