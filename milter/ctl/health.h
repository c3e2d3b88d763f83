// Purpose:   the verb health, and asking the daemon where its "no" is an answer as good as any.
// Failure:   as context.h; a "no" is not printed.
#pragma once

#include "ctl/context.h"

namespace postern::ctl {

Asked ask_daemon_quietly(const Context& context, const json& request);
void add_health(CLI::App& app, Context& context);

}  // namespace postern::ctl
