// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "conformance_run.hpp"

#include <algorithm>
#include <cmath>

namespace signet::keystore::conformance {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t k_repeats_min = 3;
constexpr std::size_t k_repeats_max = 100'000;

double percentile(const std::vector<double>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted.at(std::max<std::size_t>(rank, 1) - 1);
}

}  // namespace

Speed speed_of(std::vector<double> each_us, std::chrono::duration<double> whole) {
  if (each_us.empty()) return {};
  std::ranges::sort(each_us);
  return {.operations = each_us.size(),
          .per_second = static_cast<double>(each_us.size()) / std::max(whole.count(), 1e-9),
          .p50_us = percentile(each_us, 0.50),
          .p99_us = percentile(each_us, 0.99)};
}

Result<void> Run::open() {
  store_.reset();  // a store of the same module that is still open would lend its login to the new one
  TRY_ASSIGN(store_, open_());
  return {};
}

Conformance Run::row(std::string_view group, std::string operation, const std::function<Result<Finding>()>& work) {
  if (options_->progress) options_->progress(operation);
  const auto found = work();
  ConformanceRow row{.group = std::string(group), .operation = std::move(operation)};
  if (found) {
    row.outcome = found->outcome;
    row.remark = found->remark;
    row.speed = found->speed;
  } else {
    row.outcome = found.error().code() == Errc::unsupported ? Conformance::unsupported : Conformance::fails;
    row.remark = printable(found.error().message(), 300);
  }
  rows_.push_back(std::move(row));
  return rows_.back().outcome;
}

void Run::forget(const std::string& label) {
  std::erase_if(made_, [&](const MadeKey& key) { return key.info.label == label; });
}

void Run::destroy_left() {
  if (store_ == nullptr && !made_.empty() && !open()) return;
  for (const MadeKey& key : made_) {
    const auto gone = store_->destroy({.label = key.info.label, .id = key.info.id});
    if (gone || gone.error().code() == Errc::not_found) continue;
    rows_.push_back({.group = "life",
                     .operation = "destroy what is left",
                     .outcome = Conformance::fails,
                     .remark = "the key '" + printable(key.info.label) +
                               "' is left behind: " + printable(gone.error().message(), 200)});
  }
  made_.clear();
}

Result<Speed> Run::measure(const std::function<Result<void>()>& work) const {
  std::vector<double> each_us;
  const auto begin = SteadyClock::now();
  auto last = begin;
  while (each_us.size() < k_repeats_max && (each_us.size() < k_repeats_min || last - begin < options_->measure)) {
    TRY(work());
    const auto now = SteadyClock::now();
    each_us.push_back(std::chrono::duration<double, std::micro>(now - last).count());
    last = now;
  }
  return speed_of(std::move(each_us), last - begin);
}

}  // namespace signet::keystore::conformance
