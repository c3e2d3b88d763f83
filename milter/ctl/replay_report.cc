#include "ctl/replay_report.h"

#include <cstdio>
#include <map>
#include <set>

namespace postern::ctl {

json as_json(const Findings& found, const std::string& today, const std::string& other) {
  json differences = json::array();
  std::map<std::pair<std::string, std::string>, std::size_t> summary;
  std::set<std::string> recipients;
  std::set<std::size_t> messages;
  for (const Difference& one : found.differences) {
    differences.push_back({{"mail", one.mail},
                           {"sender", one.sender},
                           {"recipient", one.recipient},
                           {"before", one.before},
                           {"now", one.now},
                           {"because", one.because}});
    ++summary[{one.before, one.now}];
    recipients.insert(one.recipient);
    messages.insert(one.number);
  }
  json changes = json::array();
  for (const auto& [change, count] : summary) {
    changes.push_back({{"before", change.first}, {"now", change.second}, {"count", count}});
  }
  json skipped = json::array();
  for (const auto& [number, why] : found.skipped) skipped.push_back(why);
  return {{"today", today},
          {"against", other},
          {"messages", found.messages},
          {"recipients", found.recipients},
          {"differences", differences},
          {"changes", changes},
          {"messages_affected", messages.size()},
          {"recipients_affected", recipients.size()},
          {"skipped", skipped}};
}

void print_report(const json& answer) {
  const auto say = [](const json& text) { return printable_utf8(text_of(text)); };
  for (const json& one : answer["differences"]) {
    std::printf("%s: <%s> to <%s>\n  %s, was %s\n  because of %s\n", say(one["mail"]).c_str(),
                say(one["sender"]).c_str(), say(one["recipient"]).c_str(), say(one["now"]).c_str(),
                say(one["before"]).c_str(), say(one["because"]).c_str());
  }
  for (const json& why : answer["skipped"]) std::printf("skipped %s\n", say(why).c_str());
  if (!answer["differences"].empty()) std::printf("\n");
  for (const json& one : answer["changes"]) {
    std::printf("%8s  %s, was %s\n", say(one["count"]).c_str(), say(one["now"]).c_str(),
                say(one["before"]).c_str());
  }
  std::printf("%s of %s messages would be treated differently, for %s addresses; %zu skipped\n",
              say(answer["messages_affected"]).c_str(), say(answer["messages"]).c_str(),
              say(answer["recipients_affected"]).c_str(), answer["skipped"].size());
}

}  // namespace postern::ctl
