// posternctl replay: saved mail under two sets of policies, and who would be treated differently.
#include <algorithm>
#include <cstdio>
#include <deque>
#include <map>
#include <set>
#include <thread>

#include "adapters/header_scanner/header_scanner.h"
#include "base/clock.h"
#include "base/guarded.h"
#include "base/text.h"
#include "ctl/context.h"
#include "ctl/policy_set.h"
#include "ctl/progress.h"
#include "ctl/replay_report.h"
#include "ctl/replay_scanners.h"
#include "ctl/saved_mail.h"
#include "ctl/treatment.h"
#include "ctl/vault_mail.h"
#include "daemon/adapters.h"
#include "daemon/checks.h"
#include "mail/header_from.h"
#include "mail/message_file.h"
#include "session/explain_message.h"

namespace postern::ctl {
namespace {

constexpr std::size_t kMostRecipients = 1'000;
constexpr std::size_t kSendSeparately = 452;

struct Arguments {
  std::vector<std::string> mail;
  std::string against;
  std::string offline;
  std::string sender;
  bool has_sender = false;
  std::vector<std::string> recipients;
  std::string client;
  std::string score;
  bool ask = false;
  unsigned threads = 0;
};

// One side: a set of policies and all that a transaction reaches.
struct Side {
  explicit Side(PolicySet set) : policies(std::move(set)), published(policies.snapshot) {}
  PolicySet policies;
  Published<policy::Snapshot> published;
};

std::vector<std::string> addresses_in(const mail::Message& message, std::string_view name) {
  std::vector<std::string> found;
  for (const mail::HeaderField& field : message.headers()) {
    if (!equals_ignoring_case(field.name, name)) continue;
    mail::Message list;
    list.add_header("From", field.value);
    for (const mail::Address& address : mail::header_from(list).addresses) {
      found.push_back(address.to_string());
    }
  }
  return found;
}

class Replayer {
 public:
  Replayer(const Arguments& arguments, const settings::Settings& settings, Side& today, Side& other)
      : arguments_(arguments),
        today_(today),
        other_(other),
        rules_(std::make_shared<const session::Rules>(daemon::make_rules(settings))),
        header_config_(header_config(settings)) {}

  // The scanners and the DNS of the configuration are asked.
  int ask_for_real(const settings::Settings& settings) {
    auto scanners = daemon::make_scanners(settings, clock_);
    if (!scanners) return fail(kConfiguration, scanners.error().what);
    auto checks = daemon::Checks::make(settings, clock_);
    if (!checks) return fail(kConfiguration, checks.error().what);
    scanners_ = std::move(*scanners);
    checks_ = std::move(*checks);
    return kDone;
  }

  Findings run(MailSource& source) {
    Guarded<Findings> all;
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    // Who waits for scanners needs no core meanwhile.
    const unsigned wanted = checks_ == nullptr ? cores : cores * 4;
    const unsigned threads = arguments_.threads == 0 ? wanted : arguments_.threads;
    Progress progress("replaying", source.count().value_or(0));
    const auto work = [&](bool tells) {
      while (auto mail = source.next()) {
        Findings found = judge(*mail);
        const std::size_t done = all.with([&found](Findings& sum) {
          std::ranges::move(found.differences, std::back_inserter(sum.differences));
          std::ranges::move(found.skipped, std::back_inserter(sum.skipped));
          sum.recipients += found.recipients;
          return sum.messages += found.messages;
        });
        if (tells) progress.show(done);
      }
    };
    {
      std::vector<std::jthread> others;
      for (unsigned i = 1; i < threads; ++i) others.emplace_back([&work] { work(false); });
      work(true);
    }
    Findings found = all.with([](Findings& sum) { return std::move(sum); });
    std::ranges::stable_sort(found.differences, {}, &Difference::number);
    std::ranges::sort(found.skipped);
    return found;
  }

 private:
  static scan::HeaderScannerConfig header_config(const settings::Settings& settings) {
    settings::HeaderScanner named;
    for (const settings::Scanner& scanner : settings.spam.scanners) {
      if (const auto* header = std::get_if<settings::HeaderScanner>(&scanner)) named = *header;
    }
    // A saved message has passed whoever wrote these fields: they are believed from everybody.
    std::vector<IpNetwork> everybody = {IpNetwork(*IpAddress::parse("0.0.0.0"), 0),
                                        IpNetwork(*IpAddress::parse("::"), 0)};
    return {named.score, named.advert, named.virus, std::move(everybody), named.scale, false};
  }

  bool is_served(const std::string& text) const {
    const auto address = mail::Address::parse(text);
    if (!address) return false;
    return today_.policies.snapshot->domain_or_alias(address->domain()) != nullptr ||
           other_.policies.snapshot->domain_or_alias(address->domain()) != nullptr;
  }

