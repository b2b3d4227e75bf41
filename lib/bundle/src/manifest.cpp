// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: manifest_fuzz)
#include "signet/bundle.hpp"
#include "signet/core/json.hpp"

#include <algorithm>
#include <set>

namespace signet::bundle {

namespace {

constexpr std::string_view k_format = "signet-firmware-1";
constexpr std::size_t k_digest_bytes = 32;

Error malformed(std::string text) {
  return {Errc::invalid_input, "bundle.manifest", std::move(text),
          "The manifest was made by a faulty or a newer tool."};
}

Result<Bytes> parse_digest(const Json& json, std::string_view name) {
  TRY_ASSIGN(const std::string text, json.string_at(name));
  auto digest = from_hex(text);
  // One spelling only: two readers must not disagree on what was signed.
  if (!digest || digest->size() != k_digest_bytes || to_hex(*digest) != text) {
    return malformed("'" + std::string(name) + "' must be a SHA-256 digest in lower-case hexadecimal");
  }
  return digest;
}

Result<Image> parse_image(const Json& json) {
  TRY(json.only_members({"role", "size_bytes", "chunks_sha256"}));
  Image image;
  TRY_ASSIGN(image.role, json.string_at("role"));
  TRY(check_name(image.role, "role of an image"));
  TRY_ASSIGN(image.size_bytes, json.uint_at("size_bytes"));
  TRY_ASSIGN(image.chunks_sha256, parse_digest(json, "chunks_sha256"));
  if (image.size_bytes > k_image_size_bytes_max)
    return malformed("image '" + image.role + "' is larger than the format allows");
  return image;
}

Result<std::vector<Image>> parse_images(const Json& json) {
  TRY_ASSIGN(const Json::Array elements, json.array_at("images"));
  if (elements.empty() || elements.size() > k_images_max) {
    return malformed("a bundle holds 1 to " + std::to_string(k_images_max) + " images");
  }
  std::vector<Image> images;
  std::set<std::string> roles;
  for (const Json& element : elements) {
    TRY_ASSIGN(Image image, parse_image(element));
    if (!roles.insert(image.role).second) return malformed("two images have the role '" + image.role + "'");
    images.push_back(std::move(image));
  }
  return images;
}

Result<std::vector<std::string>> parse_hardware(const Json& json) {
  TRY_ASSIGN(const Json::Array elements, json.array_at("hardware"));
  if (elements.empty() || elements.size() > k_hardware_max) {
    return malformed("'hardware' names 1 to " + std::to_string(k_hardware_max) + " kinds");
  }
  std::vector<std::string> hardware;
  for (const Json& element : elements) {
    TRY_ASSIGN(std::string name, element.as_string("hardware[]"));
    TRY(check_name(name, "hardware"));
    hardware.push_back(std::move(name));
  }
  return hardware;
}

}  // namespace

Result<Manifest> Manifest::parse(ByteView text) {
  TRY_ASSIGN(const Json json,
             Json::parse(text, {.size_bytes_max = k_manifest_size_bytes_max, .depth_max = 4, .values_max = 2000}));
  TRY_ASSIGN(const std::string format, json.string_at("format"));
  if (format != k_format) {
    return Error(Errc::unsupported, "bundle.manifest-format",
                 "a manifest of the format '" + printable(format, 60) + "'",
                 "This program reads " + std::string(k_format) + "; use a newer one.");
  }
  TRY(json.only_members(
      {"format", "product", "hardware", "version", "security_version", "track", "released", "images", "sbom_sha256"}));
  TRY_ASSIGN(const std::string product_name, json.string_at("product"));
  TRY_ASSIGN(ProductId product, ProductId::parse(product_name));
  Manifest manifest{.product = std::move(product),
                    .hardware = {},
                    .version = {},
                    .track = {},
                    .released = {},
                    .images = {},
                    .sbom_sha256 = {}};
  TRY_ASSIGN(manifest.hardware, parse_hardware(json));
  TRY_ASSIGN(manifest.version, json.string_at("version"));
  TRY(check_name(manifest.version, "version"));
  TRY_ASSIGN(manifest.security_version, json.uint_at("security_version"));
  TRY_ASSIGN(manifest.track, json.string_at("track"));
  TRY(check_name(manifest.track, "track"));
  TRY_ASSIGN(const std::string released, json.string_at("released"));
  TRY_ASSIGN(manifest.released, from_rfc3339(released));
  TRY_ASSIGN(manifest.images, parse_images(json));
  if (json.find("sbom_sha256") != nullptr) {
    TRY_ASSIGN(manifest.sbom_sha256, parse_digest(json, "sbom_sha256"));
  }
  return manifest;
}

Bytes Manifest::encode() const {
  Json json = Json::object({{"format", k_format}, {"product", product.str()}});
  Json::Array names(hardware.begin(), hardware.end());
  json.set("hardware", std::move(names));
  json.set("version", version).set("security_version", security_version).set("track", track);
  json.set("released", to_rfc3339(released));
  Json list = Json::array();
  for (const Image& image : images) {
    list.push(Json::object(
        {{"role", image.role}, {"size_bytes", image.size_bytes}, {"chunks_sha256", to_hex(image.chunks_sha256)}}));
  }
  json.set("images", std::move(list));
  if (sbom_sha256) json.set("sbom_sha256", to_hex(*sbom_sha256));
  return to_bytes(json.dump(2) + "\n");
}

std::string ledger_entry(ByteView manifest) {
  return "signet-release-1 sha256:" + to_hex(crypto::digest(crypto::HashAlgorithm::sha256, manifest)) + "\n";
}

}  // namespace signet::bundle
