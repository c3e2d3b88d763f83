#include "settings/load.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/sealed_box.h"
#include "base/signed_token.h"
#include "settings/entry.h"

namespace postern::settings {
namespace {

// Says a fault that no single value has, at the key that can be changed to mend it.
void wrong(Reading& reading, const Node& root, const std::string& key, std::string what) {
  const Node* node = &root;
  unsigned line = 0;
  std::string_view rest = key;
  while (node != nullptr && !rest.empty()) {
    const std::string_view name = rest.substr(0, rest.find('.'));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    const Node* next = nullptr;
    for (const Node::Member& member : node->members) {
      if (member.key != name) continue;
      next = &member.value;
      line = member.line;
    }
    node = next;
  }
  reading.faults.push_back({reading.file, line, key, std::move(what)});
}

void check_sockets_differ(Reading& reading, const Node& root, const Settings& settings) {
  std::map<std::string, std::string> taken;
  const auto take = [&](const std::string& key, const std::string& listen) {
    const auto [earlier, is_new] = taken.emplace(socket_of(listen), key);
    if (!is_new) wrong(reading, root, key, "is the socket of " + earlier->second + " as well");
  };
  take("listen.milter", settings.listen.milter);
  take("listen.tables", settings.listen.tables);
  take("listen.secrets", settings.listen.secrets);
  if (settings.listen.http) take("listen.http", *settings.listen.http);
  take("listen.control", settings.listen.control);
}

// Nobody has to have such keys, and a first start has none: the file at the default place may be
// missing. One that somebody put elsewhere may not.
template <typename File, typename Parse>
void read_key_file(Reading& reading, const Node& root, const char* setting, File& file,
                   const std::string& default_path, Parse&& parse) {
  if (file.path.empty() || reading.secret_files == SecretFiles::leave) return;
  if (file.path == default_path) {
    struct stat status {};
    if (stat(file.path.c_str(), &status) != 0 && (errno == ENOENT || errno == ENOTDIR)) return;
  }
  const Result<Secret> text = read_secret_file(file.path);
  if (!text) return wrong(reading, root, setting, text.error().what);
  auto keys = parse(text->reveal());
  if (!keys) return wrong(reading, root, setting, file.path + ": " + keys.error().what);
  file.keys = *std::move(keys);
}

void read_key_files(Reading& reading, const Node& root, Keys& keys) {
  const Keys defaults;
  read_key_file(reading, root, "keys.token_file", keys.token_file, defaults.token_file.path,
                parse_token_keys);
  read_key_file(reading, root, "keys.seal_file", keys.seal_file, defaults.seal_file.path,
                parse_seal_keys);
}

LoadOutcome failed(std::string file, std::string what) {
  return std::vector<Fault>{{std::move(file), 0, "", std::move(what)}};
}

}  // namespace

LoadOutcome load_text(const std::string& text, const std::string& name, SecretFiles secret_files) {
  std::variant<Node, Fault> parsed = parse_tree(text, name);
  if (const Fault* fault = std::get_if<Fault>(&parsed)) return std::vector<Fault>{*fault};
  const Node& root = std::get<Node>(parsed);
  Reading reading{name, secret_files, {}};
  Settings settings;
  read_table(Place(reading, root, "", 0), settings, settings_table());
  // A setting with a fault has its default still, which could be found at fault for nothing.
  if (reading.faults.empty()) check_sockets_differ(reading, root, settings);
  read_key_files(reading, root, settings.keys);
  if (reading.faults.empty()) return settings;
  std::stable_sort(reading.faults.begin(), reading.faults.end(),
                   [](const Fault& a, const Fault& b) { return a.line < b.line; });
  return reading.faults;
}

LoadOutcome load_file(const std::string& path, SecretFiles secret_files) {
  struct stat status {};
  errno = 0;
  if (stat(path.c_str(), &status) != 0) {
    return failed(path, std::string("cannot be read: ") + std::strerror(errno));
  }
  if (S_ISDIR(status.st_mode)) return failed(path, "is a directory");
  std::ifstream file(path, std::ios::binary);
  if (!file) return failed(path, std::string("cannot be read: ") + std::strerror(errno));
  // A byte more than is allowed, so that a file that is too large shows.
  std::string text(kMaxFileSize + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return failed(path, std::string("cannot be read: ") + std::strerror(errno));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return load_text(text, path, secret_files);
}

}  // namespace postern::settings
