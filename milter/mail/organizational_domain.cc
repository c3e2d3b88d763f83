#include "mail/organizational_domain.h"

#include <libpsl.h>

#include <memory>

namespace postern::mail {
namespace {

// Loaded once: 50 kB, immutable, and libpsl's look-ups are safe from many threads.
const psl_ctx_t* public_suffixes() {
  static const std::unique_ptr<psl_ctx_t, decltype(&psl_free)> kList(psl_latest(nullptr),
                                                                     &psl_free);
  return kList != nullptr ? kList.get() : psl_builtin();
}

}  // namespace

std::string organizational_domain(const std::string& a_label) {
  if (a_label.starts_with('[')) return a_label;
  const psl_ctx_t* const list = public_suffixes();
  // Nothing: the name is itself a public suffix.
  const char* const registrable =
      list == nullptr ? nullptr : psl_registrable_domain(list, a_label.c_str());
  return registrable == nullptr ? a_label : std::string(registrable);
}

bool is_aligned(const std::string& a, const std::string& b, bool strict) {
  if (a.empty() || b.empty()) return false;
  return a == b || (!strict && organizational_domain(a) == organizational_domain(b));
}

}  // namespace postern::mail
