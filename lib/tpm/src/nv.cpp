// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <iterator>
#include <span>
#include <vector>

#include "connection.hpp"
#include "ossl.hpp"
#include "templates.hpp"

namespace signet::tpm {

namespace {

const auto k_access = SecretAccess::for_cryptography;
constexpr std::size_t k_chunk_size_bytes = 512;  // each TPM takes this much at once (Part 2, TPM_PT_NV_BUFFER_MAX)
// Where endorsement keys are kept (TCG Registry of Reserved TPM 2.0 Handles): others, which somebody may hold open, are
// left alone.
constexpr TPM2_HANDLE k_ek_first = 0x81010000;
constexpr TPM2_HANDLE k_ek_last = 0x8101ffff;
constexpr TPM2_HANDLE k_chain_first = 0x01c00100;
constexpr TPM2_HANDLE k_chain_last = 0x01c001ff;

/// The whole index, with `session` for its auth.
Result<Secret> read_all(Connection& connection, ESYS_TR index, std::size_t size_bytes, bool encrypted) {
  Secret out(size_bytes);
  for (std::size_t at = 0; at < size_bytes;) {
    const std::size_t size = std::min(size_bytes - at, k_chunk_size_bytes);
    ESYS_TR session = ESYS_TR_PASSWORD;
    if (encrypted) {
      TRY_ASSIGN(session, connection.session(0, Crypt::answer));
    }
    Owned<TPM2B_MAX_NV_BUFFER> chunk;
    TRY(connection.run("read an index", [&](ESYS_CONTEXT* esys) {
      return Esys_NV_Read(esys, index, index, session, ESYS_TR_NONE, ESYS_TR_NONE, static_cast<UINT16>(size),
                          static_cast<UINT16>(at), chunk.put());
    }));
    if (chunk->size != size) return malformed("the contents of an index");
    std::ranges::copy(view(*chunk), out.write(k_access()).subspan(at).begin());
    wipe(std::as_writable_bytes(area_of(*chunk)));
    at += size;
  }
  return out;
}

/// The certificates that stand one after the other; what follows the last one (indexes are larger than what they hold)
/// is dropped. As the vendor wrote them: judged by who validates them.
std::vector<Bytes> certificates_in(ByteView bytes) {
  std::vector<Bytes> out;
  while (!bytes.empty()) {
    const unsigned char* at = as_uchar(bytes);
    const ossl::X509Cert certificate(d2i_X509(nullptr, &at, static_cast<long>(bytes.size())));
    if (certificate == nullptr) {
      (void)ossl::take_error(Errc::invalid_input, "", "");
      break;
    }
    const auto size = static_cast<std::size_t>(at - as_uchar(bytes));
    out.push_back(to_bytes(bytes.first(size)));
    bytes = bytes.subspan(size);
  }
  return out;
}

Result<crypto::PublicKey> key_in(ByteView certificate) {
  const unsigned char* at = as_uchar(certificate);
  const ossl::X509Cert parsed(d2i_X509(nullptr, &at, static_cast<long>(certificate.size())));
  EVP_PKEY* key = parsed == nullptr ? nullptr : X509_get0_pubkey(parsed.get());
  if (key == nullptr) {
    (void)ossl::take_error(Errc::invalid_input, "", "");
    return malformed("an endorsement certificate");
  }
  return ossl::from_evp(key);
}

/// The known kinds of endorsement keys, with those of the preferred algorithm first.
std::vector<EkTemplate> in_order(std::optional<crypto::KeyAlgorithm> preferred) {
  const auto fits = [&](const EkTemplate& which) { return which.algorithm == preferred; };
  std::vector<EkTemplate> order;
  std::ranges::copy_if(ek_templates(), std::back_inserter(order), fits);
  std::ranges::copy_if(ek_templates(), std::back_inserter(order), std::not_fn(fits));
  return order;
}

}  // namespace

Result<void> Tpm::define_nv(const NvPublic& wanted, const Secret& owner_auth, const Secret& index_auth) {
  const std::lock_guard lock(connection_->mutex());
  TPM2B_NV_PUBLIC area{};
  TRY_ASSIGN(area.nvPublic, unmarshal<TPMS_NV_PUBLIC>(wanted.wire, "the public area of an index"));
  Wiped<TPM2B_AUTH> auth;
  TRY_ASSIGN(auth.value, to_tpm2b<TPM2B_AUTH>(index_auth.read(k_access())));
  TRY_ASSIGN(const auto held, WithAuth::make(*connection_, ESYS_TR_RH_OWNER, owner_auth));
  TRY_ASSIGN(const ESYS_TR session, connection_->session(0, Crypt::command));
  ESYS_TR index = ESYS_TR_NONE;
  TRY(connection_->run("define an index", [&](ESYS_CONTEXT* esys) {
    return Esys_NV_DefineSpace(esys, ESYS_TR_RH_OWNER, session, ESYS_TR_NONE, ESYS_TR_NONE, &auth.value, &area, &index);
  }));
  connection_->close(index);
  return {};
}

Result<void> Tpm::undefine_nv(std::uint32_t index, const Secret& owner_auth) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(const auto known, Adopted::make(*connection_, index, "find an index"));
  TRY_ASSIGN(const auto held, WithAuth::make(*connection_, ESYS_TR_RH_OWNER, owner_auth));
  return connection_->run("remove an index", [&](ESYS_CONTEXT* esys) {
    return Esys_NV_UndefineSpace(esys, ESYS_TR_RH_OWNER, known->get(), held->session(), ESYS_TR_NONE, ESYS_TR_NONE);
  });
}

