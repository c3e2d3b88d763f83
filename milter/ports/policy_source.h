// Purpose:   where policy documents come from, and the one who takes them.
// Ownership: the source owns its connections and watches; the sink is borrowed for run().
// Threading: run() occupies one thread until it is stopped and calls the sink from that thread only.
// Failure:   a source that is away says so and keeps trying; it never reports an empty set instead.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"

namespace postern::ports {

struct RawDocument {
  std::string key;                  // "domain:got.com", without a prefix; not validated yet
  std::optional<std::string> json;  // nothing: deleted (in changes only)
  std::string origin;               // for people: a file name or a Redis key
};

class PolicySink {
 public:
  PolicySink() = default;
  PolicySink(const PolicySink&) = delete;
  PolicySink& operator=(const PolicySink&) = delete;
  virtual ~PolicySink() = default;

  // Everything there is. What is not in it has been deleted. `position` is opaque to the sink
  // (a stream id), for status.
  virtual void full_set(std::vector<RawDocument> documents, std::string position) = 0;
  // Some documents have changed, in order.
  virtual void changes(std::vector<RawDocument> documents, std::string position) = 0;
  // A document could not even be read (bad YAML, unreadable file): its last good version stays. Told
  // after availability() and before the full_set() or changes() of the same look; what a full set
  // does not hold and is not told unreadable before it has been deleted.
  virtual void unreadable(std::string key, std::string origin, std::string why) = 0;
  // The source answers (nothing) or is away (why). Told at the beginning of every look.
  virtual void availability(std::optional<std::string> away_because) = 0;
};

class PolicySource {
 public:
  PolicySource() = default;
  PolicySource(const PolicySource&) = delete;
  PolicySource& operator=(const PolicySource&) = delete;
  virtual ~PolicySource() = default;

  // "directory /etc/postern/policy", "redis 127.0.0.1:6379/0 postern:*": a cache is of one source.
  virtual std::string describe() const = 0;
  virtual void run(std::stop_token stop, PolicySink& sink) = 0;
  // From any thread: read everything again soon (policy accept, SIGHUP).
  virtual void request_full_set() = 0;
};

}  // namespace postern::ports
