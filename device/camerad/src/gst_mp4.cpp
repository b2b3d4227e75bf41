// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"

#include "gst_handles.hpp"
#include "segment_writer.hpp"
#include "units.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

namespace signet::camerad {

namespace {

constexpr std::uint64_t k_timeout_ns = 20'000'000'000;

/// What the muxer must know of a stream before its first picture: the parser says it of that picture. The parser is not
/// in the way of the pictures themselves, since it would take SEI behind a slice for a picture of their own.
Result<CapsHandle> sample_caps(const StreamFormat& format, const SignedPicture& first) {
  const std::string parser = format.codec == video::Codec::h264
                                 ? "h264parse ! video/x-h264,stream-format=avc,alignment=au"
                                 : "h265parse ! video/x-h265,stream-format=hvc1,alignment=au";
  TRY_ASSIGN(Pipeline pipeline, Pipeline::make("appsrc name=in ! " + parser + " ! appsink name=out sync=false"));
  const GstHandle<GstElement> in = pipeline.child("in");
  const GstHandle<GstElement> out = pipeline.child("out");
  const CapsHandle given = caps_of(format);
  gst_app_src_set_caps(GST_APP_SRC(in.get()), given.get());
  TRY(pipeline.play());
  gst_app_src_push_buffer(GST_APP_SRC(in.get()), wrap(first.bytes));
  gst_app_src_end_of_stream(GST_APP_SRC(in.get()));
  const SampleHandle sample(gst_app_sink_try_pull_sample(GST_APP_SINK(out.get()), k_timeout_ns));
  GstCaps* const caps = sample ? gst_sample_get_caps(sample.get()) : nullptr;
  if (caps == nullptr) return Error(Errc::unsupported, "camerad.segment", "the stream has no parameter sets");
  return CapsHandle(gst_caps_ref(caps));
}

/// An access unit as it stands in a sample (ISO/IEC 14496-15): each unit behind its length.
std::shared_ptr<const Bytes> sample_of(ByteView stream) {
  std::vector<ByteView> units;
  split_units(stream, units);
  auto sample = std::make_shared<Bytes>();
  sample->reserve(stream.size() + 4 * units.size());
  for (const ByteView unit : units) {
    const std::size_t at = sample->size();
    sample->resize(at + 4);
    put_be32(ByteSpan(*sample).subspan(at), static_cast<std::uint32_t>(unit.size()));
    append(*sample, unit);
  }
  return sample;
}

/// Pictures go into GStreamer's muxer, and what comes out of it into a file that it knows nothing of. The newest
/// picture is kept back until the next one says how long it was shown, or the segment's last SEI are put behind it.
class Mp4Segment : public SegmentWriter {
 public:
  Mp4Segment(os::PendingFile file, Pipeline pipeline, const StreamFormat& format)
      : file_(std::move(file)), pipeline_(std::move(pipeline)), format_(format) {}
  ~Mp4Segment() override { pipeline_.stop(); }

  Result<void> add(const SignedPicture& picture) override;
  Result<void> finish(const std::vector<Bytes>& sei) override;
  [[nodiscard]] std::uint64_t size_bytes() const override { return size_bytes_; }

 private:
  static GstFlowReturn on_sample(GstAppSink* sink, gpointer self);
  Result<void> start(const SignedPicture& first);
  Result<void> push(const SignedPicture& picture, std::int64_t duration_ns);
  Result<void> drain();

