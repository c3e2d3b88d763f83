#include "ctl/target.h"

#include <filesystem>

#include "adapters/directory/directory_store.h"
#include "adapters/redis/redis_store.h"
#include "settings/load.h"

namespace postern::ctl {
namespace {

using Target = std::variant<std::unique_ptr<ports::DocumentStore>, int>;

// Without a configuration where the command line says it all.
std::variant<settings::Settings, int> settings_for(const Context& context,
                                                   const TargetOptions& options) {
  std::error_code error;
  if (!options.redis_url.empty() && !std::filesystem::exists(context.config, error)) {
    return settings::Settings{};
  }
  auto outcome = settings::load_file(context.config, settings::SecretFiles::leave);
  if (const auto* const faults = std::get_if<std::vector<settings::Fault>>(&outcome)) {
    return fail_configuration(context, *faults);
  }
  return std::get<settings::Settings>(std::move(outcome));
}

Target open_redis(const Context& context, const TargetOptions& options) {
  const auto settings = settings_for(context, options);
  if (const int* const exit = std::get_if<int>(&settings)) return *exit;
  const settings::PolicyRedis& redis = std::get<settings::Settings>(settings).policy.redis;
  const std::string& url = options.redis_url.empty() ? redis.url : options.redis_url;
  const auto address = redis::ServerAddress::parse(url);
  if (!address) return fail(kConfiguration, "policy.redis.url: " + address.error().what);
  redis::RedisStoreOptions chosen;
  chosen.address = *address;
  chosen.prefix = options.redis_prefix.empty() ? redis.prefix : options.redis_prefix;
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

// By what Redis and the system say; an answer that is none of these speaks for itself.
std::string what_next(const std::string& what) {
  const auto says = [&what](const char* text) { return what.find(text) != std::string::npos; };
  if (says("Connection refused") || says("No such file or directory")) {
    return "\n  Is Redis there? systemctl status redis-server; another one: --redis-url URL";
  }
  if (says("NOAUTH") || says("WRONGPASS")) {
    return "\n  Who writes: --redis-user NAME --redis-password-file FILE";
  }
  if (says("NOPERM")) {
    return "\n  This user may not write. The rights that a writer needs: "
           "/usr/share/postern/redis/postern.acl"
           "\n  Another user: --redis-user NAME --redis-password-file FILE";
  }
  return "";
}

}  // namespace

int fail_store(const Error& error, const std::string& besides) {
  return fail(kNo, error.what + besides + what_next(error.what));
}

CLI::Option* add_target_options(CLI::App& verb, TargetOptions& options,
                                const std::string& to_description) {
  verb.add_option("--redis-url", options.redis_url,
                  "with --to redis: redis://HOST:PORT/DATABASE; else policy.redis.url");
  verb.add_option("--redis-prefix", options.redis_prefix,
                  "with --to redis: what keys begin with; else policy.redis.prefix");
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

int shrink_guard_of(const Context& context, const TargetOptions& options, double& share) {
  share = settings::Policy{}.shrink_guard;
  std::error_code error;
  const bool is_optional = options.to != "redis" || !options.redis_url.empty();
  if (is_optional && !std::filesystem::exists(context.config, error)) return kDone;
  auto outcome = settings::load_file(context.config, settings::SecretFiles::leave);
  if (const auto* const faults = std::get_if<std::vector<settings::Fault>>(&outcome)) {
    return fail_configuration(context, *faults);
  }
  share = std::get<settings::Settings>(outcome).policy.shrink_guard;
  return kDone;
}

}  // namespace postern::ctl
