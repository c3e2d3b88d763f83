// Purpose:   what a pull has done so far, in a file: an interrupted one goes on where it was, and only what
//            came from this API once is ever deleted because it is there no more.
// Ownership: owns the file, which one process uses at a time (flock).
// Threading: done(), seen() and their questions from many threads at once; the rest from one.
// Failure:   an Error where the file cannot be used. One that is damaged or of another API counts as empty:
//            then everything is asked for again, and nothing is deleted.
// Source:    a line each: "postern-sync 1 <url>", "known <key>", "round <seconds since 1970>",
//            "seen <key>", "done <task>", "gone <key>". A round in it was not finished.
#pragma once

#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <unordered_set>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace postern::admin_api {

class Journal {
 public:
  // `path` empty: nothing is kept between runs.
  static Result<std::unique_ptr<Journal>> open(const std::string& path, const std::string& url,
                                               const Clock& clock);
  ~Journal();

  // Goes on with a round that was not finished and is not older than a day, else begins one.
  // True: it goes on.
  bool begin_round();
  void done(const std::string& task);
  bool is_done(const std::string& task) const;
  void seen(const std::string& key);
  bool is_seen(const std::string& key) const;
  bool is_known(const std::string& key) const;  // in this round or an earlier one
  void gone(const std::string& key);
  // Known from earlier rounds, not seen in this one.
  std::set<std::string> missing() const;
  std::size_t known() const;
  // The round is over; the file is written anew, with what is known.
  Status end_round();

 private:
  struct State {
    std::unordered_set<std::string> known;
    std::unordered_set<std::string> seen;
    std::unordered_set<std::string> done;
    std::FILE* file = nullptr;
  };
  Journal(std::string path, std::string url, const Clock& clock);
  Status read();
  Status rewrite();

  const std::string path_;
  const std::string url_;
  const Clock& clock_;
  UniqueFd lock_;
  long long round_began_ = 0;  // 0: none is open
  Guarded<State> state_;
};

}  // namespace postern::admin_api
