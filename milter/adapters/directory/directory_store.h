// Purpose:   writes policy documents as files of a policy directory, each whole under its name at once.
// Ownership: owns nothing; the directory is named.
// Threading: as DocumentStore. A daemon that watches the directory sees old or new, never half.
// Failure:   as DocumentStore, naming the file. What stands before the fault stays written.
// Source:    docs/documents.md, "A directory". New files are 0640 and of the directory's group, since
//            the daemon reads them by its group and keys stand in them; a file that is there keeps its
//            mode, owner and group.
#pragma once

#include "ports/document_store.h"

namespace postern::directory {

class DirectoryStore final : public ports::DocumentStore {
 public:
  // The directory must be there; the folders of the types are made as they are needed.
  explicit DirectoryStore(std::string directory);

  std::string describe() const override;
  Result<std::vector<std::string>> keys() override;
  Result<std::map<std::string, std::string>> read(const std::vector<std::string>& keys) override;
  Status write(const std::vector<ports::DocumentChange>& changes) override;

 private:
  // key -> the files that stand for it, below the directory, the one that counts first.
  using Known = std::map<std::string, std::vector<std::string>>;
  Result<Known> look() const;
  Status look_once();

  const std::string directory_;
  std::optional<Known> known_;  // as of the last keys() or write(), else of the first read()
};

}  // namespace postern::directory
