// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "gst_handles.hpp"
#include "gst_pipelines.hpp"
#include "units.hpp"
#include "video_source.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <utility>

namespace signet::camerad {

namespace {

std::int64_t now_us() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

std::optional<StreamFormat> format_of(GstSample* sample) {
  GstCaps* const caps = gst_sample_get_caps(sample);
  if (caps == nullptr || gst_caps_is_empty(caps) != FALSE) return std::nullopt;
  const GstStructure* const structure = gst_caps_get_structure(caps, 0);
  StreamFormat format;
  if (gst_structure_has_name(structure, "video/x-h265") != FALSE) format.codec = video::Codec::h265;
  int width = 0;
  int height = 0;
  gst_structure_get_int(structure, "width", &width);
  gst_structure_get_int(structure, "height", &height);
  format.width = static_cast<std::uint32_t>(std::max(width, 0));
  format.height = static_cast<std::uint32_t>(std::max(height, 0));
  return format;
}

/// A time of a sample on the pipeline's clock; `fallback` if it has none.
std::int64_t running_time(GstSample* sample, GstClockTime time, std::int64_t fallback) {
  if (!GST_CLOCK_TIME_IS_VALID(time)) return fallback;
  const GstClockTime running = gst_segment_to_running_time(gst_sample_get_segment(sample), GST_FORMAT_TIME, time);
  return GST_CLOCK_TIME_IS_VALID(running) ? static_cast<std::int64_t>(running) : fallback;
}

std::optional<Picture> picture_of(GstSample* sample, std::int64_t last_dts_ns) {
  GstBuffer* const buffer = gst_sample_get_buffer(sample);
  const std::optional<StreamFormat> format = format_of(sample);
  GstMapInfo map;
  if (buffer == nullptr || !format || gst_buffer_map(buffer, &map, GST_MAP_READ) == FALSE) return std::nullopt;
  Picture picture{.format = *format, .bytes = to_bytes(std::as_bytes(std::span(map.data, map.size)))};
  gst_buffer_unmap(buffer, &map);
  picture.wall_us = now_us();
  picture.pts_ns = running_time(sample, GST_BUFFER_PTS(buffer), last_dts_ns + 1);
  picture.dts_ns = running_time(sample, GST_BUFFER_DTS(buffer), picture.pts_ns);
  std::vector<ByteView> units;
  split_units(picture.bytes, units);
  for (const ByteView unit : units) picture.begins_gop = picture.begins_gop || begins_gop(format->codec, unit);
  return picture;
}

}  // namespace

class VideoSource::Impl {
 public:
  Impl(Encoder encoder, bool is_paced, std::function<void(Picture)> take)
      : encoder_(encoder), is_paced_(is_paced), take_(std::move(take)) {}
  ~Impl() { stop(); }

  Result<void> start(const std::string& source);
  Result<Standing> poll();
  void stop() {
    if (pipeline_) pipeline_->stop();
  }

 private:
  static GstFlowReturn on_sample(GstAppSink* sink, gpointer self);
  static void on_pad(GstElement* decoder, GstPad* pad, gpointer self);
  static void on_source(GstElement* decoder, GstElement* source, gpointer self);
  void take_from(GstElement* sink);
  Result<void> attach(GstPad* pad);
  void fail(Error error);

  Encoder encoder_;
  bool is_paced_;  // a file is read as fast as it was recorded
  std::function<void(Picture)> take_;
  std::optional<Pipeline> pipeline_;
  std::int64_t last_dts_ns_ = -1;  // of the one thread that brings pictures
  std::mutex mutex_;
  bool is_attached_ = false;
  std::optional<Error> failure_;
};

Result<void> VideoSource::Impl::start(const std::string& source) {
  TRY(init_gstreamer());
  if (source == "test:") {
    TRY_ASSIGN(Pipeline made, Pipeline::make(test_pattern(encoder_)));
    pipeline_.emplace(std::move(made));
    const GstHandle<GstElement> sink = pipeline_->child("out");
    take_from(sink.get());
    return pipeline_->play();
  }
  TRY_ASSIGN(const std::string uri, uri_of(source));
  TRY_ASSIGN(Pipeline made, Pipeline::make("uridecodebin name=in expose-all-streams=false"));
  pipeline_.emplace(std::move(made));
  const GstHandle<GstElement> decoder = pipeline_->child("in");
  const CapsHandle caps(gst_caps_from_string("video/x-h264; video/x-h265; video/x-raw"));
  g_object_set(decoder.get(), "uri", uri.c_str(), "caps", caps.get(), nullptr);
  g_signal_connect(decoder.get(), "pad-added", G_CALLBACK(&Impl::on_pad), this);
  g_signal_connect(decoder.get(), "source-setup", G_CALLBACK(&Impl::on_source), this);
  return pipeline_->play();
}

void VideoSource::Impl::on_source(GstElement* /*decoder*/, GstElement* source, gpointer /*self*/) {
  constexpr guint k_jitter_ms = 200;
  constexpr guint64 k_timeout_us = 5'000'000;
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(source), "tcp-timeout") == nullptr) return;
  // Over TCP, so that the source's pictures are whole before they are signed.
  gst_util_set_object_arg(G_OBJECT(source), "protocols", "tcp");
  g_object_set(source, "latency", k_jitter_ms, "tcp-timeout", k_timeout_us, nullptr);
}

