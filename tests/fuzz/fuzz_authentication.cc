// Any octets as the fields and records that say who a message is from: Authentication-Results, Received,
// a DMARC record. Reading them must end, and must never turn into trust.
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "decide/dmarc.h"
#include "session/authentication_results.h"
#include "session/client_before.h"

namespace {

using namespace postern;

constexpr std::string_view kOurName = "mx.a.net";

void require(bool holds) {
  if (!holds) std::abort();
}

// What we write about anything speaks for us, in lines that mail allows.
void write_results(const std::string& text) {
  session::AuthenticationFindings findings;
  findings.spf.emplace();
  findings.spf->domain = text;
  findings.spf->problem = text;
  findings.mail_from = text;
  findings.dkim.emplace();
  findings.dkim->signatures.push_back({decide::DkimResult::fail, text, text, text, text});
  findings.dmarc.emplace();
  findings.dmarc->domain = text;
  const std::string value = session::authentication_results(kOurName, findings);
  require(session::speaks_for(value, kOurName));
  std::size_t column = 0;
  for (const char c : value) {
    column = c == '\n' ? 0 : column + 1;
    require(column < 998 && (c == '\n' || c == '\t' || (c >= ' ' && c < 0x7f)));
  }
}

// Our name in front is ours, whatever follows; in a field that begins with another's it is not.
void read_results(std::string_view text) {
  session::speaks_for(text, kOurName);
  require(session::speaks_for(" mx.a.net;" + std::string(text), kOurName));
  require(
      session::speaks_for(" mx.a.net" + std::string(1, ' ') + "1;" + std::string(text), kOurName));
  require(!session::speaks_for(" mx.b.net;" + std::string(text), kOurName));
}

// A client outside the trusted networks is never displaced by what the message says.
void read_received(std::string_view text) {
  const auto client = IpAddress::parse("192.0.2.1");
  const std::vector<IpNetwork> trusted = {*IpNetwork::parse("203.0.113.0/24")};
  require(session::client_that_counts(client, "x", trusted, {text}).address == client);
  const auto counted =
      session::client_that_counts(IpAddress::parse("203.0.113.1"), "x", trusted, {text});
  require(counted.address.has_value() == counted.why.empty());
  require(!counted.address || !trusted.front().contains(*counted.address));
}

void read_record(std::string_view text) {
  const auto record = decide::parse_dmarc_record(text);
  require(!record || (decide::is_dmarc_record(text) && record->percent <= 100));
  decide::SpfVerdict forged;
  forged.result = decide::SpfResult::pass;
  forged.domain = "evil.net";
  const auto verdict =
      decide::evaluate_dmarc("got.com", {"got.com", "got.com", {std::string(text)}}, forged, {}, 0);
  require(verdict.result != decide::DmarcResult::pass);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  write_results(std::string(text));
  read_results(text);
  read_received(text);
  read_record(text);
  return 0;
}
