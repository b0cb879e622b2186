#include "search/reference.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <set>
#include <stdexcept>
#include <tuple>

#include <date/tz.h>
#include <zip.h>

namespace railbook::test {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr auto kNone = std::numeric_limits<std::int64_t>::min();

using Rows = std::vector<std::map<std::string, std::string>>;

Rows parse_csv(const std::string& text) {
    std::vector<std::vector<std::string>> lines(1);
    lines.back().emplace_back();
    bool quoted = false;
    std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    for (; at < text.size(); ++at) {
        const char c = text[at];
        auto& field = lines.back().back();
        if (quoted) {
            if (c != '"') field += c;
            else if (at + 1 < text.size() && text[at + 1] == '"') field += text[++at];
            else quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == ',') {
            lines.back().emplace_back();
        } else if (c == '\n') {
            lines.emplace_back(1);
        } else if (c != '\r') {
            field += c;
        }
    }
    Rows rows;
    const auto trimmed = [](const std::string& field) {
        const auto first = field.find_first_not_of(' ');
        return first == std::string::npos ? std::string{}
                                          : field.substr(first, field.find_last_not_of(' ') + 1 - first);
    };
    for (std::size_t line = 1; line < lines.size(); ++line) {
        if (lines[line].size() == 1 && lines[line].front().empty()) continue;
        auto& row = rows.emplace_back();
        for (std::size_t column = 0; column < lines.front().size(); ++column) {
            row[trimmed(lines.front()[column])] =
                column < lines[line].size() ? trimmed(lines[line][column]) : std::string{};
        }
    }
    return rows;
}

std::map<std::string, std::string> texts_of(const std::string& path) {
    std::map<std::string, std::string> texts;
    if (std::filesystem::is_directory(path)) {
        for (const auto& entry : std::filesystem::directory_iterator{path}) {
            std::ifstream file{entry.path(), std::ios::binary};
            texts[entry.path().filename().string()] = {std::istreambuf_iterator<char>{file}, {}};
        }
        return texts;
    }
    int code = 0;
    const std::unique_ptr<zip_t, decltype(&zip_discard)> zip{zip_open(path.c_str(), ZIP_RDONLY, &code), &zip_discard};
    if (!zip) throw std::runtime_error{"cannot open " + path};
    for (zip_int64_t i = 0; i < zip_get_num_entries(zip.get(), 0); ++i) {
        const auto index = static_cast<zip_uint64_t>(i);
        zip_stat_t stat;
        if (zip_stat_index(zip.get(), index, 0, &stat) != 0) throw std::runtime_error{"a broken zip"};
        std::string text(stat.size, '\0');
        const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file{zip_fopen_index(zip.get(), index, 0),
                                                                      &zip_fclose};
        if (!file || zip_fread(file.get(), text.data(), text.size()) != static_cast<zip_int64_t>(text.size())) {
            throw std::runtime_error{"a broken zip"};
        }
        texts[std::filesystem::path{stat.name}.filename().string()] = std::move(text);
    }
    return texts;
}

std::string field(const std::map<std::string, std::string>& row, const std::string& name) {
    const auto found = row.find(name);
    return found == row.end() ? std::string{} : found->second;
}

std::int64_t parse_clock(const std::string& text) {
    int hours = 0;
    int minutes = 0;
    int seconds = 0;
    if (std::sscanf(text.c_str(), "%d:%d:%d", &hours, &minutes, &seconds) != 3) {
        throw std::runtime_error{"no time: " + text};
    }
    return hours * 3600 + minutes * 60 + seconds;
}

date::local_days local(std::int64_t day) { return date::local_days{date::days{day}}; }

std::int64_t parse_date(const std::string& text) {
    const date::year_month_day day{date::year{std::stoi(text.substr(0, 4))},
                                   date::month{static_cast<unsigned>(std::stoi(text.substr(4, 2)))},
                                   date::day{static_cast<unsigned>(std::stoi(text.substr(6, 2)))}};
    return date::local_days{day}.time_since_epoch().count();
}

std::int64_t date_of(const std::string& text) {
    return parse_date(text.substr(0, 4) + text.substr(5, 2) + text.substr(8, 2));
}

std::string date_text(std::int64_t day) { return date::format("%Y-%m-%d", local(day)); }

/// Noon minus 12 h.
std::int64_t begin_of(std::int64_t day, const std::string& zone) {
    static std::map<std::pair<std::int64_t, std::string>, std::int64_t> known;
    const auto [entry, is_new] = known.try_emplace({day, zone});
    if (is_new) {
        const auto noon = date::locate_zone(zone)->to_sys(local(day) + std::chrono::hours{12});
        entry->second = std::chrono::duration_cast<std::chrono::seconds>(noon.time_since_epoch()).count() - kDay / 2;
    }
    return entry->second;
}

[[noreturn]] void wrong(const std::string& what) { throw std::runtime_error{what}; }

}  // namespace

