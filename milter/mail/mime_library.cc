#include "mail/mime_library.h"

#include <gmime/gmime.h>

#include <mutex>

namespace postern::mail {

void ensure_mime_library() {
  static std::once_flag once;
  std::call_once(once, [] { g_mime_init(); });
}

}  // namespace postern::mail
