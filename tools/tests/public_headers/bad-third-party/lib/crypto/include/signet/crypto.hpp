#pragma once
#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <stdint.h>
#include <vector>
#include "private.hpp"

namespace signet::crypto {
/// Names what it should hide.
struct Key {
  EVP_PKEY* key;
  boost::asio::io_context* io;
};
/// And a forward declaration is a name, too.
void sign(struct evp_pkey_st* key, const nlohmann::json& value, sqlite3* store);
}  // namespace signet::crypto