Reference::Reference(const std::string& path) { read(texts_of(path)); }

void Reference::read(const std::map<std::string, std::string>& texts) {
    const auto rows = [&](const char* file) {
        const auto found = texts.find(file);
        return found == texts.end() ? Rows{} : parse_csv(found->second);
    };
    std::map<std::string, std::string> zones;
    for (const auto& row : rows("agency.txt")) zones[field(row, "agency_id")] = field(row, "agency_timezone");
    std::map<std::string, std::string> zone_of_route;
    for (const auto& row : rows("routes.txt")) {
        const auto agency = field(row, "agency_id");
        zone_of_route[field(row, "route_id")] = zones.contains(agency) ? zones[agency] : zones.begin()->second;
    }
    for (const auto& row : rows("stops.txt")) {
        const auto type = field(row, "location_type");
        if (!type.empty() && type != "0" && type != "1") continue;
        const auto id = field(row, "stop_id");
        const auto parent = type == "1" ? std::string{} : field(row, "parent_station");
        stop_at_[id] = stops_.size();
        stops_.push_back({id, parent.empty() ? id : parent});
    }
    for (const auto& stop : stops_) station_.push_back(stop_at_.at(stop.parent));
    const auto is_on = [](const std::map<std::string, std::string>& row, std::int64_t day) {
        constexpr const char* kWeekdays[] = {"sunday",   "monday", "tuesday", "wednesday",
                                             "thursday", "friday", "saturday"};
        return field(row, kWeekdays[date::weekday{local(day)}.c_encoding()]) == "1";
    };
    for (const auto& row : rows("calendar.txt")) {
        const auto last = parse_date(field(row, "end_date"));
        for (auto day = parse_date(field(row, "start_date")); day <= last; ++day) {
            if (is_on(row, day)) dates_[field(row, "service_id")][day] = true;
        }
    }
    for (const auto& row : rows("calendar_dates.txt")) {
        dates_[field(row, "service_id")][parse_date(field(row, "date"))] = field(row, "exception_type") == "1";
    }
    std::map<std::string, Trip> trips;
    for (const auto& row : rows("trips.txt")) {
        const auto id = field(row, "trip_id");
        const auto route = field(row, "route_id");
        trips[id] = {id, route, field(row, "service_id"), field(row, "block_id"), zone_of_route.at(route), {}, {}};
    }
    std::map<std::string, std::map<int, Call>> calls;
    for (const auto& row : rows("stop_times.txt")) {
        calls[field(row, "trip_id")][std::stoi(field(row, "stop_sequence"))] = {
            stop_at_.at(field(row, "stop_id")), parse_clock(field(row, "arrival_time")),
            parse_clock(field(row, "departure_time")), field(row, "pickup_type") != "1",
            field(row, "drop_off_type") != "1"};
    }
    for (auto& [id, trip] : trips) {
        bool backwards = false;
        std::int64_t time = 0;
        for (const auto& [sequence, call] : calls[id]) {
            backwards = backwards || call.arrival < time || call.departure < call.arrival;
            time = call.departure;
            trip.calls.push_back(call);
        }
        if (backwards || trip.calls.size() < 2) continue;
        trip_at_[id] = trips_.size();
        trips_.push_back(std::move(trip));
    }
    for (const auto& row : rows("frequencies.txt")) {
        auto& trip = trips_[trip_at_.at(field(row, "trip_id"))];
        const auto end = parse_clock(field(row, "end_time"));
        for (auto start = parse_clock(field(row, "start_time")); start < end;
             start += std::stoi(field(row, "headway_secs"))) {
            trip.starts.push_back(start);
        }
    }
    for (const auto& row : rows("transfers.txt")) {
        const auto type = field(row, "transfer_type").empty() ? 0 : std::stoi(field(row, "transfer_type"));
        if (type > 3) {
            stays_[{field(row, "from_trip_id"), field(row, "to_trip_id")}] = type == 4;
            continue;
        }
        const auto seconds = field(row, "min_transfer_time");
        const Rule rule{type,
                        seconds.empty() ? std::nullopt : std::optional<std::int64_t>{std::stoi(seconds)},
                        field(row, "from_trip_id"),
                        field(row, "to_trip_id"),
                        field(row, "from_route_id"),
                        field(row, "to_route_id")};
        for (const auto* name : {&rule.from_trip, &rule.to_trip, &rule.from_route, &rule.to_route}) {
            tells_trains_apart_ = tells_trains_apart_ || !name->empty();
        }
        rules_[{field(row, "from_stop_id"), field(row, "to_stop_id")}].push_back(rule);
    }
    const auto add_place = [&](const Place& place) {
        if (place_at_.emplace(place, places_.size()).second) places_.push_back(place);
    };
    if (!tells_trains_apart_) {
        for (std::size_t stop = 0; stop < stops_.size(); ++stop) add_place({stop});
    }
    for (std::size_t trip = 0; tells_trains_apart_ && trip < trips_.size(); ++trip) {
        for (const auto& call : trips_[trip].calls) add_place({call.stop, trip});
    }
    for (const auto& trip : trips_) {
        longest_trip_ = std::max(longest_trip_, trip.calls.back().arrival);
        for (const auto start : trip.starts) longest_trip_ = std::max(longest_trip_, start + trip.calls.back().arrival);
    }
}

