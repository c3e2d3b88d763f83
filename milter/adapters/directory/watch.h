// Purpose:   says when something in the directory or one of its folders may have changed.
// Ownership: owns an inotify descriptor; borrows the wakeup.
// Threading: one thread.
// Failure:   where inotify is not to be had (limits, a network file system), wait() sleeps until its
//            deadline: the caller's periodic look is the net under it.
#pragma once

#include <set>
#include <string>

#include "base/deadline.h"
#include "base/unique_fd.h"
#include "base/wakeup.h"

namespace postern::directory {

class Watch {
 public:
  explicit Watch(Wakeup& wakeup);

  // Around one look: every folder is named again, and the watches of those that were not are dropped.
  // A folder that was replaced has a new inode and so a new watch.
  void begin();
  void add(const std::string& folder);
  void end();

  // Until the deadline, a wakeup, or `quiet` after the last of a run of changes (at most `patience`
  // after the first).
  void wait(Deadline deadline, Milliseconds quiet, Milliseconds patience);

 private:
  enum class Event { none, change, wakeup };
  Event poll_once(Deadline deadline);
  void drain();

  Wakeup& wakeup_;
  UniqueFd inotify_;
  std::set<int> watched_;
  std::set<int> named_;
};

}  // namespace postern::directory
