#include "timetable/names.hpp"

#include <algorithm>
#include <array>
#include <optional>

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
bool is_letter_or_digit(utf8proc_category_t category) {
    return (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
           (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO);
}

/// Takes code points after compatibility decomposition and case folding.
class Folder {
public:
    void take(utf8proc_int32_t code) {
        const auto category = utf8proc_category(code);
        if (is_mark(category)) {
            if (code == kDiaeresis && (last_ == 'a' || last_ == 'o' || last_ == 'u')) spelled_out_ += 'e';
            if (code == kRing && last_ == 'a') spelled_out_ += 'a';
            return;
        }
        last_ = code;
        if (!is_letter_or_digit(category)) {
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