bool Reference::runs_on(const Trip& trip, std::int64_t date) const {
    const auto service = dates_.find(trip.service);
    if (service == dates_.end()) return false;
    const auto found = service->second.find(date);
    return found != service->second.end() && found->second;
}

std::int64_t Reference::first_date() const {
    auto first = std::numeric_limits<std::int64_t>::max();
    for (const auto& [service, dates] : dates_) {
        for (const auto& [date, runs] : dates) first = runs ? std::min(first, date) : first;
    }
    return first;
}

std::int64_t Reference::last_date() const {
    auto last = std::numeric_limits<std::int64_t>::min();
    for (const auto& [service, dates] : dates_) {
        for (const auto& [date, runs] : dates) last = runs ? std::max(last, date) : last;
    }
    return last;
}

const std::vector<Reference::Run>& Reference::runs_of(std::int64_t date) {
    if (runs_of_.size() > 40) runs_of_.clear();
    const auto [entry, is_new] = runs_of_.try_emplace(date);
    if (!is_new) return entry->second;
    for (std::size_t i = 0; i < trips_.size(); ++i) {
        const auto& trip = trips_[i];
        if (!runs_on(trip, date)) continue;
        const auto add = [&](std::int64_t shift, std::optional<int> start) {
            auto calls = trip.calls;
            for (auto& call : calls) {
                call.arrival += begin_of(date, trip.zone) + shift;
                call.departure += begin_of(date, trip.zone) + shift;
            }
            entry->second.push_back({i, date, start, std::make_shared<const std::vector<Call>>(std::move(calls))});
        };
        if (trip.starts.empty()) add(0, {});
        for (const auto start : trip.starts) add(start - trip.calls.front().departure, static_cast<int>(start));
    }
    return entry->second;
}

