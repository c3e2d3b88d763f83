#include "session/copy_editor.h"

#include "base/text.h"

namespace postern::session {

mail::HeaderField* CopyEditor::find(const std::string& name, int index) {
  for (mail::HeaderField& field : headers_) {
    if (equals_ignoring_case(field.name, name) && --index == 0) return &field;
  }
  return nullptr;
}

Status CopyEditor::add_header(const std::string& name, const std::string& value) {
  headers_.push_back({name, value});
  return success();
}

Status CopyEditor::insert_header(const std::string& name, const std::string& value) {
  headers_.insert(headers_.begin(), {name, value});
  return success();
}

Status CopyEditor::change_header(const std::string& name, int index, const std::string& value) {
  if (mail::HeaderField* const field = find(name, index)) {
    *field = {name, value};
    return success();
  }
  return add_header(name, value);
}

Status CopyEditor::delete_header(const std::string& name, int index) {
  if (mail::HeaderField* const field = find(name, index)) {
    headers_.erase(headers_.begin() + (field - headers_.data()));
  }
  return success();
}

Status CopyEditor::replace_body(const std::string& body) {
  body_ = body;
  return success();
}

std::string CopyEditor::header_block() const {
  mail::Message header;
  for (const mail::HeaderField& field : headers_) header.add_header(field.name, field.value);
  std::string bytes = header.header_bytes();
  bytes.resize(bytes.size() - 2);  // the blank line
  return bytes;
}

}  // namespace postern::session
