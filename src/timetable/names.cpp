#include "timetable/names.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include <utf8proc.h>

namespace railbook::timetable {
namespace {

constexpr utf8proc_int32_t kDiaeresis = 0x308;
constexpr utf8proc_int32_t kRing = 0x30A;

/// Letters that Unicode does not take apart, as people without that key write them.
struct Letter {
    utf8proc_int32_t code;
    std::string_view plain;
    std::string_view spelled_out;
};
constexpr std::array kLetters{
    Letter{0xE6, "ae", "ae"}, Letter{0xF0, "d", "d"},   Letter{0xF8, "o", "oe"},   Letter{0xFE, "th", "th"},
    Letter{0x111, "d", "d"},  Letter{0x127, "h", "h"},  Letter{0x131, "i", "i"},   Letter{0x142, "l", "l"},
    Letter{0x153, "oe", "oe"}};

bool is_mark(utf8proc_category_t category) {
    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC || category == UTF8PROC_CATEGORY_ME;
}
/// Code points, the last one included.
struct Block {
    utf8proc_int32_t first;
    utf8proc_int32_t last;
};
/// The marks that people leave out when they type: accents of any alphabet, and the vowel points of Hebrew, Arabic and
/// Syriac. Elsewhere marks are as good as letters: vowels in the scripts of India, voiced consonants in kana.
constexpr std::array kLeftOut{
    Block{0x300, 0x36F},   Block{0x483, 0x489},   Block{0x591, 0x5C7},   Block{0x610, 0x61A},
    Block{0x64B, 0x65F},   Block{0x670, 0x670},   Block{0x6D6, 0x6ED},   Block{0x711, 0x711},
    Block{0x730, 0x74A},   Block{0x8D3, 0x8FF},   Block{0x1AB0, 0x1AFF}, Block{0x1DC0, 0x1DFF},
    Block{0x20D0, 0x20FF}, Block{0xFB1E, 0xFB1E}, Block{0xFE00, 0xFE0F}, Block{0xFE20, 0xFE2F}};
bool is_left_out(utf8proc_int32_t mark) {
    return std::ranges::any_of(kLeftOut, [&](const Block& block) { return mark >= block.first && mark <= block.last; });
}
bool is_letter_or_digit(utf8proc_category_t category) {
    return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
           (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO);
}

/// Takes code points after compatibility decomposition and case folding.
class Folder {
public:
    void take(utf8proc_int32_t code) {
        const auto category = utf8proc_category(code);
        if (category == UTF8PROC_CATEGORY_CF) return;  // is not seen: a soft hyphen, or how letters are joined
        const bool is_a_mark = is_mark(category);
        if (is_a_mark && is_left_out(code)) {
            if (code == kDiaeresis && (last_ == 'a' || last_ == 'o' || last_ == 'u')) spelled_out_ += 'e';
            if (code == kRing && last_ == 'a') spelled_out_ += 'a';
            return;
        }
        last_ = code;
        if (!is_a_mark && !is_letter_or_digit(category)) {
            between_words_ = true;
            return;
        }
        if (between_words_ && !plain_.empty()) {
            plain_ += ' ';
            spelled_out_ += ' ';
        }
        between_words_ = false;
        if (const auto* letter = std::ranges::find(kLetters, code, &Letter::code); letter != kLetters.end()) {
            plain_ += letter->plain;
            spelled_out_ += letter->spelled_out;
            return;
        }
        std::array<utf8proc_uint8_t, 4> bytes{};
        const auto size = utf8proc_encode_char(code, bytes.data());
        plain_.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size));
        spelled_out_.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size));
    }

    FoldedName result() && {
        if (spelled_out_ == plain_) spelled_out_.clear();
        return {std::move(plain_), std::move(spelled_out_)};
    }

private:
    std::string plain_;
    std::string spelled_out_;
    utf8proc_int32_t last_ = 0;
    bool between_words_ = false;
};

template <class Each>
void for_each_spelling(const FoldedName& name, const Each& each) {
    each(std::string_view{name.plain});
    if (!name.spelled_out.empty()) each(std::string_view{name.spelled_out});
}

/// One spelling against one: a word of the name serves one word of the text.
Fit fit_of(std::string_view text, std::string_view name) {
    if (text == name) return Fit::exact;
    if (name.starts_with(text)) return Fit::beginning;
    const auto wanted = words_of(text);
    const auto words = words_of(name);
    std::size_t next = 0;
    for (const auto& word : words) {
        if (next < wanted.size() && word.starts_with(wanted[next])) ++next;
    }
    if (next == wanted.size()) return Fit::in_order;
    // Longest first: a short prefix must not take the only word that a longer one fits.
    auto by_length = wanted;
    std::ranges::sort(by_length, std::ranges::greater{}, &std::string_view::size);
    std::vector<bool> taken(words.size());
    for (const auto& want : by_length) {
        std::size_t i = 0;
        while (i < words.size() && (taken[i] || !words[i].starts_with(want))) ++i;
        if (i == words.size()) return Fit::none;
        taken[i] = true;
    }
    return Fit::any_order;
}

}  // namespace

FoldedName fold(std::string_view text) {
    Folder folder;
    const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
    auto left = static_cast<utf8proc_ssize_t>(text.size());
    while (left > 0) {
        utf8proc_int32_t code = 0;
        const auto used = utf8proc_iterate(at, left, &code);
        if (used <= 0) {
            // A byte that is not UTF-8 separates words, like punctuation.
            folder.take(' ');
            ++at;
            --left;
            continue;
        }
        at += used;
        left -= used;
        std::array<utf8proc_int32_t, 24> parts{};  // the longest decomposition has 18
        int boundary = 0;
        const auto options = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD);
        const auto room = static_cast<utf8proc_ssize_t>(parts.size());
        const auto count = utf8proc_decompose_char(code, parts.data(), room, options, &boundary);
        for (utf8proc_ssize_t i = 0; i < count && i < room; ++i) {
            folder.take(parts[static_cast<std::size_t>(i)]);
        }
    }
    return std::move(folder).result();
}

std::vector<std::string_view> words_of(std::string_view folded) {
    std::vector<std::string_view> words;
    while (!folded.empty()) {
        const auto blank = folded.find(' ');
        words.push_back(folded.substr(0, blank));
        folded = blank == std::string_view::npos ? std::string_view{} : folded.substr(blank + 1);
    }
    return words;
}

std::string composed(std::string_view text) {
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (std::ranges::all_of(text, is_ascii)) return std::string{text};
    utf8proc_uint8_t* bytes = nullptr;
    const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                   static_cast<utf8proc_ssize_t>(text.size()), &bytes,
                                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner{bytes, &std::free};
    if (size < 0) return std::string{text};
    return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

bool same_name(const FoldedName& left, const FoldedName& right) {
    if (left.plain.empty()) return false;
    bool same = false;
    for_each_spelling(left, [&](std::string_view one) {
        for_each_spelling(right, [&](std::string_view other) { same = same || one == other; });
    });
    return same;
}

Fit fit_of(const FoldedName& text, const FoldedName& name) {
    if (text.plain.empty()) return Fit::none;
    Fit best = Fit::none;
    for_each_spelling(text, [&](std::string_view wanted) {
        for_each_spelling(name, [&](std::string_view spelling) { best = std::min(best, fit_of(wanted, spelling)); });
    });
    return best;
}

}  // namespace railbook::timetable