  os::PendingFile file_;
  Pipeline pipeline_;
  StreamFormat format_;
  GstHandle<GstElement> in_;
  GstHandle<GstElement> out_;
  std::optional<SignedPicture> newest_;
  std::int64_t first_ns_ = 0;
  std::int64_t duration_ns_ = 40'000'000;  // of the last picture of which it is known
  std::uint64_t size_bytes_ = 0;
  std::mutex mutex_;
  Bytes muxed_;
};

Result<void> Mp4Segment::start(const SignedPicture& first) {
  TRY_ASSIGN(const CapsHandle caps, sample_caps(format_, first));
  in_ = pipeline_.child("in");
  out_ = pipeline_.child("out");
  gst_app_src_set_caps(GST_APP_SRC(in_.get()), caps.get());
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = &Mp4Segment::on_sample;
  gst_app_sink_set_callbacks(GST_APP_SINK(out_.get()), &callbacks, this, nullptr);
  return pipeline_.play();
}

GstFlowReturn Mp4Segment::on_sample(GstAppSink* sink, gpointer self) {
  auto& segment = *static_cast<Mp4Segment*>(self);
  const SampleHandle sample(gst_app_sink_pull_sample(sink));
  if (!sample) return GST_FLOW_EOS;
  GstBuffer* const buffer = gst_sample_get_buffer(sample.get());
  GstMapInfo map;
  if (buffer == nullptr || gst_buffer_map(buffer, &map, GST_MAP_READ) == FALSE) return GST_FLOW_ERROR;
  {
    const std::lock_guard lock(segment.mutex_);
    append(segment.muxed_, std::as_bytes(std::span(map.data, map.size)));
  }
  gst_buffer_unmap(buffer, &map);
  return GST_FLOW_OK;
}

Result<void> Mp4Segment::drain() {
  Bytes bytes;
  {
    const std::lock_guard lock(mutex_);
    bytes.swap(muxed_);
  }
  TRY(os::write_all(file_.fd(), bytes));
  size_bytes_ += bytes.size();
  bool is_over = false;
  return pipeline_.poll(is_over).context("write a segment");
}

Result<void> Mp4Segment::push(const SignedPicture& picture, std::int64_t duration_ns) {
  GstBuffer* const buffer = wrap(sample_of(*picture.bytes));
  GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(std::max<std::int64_t>(picture.pts_ns - first_ns_, 0));
  GST_BUFFER_DTS(buffer) = static_cast<GstClockTime>(std::max<std::int64_t>(picture.dts_ns - first_ns_, 0));
  GST_BUFFER_DURATION(buffer) = static_cast<GstClockTime>(duration_ns);
  if (!picture.begins_gop) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  if (gst_app_src_push_buffer(GST_APP_SRC(in_.get()), buffer) == GST_FLOW_OK) return {};
  TRY(drain());
  return Error(Errc::io, "camerad.segment", "the segment's muxer stopped");
}

Result<void> Mp4Segment::add(const SignedPicture& picture) {
  if (newest_) {
    const std::int64_t duration_ns = picture.dts_ns - newest_->dts_ns;
    if (duration_ns > 0) duration_ns_ = duration_ns;
    TRY(push(*newest_, duration_ns_));
  } else {
    TRY(start(picture));
    first_ns_ = picture.dts_ns;
  }
  newest_ = picture;
  return drain();
}

Result<void> Mp4Segment::finish(const std::vector<Bytes>& sei) {
  if (newest_) {
    auto with_sei = std::make_shared<Bytes>(*newest_->bytes);
    for (const Bytes& each : sei) append_unit(*with_sei, each);
    newest_->bytes = std::move(with_sei);
    TRY(push(*newest_, duration_ns_));
  }
  gst_app_src_end_of_stream(GST_APP_SRC(in_.get()));
  const GstHandle<GstBus> bus(gst_element_get_bus(pipeline_.get()));
  const auto wanted = static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  const MessageHandle message(gst_bus_timed_pop_filtered(bus.get(), k_timeout_ns, wanted));
  if (!message || GST_MESSAGE_TYPE(message.get()) != GST_MESSAGE_EOS) {
    return Error(Errc::io, "camerad.segment", "the segment's muxer did not come to its end");
  }
  TRY(drain());
  return file_.commit_new();
}

}  // namespace

Result<std::unique_ptr<SegmentWriter>> open_mp4_segment(const std::filesystem::path& path, const StreamFormat& format) {
  TRY(init_gstreamer());
  TRY_ASSIGN(os::PendingFile file, os::PendingFile::create(path, 0640));
  TRY_ASSIGN(Pipeline pipeline,
             Pipeline::make("appsrc name=in format=time max-bytes=0 ! muxer.video_0 mp4mux name=muxer "
                            "fragment-duration=1000 streamable=true ! appsink name=out sync=false"));
  return std::unique_ptr<SegmentWriter>(std::make_unique<Mp4Segment>(std::move(file), std::move(pipeline), format));
}

}  // namespace signet::camerad
