#include <unistd.h>

#include <cstdio>
#include <map>

#include "ctl/progress.h"
#include "ctl/vault_filter.h"

namespace postern::ctl {
namespace {

// Of a release of thousands, so many refusals are told one by one.
constexpr std::size_t kMostRefusalsTold = 20;

struct BulkArguments {
  VaultChoice choice;
  bool virus_lover = false;
  bool dry_run = false;
  bool all = false;
  bool repair = false;
};

std::string who() { return "uid " + std::to_string(::getuid()); }

std::size_t number_of(const json& answer, const char* member) {
  return answer.value(member, std::size_t{0});
}

std::string plural(std::size_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

// Asks for page after page, until there is no more. `take` is given each answer.
int ask_for_all(const Context& context, json request, const BulkArguments& arguments,
                const char* label, const std::function<void(const json& answer)>& take) {
  std::size_t total = 0;
  if (::isatty(STDERR_FILENO) == 1) {
    const Asked counted = ask_daemon(context, request_for("vault count", arguments.choice));
    if (counted.exit != kDone) return counted.exit;
    total = number_of(counted.answer, "rows");
  }
  Progress progress(label, total);
  request["who"] = who();
  request["all"] = arguments.all;
  request["dry_run"] = arguments.dry_run;
  std::size_t done = 0;
  for (;;) {
    const Asked asked = ask_daemon(context, request);
    if (asked.exit != kDone) return asked.exit;
    take(asked.answer);
    done += number_of(asked.answer, "matched");
    progress.show(done);
    if (asked.answer["next"].is_null()) return kDone;
    request["cursor"] = asked.answer["next"];
  }
}

// One message: each recipient's answer.
int release_one(const Context& context, const BulkArguments& arguments) {
  json request = request_for("vault release", arguments.choice);
  request["virus_lover"] = arguments.virus_lover;
  request["dry_run"] = arguments.dry_run;
  request["who"] = who();
  const Asked asked = ask_daemon(context, request);
  if (asked.exit != kDone) return asked.exit;
  print(context, asked.answer, [&](const json& answer) {
    for (const json& row : answer["released"]) {
      const bool is_news = row["released"] == true && !arguments.dry_run;
      std::printf("%s: %s%s\n", printable_utf8(text_of(row["recipient"])).c_str(),
                  is_news ? "released, " : "", printable_utf8(text_of(row["answer"])).c_str());
    }
  });
  return kDone;
}

int release(const Context& context, const BulkArguments& arguments) {
  if (!arguments.choice.id.empty()) return release_one(context, arguments);
  json request = request_for("vault release", arguments.choice);
  request["virus_lover"] = arguments.virus_lover;
  std::map<std::string, std::size_t> counts;
  json refusals = json::array();
  const int exit = ask_for_all(context, request, arguments, "releasing", [&](const json& answer) {
    for (const json& row : answer["released"]) {
      const std::string result = text_of(row["result"]);
      ++counts[result];
      if (result == "refused" && refusals.size() < kMostRefusalsTold) {
        refusals.push_back(row["answer"]);
      }
    }
  });
  const json answer = {{"dry_run", arguments.dry_run},
                       {"released", counts["released"]},
                       {"already_released", counts["already_released"]},
                       {"refused", counts["refused"]},
                       {"gone", counts["gone"]},
                       {"refusals", refusals}};
  print(context, answer, [](const json& told) {
    for (const json& refusal : told["refusals"]) {
      std::printf("refused: %s\n", printable_utf8(text_of(refusal)).c_str());
    }
    std::printf("%s %s, %zu before, %zu refused\n",
                plural(number_of(told, "released"), "copy").c_str(),
                told["dry_run"] == true ? "would be released" : "released",
                number_of(told, "already_released"), number_of(told, "refused"));
  });
  if (exit != kDone) return exit;
  return counts["refused"] > 0 ? kNo : kDone;
}

int remove(const Context& context, const BulkArguments& arguments) {
  json sums = {{"dry_run", arguments.dry_run}, {"deleted", 0U}, {"messages", 0U}, {"bytes", 0U}};
  const int exit = ask_for_all(context, request_for("vault delete", arguments.choice), arguments,
                               "deleting", [&](const json& answer) {
                                 for (const char* const name : {"deleted", "messages", "bytes"}) {
                                   sums[name] = number_of(sums, name) + number_of(answer, name);
                                 }
                               });
  print(context, sums, [](const json& told) {
    if (told["dry_run"] == true) {
      std::printf("%s would be deleted\n", plural(number_of(told, "deleted"), "row").c_str());
      return;
    }
    std::printf("%s deleted; %s removed, %s\n", plural(number_of(told, "deleted"), "row").c_str(),
                plural(number_of(told, "messages"), "message").c_str(),
                plural(number_of(told, "bytes"), "octet").c_str());
  });
  return exit;
}

int expire(const Context& context, const BulkArguments& arguments) {
  json sums = {{"dry_run", arguments.dry_run},
               {"matched", 0U},
               {"expired", 0U},
               {"messages", 0U},
               {"bytes", 0U},
               {"moved", 0U}};
  const int exit = ask_for_all(
      context, request_for("vault expire", arguments.choice), arguments, "expiring",
      [&](const json& answer) {
        for (const char* const name : {"matched", "expired", "messages", "bytes", "moved"}) {
          sums[name] = number_of(sums, name) + number_of(answer, name);
        }
      });
  print(context, sums, [](const json& told) {
    const bool is_dry = told["dry_run"] == true;
    std::printf("%s looked at; %zu %s, %zu %s another end by today's policies\n",
                plural(number_of(told, "matched"), "row").c_str(), number_of(told, "expired"),
                is_dry ? "would be removed" : "removed", number_of(told, "moved"),
                is_dry ? "would get" : "got");
    if (!is_dry) {
      std::printf("%s removed, %s\n", plural(number_of(told, "messages"), "message").c_str(),
                  plural(number_of(told, "bytes"), "octet").c_str());
    }
  });
  return exit;
}

int check(const Context& context, const BulkArguments& arguments) {
  std::size_t total = 0;
  if (::isatty(STDERR_FILENO) == 1) {
    const Asked status = ask_daemon(context, {{"verb", "status"}});
    if (status.exit != kDone) return status.exit;
    total = number_of(status.answer["vault"], "messages");
  }
  json told = {{"checked", 0U}, {"repair", arguments.repair}, {"findings", json::array()}};
  std::size_t left = 0;
  {
    Progress progress("checking", total);
    json request = {{"verb", "vault check"}, {"repair", arguments.repair}, {"who", who()}};
    for (;;) {
      const Asked asked = ask_daemon(context, request);
      if (asked.exit != kDone) return asked.exit;
      told["checked"] = number_of(told, "checked") + number_of(asked.answer, "checked");
      for (const json& finding : asked.answer["findings"]) {
        left += finding["repaired"] == true ? 0U : 1U;
        told["findings"].push_back(finding);
      }
      progress.show(number_of(told, "checked"));
      if (asked.answer["next"].is_null()) break;
      request["cursor"] = asked.answer["next"];
    }
  }
  told["left"] = left;
  print(context, told, [&](const json& answer) {
    std::vector<std::vector<std::string>> rows;
    for (const json& finding : answer["findings"]) {
      rows.push_back({text_of(finding["fault"]), text_of(finding["name"]),
                      finding["repaired"] == true ? "repaired" : "", text_of(finding["what"])});
    }
    if (!rows.empty()) print_table({"FAULT", "NAME", "", "WHAT"}, rows);
    std::printf("%s read; %zu faults, %zu of them left\n",
                plural(number_of(answer, "checked"), "message").c_str(), rows.size(), left);
  });
  return left > 0 ? kNo : kDone;
}

}  // namespace

void add_filter_options(CLI::App& verb, VaultChoice& choice) {
  verb.add_option("--rcpt", choice.recipient, "of this recipient");
  verb.add_option("--domain", choice.domain, "of this domain");
  verb.add_option("--purpose", choice.purpose, "quarantine, retention or archive");
  verb.add_option("--class", choice.mail_class, "spam, virus, advert, …");
  verb.add_option("--sender", choice.sender, "of this envelope sender; '<>' is the null sender");
  verb.add_option("--after", choice.after,
                  "received at or after 2026-11-28, 2026-11-28T01:00:00Z, or so long ago: 7d");
  verb.add_option("--before", choice.before, "received before");
}

json request_for(const char* verb, const VaultChoice& choice) {
  return {{"verb", verb},
          {"id", choice.id},
          {"recipient", choice.recipient},
          {"domain", choice.domain},
          {"purpose", choice.purpose},
          {"class", choice.mail_class},
          {"sender", choice.sender},
          {"after", choice.after},
          {"before", choice.before}};
}

void add_vault_bulk(CLI::App& vault, Context& context) {
  const auto arguments = std::make_shared<BulkArguments>();
  const auto chosen = [&context, arguments](CLI::App* verb, auto run) {
    verb->callback([&context, arguments, run] {
      context.chosen = [&context, arguments, run] { return run(context, *arguments); };
    });
  };
  const auto add_dry_run = [&](CLI::App* verb) {
    verb->add_flag("--dry-run", arguments->dry_run, "only say what would be done");
  };

  CLI::App* const release_verb = vault.add_subcommand(
      "release", "deliver it after all, untagged and unfiltered, through the outbox");
  release_verb->add_option("id", arguments->choice.id,
                           "one message; the id that vault list and X-Postern-Id name");
  add_filter_options(*release_verb, arguments->choice);
  release_verb->add_flag("--all", arguments->all, "everything that is stored");
  release_verb->add_flag("--virus-lover", arguments->virus_lover,
                         "infected messages all the same, and no others");
  add_dry_run(release_verb);
  release_verb->footer(
      "Example: posternctl vault release 9f… --rcpt cersei@lannister.net\n"
      "Example: posternctl vault release --domain lannister.net --class spam --after 2d --dry-run");
  chosen(release_verb, release);

  CLI::App* const delete_verb =
      vault.add_subcommand("delete", "remove rows, and messages that nobody needs then");
  delete_verb->add_option("id", arguments->choice.id, "one message");
  add_filter_options(*delete_verb, arguments->choice);
  delete_verb->add_flag("--all", arguments->all, "everything that is stored");
  add_dry_run(delete_verb);
  delete_verb->footer(
      "Example: posternctl vault delete 9f… --rcpt cersei@lannister.net\n"
      "Example: posternctl vault delete --sender spammer@example.org --class spam --dry-run");
  chosen(delete_verb, remove);

  CLI::App* const expire_verb =
      vault.add_subcommand("expire", "remove now what has passed its end under today's policies");
  expire_verb->add_option("id", arguments->choice.id, "one message");
  add_filter_options(*expire_verb, arguments->choice);
  add_dry_run(expire_verb);
  expire_verb->footer("Example: posternctl vault expire --domain lannister.net --dry-run");
  chosen(expire_verb, expire);

  CLI::App* const check_verb = vault.add_subcommand(
      "check", "is every message whole and in its place; beside a daemon that goes on");
  check_verb->add_flag("--repair", arguments->repair, "repair what can be repaired");
  check_verb->footer("Example: posternctl vault check --repair");
  chosen(check_verb, check);
}

}  // namespace postern::ctl
