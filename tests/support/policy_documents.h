// Purpose:   small policy documents for tests that care about when they are in force, not what they do.
#pragma once

#include <string>
#include <vector>

namespace postern::test {

inline std::string domain_json(const std::string& name,
                               const std::vector<std::string>& aliases = {},
                               const std::string& id = "D1") {
  std::string list;
  for (const auto& alias : aliases) {
    list += (list.empty() ? "" : ",") + std::string(R"({"id":"a","name":")") + alias + "\"}";
  }
  return R"({"id":")" + id + R"(","name":")" + name + R"(","domainAliases":[)" + list + "]}";
}

inline std::string user_json(const std::string& address, const std::string& id = "U1") {
  return R"({"id":")" + id + R"(","email":")" + address + "\"}";
}

}  // namespace postern::test
