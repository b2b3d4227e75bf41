// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
// parses: foreign bytes (fuzz: advisory_case_fuzz)
#include "case_json.hpp"

#include <algorithm>
#include <array>
#include <functional>

namespace signet::advisories {

namespace {

Error bad_member(std::string_view name, const std::string& why) {
  return {Errc::invalid_input, "case.format", "the member '" + printable(name, 60) + "' " + why,
          "See docs/formats/advisory-case.md."};
}

Result<void> read_text(const Json& json, std::string_view name, std::string& to) {
  if (json.is_null()) {
    to.clear();
    return {};
  }
  TRY_ASSIGN(to, json.as_string(name));
  return {};
}

Result<void> read_texts(const Json& json, std::string_view name, std::vector<std::string>& to) {
  to.clear();
  if (json.is_null()) return {};
  if (!json.is_array()) return bad_member(name, "is no list");
  for (const Json& one : json.elements()) {
    TRY_ASSIGN(std::string text, one.as_string(name));
    to.push_back(std::move(text));
  }
  return {};
}

Result<void> read_time(const Json& json, std::string_view name, std::optional<Instant>& to) {
  to.reset();
  if (json.is_null()) return {};
  TRY_ASSIGN(const std::string text, json.as_string(name));
  TRY_ASSIGN(to, from_rfc3339(text));
  return {};
}

/// A member of an object of `T` that is a text, a list of texts or a time.
template <typename T>
struct Field {
  std::string_view name;
  std::string T::* text = nullptr;
  std::vector<std::string> T::* texts = nullptr;
  std::optional<Instant> T::* time = nullptr;
};

template <typename T>
Result<void> read_field(const Field<T>& field, const Json& json, T& to) {
  if (field.text != nullptr) return read_text(json, field.name, to.*field.text);
  if (field.texts != nullptr) return read_texts(json, field.name, to.*field.texts);
  return read_time(json, field.name, to.*field.time);
}

/// What is empty is left out.
template <typename T>
void write_field(const Field<T>& field, const T& from, Json& to) {
  if (field.text != nullptr && !(from.*field.text).empty()) to.set(field.name, from.*field.text);
  if (field.texts != nullptr && !(from.*field.texts).empty()) {
    Json list = Json::array();
    for (const std::string& one : from.*field.texts) list.push(one);
    to.set(field.name, std::move(list));
  }
  if (field.time != nullptr && (from.*field.time).has_value()) to.set(field.name, to_rfc3339(*(from.*field.time)));
}

template <typename T, std::size_t N>
Result<void> read_fields(const Json& object, const std::array<Field<T>, N>& fields, T& to) {
  if (!object.is_object()) return bad_member("value", "is no object");
  for (const Json::Member& member : object.members()) {
    const auto* field = std::ranges::find(fields, std::string_view(member.first), &Field<T>::name);
    if (field == fields.end()) return bad_member(member.first, "is not known here");
    TRY(read_field(*field, member.second, to));
  }
  return {};
}

template <typename T, std::size_t N>
Json write_fields(const T& from, const std::array<Field<T>, N>& fields) {
  Json object = Json::object();
  for (const Field<T>& field : fields) write_field(field, from, object);
  return object;
}

// As products and credits stand in the file, with the closed words still as words.
struct ProductText {
  std::string vendor, name, purl, cpe, status, affected, justification, impact;
  std::vector<std::string> fixed, releases;
};

constexpr std::array<Field<ProductText>, 10> k_product{{{.name = "vendor", .text = &ProductText::vendor},
                                                        {.name = "name", .text = &ProductText::name},
                                                        {.name = "purl", .text = &ProductText::purl},
                                                        {.name = "cpe", .text = &ProductText::cpe},
                                                        {.name = "status", .text = &ProductText::status},
                                                        {.name = "affected", .text = &ProductText::affected},
                                                        {.name = "fixed", .texts = &ProductText::fixed},
                                                        {.name = "releases", .texts = &ProductText::releases},
                                                        {.name = "justification", .text = &ProductText::justification},
                                                        {.name = "impact", .text = &ProductText::impact}}};
constexpr std::array<Field<Remediation>, 3> k_remediation{{{.name = "category", .text = &Remediation::category},
                                                           {.name = "details", .text = &Remediation::details},
                                                           {.name = "url", .text = &Remediation::url}}};
constexpr std::array<Field<Credit>, 3> k_credit{{{.name = "name", .text = &Credit::name},
                                                 {.name = "organization", .text = &Credit::organization},
                                                 {.name = "role", .text = &Credit::role}}};
constexpr std::array<Field<Reference>, 2> k_reference{
    {{.name = "summary", .text = &Reference::summary}, {.name = "url", .text = &Reference::url}}};

constexpr std::array<ProductStatus, 3> k_statuses{ProductStatus::affected, ProductStatus::not_affected,
                                                  ProductStatus::under_investigation};

Result<Product> read_product(const Json& object) {
  ProductText text;
  TRY(read_fields(object, k_product, text));
  const auto* status =
      std::ranges::find(k_statuses, std::string_view(text.status), [](ProductStatus one) { return name_of(one); });
  if (status == k_statuses.end()) {
    return Error(Errc::invalid_input, "case.word", "'" + printable(text.status, 60) + "' is no status of a product",
                 "Use affected, not_affected or under_investigation.");
  }
  return Product{.vendor = std::move(text.vendor),
                 .name = std::move(text.name),
                 .purl = std::move(text.purl),
                 .cpe = std::move(text.cpe),
                 .status = *status,
                 .affected = std::move(text.affected),
                 .fixed = std::move(text.fixed),
                 .releases = std::move(text.releases),
                 .justification = std::move(text.justification),
                 .impact = std::move(text.impact)};
}

Json product_json(const Product& product) {
  const ProductText text{.vendor = product.vendor,
                         .name = product.name,
                         .purl = product.purl,
                         .cpe = product.cpe,
                         .status = std::string(name_of(product.status)),
                         .affected = product.affected,
                         .justification = product.justification,
                         .impact = product.impact,
                         .fixed = product.fixed,
                         .releases = product.releases};
  return write_fields(text, k_product);
}

Result<Sent> read_sent(const Json& object) {
  TRY(object.only_members({"what", "at"}));
  TRY_ASSIGN(std::string what, object.string_at("what"));
  TRY_ASSIGN(const std::string at, object.string_at("at"));
  TRY_ASSIGN(const Instant time, from_rfc3339(at));
  return Sent{.what = std::move(what), .at = time};
}

template <typename T>
Result<void> read_list(const Json& json, std::string_view name, std::vector<T>& to,
                       const std::function<Result<T>(const Json&)>& read) {
  to.clear();
  if (json.is_null()) return {};
  if (!json.is_array()) return bad_member(name, "is no list");
  for (const Json& one : json.elements()) {
    auto item = read(one);
    if (!item) return std::move(item).error().with_context("read " + std::string(name));
    to.push_back(*std::move(item));
  }
  return {};
}

template <typename T, std::size_t N>
std::function<Result<T>(const Json&)> by_fields(const std::array<Field<T>, N>& fields) {
  return [&fields](const Json& object) -> Result<T> {
    T item;
    TRY(read_fields(object, fields, item));
    return item;
  };
}

template <typename T>
void write_list(std::string_view name, const std::vector<T>& items, Json& to,
                const std::function<Json(const T&)>& write) {
  if (items.empty()) return;
  Json list = Json::array();
  for (const T& one : items) list.push(write(one));
  to.set(name, std::move(list));
}

constexpr std::array<Field<Facts>, 12> k_facts{{{.name = "title", .text = &Facts::title},
                                                {.name = "description", .text = &Facts::description},
                                                {.name = "cve", .text = &Facts::cve},
                                                {.name = "aliases", .texts = &Facts::aliases},
                                                {.name = "cwe", .texts = &Facts::cwe},
                                                {.name = "cvss", .texts = &Facts::cvss},
                                                {.name = "reporter", .text = &Facts::reporter},
                                                {.name = "embargo", .time = &Facts::embargo},
                                                {.name = "disclosed", .time = &Facts::disclosed},
                                                {.name = "exploited", .time = &Facts::exploited},
                                                {.name = "incident", .time = &Facts::incident},
                                                {.name = "made_available", .texts = &Facts::made_available}}};

}  // namespace

JsonLimits case_limits() { return {.size_bytes_max = k_case_size_bytes_max, .depth_max = 8, .values_max = 50'000}; }

Result<Facts> read_facts(const Json& object, Facts over) {
  if (!object.is_object()) return bad_member("facts", "is no object");
  for (const auto& [name, value] : object.members()) {
    const auto* field = std::ranges::find(k_facts, std::string_view(name), &Field<Facts>::name);
    if (field != k_facts.end()) {
      TRY(read_field(*field, value, over));
    } else if (name == "products") {
      TRY(read_list<Product>(value, name, over.products, read_product));
    } else if (name == "remediations") {
      TRY(read_list<Remediation>(value, name, over.remediations, by_fields(k_remediation)));
    } else if (name == "credits") {
      TRY(read_list<Credit>(value, name, over.credits, by_fields(k_credit)));
    } else if (name == "references") {
      TRY(read_list<Reference>(value, name, over.references, by_fields(k_reference)));
    } else if (name == "sent") {
      TRY(read_list<Sent>(value, name, over.sent, read_sent));
    } else {
      return bad_member(name, "is no fact of a case");
    }
  }
  return over;
}

Json facts_json(const Facts& facts) {
  Json object = write_fields(facts, k_facts);
  write_list<Product>("products", facts.products, object, product_json);
  write_list<Remediation>("remediations", facts.remediations, object,
                          [](const Remediation& one) { return write_fields(one, k_remediation); });
  write_list<Credit>("credits", facts.credits, object, [](const Credit& one) { return write_fields(one, k_credit); });
  write_list<Reference>("references", facts.references, object,
                        [](const Reference& one) { return write_fields(one, k_reference); });
  write_list<Sent>("sent", facts.sent, object,
                   [](const Sent& one) { return Json::object({{"what", one.what}, {"at", to_rfc3339(one.at)}}); });
  return object;
}

Result<Step> read_step(const Json& object) {
  TRY(object.only_members({"state", "changed", "at", "recorded", "by", "note", "entry"}));
  Step step;
  TRY_ASSIGN(const std::string name, object.string_at("state"));
  const auto state = state_from(name);
  if (!state) return bad_member("state", "names no state: '" + printable(name, 60) + "'");
  step.state = *state;
  if (const Json* changed = object.find("changed")) TRY(changed->as_bool(step.is_change, "changed"));
  TRY_ASSIGN(const std::string at, object.string_at("at"));
  TRY_ASSIGN(step.act.at, from_rfc3339(at));
  step.act.recorded = step.act.at;
  if (object.find("recorded") != nullptr) {
    TRY_ASSIGN(const std::string recorded, object.string_at("recorded"));
    TRY_ASSIGN(step.act.recorded, from_rfc3339(recorded));
  }
  TRY_ASSIGN(step.act.by, object.string_at("by"));
  if (object.find("note") != nullptr) {
    TRY_ASSIGN(step.act.note, object.string_at("note"));
  }
  TRY_ASSIGN(step.act.entry, object.uint_at("entry"));
  return step;
}

Json step_json(const Step& step) {
  Json object = Json::object({{"state", name_of(step.state)}});
  if (step.is_change) object.set("changed", true);
  object.set("at", to_rfc3339(step.act.at));
  if (step.act.recorded != step.act.at) object.set("recorded", to_rfc3339(step.act.recorded));
  object.set("by", step.act.by);
  if (!step.act.note.empty()) object.set("note", step.act.note);
  object.set("entry", step.act.entry);
  return object;
}

}  // namespace signet::advisories
