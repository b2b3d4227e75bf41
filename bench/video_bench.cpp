// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
//
// Signing and judging video beside hashing the same NAL units one by one, in one run and interleaved; and the memory
// that it takes. The stream has the sizes of 60 s of 1080p30 at 8 Mbit/s; its content is random, since nothing decodes
// it.
#include "signet/os/process.hpp"
#include "signet/video_recording.hpp"
#include "signet/video_signer.hpp"
#include "signet/video_writer.hpp"

#include "ossl.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <thread>

using namespace signet;

namespace {

constexpr int k_rounds = 7;
constexpr std::size_t k_frames = 1800;
constexpr std::size_t k_gop_frames = 30;

/// What is to be made.
struct Scene {
  std::size_t frames = k_frames;
  std::size_t gop_frames = k_gop_frames;
  std::size_t i_size_bytes = 170'000;
  std::size_t p_size_bytes = 29'000;
};
/// A GOP of 900 pictures in 5.6 MB: 30 s of a still scene.
constexpr Scene k_long_gop{.frames = 900, .gop_frames = 900, .i_size_bytes = 60'000, .p_size_bytes = 6'160};

/// A software key; what a token costs is measured elsewhere.
class BenchSigner : public crypto::Signer {
 public:
  BenchSigner() : key_(*ossl::generate_key(crypto::KeyAlgorithm::ec_p256)), public_key_(*ossl::from_evp(key_.get())) {}
  [[nodiscard]] const crypto::PublicKey& public_key() const override { return public_key_; }

 protected:
  Result<Bytes> sign_input(crypto::SignatureScheme, ByteView digest) override {
    Bytes out(80);
    std::size_t size = out.size();
    const ossl::EvpPkeyCtx ctx(EVP_PKEY_CTX_new(key_.get(), nullptr));
    ensure(EVP_PKEY_sign_init(ctx.get()) == 1 &&
               EVP_PKEY_sign(ctx.get(), as_uchar(ByteSpan(out)), &size, as_uchar(digest), digest.size()) == 1,
           "bench: a signature");
    out.resize(size);
    return out;
  }

 private:
  ossl::EvpPkey key_;
  crypto::PublicKey public_key_;
};

class MemorySource : public video::Source {
 public:
  explicit MemorySource(const Bytes& bytes) : bytes_(bytes) {}
  Result<std::size_t> read_at(std::uint64_t offset, ByteSpan out) override {
    if (offset >= bytes_.size()) return std::size_t{0};
    const std::size_t size = std::min<std::size_t>(out.size(), bytes_.size() - offset);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), size, out.begin());
    return size;
  }

 private:
  const Bytes& bytes_;
};

std::vector<Bytes> make_units(video::Codec codec, const Scene& scene = {}) {
  std::mt19937_64 random(1);
  std::vector<Bytes> units;
  for (std::size_t frame = 0; frame < scene.frames; ++frame) {
    const bool is_i = frame % scene.gop_frames == 0;
    Bytes unit(is_i ? scene.i_size_bytes : scene.p_size_bytes);
    for (std::size_t i = 0; i < unit.size(); ++i) unit[i] = static_cast<std::byte>(random() % 255 + 1);
    if (codec == video::Codec::h264) {
      unit[0] = is_i ? std::byte{0x65} : std::byte{0x41};
      unit[1] = std::byte{0x9a};
    } else {
      unit[0] = is_i ? std::byte{0x26} : std::byte{0x02};
      unit[1] = std::byte{0x01};
      unit[2] = std::byte{0x9a};
    }
    units.push_back(std::move(unit));
  }
  return units;
}

