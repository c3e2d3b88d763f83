// posternctl dkim seal-key: the host's key pair for what is sealed in documents.
#include <cstdio>

#include "base/sealed_box.h"
#include "ctl/dkim.h"
#include "ctl/new_file.h"
#include "settings/secret_file.h"

namespace postern::ctl {
namespace {

struct Arguments {
  std::string file;
  bool show = false;
};

int print_keys(const Context& context, const std::string& file,
               const std::vector<SealKey>& seal_keys) {
  json keys = json::array();
  for (const SealKey& key : seal_keys) keys.push_back(key.public_key);
  print(context, {{"file", file}, {"public_keys", keys}}, [](const json& answer) {
    for (const json& key : answer["public_keys"]) std::printf("%s\n", text_of(key).c_str());
  });
  return kDone;
}

int show(const Context& context, const std::string& file) {
  const auto text = settings::read_secret_file(file);
  if (!text) return fail(kNo, text.error().what);
  const auto keys = parse_seal_keys(text->reveal());
  if (!keys) return fail(kNo, file + ": " + keys.error().what);
  return print_keys(context, file, *keys);
}

int make(const Context& context, const std::string& file) {
  const auto key = make_seal_key();
  if (!key) return fail(kNo, key.error().what);
  const Secret line = seal_key_line(*key);
  const Secret text(std::string(line.reveal()) + "\n");
  if (Status written = write_new_secret_file(file, text.reveal()); !written) {
    return fail(kNo, written.error().what);
  }
  return print_keys(context, file, {*key});
}

}  // namespace

void add_dkim_seal_key(CLI::App& dkim, Context& context) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const verb = dkim.add_subcommand(
      "seal-key",
      "make this host's key pair for sealed documents (keys.seal_file); prints the "
      "public key, which --seal takes");
  verb->add_option("file", arguments->file, "a new file, mode 0600: give it to the daemon's user")
      ->required();
  verb->add_flag("--show", arguments->show, "make nothing: print the public keys of that file");
  verb->footer(
      "Examples: posternctl dkim seal-key /etc/postern/seal.keys\n"
      "          posternctl dkim seal-key --show /etc/postern/seal.keys");
  verb->callback([&context, arguments] {
    context.chosen = [&context, arguments] {
      return arguments->show ? show(context, arguments->file) : make(context, arguments->file);
    };
  });
}

}  // namespace postern::ctl
