// Purpose:   where a reader of values stands: the value, its full key, and where faults go.
// Ownership: borrows the tree and the reading; lives while one value is read.
// Threading: one thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "settings/fault.h"
#include "settings/secret_file.h"
#include "settings/tree.h"

namespace postern::settings {

// One pass over one file.
struct Reading {
  std::string file;
  SecretFiles secret_files = SecretFiles::read;
  std::vector<Fault> faults;
};

class Place {
 public:
  Place(Reading& reading, const Node& node, std::string key, unsigned line)
      : reading_(&reading), node_(&node), key_(std::move(key)), line_(line) {}

  const Node& node() const { return *node_; }
  const std::string& key() const { return key_; }
  Reading& reading() const { return *reading_; }

  Place member(const Node::Member& member) const {
    return {*reading_, member.value, key_.empty() ? member.key : key_ + "." + member.key,
            member.line};
  }
  Place item(std::size_t index) const {
    const Node& item = node_->items[index];
    return {*reading_, item, key_ + "[" + std::to_string(index) + "]",
            item.line == 0 ? line_ : item.line};
  }
  void wrong(std::string what) const {
    reading_->faults.push_back({reading_->file, line_, key_, std::move(what)});
  }

 private:
  Reading* reading_;
  const Node* node_;
  std::string key_;
  unsigned line_;
};

}  // namespace postern::settings
