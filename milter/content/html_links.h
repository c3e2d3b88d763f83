// Purpose:   the hosts that a page of HTML leads to.
// Threading: pure functions.
// Failure:   none: a tag that never ends is passed over, as browsers do.
// Source:    WHATWG HTML 13.2.5 (tokens), as far as links need it.
#pragma once

#include <string>
#include <string_view>

#include "content/url_host.h"

namespace postern::content {

// False: the sink wants no more.
bool scan_html(std::string_view html, const HostSink& sink);

// "&#104;ttp&colon;//" -> "http://": numbers, and the names of the characters that URLs are made of.
std::string without_references(std::string_view text);

}  // namespace postern::content
