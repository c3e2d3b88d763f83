// Purpose:   saved messages, one after another: .eml files, maildirs, folders, mbox files.
// Ownership: the collection owns its open files; messages are copied out.
// Threading: next() from many threads at once.
// Failure:   a path that is not there is an Error of open(); a message that cannot be read is told in
//            its place and the next one follows.
// Source:    maildir(5), mbox(5) (mboxrd: ">From " loses one ">").
#pragma once

#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace postern::ctl {

inline constexpr std::size_t kMaxSavedMessage = std::size_t{256} << 20;

struct SavedMail {
  std::size_t number = 0;  // in the order of the paths, from 0
  std::string name;        // the file; "file#3" in an mbox; "vault 9f…"
  std::string bytes;
  std::string fault;  // not empty: it could not be read
  // What the vault knows of it; empty: the header has to say.
  bool has_envelope = false;
  std::string sender;
  std::vector<std::string> recipients;
  std::string client;
  std::string score;
  std::string virus;
};

class MailSource {
 public:
  MailSource() = default;
  MailSource(const MailSource&) = delete;
  MailSource& operator=(const MailSource&) = delete;
  virtual ~MailSource() = default;
  // Nothing: that was all.
  virtual std::optional<SavedMail> next() = 0;
  // Nothing: it is not known before all have been read.
  virtual std::optional<std::size_t> count() const = 0;
};

Result<std::unique_ptr<MailSource>> open_saved_mail(const std::vector<std::string>& paths);

}  // namespace postern::ctl
