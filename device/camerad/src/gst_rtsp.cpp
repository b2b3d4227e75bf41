// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "gst_handles.hpp"
#include "rtsp_server.hpp"
#include "units.hpp"

#include <gst/rtsp-server/rtsp-server.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace signet::camerad {

namespace {

constexpr guint k_sessions_max = 32;
constexpr guint k_cleanup_seconds = 5;
// What may wait to be sent: a few seconds of a large stream.
constexpr guint64 k_unsent_size_bytes_max = 8U << 20U;
constexpr std::chrono::milliseconds k_last_words(300);

struct MainContextUnref {
  void operator()(GMainContext* context) const { g_main_context_unref(context); }
  void operator()(GMainLoop* loop) const { g_main_loop_unref(loop); }
};

/// The way into the pipeline that GStreamer made for the clients of a stream.
struct Outlet {
  const GstRTSPMedia* media;  // its name only; never touched
  GstHandle<GstElement> in;
  bool waits_for_gop = true;
  bool is_behind = false;      // it waits because it could not keep up
  std::int64_t offset_ns = 0;  // from the source's clock to this pipeline's
};

std::string launch_line(const StreamFormat& format) {
  const std::string payloader = format.codec == video::Codec::h264 ? "rtph264pay" : "rtph265pay";
  // The server's own queue is bounded in push(), where a whole GOP is dropped rather than a picture in its middle.
  return "( appsrc name=in is-live=true format=time max-bytes=0 ! " + payloader +
         " name=pay0 pt=96 config-interval=-1 )";
}

}  // namespace

class RtspServer::Impl {
 public:
  explicit Impl(std::string path) : path_(std::move(path)) {}
  ~Impl();

  Result<void> open(const Endpoint& endpoint);
  void begin(const StreamFormat& format);
  void push(const SignedPicture& picture);
  void end(const std::vector<Bytes>& rest);
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] Counts counts() const { return {clients_, unsent_}; }

 private:
  static void on_media(GstRTSPMediaFactory* factory, GstRTSPMedia* media, gpointer self);
  static void on_unprepared(GstRTSPMedia* media, gpointer self);
  static void on_client(GstRTSPServer* server, GstRTSPClient* client, gpointer self);
  static void on_closed(GstRTSPClient* client, gpointer self);
  static gboolean on_cleanup(gpointer self);
  static gboolean on_let_go(gpointer self);
  void send(Outlet& outlet, const SignedPicture& picture);

  std::string path_;
  std::unique_ptr<GMainContext, MainContextUnref> context_;
  std::unique_ptr<GMainLoop, MainContextUnref> loop_;
  GstHandle<GstRTSPServer> server_;
  std::thread thread_;
  std::uint16_t port_ = 0;
  std::atomic<std::uint64_t> clients_{0};
  std::atomic<std::uint64_t> unsent_{0};
  std::mutex mutex_;
  std::optional<StreamFormat> format_;
  std::vector<Outlet> outlets_;
};

Result<void> RtspServer::Impl::open(const Endpoint& endpoint) {
  TRY(init_gstreamer());
  for (const char* needed : {"appsrc", "rtph264pay", "rtph265pay"}) {
    const GstHandle<GstElementFactory> found(gst_element_factory_find(needed));
    if (found) continue;
    return Error(Errc::unavailable, "camerad.plugin", "GStreamer has no " + std::string(needed),
                 "Install gstreamer1.0-plugins-base and -good.");
  }
  context_.reset(g_main_context_new());
  loop_.reset(g_main_loop_new(context_.get(), FALSE));
  server_.reset(gst_rtsp_server_new());
  gst_rtsp_server_set_address(server_.get(), endpoint.address.c_str());
  gst_rtsp_server_set_service(server_.get(), std::to_string(endpoint.port).c_str());
  g_signal_connect(server_.get(), "client-connected", G_CALLBACK(&Impl::on_client), this);
  const GstHandle<GstRTSPSessionPool> sessions(gst_rtsp_server_get_session_pool(server_.get()));
  gst_rtsp_session_pool_set_max_sessions(sessions.get(), k_sessions_max);
  if (gst_rtsp_server_attach(server_.get(), context_.get()) == 0) {
    return Error(Errc::unavailable, "camerad.rtsp",
                 "cannot listen on " + endpoint.url_host() + ":" + std::to_string(endpoint.port),
                 "Is another program there? 'rtsp.listen' says where to listen.");
  }
  port_ = static_cast<std::uint16_t>(gst_rtsp_server_get_bound_port(server_.get()));
  const std::unique_ptr<GSource, decltype(&g_source_unref)> cleanup(g_timeout_source_new_seconds(k_cleanup_seconds),
                                                                    &g_source_unref);
  g_source_set_callback(cleanup.get(), &Impl::on_cleanup, this, nullptr);
  g_source_attach(cleanup.get(), context_.get());
  thread_ = std::thread([this] { g_main_loop_run(loop_.get()); });
  return {};
}

