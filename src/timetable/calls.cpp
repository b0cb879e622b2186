#include <algorithm>
#include <charconv>

#include <boost/container/small_vector.hpp>
#include <fmt/format.h>
#include <railbook/timetable.hpp>

#include "base/rides.hpp"
#include "timetable/names.hpp"

namespace railbook {
namespace {

/// `db:8000105#2`: the text before, and the 2.
struct MarkedText {
    std::string_view text;
    std::optional<int> nth;
};
MarkedText split_mark(std::string_view text) {
    const auto hash = text.rfind('#');
    if (hash == std::string_view::npos || hash + 1 == text.size()) return {text, {}};
    int nth = 0;
    const auto* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + hash + 1, end, nth);
    if (error != std::errc{} || stop != end || nth < 1) return {text, {}};
    return {text.substr(0, hash), nth};
}

using FewCalls = boost::container::small_vector<std::size_t, 8>;

/// Calls from `first` on for which `wanted` holds.
template <class Wanted>
FewCalls calls_where(const Run& run, std::size_t first, std::optional<int> nth, const Wanted& wanted) {
    FewCalls found;
    const auto& calls = run.calls.all();
    for (std::size_t i = first; i < calls.size(); ++i) {
        // The only call at a station is its first.
        if (wanted(calls[i]) && (!nth || std::max(calls[i].id.nth, 1) == *nth)) found.push_back(i);
    }
    return found;
}

/// Whether this is the stop, or how its id is written. The ends are looked at first: that is where ids differ.
bool is_named(const StationId& id, std::string_view text) {
    if (text.empty() || id.stop.empty() || text.back() != id.stop.back()) return false;
    if (text.size() == id.stop.size()) return text == id.stop;
    return text.size() == id.feed.size() + 1 + id.stop.size() && text.ends_with(id.stop) && text.starts_with(id.feed) &&
           text[id.feed.size()] == ':';
}

/// By id, else by name to the letter, else by name in full, else by the beginnings of its words.
FewCalls calls_named(const Run& run, const MarkedText& marked, std::size_t first) {
    auto found =
        calls_where(run, first, marked.nth, [&](const Call& call) { return is_named(call.id.station, marked.text); });
    if (!found.empty()) return found;
    const auto written = timetable::composed(marked.text);
    found = calls_where(run, first, marked.nth,
                        [&](const Call& call) { return timetable::composed(call.name) == written; });
    if (!found.empty()) return found;
    const auto name = timetable::fold(marked.text);
    found = calls_where(run, first, marked.nth,
                        [&](const Call& call) { return timetable::same_name(name, timetable::fold(call.name)); });
    if (!found.empty()) return found;
    return calls_where(run, first, marked.nth, [&](const Call& call) {
        return timetable::fit_of(name, timetable::fold(call.name)) != timetable::Fit::none;
    });
}

}  // namespace

Result<std::size_t> find_call(const Run& run, std::string_view text, std::size_t first) {
    const auto marked = split_mark(text);
    auto found = calls_named(run, marked, first);
    // An id or name may end in what looks like a mark.
    if (found.empty() && marked.nth) found = calls_named(run, {text, {}}, first);
    if (found.size() == 1) return found.front();
    if (found.empty()) {
        const bool earlier = !calls_named(run, marked, 0).empty();
        return Error{ErrorCode::not_found, fmt::format("{} does not call at '{}'{}", run.train, text,
                                                       earlier ? " on that part of its way" : "")};
    }
    Error error{ErrorCode::invalid_argument,
                fmt::format("'{}' may be {} calls of {}", text, found.size(), run.train),
                "name one of them",
                {}};
    for (const auto index : found) {
        const auto& call = run.calls[index];
        error.mistakes.push_back({{}, fmt::format("{} {}", to_string(call.id), call.name)});
        error.detail += fmt::format("{} {}", error.mistakes.size() == 1 ? ":" : ",", error.mistakes.back().detail);
    }
    return error;
}

Endpoint departure_of(const Run& run, std::size_t from) {
    return base::start_of_ride(run, {static_cast<std::uint16_t>(from), 0});
}

Endpoint arrival_of(const Run& run, std::size_t to) {
    return base::end_of_ride(run, {0, static_cast<std::uint16_t>(to)});
}

}  // namespace railbook
