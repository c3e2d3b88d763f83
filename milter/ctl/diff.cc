// posternctl policy diff: two sets of policies, told by what becomes of mail.
#include <algorithm>
#include <cstdio>

#include "base/clock.h"
#include "ctl/context.h"
#include "ctl/policy_set.h"
#include "ctl/progress.h"
#include "daemon/adapters.h"
#include "predict/compare.h"

namespace postern::ctl {
namespace {

constexpr std::size_t kNamedDomains = 3;

struct Arguments {
  std::string before;
  std::string now;
};

struct Differing {
  std::size_t added = 0;
  std::size_t changed = 0;
  std::size_t gone = 0;
};

Differing documents_that_differ(const policy::Snapshot& before, const policy::Snapshot& now) {
  Differing count;
  now.for_each_key([&](const policy::DocumentKey& key) {
    const std::uint64_t was = before.fingerprint(key);
    if (was == 0) {
      ++count.added;
    } else if (was != now.fingerprint(key)) {
      ++count.changed;
    }
  });
  before.for_each_key([&](const policy::DocumentKey& key) {
    if (now.fingerprint(key) == 0) ++count.gone;
  });
  return count;
}

json as_json(const predict::Effects& effects) {
  std::vector<json> list;
  for (const auto& [effect, affected] : effects) {
    list.push_back({{"mail", effect.mail},
                    {"before", effect.before},
                    {"now", effect.now},
                    {"users", affected.users},
                    {"some_users", affected.some_users},
                    {"domains", affected.domains.size()},
                    {"domain_names", affected.domains},
                    {"other_addresses_of", affected.other_addresses}});
  }
  // What meets most comes first.
  std::ranges::stable_sort(list, [](const json& a, const json& b) {
    return std::pair(a["users"].get<std::size_t>(), a["domains"].get<std::size_t>()) >
           std::pair(b["users"].get<std::size_t>(), b["domains"].get<std::size_t>());
  });
  return list;
}

std::string counted(std::size_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string domains_in_words(const json& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kNamedDomains); ++i) {
    text += (i == 0 ? "" : ", ") + text_of(names[i]);
  }
  if (names.size() > kNamedDomains) {
    text += " and " + counted(names.size() - kNamedDomains, "more domain", "more domains");
  }
  return text;
}

void print_diff(const json& answer) {
  for (const json& one : answer["effects"]) {
    const auto users = one["users"].get<std::size_t>();
    const auto others = one["other_addresses_of"].get<std::size_t>();
    std::string whom = users == 0 ? "" : counted(users, "user", "users");
    if (users == 1) whom = text_of(one["some_users"][0]);
    if (others > 0) {
      whom += (whom.empty() ? "" : " and ") +
              (users == 0 && others == 1
                   ? std::string("the domain itself and who has no document")
                   : "who has no document, in " + counted(others, "domain", "domains"));
    }
    std::printf("%s: %s is now %s, was %s (%s)\n",
                printable_utf8(domains_in_words(one["domain_names"])).c_str(),
                printable_utf8(text_of(one["mail"])).c_str(),
                printable_utf8(text_of(one["now"])).c_str(),
                printable_utf8(text_of(one["before"])).c_str(), printable_utf8(whom).c_str());
  }
  const json& documents = answer["documents"];
  std::printf("%s%s documents new, %s changed, %s gone; %zu effects on mail\n",
              answer["effects"].empty() ? "" : "\n", text_of(documents["new"]).c_str(),
              text_of(documents["changed"]).c_str(), text_of(documents["gone"]).c_str(),
              answer["effects"].size());
}

int diff(const Context& context, const Arguments& arguments) {
  const auto chosen = settings_or_defaults(context);
  if (const int* const exit = std::get_if<int>(&chosen)) return *exit;
  const auto& settings = std::get<settings::Settings>(chosen);
  const auto first = load_set(context, arguments.before, nullptr, settings);
  if (const int* const exit = std::get_if<int>(&first)) return *exit;
  const auto& before = std::get<PolicySet>(first);
  const auto second = load_set(context, arguments.now, &before, settings);
  if (const int* const exit = std::get_if<int>(&second)) return *exit;
  const auto& now = std::get<PolicySet>(second);

  const session::Rules rules = daemon::make_rules(settings);
  const predict::CompareOptions options{rules.recipient_delimiters, rules.decide,
                                        SystemClock().wall()};
  predict::Effects effects;
  {
    using policy::DocumentType;
    const auto size = [](const policy::Snapshot& set) {
      return set.count(DocumentType::user) + set.count(DocumentType::domain);
    };
    Progress progress("comparing", std::max(size(*before.snapshot), size(*now.snapshot)));
    effects = predict::compare(*before.snapshot, *now.snapshot, options,
                               [&progress](std::size_t done) { progress.show(done); });
  }
  const Differing documents = documents_that_differ(*before.snapshot, *now.snapshot);
  const json answer = {
      {"before", before.name},
      {"now", now.name},
      {"documents",
       {{"new", documents.added}, {"changed", documents.changed}, {"gone", documents.gone}}},
      {"effects", as_json(effects)}};
  print(context, answer, print_diff);
  return effects.empty() ? kDone : kNo;
}

}  // namespace

void add_policy_diff(CLI::App& policy, Context& context) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const verb =
      policy.add_subcommand("diff", "compare two sets of policies by what becomes of mail");
  verb->add_option("before", arguments->before, "daemon, redis, or a directory")->required();
  verb->add_option("now", arguments->now,
                   "the same, or files (separated by commas) to lay over the first")
      ->required();
  verb->footer(
      "Exit: 0 no effect on mail, 1 there is one.\n"
      "Examples: posternctl policy diff daemon /srv/policies-new\n"
      "          posternctl policy diff /srv/policies /srv/new/policy/ladder.json --json");
  verb->callback([&context, arguments] {
    context.chosen = [&context, arguments] { return diff(context, *arguments); };
  });
}

}  // namespace postern::ctl
