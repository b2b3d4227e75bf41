// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "page.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <poll.h>

#include <array>
#include <atomic>
#include <chrono>
#include <list>
#include <mutex>
#include <thread>

namespace signet::station {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using std::chrono::seconds;

constexpr std::size_t k_connections_max = 32;
constexpr std::uint32_t k_header_bytes_max = 8192;
constexpr seconds k_patience{10};
constexpr seconds k_keep_alive{15};
constexpr std::chrono::milliseconds k_tick{500};
/// Nothing from elsewhere, nothing inline, nobody may frame it.
constexpr std::string_view k_policy =
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

using Response = http::response<http::string_body>;

Response answer(http::status status, std::string_view type, std::string body) {
  Response response(status, 11);
  response.set(http::field::content_type, beast::string_view(type.data(), type.size()));
  response.set("Content-Security-Policy", beast::string_view(k_policy.data(), k_policy.size()));
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  response.set("Referrer-Policy", "no-referrer");
  response.keep_alive(false);
  response.body() = std::move(body);
  response.prepare_payload();
  return response;
}

/// A page elsewhere whose name is made to point to loopback is told nothing (DNS rebinding).
bool is_local_name(std::string_view host) {
  const std::size_t bracket = host.find(']');
  const std::string_view name =
      bracket != std::string_view::npos ? host.substr(0, bracket + 1) : host.substr(0, host.find(':'));
  return name == "127.0.0.1" || name == "localhost" || name == "[::1]";
}

/// One connection in a thread of its own: each wait ends, since the stream has a deadline.
class Visit {
 public:
  Visit(const std::function<std::string()>& show, const std::atomic<bool>& stopping)
      : show_(show), stopping_(stopping), stream_(context_) {}
  tcp::socket& socket() { return stream_.socket(); }
  void begin() {
    thread_ = std::jthread([this] {
      serve();
      done_ = true;
    });
  }
  [[nodiscard]] bool done() const { return done_; }

 private:
  template <typename Begin>
  bool wait(Begin begin) {
    bool good = false;
    stream_.expires_after(k_patience);
    begin([&good](const beast::error_code& error, std::size_t /*bytes*/) { good = !error; });
    context_.restart();
    context_.run();
    return good;
  }

  void serve() {
    http::request_parser<http::empty_body> parser;
    parser.header_limit(k_header_bytes_max);
    beast::flat_buffer buffer;
    if (!wait([&](auto done) { http::async_read(stream_, buffer, parser, done); })) return;
    const auto& request = parser.get();
    const std::string target(request.target());
    if (!is_local_name(std::string(request[http::field::host]))) {
      return give(answer(http::status::forbidden, "text/plain", "this page answers to loopback only\n"));
    }
    if (request.method() != http::verb::get) {
      return give(answer(http::status::method_not_allowed, "text/plain", "this page can only be read\n"));
    }
    if (target == "/events") return tell();
    if (target == "/status.json") return give(answer(http::status::ok, "application/json", show_()));
    const PageFile* file = page_file(target);
    if (file == nullptr) return give(answer(http::status::not_found, "text/plain", "there is no such page\n"));
    give(answer(http::status::ok, file->type, std::string(file->content)));
  }

  void give(Response response) {
    if (!wait([&](auto done) { http::async_write(stream_, response, done); })) return;
    beast::error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  bool say(const std::string& text) {
    return wait([&](auto done) { asio::async_write(stream_, asio::buffer(text), done); });
  }

  /// Server-sent events (HTML standard, section 9.2): each change, and now and then a comment, so that a visitor who
  /// has gone is noticed.
  void tell() {
    Response head = answer(http::status::ok, "text/event-stream", "");
    head.content_length(boost::none);
    head.erase(http::field::content_length);
    std::string text = "HTTP/1.1 200 OK\r\n";
    for (const auto& field : head) {
      text += std::string(field.name_string()) + ": " + std::string(field.value()) + "\r\n";
    }
    if (!say(text + "\r\n")) return;
    std::string last;
    auto spoken = std::chrono::steady_clock::now();
    while (!stopping_) {
      const std::string now = show_();
      const bool silent_long = std::chrono::steady_clock::now() - spoken > k_keep_alive;
      if (now != last || silent_long) {
        if (!say(now != last ? "data: " + now + "\n\n" : std::string(": here\n\n"))) return;
        last = now;
        spoken = std::chrono::steady_clock::now();
      }
      std::this_thread::sleep_for(k_tick);
    }
  }

  const std::function<std::string()>& show_;
  const std::atomic<bool>& stopping_;
  asio::io_context context_;
  beast::tcp_stream stream_;
  std::atomic<bool> done_ = false;
  std::jthread thread_;  ///< last: it uses what stands above
};

}  // namespace

struct Page::State {
  std::function<std::string()> show;
  asio::io_context context;
  tcp::acceptor acceptor{context};
  std::atomic<bool> stopping = false;
  std::list<Visit> visits;
  std::jthread thread;

  void run() {
    while (!stopping) {
      visits.remove_if([](const Visit& visit) { return visit.done(); });
      pollfd wanted{.fd = acceptor.native_handle(), .events = POLLIN, .revents = 0};
      if (::poll(&wanted, 1, static_cast<int>(k_tick.count())) <= 0) continue;
      if (visits.size() >= k_connections_max) {
        std::this_thread::sleep_for(k_tick);
        continue;
      }
      Visit& visit = visits.emplace_back(show, stopping);
      beast::error_code error;
      acceptor.accept(visit.socket(), error);
      if (error) {
        visits.pop_back();
      } else {
        visit.begin();
      }
    }
  }
};

Page::Page(std::unique_ptr<State> state) : state_(std::move(state)) {}

Page::~Page() {
  state_->stopping = true;
  state_->thread.join();
  state_->visits.clear();
}

std::uint16_t Page::port() const {
  beast::error_code ignored;
  return state_->acceptor.local_endpoint(ignored).port();
}

Result<std::unique_ptr<Page>> Page::open(const std::string& address, std::function<std::string()> show) {
  const std::size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host == "[::1]") host = "::1";
  beast::error_code error;
  const auto ip = asio::ip::make_address(host, error);
  if (colon == std::string::npos || error || !ip.is_loopback()) {
    return Error(Errc::usage, "station.page-not-local", "the page cannot stand at '" + address + "'",
                 "It has no login, so write 127.0.0.1:PORT or [::1]:PORT; publish it through a server that has one.");
  }
  const std::string port = address.substr(colon + 1);
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos ||
      std::stoul(port) > UINT16_MAX) {
    return Error(Errc::usage, "station.page-not-local", "'" + port + "' is no port for the page");
  }
  auto state = std::make_unique<State>();
  state->show = std::move(show);
  const tcp::endpoint endpoint(ip, static_cast<std::uint16_t>(std::stoul(port)));
  state->acceptor.open(endpoint.protocol(), error);
  if (!error) state->acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) state->acceptor.bind(endpoint, error);
  if (!error) state->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) state->acceptor.non_blocking(true, error);
  if (error) {
    return Error(Errc::unavailable, "station.page", "the page cannot listen at '" + address + "': " + error.message(),
                 "Choose another port.");
  }
  State* const raw = state.get();
  state->thread = std::jthread([raw] { raw->run(); });
  return std::unique_ptr<Page>(new Page(std::move(state)));
}

}  // namespace signet::station