RtspServer::Impl::~Impl() {
  if (!thread_.joinable()) return;
  end({});
  g_main_loop_quit(loop_.get());
  thread_.join();
  // Now no thread but those of media is left, and these end with their clients.
  gst_rtsp_server_client_filter(
      server_.get(), [](GstRTSPServer*, GstRTSPClient*, gpointer) { return GST_RTSP_FILTER_REMOVE; }, nullptr);
}

gboolean RtspServer::Impl::on_cleanup(gpointer self) {
  auto& impl = *static_cast<Impl*>(self);
  const GstHandle<GstRTSPSessionPool> sessions(gst_rtsp_server_get_session_pool(impl.server_.get()));
  gst_rtsp_session_pool_cleanup(sessions.get());
  return G_SOURCE_CONTINUE;
}

void RtspServer::Impl::on_client(GstRTSPServer* /*server*/, GstRTSPClient* client, gpointer self) {
  ++static_cast<Impl*>(self)->clients_;
  g_signal_connect(client, "closed", G_CALLBACK(&Impl::on_closed), self);
}

void RtspServer::Impl::on_closed(GstRTSPClient* /*client*/, gpointer self) { --static_cast<Impl*>(self)->clients_; }

/// Somebody looks: from now on pictures go into this pipeline as well.
void RtspServer::Impl::on_media(GstRTSPMediaFactory* /*factory*/, GstRTSPMedia* media, gpointer self) {
  auto& impl = *static_cast<Impl*>(self);
  const GstHandle<GstElement> bin(gst_rtsp_media_get_element(media));
  Outlet outlet{.media = media, .in = GstHandle<GstElement>(gst_bin_get_by_name(GST_BIN(bin.get()), "in"))};
  g_signal_connect(media, "unprepared", G_CALLBACK(&Impl::on_unprepared), self);
  const std::lock_guard lock(impl.mutex_);
  if (!impl.format_) return;
  const CapsHandle caps = caps_of(*impl.format_);
  gst_app_src_set_caps(GST_APP_SRC(outlet.in.get()), caps.get());
  impl.outlets_.push_back(std::move(outlet));
}

void RtspServer::Impl::on_unprepared(GstRTSPMedia* media, gpointer self) {
  auto& impl = *static_cast<Impl*>(self);
  const std::lock_guard lock(impl.mutex_);
  std::erase_if(impl.outlets_, [&](const Outlet& outlet) { return outlet.media == media; });
}

void RtspServer::Impl::begin(const StreamFormat& format) {
  {
    const std::lock_guard lock(mutex_);
    format_ = format;
  }
  GstRTSPMediaFactory* const factory = gst_rtsp_media_factory_new();
  gst_rtsp_media_factory_set_launch(factory, launch_line(format).c_str());
  gst_rtsp_media_factory_set_shared(factory, TRUE);
  const auto transports = static_cast<GstRTSPLowerTrans>(GST_RTSP_LOWER_TRANS_TCP | GST_RTSP_LOWER_TRANS_UDP);
  gst_rtsp_media_factory_set_protocols(factory, transports);
  g_signal_connect(factory, "media-configure", G_CALLBACK(&Impl::on_media), this);
  const GstHandle<GstRTSPMountPoints> mounts(gst_rtsp_server_get_mount_points(server_.get()));
  gst_rtsp_mount_points_add_factory(mounts.get(), path_.c_str(), factory);
}

