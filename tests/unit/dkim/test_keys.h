// Purpose:   fresh key pairs, in the form policies hold them.
#pragma once

#include <string>

#include "base/clock.h"
#include "policy/documents.h"

namespace postern::test {

class FixedClock final : public Clock {
 public:
  WallTime wall() const override { return WallTime(std::chrono::seconds(1'779'723'543)); }
  SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
};

policy::DkimKey make_key(policy::DkimAlgorithm algorithm, const std::string& selector,
                         unsigned bits = 2048);
// The TXT record of its public half.
std::string txt_record(const policy::DkimKey& key);

}  // namespace postern::test
