// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/keystored.hpp"
#include "signet/os/local_socket.hpp"
#include "signet/test/expect.hpp"
#include "signet/test/memory_signer.hpp"
#include "signet/test/temp_dir.hpp"

#include "keystored_uri.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace signet::keystore {

namespace {

using crypto::KeyAlgorithm;
using crypto::SignatureScheme;

/// What a daemon does with one question; nothing: it goes away without an answer.
using Handler = std::function<std::optional<Bytes>(const KeystoredRequest&)>;

/// Stands for signet-keystored: listens, and answers as the test says.
class Responder {
 public:
  Responder(const std::filesystem::path& path, Handler handler) : handler_(std::move(handler)) {
    auto listener = os::LocalListener::listen(path, 0600);
    if (!listener) std::abort();
    thread_ = std::jthread([this, held = std::make_shared<os::LocalListener>(*std::move(listener))] { serve(*held); });
  }
  ~Responder() { stop_ = true; }
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

 private:
  void serve(os::LocalListener& listener) {
    std::vector<std::jthread> conversations;  // a store and its signer each have a connection
    while (!stop_) {
      auto socket = listener.accept(std::chrono::milliseconds(50));
      if (!socket) continue;
      conversations.emplace_back([this, held = std::make_shared<os::LocalSocket>(*std::move(socket))] { talk(*held); });
    }
  }
  void talk(os::LocalSocket& socket) {
    while (!stop_) {
      const auto message = socket.receive(k_keystored_message_bytes_max);
      if (!message && message.error().reason() == "os.timeout") continue;
      if (!message) return;
      const auto request = KeystoredRequest::parse(*message);
      const std::lock_guard lock(mutex_);
      const auto answer = request ? handler_(*request) : encode_answer(request.error());
      if (!answer || !socket.send(*answer)) return;
    }
  }

  const Handler handler_;
  std::mutex mutex_;
  std::atomic<bool> stop_ = false;
  std::jthread thread_;
};

Handler answers(const Result<Json>& answer) {
  return [answer](const KeystoredRequest&) { return encode_answer(answer); };
}

Json key_json(const crypto::PublicKey& key, std::string_view label = "camera", Purpose purpose = Purpose::tls) {
  return KeystoredKey{.label = std::string(label),
                      .purpose = purpose,
                      .use = "sign",
                      .public_key = key,
                      .protection = Protection::token,
                      .extractable = Extractable::never}
      .to_json();
}

class Keystored : public ::testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path path() const { return folder_ / "keystored.sock"; }
  [[nodiscard]] std::string uri(const std::string& query = {}) const {
    return "keystored:" + path().string() + (query.empty() ? "" : "?" + query);
  }
  test::TempDir folder_;
};

}  // namespace

TEST_F(Keystored, P_KEYSTORE_019_errors_keep_code_reason_text_hint_and_context_on_the_wire) {
  for (const ErrcInfo& row : errc_table()) {
    const Error error =
        Error(row.code, "tpm.lockout", "too many wrong values", "Wait.").with_context("sign").with_context("more");
    const auto back = parse_answer(encode_answer(error));
    ASSERT_FALSE(back.has_value());
    EXPECT_EQ(back.error().code(), row.code);
    EXPECT_EQ(back.error().reason(), error.reason());
    EXPECT_EQ(back.error().text(), error.text());
    EXPECT_EQ(back.error().hint(), error.hint());
    EXPECT_EQ(back.error().message(), error.message());
  }
}

TEST_F(Keystored, malformed_questions_and_answers_are_refused) {
  for (const char* text :
       {"", "[]", "{}", R"({"op":"sign"})", R"({"op":"sign","arguments":[]})", R"({"op":"","arguments":{}})",
        R"({"op":"Sign","arguments":{}})", R"({"op":"sign","arguments":{},"more":1})",
        R"({"op":"sign","arguments":{}} )"
        "x",
        R"({"op":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","arguments":{}})"}) {
    EXPECT_REASON(KeystoredRequest::parse(as_bytes(text)), "keystored.request") << text;
  }
  for (const char* text : {"", "[]", "{}", R"({"answer":1})", R"({"answer":{},"error":{}})", R"({"error":{}})",
                           R"({"error":{"code":"nothing","reason":"a.b","text":"c"}})",
                           R"({"error":{"code":"denied","reason":"A B","text":"c"}})"}) {
    EXPECT_REASON(parse_answer(as_bytes(text)), "keystored.answer") << text;
  }
  EXPECT_REASON(KeystoredKey::parse(Json::object({{"label", "a"}, {"purpose", "tls"}})), "keystored.answer");
}

