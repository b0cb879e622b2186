#include "timetable/station_index.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <ranges>
#include <tuple>

#include <utf8proc.h>

#include "base/assert.hpp"
#include "timetable/distances.hpp"
#include "timetable/spellings.hpp"

namespace railbook::timetable {
namespace {

/// Nobody types more words, and a name is found by these many of its words.
constexpr std::size_t kMostWords = 31;
constexpr std::uint32_t kLost = 0xFFFFFFFF;  // of words taken, where one of the text finds none
/// With fewer hits than these, what was typed may be mistyped.
constexpr std::size_t kFewHits = 3;
/// Metres between the positions that two feeds give for one station: one of them may mean the forecourt, the other the
/// far end of a platform. The same code is believed where they are further apart, but not everywhere: seven digits may
/// be another number.
constexpr double kSameNameMetres = 1000;
constexpr double kSameCodeMetres = 5000;

constexpr std::size_t kUicDigits = 7;  // two of the country, five of the station

bool is_uic(std::string_view id) {
    return id.size() == kUicDigits && id.front() != '0' &&
           std::ranges::all_of(id, [](char c) { return c >= '0' && c <= '9'; });
}

/// Empty where the station has none.
std::string_view uic_of(const NetworkView::Station& station) {
    for (const auto code : {station.code, station.id}) {
        if (is_uic(code)) return code;
    }
    return {};
}

/// Typing errors that a word of so many letters may have.
std::size_t errors_allowed(std::size_t letters) { return letters < 4 ? 0 : letters < 8 ? 1 : 2; }

NetworkView::Station record_of(const FoundStation& station) {
    return station.network->data().stations[station.index];
}

bool has_position(const NetworkView::Station& station) { return station.latitude != 0 || station.longitude != 0; }

/// Of what fold() gave.
std::u32string letters_of(std::string_view folded) {
    std::u32string letters;
    const auto* at = reinterpret_cast<const utf8proc_uint8_t*>(folded.data());
    const auto* end = at + folded.size();
    while (at != end) {
        utf8proc_int32_t code = 0;
        const auto used = utf8proc_iterate(at, end - at, &code);
        RAILBOOK_ASSERT(used > 0);
        letters += static_cast<char32_t>(code);
        at += used;
    }
    return letters;
}

constexpr auto kCode = [](const auto& code) { return std::string_view{code.first}; };

double metres_between(const NetworkView::Station& one, const NetworkView::Station& other) {
    return timetable::metres_between({one.latitude, one.longitude}, {other.latitude, other.longitude});
}

}  // namespace

/// The best fit of each place, found name by name.
class StationIndex::Hits {
public:
    explicit Hits(const StationIndex& index) : index_{index}, scores_(index.places_.size(), kNone) {}

    void add(Index place, Fit fit, std::size_t errors) {
        auto& score = scores_[place];
        if (score == kNone) found_.push_back(place);
        constexpr std::size_t kMostErrors = kNone / kFits - 1;
        const auto added = std::min(errors, kMostErrors) * kFits + static_cast<std::size_t>(fit);
        score = std::min(score, static_cast<std::uint8_t>(added));
    }
    std::size_t size() const { return found_.size(); }
    std::vector<Hit> best(std::size_t limit) {
        const auto rank = [&](Index place) { return std::pair{scores_[place], place}; };
        const auto end = found_.begin() + static_cast<std::ptrdiff_t>(std::min(limit, found_.size()));
        std::ranges::partial_sort(found_, end, {}, rank);
        std::vector<Hit> hits;
        for (auto at = found_.begin(); at != end; ++at) {
            const unsigned score = scores_[*at];
            hits.push_back({&index_.places_[*at], static_cast<Fit>(score % kFits), score / kFits});
        }
        return hits;
    }

private:
    static constexpr std::uint8_t kNone = 0xFF;
    static constexpr std::uint8_t kFits = static_cast<std::uint8_t>(Fit::none) + 1;

