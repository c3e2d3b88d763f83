// posternctl policy publish: a directory of documents into the store, as far as they differ.
#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>

#include "ctl/context.h"
#include "ctl/judge.h"
#include "ctl/progress.h"
#include "ctl/target.h"
#include "policy/sealing.h"
#include "policy/shrink_guard.h"
#include "settings/load.h"

namespace postern::ctl {
namespace {

using policy::DocumentType;

constexpr std::size_t kReadAtOnce = 1'000;
constexpr std::size_t kWrittenAtOnce = 500;
constexpr std::size_t kBytesAtOnce = std::size_t{4} << 20;

// What others refer to comes first, and goes last: on the way nobody's mail is deferred for an id
// that is not there yet.
constexpr std::array kOrder = {
    DocumentType::platform,    DocumentType::policy,   DocumentType::smarthost,
    DocumentType::identity,    DocumentType::mailfrom, DocumentType::dkim,
    DocumentType::attachments, DocumentType::uris,     DocumentType::wblist,
    DocumentType::opensrs,     DocumentType::domain,   DocumentType::groups,
    DocumentType::user};
static_assert(kOrder.size() == policy::kAllDocumentTypes.size());

struct Arguments {
  std::string directory;
  TargetOptions target;
  bool dry_run = false;
  bool prune = false;
  bool force = false;
  bool only_good = false;
  std::string seal_to;
};

struct Work {
  std::vector<std::string> added;
  std::vector<std::string> changed;
  std::size_t unchanged = 0;
  std::vector<std::string> deleted;  // as the store spells them
  std::optional<std::string> shrink;
};

std::optional<DocumentType> type_of(const std::string& key) {
  const auto parsed = policy::DocumentKey::parse(key);
  return parsed ? std::make_optional(parsed->type) : std::nullopt;
}

std::string canonical(const std::string& key) {
  const auto parsed = policy::DocumentKey::parse(key);
  return parsed ? parsed->to_string() : key;
}

// The same document, whatever the order of its members and the blanks between them.
bool same_document(const std::string& one, const std::string& other) {
  if (one == other) return true;
  const json first = json::parse(one, nullptr, false);
  const json second = json::parse(other, nullptr, false);
  return !first.is_discarded() && !second.is_discarded() && first == second;
}

// Which of those that are in both differ. Nothing is held longer than a thousand documents' texts.
Status compare(ports::DocumentStore& store, const std::map<std::string, std::string>& wanted,
               const std::vector<std::string>& in_both, Work& work) {
  Progress progress("comparing", in_both.size());
  for (std::size_t at = 0; at < in_both.size(); at += kReadAtOnce) {
    const auto begin = in_both.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end =
        begin + static_cast<std::ptrdiff_t>(std::min(kReadAtOnce, in_both.size() - at));
    const auto texts = store.read({begin, end});
    if (!texts) return texts.error();
    for (auto key = begin; key != end; ++key) {
      const auto text = texts->find(*key);
      if (text != texts->end() && same_document(text->second, wanted.at(*key))) {
        ++work.unchanged;
      } else {
        work.changed.push_back(*key);
      }
    }
    progress.show(at);
  }
  return success();
}

Result<Work> find_work(ports::DocumentStore& store, const OfflineSet& set,
                       const std::vector<std::string>& stored, bool prune, double shrink_guard) {
  Work work;
  const std::set<std::string> there(stored.begin(), stored.end());
  std::vector<std::string> in_both;
  policy::TypeCounts before{};
  policy::TypeCounts after{};
  for (const auto& [key, text] : set.documents) {
    const bool is_new = !there.contains(key);
    if (is_new) ++after.at(static_cast<std::size_t>(*type_of(key)));
    (is_new ? work.added : in_both).push_back(key);
  }
  for (const std::string& key : stored) {
    const auto type = type_of(key);
    if (!type) continue;
    ++before.at(static_cast<std::size_t>(*type));
    const std::string name = canonical(key);
    // A file that is refused stands for its document all the same.
    const bool is_in_set = set.origins.contains(name);
    const bool is_second_spelling = name != key && set.documents.contains(name);
    if (prune && (!is_in_set || is_second_spelling)) {
      work.deleted.push_back(key);
    } else {
      ++after.at(static_cast<std::size_t>(*type));
    }
  }
  if (auto done = compare(store, set.documents, in_both, work); !done) return done.error();
  work.shrink = policy::refuse_shrink(before, after, shrink_guard);
  return work;
}

std::vector<ports::DocumentChange> in_order(const Work& work) {
  const auto rank = [](const std::string& key) {
    const auto type = type_of(key);
    return type ? std::find(kOrder.begin(), kOrder.end(), *type) - kOrder.begin() : 0;
  };
  const auto by_rank = [&rank](const ports::DocumentChange& a, const ports::DocumentChange& b) {
    return rank(a.key) < rank(b.key);
  };
  std::vector<ports::DocumentChange> puts;
  for (const auto* keys : {&work.added, &work.changed}) {
    for (const std::string& key : *keys) puts.push_back({key, ""});
  }
  std::stable_sort(puts.begin(), puts.end(), by_rank);
  std::vector<ports::DocumentChange> deletions;
  for (const std::string& key : work.deleted) deletions.push_back({key, std::nullopt});
  std::stable_sort(deletions.begin(), deletions.end(), by_rank);
  puts.insert(puts.end(), deletions.rbegin(), deletions.rend());
  return puts;
}

// What is written stays written: the next run finds it equal and goes on behind it.
Status write_all(ports::DocumentStore& store, std::map<std::string, std::string>& documents,
                 const std::vector<ports::DocumentChange>& changes, std::size_t& written) {
  Progress progress("publishing", changes.size());
  std::vector<ports::DocumentChange> batch;
  std::size_t bytes = 0;
  const auto flush = [&]() -> Status {
    if (auto done = store.write(batch); !done) return done;
    written += batch.size();
    batch.clear();
    bytes = 0;
    progress.show(written);
    return success();
  };
  for (const ports::DocumentChange& change : changes) {
    ports::DocumentChange filled = change;
    if (change.json) filled.json = std::move(documents.at(change.key));
    const std::size_t size = filled.json ? filled.json->size() : 0;
    if (!batch.empty() && (batch.size() == kWrittenAtOnce || bytes + size > kBytesAtOnce)) {
      if (auto done = flush(); !done) return done;
    }
    bytes += size;
    batch.push_back(std::move(filled));
  }
  return batch.empty() ? success() : flush();
}

json listed(const Work& work) {
  json list = json::array();
  for (const std::string& key : work.added) list.push_back({{"key", key}, {"change", "new"}});
  for (const std::string& key : work.changed) list.push_back({{"key", key}, {"change", "changed"}});
  for (const std::string& key : work.deleted) list.push_back({{"key", key}, {"change", "deleted"}});
  return list;
}

void print_published(const json& answer) {
  if (answer["dry_run"] == true) {
    for (const json& one : answer["changes"]) {
      std::printf("%-8s %s\n", text_of(one["change"]).c_str(),
                  printable_utf8(text_of(one["key"])).c_str());
    }
  }
  std::printf("%s%s: %s new, %s changed, %s unchanged, %s deleted\n",
              answer["dry_run"] == true ? "would be published to " : "published to ",
              printable_utf8(text_of(answer["target"])).c_str(), text_of(answer["new"]).c_str(),
              text_of(answer["changed"]).c_str(), text_of(answer["unchanged"]).c_str(),
              text_of(answer["deleted"]).c_str());
  if (answer["left_out"] != 0) {
    std::printf("%s documents with faults were left out\n", text_of(answer["left_out"]).c_str());
  }
  if (answer["shrink"].is_string()) {
    std::printf(
        "it would lose much: %s; publishing needs --force, and each daemon then holds the "
        "deletions until `policy accept`\n",
        text_of(answer["shrink"]).c_str());
  }
}

// What another document in the store already mends is no fault.
std::vector<SetFault> faults_that_stay(const Judgement& judged, const Arguments& arguments,
                                       const std::vector<std::string>& stored) {
  if (arguments.prune) return judged.faults;
  const std::set<std::string> there(stored.begin(), stored.end());
  std::vector<SetFault> faults;
  for (const SetFault& one : judged.faults) {
    if (!one.missing || !there.contains(*one.missing)) faults.push_back(one);
  }
  return faults;
}

int refuse_faults(const Context& context, const std::vector<SetFault>& faults) {
  json list = json::array();
  for (const SetFault& one : faults) list.push_back(as_json(one.fault));
  print(context, {{"faults", list}}, [](const json& answer) {
    for (const json& fault : answer["faults"]) print_fault(fault);
  });
  return fail(kNo,
              std::to_string(faults.size()) +
                  " faults, nothing is published: mend them, or publish the documents that are "
                  "in order with --only-good");
}

// Two seals of one secret differ, so what is sealed here is written again each time.
Status seal_secrets(OfflineSet& set, const std::string& public_key) {
  for (auto& [name, text] : set.documents) {
    const auto key = policy::DocumentKey::parse(name);
    if (!key || !policy::may_be_sealed(key->type)) continue;
    Result<std::string> sealed = policy::seal_document(*key, text, public_key);
    if (!sealed) return sealed.error();
    text = std::move(*sealed);
  }
  return success();
}

int publish(const Context& context, const Arguments& arguments) {
  std::error_code error;
  if (!std::filesystem::is_directory(arguments.directory, error)) {
    return fail(kUsage, arguments.directory + ": no such directory");
  }
  auto judged = judge(arguments.directory);
  if (!judged) return fail(kNo, judged.error().what);
  double shrink_guard = 0;
  if (const int exit = shrink_guard_of(context, arguments.target, shrink_guard)) return exit;
  auto opened = open_target(context, arguments.target);
  if (const int* const exit = std::get_if<int>(&opened)) return *exit;
  ports::DocumentStore& store = *std::get<std::unique_ptr<ports::DocumentStore>>(opened);
  const auto stored = store.keys();
  if (!stored) return fail_store(stored.error());

  const auto faults = faults_that_stay(*judged, arguments, *stored);
  if (!faults.empty() && !arguments.only_good) return refuse_faults(context, faults);
  OfflineSet& set = judged->set;
  if (!arguments.seal_to.empty()) {
    if (auto sealed = seal_secrets(set, arguments.seal_to); !sealed) {
      return fail(kUsage, sealed.error().what);
    }
  }
  const auto work = find_work(store, set, *stored, arguments.prune, shrink_guard);
  if (!work) return fail(kNo, work.error().what);
  json answer = {{"target", store.describe()},
                 {"dry_run", arguments.dry_run},
                 {"new", work->added.size()},
                 {"changed", work->changed.size()},
                 {"unchanged", work->unchanged},
                 {"deleted", work->deleted.size()},
                 {"left_out", set.origins.size() - set.documents.size()},
                 {"shrink", work->shrink ? json(*work->shrink) : json(nullptr)}};
  if (arguments.dry_run) {
    answer["changes"] = listed(*work);
    print(context, answer, print_published);
    return kDone;
  }
  if (work->shrink && !arguments.force) {
    return fail(kNo, "nothing is published, it would lose too much: " + *work->shrink +
                         "; --dry-run lists what would go, --force deletes it");
  }
  const auto changes = in_order(*work);
  std::size_t written = 0;
  if (auto done = write_all(store, set.documents, changes, written); !done) {
    return fail_store(done.error(),
                      "; " + std::to_string(written) + " of " + std::to_string(changes.size()) +
                          " changes are published, running it again goes on from there");
  }
  answer["shrink"] = nullptr;
  print(context, answer, print_published);
  return kDone;
}

}  // namespace

void add_policy_publish(CLI::App& policy, Context& context) {
  const auto arguments = std::make_shared<Arguments>();
  arguments->target.to = "redis";
  CLI::App* const verb = policy.add_subcommand(
      "publish", "write a directory of documents to the store, as far as they differ");
  verb->add_option("directory", arguments->directory, "DIR, laid out as <type>/<name>.json")
      ->required();
  add_target_options(*verb, arguments->target,
                     "redis (policy.redis of the configuration), or another directory")
      ->capture_default_str();
  verb->add_flag("--dry-run", arguments->dry_run, "list what would change; write nothing");
  verb->add_flag("--prune", arguments->prune, "delete what the directory does not have");
  verb->add_flag("--force", arguments->force,
                 "prune even more of a type than policy.shrink_guard's share");
  verb->add_flag("--only-good", arguments->only_good,
                 "leave out documents with faults instead of publishing nothing");
  verb->add_option("--seal", arguments->seal_to,
                   "seal private keys and passwords to this public key (posternctl dkim seal-key)");
  verb->footer(
      "Examples: posternctl policy publish /srv/policies --dry-run --prune\n"
      "          posternctl policy publish /srv/policies --redis-user postern-writer "
      "--redis-password-file /etc/postern/writer.password\n"
      "          posternctl policy publish /srv/policies --redis-url redis://10.0.0.5:6379/0");
  verb->callback([&context, arguments] {
    context.chosen = [&context, arguments] { return publish(context, *arguments); };
  });
}

}  // namespace postern::ctl