  // Who it was for, as its header has it; the first field that names somebody of ours.
  std::vector<std::string> recipients_of(const mail::Message& message) const {
    for (const auto& fields : std::vector<std::vector<std::string_view>>{
             {"X-Original-To"}, {"Delivered-To"}, {"X-Envelope-To"}, {"To", "Cc"}}) {
      std::vector<std::string> found;
      std::set<std::string> known;
      for (const std::string_view field : fields) {
        for (std::string& address : addresses_in(message, field)) {
          if (is_served(address) && known.insert(address).second)
            found.push_back(std::move(address));
        }
      }
      if (!found.empty()) return found;
    }
    return {};
  }

  static std::string sender_of(const mail::Message& message) {
    if (message.find("Return-Path") != nullptr) {
      const auto path = addresses_in(message, "Return-Path");
      return path.empty() ? "" : path.front();  // <>
    }
    const auto author = addresses_in(message, "From");
    return author.empty() ? "" : author.front();
  }

  session::ExplainRequest request_for(const SavedMail& mail) const {
    session::ExplainRequest request;
    request.message = mail.bytes;
    const mail::Message message = mail::read_message(mail.bytes);
    request.sender = mail.has_envelope ? mail.sender : sender_of(message);
    request.recipients = mail.has_envelope ? mail.recipients : recipients_of(message);
    if (arguments_.has_sender) request.sender = arguments_.sender;
    if (!arguments_.recipients.empty()) request.recipients = arguments_.recipients;
    request.client = arguments_.client.empty() ? mail.client : arguments_.client;
    if (!arguments_.score.empty()) request.score = arguments_.score;
    return request;
  }

  struct Evidence {
    std::vector<std::shared_ptr<ports::Scanner>> scanners;
    std::unique_ptr<VirusAskedOnce> virus;
  };

  Evidence evidence_for(const SavedMail& mail) const {
    Evidence evidence;
    if (!scanners_.empty()) {
      for (const auto& scanner : scanners_) {
        evidence.scanners.push_back(std::make_shared<AskedOnce>(scanner));
      }
    } else if (!mail.score.empty() || !mail.virus.empty()) {
      const double score = std::strtod(mail.score.c_str(), nullptr);
      evidence.scanners.push_back(
          std::make_shared<KnownVerdict>(std::llround(score * 1000), mail.virus));
    } else {
      evidence.scanners.push_back(std::make_shared<scan::HeaderScanner>(header_config_));
    }
    return evidence;
  }

  void lend(session::Services& services, Evidence& evidence) const {
    services.rules.set(rules_);
    if (checks_ != nullptr) {
      checks_->lend(services);
      if (services.virus_scanner != nullptr) {
        if (!evidence.virus) {
          evidence.virus = std::make_unique<VirusAskedOnce>(*services.virus_scanner);
        }
        services.virus_scanner = evidence.virus.get();
      }
    }
    services.provisioning = nullptr;
    services.scanners = evidence.scanners;
  }

  // One transaction as far as recipients can share it; who is to be sent to separately is.
  std::deque<session::Explained> decide(const Side& side, session::ExplainRequest request,
                                        Evidence& evidence) const {
    session::Services services(clock_, side.published);
    lend(services, evidence);
    std::deque<session::Explained> transactions;
    while (!request.recipients.empty()) {
      auto explained = session::explain(services, request);
      if (!explained) return {};
      const std::vector<std::string> asked = std::exchange(request.recipients, {});
      for (std::size_t i = 0; i < explained->recipients.size() && i < asked.size(); ++i) {
        const auto& refused = explained->recipients[i].refused;
        if (refused && refused->code == kSendSeparately && i > 0) {
          request.recipients.push_back(asked[i]);
        }
      }
      transactions.push_back(std::move(*explained));
    }
    return transactions;
  }

  struct Told {
    const session::Explained* explained = nullptr;
    session::ExplainedRecipient recipient;
  };
  static std::map<std::string, Told> by_recipient(const std::deque<session::Explained>& all,
                                                  const std::vector<std::string>& asked) {
    std::map<std::string, Told> told;
    for (const session::Explained& explained : all) {
      for (const session::ExplainedRecipient& one : explained.recipients) {
        const bool is_separate = one.refused && one.refused->code == kSendSeparately;
        Told& place = told[bare(one.given)];
        if (place.explained == nullptr || !is_separate) place = {&explained, one};
      }
    }
    // Refused at MAIL: nobody has heard of the recipients.
    for (const std::string& recipient : asked) {
      Told& place = told[bare(recipient)];
      if (place.explained == nullptr) place.explained = &all.front();
    }
    return told;
  }

  static std::string bare(const std::string& address) {
    const bool bracketed = address.size() >= 2 && address.front() == '<' && address.back() == '>';
    return bracketed ? address.substr(1, address.size() - 2) : address;
  }

