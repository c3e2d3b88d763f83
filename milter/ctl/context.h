// Purpose:   what every verb of posternctl is given: where the daemon is, how to answer.
// Ownership: main owns it; verbs borrow it.
// Failure:   verbs answer an exit code: 0 done, 1 the answer is no, 2 usage, 69 daemon away, 78 configuration.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "settings/fault.h"

namespace postern::ctl {

// posternctl is a program, not a room that others build on: its headers may show the two libraries that
// all its verbs speak in.
using nlohmann::json;

inline constexpr int kDone = 0;
inline constexpr int kNo = 1;
inline constexpr int kUsage = 2;
inline constexpr int kDaemonAway = 69;
inline constexpr int kConfiguration = 78;

struct Context {
  std::string config = "/etc/postern/postern.yml";
  std::string socket;  // empty: listen.control of the configuration
  bool as_json = false;
  std::function<int()> chosen;  // the verb of this command line
};

// Asks the daemon; prints what went wrong and answers its exit code where it did.
struct Asked {
  int exit = kDone;
  json answer;
};
Asked ask_daemon(const Context& context, const json& request);

// With --json the answer as one document, otherwise what `print` writes for people.
void print(const Context& context, const json& answer,
           const std::function<void(const json& answer)>& for_people);
int fail(int exit, const std::string& what);
// What is wrong with --config, a line each, and what to do where it is not there; answers kConfiguration.
int fail_configuration(const Context& context, const std::vector<settings::Fault>& faults);

// A table for people: the columns are as wide as they must be; control characters never reach the terminal.
void print_table(const std::vector<std::string>& headings,
                 const std::vector<std::vector<std::string>>& rows);
std::string text_of(const json& value);  // "" for null, numbers and texts as they are
// What may be printed on a terminal: control characters become '?'; UTF-8 passes.
std::string printable_utf8(const std::string& text);

// Each verb registers itself with its options and its examples.
void add_status(CLI::App& app, Context& context);
void add_policy(CLI::App& app, Context& context);
void add_policy_check(CLI::App& policy, Context& context);
void add_policy_diff(CLI::App& policy, Context& context);
void add_policy_publish(CLI::App& policy, Context& context);
void add_route(CLI::App& app, Context& context);
void add_explain(CLI::App& app, Context& context);
void add_replay(CLI::App& app, Context& context);
void add_dkim(CLI::App& app, Context& context);
void add_limits(CLI::App& app, Context& context);
void add_import(CLI::App& app, Context& context);
void add_sync(CLI::App& app, Context& context);
void add_vault(CLI::App& app, Context& context);

}  // namespace postern::ctl
