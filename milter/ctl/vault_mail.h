// Purpose:   the messages in the daemon's vault, for replay: each once, with the envelope, the score and
//            the virus that were known when it came.
// Threading: next() from many threads at once.
// Failure:   as MailSource; a daemon that is away is an Error of open_vault_mail().
#pragma once

#include <memory>

#include "ctl/context.h"
#include "ctl/saved_mail.h"

namespace postern::ctl {

Result<std::unique_ptr<MailSource>> open_vault_mail(const Context& context);

}  // namespace postern::ctl
