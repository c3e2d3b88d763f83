#include <cstdio>

#include "ctl/context.h"
#include "ctl/judge.h"
#include "ctl/offline.h"
#include "policy/decode.h"

namespace postern::ctl {
namespace {

int show_offline(const Context& context, const std::string& name, const std::string& directory) {
  const auto key = policy::DocumentKey::parse(name);
  if (!key) return fail(kUsage, key.error().what);
  const auto set = read_offline(directory);
  if (!set) return fail(kNo, set.error().what);
  for (const DocumentFault& fault : set->faults) {
    if (fault.key == key->to_string()) return fail(kNo, fault.origin + ": " + told(fault));
  }
  const auto found = set->documents.find(key->to_string());
  if (found == set->documents.end()) return fail(kNo, key->to_string() + ": no such document");
  const auto shown = policy::show_as_understood(*key, found->second, offline_options());
  if (!shown) return fail(kNo, shown.error().what);
  const json answer = {{"key", key->to_string()}, {"document", json::parse(*shown)}};
  print(context, answer,
        [](const json& document) { std::printf("%s\n", document["document"].dump(2).c_str()); });
  return kDone;
}

int show(const Context& context, const std::string& name) {
  const Asked asked = ask_daemon(context, {{"verb", "policy show"}, {"key", name}});
  if (asked.exit != kDone) return asked.exit;
  print(context, asked.answer,
        [](const json& answer) { std::printf("%s\n", answer["document"].dump(2).c_str()); });
  return kDone;
}

int accept(const Context& context) {
  const Asked asked = ask_daemon(context, {{"verb", "policy accept"}});
  if (asked.exit != kDone) return asked.exit;
  print(context, asked.answer, [](const json& answer) {
    if (answer["accepted"].is_null()) {
      std::printf("nothing was held; the policies are read again\n");
    } else {
      std::printf("let through: %s\n", text_of(answer["accepted"]).c_str());
    }
  });
  return kDone;
}

struct Arguments {
  std::string key;
  std::string offline;
};

}  // namespace

void add_policy(CLI::App& app, Context& context) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const policy =
      app.add_subcommand("policy", "policy documents: judge, publish, compare, show");
  policy->require_subcommand(1);

  add_policy_check(*policy, context);
  add_policy_publish(*policy, context);
  add_policy_diff(*policy, context);

  CLI::App* const show_verb =
      policy->add_subcommand("show", "a document as Postern understands it");
  show_verb->add_option("key", arguments->key, "for example domain:got.com")->required();
  show_verb->add_option("--offline", arguments->offline, "from this directory, without the daemon");
  show_verb->footer("Example: posternctl policy show user:cersei@lannister.net");
  show_verb->callback([&context, arguments] {
    context.chosen = [&context, arguments] {
      return arguments->offline.empty() ? show(context, arguments->key)
                                        : show_offline(context, arguments->key, arguments->offline);
    };
  });

  CLI::App* const accept_verb =
      policy->add_subcommand("accept", "let through what the shrink guard holds, once");
  accept_verb->footer("Example: posternctl policy accept");
  accept_verb->callback([&context] { context.chosen = [&context] { return accept(context); }; });
}

}  // namespace postern::ctl
