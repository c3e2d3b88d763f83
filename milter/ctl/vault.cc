#include <cstdio>

#include "base/hex.h"
#include "ctl/context.h"
#include "ctl/vault_filter.h"

namespace postern::ctl {
namespace {

struct Arguments {
  VaultChoice choice;
  std::size_t limit = 100;
  std::size_t offset = 0;
  bool outbox = false;
  bool audit = false;
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

void print_records(const json& answer) {
  std::vector<std::vector<std::string>> rows;
  for (const json& record : answer["records"]) {
    rows.push_back({text_of(record["at"]), text_of(record["who"]), text_of(record["what"]),
                    text_of(record["id"]), text_of(record["recipient"]), text_of(record["purpose"]),
                    text_of(record["class"])});
  }
  print_table({"AT", "WHO", "WHAT", "ID", "RECIPIENT", "PURPOSE", "CLASS"}, rows);
}

int list_records(const Context& context, const Arguments& arguments) {
  const Asked asked = ask_daemon(context, {{"verb", "vault audit"}, {"limit", arguments.limit}});
  if (asked.exit != kDone) return asked.exit;
  print(context, asked.answer, print_records);
  return kDone;
}

int list(const Context& context, const Arguments& arguments) {
  if (arguments.outbox) return list_outbox(context, arguments);
  if (arguments.audit) return list_records(context, arguments);
  json request = request_for("vault list", arguments.choice);
  request["limit"] = arguments.limit;
  request["offset"] = arguments.offset;
  const Asked asked = ask_daemon(context, request);
  if (asked.exit != kDone) return asked.exit;
  print(context, asked.answer, print_rows);
  return kDone;
}

void print_stored(const json& answer) {
  for (const json& row : answer["rows"]) {
    for (const char* const name :
         {"id", "recipient", "purpose", "class", "reason", "score", "virus", "sender", "client",
          "queue_id", "generation", "size", "stored_size", "received", "expires", "released",
          "released_by"}) {
      std::printf("%-12s %s\n", name, printable_utf8(text_of(row[name])).c_str());
    }
    std::printf("\n");
  }
}

int show(const Context& context, const Arguments& arguments) {
  const Asked asked = ask_daemon(context, {{"verb", "vault show"}, {"id", arguments.choice.id}});
  if (asked.exit != kDone) return asked.exit;
  if (arguments.message) {
    // The message itself, byte for byte, for a file or a pipe.
    const std::string bytes = from_hex(text_of(asked.answer["message_hex"])).value_or("");
    return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() ? kDone : kNo;
  }
  print(context, asked.answer, print_stored);
  return kDone;
}

}  // namespace

void add_vault(CLI::App& app, Context& context) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const vault = app.add_subcommand("vault", "stored mail");
  vault->require_subcommand(1);

  CLI::App* const list_verb = vault->add_subcommand("list", "stored mail, newest first");
  add_filter_options(*list_verb, arguments->choice);
  list_verb->add_option("--limit", arguments->limit, "at most so many")->capture_default_str();
  list_verb->add_option("--offset", arguments->offset, "after so many");
  list_verb->add_flag("--outbox", arguments->outbox,
                      "instead: copies that wait for the MTA, the oldest first");
  list_verb->add_flag("--audit", arguments->audit,
                      "instead: who released and deleted what, the newest first");
  list_verb->footer("Example: posternctl vault list --rcpt cersei@lannister.net --class spam");
  list_verb->callback([&context, arguments] {
    context.chosen = [&context, arguments] { return list(context, *arguments); };
  });

  CLI::App* const retry_verb =
      vault->add_subcommand("retry", "hand over at once what waits in the outbox or was given up");
  retry_verb->footer("Example: posternctl vault retry");
  retry_verb->callback([&context] { context.chosen = [&context] { return retry(context); }; });

  CLI::App* const show_verb = vault->add_subcommand("show", "one stored message");
  show_verb->add_option("id", arguments->choice.id, "the id that vault list and X-Postern-Id name")
      ->required();
  show_verb->add_flag("--message", arguments->message, "the message itself, byte for byte");
  show_verb->footer("Example: posternctl vault show 9f… --message > message.eml");
  show_verb->callback([&context, arguments] {
    context.chosen = [&context, arguments] { return show(context, *arguments); };
  });

  add_vault_bulk(*vault, context);
}

}  // namespace postern::ctl
