// Purpose:   libspf2's way to the DNS: our resolver behind its plug-in interface, the limits of RFC
//            7208 kept here because the library keeps them for each record by itself.
// Ownership: borrows the resolver; owns the plug-in's structure.
// Threading: one check at a time.
// Failure:   the first thing that went wrong is kept as the verdict of the whole check, whatever the
//            library makes of it.
// Source:    RFC 7208 4.6.4, 5.4, 5.5.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "decide/authentication.h"
#include "ports/resolver.h"

struct SPF_dns_server_struct;
struct SPF_dns_rr_struct;
struct SPF_server_struct;
struct SPF_response_struct;
struct SPF_record_struct;

namespace postern::spf2 {

class DnsBridge {
 public:
  struct Problem {
    decide::SpfResult result = decide::SpfResult::permerror;
    std::string what;
  };

  explicit DnsBridge(ports::Resolver& resolver);
  DnsBridge(const DnsBridge&) = delete;
  DnsBridge& operator=(const DnsBridge&) = delete;
  ~DnsBridge();

  SPF_dns_server_struct* plug_in() { return plug_in_.get(); }
  void begin(Deadline deadline);
  // Also "none": the checked domain has no record.
  const std::optional<Problem>& problem() const { return problem_; }

  // What the plug-in's functions do. `type` is a DNS type's number; codes are the library's.
  SPF_dns_rr_struct* look_up(const char* domain, int type);
  int get_record(SPF_server_struct* server, const char* domain, SPF_response_struct* response,
                 SPF_record_struct** record);

 private:
  struct Found {
    int code = 0;
    ports::DnsAnswer answer;
  };
  Found ask(const std::string& name, ports::DnsType type);
  Found ask_addresses(const std::string& name, ports::DnsType type);
  Found ask_mx(const std::string& name);
  Found ask_ptr(const std::string& name);
  bool count_term();
  bool count_void(const Found& found);
  void fail(decide::SpfResult result, std::string what);
  SPF_dns_rr_struct* to_library(const char* domain, int type, const Found& found);

  ports::Resolver& resolver_;
  std::unique_ptr<SPF_dns_server_struct> plug_in_;
  Deadline deadline_ = Deadline(SteadyTime());
  std::optional<Problem> problem_;
  int records_ = 0;
  int terms_ = 0;
  int voids_ = 0;
  // Hosts of the MX or PTR answer before, whose addresses are asked for next: no terms of their own.
  std::deque<std::string> expected_;
  bool expected_from_ptr_ = false;
};

}  // namespace postern::spf2
