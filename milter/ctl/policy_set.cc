#include "ctl/policy_set.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "base/text.h"
#include "ctl/offline.h"
#include "ctl/progress.h"
#include "ctl/target.h"
#include "keeper/batch.h"
#include "settings/load.h"

namespace postern::ctl {
namespace {

using Loaded = std::variant<PolicySet, int>;
using Documents = std::map<std::string, std::string>;

constexpr std::size_t kAtOnce = 1'000;

policy::DecodeOptions decode_options(const settings::Settings& settings) {
  policy::DecodeOptions options = offline_options();
  options.shortest_subnet = settings.outgoing.shortest_subnet;
  return options;
}

// As the daemon puts a full set in force.
PolicySet in_force(std::string name, Documents documents, const settings::Settings& settings) {
  std::vector<keeper::Put> puts;
  for (const auto& [key, text] : documents) {
    const auto parsed = policy::DocumentKey::parse(key);
    if (parsed) puts.push_back({*parsed, text, key, keeper::Fate::refused, {}});
  }
  keeper::Outcome outcome =
      keeper::apply(policy::Snapshot{}, decode_options(settings), std::move(puts), {});
  for (const keeper::Put& put : outcome.puts) {
    if (put.fate == keeper::Fate::applied) continue;
    std::fprintf(stderr, "posternctl: %s: %s is left out: %s\n", name.c_str(),
                 put.key.to_string().c_str(), printable_utf8(put.reason).c_str());
    documents.erase(put.key.to_string());
  }
  return {std::move(name), outcome.editor.finish(1), std::move(documents)};
}

Loaded from_daemon(const Context& context, const settings::Settings& settings) {
  const Asked listed = ask_daemon(context, {{"verb", "policy keys"}});
  if (listed.exit != kDone) return listed.exit;
  const json& keys = listed.answer["keys"];
  Documents documents;
  Progress progress("reading the daemon's policies", keys.size());
  for (std::size_t at = 0; at < keys.size(); at += kAtOnce) {
    json some = json::array();
    for (std::size_t i = at; i < std::min(at + kAtOnce, keys.size()); ++i) some.push_back(keys[i]);
    const Asked texts =
        ask_daemon(context, {{"verb", "policy documents"}, {"keys", std::move(some)}});
    if (texts.exit != kDone) return texts.exit;
    for (const auto& [key, text] : texts.answer["documents"].items()) {
      documents.emplace(key, text.get<std::string>());
    }
    progress.show(at);
  }
  return in_force("daemon", std::move(documents), settings);
}

Loaded from_redis(const Context& context, const settings::Settings& settings) {
  TargetOptions options;
  options.to = "redis";
  auto opened = open_target(context, options);
  if (const int* const exit = std::get_if<int>(&opened)) return *exit;
  auto& store = *std::get<std::unique_ptr<ports::DocumentStore>>(opened);
  const auto keys = store.keys();
  if (!keys) return fail(kNo, keys.error().what);
  Documents documents;
  Progress progress("reading Redis", keys->size());
  for (std::size_t at = 0; at < keys->size(); at += kAtOnce) {
    const auto begin = keys->begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = begin + static_cast<std::ptrdiff_t>(std::min(kAtOnce, keys->size() - at));
    auto texts = store.read({begin, end});
    if (!texts) return fail(kNo, texts.error().what);
    for (auto& [key, text] : *texts) {
      const auto parsed = policy::DocumentKey::parse(key);
      const std::string name = parsed ? parsed->to_string() : key;
      // The canonical spelling wins.
      if (name == key) {
        documents.insert_or_assign(name, std::move(text));
      } else {
        documents.emplace(name, std::move(text));
      }
    }
    progress.show(at);
  }
  return in_force("redis", std::move(documents), settings);
}

void tell_refused(const OfflineSet& set) {
  for (const DocumentFault& fault : set.faults) {
    std::fprintf(stderr, "posternctl: %s is left out: %s\n", printable_utf8(fault.origin).c_str(),
                 printable_utf8(fault.what).c_str());
  }
}

Loaded from_directory(const std::string& name, const settings::Settings& settings) {
  auto set = read_offline(name, decode_options(settings));
  if (!set) return fail(kNo, set.error().what);
  tell_refused(*set);
  return PolicySet{name, set->snapshot, std::move(set->documents)};
}

Loaded from_files(const std::string& name, const PolicySet* base,
                  const settings::Settings& settings) {
  Documents documents = base == nullptr ? Documents() : base->documents;
  for (const std::string_view file : split(name, ',')) {
    auto set = read_offline(std::string(file), decode_options(settings));
    if (!set) return fail(kNo, set.error().what);
    tell_refused(*set);
    for (auto& [key, text] : set->documents) documents.insert_or_assign(key, std::move(text));
  }
  return in_force(name, std::move(documents), settings);
}

}  // namespace

std::variant<settings::Settings, int> settings_or_defaults(const Context& context) {
  std::error_code error;
  if (!std::filesystem::exists(context.config, error)) return settings::Settings{};
  auto outcome = settings::load_file(context.config, settings::SecretFiles::leave);
  if (const auto* const faults = std::get_if<std::vector<settings::Fault>>(&outcome)) {
    return fail_configuration(context, *faults);
  }
  return std::get<settings::Settings>(std::move(outcome));
}

Loaded load_set(const Context& context, const std::string& name, const PolicySet* base,
                const settings::Settings& settings) {
  if (name == "daemon") return from_daemon(context, settings);
  if (name == "redis") return from_redis(context, settings);
  std::error_code error;
  if (std::filesystem::is_directory(name, error)) return from_directory(name, settings);
  return from_files(name, base, settings);
}

}  // namespace postern::ctl