std::vector<Bytes> sign(const std::vector<Bytes>& units, const video::SignOptions& options,
                        const std::shared_ptr<crypto::Signer>& key) {
  auto signer = video::StreamSigner::make(options, key);
  ensure(signer.has_value(), "bench: a signer");
  std::vector<Bytes> all;
  std::int64_t time_us = 1'780'272'000'000'000;
  for (const Bytes& unit : units) {
    auto before = signer->add(unit, time_us += 33'333);
    ensure(before.has_value(), "bench: signing");
    for (Bytes& each : *before) all.push_back(std::move(each));
    all.push_back(unit);
  }
  auto rest = signer->finish();
  for (Bytes& each : *rest) all.push_back(std::move(each));
  return all;
}

/// As a camera signs: the units stay where they are.
void sign_only(const std::vector<Bytes>& units, const video::SignOptions& options,
               const std::shared_ptr<crypto::Signer>& key) {
  auto signer = video::StreamSigner::make(options, key);
  std::int64_t time_us = 1'780'272'000'000'000;
  for (const Bytes& unit : units) ensure(signer->add(unit, time_us += 33'333).has_value(), "bench: signing");
  ensure(signer->finish().has_value(), "bench: signing");
}

void hash_only(const std::vector<Bytes>& units) {
  const ossl::EvpMdCtx ctx(EVP_MD_CTX_new());
  std::array<unsigned char, 32> out{};
  EVP_DigestInit_ex2(ctx.get(), ossl::md_of(crypto::HashAlgorithm::sha256), nullptr);
  for (const Bytes& unit : units) {
    EVP_DigestUpdate(ctx.get(), unit.data(), unit.size());
    EVP_DigestFinal_ex(ctx.get(), out.data(), nullptr);
    EVP_DigestInit_ex2(ctx.get(), nullptr, nullptr);
  }
}

void judge(const std::vector<Bytes>& units, video::Codec codec, video::Authenticity expected, unsigned threads = 1,
           bool is_live = false) {
  video::StreamJudge judge(codec, {.now = Instant{1'780'272'000}, .threads = threads, .is_live = is_live});
  for (const Bytes& unit : units) judge.add({.bytes = unit});
  ensure(std::move(judge).finish().authenticity() == expected, "bench: the verdict");
}

Bytes annexb(const std::vector<Bytes>& units) {
  constexpr std::array k_start_code{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1}};
  Bytes all;
  for (const Bytes& unit : units) {
    append(all, k_start_code);
    append(all, unit);
  }
  return all;
}

void judge_stream(const Bytes& stream, video::Codec codec, video::Authenticity expected) {
  auto recording = video::Recording::open(std::make_shared<MemorySource>(stream), codec);
  video::StreamJudge judge(codec, {.now = Instant{1'780'272'000}});
  while (true) {
    const auto piece = recording->next();
    if (!*piece) break;
    judge.add(**piece);
  }
  ensure(std::move(judge).finish().authenticity() == expected, "bench: the verdict");
}

Bytes configuration() {  // avcC with parameter sets of 1080p; nothing decodes the pictures
  return *from_hex("0164002affe1001b6764002aacd940780227e5c05a808080a0000003002000000781e306324001000668ebe3cb22c0");
}

void write_mp4(const std::string& path, const std::vector<Bytes>& units) {
  video::Mp4Writer writer({.configuration = configuration()});
  std::ofstream file(path, std::ios::binary);
  Bytes out;
  std::int64_t time_us = 0;
  for (const Bytes& unit : units) {
    ensure(writer.add(unit, time_us, out).has_value(), "bench: MP4");
    if (video::begins_picture(video::Codec::h264, unit)) time_us += 33'333;
    file << as_text(out);
    out.clear();
  }
  ensure(writer.finish(out).has_value(), "bench: MP4");
  file << as_text(out);
  ensure(file.good(), "bench: an MP4 file");
}

class FileSource : public video::Source {
 public:
  explicit FileSource(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~FileSource() override { close(fd_); }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;
  Result<std::size_t> read_at(std::uint64_t offset, ByteSpan out) override {
    const ssize_t got = pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
    ensure(got >= 0, "bench: reading");
    return static_cast<std::size_t>(got);
  }

 private:
  int fd_;
};

/// From the name of a file to its verdict.
void judge_file(const std::string& path, unsigned threads) {
  const auto source = std::make_shared<FileSource>(path);
  auto probe = video::Recording::open(source);
  const auto hash = video::probe_hash(*probe);
  auto recording = video::Recording::open(source);
  video::StreamJudge judge(recording->codec(), {.now = Instant{1'780'272'000}, .hash = *hash, .threads = threads});
  while (true) {
    const auto piece = recording->next();
    if (!*piece) break;
    judge.add(**piece);
  }
  ensure(std::move(judge).finish().authenticity() == video::Authenticity::authentic, "bench: the verdict");
}

double wall_s() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// By the clock on the wall, since reading and threads count.
void measure_files(const std::vector<Bytes>& units, const std::vector<Bytes>& signed_units, std::size_t size_bytes) {
  const std::string path = "/tmp/signet-bench-" + std::to_string(getpid()) + ".mp4";
  write_mp4(path, signed_units);
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  double hash_s = 1e9;
  double one_s = 1e9;
  double all_s = 1e9;
  const auto best = [](double& of, const std::function<void()>& work) {
    const double begin = wall_s();
    work();
    of = std::min(of, wall_s() - begin);
  };
  for (int round = 0; round < k_rounds; ++round) {
    best(hash_s, [&] { hash_only(units); });
    best(one_s, [&] { judge_file(path, 1); });
    best(all_s, [&] { judge_file(path, cores); });
  }
  unlink(path.c_str());
  const auto print = [&](const char* name, double seconds) {
    std::printf("  %-26s %6.0f MB/s by the wall clock, %5.1f %% of hashing\n", name,
                static_cast<double>(size_bytes) / 1e6 / seconds, 100 * hash_s / seconds);
  };
  print("SHA-256 of each NAL unit", hash_s);
  print("MP4 end to end, 1 thread", one_s);
  std::printf("  on %u cores:\n", cores);
  print("MP4 end to end, all cores", all_s);
}

struct Row {
  const char* name;
  std::size_t size_bytes;
  std::function<void()> work;
  double best_s = 1e9;
};

/// A value of /proc/self/status in KiB.
long status_kib(std::string_view name) {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with(name)) return std::stol(line.substr(name.size() + 1));
  }
  return 0;
}

/// What a piece of work adds to the memory in use, at its peak.
long added_kib(const std::function<void()>& work) {
  malloc_trim(0);                                 // free pages of the heap would take in what is added
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak starts anew from what is in use now
  const long before = status_kib("VmRSS:");
  work();
  return status_kib("VmHWM:") - before;
}

/// Processor time: other programs on the machine do not count.
double now_s() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

std::size_t size_of(const std::vector<Bytes>& units) {
  std::size_t size = 0;
  for (const Bytes& unit : units) size += unit.size();
  return size;
}

/// `openssl speed` of SHA-256 in blocks of 16 KiB, which stay in the cache.
double openssl_speed_mb_s() {
  const auto done = os::run({"openssl", "speed", "-mr", "-seconds", "1", "-bytes", "16384", "-evp", "sha256"});
  ensure(done.has_value() && done->exit_code == 0, "bench: openssl speed");
  const std::size_t line = done->out.find("+F:");  // "+F:22:sha256:370000000.00", in bytes a second
  const std::size_t end = done->out.find('\n', line);
  ensure(line != std::string::npos && end != std::string::npos, "bench: openssl speed");
  return std::stod(done->out.substr(done->out.rfind(':', end) + 1)) / 1e6;
}

/// All signatures with one bit flipped: nothing may be trusted, and all of it waits for a signature that holds.
std::vector<Bytes> spoil(std::vector<Bytes> units, video::Codec codec) {
  for (Bytes& unit : units) {
    const auto sei = video::summarize_sei(codec, unit);
    if (sei && sei->is_signed) unit[unit.size() - 40] ^= std::byte{1};
  }
  return units;
}

void measure_memory(const std::vector<Bytes>& units, const std::vector<Bytes>& signed_units, video::Codec codec) {
  using video::Authenticity;
  const Bytes stream = annexb(signed_units);
  const std::vector<Bytes> spoilt = spoil(signed_units, codec);
  const std::array whole{std::pair{annexb(units), Authenticity::not_signed},
                         std::pair{annexb(spoilt), Authenticity::not_authentic}};
  const long first = added_kib([&] { judge_stream(stream, codec, Authenticity::authentic); });
  const long of_signed = added_kib([&] { judge(signed_units, codec, Authenticity::authentic); });
  const long of_unsigned = added_kib([&] { judge_stream(whole[0].first, codec, whole[0].second); });
  const long of_spoilt = added_kib([&] { judge_stream(whole[1].first, codec, whole[1].second); });
  std::printf(
      "  memory added at most: split and judge, signed %ld KiB; then judge, signed %ld KiB; split and judge, not "
      "signed %ld KiB, no signature holds %ld KiB\n",
      first, of_signed, of_unsigned, of_spoilt);
}

/// By the wall clock, in one GOP-parallel run for each number of threads.
void measure_scaling(const std::vector<Bytes>& signed_units, std::size_t size_bytes) {
  const unsigned cores = std::max(2U, std::thread::hardware_concurrency());
  std::vector<double> best(cores, 1e9);
  for (int round = 0; round < k_rounds; ++round) {
    for (unsigned threads = 1; threads <= cores; ++threads) {
      const double begin = wall_s();
      judge(signed_units, video::Codec::h264, video::Authenticity::authentic, threads);
      best[threads - 1] = std::min(best[threads - 1], wall_s() - begin);
    }
  }
  for (unsigned threads = 1; threads <= cores; ++threads) {
    std::printf("  judge, signed, %2u threads   %6.0f MB/s by the wall clock, %4.2f times one thread\n", threads,
                static_cast<double>(size_bytes) / 1e6 / best[threads - 1], best[0] / best[threads - 1]);
  }
}

void measure(video::Codec codec) {
  using video::Authenticity;
  const auto key = std::make_shared<BenchSigner>();
  const video::SignOptions options{.codec = codec, .profile = video::Profile::axis_v2};
  video::SignOptions long_options = options;
  long_options.partial_gop_frames_max = 600;
  const std::vector<Bytes> units = make_units(codec);
  const std::vector<Bytes> signed_units = sign(units, options, key);
  const Bytes stream = annexb(signed_units);
  const std::vector<Bytes> long_gop = make_units(codec, k_long_gop);
  const std::vector<Bytes> signed_long_gop = sign(long_gop, long_options, key);
  const std::size_t size = size_of(units);
  const std::size_t long_size = size_of(long_gop);
  std::vector<Row> rows{
      {"SHA-256 of each NAL unit", size, [&] { hash_only(units); }},
      {"judge, signed", size, [&] { judge(signed_units, codec, Authenticity::authentic); }},
      {"judge, signed, live", size, [&] { judge(signed_units, codec, Authenticity::authentic, 1, true); }},
      {"judge, not signed", size, [&] { judge(units, codec, Authenticity::not_signed); }},
      {"sign", size, [&] { sign_only(units, options, key); }},
      {"split Annex B and judge", size, [&] { judge_stream(stream, codec, Authenticity::authentic); }},
      {"GOP of 900: SHA-256", long_size, [&] { hash_only(long_gop); }},
      {"GOP of 900: judge", long_size, [&] { judge(signed_long_gop, codec, Authenticity::authentic); }},
      {"GOP of 900: judge, live", long_size, [&] { judge(signed_long_gop, codec, Authenticity::authentic, 1, true); }},
      {"GOP of 900: sign", long_size, [&] { sign_only(long_gop, long_options, key); }},
  };
  std::printf("%s, %.1f MB, %zu frames\n", std::string(name_of(codec)).c_str(), static_cast<double>(size) / 1e6,
              k_frames);
  measure_memory(units, signed_units, codec);
  std::printf("  openssl speed sha256       %6.0f MB/s, blocks of 16 KiB\n", openssl_speed_mb_s());
  for (int round = 0; round < k_rounds; ++round) {
    for (Row& row : rows) {
      const double begin = now_s();
      row.work();
      row.best_s = std::min(row.best_s, now_s() - begin);
    }
  }
  const auto rate = [](const Row& row) { return static_cast<double>(row.size_bytes) / 1e6 / row.best_s; };
  for (const Row& row : rows) {
    std::printf("  %-26s %6.0f MB/s %7.1f ms  %5.1f %% of hashing\n", row.name, rate(row), row.best_s * 1e3,
                100 * rate(row) / rate(rows.front()));
  }
  if (codec != video::Codec::h264) return;
  measure_scaling(signed_units, size);
  measure_files(units, signed_units, size);
}

}  // namespace

int main() {
  measure(video::Codec::h264);
  measure(video::Codec::h265);
  return 0;
}