/// Every run that is on its way at any time between the two.
const std::vector<Reference::Run>& Reference::runs_between(std::int64_t from, std::int64_t to) {
    if (runs_between_.size() > 20) runs_between_.clear();
    const auto [entry, is_new] = runs_between_.try_emplace({from, to});
    if (!is_new) return entry->second;
    auto& runs = entry->second;
    for (auto date = (from - longest_trip_) / kDay - 2; date <= to / kDay + 2; ++date) {
        for (const auto& run : runs_of(date)) {
            // Which train of a block comes next does not depend on what is asked.
            const bool is_of_block = !trips_[run.trip].block.empty();
            const bool is_near = run.calls->back().arrival >= from && run.calls->front().departure <= to;
            if (is_near || is_of_block) runs.push_back(run);
        }
    }
    std::ranges::sort(runs, [](const Run& left, const Run& right) {
        return std::tuple{left.calls->front().departure, left.calls->back().arrival, left.trip, left.date, left.start} <
               std::tuple{right.calls->front().departure, right.calls->back().arrival, right.trip, right.date,
                          right.start};
    });
    join_blocks(runs);
    return runs;
}

/// Where passengers may stay. In a block with the next of its trains of that date; else as transfers.txt says.
void Reference::join_blocks(std::vector<Run>& runs) const {
    const auto meet = [&](const Run& first, const Run& second) {
        const auto& end = first.calls->back();
        const auto& begin = second.calls->front();
        return !first.start && !second.start && station_[end.stop] == station_[begin.stop] &&
               end.arrival <= begin.departure && begin.departure < second.calls->back().arrival;
    };
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const auto& trip = trips_[runs[i].trip];
        std::set<std::size_t> onward;
        for (auto j = i + 1; j < runs.size() && !trip.block.empty() && !runs[i].start; ++j) {
            const auto& next = trips_[runs[j].trip];
            if (next.block != trip.block || runs[j].date != runs[i].date || runs[j].start) continue;
            const auto said = stays_.find({trip.id, next.id});
            if (meet(runs[i], runs[j]) && (said == stays_.end() || said->second)) onward.insert(j);
            break;
        }
        for (const auto& [ends, stays] : stays_) {
            if (!stays || ends.first != trip.id) continue;
            // On the same date; else on the next.
            for (const auto later : {0, 1}) {
                bool found = false;
                for (std::size_t j = 0; j < runs.size(); ++j) {
                    if (trips_[runs[j].trip].id != ends.second || runs[j].date != runs[i].date + later) continue;
                    if (!meet(runs[i], runs[j])) continue;
                    onward.insert(j);
                    found = true;
                }
                if (found) break;
            }
        }
        runs[i].onward.assign(onward.begin(), onward.end());
    }
}

std::optional<int> Reference::rank_of(const Rule& rule, const Place& from, const Place& to) const {
    // Of one end: 0 names the trip, 1 its route, 2 neither; nothing where it names another.
    const auto part = [&](const std::string& trip, const std::string& route,
                          const Place& place) -> std::optional<int> {
        if (trip.empty() && route.empty()) return 2;
        const auto& here = trips_[*place.trip];
        if (!trip.empty()) return trip == here.id ? std::optional{0} : std::nullopt;
        return route == here.route ? std::optional{1} : std::nullopt;
    };
    const auto first = part(rule.from_trip, rule.from_route, from);
    const auto second = part(rule.to_trip, rule.to_route, to);
    if (!first || !second) return std::nullopt;
    // Both trips; a trip and a route; one trip; both routes; one route; neither.
    static const std::map<std::pair<int, int>, int> kRanks{{{0, 0}, 1}, {{0, 1}, 2}, {{0, 2}, 3},
                                                           {{1, 1}, 4}, {{1, 2}, 5}, {{2, 2}, 6}};
    return kRanks.at(std::minmax(*first, *second));
}

