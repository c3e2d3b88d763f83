// Purpose:   asks a running daemon one thing over its control socket.
// Threading: pure but for the socket; safe from any thread.
// Failure:   temporary "daemon away: ..." when nobody answers on the socket, temporary when the
// answer does not
//            come in time, permanent when the socket may not be used by this user.
// Units:     milliseconds for connecting, asking and the whole answer together.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace postern::server {

// `request` is one line of JSON without its line end; so is the answer.
Result<std::string> ask(const std::string& socket_path, std::string_view request,
                        Milliseconds timeout);

}  // namespace postern::server
