// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "ffmpeg.hpp"

#include "signet/os/fd.hpp"
#include "signet/os/process.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/temp_dir.hpp"

#include "judged_for_test.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>

namespace signet::media {

namespace {

/// Wraps a stream with ffmpeg itself, unconfined: what others would do.
Result<void> wrap(const Row& row, const std::string& out) {
  const std::string format = row.container == "mp4" ? "mp4" : row.codec == "h265" ? "hevc" : row.codec;
  std::vector<std::string> words{"ffmpeg", "-v", "error", "-y", "-f", format, "-i", row.path()};
  // Bare streams have no times, without which ffmpeg's writers refuse pictures out of order: one after another, then.
  if (row.container != "mp4") words.insert(words.end(), {"-bsf:v", "setts=pts=N*48000:dts=N*48000"});
  for (const char* word : {"-map", "0:v:0", "-map_metadata", "0", "-c", "copy", "-copyinkf"}) words.emplace_back(word);
  words.push_back(out);
  TRY_ASSIGN(const os::ProcessResult done, os::run(words));
  if (done.exit_code != 0) return Error(Errc::io, "test.ffmpeg", done.err);
  return {};
}

std::vector<Row> wrappable_rows() {
  std::vector<Row> found = rows();
  std::erase_if(found, [](const Row& row) { return row.codec == "av1"; });  // ffmpeg's OBU reader refuses our metadata
  return found;
}

class Wrapped : public testing::TestWithParam<Row> {};

TEST_P(Wrapped, P_MEDIA_001_matroska_gives_the_verdict_of_the_file) {
  NEEDS_CONFINEMENT();
  const test::TempDir folder;
  ASSERT_OK(wrap(GetParam(), folder / "wrapped.mkv"));
  const auto direct = judge_file(GetParam().path());
  ASSERT_OK(direct);
  const auto units = units_of(GetParam().path());
  ASSERT_OK(units);
  const auto wrapped = judge_file(folder / "wrapped.mkv", units->created);
  ASSERT_OK(wrapped);
  EXPECT_EQ(wrapped->verdict, direct->verdict);
  EXPECT_EQ(wrapped->frames, direct->frames);
  EXPECT_EQ(wrapped->container, video::Container::matroska);
}

TEST_P(Wrapped, P_MEDIA_001_mpegts_gives_the_verdict_of_the_file) {
  NEEDS_CONFINEMENT();
  const test::TempDir folder;
  ASSERT_OK(wrap(GetParam(), folder / "wrapped.ts"));
  // Where a SEI was not escaped, start codes cannot say where it ends, in MPEG-TS no more than in any byte stream: what
  // counts is the verdict of the byte stream.
  const auto units = units_of(GetParam().path());
  ASSERT_OK(units);
  Bytes stream;
  for (const Bytes& unit : units->units) {
    append(stream, as_bytes(std::string_view("\0\0\0\1", 4)));
    append(stream, unit);
  }
  const std::string bare = folder.write("stream." + GetParam().codec, stream);
  auto opened = open(bare, {.codec = units->codec});
  ASSERT_OK(opened);
  const auto direct = judge(std::move(*opened), units->created);
  ASSERT_OK(direct);
  const auto wrapped = judge_file(folder / "wrapped.ts", units->created);
  ASSERT_OK(wrapped);
  EXPECT_EQ(wrapped->verdict, direct->verdict);
  EXPECT_EQ(wrapped->frames, direct->frames);
  EXPECT_EQ(wrapped->container, video::Container::mpegts);
}

std::string name_of_row(const testing::TestParamInfo<Row>& info) {
  std::string name = info.param.file + "_" + std::to_string(info.index);
  std::ranges::replace_if(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, Wrapped, testing::ValuesIn(wrappable_rows()), name_of_row);

const Row k_signed{.folder = k_vectors,
                   .file = "generated/onvif/multigop3.h264",
                   .profile = "onvif",
                   .codec = "h264",
                   .container = "annexb",
                   .anchor = "-"};

/// Opens a file through a pipe, as a shell's <(...) and | do.
Result<Judged> judge_piped(const std::string& path) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) std::abort();
  os::Fd read(ends[0]);
  const std::jthread writer([&path, to = ends[1]] {
    const os::Fd fd(to);
    const auto bytes = os::read_file(path, 1U << 26U);
    if (bytes) static_cast<void>(os::write_all(fd, *bytes));
  });
  auto judged = judge_file("/dev/fd/" + std::to_string(read.get()));
  read = os::Fd();
  return judged;
}

TEST(Pipe, P_MEDIA_006_a_pipe_gives_the_verdict_of_the_file) {
  NEEDS_CONFINEMENT();
  const test::TempDir folder;
  ASSERT_OK(wrap(k_signed, folder / "a.mkv"));
  ASSERT_OK(wrap(k_signed, folder / "a.ts"));
  const std::vector<std::string> files{k_signed.path(),
                                       folder / "a.mkv",
                                       folder / "a.ts",
                                       (k_vectors / "generated/axis/swap_gop3_gop4.obu").string(),
                                       (k_vectors / "onvif-repo/test_signed_h265.mp4").string(),
                                       (k_vectors / "containers/fragments.mp4").string(),
                                       (k_vectors / "containers/units.ivf").string()};
  for (const std::string& file : files) {
    const auto direct = judge_file(file);
    const auto piped = judge_piped(file);
    ASSERT_OK(direct);
    ASSERT_OK(piped);
    EXPECT_EQ(piped->verdict, direct->verdict) << file;
    EXPECT_EQ(piped->frames, direct->frames) << file;
  }
}

TEST(Pipe, a_pipe_that_must_be_kept_is_bounded) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const os::Fd read(ends[0]);
  const std::jthread writer([to = ends[1]] {
    const os::Fd fd(to);
    const auto bytes = os::read_file(k_vectors / "onvif-repo/test_signed_h265.mp4", 1U << 26U);
    if (bytes) static_cast<void>(os::write_all(fd, ByteView(*bytes).first(40'000)));
  });
  EXPECT_REASON(open("/dev/fd/" + std::to_string(read.get()), {.spool_size_bytes_max = 20'000}), "media.spool-full");
}

TEST(Child, P_MEDIA_007_rubbish_in_a_container_is_refused_in_time) {
  NEEDS_CONFINEMENT();
  const test::TempDir folder;
  Bytes matroska = to_bytes(std::string_view("\x1a\x45\xdf\xa3"));
  Bytes stream(188 * 20, std::byte{0xff});
  for (unsigned i = 0; i < 100'000; ++i) matroska.push_back(static_cast<std::byte>(i * i >> 3U));
  for (std::size_t at = 0; at < stream.size(); at += 188) stream[at] = std::byte{0x47};
  for (const Bytes& bytes : {matroska, stream}) {
    const auto opened = open(folder.write("rubbish", bytes));
    EXPECT_REASON(opened, "media.unreadable");
    EXPECT_TRUE(opened || opened.error().text().find("ffmpeg") != std::string::npos);
  }
}

TEST(Child, P_MEDIA_007_a_cut_or_spoilt_file_gives_a_verdict_or_an_error) {
  const test::TempDir folder;
  ASSERT_OK(wrap(k_signed, folder / "a.mkv"));
  ASSERT_OK(wrap(k_signed, folder / "a.ts"));
  for (const char* name : {"a.mkv", "a.ts"}) {
    const auto whole = os::read_file(folder / name, 1U << 26U);
    ASSERT_OK(whole);
    for (std::size_t i = 1; i < 8; ++i) {
      Bytes spoilt(whole->begin(), whole->begin() + static_cast<std::ptrdiff_t>(whole->size() * i / 8));
      for (std::size_t at = 100 * i; at < spoilt.size(); at += 9973) spoilt[at] ^= std::byte{0x55};
      auto opened = open(folder.write("spoilt", spoilt));
      if (!opened) continue;
      const auto judged = judge(std::move(*opened), {});
      EXPECT_TRUE(!judged || !judged->verdict.starts_with("authentic ")) << name << i << judged->verdict;
    }
  }
}

TEST(Child, P_MEDIA_008_a_missing_ffmpeg_is_named) {
  const test::TempDir folder;
  ASSERT_OK(wrap(k_signed, folder / "a.mkv"));
  const char* const before = ::getenv("PATH");
  const std::string path = before != nullptr ? before : "";
  ::setenv("PATH", folder.path().c_str(), 1);
  const auto opened = open(folder / "a.mkv");
  ::setenv("PATH", path.c_str(), 1);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().reason(), "media.no-ffmpeg");
  EXPECT_NE(opened.error().hint().find("apt-get install ffmpeg"), std::string::npos);
}

/// A task that ffmpeg would carry out if it were not confined.
Result<Bytes> run_confined(std::vector<std::string> arguments, bool may_network = false) {
  FfmpegTask task;
  task.arguments = std::move(arguments);
  task.confinement.may_network = may_network;
  return output_of(std::move(task), 1U << 20U);
}

TEST(Child, P_MEDIA_009_it_writes_no_file) {
  NEEDS_CONFINEMENT();
  const test::TempDir folder;
  const std::string out = folder / "out.h264";
  EXPECT_FALSE(run_confined({"-f", "lavfi", "-i", "color=size=16x16:d=0.1", "-f", "rawvideo", out}));
  EXPECT_FALSE(std::filesystem::exists(out));
  EXPECT_TRUE(run_confined({"-f", "lavfi", "-i", "color=size=16x16:d=0.1", "-f", "rawvideo", "pipe:1"}));
}

TEST(Child, P_MEDIA_009_it_has_no_network_unless_it_is_its_work) {
  NEEDS_CONFINEMENT();
  const os::Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener.get(), 4), 0);
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string url = "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "?timeout=300000";
  const std::vector<std::string> arguments{"-f", "h264", "-i", url, "-c", "copy", "-f", "data", "pipe:1"};
  EXPECT_FALSE(run_confined(arguments));
  EXPECT_LT(::accept(listener.get(), nullptr, nullptr), 0) << "a connection came through";
  EXPECT_FALSE(run_confined(arguments, true));
  const os::Fd came(::accept(listener.get(), nullptr, nullptr));
  EXPECT_TRUE(came.is_open()) << "the same task connects where it may: the test above shows something";
}

TEST(Child, P_MEDIA_007_silence_and_endless_work_end) {
  NEEDS_CONFINEMENT();
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const os::Fd never_written(ends[1]);
  FfmpegTask silent;
  silent.arguments = {"-f", "h264", "-i", "pipe:0", "-c", "copy", "-f", "data", "pipe:1"};
  silent.input = os::Fd(ends[0]);
  silent.silence_max = std::chrono::seconds(1);
  EXPECT_REASON(output_of(std::move(silent), 1000), "media.stalled");
  FfmpegTask busy;
  busy.arguments = {"-f", "lavfi", "-i", "testsrc=size=640x480", "-f", "null", "-"};
  busy.confinement.cpu_seconds = 1;
  EXPECT_REASON(output_of(std::move(busy), 1000), "media.unreadable");
}

}  // namespace

}  // namespace signet::media
