// posternctl: one file per verb; this one reads the command line and runs the verb.
#include <cstdio>
#include <exception>

#include "ctl/context.h"

int main(int argc, char** argv) {
  using namespace postern::ctl;  // NOLINT(google-build-using-namespace): the program itself
  Context context;
  CLI::App app("posternctl, the operator's command for Postern", "posternctl");
  app.require_subcommand(1);
  app.add_option("--config", context.config, "the daemon's configuration file")
      ->capture_default_str();
  app.add_option("--socket", context.socket, "the daemon's control socket (else from --config)");
  app.add_flag("--json", context.as_json, "one JSON document instead of text");
  app.fallthrough();
  add_status(app, context);
  add_policy(app, context);
  add_route(app, context);
  add_explain(app, context);
  add_vault(app, context);
  app.footer("Exit: 0 done, 1 the answer is no, 2 usage, 69 daemon away, 78 configuration.");
  try {
    app.parse(argc, argv);
    return context.chosen ? context.chosen() : kUsage;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kUsage;
  } catch (const std::exception& error) {
    return fail(kNo, error.what());
  }
}
