// Purpose:   the parts of `posternctl dkim`, one file each.
// Failure:   as every verb: an exit code.
#pragma once

#include "ctl/context.h"

namespace postern::ctl {

void add_dkim_generate(CLI::App& dkim, Context& context);
void add_dkim_check(CLI::App& dkim, Context& context);
void add_dkim_seal_key(CLI::App& dkim, Context& context);

}  // namespace postern::ctl
