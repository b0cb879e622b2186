#include "base/encoding.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace railbook::base {
namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// In bytes, of the well-formed character that the text begins with; 0 where it begins with none.
std::size_t length_of_character(std::string_view text) {
    // Table 3-7 of the Unicode Standard: the ranges of the second byte exclude overlong forms and surrogates.
    const auto at = [&](std::size_t k) { return static_cast<std::uint8_t>(k < text.size() ? text[k] : 0); };
    const std::uint8_t lead = at(0);
    if (lead < 0x80) return text.empty() ? 0 : 1;
    std::size_t length = 0;
    std::uint8_t low = 0x80;
    std::uint8_t high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) length = 2;
    else if (lead >= 0xE0 && lead <= 0xEF) length = 3;
    else if (lead >= 0xF0 && lead <= 0xF4) length = 4;
    else return 0;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
    if (at(1) < low || at(1) > high) return 0;
    for (std::size_t k = 2; k < length; ++k) {
        if (at(k) < 0x80 || at(k) > 0xBF) return 0;
    }
    return length;
}

}  // namespace

std::string hex(std::string_view bytes) {
    // Both digits of a byte at once.
    static constexpr auto kPairs = [] {
        constexpr std::string_view kDigits = "0123456789abcdef";
        std::array<std::array<char, 2>, 256> pairs{};
        for (std::size_t byte = 0; byte < pairs.size(); ++byte) pairs[byte] = {kDigits[byte >> 4], kDigits[byte & 15]};
        return pairs;
    }();
    std::string text(2 * bytes.size(), '\0');
    char* next = text.data();
    for (const char c : bytes) {
        std::memcpy(next, kPairs[static_cast<std::uint8_t>(c)].data(), 2);
        next += 2;
    }
    return text;
}

std::string base64url(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() * 4 + 2) / 3);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : bytes) {
        bits = bits << 8 | static_cast<std::uint8_t>(c);
        count += 8;
        while (count >= 6) {
            count -= 6;
            text += kBase64[bits >> count & 63];
        }
    }
    if (count > 0) text += kBase64[bits << (6 - count) & 63];
    return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
    if (text.size() % 4 == 1) return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const auto value = kBase64.find(c);
        if (value == std::string_view::npos) return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes += static_cast<char>(bits >> count & 255);
        }
    }
    // The bits that are left over must be zero: otherwise two texts would mean the same bytes.
    if ((bits & ((1U << count) - 1)) != 0) return std::nullopt;
    return bytes;
}

std::string percent_encode(std::string_view text, std::string_view keep) {
    static constexpr std::string_view kDigits = "0123456789ABCDEF";
    const auto is_plain = [keep](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
               c == '_' || c == '~' || keep.find(c) != std::string_view::npos;
    };
    // Most texts stay as they are.
    const auto plain = static_cast<std::size_t>(std::ranges::find_if_not(text, is_plain) - text.begin());
    std::string result{text.substr(0, plain)};
    for (const char c : text.substr(plain)) {
        if (is_plain(c)) {
            result += c;
        } else {
            const auto byte = static_cast<std::uint8_t>(c);
            result += '%';
            result += kDigits[byte >> 4];
            result += kDigits[byte & 15];
        }
    }
    return result;
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            result += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const int high = digit_of(text[i + 1]);
        const int low = digit_of(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        result += static_cast<char>(high << 4 | low);
        i += 2;
    }
    return result;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const auto length = length_of_character(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string shortened(std::string_view text, std::size_t bytes) {
    constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
    std::string shown;
    while (!text.empty()) {
        const auto length = length_of_character(text);
        const auto character = length == 0 ? kReplacement : text.substr(0, length);
        if (shown.size() + character.size() > bytes) return shown + "...";
        shown += character;
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return shown;
}

}  // namespace railbook::base
