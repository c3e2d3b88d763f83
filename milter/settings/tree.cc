#include "settings/tree.h"

#include <yaml-cpp/yaml.h>

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
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.size() > 1) {
      return Fault{file, line_of(documents[1].Mark()), "", "a second YAML document"};
    }
    std::size_t left = kMaxNodes;
    Node root;
    if (!documents.empty()) root = convert(documents.front(), 0, left);
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