std::optional<std::int64_t> Reference::change_time(const Place& from, const Place& to, std::int64_t usual) const {
    const auto& platform_from = stops_[from.stop].id;
    const auto& platform_to = stops_[to.stop].id;
    const auto& station_from = stops_[from.stop].parent;
    const auto& station_to = stops_[to.stop].parent;
    int rank = 0;
    const auto find = [&](const std::string& a, const std::string& b) {
        std::vector<Rule> found;
        const auto known = rules_.find({a, b});
        if (known == rules_.end()) return found;
        for (const auto& rule : known->second) {
            if (rank_of(rule, from, to) == rank) found.push_back(rule);
        }
        return found;
    };
    std::vector<Rule> rules;
    for (rank = 1; rank <= 6 && rules.empty(); ++rank) {
        // The most exact rules that there are: both platforms, one of them, none.
        rules = find(platform_from, platform_to);
        if (rules.empty()) {
            rules = find(platform_from, station_to);
            for (const auto& rule : find(station_from, platform_to)) rules.push_back(rule);
        }
        if (rules.empty()) rules = find(station_from, station_to);
    }
    if (rules.empty()) {
        if (station_from == station_to) return usual;
        return std::nullopt;
    }
    std::int64_t longest = 0;
    for (const auto& rule : rules) {
        if (rule.type == 3) return std::nullopt;
        longest = std::max(longest, rule.seconds.value_or(usual));
    }
    return longest;
}

/// From which places one may change to each, and how long that takes.
const Reference::Ways& Reference::ways_to(std::int64_t usual) {
    const auto [entry, is_new] = ways_.try_emplace(usual);
    if (!is_new) return entry->second;
    std::set<std::pair<std::size_t, std::size_t>> linked;
    for (const auto& [ends, rules] : rules_) linked.emplace(station_at(ends.first), station_at(ends.second));
    entry->second.resize(places_.size());
    for (std::size_t to = 0; to < places_.size(); ++to) {
        for (std::size_t from = 0; from < places_.size(); ++from) {
            const std::pair stations{station_[places_[from].stop], station_[places_[to].stop]};
            if (stations.first != stations.second && !linked.contains(stations)) continue;
            if (const auto time = change_time(places_[from], places_[to], usual)) {
                entry->second[to].emplace_back(from, *time);
            }
        }
    }
    return entry->second;
}

