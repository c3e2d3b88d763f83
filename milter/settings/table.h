// Purpose:   every setting, once: what --check-config, the shipped configuration file and the
// manual
//            are checked against, and what a reload compares.
// Ownership: values.
// Threading: safe from any thread.
#pragma once

#include <string>
#include <vector>

#include "settings/settings.h"

namespace postern::settings {

enum class Reload {
  live,     // SIGHUP takes it over
  restart,  // only a new start does
};

struct SettingInfo {
  std::string key;           // "policy.redis.url"; "spam.scanners[].timeout" inside a list
  std::string default_text;  // as YAML writes it
  std::string description;
  Reload reload;
  std::string of;  // for what stands inside a value: which kind ("type: spamd"), else empty
};

// The keys of postern.yml in the order of that file, without what stands inside lists and options.
std::vector<SettingInfo> describe_settings();
// What may stand inside spam.scanners[] and virus.
std::vector<SettingInfo> describe_members();

struct Change {
  std::string key;
  std::string before;  // as YAML writes it; secrets are not shown
  std::string after;
  Reload reload;
};
std::vector<Change> changes(const Settings& before, const Settings& after);

}  // namespace postern::settings
