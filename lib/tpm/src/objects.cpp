// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "connection.hpp"
#include "ossl.hpp"
#include "templates.hpp"
#include "wrap.hpp"

#include <openssl/core_names.h>

namespace signet::tpm {

namespace {

const auto k_access = SecretAccess::for_cryptography;
const TPM2B_DATA k_nothing_outside{};
const TPML_PCR_SELECTION k_no_pcrs{};

struct NewPrimary {
  ESYS_TR handle = ESYS_TR_NONE;
  Public area;
  Bytes creation_hash;
  Bytes creation_ticket;
};

Result<Public> public_of(const TPM2B_PUBLIC& area) { return Public::parse(marshal(area.publicArea)); }

/// Under a hierarchy whose auth travels in a session; the new key's auth is encrypted.
Result<NewPrimary> create_primary(Connection& connection, Hierarchy which, const Secret& hierarchy_auth,
                                  const TPMT_PUBLIC& area, const Secret& key_auth) {
  Wiped<TPM2B_SENSITIVE_CREATE> sensitive;
  TRY_ASSIGN(sensitive.value.sensitive.userAuth, to_tpm2b<TPM2B_AUTH>(key_auth.read(k_access())));
  TPM2B_PUBLIC wanted{};
  wanted.publicArea = area;
  TRY_ASSIGN(const auto held, WithAuth::make(connection, to_esys(which), hierarchy_auth));
  TRY_ASSIGN(const ESYS_TR session, connection.session(0, Crypt::command));
  NewPrimary out;
  Owned<TPM2B_PUBLIC> made;
  Owned<TPM2B_DIGEST> hash;
  Owned<TPMT_TK_CREATION> ticket;
  TRY(connection.run("create a primary key", [&](ESYS_CONTEXT* esys) {
    return Esys_CreatePrimary(esys, to_esys(which), session, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive.value, &wanted,
                              &k_nothing_outside, &k_no_pcrs, &out.handle, made.put(), nullptr, hash.put(),
                              ticket.put());
  }));
  auto read = public_of(*made);
  if (!read) {
    connection.flush(out.handle);
    return std::move(read).error();
  }
  out.area = *std::move(read);
  out.creation_hash = bytes_of(*hash);
  out.creation_ticket = marshal(*ticket);
  return out;
}

Result<TPMT_PUBLIC> area_for(crypto::KeyAlgorithm algorithm, KeyUse use) {
  TRY_ASSIGN(TPMT_PUBLIC area, key_template(algorithm));
  const bool ecc = area.type == TPM2_ALG_ECC;
  if (use == KeyUse::sign_any && ecc) {
    return Error(Errc::unsupported, "tpm.key-unsupported", "only RSA keys sign what is no digest", "use KeyUse::sign");
  }
  if ((use == KeyUse::decrypt && ecc) || (use == KeyUse::derive && !ecc)) {
    return Error(Errc::unsupported, "tpm.key-unsupported",
                 "a " + std::string(crypto::name_of(algorithm)) + " key does not " + (ecc ? "decrypt" : "derive"),
                 ecc ? "use an RSA key, or derive with this one" : "use p256 or p384");
  }
  const bool signs = use == KeyUse::sign || use == KeyUse::attest || use == KeyUse::sign_any;
  const bool decrypts = use == KeyUse::decrypt || use == KeyUse::derive || use == KeyUse::sign_any;
  area.objectAttributes = k_user_with_auth | k_no_da | (signs ? k_sign : 0U) | (decrypts ? k_decrypt : 0U);
  if (use == KeyUse::attest) {  // a restricted key has its scheme from its template
    area.objectAttributes |= k_restricted;
    const TPMT_SIG_SCHEME scheme = to_tpm(crypto::default_scheme(algorithm));
    if (ecc) {
      area.parameters.eccDetail.scheme = {.scheme = scheme.scheme, .details = {.ecdsa = scheme.details.ecdsa}};
    } else {
      area.parameters.rsaDetail.scheme = {.scheme = scheme.scheme, .details = {.rsassa = scheme.details.rsassa}};
    }
  }
  return area;
}

Result<Blob> create(Connection& connection, ESYS_TR parent, const TPMT_PUBLIC& area,
                    const TPM2B_SENSITIVE_CREATE& sensitive) {
  TPM2B_PUBLIC wanted{};
  wanted.publicArea = area;
  TRY_ASSIGN(const ESYS_TR session, connection.session(0, Crypt::command));
  Owned<TPM2B_PRIVATE> private_area;
  Owned<TPM2B_PUBLIC> public_area;
  TRY(connection.run("create an object", [&](ESYS_CONTEXT* esys) {
    return Esys_Create(esys, parent, session, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &wanted, &k_nothing_outside,
                       &k_no_pcrs, private_area.put(), public_area.put(), nullptr, nullptr, nullptr);
  }));
  return Blob{.public_area = marshal(public_area->publicArea), .private_area = bytes_of(*private_area)};
}

Error not_importable() {
  return {Errc::invalid_input, "tpm.key-unsupported", "this is no private key that a TPM takes",
          "use PKCS#8 of P-256, P-384, RSA-2048 or RSA-3072"};
}

/// The private number that a TPM keeps: the scalar, or one prime.
Result<Secret> private_number(const ossl::EvpPkey& key, const TPMT_PUBLIC& area) {
  const bool ecc = area.type == TPM2_ALG_ECC;
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key.get(), ecc ? OSSL_PKEY_PARAM_PRIV_KEY : OSSL_PKEY_PARAM_RSA_FACTOR1, &raw) != 1) {
    (void)ossl::take_error(Errc::invalid_input, "", "");
    return not_importable();
  }
  const ossl::Handle<BIGNUM, BN_clear_free> number(raw);
  Secret out(ecc ? area.unique.ecc.x.size : area.parameters.rsaDetail.keyBits / 16U);
  if (BN_bn2binpad(raw, as_uchar(out.write(k_access())), static_cast<int>(out.size())) < 0) return not_importable();
  return out;
}

