// Purpose:   where a verb writes documents: --to DIR, or --to redis as the configuration names it.
// Failure:   open_target() says what is wrong and answers the exit code: 78 for the configuration, 2
//            for a directory that is none. Whether Redis answers shows with the first use.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "ctl/context.h"
#include "ports/document_store.h"

namespace postern::ctl {

struct TargetOptions {
  std::string to;                   // a directory, or "redis"; empty: nowhere
  std::string redis_url;            // empty: policy.redis.url
  std::string redis_prefix;         // empty: policy.redis.prefix
  std::string redis_user;           // empty: policy.redis.username
  std::string redis_password_file;  // empty: policy.redis.password_file
};

// --to (with these words of what it means without), and --redis-url, -prefix, -user, -password-file.
// With --redis-url no configuration needs to be there.
CLI::Option* add_target_options(CLI::App& verb, TargetOptions& options,
                                const std::string& to_description);

std::variant<std::unique_ptr<ports::DocumentStore>, int> open_target(const Context& context,
                                                                     const TargetOptions& options);

// Says why the store did not do it and, where that is known, what to do about it; answers kNo.
int fail_store(const Error& error, const std::string& besides = "");

// policy.shrink_guard of the configuration, or its default where the options need no configuration.
// Answers the exit code, 0: done.
int shrink_guard_of(const Context& context, const TargetOptions& options, double& share);

}  // namespace postern::ctl
