// Purpose:   unguessable identifiers: the id of a transaction is 32 lower-case hex digits.
// Threading: safe from any thread.
// Failure:   terminates if the kernel has no randomness to give, which it always has.
#pragma once

#include <string>

namespace postern {

std::string random_id();

}  // namespace postern