/// TPM2B_SENSITIVE: what TPM2_Import finds under the wrapping.
Result<Secret> marshalled_sensitive(const TPMT_PUBLIC& area, const Secret& number, const Secret& key_auth) {
  Wiped<TPMT_SENSITIVE> sensitive;
  sensitive.value.sensitiveType = area.type;
  TRY_ASSIGN(sensitive.value.authValue, to_tpm2b<TPM2B_AUTH>(key_auth.read(k_access())));
  if (area.type == TPM2_ALG_ECC) {
    TRY_ASSIGN(sensitive.value.sensitive.ecc, to_tpm2b<TPM2B_ECC_PARAMETER>(number.read(k_access())));
  } else {
    TRY_ASSIGN(sensitive.value.sensitive.rsa, to_tpm2b<TPM2B_PRIVATE_KEY_RSA>(number.read(k_access())));
  }
  Bytes plain = marshal(sensitive.value);
  Secret out(plain.size() + 2);
  put_be16(out.write(k_access()), static_cast<std::uint16_t>(plain.size()));
  std::ranges::copy(plain, out.write(k_access()).begin() + 2);
  wipe(plain);
  return out;
}

}  // namespace

Object::State::~State() {
  if (connection == nullptr) return;
  const std::lock_guard lock(connection->mutex());
  if (transient) {
    connection->flush(handle);
  } else {
    connection->close(handle);
  }
}

Object::Object(std::unique_ptr<State> state) : state_(std::move(state)) {}
Object::Object(Object&&) noexcept = default;
Object& Object::operator=(Object&&) noexcept = default;
Object::~Object() = default;
const Public& Object::public_area() const { return state_->area; }

Result<Object> Tpm::hold(std::uint32_t esys_handle, bool transient, std::optional<Public> area, const Secret& auth) {
  auto state = std::make_unique<Object::State>();
  state->connection = connection_;
  state->handle = esys_handle;
  state->transient = transient;
  state->has_auth = !auth.empty();
  if (auth.size() >= k_own_auth_bytes_min) state->auth = auth.clone();
  if (area) {
    state->area = *std::move(area);
  } else {
    Owned<TPM2B_PUBLIC> read;
    TRY(connection_->run("read an object's public area", [&](ESYS_CONTEXT* esys) {
      return Esys_ReadPublic(esys, esys_handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, read.put(), nullptr, nullptr);
    }));
    TRY_ASSIGN(state->area, public_of(*read));
  }
  TRY(connection_->set_auth(esys_handle, auth));
  return Object(std::move(state));
}

Result<Object> Tpm::create_storage_primary(Hierarchy which, const Secret& hierarchy_auth, std::string_view label) {
  const std::lock_guard lock(connection_->mutex());
  const auto create = [&](StorageKind kind) {
    return create_primary(*connection_, which, hierarchy_auth, storage_template(label, kind), Secret());
  };
  auto first = create(StorageKind::p256);
  if (!first && first.error().reason() == "tpm.unsupported") first = create(StorageKind::rsa2048);
  TRY_ASSIGN(auto made, std::move(first));
  return hold(made.handle, true, std::move(made.area), Secret());
}

