#include "base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <exception>
#include <set>

#include "base/guarded.h"
#include "base/log.h"

namespace postern::metrics {
namespace {

const prometheus::Histogram::BucketBoundaries& buckets() {
  static const prometheus::Histogram::BucketBoundaries kBounds = {
      0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60};
  return kBounds;
}

// The library looks a family up by walking all of them; these remember where each name is.
struct Families {
  std::map<std::string, prometheus::Family<prometheus::Counter>*> counters;
  std::map<std::string, prometheus::Family<prometheus::Gauge>*> gauges;
  std::map<std::string, prometheus::Family<prometheus::Histogram>*> histograms;
  std::set<std::string> complained_about;
};

// Neither is ever destroyed: threads may still count while the process ends.
prometheus::Registry& registry() {
  static auto* const kRegistry = new prometheus::Registry;
  return *kRegistry;
}
Guarded<Families>& families() {
  static auto* const kFamilies = new Guarded<Families>;
  return *kFamilies;
}

// Throws where the name is no metric's name or belongs to another kind.
template <typename Metric, typename Builder>
prometheus::Family<Metric>& family(
    std::map<std::string, prometheus::Family<Metric>*> Families::*kind, Builder (*build)(),
    const std::string& name) {
  return families().with([&](Families& known) -> prometheus::Family<Metric>& {
    auto& place = (known.*kind)[name];
    if (place == nullptr) place = &build().Name(name).Register(registry());
    return *place;
  });
}

// A metric that cannot be kept is a fault of ours in the calling line, not of the mail at hand: it
// is said once, and the mail goes on.
template <typename Use>
void without_throwing(const std::string& name, Use&& use) {
  try {
    use();
  } catch (const std::exception& problem) {
    const bool first = families().with(
        [&](Families& known) { return known.complained_about.insert(name).second; });
    if (first) log::error("metric cannot be kept", {{"metric", name}, {"reason", problem.what()}});
  }
}

}  // namespace

void count(const std::string& name, const Labels& labels, double by) {
  without_throwing(name, [&] {
    family(&Families::counters, prometheus::BuildCounter, name).Add(labels).Increment(by);
  });
}

void set(const std::string& name, double value, const Labels& labels) {
  without_throwing(name, [&] {
    family(&Families::gauges, prometheus::BuildGauge, name).Add(labels).Set(value);
  });
}

void observe_seconds(const std::string& name, double seconds, const Labels& labels) {
  without_throwing(name, [&] {
    family(&Families::histograms, prometheus::BuildHistogram, name)
        .Add(labels, buckets())
        .Observe(seconds);
  });
}

std::string render() {
  std::string text;
  without_throwing("render",
                   [&] { text = prometheus::TextSerializer().Serialize(registry().Collect()); });
  return text;
}

}  // namespace postern::metrics
