// Purpose:   messages to measure with: text, HTML and an attached zip, as ordinary mail has them.
#pragma once

#include <cstddef>

#include "mail/message.h"

namespace postern::bench {

// About that many octets of text; of an archive of that size, 0: none.
mail::Message make_message(std::size_t text_size, std::size_t zip_size);

}  // namespace postern::bench