Result<Primary> Tpm::create_idevid(DevidTemplate which, const Secret& endorsement_auth, const Secret& key_auth) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(auto made,
             create_primary(*connection_, Hierarchy::endorsement, endorsement_auth, idevid_template(which), key_auth));
  TRY_ASSIGN(Object object, hold(made.handle, true, std::move(made.area), key_auth));
  return Primary{std::move(object), std::move(made.creation_hash), std::move(made.creation_ticket)};
}

Result<Primary> Tpm::create_iak(DevidTemplate which, const Secret& endorsement_auth, const Secret& key_auth) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(auto made,
             create_primary(*connection_, Hierarchy::endorsement, endorsement_auth, iak_template(which), key_auth));
  TRY_ASSIGN(Object object, hold(made.handle, true, std::move(made.area), key_auth));
  return Primary{std::move(object), std::move(made.creation_hash), std::move(made.creation_ticket)};
}

Result<Object> Tpm::create_ek(const EkTemplate& which, const Secret& endorsement_auth) {
  TRY_ASSIGN(auto made,
             create_primary(*connection_, Hierarchy::endorsement, endorsement_auth, ek_template(which), Secret()));
  return hold(made.handle, true, std::move(made.area), Secret());
}

Result<Blob> Tpm::create_key(const Object& parent, crypto::KeyAlgorithm algorithm, KeyUse use, const Secret& key_auth,
                             ByteView policy_digest) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(TPMT_PUBLIC area, area_for(algorithm, use));
  area.objectAttributes |= k_fixed_tpm | k_fixed_parent | k_sensitive_data_origin;
  if (!policy_digest.empty()) {
    area.objectAttributes &= ~static_cast<std::uint32_t>(k_user_with_auth);
    TRY_ASSIGN(area.authPolicy, to_tpm2b<TPM2B_DIGEST>(policy_digest));
  }
  Wiped<TPM2B_SENSITIVE_CREATE> sensitive;
  TRY_ASSIGN(sensitive.value.sensitive.userAuth, to_tpm2b<TPM2B_AUTH>(key_auth.read(k_access())));
  return create(*connection_, parent.state_->handle, area, sensitive.value);
}

Result<Blob> Tpm::import_key(const Object& parent, const Secret& pkcs8_der, KeyUse use, const Secret& key_auth) {
  const std::lock_guard lock(connection_->mutex());
  if (use == KeyUse::attest) return not_importable();
  const unsigned char* at = as_uchar(pkcs8_der.read(k_access()));
  const ossl::EvpPkey key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(pkcs8_der.size())));
  if (key == nullptr) {
    (void)ossl::take_error(Errc::invalid_input, "", "");
    return not_importable();
  }
  auto public_key = ossl::from_evp(key.get());
  if (!public_key) return not_importable();
  TRY_ASSIGN(const TPMT_PUBLIC used, area_for(public_key->algorithm(), use));
  TPM2B_PUBLIC area{};
  TRY_ASSIGN(area.publicArea, key_area(*public_key));
  area.publicArea.objectAttributes = used.objectAttributes;
  const Bytes wire = marshal(area.publicArea);
  TRY_ASSIGN(const Secret number, private_number(key, area.publicArea));
  TRY_ASSIGN(const Secret sensitive, marshalled_sensitive(area.publicArea, number, key_auth));
  TRY_ASSIGN(const Wrapped wrapped,
             wrap(parent.public_area(), "DUPLICATE", name_of_wire(crypto::HashAlgorithm::sha256, wire), sensitive));
  TRY_ASSIGN(const auto duplicate, to_tpm2b<TPM2B_PRIVATE>(wrapped.data));
  TRY_ASSIGN(const auto seed, to_tpm2b<TPM2B_ENCRYPTED_SECRET>(wrapped.secret));
  const TPMT_SYM_DEF_OBJECT no_inner{.algorithm = TPM2_ALG_NULL, .keyBits = {}, .mode = {}};
  TRY_ASSIGN(const ESYS_TR session, connection_->authorization(parent.state_->has_auth));
  Owned<TPM2B_PRIVATE> private_area;
  TRY(connection_->run("import a key", [&](ESYS_CONTEXT* esys) {
    return Esys_Import(esys, parent.state_->handle, session, ESYS_TR_NONE, ESYS_TR_NONE, &k_nothing_outside, &area,
                       &duplicate, &seed, &no_inner, private_area.put());
  }));
  return Blob{.public_area = wire, .private_area = bytes_of(*private_area)};
}

