// Purpose:   two snapshots compared by what becomes of mail, for each address and each domain.
// Ownership: values; borrows the snapshots for the call.
// Threading: pure functions.
// Failure:   none; rules that dangle are a treatment (451) like any other.
// Source:    docs/control.md, "policy diff".
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "policy/snapshot.h"
#include "predict/probe.h"

namespace postern::predict {

struct CompareOptions {
  std::string recipient_delimiters;
  decide::DecideOptions decide;
  std::chrono::system_clock::time_point now;  // rules expire
};

// Whom an effect meets.
struct Affected {
  std::set<std::string> domains;  // primary names, of all that follows
  std::size_t users = 0;
  std::vector<std::string> some_users;  // the first of them
  // Domains all of whose other addresses it meets, and those that it meets as a whole.
  std::size_t other_addresses = 0;
};

using Effects = std::map<Effect, Affected>;

inline constexpr std::size_t kNamedUsers = 20;

// `progress` hears how many addresses have been looked at.
Effects compare(
    const policy::Snapshot& before, const policy::Snapshot& now, const CompareOptions& options,
    const std::function<void(std::size_t)>& progress = [](std::size_t) {});

}  // namespace postern::predict
