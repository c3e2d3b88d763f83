// posternctl limits: who has sent how much of his limit.
#include <cstdio>

#include "ctl/context.h"

namespace postern::ctl {
namespace {

struct Arguments {
  std::string account;
  double share = 0.8;
  bool all = false;
};

std::string used(const json& count, const json& most) {
  return text_of(count) + (most.is_null() ? "" : " of " + text_of(most));
}

void print_limits(const json& answer) {
  if (answer["alone"].is_string()) {
    std::printf("this node alone, since the shared count does not answer: %s\n",
                printable_utf8(text_of(answer["alone"])).c_str());
  }
  for (const json& one : answer["accounts"]) {
    std::printf("%-40s %s messages, %s recipients\n",
                printable_utf8(text_of(one["account"])).c_str(),
                used(one["messages"], one["most_messages"]).c_str(),
                used(one["recipients"], one["most_recipients"]).c_str());
  }
  std::printf("%zu shown; %s sent in the last 24 hours under a limit\n", answer["accounts"].size(),
              text_of(answer["counted"]).c_str());
}

int run(const Context& context, const Arguments& arguments) {
  const Asked asked = ask_daemon(context, {{"verb", "limits"},
                                           {"account", arguments.account},
                                           {"share", arguments.all ? 0.0 : arguments.share}});
  if (asked.exit != kDone) return asked.exit;
  print(context, asked.answer, print_limits);
  return kDone;
}

}  // namespace

void add_limits(CLI::App& app, Context& context) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const verb =
      app.add_subcommand("limits", "who has sent how much of what he may in 24 hours");
  verb->add_option("account", arguments->account, "a login or user, or a domain; else all near it");
  verb->add_option("--share", arguments->share, "who has used less of his limit is left out")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  verb->add_flag("--all", arguments->all, "whoever sent anything under a limit");
  verb->footer(
      "Examples: posternctl limits\n"
      "          posternctl limits cersei@lannister.net --json");
  verb->callback([&context, arguments] {
    context.chosen = [&context, arguments] { return run(context, *arguments); };
  });
}

}  // namespace postern::ctl
