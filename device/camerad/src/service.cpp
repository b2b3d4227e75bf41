// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/keystore.hpp"
#include "signet/os/file.hpp"
#include "signet/pki.hpp"

#include "config.hpp"
#include "picture_queue.hpp"
#include "picture_signer.hpp"
#include "recording_thread.hpp"
#include "rtsp_server.hpp"
#include "status.hpp"
#include "video_source.hpp"

#include <algorithm>
#include <condition_variable>
#include <utility>

namespace signet::camerad {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t k_queue_size_bytes_max = 64U << 20U;
constexpr std::uint64_t k_pem_size_bytes_max = 256U << 10U;
constexpr std::chrono::milliseconds k_look_around(200);  // how soon a stop and a lost source are seen
constexpr std::chrono::seconds k_silence_max(10);        // a source that sends nothing for so long is lost
constexpr std::chrono::seconds k_pause_min(1);
constexpr std::chrono::seconds k_pause_max(30);
constexpr std::chrono::seconds k_good_for(10);  // a stream that lived for so long makes the next pause short again

Result<std::vector<pki::Certificate>> load_chain(const std::vector<std::filesystem::path>& files) {
  std::vector<pki::Certificate> chain;
  for (const std::filesystem::path& file : files) {
    TRY_ASSIGN(const Bytes pem, os::read_file(file, k_pem_size_bytes_max));
    auto certificates = pki::Certificate::all_from_pem(as_text(pem));
    if (!certificates) return std::move(certificates).error().with_context("read '" + printable(file.native()) + "'");
    for (pki::Certificate& certificate : *certificates) chain.push_back(std::move(certificate));
  }
  return chain;
}

enum class Outcome : std::uint8_t { over, stopped };

}  // namespace

struct Service::State {
  explicit State(Config given) : config(std::move(given)), queue(config.queue_pictures_max, k_queue_size_bytes_max) {}

  Config config;
  std::vector<pki::Certificate> chain;
  PictureQueue queue;
  std::unique_ptr<RtspServer> rtsp;
  std::unique_ptr<RecordingThread> recording;
  std::optional<PictureSigner> signer;  // of the stream of the moment
  StreamFormat format;
  std::uint64_t overflows_told = 0;
  bool is_unprotected_told = false;
  StatusBoard board;

  void say(LogLevel level, const std::string& text) const {
    if (config.log) config.log(level, text);
  }
  [[nodiscard]] video::SignOptions options_for(video::Codec codec) const;
  Result<void> begin_stream(const StreamFormat& of, const std::shared_ptr<crypto::Signer>& key);
  void end_stream();
  Result<void> handle(const Picture& picture, const std::shared_ptr<crypto::Signer>& key);
  Result<void> drain(const std::shared_ptr<crypto::Signer>& key);
  Result<Outcome> run_stream(const std::stop_token& stop);
  Result<Outcome> pump(const std::stop_token& stop, VideoSource& source, const std::shared_ptr<crypto::Signer>& key);
  void tell_overflow();
};

video::SignOptions Service::State::options_for(video::Codec codec) const {
  video::SignOptions options;
  options.codec = codec;
  options.profile = config.profile;
  options.partial_gop_frames_max = config.part_frames;
  options.parameter_sets = config.sign_parameters;
  options.chain = chain;
  options.device = config.device;
  return options;
}

Result<void> Service::State::begin_stream(const StreamFormat& of, const std::shared_ptr<crypto::Signer>& key) {
  TRY_ASSIGN(PictureSigner made, PictureSigner::make(options_for(of.codec), key));
  signer.emplace(std::move(made));
  format = of;
  if (rtsp) rtsp->begin(of);
  if (recording) recording->begin(of);
  board.begin(of);
  say(LogLevel::info, "a stream begins: " + std::string(name_of(of.codec)) + " " + std::to_string(of.width) + "x" +
                          std::to_string(of.height));
  return {};
}

/// Whatever ended it: what was signed stays, and nothing is added that was not.
void Service::State::end_stream() {
  if (!signer) return;
  PictureSigner done = *std::exchange(signer, std::nullopt);
  auto rest = done.finish();
  if (!rest) say(LogLevel::error, "the last GOP stays unsigned: " + rest.error().message());
  const std::vector<Bytes> last = rest ? *std::move(rest) : std::vector<Bytes>();
  board.signed_parts(last.size());
  if (recording) recording->end(last);
  if (rtsp) rtsp->end(last);
  board.end();
}

Result<void> Service::State::handle(const Picture& picture, const std::shared_ptr<crypto::Signer>& key) {
  if (signer && picture.format != format) end_stream();
  if (!signer) {
    if (!picture.begins_gop) return {};
    TRY(begin_stream(picture.format, key));
  }
  const auto began = Clock::now();
  TRY_ASSIGN(const SignedPicture out, signer->sign(picture));
  board.signed_picture(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began), out.sei.size());
  if (rtsp) rtsp->push(out);
  if (recording) recording->add(out);
  if (signer->slices_unprotected() > 0 && !std::exchange(is_unprotected_told, true)) {
    say(LogLevel::warning,
        "the source has slices that no signature covers (such as RASL pictures of open GOPs); "
        "verifiers report them as unprotected");
  }
  return {};
}

