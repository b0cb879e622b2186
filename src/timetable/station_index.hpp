#pragma once
/// Finds stations by what people type, while they type it.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "timetable/names.hpp"
#include "timetable/network.hpp"

namespace railbook::timetable {

/// A station of one of the feeds.
struct FoundStation {
    const Network* network = nullptr;
    Index index = 0;
    bool operator==(const FoundStation&) const = default;
};

/// What passengers know as one place: a station, or the same station in several feeds.
struct StationPlace {
    std::vector<FoundStation> stations;  ///< At most one of a feed; the busiest first.
    std::size_t traffic = 0;             ///< Calls a week in all feeds.
};

/// The stations of all feeds. Those of two feeds are one place where they have the same UIC code and lie near each
/// other, or, where one has no such code, the same name (abbreviated or not, umlauts in either spelling) and nearly the
/// same position. Immutable, so thread-safe.
///
/// The words of all names stand in one sorted list, so that the words that begin with a text are a range of it, and
/// each word knows the names that it is part of. Typing errors are found in the same list, read as a tree of letters:
/// a row of the edit distances to each beginning of a word is a step from the row of the beginning one letter shorter,
/// and a branch in which every distance is too large is left out. Letters are code points of folded names.
class StationIndex {
public:
    explicit StationIndex(std::span<const std::shared_ptr<const Network>> networks);

    /// The busiest first.
    const std::vector<StationPlace>& places() const { return places_; }
    const StationPlace& place_of(const FoundStation& station) const;

    struct Hit {
        const StationPlace* place = nullptr;
        Fit fit = Fit::none;
        unsigned errors = 0;  ///< Of typing.
        /// It is what the text says: its name in full, or its code.
        bool is_exact() const { return errors == 0 && (fit == Fit::exact || fit == Fit::code); }
    };
    /// Places with a name of which each word of the text begins a word, or with the text as a code; the best first:
    /// without errors, as well as they fit, as busy as they are. Where they are few, those follow that would fit but
    /// for an error in a word of four letters or two in one of eight.
    std::vector<Hit> find(std::string_view text, std::size_t limit) const;

private:
    /// Of words, by their places in the sorted list.
    struct Range {
        Index first = 0;
        Index last = 0;  // not one of them
        bool has(Index word) const { return word >= first && word < last; }
    };
    /// The words that begin with a word of a text, and the one among them that is that word.
    struct Wanted {
        Range words;
        Index whole = kNone;
    };
    struct Visit {
        Index name = 0;
        Index position = 0;  // of the word in the name, from 0
    };
    class Hits;
    class Near;

    std::size_t word_count() const { return first_letter_.size() - 1; }
    std::u32string_view word(std::size_t index) const;
    void merge(std::span<const std::shared_ptr<const Network>> networks);
    void index_names();
    void index_codes();
    std::span<const Index> words_of(Index name) const;
    std::span<const Visit> visits_of(Range words) const;
    Wanted wanted(std::u32string_view text) const;
    void find_exactly(std::string_view folded, Hits& hits) const;
    void find_nearly(std::string_view folded, Hits& hits) const;
    Fit fit_of(std::span<const Wanted> text, Index name) const;

    std::vector<StationPlace> places_;
    std::unordered_map<const Network*, std::vector<Index>> place_of_;  // by station
    std::vector<std::pair<std::string, Index>> codes_;                 // folded, sorted; and the place
    std::u32string letters_;                                           // of the words, sorted
    std::vector<Index> first_letter_;   // by word, one more at the end
    std::vector<std::uint8_t> shared_;  // by word: as many letters as it begins like the one before it
    std::vector<Visit> visits_;         // by word
    std::vector<Index> first_visit_;    // by word, one more at the end
    std::vector<Index> name_words_;     // name after name
    std::vector<Index> first_word_;     // by name, one more at the end
    std::vector<Index> place_of_name_;
};

}  // namespace railbook::timetable
