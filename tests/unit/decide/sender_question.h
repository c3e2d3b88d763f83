// Purpose:   one mail, its rules and its evidence in a few words, as a question to the rules about senders.
// Ownership: Asked owns everything that its question borrows.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "decide/sender_rules.h"
#include "support/policies.h"

namespace postern::decide::test_support {

using Verdict = SenderListing::Verdict;

inline constexpr std::chrono::system_clock::time_point kNow{std::chrono::seconds(1'800'000'000)};

inline std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::none:
      return "none";
    case Verdict::allowed:
      return "allowed";
    case Verdict::blocked:
      return "blocked";
    case Verdict::forged:
      return "forged";
    case Verdict::always_spam:
      return "spam";
  }
  return "";
}

// "ALLOW a.net", "ALLOW? a.net" (spfOn false), "BLOCK< a.net" (expired), comma-separated.
inline std::string list_json(const std::string& rules) {
  std::string json;
  std::string_view rest = rules;
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    const std::size_t blank = one.find(' ');
    std::string type(one.substr(0, blank));
    const bool loose = type.ends_with('?');
    const bool expired = type.ends_with('<');
    if (loose || expired) type.pop_back();
    json += (json.empty() ? "" : ",") + std::string(R"({"type":")") + type + R"(","value":")" +
            std::string(one.substr(blank + 1)) + "\"" +
            (type == "ALLOW" ? std::string(R"(,"spfOn":)") + (loose ? "false" : "true") : "") +
            (expired ? R"(,"expireAt":1800000000)" : "") + "}";
  }
  return "[" + json + "]";
}

// One mail to joe@got.com.
struct Mail {
  std::string user_rules = {};
  std::string domain_rules = {};
  std::string priority = "USER";
  std::string opensrs = {};  // members of the attributes
  std::string sender = "a@out.net";
  std::string from = {};   // header From, blank-separated; "-": not come yet; "": as the sender
  std::string spf = {};    // "pass out.net", "softfail out.net"; "": not known
  std::string dkim = {};   // likewise; "none": no signature
  std::string dmarc = {};  // "pass", "fail"; "": not known
  std::string own = {};    // the domain the client may send for
  std::string client = "203.0.113.9";
};

template <typename E, std::size_t N>
E named(std::string_view name, const std::array<E, N>& all) {
  for (const E one : all) {
    if (to_string(one) == name) return one;
  }
  throw std::runtime_error("no such result: " + std::string(name));
}

// Everything a question borrows.
class Asked {
 public:
  explicit Asked(const Mail& mail) {
    test::Documents documents = {
        {"domain:got.com", test::domain_json("got.com", test::kStark,
                                             R"("wblistPriority":")" + mail.priority + "\"")},
        {"wblist:got.com", list_json(mail.domain_rules)},
        {"wblist:joe@got.com", list_json(mail.user_rules)}};
    if (!mail.opensrs.empty()) {
      documents.emplace_back("opensrs:got.com", "{" + mail.opensrs + "}");
    }
    snapshot_ = test::snapshot_of(documents);
    const auto joe = mail::Address::parse("joe@got.com");
    recipient_ = std::get<policy::RecipientPolicy>(policy::resolve(*snapshot_, *joe, ""));
    sender_ = mail::parse_sender({"<" + mail.sender + ">"});
    read_from(mail);
    read_evidence(mail);
    client_ = IpAddress::parse(mail.client);
    own_ = mail.own;
  }

  SenderQuestion question() const {
    return {.recipient = recipient_,
            .sender = sender_,
            .from = from_ ? &*from_ : nullptr,
            .client = client_,
            .is_authorised_for = [this](const std::string& domain) { return domain == own_; },
            .spf = spf_ ? &*spf_ : nullptr,
            .dkim = dkim_ ? &*dkim_ : nullptr,
            .dmarc = dmarc_ ? &*dmarc_ : nullptr,
            .now = kNow};
  }
  SenderListing listing(Explanation* why = nullptr) const {
    return judge_sender_rules(question(), why);
  }
  std::string needs() const {
    const SenderNeeds needs = sender_rules_need(question());
    return std::string(needs.spf ? "spf " : "") + (needs.dkim ? "dkim " : "") +
           (needs.dmarc ? "dmarc " : "");
  }

 private:
  void read_from(const Mail& mail) {
    if (mail.from == "-") return;
    from_.emplace();
    from_->fields = 1;
    std::string_view rest = mail.from.empty() ? mail.sender : mail.from;
    while (!rest.empty()) {
      const std::string_view one = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(rest.size(), one.size() + 1));
      ++from_->mailboxes;
      from_->addresses.push_back(*mail::Address::parse(one));
    }
  }
  void read_evidence(const Mail& mail) {
    static constexpr std::array kSpf = {
        SpfResult::none,     SpfResult::neutral,   SpfResult::pass,     SpfResult::fail,
        SpfResult::softfail, SpfResult::temperror, SpfResult::permerror};
    static constexpr std::array kDkim = {DkimResult::pass, DkimResult::fail, DkimResult::temperror};
    static constexpr std::array kDmarc = {DmarcResult::none, DmarcResult::pass, DmarcResult::fail};
    const auto halves = [](const std::string& text) {
      const std::size_t blank = text.find(' ');
      return std::pair(text.substr(0, blank), text.substr(blank + 1));
    };
    if (!mail.spf.empty()) {
      const auto [result, domain] = halves(mail.spf);
      spf_.emplace();
      spf_->result = named(result, kSpf);
      spf_->domain = domain;
    }
    if (!mail.dkim.empty()) {
      dkim_.emplace();
      if (mail.dkim != "none") {
        const auto [result, domain] = halves(mail.dkim);
        DkimSignature signature;
        signature.result = named(result, kDkim);
        signature.domain = domain;
        dkim_->signatures.push_back(signature);
      }
    }
    if (!mail.dmarc.empty()) {
      dmarc_.emplace();
      dmarc_->result = named(mail.dmarc, kDmarc);
    }
  }

  policy::SnapshotPtr snapshot_;
  policy::RecipientPolicy recipient_{.canonical = *mail::Address::parse("joe@got.com"),
                                     .policy_source = {},
                                     .platform_source = {}};
  mail::Sender sender_;
  std::optional<mail::HeaderFrom> from_;
  std::optional<IpAddress> client_;
  std::optional<SpfVerdict> spf_;
  std::optional<DkimVerdict> dkim_;
  std::optional<DmarcVerdict> dmarc_;
  std::string own_;
};

inline const std::string kPass = "pass out.net";

}  // namespace postern::decide::test_support
