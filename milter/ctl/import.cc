// import: one document of an admin API to its keys.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>

#include "base/text.h"
#include "ctl/context.h"
#include "ctl/target.h"
#include "dialects/merge.h"
#include "policy/decode.h"
#include "policy/snapshot.h"

namespace postern::ctl {
namespace {

constexpr std::size_t kDocumentsAtOnce = 200;

struct Arguments {
  std::string dialect;
  std::string file;
  std::string as;
  TargetOptions target;
};

struct Prepared {
  policy::DocumentKey key;
  std::string text;
  const char* change = "";  // "new", "changed", "unchanged"
};

Result<std::string> read_input(const std::string& path) {
  std::ifstream file;
  if (path != "-") file.open(path, std::ios::binary);
  std::istream& in = path == "-" ? std::cin : file;
  std::string text(policy::kMaxDocumentSize + 1, '\0');
  if (path != "-" && !file.is_open()) return permanent_error(path + ": cannot be read");
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return permanent_error(path + ": cannot be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > policy::kMaxDocumentSize) return permanent_error(path + ": larger than 16 MiB");
  return text;
}

// What is there already, with what came laid over it; judged by the decoder that the daemon uses.
Result<Prepared> prepare(dialects::Dialect dialect, dialects::ReadDocument document,
                         const std::map<std::string, std::string>& stored) {
  const std::string name = document.key.to_string();
  Prepared prepared{document.key, "", "new"};
  const auto there = stored.find(name);
  if (there != stored.end()) {
    if (document.only_new) {
      return permanent_error(name + ": is there already, and the request says create_only");
    }
    const auto before = policy::parse_json(there->second);
    // One that cannot be read is in force nowhere: nothing of it is worth keeping.
    if (before) document.json = merge_import(dialect, *before, std::move(document.json));
    prepared.text = policy::dump_json(document.json);
    prepared.change =
        before && policy::dump_json(*before) == prepared.text ? "unchanged" : "changed";
  } else {
    prepared.text = policy::dump_json(document.json);
  }
  policy::wipe_texts(document.json);
  const auto judged = policy::decode(document.key, prepared.text, {});
  if (!judged) return permanent_error(name + ": " + judged.error().what);
  return prepared;
}

// What is in force of these documents and counts for nothing all the same.
std::vector<std::string> warnings_of(const std::vector<Prepared>& documents) {
  policy::SnapshotEditor editor(policy::Snapshot{}, policy::DecodeOptions{});
  std::vector<std::string> warnings;
  for (const Prepared& document : documents) {
    if (const Status put = editor.put(document.key, document.text); !put) {
      warnings.push_back(document.key.to_string() + ": " + put.error().what);
    }
  }
  const auto snapshot = editor.finish(1);
  snapshot->for_each_domain([&](const policy::Domain& domain) {
    if (!domain.policy && !domain.policy_id) {
      warnings.push_back("domain:" + domain.name + ": has no policy; its mail is deferred");
    }
    for (const std::string& fault : domain.subnet_faults) {
      warnings.push_back("domain:" + domain.name + ": outgoingSubnets " + fault);
    }
  });
  snapshot->for_each_rule_fault([&](const policy::DocumentKey& key, const std::string& fault) {
    warnings.push_back(key.to_string() + ": " + fault);
  });
  return warnings;
}

Status write(ports::DocumentStore& store, const std::vector<Prepared>& documents) {
  std::vector<ports::DocumentChange> batch;
  for (const Prepared& document : documents) {
    if (std::string_view(document.change) == "unchanged") continue;
    batch.push_back({document.key.to_string(), document.text});
    if (batch.size() < kDocumentsAtOnce) continue;
    if (auto done = store.write(batch); !done) return done;
    batch.clear();
  }
  return store.write(batch);
}

void print_import(const json& answer) {
  for (const json& document : answer["documents"]) {
    std::printf("%s: %s\n%s\n", printable_utf8(text_of(document["key"])).c_str(),
                text_of(document["change"]).c_str(),
                printable_utf8(document["understood"].dump(2)).c_str());
  }
  for (const json& note : answer["notes"]) {
    std::printf("note: %s\n", printable_utf8(text_of(note)).c_str());
  }
  for (const json& warning : answer["warnings"]) {
    std::printf("warning: %s\n", printable_utf8(text_of(warning)).c_str());
  }
  if (answer["to"].is_null()) {
    std::printf("nothing is written: --to says where to\n");
  } else {
    std::printf("%s written to %s\n", text_of(answer["written"]).c_str(),
                printable_utf8(text_of(answer["to"])).c_str());
  }
}

json answer_of(const std::vector<Prepared>& documents, const std::vector<std::string>& notes) {
  json told = json::array();
  for (const Prepared& document : documents) {
    const auto shown = policy::show_as_understood(document.key, document.text, {});
    told.push_back({{"key", document.key.to_string()},
                    {"change", document.change},
                    {"understood", shown ? json::parse(*shown) : json()}});
  }
  return {{"documents", told}, {"notes", notes}, {"warnings", warnings_of(documents)}};
}

int run(const Context& context, const Arguments& arguments) {
  const auto dialect = dialects::dialect_named(arguments.dialect);
  if (!dialect) {
    return fail(kUsage,
                arguments.dialect +
                    ": no such dialect; there are cleanmail, opensrs, ses, fujitsu and hitachi");
  }
  std::unique_ptr<ports::DocumentStore> store;
  if (!arguments.target.to.empty()) {
    auto opened = open_target(context, arguments.target);
    if (const int* const exit = std::get_if<int>(&opened)) return *exit;
    store = std::move(std::get<std::unique_ptr<ports::DocumentStore>>(opened));
  }
  const auto text = read_input(arguments.file);
  if (!text) return fail(kNo, text.error().what);
  auto reading = dialects::read(*dialect, *text, arguments.as);
  if (!reading) return fail(kNo, arguments.file + ": " + reading.error().what);

  std::map<std::string, std::string> stored;
  if (store) {
    std::vector<std::string> keys;
    for (const auto& document : reading->documents) keys.push_back(document.key.to_string());
    auto there = store->read(keys);
    if (!there) return fail_store(there.error());
    stored = std::move(*there);
  }
  std::vector<Prepared> documents;
  for (auto& document : reading->documents) {
    auto prepared = prepare(*dialect, std::move(document), stored);
    if (!prepared) return fail(kNo, arguments.file + ": " + prepared.error().what);
    documents.push_back(std::move(*prepared));
  }
  json answer = answer_of(documents, reading->notes);
  answer["to"] = store ? json(store->describe()) : json();
  answer["written"] = 0;
  if (store) {
    if (const Status done = write(*store, documents); !done) return fail_store(done.error());
    answer["written"] = std::count_if(
        documents.begin(), documents.end(),
        [](const Prepared& document) { return std::string_view(document.change) != "unchanged"; });
  }
  print(context, answer, print_import);
  return kDone;
}

}  // namespace

void add_import(CLI::App& app, Context& context) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const verb =
      app.add_subcommand("import", "one document of an admin API to its key, checked first");
  verb->add_option("dialect", arguments->dialect, "whose document it is")
      ->type_name("cleanmail|opensrs|ses|fujitsu|hitachi")
      ->required();
  verb->add_option("file", arguments->file, "the document as it was saved; - reads it from stdin")
      ->required();
  verb->add_option("--as", arguments->as,
                   "whose document it is where it does not say so: a name, or the whole key");
  add_target_options(*verb, arguments->target,
                     "a policy directory, or redis; without it nothing is written");
  verb->footer(
      "Examples: posternctl import cleanmail domain.json --to /etc/postern/policy\n"
      "          posternctl import opensrs change_domain.json --to redis --redis-user "
      "postern-writer --redis-password-file /etc/postern/writer.password\n"
      "          posternctl import ses mail-from.json --as sender@example.com --to redis\n"
      "          posternctl import fujitsu identities.xml --to redis\n"
      "          posternctl import hitachi smarthost.json --as default --to redis");
  verb->callback([&context, arguments] {
    context.chosen = [&context, arguments] { return run(context, *arguments); };
  });
}

}  // namespace postern::ctl
