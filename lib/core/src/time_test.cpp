// SPDX-FileCopyrightText: Signet contributors
// SPDX-License-Identifier: Apache-2.0
#include "signet/core/time.hpp"

#include "signet/test/expect.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace signet {
namespace {

struct Moment {
  const char* text;
  std::int64_t seconds;
};

// Expected values: GNU date -u -d TEXT +%s.
const Moment k_moments[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"1969-12-31T23:59:59Z", -1},
    {"2026-11-22T12:00:00Z", 1'795'348'800},
    {"2000-02-29T00:00:00Z", 951'782'400},
    {"2038-01-19T03:14:08Z", 2'147'483'648},
    {"1985-04-12T23:20:50.52Z", 482'196'050},    // RFC 3339 section 5.8
    {"1996-12-19T16:39:57-08:00", 851'042'397},  // RFC 3339 section 5.8
    {"1990-12-31T23:59:60Z", 662'687'999},       // RFC 3339 section 5.8; the leap second counts as the second before
    {"1990-12-31T15:59:60-08:00", 662'687'999},  // RFC 3339 section 5.8
    {"1937-01-01T12:00:27.87+00:20", -1'041'337'173},  // RFC 3339 section 5.8
    {"2026-11-22t12:00:00z", 1'795'348'800},
    {"2026-11-22T12:00:00-00:00", 1'795'348'800},
    {"0001-01-01T00:00:00Z", -62'135'596'800},
    {"9999-12-31T23:59:59Z", 253'402'300'799},
};

TEST(Time, reads_RFC_3339) {
  for (const Moment& row : k_moments) {
    const auto instant = from_rfc3339(row.text);
    ASSERT_OK(instant) << row.text;
    EXPECT_EQ(instant->seconds_since_epoch, row.seconds) << row.text;
    EXPECT_EQ(from_rfc3339(to_rfc3339(*instant))->seconds_since_epoch, row.seconds);
  }
}

TEST(Time, P_CORE_007_refuses_what_is_not_RFC_3339) {
  const char* k_refused[] = {"",
                             "2026",
                             "2026-11-22",
                             "2026-11-22T12:00Z",
                             "2026-11-22 12:00:00Z",
                             "2026-11-22T12:00:00",
                             "2026-02-29T00:00:00Z",
                             "1900-02-29T00:00:00Z",
                             "2026-13-01T00:00:00Z",
                             "2026-00-01T00:00:00Z",
                             "2026-01-00T00:00:00Z",
                             "2026-04-31T00:00:00Z",
                             "2026-01-01T24:00:00Z",
                             "2026-01-01T00:60:00Z",
                             "2026-01-01T00:00:61Z",
                             "0000-01-01T00:00:00Z",
                             "2026-01-01T00:00:00.Z",
                             "2026-01-01T00:00:00.5",
                             "2026-01-01T00:00:00+24:00",
                             "2026-01-01T00:00:00+00:60",
                             "2026-01-01T00:00:00+0000",
                             "2026-01-01T00:00:00ZZ",
                             " 2026-01-01T00:00:00Z",
                             "2026-01-01T00:00:00Z ",
                             "+026-01-01T00:00:00Z",
                             "0001-01-01T00:00:00+00:01",
                             "9999-12-31T23:59:59-00:01",
                             "99999-01-01T00:00:00Z"};
  for (const char* text : k_refused) EXPECT_REASON(from_rfc3339(text), "core.bad-time") << text;
}

TEST(Time, P_CORE_004_a_refused_time_is_printed_safely) {
  const auto refused = from_rfc3339("\x1b[2J");
  EXPECT_EQ(refused.error().text().find('\x1b'), std::string::npos);
}

TEST(Time, sums_stop_at_the_edges) {
  const Instant last = *from_rfc3339("9999-12-31T23:59:59Z");
  const Instant first = *from_rfc3339("0001-01-01T00:00:00Z");
  constexpr auto k_max = std::numeric_limits<std::int64_t>::max();
  constexpr auto k_min = std::numeric_limits<std::int64_t>::min();
  EXPECT_EQ(last.plus_seconds(1), last);
  EXPECT_EQ(last.plus_days(k_max), last);
  EXPECT_EQ(first.plus_seconds(k_min), first);
  EXPECT_EQ(first.plus_days(k_min), first);
  EXPECT_EQ(Instant{0}.plus_days(1).plus_seconds(-1).seconds_since_epoch, 86'399);
  EXPECT_EQ(to_rfc3339(Instant{k_max}), "9999-12-31T23:59:59Z");
  EXPECT_EQ(to_rfc3339(Instant{k_min}), "0001-01-01T00:00:00Z");
}

TEST(Time, spans_for_people) {
  const std::pair<std::int64_t, const char*> k_table[] = {{0, "0 seconds"},
                                                          {1, "1 second"},
                                                          {60, "1 minute"},
                                                          {61, "1 minute 1 second"},
                                                          {7'500, "2 hours 5 minutes"},
                                                          {259'200, "3 days"},
                                                          {86'401, "1 day 1 second"},
                                                          {90'061, "1 day 1 hour"},
                                                          {-86'400, "minus 1 day"}};
  for (const auto& [seconds, text] : k_table) EXPECT_EQ(describe_seconds(seconds), text);
}

}  // namespace
}  // namespace signet
