#pragma once
/// Names as people type them: case, diacritics and punctuation do not matter. Where the marks of a script are letters
/// of its words, they do.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace railbook::timetable {

/// The words of a text in lower case, a blank between them. `Köln-Süd` is `koln sud`; since many people write umlauts
/// as two letters, `spelled_out` is `koeln sued`. It is empty where it would not differ.
struct FoldedName {
    std::string plain;
    std::string spelled_out;
};
FoldedName fold(std::string_view text);
/// The same text in its shortest code points (NFC): equal for texts that look equal. What is not UTF-8 stays as it is.
std::string composed(std::string_view text);
/// Of a folded text, which outlives them.
std::vector<std::string_view> words_of(std::string_view folded);

/// Whether the two are the same name in some spelling. Names without a letter or digit are no names.
bool same_name(const FoldedName& left, const FoldedName& right);

/// How well a text fits a station; the better, the smaller. A code is one, as the name in full is.
enum class Fit : std::uint8_t { exact, code, beginning, in_order, any_order, none };
/// Every word of `text` is a prefix of a word of `name`.
Fit fit_of(const FoldedName& text, const FoldedName& name);

}  // namespace railbook::timetable
