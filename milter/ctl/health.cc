// health: do DNS and relays fit what the documents say?
#include <cstdio>

#include "adapters/dns/caching_resolver.h"
#include "adapters/dns/cares_resolver.h"
#include "adapters/net/stream.h"
#include "adapters/smtp/connectivity.h"
#include "adapters/spf/checker.h"
#include "ctl/health.h"
#include "ctl/offline.h"
#include "health/facts.h"
#include "mail/domain_name.h"
#include "policy/decode.h"
#include "settings/load.h"

namespace postern::ctl {
namespace {

constexpr Milliseconds kHopPatience = std::chrono::seconds(20);
constexpr const char* kHelo = "postern.health.invalid";

struct Arguments {
  std::string domain;
  std::string relay;
  std::string transport = "SMTPS_MAY";
  std::string offline;
  std::string dns;
  std::vector<std::string> mx;
  std::vector<std::string> clients;
};

std::pair<bool, std::vector<std::string>> try_hop(const policy::Hop& hop) {
  auto health = smtp::check_hop(hop, kHelo, Deadline::after(kHopPatience));
  return {health.reachable, std::move(health.output)};
}

void print_report(const json& answer) {
  const json& report = answer["health"]["report"];
  for (const json& entry : report["entries"]) {
    std::printf(
        "%-10s %s%s\n", text_of(entry["type"]).c_str(), text_of(entry["result"]).c_str(),
        entry.contains("ref") ? (" (" + printable_utf8(text_of(entry["ref"])) + ")").c_str() : "");
    for (const json& line : entry["output"]) {
      std::printf("           %s\n", printable_utf8(text_of(line)).c_str());
    }
  }
  std::printf("%s: %s\n", printable_utf8(text_of(answer["name"])).c_str(),
              report["status"] == true ? "well" : "NOT WELL");
}

int answer_with(const Context& context, const std::string& report) {
  const json answer = json::parse(report);
  print(context, answer, print_report);
  return answer["health"]["report"]["status"] == true ? kDone : kNo;
}

// The configuration's, where it is there; the command line goes first.
std::variant<settings::Settings, int> settings_of(const Context& context,
                                                  const Arguments& arguments) {
  settings::LoadOutcome outcome = settings::Settings{};
  const std::string given =
      arguments.dns.empty() ? "" : "dns: { servers: [\"" + arguments.dns + "\"] }\n";
  if (!given.empty()) {
    outcome = settings::load_text(given, "--dns", settings::SecretFiles::leave);
  } else if (arguments.offline.empty()) {
    outcome = settings::load_file(context.config, settings::SecretFiles::leave);
  }
  if (const auto* const faults = std::get_if<std::vector<settings::Fault>>(&outcome)) {
    if (given.empty()) return fail_configuration(context, *faults);
    for (const settings::Fault& fault : *faults) fail(kUsage, fault.to_string());
    return kUsage;
  }
  return std::move(std::get<settings::Settings>(outcome));
}

int check_relay(const Context& context, const Arguments& arguments) {
  const auto endpoint = net::Endpoint::parse(arguments.relay);
  if (!endpoint || endpoint->host.empty()) {
    return fail(kUsage, "--relay: expected HOST:PORT");
  }
  policy::Platform platform;
  platform.id = arguments.relay;
  platform.primary = {endpoint->host, endpoint->port, policy::TransportType::smtps_may};
  if (arguments.transport == "SMTP") platform.primary.type = policy::TransportType::smtp;
  if (arguments.transport == "SMTPS_ENCRYPT") {
    platform.primary.type = policy::TransportType::smtps_encrypt;
  }
  auto [reached, output] = try_hop(platform.primary);
  const std::vector<health::Entry> entries = {{health::Type::platform, arguments.relay,
                                               reached ? health::Result::ok : health::Result::error,
                                               std::move(output)}};
  return answer_with(
      context, health::report_json("", arguments.relay, "PLATFORM", SystemClock().wall(), entries));
}

// Documents from the daemon, which is asked for each; nothing where it has none.
struct Asker {
  const Context& context;
  int exit = kDone;  // of a daemon that is away
  std::optional<std::string> operator()(const std::string& key) {
    const Asked asked = ask_daemon_quietly(context, {{"verb", "policy show"}, {"key", key}});
    if (asked.exit == kDone) return asked.answer["document"].dump();
    if (asked.exit != kNo) exit = asked.exit;
    return std::nullopt;
  }
};

int check_domain(const Context& context, const Arguments& arguments) {
  const auto name = mail::to_a_label(arguments.domain);
  if (!name) return fail(kUsage, arguments.domain + ": not a domain name");
  auto settings = settings_of(context, arguments);
  if (const int* const exit = std::get_if<int>(&settings)) return *exit;
  const auto& chosen = std::get<settings::Settings>(settings);

  Asker asker{context};
  std::optional<OfflineSet> set;
  if (!arguments.offline.empty()) {
    auto read = read_offline(arguments.offline);
    if (!read) return fail(kNo, read.error().what);
    set = std::move(*read);
  }
  const auto documents = [&](const std::string& key) -> std::optional<std::string> {
    if (!set) return asker(key);
    const auto found = set->documents.find(key);
    const auto parsed = policy::DocumentKey::parse(key);
    if (found == set->documents.end() || !parsed) return std::nullopt;
    const auto shown = policy::show_as_understood(*parsed, found->second, {});
    return shown ? std::optional(*shown) : std::nullopt;
  };
  const auto facts = health::read_facts(*name, documents);
  if (asker.exit != kDone)
    return fail(asker.exit, "the daemon does not answer; --offline DIR does without");
  if (!facts) return fail(kNo, facts.error().what);

  dns::Options servers;
  for (const settings::DnsServer& server : chosen.dns.servers) {
    servers.servers.push_back({server.address, server.port});
  }
  servers.try_timeout = chosen.dns.timeout / servers.tries;
  dns::CaresResolver behind(servers);
  const SystemClock clock;
  dns::CachingResolver resolver(behind, clock);
  spf::Checker spf(resolver);
  health::Tools tools{resolver, spf, try_hop, arguments.mx, {}, chosen.dns.timeout};
  if (tools.our_mx.empty()) tools.our_mx = chosen.bounce.mx_hosts;
  for (const std::string& client : arguments.clients) {
    const auto address = IpAddress::parse(client);
    if (!address) return fail(kUsage, "--client: " + client + ": not an IP address");
    tools.our_clients.push_back(*address);
  }
  const auto entries = health::check_domain(*facts, tools);
  return answer_with(context,
                     health::report_json(facts->id, *name, "DOMAIN", clock.wall(), entries));
}

}  // namespace

void add_health(CLI::App& app, Context& context) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const verb = app.add_subcommand(
      "health", "do DNS and relays fit what the documents say of a domain; can a relay be reached");
  CLI::Option* const domain = verb->add_option("domain", arguments->domain, "for example got.com");
  CLI::Option* const relay =
      verb->add_option("--relay", arguments->relay, "this relay alone, HOST:PORT")
          ->excludes(domain);
  verb->add_option("--transport", arguments->transport,
                   "with --relay: SMTP, SMTPS_MAY or SMTPS_ENCRYPT")
      ->capture_default_str()
      ->check(CLI::IsMember({"SMTP", "SMTPS_MAY", "SMTPS_ENCRYPT"}))
      ->needs(relay);
  verb->add_option("--offline", arguments->offline,
                   "documents of this directory, without a daemon");
  verb->add_option("--dns", arguments->dns, "ask this server, ADDRESS or ADDRESS:PORT");
  verb->add_option("--mx", arguments->mx, "a host of ours that MX must name; else bounce.mx_hosts");
  verb->add_option("--client", arguments->clients,
                   "an address our mail leaves from, which SPF must pass");
  verb->footer(
      "Examples: posternctl health got.com --mx mx1.example.net --client 192.0.2.25\n"
      "          posternctl health --relay smtp.westeros.com:25 --transport SMTPS_ENCRYPT");
  verb->callback([&context, arguments] {
    context.chosen = [&context, arguments] {
      if (!arguments->relay.empty()) return check_relay(context, *arguments);
      if (arguments->domain.empty()) return fail(kUsage, "health: a domain or --relay HOST:PORT");
      return check_domain(context, *arguments);
    };
  });
}

}  // namespace postern::ctl
