#include "adapters/directory/yaml_to_json.h"

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/text.h"

namespace postern::directory {
namespace {

using Json = nlohmann::ordered_json;

// Leaves yaml-cpp's parser from inside an event; caught in yaml_to_json(), never further.
struct Refused : std::runtime_error {
  Refused(const YAML::Mark& mark, const std::string& what)
      : std::runtime_error("line " + std::to_string(mark.line + 1) + ": " + what) {}
};

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const auto word : words) {
    if (text == word) return true;
  }
  return false;
}

std::string_view without_sign(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  return text;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool looks_like_float(std::string_view text) {
  text = without_sign(text);
  if (const auto e = text.find_first_of("eE"); e != std::string_view::npos) {
    if (!all_digits(without_sign(text.substr(e + 1)))) return false;
    text = text.substr(0, e);
  }
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return all_digits(text);
  const auto whole = text.substr(0, dot);
  const auto fraction = text.substr(dot + 1);
  if (whole.empty()) return all_digits(fraction);
  return all_digits(whole) && (fraction.empty() || all_digits(fraction));
}

template <typename T>
std::optional<T> whole_number(std::string_view digits, int base) {
  T value{};
  const auto [end, fault] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (fault != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

Json integer(const YAML::Mark& mark, std::string_view text, std::string_view digits, int base) {
  if (text.front() == '-') {
    if (const auto value = whole_number<std::int64_t>("-" + std::string(digits), base))
      return *value;
  } else if (const auto value = whole_number<std::uint64_t>(digits, base)) {
    return *value;
  }
  throw Refused(mark, "the number is out of range (quote it, if it is a text)");
}

Json plain_scalar(const YAML::Mark& mark, const std::string& text) {
  if (one_of(text, {"", "~", "null", "Null", "NULL"})) return nullptr;
  if (one_of(text, {"true", "True", "TRUE"})) return true;
  if (one_of(text, {"false", "False", "FALSE"})) return false;
  if (all_digits(without_sign(text))) return integer(mark, text, without_sign(text), 10);
  const std::string_view rest =
      std::string_view(text).substr(std::min<std::size_t>(2, text.size()));
  if (text.starts_with("0o") && !rest.empty() &&
      rest.find_first_not_of("01234567") == std::string_view::npos) {
    return integer(mark, text, rest, 8);
  }
  if (text.starts_with("0x") && !rest.empty() &&
      rest.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos) {
    return integer(mark, text, rest, 16);
  }
  if (one_of(without_sign(text), {".inf", ".Inf", ".INF"}) ||
      one_of(text, {".nan", ".NaN", ".NAN"})) {
    throw Refused(mark, "JSON has no infinity and no NaN");
  }
  if (looks_like_float(text)) {
    // from_chars knows no leading plus sign; JSON's own form decides about the rest.
    const std::string_view digits = text.front() == '+' ? std::string_view(text).substr(1) : text;
    double value = 0;
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (fault != std::errc() || end != digits.data() + digits.size() || !std::isfinite(value)) {
      throw Refused(mark, "the number is out of range (quote it, if it is a text)");
    }
    return value;
  }
  return text;
}

// Builds the JSON value from the parser's events. Its own budget bounds it: yaml-cpp bounds the depth
// (500) but neither the number of nodes nor what aliases expand to.
class Builder final : public YAML::EventHandler {
 public:
  Json take() { return std::move(root_); }
  bool empty() const { return !complete_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (complete_) throw Refused(mark, "a second document in one file");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (expects_key()) throw Refused(mark, "a key is null");
    spend(mark, 1, 4);
    add(mark, nullptr, anchor, Cost{1, 4});
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (expects_key()) throw Refused(mark, "an alias where a key is expected");
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Refused(mark, "an alias inside what it stands for");
    spend(mark, found->second.cost.nodes, found->second.cost.size);
    add(mark, found->second.value, YAML::NullAnchor, found->second.cost);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const Cost cost{1, value.size() + 4};
    spend(mark, cost.nodes, cost.size);
    if (expects_key()) {
      if (value == "<<" && tag == "?") throw Refused(mark, "merge keys are not YAML 1.2");
      open_.back().key = value;
      return;
    }
    if (tag == "!" || tag == "tag:yaml.org,2002:str") {
      add(mark, value, anchor, cost);
    } else if (tag == "?" || tag.empty()) {
      add(mark, plain_scalar(mark, value), anchor, cost);
    } else {
      throw Refused(mark, "unknown tag " + printable(tag, 80));
    }
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, Json::array());
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, Json::object());
  }
  void OnMapEnd() override { close(); }

 private:
  struct Cost {
    std::size_t nodes = 0;
    std::size_t size = 0;
  };
  struct Anchored {
    Json value;
    Cost cost;
  };
  struct Open {
    Json value;
    YAML::Mark mark;
    YAML::anchor_t anchor = YAML::NullAnchor;
    std::optional<std::string> key;  // of the member whose value comes next
    std::set<std::string> keys;
    Cost cost{1, 2};
  };

  bool expects_key() const {
    return !open_.empty() && open_.back().value.is_object() && !open_.back().key;
  }

  void spend(const YAML::Mark& mark, std::size_t nodes, std::size_t size) {
    spent_.nodes += nodes;
    spent_.size += size;
    if (spent_.nodes > kMaxYamlNodes || spent_.size > kMaxYamlSize) {
      throw Refused(mark, "the document grows past its limits (100000 values, 16 MiB)");
    }
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Json empty) {
    if (expects_key()) throw Refused(mark, "a key is a list or a map");
    if (tag != "?" && !tag.empty() && tag != "!" && tag != "tag:yaml.org,2002:map" &&
        tag != "tag:yaml.org,2002:seq") {
      throw Refused(mark, "unknown tag " + printable(tag, 80));
    }
    spend(mark, 1, 2);
    Open next;
    next.value = std::move(empty);
    next.mark = mark;
    next.anchor = anchor;
    open_.push_back(std::move(next));
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(done.mark, std::move(done.value), done.anchor, done.cost);
  }

  void add(const YAML::Mark& mark, Json value, YAML::anchor_t anchor, Cost cost) {
    if (anchor != YAML::NullAnchor) {
      // The copy is paid for as well: nested anchors would otherwise copy without bound.
      spend(mark, cost.nodes, cost.size);
      anchors_.insert_or_assign(anchor, Anchored{value, cost});
    }
    if (open_.empty()) {
      root_ = std::move(value);
      complete_ = true;
      return;
    }
    Open& parent = open_.back();
    parent.cost.nodes += cost.nodes;
    parent.cost.size += cost.size;
    if (parent.value.is_array()) {
      parent.value.push_back(std::move(value));
      return;
    }
    const std::string key = *std::exchange(parent.key, std::nullopt);
    parent.cost.size += key.size() + 4;
    if (!parent.keys.insert(key).second) {
      throw Refused(mark, "the key " + printable(key, 80) + " stands twice");
    }
    // Straight to the end: ordered_json's operator[] searches, which is quadratic.
    parent.value.get_ref<Json::object_t&>().emplace_back(key, std::move(value));
  }

  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  Json root_;
  bool complete_ = false;
  Cost spent_;
};

}  // namespace

Result<std::string> yaml_to_json(std::string_view yaml) {
  if (yaml.size() > kMaxYamlSize) return permanent_error("larger than 16 MiB");
  try {
    std::istringstream input{std::string(yaml)};
    YAML::Parser parser(input);
    Builder builder;
    while (parser.HandleNextDocument(builder)) {
    }
    if (builder.empty()) return permanent_error("the file holds no document");
    return builder.take().dump();
  } catch (const YAML::Exception& fault) {
    return permanent_error("line " + std::to_string(fault.mark.line + 1) + ": " +
                           printable(fault.msg, 200));
  } catch (const std::exception& fault) {
    return permanent_error(printable(fault.what(), 200));
  }
}

}  // namespace postern::directory
