// Purpose:   whether DNS and relays fit what the documents say of a domain: MX, DKIM, SPF, MAIL FROM, the
//            identity token, the platforms.
// Ownership: borrows resolver, SPF checker and the hop check for the call.
// Threading: one thread per call.
// Failure:   what could not be asked is ERROR and says so, never "missing".
// Source:    the Cleanmail admin API's HealthRecord: its result names and its JSON. SPF, MAIL_FROM,
//            IDENTITY and PLATFORM are types of ours beside MX and DKIM.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "policy/documents.h"
#include "ports/resolver.h"
#include "ports/spf_checker.h"

namespace postern::health {

enum class Type { mx, dkim, spf, mail_from, identity, platform };
enum class Result {
  ok,
  error,
  dkim_missing_entry,
  dkim_invalid_couple,
  mx_missing_entry,
  mx_invalid_entry
};
std::string_view to_string(Type type);
std::string_view to_string(Result result);

struct Entry {
  Type type;
  std::string ref;  // of a platform: its id; of a DKIM key: its selector
  Result result = Result::ok;
  std::vector<std::string> output;
};

// What the documents say; facts.h reads them.
struct Facts {
  std::string id;
  std::string name;
  std::vector<std::string> aliases;
  std::vector<policy::DkimKey> keys;  // the public parts
  std::vector<policy::Platform> platforms;
  struct MailFrom {
    std::string domain;
    std::string mx_host;      // "feedback-smtp.…", of "10 feedback-smtp.…"
    std::string spf_include;  // "amazonses.com", of "v=spf1 include:amazonses.com ~all"
  };
  std::optional<MailFrom> mail_from;
  std::optional<std::string> identity_token;
};

struct Tools {
  ports::Resolver& resolver;
  ports::SpfChecker& spf;
  // Connects to a hop and says what it saw; the last line says why not.
  std::function<std::pair<bool, std::vector<std::string>>(const policy::Hop& hop)> try_hop;
  std::vector<std::string> our_mx;  // hosts; empty: any MX will do
  std::vector<IpAddress>
      our_clients;               // addresses that our mail leaves from; empty: the record alone
  Milliseconds patience{5'000};  // for each question
};

std::vector<Entry> check_domain(const Facts& facts, const Tools& tools);
Entry check_platform(const policy::Platform& platform, const Tools& tools);
// False where anything is wrong but a DKIM key that is not published: mail flows all the same then.
bool is_well(const std::vector<Entry>& entries);

}  // namespace postern::health
