// posternd: reads its configuration, builds everything, runs until it is told to stop.
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sysexits.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>

#include "base/log.h"
#include "daemon/daemon.h"
#include "settings/load.h"

namespace {

using postern::daemon::Daemon;

struct Options {
  std::string config = "/etc/postern/postern.yml";
  bool check_config = false;
};

// Keys and passwords are in memory. LeakSanitizer needs to look into the process, so its build may be dumped.
void forbid_core_files() {
#if !defined(__SANITIZE_ADDRESS__)
  prctl(PR_SET_DUMPABLE, 0);
#endif
}

int run(const Options& options) {
  auto outcome = postern::settings::load_file(options.config);
  if (const auto* const faults = std::get_if<std::vector<postern::settings::Fault>>(&outcome)) {
    for (const auto& fault : *faults) std::fprintf(stderr, "%s\n", fault.to_string().c_str());
    return EX_CONFIG;
  }
  if (options.check_config) return EX_OK;

  forbid_core_files();
  umask(0077);  // no file we make is for everybody
  // A peer that has gone is an error of write(2), not the end of the daemon.
  std::signal(SIGPIPE, SIG_IGN);
  // Before any thread: those made later inherit the blocked signals.
  auto signals = postern::server::DaemonSignals::make();
  if (!signals) {
    std::fprintf(stderr, "posternd: %s\n", signals.error().what.c_str());
    return EX_OSERR;
  }
  auto daemon =
      Daemon::make(options.config, std::move(std::get<postern::settings::Settings>(outcome)));
  if (!daemon) {
    postern::log::error("posternd: " + daemon.error().what);
    return EX_UNAVAILABLE;
  }
  return (*daemon)->run(*signals);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("posternd, a mail policy daemon for Postfix", "posternd");
  app.add_option("--config", options.config, "the configuration file")->capture_default_str();
  app.add_flag("--check-config", options.check_config,
               "only read the configuration: exit 0 when everything in it is understood, else 78");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "posternd: %s\n", error.what());
    return EX_SOFTWARE;
  }
}
