#include "adapters/admin_api/listing.h"

#include <unordered_set>
#include <utility>

#include "base/text.h"

namespace postern::admin_api {
namespace {

using policy::Json;

constexpr int kMostReadings = 3;
constexpr std::size_t kPageSize = 500;
constexpr std::uint64_t kMostEntries = 20'000'000;

std::string id_of(const Json& entry) {
  const Json* id = entry.find("id");
  if (id == nullptr) return "";
  if (const auto* text = std::get_if<std::string>(&id->value)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&id->value)) return std::to_string(*number);
  return "";
}

class Reading {
 public:
  Reading(ApiClient& client, const std::string& path, const ListSink& sink)
      : client_(client), path_(path), sink_(sink) {}

  ListingResult run() {
    sink_.begin();
    while (true) {
      auto page = client_.get(path_ + "?offset=" + std::to_string(listing_.entries) +
                              "&pageSize=" + std::to_string(kPageSize) + "&sort=id");
      if (auto* const error = std::get_if<ApiError>(&page)) return std::move(*error);
      auto& answer = std::get<ApiAnswer>(page);
      auto* const entries = std::get_if<Json::Array>(&answer.body.value);
      if (entries == nullptr) {
        return ApiError{ApiFault::wrong, path_ + ": expected a list, found " +
                                             std::string(policy::kind_of(answer.body))};
      }
      if (listing_.entries == 0 && !total_) {
        total_ = answer.total;
      } else if (total_ != answer.total) {
        return inconsistent("the number of entries changed");
      }
      if (auto end = take(*entries)) return *end;
    }
  }

 private:
  Listing inconsistent(std::string why) {
    listing_.consistent = false;
    listing_.why = path_ + ": " + std::move(why);
    return listing_;
  }
  Listing all() {
    listing_.consistent = true;
    listing_.counted = total_.has_value();
    return listing_;
  }

  // Nothing: there is more to ask for.
  std::optional<ListingResult> take(Json::Array& entries) {
    if (entries.empty()) {
      if (total_ && listing_.entries < *total_) {
        return inconsistent("ended after " + std::to_string(listing_.entries) + " of " +
                            std::to_string(*total_) + " entries");
      }
      return all();
    }
    for (Json& entry : entries) {
      if (!std::holds_alternative<Json::Object>(entry.value)) {
        return ApiError{ApiFault::wrong, path_ + ": an entry that is no object"};
      }
      const std::string id = id_of(entry);
      if (!id.empty() && !ids_.insert(id).second) {
        // An API that knows no pages for this list says the same again.
        if (!total_ && &entry == &entries.front()) return all();
        return inconsistent("the id " + printable(id, 60) + " is there twice");
      }
      if (++listing_.entries > kMostEntries) return inconsistent("more than 20 million entries");
      sink_.entry(std::move(entry));
    }
    if (total_ && listing_.entries > *total_) {
      return inconsistent("more entries than the " + std::to_string(*total_) + " it speaks of");
    }
    if (total_ && listing_.entries == *total_) return all();
    return std::nullopt;
  }

  ApiClient& client_;
  const std::string& path_;
  const ListSink& sink_;
  Listing listing_;
  std::optional<std::uint64_t> total_;
  std::unordered_set<std::string> ids_;
};

}  // namespace

ListingResult read_list(ApiClient& client, const std::string& path, const ListSink& sink) {
  ListingResult last = Listing{};
  for (int i = 0; i < kMostReadings; ++i) {
    last = Reading(client, path, sink).run();
    const auto* listing = std::get_if<Listing>(&last);
    if (listing == nullptr || listing->consistent) break;
  }
  return last;
}

}  // namespace postern::admin_api
