#include "messages.h"

#include <archive.h>
#include <archive_entry.h>

#include <string>

namespace postern::bench {
namespace {

std::string prose(std::size_t size) {
  std::string text;
  while (text.size() < size) {
    text +=
        "The quick brown fox jumps over the lazy dog, see https://www.got.com/fox,\r\n"
        "and then over the fence, where nobody had ever been before it.\r\n"
        "It stays there for the winter, which is coming: it always is.\r\n";
  }
  return text;
}

// Octets that do not compress, as attachments are.
std::string noise(std::size_t size) {
  std::string bytes;
  unsigned state = 1;
  while (bytes.size() < size) {
    state = state * 1664525U + 1013904223U;
    bytes += static_cast<char>(state >> 24U);
  }
  return bytes;
}

std::string zip(std::size_t size) {
  std::string out(size + 65'536, '\0');
  std::size_t used = 0;
  archive* const writer = ::archive_write_new();
  ::archive_write_set_format_zip(writer);
  ::archive_write_set_bytes_in_last_block(writer, 1);
  ::archive_write_open_memory(writer, out.data(), out.size(), &used);
  for (int i = 0; i < 4; ++i) {
    const std::string bytes = i == 0 ? prose(4'096) : noise(size / 3);
    archive_entry* const entry = ::archive_entry_new();
    ::archive_entry_set_pathname(entry, ("folder/file" + std::to_string(i) + ".dat").c_str());
    ::archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
    ::archive_entry_set_filetype(entry, AE_IFREG);
    ::archive_write_header(writer, entry);
    ::archive_write_data(writer, bytes.data(), bytes.size());
    ::archive_entry_free(entry);
  }
  ::archive_write_free(writer);
  out.resize(used);
  return out;
}

std::string base64(const std::string& bytes) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i + 2 < bytes.size(); i += 3) {
    unsigned word = 0;
    for (std::size_t j = 0; j < 3; ++j)
      word = word << 8U | static_cast<unsigned char>(bytes[i + j]);
    for (unsigned j = 0; j < 4; ++j) text += kAlphabet[word >> (18 - 6 * j) & 63U];
    if (i % 57 == 54) text += "\r\n";
  }
  return text;
}

}  // namespace

mail::Message make_message(std::size_t text_size, std::size_t zip_size) {
  mail::Message message;
  for (const char* const name : {"To", "Subject", "Message-ID", "MIME-Version", "References",
                                 "Received", "Received", "DKIM-Signature", "X-Mailer"}) {
    message.add_header(name, " a value as long as they are in ordinary mail <somebody@got.com>");
  }
  message.add_header("From", " Jon Snow <jon@got.com>");
  message.add_header("Date", " Tue, 10 Mar 2026 10:00:00 +0000");
  message.add_header("Content-Type", " multipart/mixed; boundary=\"=_outer\"");
  std::string body =
      "--=_outer\r\nContent-Type: multipart/alternative; boundary=\"=_inner\"\r\n\r\n";
  body += "--=_inner\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + prose(text_size / 2);
  body +=
      "\r\n--=_inner\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p><a "
      "href=\"https://got.com/\">x</a> " +
      prose(text_size / 2) + "\r\n--=_inner--\r\n";
  if (zip_size > 0) {
    body +=
        "\r\n--=_outer\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n"
        "Content-Disposition: attachment; filename=\"winter.zip\"\r\n\r\n" +
        base64(zip(zip_size));
  }
  message.set_body(body + "\r\n--=_outer--\r\n");
  return message;
}

}  // namespace postern::bench
