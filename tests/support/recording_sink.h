// Purpose:   a PolicySink that keeps what a source says, and the documents as they stand after it.
// Threading: safe from any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "ports/policy_source.h"

namespace postern::test {

class RecordingSink final : public ports::PolicySink {
 public:
  struct Heard {
    std::map<std::string, std::string> documents;                           // key -> JSON text, now
    std::map<std::pair<std::string, std::string>, std::string> unreadable;  // (key, origin) -> why
    std::vector<std::string> deleted;                                       // keys, in order
    std::size_t full_sets = 0;
    std::size_t changes = 0;
    std::optional<std::string> away;
    std::size_t confirmations = 0;
    std::string position;
  };

  void full_set(std::vector<ports::RawDocument> documents, std::string position) override {
    heard_.with([&](Heard& heard) {
      heard.documents.clear();
      for (auto& document : documents) heard.documents[document.key] = document.json.value();
      ++heard.full_sets;
      heard.position = position;
    });
  }
  void changes(std::vector<ports::RawDocument> documents, std::string position) override {
    heard_.with([&](Heard& heard) {
      for (auto& document : documents) {
        if (document.json) {
          heard.documents[document.key] = *document.json;
        } else {
          heard.documents.erase(document.key);
          heard.deleted.push_back(document.key);
        }
      }
      ++heard.changes;
      heard.position = position;
    });
  }
  void unreadable(std::string key, std::string origin, std::string why) override {
    heard_.with([&](Heard& heard) { heard.unreadable[{key, origin}] = why; });
  }
  void availability(std::optional<std::string> away_because) override {
    heard_.with([&](Heard& heard) {
      heard.away = std::move(away_because);
      if (!heard.away) ++heard.confirmations;
    });
  }

  Heard heard() const {
    return heard_.with([](const Heard& heard) { return heard; });
  }
  // Without copying: for conditions that are asked often.
  template <typename Ask>
  auto ask(Ask&& question) const {
    return heard_.with([&](const Heard& heard) { return question(heard); });
  }
  bool has(const std::string& key, const std::string& json) const {
    return ask([&](const Heard& heard) {
      const auto found = heard.documents.find(key);
      return found != heard.documents.end() && found->second == json;
    });
  }
  bool lacks(const std::string& key) const {
    return ask([&](const Heard& heard) { return !heard.documents.contains(key); });
  }

 private:
  Guarded<Heard> heard_;
};

}  // namespace postern::test
