// Purpose:   counters, gauges and histograms, rendered for Prometheus at GET /metrics.
// Ownership: the process has one registry, as it has one log.
// Threading: safe from any thread.
// Names:     are given whole ("postern_messages_total"); docs/metrics.md lists them all. Label
//            values come from closed sets: never an address, a domain or anything a sender chose.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace postern::metrics {

using Labels = std::map<std::string, std::string>;

void count(const std::string& name, const Labels& labels = {}, double by = 1);
void set(const std::string& name, double value, const Labels& labels = {});
// Seconds, into buckets from 1 ms to 60 s.
void observe_seconds(const std::string& name, double seconds, const Labels& labels = {});

// The text exposition format, version 0.0.4.
std::string render();

}  // namespace postern::metrics
