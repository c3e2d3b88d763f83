// Purpose:   the command line of posternd, for the program itself and for its manual page.
// Ownership: the options are the caller's and must outlive the parse.
// Threading: one thread.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace postern {

struct Options {
  std::string config = "/etc/postern/postern.yml";
  bool check_config = false;
};

void declare_options(CLI::App& app, Options& options);

}  // namespace postern