void Service::State::tell_overflow() {
  const PictureQueue::Counts counts = queue.counts();
  if (counts.overflows == overflows_told) return;
  overflows_told = counts.overflows;
  say(LogLevel::warning, "signing cannot keep up: pictures are dropped up to the next I picture (" +
                             std::to_string(counts.dropped) + " so far)");
}

Result<void> Service::State::drain(const std::shared_ptr<crypto::Signer>& key) {
  while (const auto picture = queue.take(std::chrono::milliseconds(0))) TRY(handle(*picture, key));
  return {};
}

Result<Outcome> Service::State::pump(const std::stop_token& stop, VideoSource& source,
                                     const std::shared_ptr<crypto::Signer>& key) {
  auto last = Clock::now();
  while (!stop.stop_requested()) {
    const auto picture = queue.take(k_look_around);
    tell_overflow();
    if (picture) {
      TRY(handle(*picture, key));
      last = Clock::now();
    }
    const auto standing = source.poll();
    if (!standing || *standing == VideoSource::Standing::over) {
      source.stop();
      TRY(drain(key));
      if (!standing) return standing.error();
      if (config.source.starts_with("file:")) return Outcome::over;
      return Error(Errc::unavailable, "camerad.source", "the source has ended");
    }
    if (Clock::now() - last > k_silence_max) {
      return Error(Errc::unavailable, "camerad.source-silent", "the source sends no pictures",
                   "Is it H.264, H.265 or raw video, and does it send I pictures?");
    }
  }
  source.stop();
  TRY(drain(key));
  return Outcome::stopped;
}

Result<Outcome> Service::State::run_stream(const std::stop_token& stop) {
  TRY_ASSIGN(const std::shared_ptr<crypto::Signer> key, keystore::open_signer(config.key));
  queue.reset();
  TRY_ASSIGN(const std::unique_ptr<VideoSource> source,
             VideoSource::start(config, [this](Picture picture) { queue.put(std::move(picture)); }));
  auto outcome = pump(stop, *source, key);
  source->stop();
  end_stream();
  return outcome;
}

Service::Service(std::unique_ptr<State> state) : state_(std::move(state)) {}
Service::~Service() = default;

Result<std::unique_ptr<Service>> Service::open(Config config) {
  TRY(config.check());
  auto state = std::make_unique<State>(std::move(config));
  const Config& checked = state->config;
  TRY_ASSIGN(state->chain, load_chain(checked.chain));
  // A wrong key or certificate is told now, not when the source comes.
  TRY_ASSIGN(const std::shared_ptr<crypto::Signer> key, keystore::open_signer(checked.key));
  TRY(PictureSigner::make(state->options_for(video::Codec::h264), key));
  state->board.set_key(to_hex(key->public_key().fingerprint()));
  if (!checked.record.folder.empty()) {
    const Log log = [raw = state.get()](LogLevel level, const std::string& text) { raw->say(level, text); };
    TRY_ASSIGN(auto recorder, Recorder::open(checked.record, log));
    state->recording = std::make_unique<RecordingThread>(std::move(recorder));
  }
  if (!checked.rtsp_listen.empty()) {
    TRY_ASSIGN(const Endpoint endpoint, parse_endpoint(checked.rtsp_listen));
    if (const auto warning = endpoint.warning()) state->say(LogLevel::warning, *warning);
    TRY_ASSIGN(state->rtsp, RtspServer::open(endpoint, checked.rtsp_path));
    state->board.set_url("rtsp://" + endpoint.url_host() + ":" + std::to_string(state->rtsp->port()) +
                         checked.rtsp_path);
  }
  return std::unique_ptr<Service>(new Service(std::move(state)));
}

Result<void> Service::serve(const std::stop_token& stop, const std::function<void(std::uint16_t)>& ready) {
  State& state = *state_;
  std::optional<StatusSocket> socket;
  if (!state.config.status_socket.empty()) {
    TRY_ASSIGN(StatusSocket opened, StatusSocket::open(state.config.status_socket, [this] { return status(); }));
    socket.emplace(std::move(opened));
  }
  ready(state.rtsp ? state.rtsp->port() : std::uint16_t{0});
  std::mutex mutex;
  std::condition_variable_any woken;
  auto pause = k_pause_min;
  while (!stop.stop_requested()) {
    const auto began = Clock::now();
    const auto outcome = state.run_stream(stop);
    if (outcome) break;
    if (Clock::now() - began > k_good_for) pause = k_pause_min;
    state.board.lost(outcome.error());
    state.say(LogLevel::warning, outcome.error().message() + " (" + outcome.error().reason() + "); again in " +
                                     std::to_string(pause.count()) + " s");
    std::unique_lock lock(mutex);
    woken.wait_for(lock, stop, pause, [] { return false; });
    pause = std::min(pause * 2, k_pause_max);
  }
  socket.reset();
  state.recording.reset();  // writes what waits
  return {};
}

Json Service::status() const {
  const State& state = *state_;
  StatusParts parts{.source = without_credentials(state.config.source), .queue = state.queue.counts()};
  if (state.rtsp) parts.rtsp = state.rtsp->counts();
  if (state.recording) parts.record = state.recording->counts();
  parts.record_folder = state.config.record.folder;
  parts.keep_size_bytes = state.config.record.keep_size_bytes;
  return state.board.json(parts);
}

}  // namespace signet::camerad
