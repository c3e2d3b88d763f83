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
  std::string redis_user;           // empty: policy.redis.username
  std::string redis_password_file;  // empty: policy.redis.password_file
};

// --to (with these words of what it means without), --redis-user and --redis-password-file.
CLI::Option* add_target_options(CLI::App& verb, TargetOptions& options,
                                const std::string& to_description);

std::variant<std::unique_ptr<ports::DocumentStore>, int> open_target(const Context& context,
                                                                     const TargetOptions& options);

}  // namespace postern::ctl
