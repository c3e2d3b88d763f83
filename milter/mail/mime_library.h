// Purpose:   GMime's one-time initialisation, which its functions silently rely on. Private to this
//            room.
// Threading: safe from any thread; the first caller does the work.
#pragma once

namespace postern::mail {

void ensure_mime_library();

}  // namespace postern::mail
