// posternctl dkim check: does the DNS say of each key what the document in force says?
#include <cstdio>
#include <filesystem>

#include "adapters/dns/cares_resolver.h"
#include "ctl/dkim.h"
#include "ctl/offline.h"
#include "policy/dkim_record.h"
#include "policy/dkim_report.h"
#include "settings/load.h"

namespace postern::ctl {
namespace {

struct Arguments {
  std::string domain;
  std::string offline;
  std::string dns;
};

Asked keys_of(const Context& context, const Arguments& arguments) {
  if (arguments.offline.empty()) {
    return ask_daemon(context, {{"verb", "dkim keys"}, {"domain", arguments.domain}});
  }
  const auto set = read_offline(arguments.offline);
  if (!set) return {fail(kNo, set.error().what), {}};
  const auto report = policy::dkim_report(*set->snapshot, arguments.domain);
  if (!report) return {fail(kNo, arguments.domain + ": no such domain"), {}};
  return {kDone, json::parse(*report)};
}

// The servers of the command line, else of the configuration where there is one, else resolv.conf's.
std::variant<dns::Options, int> servers_of(const Context& context, const std::string& given) {
  dns::Options options;
  std::string text;
  std::error_code error;
  if (!given.empty()) {
    text = "dns: { servers: [\"" + given + "\"] }\n";
  } else if (!std::filesystem::exists(context.config, error)) {
    return options;
  }
  auto outcome = text.empty() ? settings::load_file(context.config, settings::SecretFiles::leave)
                              : settings::load_text(text, "--dns", settings::SecretFiles::leave);
  if (const auto* const faults = std::get_if<std::vector<settings::Fault>>(&outcome)) {
    for (const settings::Fault& fault : *faults) fail(kConfiguration, fault.to_string());
    return text.empty() ? kConfiguration : kUsage;
  }
  for (const settings::DnsServer& server : std::get<settings::Settings>(outcome).dns.servers) {
    options.servers.push_back({server.address, server.port});
  }
  return options;
}

json check_key(const json& key, const std::string& domain, ports::Resolver& resolver) {
  policy::DkimKey wanted;
  wanted.selector = text_of(key["selector"]);
  wanted.algorithm =
      key["algorithm"] == "rsa" ? policy::DkimAlgorithm::rsa : policy::DkimAlgorithm::ed25519;
  wanted.public_key = text_of(key["public_key"]);
  const std::string name = policy::dkim_record_name(wanted.selector, domain);
  const auto answer =
      resolver.query(name, ports::DnsType::txt, Deadline::after(std::chrono::seconds(10)));
  const policy::DkimRecordVerdict verdict =
      answer ? policy::judge_dkim_record(wanted, answer->texts)
             : policy::DkimRecordVerdict{policy::DkimHealth::error, answer.error().what};
  return {{"domain", domain},
          {"selector", wanted.selector},
          {"algorithm", key["algorithm"]},
          {"state", key["state"]},
          {"result", policy::to_string(verdict.health)},
          {"problem", verdict.problem},
          {"expected", policy::dkim_zone_line(name, policy::dkim_record_text(wanted))}};
}

void print_checks(const json& answer) {
  std::vector<std::vector<std::string>> rows;
  for (const json& check : answer["checks"]) {
    rows.push_back({text_of(check["domain"]), text_of(check["selector"]), text_of(check["state"]),
                    text_of(check["result"]), text_of(check["problem"])});
  }
  print_table({"DOMAIN", "SELECTOR", "STATE", "RESULT", "PROBLEM"}, rows);
  for (const json& check : answer["checks"]) {
    if (check["result"] != "OK") std::printf("%s\n", text_of(check["expected"]).c_str());
  }
}

int run(const Context& context, const Arguments& arguments) {
  const auto servers = servers_of(context, arguments.dns);
  if (const int* const exit = std::get_if<int>(&servers)) return *exit;
  const Asked keys = keys_of(context, arguments);
  if (keys.exit != kDone) return keys.exit;
  dns::CaresResolver resolver(std::get<dns::Options>(servers));
  json checks = json::array();
  bool good = true;
  for (const json& domain : keys.answer["names"]) {
    for (const json& key : keys.answer["keys"]) {
      checks.push_back(check_key(key, text_of(domain), resolver));
      good = good && checks.back()["result"] == "OK";
    }
  }
  if (checks.empty()) return fail(kNo, arguments.domain + ": there is no key");
  print(context, {{"domain", keys.answer["domain"]}, {"checks", checks}}, print_checks);
  return good ? kDone : kNo;
}

}  // namespace

void add_dkim_check(CLI::App& dkim, Context& context) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const verb = dkim.add_subcommand(
      "check", "does what the DNS says fit the keys in force, under the domain and its aliases");
  verb->add_option("domain", arguments->domain, "a domain, or an alias of it")->required();
  verb->add_option("--offline", arguments->offline, "keys from this directory, without the daemon");
  verb->add_option("--dns", arguments->dns, "ask this server, ADDRESS or ADDRESS:PORT");
  verb->footer("Example: posternctl dkim check got.com");
  verb->callback([&context, arguments] {
    context.chosen = [&context, arguments] { return run(context, *arguments); };
  });
}

}  // namespace postern::ctl
