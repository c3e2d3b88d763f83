#include "scenario/runner/arrivals.h"

#include <stdexcept>
#include <utility>

#include "base/text.h"
#include "route/route.h"

namespace postern::test {
namespace {

std::string name_of_next_hop(const std::string& transport) {
  const std::pair<const char*, const char*> names[] = {{"[127.0.0.11]", "primary"},
                                                       {"[127.0.0.12]", "fallback"},
                                                       {"[127.0.0.13]", "second"},
                                                       {"[127.0.0.14]", "starttls"},
                                                       {"[127.0.0.15]", "smtps"}};
  const std::size_t colon = transport.find(':');
  for (const auto& [address, name] : names) {
    if (transport.find(address) == colon + 1) return name;
  }
  return transport;
}

std::string next_hop_of(const std::string& recipient, const policy::Snapshot& snapshot) {
  const auto answer = route::answer(snapshot, route::Table::transport, recipient, {});
  const auto* const found = std::get_if<route::Found>(&answer);
  return found == nullptr ? "world" : name_of_next_hop(found->value);
}

}  // namespace

std::string Arrival::header(std::string_view name) const {
  for (const auto& field : headers) {
    if (equals_ignoring_case(field.name, name)) {
      return field.value.starts_with(' ') ? field.value.substr(1) : field.value;
    }
  }
  return "(none)";
}

std::vector<Arrival> arrivals(const Played& played, const std::string& sender,
                              const std::vector<ports::OutboxCopy>& left,
                              const policy::Snapshot& snapshot) {
  std::vector<Arrival> arrived;
  const auto add = [&](std::string recipient, const std::string& sent_by,
                       const std::vector<mail::HeaderField>& headers) {
    if (recipient.starts_with('<')) recipient = recipient.substr(1, recipient.size() - 2);
    arrived.push_back({ascii_lower(recipient), next_hop_of(recipient, snapshot), sent_by, headers});
  };
  if (played.goes_on) {
    const std::string from = played.editor->sender().value_or(sender);
    for (const std::string& recipient : played.editor->recipients()) {
      add(recipient, from, played.editor->headers());
    }
  }
  for (const ports::OutboxCopy& copy : left) {
    const auto headers = fields_of(copy.header);
    for (const auto& recipient : copy.recipients) add(recipient.address, copy.sender, headers);
  }
  return arrived;
}

std::vector<mail::HeaderField> fields_of(const std::string& header_block) {
  std::vector<mail::HeaderField> fields;
  std::size_t at = 0;
  while (at < header_block.size()) {
    const std::size_t end = header_block.find("\r\n", at);
    if (end == std::string::npos) throw std::runtime_error("a header line without its end");
    const std::string line = header_block.substr(at, end - at);
    at = end + 2;
    if (!fields.empty() && (line.starts_with(' ') || line.starts_with('\t'))) {
      fields.back().value += "\n" + line;
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == 0 || colon == std::string::npos) throw std::runtime_error("no field: " + line);
    fields.push_back({line.substr(0, colon), line.substr(colon + 1)});
  }
  return fields;
}

}  // namespace postern::test
