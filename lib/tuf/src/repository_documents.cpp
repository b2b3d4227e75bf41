// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/os/file.hpp"
#include "signet/tuf_repository.hpp"

#include "repository_state.hpp"

namespace signet::tuf {

namespace {

constexpr std::uint64_t k_document_size_bytes_max = 1U << 20U;

std::string sha256_of(ByteView content) { return to_hex(crypto::digest(crypto::HashAlgorithm::sha256, content)); }

}  // namespace

Result<void> Repository::put_document(const ProductId& product, const std::string& name, ByteView content,
                                      Instant now) {
  TRY(check_name(name, "document"));
  TRY_ASSIGN(Document document, state_->begin(product.str()));
  TRY_ASSIGN(Json targets, document.signed_part.object_at("targets"));
  const std::string sha256 = sha256_of(content);
  const std::filesystem::path folder = state_->target(product.str());
  TRY(os::make_folders(folder));
  TRY(os::replace_file(folder / (sha256 + "." + name), content));
  targets.set(product.str() + "/" + name, Json::object({{"length", std::uint64_t{content.size()}},
                                                        {"hashes", Json::object({{"sha256", sha256}})}}));
  document.signed_part.set("targets", std::move(targets));
  return state_->keep(product.str(), std::move(document), now);
}

Result<std::optional<Bytes>> Repository::document(const ProductId& product, const std::string& name) const {
  TRY_ASSIGN(const std::optional<Document> document, state_->newest(product.str()));
  if (!document) return std::optional<Bytes>();
  TRY_ASSIGN(const Json targets, document->signed_part.object_at("targets"));
  const Json* target = targets.find(product.str() + "/" + name);
  if (target == nullptr) return std::optional<Bytes>();
  TRY_ASSIGN(const Json hashes, target->object_at("hashes"));
  TRY_ASSIGN(const std::string sha256, hashes.string_at("sha256"));
  TRY_ASSIGN(Bytes content,
             os::read_file(state_->target(product.str()) / (sha256 + "." + name), k_document_size_bytes_max));
  if (sha256_of(content) != sha256) {
    return Error(Errc::invalid_input, "repo.damaged", "the copy of " + name + " in the repository has been changed",
                 "Bring it back from a backup, or write it anew.");
  }
  return std::optional(std::move(content));
}

}  // namespace signet::tuf