std::vector<Reference::Answer> Reference::answers(const Question& question) {
    const auto window = question.window;
    // What leaves and what arrives when may be an answer.
    std::int64_t leave_from = 0;
    std::int64_t leave_until = 0;
    std::int64_t arrive_from = 0;
    std::int64_t arrive_until = 0;
    if (question.arrive) {
        arrive_until = question.time + 1;
        arrive_from = window ? question.time - *window + 1 : question.time - question.longest;
        leave_from = window ? arrive_from - question.longest : question.time - question.longest;
        leave_until = arrive_until;
    } else {
        leave_from = question.time;
        leave_until = window ? question.time + *window : question.time + question.longest + 1;
        arrive_from = leave_from;
        arrive_until = leave_until + question.longest + 1;
        if (!window) arrive_until = question.time + question.longest + 1;
    }
    const auto& runs = runs_between(leave_from, arrive_until);
    const auto layers = question.via.size() + 1;
    const auto from = station_at(question.from);
    const auto to = station_at(question.to);
    std::vector<std::size_t> via;
    for (const auto& each : question.via) via.push_back(station_at(each));

    // Ride by ride: for each place where one alights, when, and the latest departure from which one can be there then.
    struct Arrival {
        std::int64_t time;
        std::int64_t left;
    };
    using Arrivals = std::vector<std::vector<std::vector<Arrival>>>;  // by layer and place
    Arrivals before;
    Arrivals earlier(layers, std::vector<std::vector<Arrival>>(places_.size()));
    // Who arrives later without having left later is of no use.
    const auto useful_of = [](std::vector<Arrival> arrivals) {
        std::ranges::sort(arrivals, {}, [](const Arrival& each) { return std::pair{each.time, -each.left}; });
        std::vector<Arrival> useful;
        for (const auto& arrival : arrivals) {
            if (useful.empty() || arrival.left > useful.back().left) useful.push_back(arrival);
        }
        return useful;
    };
    std::vector<Answer> candidates;
    const auto& ways = ways_to(question.usual_change);
    for (int changes = 0; changes <= question.most_changes; ++changes) {
        Arrivals after(layers, std::vector<std::vector<Arrival>>(places_.size()));
        std::vector<std::vector<std::int64_t>> carried(runs.size(), std::vector<std::int64_t>(layers, kNone));
        for (std::size_t i = 0; i < runs.size(); ++i) {
            auto left = carried[i];
            const auto& calls = *runs[i].calls;
            for (std::size_t call = 0; call < calls.size(); ++call) {
                const auto& here = calls[call];
                if (call > 0) {
                    for (auto layer = layers - 1; layer-- > 0;) {
                        if (station_[here.stop] != via[layer]) continue;
                        left[layer + 1] = std::max(left[layer + 1], left[layer]);
                        left[layer] = kNone;
                    }
                    for (std::size_t layer = 0; layer < layers; ++layer) {
                        if (left[layer] == kNone || !here.alight) continue;
                        after[layer][place_of(here.stop, runs[i].trip)].push_back({here.arrival, left[layer]});
                        if (layer + 1 == layers && station_[here.stop] == to) {
                            candidates.push_back({left[layer], here.arrival, changes});
                        }
                    }
                }
                if (call + 1 == calls.size() || !here.board || here.departure < leave_from) continue;
                if (changes == 0) {
                    if (station_[here.stop] == from && here.departure < leave_until) {
                        left[0] = std::max(left[0], here.departure);
                    }
                    continue;
                }
                const auto& ways_here = ways[place_of(here.stop, runs[i].trip)];
                for (std::size_t layer = 0; layer < layers; ++layer) {
                    for (const auto& [place, seconds] : ways_here) {
                        // The last that is there in time has left last.
                        const auto& arrivals = before[layer][place];
                        if (arrivals.empty()) continue;
                        const auto late =
                            std::ranges::upper_bound(arrivals, here.departure - seconds, {}, &Arrival::time);
                        if (late != arrivals.begin()) left[layer] = std::max(left[layer], std::prev(late)->left);
                    }
                }
            }
            for (const auto next : runs[i].onward) {
                for (std::size_t layer = 0; layer < layers; ++layer) {
                    carried[next][layer] = std::max(carried[next][layer], left[layer]);
                }
            }
        }
        before = std::move(after);
        bool any = false;
        for (std::size_t layer = 0; layer < layers; ++layer) {
            for (std::size_t place = 0; place < places_.size(); ++place) {
                auto& arrivals = before[layer][place];
                if (arrivals.empty()) continue;
                // Nor is who might as well have come with fewer changes.
                auto& known = earlier[layer][place];
                std::erase_if(arrivals, [&](const Arrival& each) {
                    const auto later = std::ranges::upper_bound(known, each.time, {}, &Arrival::time);
                    return later != known.begin() && std::prev(later)->left >= each.left;
                });
                arrivals = useful_of(arrivals);
                any = any || !arrivals.empty();
                known.insert(known.end(), arrivals.begin(), arrivals.end());
                known = useful_of(known);
            }
        }
        if (!any) break;
    }

    std::erase_if(candidates, [&](const Answer& each) {
        return each.arrival < arrive_from || each.arrival >= arrive_until ||
               each.arrival - each.departure > question.longest;
    });
    std::ranges::sort(candidates);
    const auto repeated = std::ranges::unique(candidates);
    candidates.erase(repeated.begin(), repeated.end());
    // Without a window the end that was asked for does not matter, but between those that are equal in the rest.
    const auto is_better = [&](const Answer& one, const Answer& other) {
        const bool leaves_not_before = one.departure >= other.departure;
        const bool arrives_not_after = one.arrival <= other.arrival;
        const bool changes_not_more = one.changes <= other.changes;
        if (one == other) return false;
        if (window) return leaves_not_before && arrives_not_after && changes_not_more;
        if (question.arrive) {
            if (!leaves_not_before || !changes_not_more) return false;
            return one.departure > other.departure || one.changes < other.changes || one.arrival < other.arrival;
        }
        if (!arrives_not_after || !changes_not_more) return false;
        return one.arrival < other.arrival || one.changes < other.changes || one.departure > other.departure;
    };
    // Whatever is better than another stands before it.
    std::ranges::sort(candidates, {}, [&](const Answer& each) {
        return question.arrive || window
                   ? std::tuple{-each.departure, static_cast<std::int64_t>(each.changes), each.arrival}
                   : std::tuple{each.arrival, static_cast<std::int64_t>(each.changes), -each.departure};
    });
    std::vector<Answer> best;
    for (const auto& each : candidates) {
        if (std::ranges::none_of(best, [&](const Answer& other) { return is_better(other, each); })) {
            best.push_back(each);
        }
    }
    std::ranges::sort(best);
    return best;
}