Result<NvPublic> Tpm::nv_public(std::uint32_t index) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(const auto known, Adopted::make(*connection_, index, "find an index"));
  Owned<TPM2B_NV_PUBLIC> area;
  TRY(connection_->run("read an index's public area", [&](ESYS_CONTEXT* esys) {
    return Esys_NV_ReadPublic(esys, known->get(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, area.put(), nullptr);
  }));
  return NvPublic::parse(marshal(area->nvPublic));
}

Result<void> Tpm::write_nv(std::uint32_t index, const Secret& data, const Secret& index_auth) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(const auto known, Adopted::make(*connection_, index, "find an index"));
  TRY(connection_->set_auth(known->get(), index_auth));
  for (std::size_t at = 0; at < data.size(); at += k_chunk_size_bytes) {
    const std::size_t size = std::min(data.size() - at, k_chunk_size_bytes);
    Wiped<TPM2B_MAX_NV_BUFFER> chunk;
    TRY_ASSIGN(chunk.value, to_tpm2b<TPM2B_MAX_NV_BUFFER>(data.read(k_access()).subspan(at, size)));
    TRY_ASSIGN(const ESYS_TR session, connection_->session(0, Crypt::command));
    TRY(connection_->run("write an index", [&](ESYS_CONTEXT* esys) {
      return Esys_NV_Write(esys, known->get(), known->get(), session, ESYS_TR_NONE, ESYS_TR_NONE, &chunk.value,
                           static_cast<UINT16>(at));
    }));
  }
  return {};
}

Result<void> Tpm::write_nv(std::uint32_t index, ByteView data, const Policy& policy, const Object* named) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(const auto value, to_tpm2b<TPM2B_MAX_NV_BUFFER>(data));
  // In this order: the TSS has one object per handle, and the policy closes the index that it compares.
  TRY_ASSIGN(const auto played, play(*connection_, policy, named == nullptr ? ESYS_TR_NONE : named->state_->handle));
  TRY_ASSIGN(const auto known, Adopted::make(*connection_, index, "find an index"));
  auto done = connection_->run("write an index", [&](ESYS_CONTEXT* esys) {
    return Esys_NV_Write(esys, known->get(), known->get(), played->get(), ESYS_TR_NONE, ESYS_TR_NONE, &value, 0);
  });
  return done;
}

Result<Secret> Tpm::read_nv(std::uint32_t index, const Secret& index_auth) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(const NvPublic area, nv_public(index));
  TRY_ASSIGN(const auto known, Adopted::make(*connection_, index, "find an index"));
  TRY(connection_->set_auth(known->get(), index_auth));
  return read_all(*connection_, known->get(), area.size_bytes, true);
}