    const StationIndex& index_;
    std::vector<std::uint8_t> scores_;  // by place: errors, then fit
    std::vector<Index> found_;
};

/// The words that begin with a text but for some typing errors: Levenshtein's, with two neighbours swapped as one.
class StationIndex::Near {
public:
    Near(const StationIndex& index, std::u32string text)
        : text_{std::move(text)}, most_{errors_allowed(text_.size())}, errors_(index.word_count(), kTooMany) {
        const std::size_t deepest = text_.size() + most_;
        rows_.assign(deepest + 1, std::vector<std::uint8_t>(text_.size() + 2, too_many()));
        least_.assign(deepest + 1, too_many());
        least_beginning_.assign(deepest + 1, too_many());
        for (std::size_t j = 0; j <= std::min(text_.size(), most_); ++j) rows_[0][j] = static_cast<std::uint8_t>(j);
        least_[0] = 0;
        least_beginning_[0] = rows_[0][text_.size()];

        std::size_t computed = 0;  // rows of the word before
        bool is_hopeless = false;  // whether the last of them is as bad as every longer one
        for (std::size_t word = 0; word < index.word_count(); ++word) {
            const std::size_t shared = index.shared_[word];
            if (!is_hopeless || shared < computed) {
                computed = std::min(shared, computed);
                is_hopeless = false;
                const auto letters = index.word(word);
                const std::size_t end = std::min(letters.size(), deepest);
                while (computed < end && !is_hopeless) {
                    ++computed;
                    compute(letters, computed);
                    is_hopeless = least_[computed] > most_ && least_[computed - 1] >= most_;
                }
            }
            if (least_beginning_[computed] > most_) continue;
            errors_[word] = least_beginning_[computed];
            visits_ += index.first_visit_[word + 1] - index.first_visit_[word];
        }
    }

    static constexpr std::uint8_t kTooMany = 0xFF;
    /// Of the word, or kTooMany.
    std::uint8_t errors(Index word) const { return errors_[word]; }
    /// How often these words stand in names.
    std::size_t visits() const { return visits_; }

private:
    std::uint8_t too_many() const { return static_cast<std::uint8_t>(most_ + 1); }
    /// The row of the first `depth` letters, from those before it. Only what may be small enough: near the diagonal.
    void compute(std::u32string_view letters, std::size_t depth) {
        const auto& above = rows_[depth - 1];
        auto& row = rows_[depth];
        const std::size_t first = depth > most_ ? depth - most_ : 1;
        const std::size_t last = std::min(text_.size(), depth + most_);
        row[first - 1] = first == 1 ? static_cast<std::uint8_t>(std::min(depth, most_ + 1)) : too_many();
        std::uint8_t least = row[first - 1];
        for (std::size_t j = first; j <= last; ++j) {
            const bool is_same = letters[depth - 1] == text_[j - 1];
            unsigned errors = std::min({above[j - 1] + (is_same ? 0U : 1U), above[j] + 1U, row[j - 1] + 1U});
            if (depth > 1 && j > 1 && letters[depth - 1] == text_[j - 2] && letters[depth - 2] == text_[j - 1])
                errors = std::min(errors, rows_[depth - 2][j - 2] + 1U);
            row[j] = static_cast<std::uint8_t>(std::min<unsigned>(errors, too_many()));
            least = std::min(least, row[j]);
        }
        row[last + 1] = too_many();
        least_[depth] = least;
        const auto whole = last == text_.size() && first <= last ? row[last] : too_many();
        least_beginning_[depth] = std::min(least_beginning_[depth - 1], whole);
    }

