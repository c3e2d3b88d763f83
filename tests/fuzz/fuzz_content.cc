// Any octets as a message and as an attachment: every look at them answers, with findings of bounded
// size, and twice the same.
#include <cstdlib>
#include <string>
#include <string_view>

#include "content/inspect.h"
#include "support/eml.h"

namespace {

using namespace postern;

void require(bool holds) {
  if (!holds) std::abort();
}

content::Limits small_limits() {
  content::Limits limits;
  limits.archive_bytes = 4 << 20;
  limits.archive_members = 200;
  limits.parts = 200;
  limits.detections = 4;
  return limits;
}

void look_at(const mail::Message& message) {
  const content::Limits limits = small_limits();
  const content::ParsedMessage parsed(message, limits);
  const auto found = content::find_attachments(parsed, limits);
  require(found.objects.size() <= 8 * limits.parts + 2 * limits.archive_members + 1'000);
  const auto hosts = content::find_uri_hosts(parsed, limits);
  require(hosts.size() <= limits.uri_hosts);
  for (const std::string& host : hosts) require(!host.empty() && host.size() <= 253);
  const auto defects = content::find_encoding_defects(parsed);
  require(defects == content::find_encoding_defects(parsed));
  content::find_header_defects(message, true);
  content::find_header_defects(message, false);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  look_at(test::message_from(bytes));

  mail::Message attached;
  attached.add_header("Content-Type", " application/octet-stream; name=a.zip");
  attached.set_body(std::string(bytes));
  look_at(attached);
  return 0;
}
