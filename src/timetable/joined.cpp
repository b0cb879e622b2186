#include "timetable/joined.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <tuple>
#include <unordered_map>

namespace railbook::timetable {
namespace {

using Feeds = std::vector<const Network*>;
using std::chrono::days;

/// Less than whatever feeds' names are made of, so that ids of the joined network are sorted as those of its feeds.
constexpr char kSeparator = ' ';
/// Less than any other letter, so that ids to which it is added stay sorted.
constexpr char kPart = '\0';
/// What rules of stations may become, before there are too many of them.
constexpr std::size_t kMostRules = 1'000'000;
/// No train is on its way for longer.
constexpr days kLongestWay{kMaxSeconds / 86'400};

bool meet(const Network& one, const Network& other) {
    return one.begins() < other.ends() && other.begins() < one.ends();
}

std::vector<Feeds> groups_of(std::span<const std::shared_ptr<const Network>> feeds, const StationIndex& stations) {
    std::unordered_map<const Network*, std::size_t> number_of;
    for (const auto& feed : feeds) number_of.emplace(feed.get(), number_of.size());
    std::vector<std::size_t> group_of(feeds.size());
    std::iota(group_of.begin(), group_of.end(), std::size_t{0});
    for (const auto& place : stations.places()) {
        for (const auto& one : place.stations) {
            for (const auto& other : place.stations) {
                const auto kept = group_of[number_of[one.network]];
                const auto gone = group_of[number_of[other.network]];
                if (kept != gone && meet(*one.network, *other.network)) std::ranges::replace(group_of, gone, kept);
            }
        }
    }
    std::map<std::size_t, Feeds> groups;
    for (std::size_t i = 0; i < feeds.size(); ++i) groups[group_of[i]].push_back(feeds[i].get());
    std::vector<Feeds> found;
    for (auto& [number, group] : groups) {
        if (group.size() > 1) found.push_back(std::move(group));
    }
    return found;
}

struct Dates {
    ServiceDate first;
    ServiceDate last;
    std::uint32_t count() const { return static_cast<std::uint32_t>((last - first).count() + 1); }
};

Dates all_dates(const Feeds& feeds) {
    Dates dates{feeds.front()->first_date(), feeds.front()->last_date()};
    for (const auto* feed : feeds) {
        dates = {std::min(dates.first, feed->first_date()), std::max(dates.last, feed->last_date())};
    }
    return dates;
}

/// Those on which a train begins that may meet one of another feed.
Dates common_dates(const Feeds& feeds) {
    const auto all = all_dates(feeds);
    Dates common{all.last, all.first};
    for (const auto* one : feeds) {
        for (const auto* other : feeds) {
            if (one == other || !meet(*one, *other)) continue;
            common.first = std::min(common.first, std::max(one->first_date(), other->first_date()) - kLongestWay);
            common.last = std::max(common.last, std::min(one->last_date(), other->last_date()) + kLongestWay);
        }
    }
    return {std::max(common.first, all.first), std::min(common.last, all.last)};
}

}  // namespace

class JoinedNetwork::Builder {
public:
    Builder(Feeds feeds, const StationIndex& stations, const Dates& dates)
        : feeds_{std::move(feeds)}, stations_{stations}, dates_{dates} {
        // As their ids are sorted.
        std::ranges::sort(feeds_, {}, [](const Network* feed) { return feed->feed() + kSeparator; });
    }

    std::optional<JoinedNetwork> build() {
        for (const auto* feed : feeds_) data_.feed += (data_.feed.empty() ? "" : ", ") + feed->feed();
        data_.first_date = dates_.first;
        data_.days = dates_.count();
        add_stations();
        for (auto& member : joined_.members_) {
            add_feed(member);
            if (has_too_many_rules()) return std::nullopt;
        }
        std::ranges::sort(data_.transfers, {}, [](const auto& each) { return std::pair{each.from, each.to}; });
        auto network = Network::from_data(data_);
        // Together they may be more than what one network may have.
        if (!network) return std::nullopt;
        joined_.network_ = *std::move(network);
        return std::move(joined_);
    }

private:
    static std::string id_of(const Network& feed, std::string_view id) {
        std::string text = feed.feed();
        text += kSeparator;
        text += id;
        return text;
    }

    Index zone(std::string_view name) {
        const auto known = std::ranges::find(data_.zones, name);
        const auto found = static_cast<Index>(known - data_.zones.begin());
        if (known == data_.zones.end()) data_.zones.emplace_back(name);
        return found;
    }

