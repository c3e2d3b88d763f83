// Purpose:   reads maps: which members there are, which are unknown or said twice, and what an
// unknown
//            one was probably meant to be.
// Ownership: borrows the place it is given.
// Threading: one thread.
// Failure:   faults go where the place says.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "settings/place.h"

namespace postern::settings {

// Every member of a map, each name once. False (and a fault) where the value is no map.
bool for_each_named(const Place& place,
                    const std::function<void(const std::string&, const Place&)>& visit);

// The known members of a map by name; every other one is a fault. `elsewhere` are full keys that an
// unknown one may have been meant for, besides the known ones.
std::map<std::string, Place> read_members(const Place& place, const std::vector<std::string>& known,
                                          const std::vector<std::string>& elsewhere = {});

// The word that was probably meant; empty where none is close.
std::string nearest(const std::string& word, const std::vector<std::string>& words);

}  // namespace postern::settings
