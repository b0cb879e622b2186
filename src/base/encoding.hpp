#pragma once
/// Text forms of bytes.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace railbook::base {

std::string hex(std::string_view bytes);
/// RFC 4648 section 5, without padding.
std::string base64url(std::string_view bytes);
/// Nothing where the text is not the one form that `base64url` writes.
std::optional<std::string> from_base64url(std::string_view text);
/// RFC 3986: everything but unreserved characters and those of `keep` is written %XX.
std::string percent_encode(std::string_view text, std::string_view keep = {});
/// Nothing where a % is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);
/// Whether the bytes are well-formed UTF-8 (no overlong forms, no surrogates).
bool is_utf8(std::string_view text);
/// A caller's text as an error shows it: well-formed UTF-8 of at most so many bytes, with "..." where more is left out.
/// It is cut between two characters, and whatever is not UTF-8 becomes U+FFFD.
std::string shortened(std::string_view text, std::size_t bytes);

}  // namespace railbook::base
