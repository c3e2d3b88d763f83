#include "ctl/dkim.h"

namespace postern::ctl {

void add_dkim(CLI::App& app, Context& context) {
  CLI::App* const dkim = app.add_subcommand("dkim", "keys that sign outgoing mail");
  dkim->require_subcommand(1);
  add_dkim_generate(*dkim, context);
  add_dkim_check(*dkim, context);
  add_dkim_seal_key(*dkim, context);
}

}  // namespace postern::ctl
