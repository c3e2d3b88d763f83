#include <unistd.h>

#include <cstdio>

#include "base/hex.h"
#include "ctl/context.h"

namespace postern::ctl {
namespace {

struct Arguments {
  std::string id;
  std::string recipient;
  std::string domain;
  std::string purpose;
  std::string mail_class;
  std::size_t limit = 100;
  std::size_t offset = 0;
  bool virus_lover = false;
  bool outbox = false;
  bool message = false;
};

void print_rows(const json& answer) {
  std::vector<std::vector<std::string>> rows;
  for (const json& row : answer["rows"]) {
    rows.push_back({text_of(row["id"]), text_of(row["received"]), text_of(row["purpose"]),
                    text_of(row["class"]), text_of(row["score"]), text_of(row["sender"]),
                    text_of(row["recipient"]), text_of(row["released"]), text_of(row["subject"])});
  }
  print_table({"ID", "RECEIVED", "PURPOSE", "CLASS", "SCORE", "FROM", "TO", "RELEASED", "SUBJECT"},
              rows);
}

void print_outbox(const json& answer) {
  std::vector<std::vector<std::string>> rows;
  for (const json& row : answer["outbox"]) {
    std::string recipients;
    for (const json& one : row["recipients"]) {
      recipients += (recipients.empty() ? "" : ",") + text_of(one);
    }
    rows.push_back({text_of(row["id"]), text_of(row["since"]), text_of(row["attempts"]),
                    row["given_up"] == true ? "given up" : text_of(row["next"]), text_of(row["to"]),
                    text_of(row["sender"]), recipients, text_of(row["error"])});
  }
  print_table({"ID", "SINCE", "TRIES", "NEXT", "WAY", "FROM", "TO", "LAST ERROR"}, rows);
}

int list_outbox(const Context& context, const Arguments& arguments) {
  const Asked asked = ask_daemon(context, {{"verb", "vault outbox"}, {"limit", arguments.limit}});
  if (asked.exit != kDone) return asked.exit;
  print(context, asked.answer, print_outbox);
  return kDone;
}

int retry(const Context& context) {
  const Asked asked = ask_daemon(context, {{"verb", "vault retry"}});
  if (asked.exit != kDone) return asked.exit;
  print(context, asked.answer, [](const json& answer) {
    std::printf("%s copies are tried at once\n", text_of(answer["retried"]).c_str());
  });
  return kDone;
}

int list(const Context& context, const Arguments& arguments) {
  if (arguments.outbox) return list_outbox(context, arguments);
  const Asked asked = ask_daemon(context, {{"verb", "vault list"},
                                           {"recipient", arguments.recipient},
                                           {"domain", arguments.domain},
                                           {"purpose", arguments.purpose},
                                           {"class", arguments.mail_class},
                                           {"limit", arguments.limit},
                                           {"offset", arguments.offset}});
  if (asked.exit != kDone) return asked.exit;
  print(context, asked.answer, print_rows);
  return kDone;
}

void print_stored(const json& answer) {
  for (const json& row : answer["rows"]) {
    for (const char* const name :
         {"id", "recipient", "purpose", "class", "reason", "score", "virus", "sender", "client",
          "queue_id", "generation", "size", "received", "expires", "released", "released_by"}) {
      std::printf("%-12s %s\n", name, printable_utf8(text_of(row[name])).c_str());
    }
    std::printf("\n");
  }
}

int show(const Context& context, const Arguments& arguments) {
  const Asked asked = ask_daemon(context, {{"verb", "vault show"}, {"id", arguments.id}});
  if (asked.exit != kDone) return asked.exit;
  if (arguments.message) {
    // The message itself, byte for byte, for a file or a pipe.
    const std::string bytes = from_hex(text_of(asked.answer["message_hex"])).value_or("");
    return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() ? kDone : kNo;
  }
  print(context, asked.answer, print_stored);
  return kDone;
}

int release(const Context& context, const Arguments& arguments) {
  const Asked asked = ask_daemon(context, {{"verb", "vault release"},
                                           {"id", arguments.id},
                                           {"recipient", arguments.recipient},
                                           {"virus_lover", arguments.virus_lover},
                                           {"who", "uid " + std::to_string(getuid())}});
  if (asked.exit != kDone) return asked.exit;
  print(context, asked.answer, [](const json& answer) {
    for (const json& row : answer["released"]) {
      std::printf("%s: %s%s\n", printable_utf8(text_of(row["recipient"])).c_str(),
                  row["released"] == true ? "released, " : "",
                  printable_utf8(text_of(row["answer"])).c_str());
    }
  });
  return kDone;
}

}  // namespace

void add_vault(CLI::App& app, Context& context) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const vault = app.add_subcommand("vault", "stored mail");
  vault->require_subcommand(1);

  CLI::App* const list_verb = vault->add_subcommand("list", "stored mail, newest first");
  list_verb->add_option("--rcpt", arguments->recipient, "of this recipient");
  list_verb->add_option("--domain", arguments->domain, "of this domain");
  list_verb->add_option("--purpose", arguments->purpose, "quarantine, retention or archive");
  list_verb->add_option("--class", arguments->mail_class, "spam, virus, advert, …");
  list_verb->add_option("--limit", arguments->limit, "at most so many")->capture_default_str();
  list_verb->add_option("--offset", arguments->offset, "after so many");
  list_verb->add_flag("--outbox", arguments->outbox,
                      "instead: copies that wait for the MTA, the oldest first");
  list_verb->footer("Example: posternctl vault list --rcpt cersei@lannister.net --class spam");
  list_verb->callback([&context, arguments] {
    context.chosen = [&context, arguments] { return list(context, *arguments); };
  });

  CLI::App* const retry_verb =
      vault->add_subcommand("retry", "hand over at once what waits in the outbox or was given up");
  retry_verb->footer("Example: posternctl vault retry");
  retry_verb->callback([&context] { context.chosen = [&context] { return retry(context); }; });

  CLI::App* const show_verb = vault->add_subcommand("show", "one stored message");
  show_verb->add_option("id", arguments->id, "the id that vault list and X-Postern-Id name")
      ->required();
  show_verb->add_flag("--message", arguments->message, "the message itself, byte for byte");
  show_verb->footer("Example: posternctl vault show 9f… --message > message.eml");
  show_verb->callback([&context, arguments] {
    context.chosen = [&context, arguments] { return show(context, *arguments); };
  });

  CLI::App* const release_verb =
      vault->add_subcommand("release", "deliver it after all, untagged and unfiltered");
  release_verb->add_option("id", arguments->id, "the id that vault list and X-Postern-Id name")
      ->required();
  release_verb->add_option("--rcpt", arguments->recipient, "to this recipient only");
  release_verb->add_flag("--virus-lover", arguments->virus_lover,
                         "an infected message all the same");
  release_verb->footer("Example: posternctl vault release 9f… --rcpt cersei@lannister.net");
  release_verb->callback([&context, arguments] {
    context.chosen = [&context, arguments] { return release(context, *arguments); };
  });
}

}  // namespace postern::ctl
