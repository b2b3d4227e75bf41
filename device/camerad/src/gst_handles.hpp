// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#pragma once

// Private to the gst_*.cpp files: nothing else of the module sees GStreamer.
#include "signet/core/bytes.hpp"
#include "signet/core/result.hpp"

#include "picture.hpp"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>

#include <memory>
#include <string>

namespace signet::camerad {

struct GObjectUnref {
  void operator()(gpointer object) const { gst_object_unref(object); }
};
struct MiniObjectUnref {
  void operator()(GstMessage* message) const { gst_message_unref(message); }
  void operator()(GstSample* sample) const { gst_sample_unref(sample); }
  void operator()(GstCaps* caps) const { gst_caps_unref(caps); }
  void operator()(GError* error) const { g_error_free(error); }
};
template <typename T>
using GstHandle = std::unique_ptr<T, GObjectUnref>;
using MessageHandle = std::unique_ptr<GstMessage, MiniObjectUnref>;
using SampleHandle = std::unique_ptr<GstSample, MiniObjectUnref>;
using CapsHandle = std::unique_ptr<GstCaps, MiniObjectUnref>;
using GErrorHandle = std::unique_ptr<GError, MiniObjectUnref>;

/// Once per process; "camerad.gstreamer" (unavailable).
Result<void> init_gstreamer();

/// A pipeline that is stopped before it goes.
class Pipeline {
 public:
  /// As gst-launch-1.0 takes it; "camerad.plugin" (unavailable) if an element is not installed.
  static Result<Pipeline> make(const std::string& description);
  Pipeline(Pipeline&&) noexcept = default;
  Pipeline& operator=(Pipeline&&) = delete;
  ~Pipeline();

  [[nodiscard]] GstElement* get() const { return element_.get(); }
  [[nodiscard]] GstHandle<GstElement> child(const char* name) const;
  Result<void> play();
  void stop();
  /// What went wrong since the last call, if anything; `is_over` is set at the end of the stream.
  Result<void> poll(bool& is_over);

 private:
  explicit Pipeline(GstElement* element) : element_(element) {}
  GstHandle<GstElement> element_;
};

/// A buffer over shared bytes, not copied; it keeps them alive.
GstBuffer* wrap(std::shared_ptr<const Bytes> bytes);

/// "video/x-h264" with start codes, one access unit per buffer.
CapsHandle caps_of(const StreamFormat& format);

}  // namespace signet::camerad