    std::u32string text_;
    std::size_t most_;
    std::vector<std::uint8_t> errors_;  // by word
    std::size_t visits_ = 0;
    std::vector<std::vector<std::uint8_t>> rows_;  // by how many letters of a word
    std::vector<std::uint8_t> least_;              // of each row
    std::vector<std::uint8_t> least_beginning_;    // of the whole text, in this row and those before it
};

StationIndex::StationIndex(std::span<const std::shared_ptr<const Network>> networks) {
    merge(networks);
    index_names();
    index_codes();
}

void StationIndex::merge(std::span<const std::shared_ptr<const Network>> networks) {
    std::unordered_map<std::string_view, std::vector<Index>> by_code;
    std::unordered_map<std::string, std::vector<Index>> by_name;
    std::vector<std::string_view> code_of;
    const auto same = [&](const std::vector<Index>& places, const FoundStation& station, const auto& is_near) {
        const auto found = std::ranges::find_if(places, [&](Index place) {
            const auto& members = places_[place].stations;
            return std::ranges::none_of(members, [&](const auto& one) { return one.network == station.network; }) &&
                   is_near(place, record_of(members.front()));
        });
        return found == places.end() ? std::optional<Index>{} : *found;
    };
    for (const auto& network : networks) {
        for (Index i = 0; i < network->data().stations.size(); ++i) {
            const FoundStation station{network.get(), i};
            const auto record = record_of(station);
            const auto code = uic_of(record);
            const auto own = network->names_of(i).front();
            const auto names = abbreviated({std::string{own.plain}, std::string{own.spelled_out}});
            std::optional<Index> place;
            // Stations of one feed are never one, however many have the same name.
            const bool is_first_feed = network == networks.front();
            if (!code.empty() && !is_first_feed) {
                place = same(by_code[code], station, [&](Index, const NetworkView::Station& other) {
                    return !has_position(record) || !has_position(other) ||
                           metres_between(record, other) <= kSameCodeMetres;
                });
            }
            for (const auto& name : names) {
                if (place || is_first_feed) break;
                place = same(by_name[name], station, [&](Index other_place, const NetworkView::Station& other) {
                    return (code.empty() || code_of[other_place].empty()) && has_position(record) &&
                           has_position(other) && metres_between(record, other) <= kSameNameMetres;
                });
            }
            if (!place) {
                place = static_cast<Index>(places_.size());
                places_.emplace_back();
                code_of.emplace_back();
            }
            places_[*place].stations.push_back(station);
            places_[*place].traffic += network->traffic(i);
            if (code_of[*place].empty()) code_of[*place] = code;
            if (!code.empty()) by_code[code].push_back(*place);
            for (const auto& name : names) by_name[name].push_back(*place);
        }
    }
    for (auto& place : places_) {
        std::ranges::sort(place.stations, {}, [](const FoundStation& one) {
            return std::pair{-static_cast<std::int64_t>(one.network->traffic(one.index)),
                             std::string_view{one.network->feed()}};
        });
    }
    std::ranges::sort(places_, {}, [](const StationPlace& place) {
        const auto record = record_of(place.stations.front());
        return std::tuple{-static_cast<std::int64_t>(place.traffic), record.name.size(), record.name,
                          std::string_view{place.stations.front().network->feed()}, record.id};
    });
    for (const auto& network : networks) place_of_[network.get()].resize(network->data().stations.size());
    for (Index place = 0; place < places_.size(); ++place) {
        for (const auto& station : places_[place].stations) place_of_[station.network][station.index] = place;
    }
}

void StationIndex::index_names() {
    std::vector<std::string> names;
    for (Index place = 0; place < places_.size(); ++place) {
        const auto first = names.size();
        for (const auto& station : places_[place].stations) {
            for (const auto name : station.network->names_of(station.index)) {
                for (auto& spelling : spellings_of({std::string{name.plain}, std::string{name.spelled_out}})) {
                    const auto mine = std::span{names}.subspan(first);
                    if (std::ranges::find(mine, spelling) != mine.end()) continue;
                    names.push_back(std::move(spelling));
                    place_of_name_.push_back(place);
                }
            }
        }
    }

    std::vector<std::vector<std::string_view>> split_names;
    split_names.reserve(names.size());
    std::vector<std::string_view> all;
    for (const auto& name : names) {
        split_names.push_back(timetable::words_of(name));
        auto& words = split_names.back();
        if (words.size() > kMostWords) words.resize(kMostWords);
        all.insert(all.end(), words.begin(), words.end());
    }
    std::ranges::sort(all);  // as their code points are sorted
    const auto repeated = std::ranges::unique(all);
    all.erase(repeated.begin(), repeated.end());
    std::unordered_map<std::string_view, Index> index_of;
    first_letter_.push_back(0);
    for (const auto folded : all) {
        const auto letters = letters_of(folded);
        const auto before = index_of.empty() ? std::u32string_view{} : word(index_of.size() - 1);
        const auto differs = std::ranges::mismatch(before, letters).in1;
        const auto shared = static_cast<std::size_t>(differs - before.begin());
        shared_.push_back(static_cast<std::uint8_t>(std::min<std::size_t>(shared, 0xFF)));
        index_of.emplace(folded, static_cast<Index>(index_of.size()));
        letters_ += letters;
        first_letter_.push_back(static_cast<Index>(letters_.size()));
    }
    first_visit_.assign(word_count() + 1, 0);
    for (const auto& words : split_names) {
        first_word_.push_back(static_cast<Index>(name_words_.size()));
        for (const auto word : words) {
            name_words_.push_back(index_of.at(word));
            ++first_visit_[name_words_.back() + 1];
        }
    }
    first_word_.push_back(static_cast<Index>(name_words_.size()));
    for (std::size_t word = 0; word < word_count(); ++word) first_visit_[word + 1] += first_visit_[word];
    visits_.resize(name_words_.size());
    auto next = first_visit_;
    for (Index name = 0; name < names.size(); ++name) {
        const auto words = words_of(name);
        for (Index position = 0; position < words.size(); ++position)
            visits_[next[words[position]]++] = {name, position};
    }
}

void StationIndex::index_codes() {
    for (Index place = 0; place < places_.size(); ++place) {
        for (const auto& station : places_[place].stations) {
            for (const std::string_view text : {record_of(station).id, record_of(station).code}) {
                if (auto code = fold(text).plain; !code.empty()) codes_.emplace_back(std::move(code), place);
            }
        }
    }
    std::ranges::sort(codes_);
    // `AA  G` and `AAG` may be two stations; where they are not, both mean the one.
    std::vector<std::pair<std::string, Index>> joined;
    for (const auto& [code, place] : codes_) {
        if (code.find(' ') == std::string::npos) continue;
        auto text = code;
        std::erase(text, ' ');
        if (!std::ranges::binary_search(codes_, text, {}, kCode)) joined.emplace_back(std::move(text), place);
    }
    codes_.insert(codes_.end(), std::make_move_iterator(joined.begin()), std::make_move_iterator(joined.end()));
    std::ranges::sort(codes_);
}

std::u32string_view StationIndex::word(std::size_t index) const {
    const auto first = first_letter_[index];
    return std::u32string_view{letters_}.substr(first, first_letter_[index + 1] - first);
}

const StationPlace& StationIndex::place_of(const FoundStation& station) const {
    return places_[place_of_.at(station.network)[station.index]];
}

std::span<const Index> StationIndex::words_of(Index name) const {
    return std::span{name_words_}.subspan(first_word_[name], first_word_[name + 1] - first_word_[name]);
}

std::span<const StationIndex::Visit> StationIndex::visits_of(Range words) const {
    const auto first = first_visit_[words.first];
    return std::span{visits_}.subspan(first, first_visit_[words.last] - first);
}

StationIndex::Wanted StationIndex::wanted(std::u32string_view text) const {
    const auto first = std::ranges::partition_point(std::views::iota(std::size_t{0}, word_count()),
                                                    [&](std::size_t one) { return word(one) < text; });
    const auto last = std::ranges::partition_point(std::views::iota(*first, word_count()),
                                                   [&](std::size_t one) { return word(one).starts_with(text); });
    Wanted found{{static_cast<Index>(*first), static_cast<Index>(*last)}, kNone};
    if (first != last && word(*first) == text) found.whole = found.words.first;
    return found;
}

/// A word of the name serves one word of the text.
Fit StationIndex::fit_of(std::span<const Wanted> text, Index name) const {
    const auto words = words_of(name);
    if (words.size() < text.size()) return Fit::none;
    // The name begins with the text: all of its words but the last are there in full, and at the beginning.
    std::size_t begun = 0;
    while (begun + 1 < text.size() && words[begun] == text[begun].whole) ++begun;
    if (begun + 1 == text.size() && text.back().words.has(words[begun]))
        return words.size() == text.size() && words[begun] == text.back().whole ? Fit::exact : Fit::beginning;
    std::size_t in_order = 0;
    for (const auto word : words) {
        if (in_order < text.size() && text[in_order].words.has(word)) ++in_order;
    }
    if (in_order == text.size()) return Fit::in_order;
    // The rarest first: a short beginning must not take the only word that a longer one fits.
    std::array<std::size_t, kMostWords> order{};
    const std::span by_rarity{order.data(), text.size()};
    std::iota(by_rarity.begin(), by_rarity.end(), std::size_t{0});
    std::ranges::sort(by_rarity, {}, [&](std::size_t i) { return text[i].words.last - text[i].words.first; });
    std::uint32_t taken = 0;
    for (const auto i : by_rarity) {
        std::size_t at = 0;
        while (at < words.size() && ((taken >> at & 1U) != 0 || !text[i].words.has(words[at]))) ++at;
        if (at == words.size()) return Fit::none;
        taken |= 1U << at;
    }
    return Fit::any_order;
}

void StationIndex::find_exactly(std::string_view folded, Hits& hits) const {
    const auto words = timetable::words_of(folded);
    if (words.empty() || words.size() > kMostWords) return;
    std::vector<Wanted> text;
    for (const auto word : words) text.push_back(wanted(letters_of(word)));
    const auto rarest =
        std::ranges::min_element(text, {}, [&](const Wanted& one) { return visits_of(one.words).size(); });
    for (const auto& visit : visits_of(rarest->words)) {
        const auto fit = fit_of(text, visit.name);
        if (fit != Fit::none) hits.add(place_of_name_[visit.name], fit, 0);
    }
    for (const auto& [code, place] : std::ranges::equal_range(codes_, folded, {}, kCode)) {
        hits.add(place, Fit::code, 0);
    }
}

void StationIndex::find_nearly(std::string_view folded, Hits& hits) const {
    const auto words = timetable::words_of(folded);
    if (words.empty() || words.size() > kMostWords) return;
    std::vector<Near> text;
    text.reserve(words.size());
    for (const auto word : words) {
        text.emplace_back(*this, letters_of(word));
        if (text.back().visits() == 0) return;
    }
    const auto rarest = std::ranges::min_element(text, {}, &Near::visits);
    for (Index word = 0; word < word_count(); ++word) {
        if (rarest->errors(word) == Near::kTooMany) continue;
        for (const auto& visit : visits_of({word, word + 1})) {
            const auto name = words_of(visit.name);
            std::uint32_t taken = 0;
            std::size_t errors = 0;
            bool begins = true;
            for (std::size_t i = 0; i < text.size() && taken != kLost; ++i) {
                std::size_t best = name.size();
                for (std::size_t at = 0; at < name.size(); ++at) {
                    if ((taken >> at & 1U) != 0 || text[i].errors(name[at]) == Near::kTooMany) continue;
                    if (best == name.size() || text[i].errors(name[at]) < text[i].errors(name[best])) best = at;
                }
                if (best == name.size()) {
                    taken = kLost;
                } else {
                    taken |= 1U << best;
                    errors += text[i].errors(name[best]);
                    begins = begins && best == i;
                }
            }
            // Without errors it was found before.
            if (taken != kLost && errors > 0)
                hits.add(place_of_name_[visit.name], begins ? Fit::beginning : Fit::any_order, errors);
        }
    }
}

std::vector<StationIndex::Hit> StationIndex::find(std::string_view text, std::size_t limit) const {
    const auto folded = fold(text);
    Hits hits{*this};
    find_exactly(folded.plain, hits);
    find_exactly(folded.spelled_out, hits);
    if (hits.size() < std::min(limit, kFewHits)) {
        find_nearly(folded.plain, hits);
        find_nearly(folded.spelled_out, hits);
    }
    return hits.best(limit);
}

}  // namespace railbook::timetable
