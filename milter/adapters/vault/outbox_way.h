// Purpose:   the two ways out of the outbox.
#pragma once

#include "base/clock.h"

namespace postern::vault {

enum class Way { mta, mailbox };

// What may be tried on this way by this time.
struct Due {
  Way way = Way::mta;
  WallTime at;
};

}  // namespace postern::vault