void VideoSource::Impl::on_pad(GstElement* /*decoder*/, GstPad* pad, gpointer self) {
  auto& impl = *static_cast<Impl*>(self);
  if (auto attached = impl.attach(pad); !attached) impl.fail(attached.error());
}

Result<void> VideoSource::Impl::attach(GstPad* pad) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(is_attached_, true)) return {};  // the first picture track is the one
  }
  CapsHandle caps(gst_pad_get_current_caps(pad));
  if (!caps) caps.reset(gst_pad_query_caps(pad, nullptr));
  const GstStructure* const structure = gst_caps_get_structure(caps.get(), 0);
  std::string tail = encoder_tail(encoder_);
  if (gst_structure_has_name(structure, "video/x-h264") != FALSE) tail = coded_tail(video::Codec::h264);
  if (gst_structure_has_name(structure, "video/x-h265") != FALSE) tail = coded_tail(video::Codec::h265);
  GError* failed = nullptr;
  GstElement* const bin = gst_parse_bin_from_description(("queue ! " + tail).c_str(), TRUE, &failed);
  const GErrorHandle error(failed);
  if (bin == nullptr || error) {
    return Error(Errc::unavailable, "camerad.plugin", printable(error ? error->message : "no element for the source"),
                 "Install gstreamer1.0-plugins-good and -bad, and -ugly for encoding as H.264.");
  }
  const GstHandle<GstElement> sink(gst_bin_get_by_name(GST_BIN(bin), "out"));
  take_from(sink.get());
  gst_bin_add(GST_BIN(pipeline_->get()), bin);
  const GstHandle<GstPad> entry(gst_element_get_static_pad(bin, "sink"));
  if (gst_pad_link(pad, entry.get()) != GST_PAD_LINK_OK) {
    return Error(Errc::unsupported, "camerad.source", "the source's pictures cannot be read");
  }
  gst_element_sync_state_with_parent(bin);
  return {};
}

void VideoSource::Impl::take_from(GstElement* sink) {
  g_object_set(sink, "sync", is_paced_ ? TRUE : FALSE, "max-buffers", 2U, nullptr);
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = &Impl::on_sample;
  gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, this, nullptr);
}

GstFlowReturn VideoSource::Impl::on_sample(GstAppSink* sink, gpointer self) {
  auto& impl = *static_cast<Impl*>(self);
  const SampleHandle sample(gst_app_sink_pull_sample(sink));
  if (!sample) return GST_FLOW_EOS;
  if (auto picture = picture_of(sample.get(), impl.last_dts_ns_)) {
    impl.last_dts_ns_ = picture->dts_ns;
    impl.take_(*std::move(picture));
  }
  return GST_FLOW_OK;
}

void VideoSource::Impl::fail(Error error) {
  const std::lock_guard lock(mutex_);
  failure_ = std::move(error);
}

Result<VideoSource::Standing> VideoSource::Impl::poll() {
  {
    const std::lock_guard lock(mutex_);
    if (failure_) return *failure_;
  }
  bool is_over = false;
  TRY(pipeline_->poll(is_over));
  return is_over ? Standing::over : Standing::running;
}

VideoSource::VideoSource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
VideoSource::~VideoSource() = default;

Result<std::unique_ptr<VideoSource>> VideoSource::start(const Config& config, std::function<void(Picture)> take) {
  auto impl = std::make_unique<Impl>(config.encoder, config.source.starts_with("file:"), std::move(take));
  TRY(impl->start(config.source));
  return std::unique_ptr<VideoSource>(new VideoSource(std::move(impl)));
}

Result<VideoSource::Standing> VideoSource::poll() { return impl_->poll(); }
void VideoSource::stop() { impl_->stop(); }

}  // namespace signet::camerad