Result<void> Tpm::lock_nv_write(std::uint32_t index, const Secret& index_auth) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(const auto known, Adopted::make(*connection_, index, "find an index"));
  TRY_ASSIGN(const auto held, WithAuth::make(*connection_, known->get(), index_auth));
  return connection_->run("lock an index against writes", [&](ESYS_CONTEXT* esys) {
    return Esys_NV_WriteLock(esys, known->get(), known->get(), held->session(), ESYS_TR_NONE, ESYS_TR_NONE);
  });
}

Result<void> Tpm::lock_nv_read(std::uint32_t index, const Secret& index_auth) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(const auto known, Adopted::make(*connection_, index, "find an index"));
  TRY_ASSIGN(const auto held, WithAuth::make(*connection_, known->get(), index_auth));
  return connection_->run("lock an index against reads", [&](ESYS_CONTEXT* esys) {
    return Esys_NV_ReadLock(esys, known->get(), known->get(), held->session(), ESYS_TR_NONE, ESYS_TR_NONE);
  });
}

Result<Bytes> Tpm::read_nv_public_data(std::uint32_t index) {
  TRY_ASSIGN(const NvPublic area, nv_public(index));
  TRY_ASSIGN(const auto known, Adopted::make(*connection_, index, "find an index"));
  TRY_ASSIGN(const Secret data, read_all(*connection_, known->get(), area.size_bytes, false));
  return to_bytes(data.read(k_access()));
}

Result<std::vector<Bytes>> Tpm::endorsement_certificates(std::optional<crypto::KeyAlgorithm> preferred) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(const auto indexes, connection_->handles(TPM2_NV_INDEX_FIRST));
  const auto is_there = [&](TPM2_HANDLE index) { return std::ranges::find(indexes, index) != indexes.end(); };
  for (const EkTemplate& which : in_order(preferred)) {
    if (!is_there(which.certificate_index)) continue;
    TRY_ASSIGN(const Bytes own, read_nv_public_data(which.certificate_index));
    auto out = certificates_in(own);
    if (out.empty()) continue;
    Bytes chain;
    for (TPM2_HANDLE index = k_chain_first; index <= k_chain_last; ++index) {
      if (!is_there(index)) continue;
      TRY_ASSIGN(const Bytes part, read_nv_public_data(index));
      append(chain, part);
    }
    for (Bytes& more : certificates_in(chain)) out.push_back(std::move(more));
    return out;
  }
  return std::vector<Bytes>();
}

Result<Object> Tpm::endorsement_key(const Secret& endorsement_auth, std::optional<crypto::KeyAlgorithm> preferred) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(const auto certificates, endorsement_certificates(preferred));
  if (certificates.empty()) {
    return Error(Errc::not_found, "tpm.no-ek-certificate", "the TPM has no endorsement certificate",
                 "the maker has put none into NV; ask them for it");
  }
  TRY_ASSIGN(const crypto::PublicKey certified, key_in(certificates.front()));
  TRY_ASSIGN(const auto persistent, connection_->handles(TPM2_PERSISTENT_FIRST));
  for (const TPM2_HANDLE handle : persistent) {
    if (handle < k_ek_first || handle > k_ek_last) continue;
    TRY_ASSIGN(Object object, open_persistent(handle, Secret()));
    if (object.public_area().key && *object.public_area().key == certified) return object;
  }
  for (const EkTemplate& which : ek_templates()) {
    if (which.algorithm != certified.algorithm()) continue;
    auto object = create_ek(which, endorsement_auth);
    if (!object && object.error().reason() != "tpm.unsupported") return object;
    if (object && object->public_area().key && *object->public_area().key == certified) return object;
  }
  return Error(Errc::untrusted, "tpm.ek-mismatch",
               "the TPM's endorsement certificate is for a key that it does not have",
               "the certificate was changed, or is another TPM's");
}

}  // namespace signet::tpm
