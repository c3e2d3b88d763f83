#include "ctl/target.h"

#include <filesystem>

#include "adapters/directory/directory_store.h"
#include "adapters/redis/redis_store.h"
#include "settings/load.h"

namespace postern::ctl {
namespace {

using Target = std::variant<std::unique_ptr<ports::DocumentStore>, int>;

Target open_redis(const Context& context, const TargetOptions& options) {
  auto outcome = settings::load_file(context.config, settings::SecretFiles::leave);
  if (const auto* const faults = std::get_if<std::vector<settings::Fault>>(&outcome)) {
    for (const settings::Fault& fault : *faults) fail(kConfiguration, fault.to_string());
    return kConfiguration;
  }
  const settings::PolicyRedis& redis = std::get<settings::Settings>(outcome).policy.redis;
  const auto address = redis::ServerAddress::parse(redis.url);
  if (!address) return fail(kConfiguration, "policy.redis.url: " + address.error().what);
  redis::RedisStoreOptions chosen;
  chosen.address = *address;
  chosen.prefix = redis.prefix;
  // The daemon's own user may only read: a writer says who he is.
  chosen.login.username = options.redis_user.empty() ? redis.username : options.redis_user;
  const std::string& file =
      options.redis_password_file.empty() ? redis.password_file.path : options.redis_password_file;
  if (!file.empty()) {
    auto password = settings::read_secret_file(file);
    if (!password) return fail(kConfiguration, password.error().what);
    chosen.login.password = std::move(*password);
  }
  return std::make_unique<redis::RedisStore>(std::move(chosen));
}

}  // namespace

CLI::Option* add_target_options(CLI::App& verb, TargetOptions& options,
                                const std::string& to_description) {
  verb.add_option("--redis-user", options.redis_user,
                  "with --to redis: who writes; else policy.redis.username");
  verb.add_option("--redis-password-file", options.redis_password_file,
                  "with --to redis: the file with his password; else policy.redis.password_file");
  return verb.add_option("--to", options.to, to_description);
}

Target open_target(const Context& context, const TargetOptions& options) {
  if (options.to == "redis") return open_redis(context, options);
  std::error_code error;
  if (!std::filesystem::is_directory(options.to, error)) {
    return fail(kUsage, options.to + ": no such directory (and not the word redis)");
  }
  return std::make_unique<directory::DirectoryStore>(options.to);
}

}  // namespace postern::ctl