    /// A place is its first station, in the order of the feeds.
    void add_stations() {
        std::unordered_map<const StationPlace*, Index> known;
        for (const auto* feed : feeds_) {
            auto& member = joined_.members_.emplace_back();
            member.feed = feed;
            for (Index i = 0; i < feed->data().stations.size(); ++i) {
                const auto& station = feed->data().stations[i];
                const auto [at, is_new] =
                    known.try_emplace(&stations_.place_of({feed, i}), static_cast<Index>(data_.stations.size()));
                if (is_new) {
                    data_.stations.push_back({.id = id_of(*feed, station.id),
                                              .name = std::string{station.name},
                                              .aliases = {},
                                              .zone = zone(feed->data().zones[station.zone].name),
                                              .latitude = station.latitude,
                                              .longitude = station.longitude});
                    members_at_.emplace_back();
                }
                ++members_at_[at->second];
                member.stations.push_back(at->second);
            }
        }
    }

    /// Stops, trips and what belongs to them, behind those that are there.
    void add_feed(Member& member) {
        const auto& feed = *member.feed;
        const auto& from = feed.data();
        member.first_trip = static_cast<Index>(data_.trips.size());
        member.first_day = (dates_.first - feed.first_date()).count();
        const auto first_agency = static_cast<Index>(data_.agencies.size());
        const auto first_route = static_cast<Index>(data_.routes.size());
        const auto first_stop = static_cast<Index>(data_.stops.size());
        const auto first_service = static_cast<Index>(data_.services.size() / data_.words_per_service());
        for (const auto& each : from.agencies) {
            data_.agencies.push_back(
                {std::string{each.id}, std::string{each.name}, zone(from.zones[each.zone].name)});
        }
        for (const auto& each : from.routes) {
            data_.routes.push_back({std::string{each.id}, first_agency + each.agency, each.type,
                                    std::string{each.short_name}, std::string{each.long_name}});
        }
        for (const auto& each : from.stops) {
            data_.stops.push_back({stop_id(member, each), member.stations[each.station], std::string{each.platform},
                                   each.step_free});
        }
        add_services(member);
        auto next_block = next_block_;
        for (Index i = 0; i < from.trips.size(); ++i) {
            const auto& each = from.trips[i];
            const auto calls = from.calls(i);
            const auto starts = from.starts(i);
            const auto block = each.block == kNone ? kNone : next_block_ + each.block;
            if (block != kNone) next_block = std::max(next_block, block + 1);
            data_.trips.push_back({.id = id_of(feed, each.id),
                                   .route = first_route + each.route,
                                   .service = first_service + each.service,
                                   .headsign = std::string{each.headsign},
                                   .short_name = std::string{each.short_name},
                                   .first_call = static_cast<Index>(data_.calls.size()),
                                   .call_count = static_cast<Index>(calls.size()),
                                   .first_start = static_cast<Index>(data_.starts.size()),
                                   .start_count = static_cast<Index>(starts.size()),
                                   .block = block,
                                   .step_free = each.step_free});
            for (auto call : calls) {
                call.stop += first_stop;
                data_.calls.push_back(call);
            }
            data_.starts.insert(data_.starts.end(), starts.begin(), starts.end());
        }
        next_block_ = next_block;
        for (const auto& each : from.continuations) {
            data_.continuations.push_back({member.first_trip + each.from, member.first_trip + each.to, each.stays});
        }
        add_transfers(member, first_stop, first_route);
    }

    /// Where several feeds share a station, no stop stands for it as a whole: its rules are those of one feed.
    std::string stop_id(const Member& member, const NetworkView::Stop& stop) const {
        auto id = id_of(*member.feed, stop.id);
        if (is_shared(member.stations[stop.station])) id += kPart;
        return id;
    }
    bool is_shared(Index station) const { return members_at_[station] > 1; }

    bool has_too_many_rules() const { return data_.transfers.size() + data_.train_transfers.size() > kMostRules; }

    void add_services(const Member& member) {
        const auto& from = member.feed->data();
        const auto words = data_.words_per_service();
        const auto own_words = from.words_per_service();
        const auto first = data_.services.size();
        const auto count = from.services.size() / own_words;
        data_.services.resize(first + count * words);
        for (std::size_t service = 0; service < count; ++service) {
            for (std::uint32_t day = 0; day < data_.days; ++day) {
                const auto own = member.first_day + day;
                if (own < 0 || own >= from.days) continue;
                const auto at = static_cast<std::size_t>(own);
                if ((from.services[service * own_words + at / 64] >> (at % 64) & 1U) != 0)
                    data_.services[first + service * words + day / 64] |= std::uint64_t{1} << (day % 64U);
            }
        }
    }