Reference::Answer Reference::check(const Question& question, const std::vector<Leg>& legs) {
    if (legs.empty()) wrong("no legs");
    Answer answer;
    const Call* last = nullptr;
    std::size_t layer = 0;
    const auto first = begin_of(date_of(legs.front().date), trips_.at(trip_at_.at(legs.front().trip)).zone);
    const auto& runs = runs_between(first - 2 * kDay, first + longest_trip_ + question.longest + 2 * kDay);
    std::size_t run_before = 0;
    for (const auto& leg : legs) {
        const auto date = date_of(leg.date);
        const auto run = std::ranges::find_if(runs, [&](const Run& each) {
            return trips_[each.trip].id == leg.trip && each.date == date && each.start == leg.start;
        });
        if (run == runs.end()) wrong(leg.trip + " does not run on " + date_text(date));
        if (leg.from >= leg.to || leg.to >= run->calls->size()) wrong("no ride: " + leg.trip);
        const auto& board = (*run->calls)[leg.from];
        const auto& alight = (*run->calls)[leg.to];
        const auto index = static_cast<std::size_t>(run - runs.begin());
        if (leg.stays) {
            if (!last) wrong("the first ride is no continuation");
            const auto& onward = runs[run_before].onward;
            if (leg.from != 0 || last != &runs[run_before].calls->back() ||
                std::ranges::find(onward, index) == onward.end()) {
                wrong("nobody may stay: " + leg.trip);
            }
        } else {
            if (!board.board) wrong("nobody may board " + leg.trip);
            if (!last) {
                answer.departure = board.departure;
            } else {
                if (!last->alight) wrong("nobody may alight before " + leg.trip);
                const auto change = change_time({last->stop, runs[run_before].trip}, {board.stop, run->trip},
                                                question.usual_change);
                if (!change || last->arrival + *change > board.departure) wrong("no change to " + leg.trip);
                ++answer.changes;
            }
        }
        for (auto call = leg.from + 1; call <= leg.to; ++call) {
            const auto here = station_[(*run->calls)[call].stop];
            if (layer < question.via.size() && here == station_at(question.via[layer])) ++layer;
        }
        if (!last && station_[board.stop] != station_at(question.from)) wrong("begins elsewhere");
        last = &alight;
        run_before = index;
    }
    if (!last->alight) wrong("nobody may alight at the end");
    if (station_[last->stop] != station_at(question.to)) wrong("ends elsewhere");
    if (layer != question.via.size()) wrong("does not call where it should");
    answer.arrival = last->arrival;
    return answer;
}

}  // namespace railbook::test
