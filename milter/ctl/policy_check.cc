// posternctl policy check: everything that is wrong with a set of documents, at once.
#include <cstdio>
#include <set>

#include "ctl/context.h"
#include "ctl/judge.h"

namespace postern::ctl {
namespace {

void print_check(const json& answer) {
  for (const json& fault : answer["faults"]) print_fault(fault);
  for (const json& warning : answer["warnings"]) {
    std::printf("warning: ");
    print_fault(warning);
  }
  std::printf("%s documents in order, %s refused; %zu faults, %zu warnings\n",
              text_of(answer["good"]).c_str(), text_of(answer["refused"]).c_str(),
              answer["faults"].size(), answer["warnings"].size());
}

int check(const Context& context, const std::string& path) {
  const auto judged = judge(path);
  if (!judged) return fail(kNo, judged.error().what);
  json faults = json::array();
  for (const SetFault& one : judged->faults) faults.push_back(as_json(one.fault));
  json warnings = json::array();
  for (const DocumentFault& one : judged->warnings) warnings.push_back(as_json(one));
  std::set<std::string> refused;
  for (const DocumentFault& one : judged->set.faults) refused.insert(one.origin);
  const json answer = {{"good", judged->set.documents.size()},
                       {"refused", refused.size()},
                       {"faults", faults},
                       {"warnings", warnings}};
  print(context, answer, print_check);
  return faults.empty() ? kDone : kNo;
}

}  // namespace

void add_policy_check(CLI::App& policy, Context& context) {
  const auto path = std::make_shared<std::string>();
  CLI::App* const verb = policy.add_subcommand(
      "check", "judge a directory of documents, or one file: all that is wrong");
  verb->add_option("path", *path, "DIR or DIR/<type>/<name>.json")->required();
  verb->footer(
      "Each fault is FILE: JSON POINTER: reason. What one document expects of another is judged "
      "for a\n"
      "directory only. Warnings do not make it fail.\n"
      "Examples: posternctl policy check /etc/postern/policy\n"
      "          posternctl policy check /etc/postern/policy/domain/got.com.json --json");
  verb->callback(
      [&context, path] { context.chosen = [&context, path] { return check(context, *path); }; });
}

}  // namespace postern::ctl