void RtspServer::Impl::send(Outlet& outlet, const SignedPicture& picture) {
  GstAppSrc* const in = GST_APP_SRC(outlet.in.get());
  const guint64 unsent_size_bytes = gst_app_src_get_current_level_bytes(in);
  if (unsent_size_bytes > k_unsent_size_bytes_max) outlet.waits_for_gop = outlet.is_behind = true;
  if (outlet.waits_for_gop) {
    if (!picture.begins_gop || unsent_size_bytes > k_unsent_size_bytes_max / 2) {
      if (outlet.is_behind) ++unsent_;
      return;
    }
    outlet.waits_for_gop = outlet.is_behind = false;
    // Before the pipeline runs it has no time yet: then it begins with this picture.
    const GstClockTime now = gst_element_get_current_running_time(outlet.in.get());
    outlet.offset_ns = (GST_CLOCK_TIME_IS_VALID(now) ? static_cast<std::int64_t>(now) : 0) - picture.dts_ns;
  }
  GstBuffer* const buffer = wrap(picture.bytes);
  GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(std::max<std::int64_t>(picture.pts_ns + outlet.offset_ns, 0));
  GST_BUFFER_DTS(buffer) = static_cast<GstClockTime>(std::max<std::int64_t>(picture.dts_ns + outlet.offset_ns, 0));
  if (!picture.begins_gop) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  gst_app_src_push_buffer(in, buffer);
}

void RtspServer::Impl::push(const SignedPicture& picture) {
  const std::lock_guard lock(mutex_);
  for (Outlet& outlet : outlets_) send(outlet, picture);
}

gboolean RtspServer::Impl::on_let_go(gpointer self) {
  const auto remove = [](GstRTSPServer*, GstRTSPClient*, gpointer) { return GST_RTSP_FILTER_REMOVE; };
  gst_rtsp_server_client_filter(static_cast<Impl*>(self)->server_.get(), remove, nullptr);
  return G_SOURCE_REMOVE;
}

void RtspServer::Impl::end(const std::vector<Bytes>& rest) {
  bool has_listeners = false;
  {
    const std::lock_guard lock(mutex_);
    if (!format_) return;
    format_.reset();
    auto last = std::make_shared<Bytes>();
    for (const Bytes& each : rest) append_unit(*last, each);
    for (Outlet& outlet : outlets_) {
      has_listeners = true;
      if (!outlet.waits_for_gop && !last->empty()) {
        gst_app_src_push_buffer(GST_APP_SRC(outlet.in.get()), wrap(last));
      }
      gst_app_src_end_of_stream(GST_APP_SRC(outlet.in.get()));
    }
    outlets_.clear();
  }
  const GstHandle<GstRTSPMountPoints> mounts(gst_rtsp_server_get_mount_points(server_.get()));
  gst_rtsp_mount_points_remove_factory(mounts.get(), path_.c_str());
  if (has_listeners) std::this_thread::sleep_for(k_last_words);
  g_main_context_invoke(context_.get(), &Impl::on_let_go, this);
}

RtspServer::RtspServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RtspServer::~RtspServer() = default;

Result<std::unique_ptr<RtspServer>> RtspServer::open(const Endpoint& endpoint, const std::string& path) {
  auto impl = std::make_unique<Impl>(path);
  TRY(impl->open(endpoint));
  return std::unique_ptr<RtspServer>(new RtspServer(std::move(impl)));
}

std::uint16_t RtspServer::port() const { return impl_->port(); }
void RtspServer::begin(const StreamFormat& format) { impl_->begin(format); }
void RtspServer::push(const SignedPicture& picture) { impl_->push(picture); }
void RtspServer::end(const std::vector<Bytes>& rest) { impl_->end(rest); }
RtspServer::Counts RtspServer::counts() const { return impl_->counts(); }

}  // namespace signet::camerad
