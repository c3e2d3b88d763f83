#include "adapters/spf/evaluation.h"

#include <algorithm>

#include "base/text.h"

namespace postern::spf {
namespace {

using decide::SpfResult;
using decide::SpfVerdict;
using ports::DnsAnswer;
using ports::DnsType;

constexpr int kMostTerms = 10;
constexpr int kMostVoids = 2;
constexpr std::size_t kMostMx = 10;
constexpr std::size_t kMostPtr = 10;
constexpr std::size_t kLongestName = 253;
constexpr std::size_t kLongestLabel = 63;
constexpr std::size_t kShownTerm = 120;

// RFC 7208 4.3: what is checked is a name of two labels or more, and no address.
bool can_have_a_record(std::string_view domain) {
  if (domain.size() > kLongestName || domain.starts_with('[')) return false;
  const auto labels = split(domain, '.');
  return labels.size() > 1 && std::all_of(labels.begin(), labels.end(), [](std::string_view label) {
           return !label.empty() && label.size() <= kLongestLabel;
         });
}

SpfResult result_of(Qualifier qualifier) {
  switch (qualifier) {
    case Qualifier::pass:
      return SpfResult::pass;
    case Qualifier::fail:
      return SpfResult::fail;
    case Qualifier::softfail:
      return SpfResult::softfail;
    case Qualifier::neutral:
      return SpfResult::neutral;
  }
  return SpfResult::permerror;
}

// got.com and everything below it.
bool is_within(std::string_view name, std::string_view domain) {
  if (name.size() < domain.size()) return false;
  if (!equals_ignoring_case(name.substr(name.size() - domain.size()), domain)) return false;
  return name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.';
}

SpfVerdict verdict(SpfResult result, std::string problem = {}) {
  SpfVerdict verdict;
  verdict.result = result;
  verdict.problem = std::move(problem);
  return verdict;
}

}  // namespace

Evaluation::Evaluation(ports::Resolver& resolver, const Question& question, Deadline deadline)
    : resolver_(resolver),
      question_(question),
      deadline_(deadline),
      local_(question.local.empty() ? "postmaster" : question.local) {}

SpfVerdict Evaluation::check_host(const std::string& domain) {
  auto fetched = fetch_record(domain);
  SpfVerdict found;
  if (const auto* const problem = std::get_if<Problem>(&fetched)) {
    found = verdict(problem->result, problem->what);
  } else {
    found = judge(std::get<Record>(fetched), domain);
  }
  found.domain = domain;
  return found;
}

Evaluation::Judged<Record> Evaluation::fetch_record(const std::string& domain) {
  if (!can_have_a_record(domain)) return Problem{SpfResult::none, {}};
  auto asked = ask(domain, DnsType::txt);
  if (auto* const problem = std::get_if<Problem>(&asked)) return std::move(*problem);
  const std::string* record = nullptr;
  for (const auto& text : std::get<DnsAnswer>(asked).texts) {
    if (!is_spf_record(text)) continue;
    if (record != nullptr) {
      return Problem{SpfResult::permerror,
                     printable(domain, kLongestName) + " has several records"};
    }
    record = &text;
  }
  if (record == nullptr) return Problem{SpfResult::none, {}};
  auto parsed = parse_record(*record);
  if (!parsed) {
    return Problem{SpfResult::permerror,
                   printable(domain, kLongestName) + ": " + parsed.error().what};
  }
  return std::move(*parsed);
}

SpfVerdict Evaluation::judge(const Record& record, const std::string& domain) {
  for (const auto& mechanism : record.mechanisms) {
    const auto judged = matches(mechanism, domain);
    if (const auto* const problem = std::get_if<Problem>(&judged)) {
      return verdict(problem->result, problem->what);
    }
    if (std::get<Match>(judged) == Match::no) continue;
    SpfVerdict found = verdict(result_of(mechanism.qualifier));
    found.mechanism = printable(mechanism.text, kShownTerm);
    return found;
  }
  if (!record.redirect) return verdict(SpfResult::neutral);
  if (const auto problem = count_term()) return verdict(problem->result, problem->what);
  const std::string target = expand_to_name(*record.redirect, macro_values(domain));
  SpfVerdict found = check_host(target);
  if (found.result == SpfResult::none) {
    return verdict(SpfResult::permerror,
                   "redirect to " + printable(target, kLongestName) + ", which has no record");
  }
  return found;
}

Evaluation::Judged<Evaluation::Match> Evaluation::matches(const Mechanism& mechanism,
                                                          const std::string& domain) {
  switch (mechanism.kind) {
    case MechanismKind::all:
      return Match::yes;
    case MechanismKind::ip4:
    case MechanismKind::ip6:
      return mechanism.network && mechanism.network->contains(question_.client) ? Match::yes
                                                                                : Match::no;
    case MechanismKind::include:
    case MechanismKind::a:
    case MechanismKind::mx:
    case MechanismKind::ptr:
    case MechanismKind::exists:
      break;
  }
  if (auto problem = count_term()) return std::move(*problem);
  const std::string target =
      mechanism.domain ? expand_to_name(*mechanism.domain, macro_values(domain)) : domain;
  switch (mechanism.kind) {
    case MechanismKind::include:
      return match_include(target);
    case MechanismKind::a:
      return match_addresses(mechanism, target);
    case MechanismKind::mx:
      return match_mx(mechanism, target);
    case MechanismKind::ptr:
      return match_ptr(target);
    case MechanismKind::exists:
      return match_exists(target);
    case MechanismKind::all:
    case MechanismKind::ip4:
    case MechanismKind::ip6:
      break;
  }
  return Match::no;
}

Evaluation::Judged<Evaluation::Match> Evaluation::match_include(const std::string& target) {
  SpfVerdict included = check_host(target);
  switch (included.result) {
    case SpfResult::pass:
      return Match::yes;
    case SpfResult::fail:
    case SpfResult::softfail:
    case SpfResult::neutral:
      return Match::no;
    case SpfResult::temperror:
    case SpfResult::permerror:
      return Problem{included.result, std::move(included.problem)};
    case SpfResult::none:
      break;
  }
  return Problem{SpfResult::permerror,
                 "include of " + printable(target, kLongestName) + ", which has no record"};
}

Evaluation::Judged<Evaluation::Match> Evaluation::match_addresses(const Mechanism& mechanism,
                                                                  const std::string& target) {
  auto asked = ask_counting(target, address_type());
  if (auto* const problem = std::get_if<Problem>(&asked)) return std::move(*problem);
  return is_in(std::get<DnsAnswer>(asked).addresses, mechanism) ? Match::yes : Match::no;
}

Evaluation::Judged<Evaluation::Match> Evaluation::match_mx(const Mechanism& mechanism,
                                                           const std::string& target) {
  auto asked = ask_counting(target, DnsType::mx);
  if (auto* const problem = std::get_if<Problem>(&asked)) return std::move(*problem);
  auto& hosts = std::get<DnsAnswer>(asked).mx;
  if (hosts.size() > kMostMx) {
    return Problem{SpfResult::permerror, printable(target, kLongestName) + " has more than " +
                                             std::to_string(kMostMx) + " MX records"};
  }
  std::stable_sort(hosts.begin(), hosts.end(),
                   [](const auto& a, const auto& b) { return a.preference < b.preference; });
  for (const auto& mx : hosts) {
    if (mx.host.empty()) continue;
    auto addresses = ask(mx.host, address_type());
    if (auto* const problem = std::get_if<Problem>(&addresses)) return std::move(*problem);
    if (is_in(std::get<DnsAnswer>(addresses).addresses, mechanism)) return Match::yes;
  }
  return Match::no;
}

Evaluation::Judged<Evaluation::Match> Evaluation::match_ptr(const std::string& target) {
  const auto& names = validated_names();
  if (names_void_ && ++voids_ > kMostVoids) {
    return Problem{SpfResult::permerror, "too many look-ups that find nothing"};
  }
  const bool found = std::any_of(names.begin(), names.end(), [&target](const std::string& name) {
    return is_within(name, target);
  });
  return found ? Match::yes : Match::no;
}

Evaluation::Judged<Evaluation::Match> Evaluation::match_exists(const std::string& target) {
  auto asked = ask_counting(target, DnsType::a);
  if (auto* const problem = std::get_if<Problem>(&asked)) return std::move(*problem);
  return std::get<DnsAnswer>(asked).addresses.empty() ? Match::no : Match::yes;
}

Evaluation::Judged<DnsAnswer> Evaluation::ask(const std::string& name, DnsType type) {
  if (deadline_.passed()) return Problem{SpfResult::temperror, "no time left"};
  auto answer = resolver_.query(name, type, deadline_);
  if (!answer) return Problem{SpfResult::temperror, answer.error().what};
  return std::move(*answer);
}

Evaluation::Judged<DnsAnswer> Evaluation::ask_counting(const std::string& name, DnsType type) {
  auto asked = ask(name, type);
  const auto* const answer = std::get_if<DnsAnswer>(&asked);
  if (answer != nullptr && answer->status != DnsAnswer::Status::found && ++voids_ > kMostVoids) {
    return Problem{SpfResult::permerror, "too many look-ups that find nothing"};
  }
  return asked;
}

std::optional<Evaluation::Problem> Evaluation::count_term() {
  if (++terms_ <= kMostTerms) return std::nullopt;
  return Problem{SpfResult::permerror,
                 "more than " + std::to_string(kMostTerms) + " terms that ask the DNS"};
}

bool Evaluation::is_in(const std::vector<IpAddress>& addresses, const Mechanism& mechanism) const {
  const bool v4 = question_.client.family() == IpAddress::Family::v4;
  const unsigned prefix = v4 ? mechanism.prefix_v4 : mechanism.prefix_v6;
  return std::any_of(addresses.begin(), addresses.end(), [&](const IpAddress& address) {
    return address.family() == question_.client.family() &&
           IpNetwork(address, prefix).contains(question_.client);
  });
}

DnsType Evaluation::address_type() const {
  return question_.client.family() == IpAddress::Family::v4 ? DnsType::a : DnsType::aaaa;
}

// RFC 7208 5.5: errors of the DNS only mean that a name is not a validated one.
const std::vector<std::string>& Evaluation::validated_names() {
  if (names_known_) return names_;
  names_known_ = true;
  const auto asked = ask(reverse_name(question_.client), DnsType::ptr);
  const auto* const answer = std::get_if<DnsAnswer>(&asked);
  if (answer == nullptr) return names_;
  names_void_ = answer->status != DnsAnswer::Status::found;
  const Mechanism exact;
  for (std::size_t i = 0; i < std::min(answer->names.size(), kMostPtr); ++i) {
    const auto addresses = ask(answer->names[i], address_type());
    const auto* const known = std::get_if<DnsAnswer>(&addresses);
    if (known != nullptr && is_in(known->addresses, exact)) names_.push_back(answer->names[i]);
  }
  return names_;
}

// RFC 7208 7.3: the domain itself, then a name below it, then any.
std::string Evaluation::client_name(const std::string& domain) {
  const auto& names = validated_names();
  if (names.empty()) return "unknown";
  for (const auto& name : names) {
    if (equals_ignoring_case(name, domain)) return name;
  }
  for (const auto& name : names) {
    if (is_within(name, domain)) return name;
  }
  return names.front();
}

MacroValues Evaluation::macro_values(const std::string& domain) {
  MacroValues values;
  values.local = local_;
  values.sender_domain = question_.sender_domain;
  values.domain = domain;
  values.helo = question_.helo;
  values.client = question_.client;
  values.client_name = [this, &domain] { return client_name(domain); };
  return values;
}

}  // namespace postern::spf
