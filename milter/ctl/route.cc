#include <cstdio>

#include "ctl/context.h"
#include "ctl/offline.h"
#include "route/route_report.h"

namespace postern::ctl {
namespace {

void print_route(const json& answer) {
  std::vector<std::vector<std::string>> rows;
  for (const json& table : answer["tables"]) {
    rows.push_back({text_of(table["table"]), text_of(table["key"]), text_of(table["answer"]),
                    text_of(table["value"])});
  }
  print_table({"TABLE", "KEY", "ANSWER", "VALUE"}, rows);
}

// What `posternd` would answer from this directory.
Asked offline_answer(const std::string& address, const std::string& directory) {
  const auto set = read_offline(directory);
  if (!set) return {fail(kNo, set.error().what), {}};
  return {kDone, json::parse(route::route_report(*set->snapshot, address, {}))};
}

int run(const Context& context, const std::string& address, const std::string& offline) {
  const Asked asked = offline.empty()
                          ? ask_daemon(context, {{"verb", "route"}, {"address", address}})
                          : offline_answer(address, offline);
  if (asked.exit != kDone) return asked.exit;
  print(context, asked.answer, print_route);
  for (const json& table : asked.answer["tables"]) {
    if (table["answer"] == "found") return kDone;
  }
  return kNo;
}

struct Arguments {
  std::string address;
  std::string offline;
};

}  // namespace

void add_route(CLI::App& app, Context& context) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const verb =
      app.add_subcommand("route", "what each table answers for an address, a domain or a client");
  verb->add_option("address", arguments->address)->required();
  verb->add_option("--offline", arguments->offline, "from this directory, without the daemon");
  verb->footer(
      "Examples: posternctl route cersei@lannister.net\n"
      "          posternctl route 92.123.51.204 --offline /etc/postern/policy");
  verb->callback([&context, arguments] {
    context.chosen = [&context, arguments] {
      return run(context, arguments->address, arguments->offline);
    };
  });
}

}  // namespace postern::ctl
