// Purpose:   GMime's one-time initialisation, which its functions silently rely on: for the rooms that
//            read mail with it.
// Threading: safe from any thread; the first caller does the work.
#pragma once

namespace postern::mail {

void ensure_mime_library();

}  // namespace postern::mail
