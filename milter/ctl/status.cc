#include <cstdio>

#include "ctl/context.h"

namespace postern::ctl {
namespace {

void line(const char* name, const std::string& value) {
  std::printf("%-14s %s\n", name, printable_utf8(value).c_str());
}

void print_policy(const json& policy) {
  line("policy", policy["usable"] == true
                     ? "generation " + text_of(policy["generation"]) + ", in force since " +
                           text_of(policy["in_force_since"])
                     : "none in force: mail is deferred");
  std::string counts;
  for (const auto& [type, count] : policy["documents"].items()) {
    if (count != 0) counts += (counts.empty() ? "" : ", ") + type + " " + count.dump();
  }
  line("documents", counts.empty() ? "none" : counts);
  line("source", text_of(policy["source"]));
  if (!policy["source_away"].is_null()) {
    line("", "AWAY since " + text_of(policy["source_away_since"]) + ": " +
                 text_of(policy["source_away"]));
  }
  if (policy["from_cache"] == true) line("", "from the cache: the source has not been heard yet");
  if (!policy["age_seconds"].is_null()) line("age", text_of(policy["age_seconds"]) + " s");
  if (!policy["cache_fault"].is_null()) line("cache", text_of(policy["cache_fault"]));
  if (!policy["shrink_held"].is_null()) {
    line("HELD", text_of(policy["shrink_held"]) + "; `posternctl policy accept` lets it through");
  }
  for (const json& refused : policy["refused"]) {
    line("refused", text_of(refused["key"]) + ": " + text_of(refused["reason"]) + " (since " +
                        text_of(refused["since"]) + ", " + text_of(refused["origin"]) + ")");
  }
  for (const json& left_out : policy["rules_left_out"]) {
    line("left out", text_of(left_out["key"]) + " " + text_of(left_out["fault"]));
  }
  for (const char* const member : {"subnets_left_out", "providers_left_out"}) {
    for (const json& left_out : policy[member]) {
      line("left out", text_of(left_out["domain"]) + ": " + text_of(left_out["fault"]));
    }
  }
}

void print_status(const json& answer) {
  line("daemon", std::string(answer["ready"] == true ? "ready" : "NOT READY") + ", started " +
                     text_of(answer["started"]) + ", " + text_of(answer["open_transactions"]) +
                     " open transactions" + (answer["draining"] == true ? ", shutting down" : ""));
  for (const json& reason : answer["not_ready"]) line("", text_of(reason));
  print_policy(answer["policy"]);
  std::string scanners;
  for (const json& scanner : answer["scanners"]) {
    scanners += (scanners.empty() ? "" : ", ") + text_of(scanner);
  }
  line("scanners", scanners.empty() ? "none" : scanners);
  std::string tables;
  for (const json& socket : answer["tables"]) {
    tables += (tables.empty() ? "" : ", ") + text_of(socket);
  }
  line("tables", tables);
  const json& vault = answer["vault"];
  std::string stored =
      vault["available"] == true ? "" : "NOT AVAILABLE " + text_of(vault.value("fault", json("")));
  if (vault.contains("messages")) {
    stored += (stored.empty() ? "" : "; ") + text_of(vault["messages"]) + " messages, " +
              text_of(vault["bytes"]) + " octets";
  }
  line("vault", stored);
  if (vault["available"] == true && !vault["alarm"].is_null()) {
    line("", "WARNING " + text_of(vault["alarm"]));
  }
  const json& outbox = answer["outbox"];
  if (outbox["available"] == true && (outbox["waiting"] != 0 || outbox["given_up"] != 0)) {
    line("outbox", text_of(outbox["waiting"]) + " copies wait for the MTA, the oldest since " +
                       text_of(outbox["oldest"]) + "; " + text_of(outbox["given_up"]) +
                       " given up");
  }
  const json& mailboxes = answer["mailboxes"];
  if (mailboxes["available"] == true && (mailboxes["waiting"] != 0 || mailboxes["given_up"] != 0)) {
    line("mailboxes", text_of(mailboxes["waiting"]) + " copies wait for them, the oldest since " +
                          text_of(mailboxes["oldest"]) + "; " + text_of(mailboxes["given_up"]) +
                          " refused or given up");
  }
}

}  // namespace

void add_status(CLI::App& app, Context& context) {
  CLI::App* const verb =
      app.add_subcommand("status", "generation, source, age, refused documents, scanners, vault");
  verb->footer("Example: posternctl status --json");
  verb->callback([&context] {
    context.chosen = [&context] {
      const Asked asked = ask_daemon(context, {{"verb", "status"}});
      if (asked.exit != kDone) return asked.exit;
      print(context, asked.answer, print_status);
      return asked.answer["ready"] == true ? kDone : kNo;
    };
  });
}

}  // namespace postern::ctl