TEST_F(Keystored, foreign_text_in_an_answer_is_made_printable) {
  const auto answer =
      parse_answer(as_bytes(R"({"error":{"code":"io","reason":"a.b","text":"\u001b[31m","hint":"\u0007"}})"));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().text(), "\\x1b[31m");
  EXPECT_EQ(answer.error().hint(), "\\x07");
}

TEST_F(Keystored, P_KEYSTORE_018_purposes_allow_what_the_table_says_and_no_more) {
  struct Row {
    Purpose purpose;
    const char* name;
    const char* acts;  // of sign, decrypt, derive, seal, certify, sign any
  };
  constexpr Row k_rows[] = {{Purpose::device_id, "device-id", "s...c."},
                            {Purpose::tls, "tls", "s...ca"},
                            {Purpose::network, "network", "s...c."},
                            {Purpose::video, "video", "s...c."},
                            {Purpose::storage, "storage", ".dxpc."}};
  constexpr KeyAct k_acts[] = {KeyAct::sign, KeyAct::decrypt, KeyAct::derive,
                               KeyAct::seal, KeyAct::certify, KeyAct::sign_any};
  for (const Row& row : k_rows) {
    EXPECT_EQ(name_of(row.purpose), row.name);
    ASSERT_OK(purpose_from(row.name));
    EXPECT_EQ(*purpose_from(row.name), row.purpose);
    for (std::size_t i = 0; i < 6; ++i) {
      EXPECT_EQ(may(row.purpose, k_acts[i]), row.acts[i] == '.' ? Permission::refused : Permission::allowed)
          << row.name << " " << i;
    }
  }
  EXPECT_REASON(purpose_from("TLS"), "keystore.purpose-unknown");
}

TEST_F(Keystored, P_KEYSTORE_001_a_key_of_the_daemon_is_found_by_its_uri_and_signs) {
  const auto key = test::make_memory_signer(KeyAlgorithm::ec_p256);
  std::atomic<int> signed_count = 0;
  const Responder daemon(path(), [&](const KeystoredRequest& request) -> std::optional<Bytes> {
    const Json& given = request.arguments;
    if (request.op == "list") {
      Json keys = Json::array();
      keys.push(key_json(key->public_key())).push(key_json(key->public_key(), "other", Purpose::video));
      return encode_answer(Json::object({{"keys", std::move(keys)}}));
    }
    if (request.op == "generate" || request.op == "public") return encode_answer(key_json(key->public_key()));
    if (request.op == "sign") {
      ++signed_count;
      EXPECT_EQ(given.string_at("label").value_or(""), "camera");
      EXPECT_EQ(given.string_at("purpose").value_or(""), "tls");
      const auto scheme = scheme_from(given.string_at("scheme").value_or(""));
      const auto input = bytes_at(given, "input");
      if (!scheme || !input) return std::nullopt;
      const auto signature = key->sign_digest(*scheme, *input);
      return encode_answer(Json::object({{"signature", to_base64(*signature)}}));
    }
    return encode_answer(Json::object());
  });
  const auto store = open(uri("purpose=tls"));
  ASSERT_OK(store);
  const auto made = (*store)->generate("camera", KeyAlgorithm::ec_p256);
  ASSERT_OK(made);
  EXPECT_EQ(made->uri, uri("label=camera&purpose=tls"));
  EXPECT_EQ(made->protection, Protection::token);
  const auto keys = (*store)->list();
  ASSERT_OK(keys);
  ASSERT_EQ(keys->size(), 1U) << "the video key is not for tls";
  const auto signer = open_signer(made->uri);
  ASSERT_OK(signer);
  const auto signature = (*signer)->sign(SignatureScheme::ecdsa_sha256, as_bytes("message"));
  ASSERT_OK(signature);
  EXPECT_OK(key->public_key().verify(SignatureScheme::ecdsa_sha256, as_bytes("message"), *signature));
  EXPECT_EQ(signed_count, 1);
  EXPECT_REASON(open_signer(uri("label=camera&purpose=video")), "keystore.purpose");
  EXPECT_OK((*store)->destroy({.label = "camera"}));
  const auto no_purpose = open(uri());
  ASSERT_OK(no_purpose);
  EXPECT_REASON((*no_purpose)->generate("camera", KeyAlgorithm::ec_p256), "keystore.no-purpose");
}