    /// What a rule says of a whole station that feeds share, it says of each stop that its own feed has there, unless
    /// another rule for the same trains says it more exactly.
    void add_transfers(const Member& member, Index first_stop, Index first_route) {
        const auto& from = member.feed->data();
        std::vector<std::vector<Index>> stops_at(from.stations.size());
        for (Index i = 0; i < from.stops.size(); ++i) stops_at[from.stops[i].station].push_back(i);
        const auto is_whole = [&](Index stop) {
            const auto& each = from.stops[stop];
            return is_shared(member.stations[each.station]) && each.id == from.stations[each.station].id;
        };
        const auto stops_of = [&](Index stop) {
            return is_whole(stop) ? stops_at[from.stops[stop].station] : std::vector{stop};
        };
        std::vector<NetworkData::TrainTransfer> rules;
        for (const auto& each : from.transfers) rules.push_back({.transfer = each});
        for (const auto& each : from.train_transfers) rules.push_back(each);
        const auto whole_ends = [&](const NetworkData::TrainTransfer& rule) {
            return int{is_whole(rule.transfer.from)} + int{is_whole(rule.transfer.to)};
        };
        std::ranges::sort(rules, {}, whole_ends);
        std::map<std::tuple<Index, Index, Index, Index, Index, Index>, int> known;  // and their whole ends
        for (const auto& rule : rules) {
            const auto ends = whole_ends(rule);
            if (has_too_many_rules()) return;
            for (const auto from_stop : stops_of(rule.transfer.from)) {
                for (const auto to_stop : stops_of(rule.transfer.to)) {
                    const auto [exact, is_new] = known.try_emplace(
                        {from_stop, to_stop, rule.from_trip, rule.to_trip, rule.from_route, rule.to_route}, ends);
                    if (!is_new && exact->second != ends) continue;
                    auto copy = rule;
                    copy.transfer.from = first_stop + from_stop;
                    copy.transfer.to = first_stop + to_stop;
                    add_transfer(copy, member.first_trip, first_route);
                }
            }
        }
    }

    void add_transfer(NetworkData::TrainTransfer rule, Index first_trip, Index first_route) {
        bool names_trains = false;
        for (auto* trip : {&rule.from_trip, &rule.to_trip}) {
            if (*trip == kNone) continue;
            *trip += first_trip;
            names_trains = true;
        }
        for (auto* route : {&rule.from_route, &rule.to_route}) {
            if (*route == kNone) continue;
            *route += first_route;
            names_trains = true;
        }
        if (names_trains) data_.train_transfers.push_back(rule);
        else data_.transfers.push_back(rule.transfer);
    }

    Feeds feeds_;
    const StationIndex& stations_;
    Dates dates_;
    NetworkData data_;
    std::vector<std::size_t> members_at_;  // feeds that have it, by station
    Index next_block_ = 0;
    JoinedNetwork joined_;
};

std::vector<JoinedNetwork> JoinedNetwork::all_of(std::span<const std::shared_ptr<const Network>> feeds,
                                                 const StationIndex& stations) {
    std::vector<JoinedNetwork> found;
    for (const auto& group : groups_of(feeds, stations)) {
        auto dates = all_dates(group);
        const bool has_all_days = dates.count() <= kMaxServiceDays;
        if (!has_all_days) dates = common_dates(group);
        if (dates.count() > kMaxServiceDays) dates.last = dates.first + days{kMaxServiceDays - 1};
        auto joined = Builder{group, stations, dates}.build();
        if (!joined) continue;
        joined->has_all_days_ = has_all_days;
        found.push_back(*std::move(joined));
    }
    return found;
}

bool JoinedNetwork::has(const Network& feed) const {
    return std::ranges::find(members_, &feed, &Member::feed) != members_.end();
}

std::optional<Index> JoinedNetwork::station_of(std::span<const FoundStation> place) const {
    for (const auto& station : place) {
        const auto member = std::ranges::find(members_, station.network, &Member::feed);
        if (member != members_.end()) return member->stations[station.index];
    }
    return std::nullopt;
}

std::pair<const Network*, RunIndex> JoinedNetwork::run_of(const RunIndex& run) const {
    const auto& member = *std::prev(std::ranges::upper_bound(members_, run.trip, {}, &Member::first_trip));
    auto own = run;
    own.trip -= member.first_trip;
    own.day = static_cast<std::uint32_t>(member.first_day + run.day);
    return {member.feed, own};
}

}  // namespace railbook::timetable
