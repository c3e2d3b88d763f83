// posternctl: one file per verb (verbs.cc knows them all); this one reads the command line and runs the verb.
#include <cstdio>
#include <exception>

#include "ctl/usage.h"
#include "ctl/verbs.h"

int main(int argc, char** argv) {
  using namespace postern::ctl;  // NOLINT(google-build-using-namespace): the program itself
  Context context;
  CLI::App app("posternctl, the operator's command for Postern", "posternctl");
  declare_verbs(app, context);
  try {
    app.parse(argc, argv);
    return context.chosen ? context.chosen() : kUsage;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error) == 0 ? kDone : kUsage;  // --help
    return fail(kUsage, usage_error(app, std::vector<std::string>(argv + 1, argv + argc), error));
  } catch (const std::exception& error) {
    return fail(kNo, error.what());
  }
}
