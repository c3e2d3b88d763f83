#include "settings/tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <optional>
#include <sstream>

#include "base/text.h"

namespace postern::settings {
namespace {

// Aliases make a small file a large tree: the tree is bounded, not only the file.
constexpr std::size_t kMaxNodes = 100'000;
constexpr unsigned kMaxDepth = 16;

struct Refusal {
  unsigned line;
  std::string what;
};

unsigned line_of(const YAML::Mark& mark) {
  return mark.is_null() ? 0 : static_cast<unsigned>(mark.line) + 1;
}

// Follows the parser without keeping anything but where documents start.
class DocumentStarts final : public YAML::EventHandler {
 public:
  unsigned last_line() const { return last_line_; }

  void OnDocumentStart(const YAML::Mark& mark) override { last_line_ = line_of(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  unsigned last_line_ = 0;
};

// YAML::Load() reads the first document and says nothing about the rest, which may be all of the
// file: ",log: {}" is an empty document and a rest. YAML::LoadAll() never ends on that text.
std::optional<unsigned> line_of_rest(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentStarts starts;
  parser.HandleNextDocument(starts);
  if (!parser) return std::nullopt;
  parser.HandleNextDocument(starts);
  return starts.last_line();
}

Node convert(const YAML::Node& source, unsigned depth, std::size_t& left) {
  Node node;
  node.line = line_of(source.Mark());
  if (depth > kMaxDepth) throw Refusal{node.line, "nested too deeply"};
  if (left-- == 0) throw Refusal{node.line, "too many values, counting each use of an alias"};
  switch (source.Type()) {
    case YAML::NodeType::Undefined:
    case YAML::NodeType::Null:
      break;
    case YAML::NodeType::Scalar:
      node.kind = Node::Kind::scalar;
      node.text = source.Scalar();
      break;
    case YAML::NodeType::Sequence:
      node.kind = Node::Kind::list;
      for (const auto& item : source) node.items.push_back(convert(item, depth + 1, left));
      break;
    case YAML::NodeType::Map:
      node.kind = Node::Kind::map;
      for (const auto& member : source) {
        const unsigned line = line_of(member.first.Mark());
        if (!member.first.IsScalar()) throw Refusal{line, "a key must be a single word"};
        node.members.push_back(
            {member.first.Scalar(), line, convert(member.second, depth + 1, left)});
      }
      break;
  }
  return node;
}

}  // namespace

std::string Fault::to_string() const {
  std::string text = printable(file, 4096);
  if (line != 0) text += ":" + std::to_string(line);
  if (!key.empty()) text += ": " + printable(key, 256);
  return text + ": " + printable(what, 1024);
}

std::variant<Node, Fault> parse_tree(const std::string& text, const std::string& file) {
  if (text.size() > kMaxFileSize) return Fault{file, 0, "", "larger than 1 MiB"};
  try {
    if (const auto line = line_of_rest(text)) {
      return Fault{file, *line, "", "the file must be one YAML document, and this starts another"};
    }
    std::size_t left = kMaxNodes;
    Node root = convert(YAML::Load(text), 0, left);
    if (root.kind == Node::Kind::nothing) root.kind = Node::Kind::map;
    if (root.kind != Node::Kind::map) {
      return Fault{file, root.line, "", "must be a map of settings"};
    }
    return root;
  } catch (const Refusal& refusal) {
    return Fault{file, refusal.line, "", refusal.what};
  } catch (const YAML::Exception& exception) {
    return Fault{file, line_of(exception.mark), "", "not YAML: " + exception.msg};
  } catch (const std::exception& exception) {
    return Fault{file, 0, "", std::string("cannot be read as YAML: ") + exception.what()};
  }
}

}  // namespace postern::settings
