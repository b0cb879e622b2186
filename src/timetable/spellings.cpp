#include "timetable/spellings.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace railbook::timetable {
namespace {

/// Folded, both of them. What a word means is not always known: `st` may be a saint of several languages.
struct Abbreviation {
    std::string_view brief;
    std::string_view full;
};
constexpr std::array kAbbreviations{Abbreviation{"hbf", "hauptbahnhof"},
                                    Abbreviation{"bf", "bahnhof"},
                                    Abbreviation{"bhf", "bahnhof"},
                                    Abbreviation{"flugh", "flughafen"},
                                    Abbreviation{"str", "strasse"},
                                    Abbreviation{"pl", "platz"},
                                    Abbreviation{"st", "sankt"},
                                    Abbreviation{"st", "saint"},
                                    Abbreviation{"ste", "sainte"},
                                    Abbreviation{"cs", "centraal"},
                                    Abbreviation{"hl", "hlavni"},
                                    Abbreviation{"gl", "glowny"},
                                    Abbreviation{"gl", "glowna"},
                                    Abbreviation{"pu", "palyaudvar"},
                                    Abbreviation{"sta", "station"},
                                    Abbreviation{"stn", "station"},
                                    Abbreviation{"ctr", "center"},
                                    Abbreviation{"ctr", "centre"},
                                    Abbreviation{"intl", "international"},
                                    Abbreviation{"apt", "airport"},
                                    Abbreviation{"jct", "junction"},
                                    Abbreviation{"jn", "junction"},
                                    Abbreviation{"ft", "fort"},
                                    Abbreviation{"mt", "mount"},
                                    Abbreviation{"rd", "road"},
                                    Abbreviation{"ave", "avenue"}};
/// These are also the ends of longer words: an `ostbahnhof` is an `ostbf`.
constexpr std::array kEnds{Abbreviation{"bf", "bahnhof"}, Abbreviation{"str", "strasse"}};
/// A name has few words that can be written otherwise; a feed that means ill gets no more than this.
constexpr std::size_t kMostSpellings = 12;

/// Calls `f` with what the word may be written as, short or long.
template <class F>
void for_each_other(std::string_view word, const F& f) {
    bool is_known = false;
    for (const auto& [brief, full] : kAbbreviations) {
        if (word == brief) f(std::string{full});
        if (word == full) f(std::string{brief});
        is_known = is_known || word == full;
    }
    for (const auto& [brief, full] : kEnds) {
        if (!is_known && word.size() > full.size() && word.ends_with(full))
            f(std::string{word.substr(0, word.size() - full.size())} + std::string{brief});
    }
}

/// One of the ways in which a word is written, the same for all of them: `sankt`, `saint` and `st` are `st`.
std::string shortest(std::string_view word) {
    const auto* known = std::ranges::find(kAbbreviations, word, &Abbreviation::brief);
    const auto full = known == kAbbreviations.end() ? word : known->full;
    if (known = std::ranges::find(kAbbreviations, full, &Abbreviation::full); known != kAbbreviations.end())
        return std::string{known->brief};
    for (const auto& [brief, end] : kEnds) {
        if (word.ends_with(end)) return std::string{word.substr(0, word.size() - end.size())} + std::string{brief};
    }
    return std::string{word};
}

}  // namespace

std::vector<std::string> spellings_of(const FoldedName& name) {
    std::vector<std::string> spellings;
    const auto add = [&](std::string spelling) {
        if (spellings.size() < kMostSpellings && std::ranges::find(spellings, spelling) == spellings.end())
            spellings.push_back(std::move(spelling));
    };
    if (name.plain.empty()) return spellings;
    add(name.plain);
    if (!name.spelled_out.empty()) add(name.spelled_out);
    for (std::size_t i = 0; i < spellings.size(); ++i) {
        const std::string spelling = spellings[i];
        for (const auto word : words_of(spelling)) {
            for_each_other(word, [&](const std::string& other) {
                auto changed = spelling;
                add(changed.replace(static_cast<std::size_t>(word.data() - spelling.data()), word.size(), other));
            });
        }
    }
    return spellings;
}

std::vector<std::string> abbreviated(const FoldedName& name) {
    std::vector<std::string> texts;
    for (const auto* spelling : {&name.plain, &name.spelled_out}) {
        if (spelling->empty()) continue;
        std::string text;
        for (const auto word : words_of(*spelling)) {
            if (!text.empty()) text += ' ';
            text += shortest(word);
        }
        if (texts.empty() || texts.front() != text) texts.push_back(std::move(text));
    }
    return texts;
}

}  // namespace railbook::timetable
