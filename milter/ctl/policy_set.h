// Purpose:   a set of policies by the name somebody gives it: the ones in force in the daemon, those in
//            Redis, a directory, or another set with a few files laid over it.
// Ownership: what is loaded is a value of its own.
// Failure:   answers the exit code after saying what is wrong. Documents that are refused are told and
//            left out, as the daemon does.
// Source:    docs/control.md, "policy diff".
#pragma once

#include <map>
#include <string>
#include <variant>

#include "ctl/context.h"
#include "policy/snapshot.h"
#include "settings/settings.h"

namespace postern::ctl {

struct PolicySet {
  std::string name;
  policy::SnapshotPtr snapshot;
  std::map<std::string, std::string> documents;  // key -> JSON text, of those in force
};

// `name`: "daemon", "redis", a directory, or files separated by commas, which are laid over `base`
// (nullptr: over nothing).
std::variant<PolicySet, int> load_set(const Context& context, const std::string& name,
                                      const PolicySet* base, const settings::Settings& settings);

// The configuration where it is there, else every default.
std::variant<settings::Settings, int> settings_or_defaults(const Context& context);

}  // namespace postern::ctl
