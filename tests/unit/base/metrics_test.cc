// What is counted is shown to Prometheus, and counting never fails for who counts.
#include "base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "base/log.h"
#include "unit/base/captured_stderr.h"

namespace postern {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Metrics, CountersAddUp) {
  metrics::count("test_messages_total", {{"direction", "in"}, {"outcome", "accept"}});
  metrics::count("test_messages_total", {{"direction", "in"}, {"outcome", "accept"}}, 2);
  metrics::count("test_messages_total", {{"direction", "out"}, {"outcome", "accept"}});
  const std::string text = metrics::render();
  EXPECT_THAT(text, HasSubstr("# TYPE test_messages_total counter\n"));
  EXPECT_THAT(text, HasSubstr("test_messages_total{direction=\"in\",outcome=\"accept\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("test_messages_total{direction=\"out\",outcome=\"accept\"} 1\n"));
}

TEST(Metrics, GaugesAreAsLastSet) {
  metrics::set("test_policy_generation", 41);
  metrics::set("test_policy_generation", 42);
  EXPECT_THAT(metrics::render(), HasSubstr("# TYPE test_policy_generation gauge\n"
                                           "test_policy_generation 42\n"));
}

TEST(Metrics, HistogramsReachFromOneMillisecondToAMinute) {
  metrics::observe_seconds("test_seconds", 0.0005, {{"scanner", "spamd"}});
  metrics::observe_seconds("test_seconds", 0.03, {{"scanner", "spamd"}});
  metrics::observe_seconds("test_seconds", 90, {{"scanner", "spamd"}});
  const std::string text = metrics::render();
  EXPECT_THAT(text, HasSubstr("test_seconds_count{scanner=\"spamd\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("test_seconds_bucket{scanner=\"spamd\",le=\"0.001\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("test_seconds_bucket{scanner=\"spamd\",le=\"0.05\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("test_seconds_bucket{scanner=\"spamd\",le=\"60\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("test_seconds_bucket{scanner=\"spamd\",le=\"+Inf\"} 3\n"));
}

TEST(Metrics, LabelValuesCannotForgeLines) {
  metrics::count("test_forged_total", {{"value", "a\"} 9\nother 1\\"}});
  EXPECT_THAT(metrics::render(),
              HasSubstr("test_forged_total{value=\"a\\\"} 9\\nother 1\\\\\"} 1\n"));
}

TEST(Metrics, WhatIsNoMetricIsSaidOnceAndNeverThrown) {
  const CapturedStderr captured;
  log::configure(log::Level::info, log::Format::text);
  for (int i = 0; i < 3; ++i) {
    metrics::count("not a name");
    metrics::count("test_bad_label_total", {{"bad-label", "x"}});
    metrics::count("");
  }
  metrics::count("test_two_kinds");
  metrics::set("test_two_kinds", 5);
  metrics::observe_seconds("test_two_kinds", 5);
  const std::string said = captured.text();
  EXPECT_THAT(said, HasSubstr("metric cannot be kept metric=\"not a name\""));
  EXPECT_EQ(said.find("\"not a name\""), said.rfind("\"not a name\"")) << said;
  EXPECT_THAT(said, HasSubstr("metric=test_bad_label_total"));
  const std::string text = metrics::render();
  EXPECT_THAT(text, HasSubstr("test_two_kinds 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("bad-label")));
}

TEST(Metrics, ManyThreadsLoseNothing) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([t] {
      for (int n = 0; n < 1'000; ++n) {
        metrics::count("test_threads_total", {{"half", n % 2 == 0 ? "even" : "odd"}});
        metrics::observe_seconds("test_threads_seconds", 0.01 * t);
        metrics::set("test_threads_gauge", n, {{"thread", std::to_string(t)}});
        if (n % 250 == 0) {
          EXPECT_FALSE(metrics::render().empty());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string text = metrics::render();
  EXPECT_THAT(text, HasSubstr("test_threads_total{half=\"even\"} 3000\n"));
  EXPECT_THAT(text, HasSubstr("test_threads_total{half=\"odd\"} 3000\n"));
  EXPECT_THAT(text, HasSubstr("test_threads_seconds_count 6000\n"));
}

}  // namespace
}  // namespace postern