Result<Blob> Tpm::seal(const Object& parent, const Secret& data, ByteView policy_digest, const Secret& auth) {
  const std::lock_guard lock(connection_->mutex());
  if (data.empty() || data.size() > 128) return too_long(data.size(), 128);
  TPMT_PUBLIC area{};
  area.type = TPM2_ALG_KEYEDHASH;
  area.nameAlg = TPM2_ALG_SHA256;
  area.objectAttributes = k_fixed_tpm | k_fixed_parent | k_no_da | (policy_digest.empty() ? k_user_with_auth : 0U);
  area.parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL;
  TRY_ASSIGN(area.authPolicy, to_tpm2b<TPM2B_DIGEST>(policy_digest));
  Wiped<TPM2B_SENSITIVE_CREATE> sensitive;
  TRY_ASSIGN(sensitive.value.sensitive.userAuth, to_tpm2b<TPM2B_AUTH>(auth.read(k_access())));
  TRY_ASSIGN(sensitive.value.sensitive.data, to_tpm2b<TPM2B_SENSITIVE_DATA>(data.read(k_access())));
  return create(*connection_, parent.state_->handle, area, sensitive.value);
}

Result<Object> Tpm::load(const Object& parent, const Blob& blob, const Secret& auth, Policy policy) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(Public area, Public::parse(blob.public_area));
  TPM2B_PUBLIC public_area{};
  TRY_ASSIGN(public_area.publicArea, unmarshal<TPMT_PUBLIC>(blob.public_area, "a public area"));
  TRY_ASSIGN(const auto private_area, to_tpm2b<TPM2B_PRIVATE>(blob.private_area));
  TRY_ASSIGN(const ESYS_TR session, connection_->authorization(parent.state_->has_auth));
  ESYS_TR handle = ESYS_TR_NONE;
  TRY(connection_->run("load an object", [&](ESYS_CONTEXT* esys) {
    return Esys_Load(esys, parent.state_->handle, session, ESYS_TR_NONE, ESYS_TR_NONE, &private_area, &public_area,
                     &handle);
  }));
  TRY_ASSIGN(Object object, hold(handle, true, std::move(area), auth));
  object.state_->policy = std::move(policy);
  return object;
}

Result<Object> Tpm::open_persistent(std::uint32_t handle, const Secret& auth) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(const ESYS_TR known, connection_->adopt(handle, "open a persistent object"));
  return hold(known, false, std::nullopt, auth);
}

Result<void> Tpm::persist(const Object& object, std::uint32_t handle, const Secret& owner_auth) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(const auto held, WithAuth::make(*connection_, ESYS_TR_RH_OWNER, owner_auth));
  ESYS_TR persistent = ESYS_TR_NONE;
  TRY(connection_->run("make an object persistent", [&](ESYS_CONTEXT* esys) {
    return Esys_EvictControl(esys, ESYS_TR_RH_OWNER, object.state_->handle, held->session(), ESYS_TR_NONE, ESYS_TR_NONE,
                             handle, &persistent);
  }));
  connection_->close(persistent);
  return {};
}

Result<void> Tpm::evict(std::uint32_t handle, const Secret& owner_auth) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(const auto object, Adopted::make(*connection_, handle, "find what is to be evicted"));
  TRY_ASSIGN(const auto held, WithAuth::make(*connection_, ESYS_TR_RH_OWNER, owner_auth));
  ESYS_TR none = ESYS_TR_NONE;
  return connection_->run("evict an object", [&](ESYS_CONTEXT* esys) {
    return Esys_EvictControl(esys, ESYS_TR_RH_OWNER, object->get(), held->session(), ESYS_TR_NONE, ESYS_TR_NONE, handle,
                             &none);
  });
}

Result<Bytes> Tpm::save_context(const Object& object) {
  const std::lock_guard lock(connection_->mutex());
  Owned<TPMS_CONTEXT> context;
  TRY(connection_->run("save an object", [&](ESYS_CONTEXT* esys) {
    return Esys_ContextSave(esys, object.state_->handle, context.put());
  }));
  return marshal(*context);
}

Result<Object> Tpm::load_context(ByteView context, const Secret& auth) {
  const std::lock_guard lock(connection_->mutex());
  TRY_ASSIGN(const auto saved, unmarshal<TPMS_CONTEXT>(context, "a saved object"));
  ESYS_TR handle = ESYS_TR_NONE;
  TRY(connection_->run("load a saved object",
                       [&](ESYS_CONTEXT* esys) { return Esys_ContextLoad(esys, &saved, &handle); }));
  return hold(handle, true, std::nullopt, auth);
}

}  // namespace signet::tpm
