// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "conversation.hpp"
#include "listener.hpp"
#include "page.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <list>
#include <thread>

namespace signet::station {

namespace {

constexpr std::size_t k_shown_max = 50;
constexpr std::chrono::milliseconds k_tick{200};
constexpr std::chrono::seconds k_serial_pause{2};

}  // namespace

struct Station::State {
  Config config;
  const os::Clock* clock;
  Orders orders;
  std::unique_ptr<Line> line;
  std::atomic<unsigned> busy = 0;

  Conversation meet(birth::Channel channel) { return {config, orders, *clock, *line, std::move(channel)}; }
  Result<std::string> give_birth(Conversation unit) {
    ++busy;
    auto born = unit.run();
    --busy;
    return born;
  }
  Result<Status> status() {
    TRY_ASSIGN(Status status, line->registry().status(clock->now()));
    status.ledger_entries = line->ledger_size();
    return status;
  }
  std::string shown();
  void watch_serial(const std::stop_token& stop, const std::string& where);
};

namespace {

Json unit_json(const Unit& unit) {
  return Json::object({{"serial", unit.serial},
                       {"phase", name_of(unit.phase)},
                       {"strength", attest::name_of(unit.strength)},
                       {"ledger_index", unit.ledger_index ? Json(*unit.ledger_index) : Json()}});
}
Json failed_json(const Failed& failed) {
  return Json::object({{"serial", failed.serial},
                       {"quarantined", failed.quarantined},
                       {"step", failed.step},
                       {"reason", failed.reason},
                       {"text", failed.text}});
}

}  // namespace

std::string Station::State::shown() {
  const auto now = status();
  const auto all = line->registry().units();
  const auto failures = line->registry().failures();
  if (!now || !all || !failures) return "{}";
  Json units = Json::array();
  const std::size_t skipped = all->size() - std::min(all->size(), k_shown_max);
  for (std::size_t i = all->size(); i > skipped; --i) units.push(unit_json((*all)[i - 1]));
  Json failed = Json::array();
  for (const Failed& each : *failures) {
    if (failed.elements().size() < k_shown_max) failed.push(failed_json(each));
  }
  return Json::object({{"station", config.station},
                       {"line", config.line},
                       {"product", orders.policy.product.str()},
                       {"busy", std::uint64_t{busy.load()}},
                       {"status", now->json()},
                       {"failed_units", std::uint64_t{failures->size()}},
                       {"failures", failed},
                       {"units", units}})
      .dump();
}

/// A serial line has no connections: the station asks into it, again and again, until a unit answers.
void Station::State::watch_serial(const std::stop_token& stop, const std::string& where) {
  while (!stop.stop_requested()) {
    if (auto channel = birth::Channel::connect("serial:" + where, config.timeout)) {
      Conversation unit = meet(*std::move(channel));
      Result<Conversation::Answer> answer = Conversation::Answer::none;
      while (!stop.stop_requested() && answer && *answer == Conversation::Answer::none) {
        answer = unit.ask(k_serial_pause);
      }
      if (answer && *answer == Conversation::Answer::begun) {
        const auto ignored = give_birth(std::move(unit));
      }
    }
    for (auto waited = k_tick; waited < k_serial_pause && !stop.stop_requested(); waited += k_tick) {
      std::this_thread::sleep_for(k_tick);
    }
  }
}

Station::Station(std::unique_ptr<State> state) : state_(std::move(state)) {}
Station::Station(Station&&) noexcept = default;
Station& Station::operator=(Station&&) noexcept = default;
Station::~Station() = default;

Result<Station> Station::open(const Config& config, const os::Clock& clock) {
  TRY_ASSIGN(Orders orders, Orders::read(config));
  std::unique_ptr<State> state(
      new State{.config = config, .clock = &clock, .orders = std::move(orders), .line = nullptr, .busy = 0});
  TRY_ASSIGN(state->line, Line::open(state->config, state->orders, clock));
  TRY(state->line->settle());
  return Station(std::move(state));
}

Result<std::string> Station::give_birth(birth::Channel channel) {
  return state_->give_birth(state_->meet(std::move(channel)));
}
Result<Status> Station::status() const { return state_->status(); }

Result<void> Station::serve(const std::stop_token& stop,
                            const std::function<void(std::uint16_t, std::uint16_t)>& on_ready) {
  State& state = *state_;
  std::unique_ptr<Page> page;
  if (!state.config.page.empty()) {
    TRY_ASSIGN(page, Page::open(state.config.page, [&state] { return state.shown(); }));
  }
  std::optional<Listener> listener;
  if (!state.config.listen.empty()) {
    TRY_ASSIGN(listener, Listener::open(state.config.listen));
  }
  std::list<std::jthread> serial_lines;
  for (const std::string& where : state.config.serial) {
    serial_lines.emplace_back([&state, where](const std::stop_token& own) { state.watch_serial(own, where); });
  }
  if (on_ready) on_ready(listener ? listener->port() : 0, page ? page->port() : 0);
  struct Work {
    std::atomic<bool> done = false;
    std::jthread thread;
  };
  std::list<Work> units;  // its threads are joined at the end: each ends with its unit's timeouts
  auto next_crl = std::chrono::steady_clock::now() + std::chrono::hours(1);
  while (!stop.stop_requested()) {
    units.remove_if([](const Work& work) { return work.done.load(); });
    if (std::chrono::steady_clock::now() > next_crl) {
      TRY(state.line->keep_crl());
      next_crl += std::chrono::hours(1);
    }
    // Beyond the bound units wait in the listener's queue.
    if (!listener || units.size() >= state.config.units_parallel) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      continue;
    }
    auto fd = listener->accept(k_tick);
    if (!fd) continue;
    Work& work = units.emplace_back();
    work.thread =
        std::jthread([&state, &work, channel = birth::Channel::over(*std::move(fd), state.config.timeout)]() mutable {
          const auto ignored = state.give_birth(state.meet(std::move(channel)));
          work.done = true;
        });
  }
  return {};
}

}  // namespace signet::station