  Findings judge(const SavedMail& mail) const {
    Findings found;
    const auto skip = [&](const std::string& why) {
      found.skipped.emplace_back(mail.number, mail.name + ": " + why);
      return found;
    };
    if (!mail.fault.empty()) return skip(mail.fault);
    const session::ExplainRequest request = request_for(mail);
    if (request.recipients.empty())
      return skip("its header names no recipient of ours; use --rcpt");
    if (request.recipients.size() > kMostRecipients) return skip("more than 1000 recipients");
    Evidence evidence = evidence_for(mail);
    const auto before = decide(today_, request, evidence);
    const auto now = decide(other_, request, evidence);
    if (before.empty() || now.empty()) return skip("cannot be decided");
    found.messages = 1;
    const auto was = by_recipient(before, request.recipients);
    const auto is = by_recipient(now, request.recipients);
    found.recipients = is.size();
    for (const auto& [recipient, told] : is) {
      const auto earlier = was.find(recipient);
      if (earlier == was.end()) continue;
      Difference difference{mail.number,
                            mail.name,
                            request.sender,
                            recipient,
                            treatment(*earlier->second.explained, earlier->second.recipient),
                            treatment(*told.explained, told.recipient),
                            ""};
      if (difference.before == difference.now) continue;
      difference.because = because(*earlier->second.explained, earlier->second.recipient,
                                   *told.explained, told.recipient);
      found.differences.push_back(std::move(difference));
    }
    return found;
  }

  const Arguments& arguments_;
  Side& today_;
  Side& other_;
  const SystemClock clock_;
  const std::shared_ptr<const session::Rules> rules_;
  const scan::HeaderScannerConfig header_config_;
  daemon::ScannerList scanners_;
  std::unique_ptr<daemon::Checks> checks_;
};

int replay(const Context& context, const Arguments& arguments) {
  const auto chosen = settings_or_defaults(context);
  if (const int* const exit = std::get_if<int>(&chosen)) return *exit;
  const auto& settings = std::get<settings::Settings>(chosen);
  auto first = load_set(context, arguments.offline.empty() ? "daemon" : arguments.offline, nullptr,
                        settings);
  if (const int* const exit = std::get_if<int>(&first)) return *exit;
  Side today(std::get<PolicySet>(std::move(first)));
  auto second = load_set(context, arguments.against, &today.policies, settings);
  if (const int* const exit = std::get_if<int>(&second)) return *exit;
  Side other(std::get<PolicySet>(std::move(second)));
  for (const Side* side : {&today, &other}) {
    if (side->policies.snapshot->usable()) continue;
    return fail(kNo, side->policies.name + ": no domain in it: no mail would be decided");
  }
  Replayer replayer(arguments, settings, today, other);
  if (arguments.ask) {
    if (const int exit = replayer.ask_for_real(settings)) return exit;
  }
  auto source = arguments.mail == std::vector<std::string>{"vault"}
                    ? open_vault_mail(context)
                    : open_saved_mail(arguments.mail);
  if (!source) return fail(kNo, source.error().what);
  const Findings found = replayer.run(**source);
  const json answer = as_json(found, today.policies.name, other.policies.name);
  print(context, answer, print_report);
  return found.differences.empty() ? kDone : kNo;
}

}  // namespace

void add_replay(CLI::App& app, Context& context) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const verb = app.add_subcommand(
      "replay", "who would be treated differently: saved mail under today's and other policies");
  verb->add_option(
          "mail", arguments->mail,
          "messages: .eml files, mbox files, maildirs, folders of these; or the word vault")
      ->required();
  verb->add_option("--against", arguments->against,
                   "the other policies: DIR, redis, or files to lay over today's")
      ->required();
  verb->add_option("--offline", arguments->offline,
                   "today's policies from this directory (or redis) instead of the daemon");
  CLI::Option* const from =
      verb->add_option("--from", arguments->sender, "envelope sender instead of Return-Path");
  verb->add_option("--rcpt", arguments->recipients,
                   "recipient instead of the header's; may be given again")
      ->expected(1);
  verb->add_option("--client", arguments->client, "IP address of the client");
  verb->add_option("--score", arguments->score, "suppose this spam score for every message");
  verb->add_flag("--ask", arguments->ask,
                 "ask the scanners and the DNS of --config instead of believing the header");
  verb->add_option("--threads", arguments->threads, "so many at once; else as many as cores");
  verb->footer(
      "Exit: 0 nobody, 1 somebody would be treated differently.\n"
      "Examples: posternctl replay --against /srv/policies-new /var/mail/saved\n"
      "          posternctl replay --against /srv/new/policy/ladder.json vault\n"
      "          posternctl replay --offline /srv/policies --against /srv/policies-new saved.mbox");
  verb->callback([&context, arguments, from] {
    arguments->has_sender = from->count() > 0;
    context.chosen = [&context, arguments] { return replay(context, *arguments); };
  });
}

}  // namespace postern::ctl
