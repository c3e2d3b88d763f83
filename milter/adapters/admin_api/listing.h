// Purpose:   a list of an admin API from its first page to its last, and whether that was all of it.
// Threading: as the client; a listing itself is one thread's.
// Failure:   an ApiError where a page could not be had. A list that changes while it is read is read
//            again, three times at most; then it is `consistent: false` with the reason, and nothing may
//            be taken for deleted because it is not in it.
// Units:     500 entries are asked for at a time; as many as came are counted.
#pragma once

#include <functional>
#include <string>
#include <variant>

#include "adapters/admin_api/api_client.h"

namespace postern::admin_api {

struct Listing {
  std::uint64_t entries = 0;
  bool consistent =
      false;             // as many distinct ones as the API said, from the first page to the last
  bool counted = false;  // the API said how many there are
  std::string why;       // where it is not consistent
};

using ListingResult = std::variant<Listing, ApiError>;

struct ListSink {
  std::function<void()> begin;  // before the first entry, and again where it is read anew
  std::function<void(policy::Json&&)> entry;  // an object
};

// `path` without a query.
ListingResult read_list(ApiClient& client, const std::string& path, const ListSink& sink);

}  // namespace postern::admin_api
