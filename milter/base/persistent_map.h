// Purpose:   an immutable-when-shared hash map: copying one is O(1), changing a copy costs O(log n)
//            and leaves every other copy as it was. What makes a snapshot of 100,000 domains cost
//            microseconds to change (docs/adr/0002).
// Ownership: nodes are shared between copies by reference count.
// Threading: any number of threads may read copies that share nodes; one object is changed by one
//            thread only. A node that nobody else holds is changed in place, so that a bulk load
//            does not copy what it has just built.
// Source:    Bagwell, "Ideal Hash Trees" (2001).
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace postern {

template <typename Key, typename Value, typename Hash = std::hash<Key>>
class PersistentMap {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Nullptr when absent; valid as long as this map (or a copy that still has the entry) lives.
  const Value* find(const Key& key) const {
    const std::uint64_t hash = Hash{}(key);
    const Node* node = root_.get();
    for (unsigned shift = 0; node != nullptr; shift += kBits) {
      if (node->is_leaf()) {
        for (const auto& entry : node->entries) {
          if (entry.first == key) return &entry.second;
        }
        return nullptr;
      }
      const std::uint32_t bit = bit_of(hash, shift);
      if ((node->bitmap & bit) == 0) return nullptr;
      node = node->children[index_of(node->bitmap, bit)].get();
    }
    return nullptr;
  }

  // Inserts or replaces; true if the key was new.
  bool put(const Key& key, Value value) {
    const bool added = put_at(root_, Hash{}(key), 0, key, std::move(value));
    if (added) ++size_;
    return added;
  }

  // True if the key was there.
  bool erase(const Key& key) {
    if (find(key) == nullptr) return false;
    erase_at(root_, Hash{}(key), 0, key);
    --size_;
    return true;
  }

  // In no particular order. visit(const Key&, const Value&).
  template <typename Visit>
  void for_each(Visit&& visit) const {
    if (root_) for_each_in(*root_, visit);
  }

 private:
  static constexpr unsigned kBits = 5;
  static constexpr unsigned kMaxShift = 60;  // past that, the hash is used up: leaves grow instead
  static constexpr std::size_t kLeafSize = 8;

  struct Node {
    // A leaf has entries and no children; a branch the reverse.
    std::uint32_t bitmap = 0;
    std::vector<std::shared_ptr<Node>> children;
    std::vector<std::pair<Key, Value>> entries;
    bool is_leaf() const { return children.empty(); }
  };

  static std::uint32_t bit_of(std::uint64_t hash, unsigned shift) {
    return std::uint32_t{1} << ((hash >> shift) & 31U);
  }
  static std::size_t index_of(std::uint32_t bitmap, std::uint32_t bit) {
    return static_cast<std::size_t>(std::popcount(bitmap & (bit - 1)));
  }

  // Copy on write: after this the node is ours alone.
  static void own(std::shared_ptr<Node>& node) {
    // use_count() alone is a relaxed load: it could say that the last other holder has let go
    // before his reads are over for us. Counting up and down again on the same counter orders them.
    bool shared = false;
    {
      // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): counting is the point
      const std::shared_ptr<Node> held = node;
      shared = held.use_count() != 2;
    }
    if (shared) node = std::make_shared<Node>(*node);
  }

  static bool put_at(std::shared_ptr<Node>& node, std::uint64_t hash, unsigned shift,
                     const Key& key, Value value) {
    if (!node) {
      node = std::make_shared<Node>();
      node->entries.emplace_back(key, std::move(value));
      return true;
    }
    own(node);
    if (!node->is_leaf()) {
      const std::uint32_t bit = bit_of(hash, shift);
      const std::size_t index = index_of(node->bitmap, bit);
      if ((node->bitmap & bit) == 0) {
        node->bitmap |= bit;
        node->children.insert(node->children.begin() + static_cast<std::ptrdiff_t>(index), nullptr);
      }
      return put_at(node->children[index], hash, shift + kBits, key, std::move(value));
    }
    for (auto& entry : node->entries) {
      if (entry.first == key) {
        entry.second = std::move(value);
        return false;
      }
    }
    if (node->entries.size() < kLeafSize || shift > kMaxShift) {
      node->entries.emplace_back(key, std::move(value));
      return true;
    }
    split_leaf(*node, shift);
    return put_at(node, hash, shift, key, std::move(value));
  }

  static void split_leaf(Node& node, unsigned shift) {
    auto entries = std::exchange(node.entries, {});
    for (auto& entry : entries) {
      const std::uint64_t hash = Hash{}(entry.first);
      const std::uint32_t bit = bit_of(hash, shift);
      const std::size_t index = index_of(node.bitmap, bit);
      if ((node.bitmap & bit) == 0) {
        node.bitmap |= bit;
        node.children.insert(node.children.begin() + static_cast<std::ptrdiff_t>(index),
                             std::make_shared<Node>());
      }
      node.children[index]->entries.push_back(std::move(entry));
    }
  }

  static void erase_at(std::shared_ptr<Node>& node, std::uint64_t hash, unsigned shift,
                       const Key& key) {
    own(node);
    if (node->is_leaf()) {
      std::erase_if(node->entries, [&key](const auto& entry) { return entry.first == key; });
      if (node->entries.empty()) node.reset();
      return;
    }
    const std::uint32_t bit = bit_of(hash, shift);
    const std::size_t index = index_of(node->bitmap, bit);
    erase_at(node->children[index], hash, shift + kBits, key);
    if (node->children[index]) return;
    node->children.erase(node->children.begin() + static_cast<std::ptrdiff_t>(index));
    node->bitmap &= ~bit;
    if (node->children.empty()) node.reset();
  }

  template <typename Visit>
  static void for_each_in(const Node& node, Visit&& visit) {
    for (const auto& child : node.children) for_each_in(*child, visit);
    for (const auto& [key, value] : node.entries) visit(key, value);
  }

  std::shared_ptr<Node> root_;
  std::size_t size_ = 0;
};

}  // namespace postern
