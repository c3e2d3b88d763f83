#include "session/dmarc_lookup.h"

#include <algorithm>
#include <iterator>

#include "mail/organizational_domain.h"

namespace postern::session {
namespace {

constexpr std::size_t kLongestName = 253;

Result<std::vector<std::string>> records_at(ports::Resolver& resolver, const std::string& domain,
                                            Deadline deadline) {
  const std::string name = "_dmarc." + domain;
  if (name.size() > kLongestName) return std::vector<std::string>();  // cannot exist
  auto answer = resolver.query(name, ports::DnsType::txt, deadline);
  if (!answer) return answer.error();
  std::vector<std::string> records;
  std::copy_if(answer->texts.begin(), answer->texts.end(), std::back_inserter(records),
               [](const std::string& text) { return decide::is_dmarc_record(text); });
  return records;
}

}  // namespace

Result<decide::DmarcPublication> look_up_dmarc(ports::Resolver& resolver,
                                               const std::string& from_domain, Deadline deadline) {
  decide::DmarcPublication found;
  if (from_domain.empty() || from_domain.starts_with('[')) return found;
  found.organizational_domain = mail::organizational_domain(from_domain);

  auto records = records_at(resolver, from_domain, deadline);
  if (!records) return records.error();
  found.found_at = from_domain;
  if (records->empty() && found.organizational_domain != from_domain) {
    records = records_at(resolver, found.organizational_domain, deadline);
    if (!records) return records.error();
    found.found_at = found.organizational_domain;
  }
  found.records = std::move(records).value();
  if (found.records.empty()) found.found_at.clear();
  return found;
}

}  // namespace postern::session
