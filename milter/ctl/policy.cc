#include <cstdio>

#include "ctl/context.h"
#include "ctl/offline.h"
#include "policy/decode.h"

namespace postern::ctl {
namespace {

void print_check(const json& answer) {
  for (const json& fault : answer["faults"]) {
    std::printf("%s: %s: %s\n", printable_utf8(text_of(fault["origin"])).c_str(),
                printable_utf8(text_of(fault["key"])).c_str(),
                printable_utf8(text_of(fault["what"])).c_str());
  }
  for (const json& warning : answer["warnings"]) {
    std::printf("warning: %s\n", printable_utf8(text_of(warning)).c_str());
  }
  std::printf("%s documents in order, %zu refused\n", text_of(answer["good"]).c_str(),
              answer["faults"].size());
}

// References that do not resolve are no fault of a document alone: the other may come later.
json warnings_of(const policy::Snapshot& snapshot) {
  json warnings = json::array();
  snapshot.for_each_domain([&](const policy::Domain& domain) {
    if (domain.policy_id && !domain.policy && snapshot.policy(*domain.policy_id) == nullptr) {
      warnings.push_back("domain:" + domain.name + ": policyId " + *domain.policy_id +
                         " does not resolve; its mail is deferred");
    }
    if (!domain.policy && !domain.policy_id) {
      warnings.push_back("domain:" + domain.name + ": has no policy; its mail is deferred");
    }
    for (const std::string& fault : domain.subnet_faults) {
      warnings.push_back("domain:" + domain.name + ": outgoingSubnets " + fault);
    }
  });
  return warnings;
}

int check(const Context& context, const std::string& path) {
  const auto set = read_offline(path);
  if (!set) return fail(kNo, set.error().what);
  json faults = json::array();
  for (const DocumentFault& fault : set->faults) {
    faults.push_back({{"key", fault.key}, {"origin", fault.origin}, {"what", fault.what}});
  }
  // A rule that never counts is a fault, though the document's others do.
  set->snapshot->for_each_rule_fault([&](const policy::DocumentKey& key, const std::string& fault) {
    faults.push_back({{"key", key.to_string()}, {"origin", path}, {"what", fault}});
  });
  const json answer = {{"good", set->documents.size()},
                       {"faults", faults},
                       {"warnings", warnings_of(*set->snapshot)}};
  print(context, answer, print_check);
  return faults.empty() ? kDone : kNo;
}

int show_offline(const Context& context, const std::string& name, const std::string& directory) {
  const auto key = policy::DocumentKey::parse(name);
  if (!key) return fail(kUsage, key.error().what);
  const auto set = read_offline(directory);
  if (!set) return fail(kNo, set.error().what);
  for (const DocumentFault& fault : set->faults) {
    if (fault.key == key->to_string()) return fail(kNo, fault.origin + ": " + fault.what);
  }
  const auto found = set->documents.find(key->to_string());
  if (found == set->documents.end()) return fail(kNo, key->to_string() + ": no such document");
  const auto shown = policy::show_as_understood(*key, found->second, policy::DecodeOptions{});
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
  std::string path;
  std::string key;
  std::string offline;
};

}  // namespace

void add_policy(CLI::App& app, Context& context) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const policy = app.add_subcommand("policy", "look at policy documents");
  policy->require_subcommand(1);

  CLI::App* const check_verb =
      policy->add_subcommand("check", "decode and judge a directory of documents, or one file");
  check_verb->add_option("path", arguments->path, "DIR or DIR/<type>/<name>.json")->required();
  check_verb->footer("Example: posternctl policy check /etc/postern/policy");
  check_verb->callback([&context, arguments] {
    context.chosen = [&context, arguments] { return check(context, arguments->path); };
  });

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
  accept_verb->callback([&context] { context.chosen = [&context] { return accept(context); }; });
}

}  // namespace postern::ctl
