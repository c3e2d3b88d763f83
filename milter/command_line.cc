#include "command_line.h"

#include <CLI/CLI.hpp>

namespace postern {

void declare_options(CLI::App& app, Options& options) {
  app.add_option("--config", options.config, "the configuration file")->capture_default_str();
  app.add_flag("--check-config", options.check_config,
               "only read the configuration: exit 0 when everything in it is understood, else 78");
  app.footer(
      "Examples: posternd --config /etc/postern/postern.yml --check-config\n"
      "          posternd --config ./postern.yml\n"
      "SIGHUP reads the configuration again; SIGTERM lets open transactions finish, then stops.");
}

}  // namespace postern
