#include "policy/json_tree.h"

#include <strings.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/text.h"

namespace postern::policy {
namespace {

// nlohmann's parser calls this for every token; answering false ends it.
class TreeBuilder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return add(Json{nullptr}); }
  bool boolean(bool value) override { return add(Json{value}); }
  bool number_integer(number_integer_t value) override { return add(Json{value}); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<number_unsigned_t>(INT64_MAX)) return add(Json{value});
    return add(Json{static_cast<std::int64_t>(value)});
  }
  bool number_float(number_float_t value, const string_t&) override { return add(Json{value}); }
  bool string(string_t& value) override {
    const bool added = add(Json{value});
    // The parser's own copy may be of a private key.
    explicit_bzero(value.data(), value.size());
    return added;
  }
  bool binary(binary_t&) override { return false; }  // never in a JSON text
  bool start_object(std::size_t) override { return descend(Json{Json::Object{}}); }
  bool start_array(std::size_t) override { return descend(Json{Json::Array{}}); }
  bool key(string_t& name) override {
    std::get<Json::Object>(open_.back()->value).push_back({name, Json{nullptr}});
    return true;
  }
  bool end_object() override {
    const auto& members = std::get<Json::Object>(open_.back()->value);
    std::vector<std::string_view> names;
    names.reserve(members.size());
    for (const auto& member : members) names.emplace_back(member.name);
    std::sort(names.begin(), names.end());
    if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end()) {
      return refuse("the member \"" + printable(*twice, 40) + "\" stands twice in one object");
    }
    open_.pop_back();
    return true;
  }
  bool end_array() override {
    open_.pop_back();
    return true;
  }
  // The library's own text quotes what it read: only the place is taken over.
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::json::exception&) override {
    failed_at_ = position;
    return false;
  }

  const std::optional<std::string>& refusal() const { return refusal_; }
  std::size_t failed_at() const { return failed_at_; }
  Json take() { return std::move(root_); }

 private:
  bool refuse(std::string why) {
    refusal_ = std::move(why);
    return false;
  }
  Json* place(Json json) {
    if (open_.empty()) {
      root_ = std::move(json);
      return &root_;
    }
    if (auto* array = std::get_if<Json::Array>(&open_.back()->value)) {
      return &array->emplace_back(std::move(json));
    }
    // key() has just appended the member that this is the value of.
    Json& slot = std::get<Json::Object>(open_.back()->value).back().value;
    slot = std::move(json);
    return &slot;
  }
  bool add(Json json) {
    place(std::move(json));
    return true;
  }
  bool descend(Json json) {
    if (open_.size() >= kMaxDocumentDepth) {
      return refuse("nested deeper than " + std::to_string(kMaxDocumentDepth) + " levels");
    }
    // Safe to keep: a parent does not grow while its last child is open.
    open_.push_back(place(std::move(json)));
    return true;
  }

  Json root_;
  std::vector<Json*> open_;
  std::optional<std::string> refusal_;
  std::size_t failed_at_ = 0;
};

// "line 3, column 14" of the octet before `position`, as the parser counts.
std::string place_of(std::string_view text, std::size_t position) {
  const std::string_view before = text.substr(0, position == 0 ? 0 : position - 1);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0: the first line
  return "line " + std::to_string(line) + ", column " +
         std::to_string(before.size() - line_start + 1);
}

nlohmann::ordered_json to_library(const Json& json) {
  return std::visit(
      Overloaded{
          [](const Json::Array& array) {
            auto out = nlohmann::ordered_json::array();
            for (const auto& element : array) out.push_back(to_library(element));
            return out;
          },
          [](const Json::Object& object) {
            // Names are unique already; the library's own look for them is quadratic.
            nlohmann::ordered_json::object_t out;
            out.reserve(object.size());
            for (const auto& [name, value] : object) {
              out.push_back(nlohmann::ordered_json::object_t::value_type(name, to_library(value)));
            }
            return nlohmann::ordered_json(std::move(out));
          },
          [](const auto& scalar) { return nlohmann::ordered_json(scalar); },
      },
      json.value);
}

}  // namespace

const Json* Json::find(std::string_view name) const {
  const auto* object = std::get_if<Object>(&value);
  if (object == nullptr) return nullptr;
  const auto found = std::find_if(object->begin(), object->end(),
                                  [name](const JsonMember& member) { return member.name == name; });
  return found == object->end() ? nullptr : &found->value;
}

Json* Json::find(std::string_view name) {
  return const_cast<Json*>(std::as_const(*this).find(name));  // NOLINT: this object is not const
}

void Json::set(std::string_view name, Json member) {
  if (Json* known = find(name)) {
    *known = std::move(member);
  } else {
    std::get<Object>(value).push_back({std::string(name), std::move(member)});
  }
}

Result<Json> parse_json(std::string_view text) {
  if (text.size() > kMaxDocumentSize) {
    return permanent_error("the document has " + std::to_string(text.size()) +
                           " octets, more than " + std::to_string(kMaxDocumentSize));
  }
  // The parser would take a NUL for the end of the text and believe what stands before it.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return permanent_error("not JSON: a NUL at " + place_of(text, nul + 1));
  }
  try {
    TreeBuilder builder;
    if (nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return builder.take();
    if (builder.refusal()) return permanent_error(*builder.refusal());
    return permanent_error("not JSON: wrong at " + place_of(text, builder.failed_at()));
  } catch (const std::exception&) {
    return permanent_error("not JSON: the parser gave up");
  }
}

std::string dump_json(const Json& json) {
  return to_library(json).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string_view kind_of(const Json& json) {
  return std::visit(Overloaded{
                        [](std::nullptr_t) { return std::string_view("null"); },
                        [](bool) { return std::string_view("a boolean"); },
                        [](const std::string&) { return std::string_view("a string"); },
                        [](const Json::Array&) { return std::string_view("an array"); },
                        [](const Json::Object&) { return std::string_view("an object"); },
                        [](auto) { return std::string_view("a number"); },
                    },
                    json.value);
}

void wipe_texts(Json& json) {
  std::visit(Overloaded{
                 [](std::string& text) { explicit_bzero(text.data(), text.size()); },
                 [](Json::Array& array) {
                   for (auto& element : array) wipe_texts(element);
                 },
                 [](Json::Object& object) {
                   for (auto& member : object) wipe_texts(member.value);
                 },
                 [](auto&) {},
             },
             json.value);
}

}  // namespace postern::policy
