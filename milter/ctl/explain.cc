#include <cstdio>
#include <fstream>
#include <sstream>

#include "base/clock.h"
#include "base/hex.h"
#include "ctl/context.h"
#include "ctl/offline.h"
#include "session/explain_message.h"

namespace postern::ctl {
namespace {

struct Arguments {
  std::string sender;
  std::vector<std::string> recipients;
  std::string client;
  std::string helo;
  std::string sasl_user;
  std::string score;
  std::string file;
  std::string offline;
  bool identity_subdomains = false;
  std::string delimiters;
};

std::string value_or_dash(const json& value) {
  const std::string text = text_of(value);
  return text.empty() ? "-" : text;
}

void print_considered(const json& considered) {
  std::vector<std::vector<std::string>> rows;
  for (const json& one : considered) {
    rows.push_back({"  " + text_of(one["effect"]), text_of(one["rule"]),
                    value_or_dash(one["source"]), text_of(one["finding"])});
  }
  if (!rows.empty()) print_table({"  EFFECT", "RULE", "FROM", "FINDING"}, rows);
}

void print_recipient(const json& recipient) {
  std::printf("\n%s\n", printable_utf8(text_of(recipient["recipient"])).c_str());
  const std::string canonical = text_of(recipient["canonical"]);
  if (!canonical.empty()) {
    std::printf("  rules of %s from %s\n", printable_utf8(canonical).c_str(),
                printable_utf8(text_of(recipient["policy"])).c_str());
  }
  if (!recipient["refused"].is_null()) {
    std::printf("  refused at RCPT: %s\n", printable_utf8(text_of(recipient["refused"])).c_str());
  }
  const json& decision = recipient["decision"];
  if (!decision.is_null()) {
    std::printf("  %s, class %s: %s\n", text_of(decision["disposition"]).c_str(),
                text_of(decision["class"]).c_str(),
                printable_utf8(text_of(decision["reason"])).c_str());
    if (!decision["would"].is_null()) {
      std::printf("  under observation; would be: %s\n",
                  printable_utf8(text_of(decision["would"])).c_str());
    }
  }
  print_considered(recipient["considered"]);
}

void print_explanation(const json& answer) {
  std::printf("generation %s, direction %s\n", text_of(answer["generation"]).c_str(),
              text_of(answer["direction"]).c_str());
  if (!answer["sender"]["refused"].is_null()) {
    std::printf("sender refused: %s\n",
                printable_utf8(text_of(answer["sender"]["refused"])).c_str());
  }
  print_considered(answer["sender"]["considered"]);
  for (const json& recipient : answer["recipients"]) print_recipient(recipient);
  if (answer["reply"].is_null()) return;
  std::printf("\nevidence\n");
  for (const auto& [name, told] : answer["evidence"].items()) {
    std::printf("  %-14s %s\n", name.c_str(), printable_utf8(text_of(told)).c_str());
  }
  std::printf("\noutcome %s, reply %s\n", text_of(answer["outcome"]).c_str(),
              printable_utf8(text_of(answer["reply"])).c_str());
  for (const json& copy : answer["copies"]) {
    const std::string mailbox = copy["mailbox"].is_null() ? "" : text_of(copy["mailbox"]);
    std::printf("  kept for %s: %s as %s%s%s\n", printable_utf8(text_of(copy["recipient"])).c_str(),
                text_of(copy["purpose"]).c_str(), text_of(copy["class"]).c_str(),
                mailbox.empty() ? "" : ", and delivered to ", printable_utf8(mailbox).c_str());
  }
  for (const json& copy : answer["leaving"]) {
    std::string recipients;
    for (const json& one : copy["recipients"]) {
      recipients += (recipients.empty() ? "" : ", ") + text_of(one);
    }
    std::printf("  a copy for %s from <%s>\n", printable_utf8(recipients).c_str(),
                printable_utf8(text_of(copy["sender"])).c_str());
  }
  for (const json& edit : answer["edits"]) {
    std::printf("  %s: %s\n", text_of(edit["edit"]).c_str(),
                printable_utf8(text_of(edit["value"])).c_str());
  }
}

// Without a daemon: the same code over the documents of a directory, and nobody outside is asked.
Asked offline_answer(const Arguments& arguments, const std::string& message) {
  auto set = read_offline(arguments.offline);
  if (!set) return {fail(kNo, set.error().what), {}};
  const SystemClock clock;
  Published<policy::Snapshot> published(set->snapshot);
  session::Services services(clock, published);
  session::Rules rules;
  rules.recipient_delimiters = arguments.delimiters;
  rules.identity.covers_subdomains = arguments.identity_subdomains;
  services.rules.set(std::make_shared<const session::Rules>(rules));
  session::ExplainRequest request;
  request.sender = arguments.sender;
  request.recipients = arguments.recipients;
  request.client = arguments.client;
  request.helo = arguments.helo;
  request.sasl_user = arguments.sasl_user;
  if (!arguments.score.empty()) request.score = arguments.score;
  request.message = message;
  const auto told = session::explain_message(services, request);
  if (!told) return {fail(kNo, told.error().what), {}};
  return {kDone, json::parse(*told)};
}

Asked daemon_answer(const Context& context, const Arguments& arguments,
                    const std::string& message) {
  return ask_daemon(context, {{"verb", "explain"},
                              {"from", arguments.sender},
                              {"rcpt", arguments.recipients},
                              {"client", arguments.client},
                              {"helo", arguments.helo},
                              {"auth", arguments.sasl_user},
                              {"score", arguments.score},
                              {"message_hex", to_hex(message)}});
}

// Exit 1: somebody would be refused.
int exit_of(const json& answer) {
  if (answer["reply"].is_null()) return kNo;
  for (const json& recipient : answer["recipients"]) {
    if (!recipient["refused"].is_null()) return kNo;
  }
  const std::string outcome = text_of(answer["outcome"]);
  return outcome == "reject" || outcome == "defer" ? kNo : kDone;
}

int run(const Context& context, const Arguments& arguments) {
  std::string message;
  if (!arguments.file.empty()) {
    std::ifstream file(arguments.file, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    if (!file) return fail(kNo, arguments.file + ": cannot be read");
    message = text.str();
  }
  const Asked asked = arguments.offline.empty() ? daemon_answer(context, arguments, message)
                                                : offline_answer(arguments, message);
  if (asked.exit != kDone) return asked.exit;
  print(context, asked.answer, print_explanation);
  return exit_of(asked.answer);
}

}  // namespace

void add_explain(CLI::App& app, Context& context) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const verb =
      app.add_subcommand("explain", "why a message would be treated as it would; sends nothing");
  verb->add_option("--from", arguments->sender, "envelope sender; '' for the null sender")
      ->required();
  verb->add_option("--rcpt", arguments->recipients, "recipient; may be given again")->required();
  verb->add_option("--client", arguments->client, "IP address of the client");
  verb->add_option("--helo", arguments->helo, "what the client calls itself");
  verb->add_option("--auth", arguments->sasl_user, "login, as with SMTP AUTH");
  verb->add_option("--eml", arguments->file, "the message; without it a short clean one");
  verb->add_option("--score", arguments->score, "suppose this spam score; no scanner is asked");
  verb->add_option("--offline", arguments->offline,
                   "by the policies of this directory, without the daemon and its scanners");
  verb->add_option("--delimiter", arguments->delimiters,
                   "with --offline: the setting recipient_delimiter");
  verb->add_flag("--identity-subdomains", arguments->identity_subdomains,
                 "with --offline: the setting outgoing.identity_subdomains");
  verb->footer(
      "Examples: posternctl explain --from a@example.org --rcpt cersei@lannister.net --score 7.2\n"
      "          posternctl explain --from a@example.org --rcpt jon@got.com --eml saved.eml "
      "--client 198.51.100.7");
  verb->callback([&context, arguments] {
    context.chosen = [&context, arguments] { return run(context, *arguments); };
  });
}

}  // namespace postern::ctl