TEST_F(Keystored, P_KEYSTORE_020_works_on_after_the_daemon_was_restarted) {
  KeystoredClient client(path());
  EXPECT_REASON(client.call("list"), "keystored.gone");
  auto daemon = std::make_unique<Responder>(path(), answers(Json::object({{"floor", 1}})));
  ASSERT_OK(client.read_floor());
  daemon.reset();
  daemon = std::make_unique<Responder>(path(), answers(Json::object({{"floor", 2}})));
  const auto floor = client.read_floor();
  ASSERT_OK(floor);
  EXPECT_EQ(*floor, 2U);
}

TEST_F(Keystored, P_KEYSTORE_020_what_would_do_harm_twice_is_asked_once) {
  std::atomic<int> asked = 0;
  const Responder daemon(path(), [&](const KeystoredRequest& request) -> std::optional<Bytes> {
    if (++asked % 2 == 1) return std::nullopt;  // killed in mid-answer, and started again
    return encode_answer(Json::object({{"bytes", "AA=="}, {"op", request.op}}));
  });
  KeystoredClient client(path());
  const auto lost = client.call("generate");
  EXPECT_REASON(lost, "keystored.gone");
  EXPECT_EQ(asked, 1);
  asked = 0;
  EXPECT_OK(client.random(1));
  EXPECT_EQ(asked, 2);
}

TEST_F(Keystored, answers_that_make_no_sense_are_no_answers) {
  const Responder daemon(path(), answers(Json::object({{"signature", "%"}, {"floor", "x"}, {"keys", 1}})));
  KeystoredClient client(path());
  EXPECT_REASON(client.sign("a", Purpose::tls, SignatureScheme::ecdsa_sha256, Bytes(32)), "keystored.answer");
  EXPECT_REASON(client.read_floor(), "keystored.answer");
  EXPECT_REASON(client.list(), "keystored.answer");
  EXPECT_REASON(client.find("a"), "keystored.answer");
  EXPECT_REASON(client.random(3), "keystored.answer");
  EXPECT_REASON(client.unseal(Bytes(3)), "keystored.answer");
}

TEST_F(Keystored, secrets_come_through_whole) {
  Bytes all(128);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::byte>(i * 2);
  const Responder daemon(path(), [&](const KeystoredRequest& request) -> std::optional<Bytes> {
    if (request.op == "seal") {
      const auto data = secret_at(request.arguments, "data");
      if (!data) return encode_answer(data.error());
      return encode_answer(Json::object({{"sealed", text_of(*data)}}));
    }
    return encode_answer(Json::object({{"data", request.arguments.string_at("sealed").value_or("")}}));
  });
  KeystoredClient client(path());
  const auto sealed = client.seal(Secret::copy_of(all));
  ASSERT_OK(sealed);
  const auto opened = client.unseal(*sealed);
  ASSERT_OK(opened);
  EXPECT_TRUE(*opened == Secret::copy_of(all));
}

TEST_F(Keystored, P_KEYSTORE_009_a_child_process_has_a_connection_of_its_own) {
  std::atomic<int> served = 0;
  const auto make = [&] {
    return std::make_unique<Responder>(path(), [&](const KeystoredRequest&) -> std::optional<Bytes> {
      ++served;
      return encode_answer(Json::object({{"floor", 7}}));
    });
  };
  const auto daemon = make();
  auto client = std::make_unique<KeystoredClient>(path());
  ASSERT_OK(client->read_floor());
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(client->read_floor().has_value() ? 0 : 1);
  client.reset();  // the responder serves one connection at a time
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(served, 2);
}

TEST_F(Keystored, threads_share_a_client) {
  const Responder daemon(path(), [](const KeystoredRequest& request) -> std::optional<Bytes> {
    return encode_answer(Json::object({{"floor", Json(request.arguments.uint_at("n").value_or(0))}}));
  });
  KeystoredClient client(path());
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t n = 0; n < 4; ++n) {
      threads.emplace_back([&, n] {
        for (int i = 0; i < 50; ++i) {
          const auto answer = client.call("echo", Json::object({{"n", Json(n)}}));
          if (!answer || answer->uint_at("floor").value_or(99) != n) ++wrong;
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

TEST(KeystoredUri, default_socket_and_purpose) {
  const auto bare = KeystoredUri::parse("");
  ASSERT_OK(bare);
  EXPECT_EQ(bare->socket, std::string(k_keystored_socket));
  EXPECT_EQ(bare->of_key("a", Purpose::device_id), "keystored:/run/signet/keystored.sock?label=a&purpose=device-id");
}

}  // namespace signet::keystore
