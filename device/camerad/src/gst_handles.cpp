// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "gst_handles.hpp"

#include <utility>

namespace signet::camerad {

Result<void> init_gstreamer() {
  GError* failed = nullptr;
  if (gst_init_check(nullptr, nullptr, &failed) != FALSE) return {};
  const GErrorHandle error(failed);
  return Error(Errc::unavailable, "camerad.gstreamer",
               "GStreamer does not start: " + printable(error ? error->message : "no reason given"));
}

Result<Pipeline> Pipeline::make(const std::string& description) {
  GError* failed = nullptr;
  GstElement* const element = gst_parse_launch_full(description.c_str(), nullptr, GST_PARSE_FLAG_FATAL_ERRORS, &failed);
  const GErrorHandle error(failed);
  if (element == nullptr || error) {
    if (element != nullptr) gst_object_unref(element);
    return Error(Errc::unavailable, "camerad.plugin",
                 "GStreamer cannot build the pipeline: " + printable(error ? error->message : "no reason given"),
                 "Install gstreamer1.0-plugins-base, -good and -bad, and -ugly for encoding as H.264.");
  }
  if (GST_IS_PIPELINE(element)) return Pipeline(static_cast<GstElement*>(gst_object_ref_sink(element)));
  GstElement* const pipeline = gst_pipeline_new(nullptr);  // a lone element comes without one
  gst_bin_add(GST_BIN(pipeline), element);
  return Pipeline(static_cast<GstElement*>(gst_object_ref_sink(pipeline)));
}

Pipeline::~Pipeline() {
  if (element_) stop();
}

GstHandle<GstElement> Pipeline::child(const char* name) const {
  return GstHandle<GstElement>(gst_bin_get_by_name(GST_BIN(element_.get()), name));
}

Result<void> Pipeline::play() {
  if (gst_element_set_state(element_.get(), GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE) return {};
  bool is_over = false;
  TRY(poll(is_over));  // says more, where there is more to say
  return Error(Errc::unavailable, "camerad.source", "the pipeline does not start");
}

void Pipeline::stop() { gst_element_set_state(element_.get(), GST_STATE_NULL); }

Result<void> Pipeline::poll(bool& is_over) {
  const GstHandle<GstBus> bus(gst_element_get_bus(element_.get()));
  while (const MessageHandle message{gst_bus_pop(bus.get())}) {
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS) is_over = true;
    if (GST_MESSAGE_TYPE(message.get()) != GST_MESSAGE_ERROR) continue;
    GError* failed = nullptr;
    // Without the debug text, which may hold a URL with its password.
    gst_message_parse_error(message.get(), &failed, nullptr);
    const GErrorHandle error(failed);
    return Error(Errc::unavailable, "camerad.source", printable(error->message));
  }
  return {};
}

GstBuffer* wrap(std::shared_ptr<const Bytes> bytes) {
  auto owner = std::make_unique<std::shared_ptr<const Bytes>>(std::move(bytes));
  const Bytes& content = **owner;
  // READONLY: GStreamer copies before it writes.
  auto* const data = const_cast<std::byte*>(content.data());
  const std::size_t size = content.size();
  const auto release = [](gpointer owned) { delete static_cast<std::shared_ptr<const Bytes>*>(owned); };
  return gst_buffer_new_wrapped_full(GST_MEMORY_FLAG_READONLY, data, size, 0, size, owner.release(), release);
}

CapsHandle caps_of(const StreamFormat& format) {
  const char* const type = format.codec == video::Codec::h264 ? "video/x-h264" : "video/x-h265";
  return CapsHandle(gst_caps_new_simple(type, "stream-format", G_TYPE_STRING, "byte-stream", "alignment", G_TYPE_STRING,
                                        "au", "width", G_TYPE_INT, static_cast<int>(format.width), "height", G_TYPE_INT,
                                        static_cast<int>(format.height), nullptr));
}

}  // namespace signet::camerad
