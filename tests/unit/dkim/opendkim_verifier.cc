#include "opendkim_verifier.h"

#include <stdbool.h>  // the library says _Bool
#include <sys/types.h>

extern "C" {
#include <opendkim/dkim.h>
}

#include <cstring>
#include <vector>

namespace postern::test {
namespace {

using Records = std::map<std::string, std::string>;

const char* text_of(const unsigned char* text) { return reinterpret_cast<const char*>(text); }

// The library's only source of keys here: no DNS.
DKIM_CBSTAT look_up(DKIM* dkim, DKIM_SIGINFO* signature, unsigned char* buffer, std::size_t size) {
  const auto* records = static_cast<const Records*>(::dkim_get_user_context(dkim));
  const auto found = records->find(std::string(text_of(::dkim_sig_getselector(signature))) +
                                   "._domainkey." + text_of(::dkim_sig_getdomain(signature)));
  if (found == records->end()) return DKIM_CBSTAT_NOTFOUND;
  ::strncpy(reinterpret_cast<char*>(buffer), found->second.c_str(), size - 1);
  return DKIM_CBSTAT_CONTINUE;
}

bool all_pass(DKIM* dkim) {
  DKIM_SIGINFO** signatures = nullptr;
  int count = 0;
  if (::dkim_getsiglist(dkim, &signatures, &count) != DKIM_STAT_OK || count == 0) return false;
  for (int at = 0; at < count; ++at) {
    if (::dkim_sig_process(dkim, signatures[at]) != DKIM_STAT_OK) return false;
    const auto flags = ::dkim_sig_getflags(signatures[at]);
    if ((flags & DKIM_SIGFLAG_PASSED) == 0 ||
        ::dkim_sig_getbh(signatures[at]) != DKIM_SIGBH_MATCH) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool opendkim_verifies(const std::string& message, const Records& records) {
  DKIM_LIB* const library = ::dkim_init(nullptr, nullptr);
  ::dkim_set_key_lookup(library, &look_up);
  DKIM_STAT status = DKIM_STAT_OK;
  DKIM* const dkim =
      ::dkim_verify(library, reinterpret_cast<const unsigned char*>("test"), nullptr, &status);
  ::dkim_set_user_context(dkim, const_cast<Records*>(&records));
  std::vector<unsigned char> bytes(message.begin(), message.end());
  const bool read = ::dkim_chunk(dkim, bytes.data(), bytes.size()) == DKIM_STAT_OK &&
                    ::dkim_chunk(dkim, nullptr, 0) == DKIM_STAT_OK;
  const bool good = read && ::dkim_eom(dkim, nullptr) == DKIM_STAT_OK && all_pass(dkim);
  ::dkim_free(dkim);
  ::dkim_close(library);
  return good;
}

}  // namespace postern::test
