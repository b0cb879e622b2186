#include "timetable/image.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/zones.hpp"
#include "timetable/names.hpp"

namespace railbook::timetable {
namespace {

using image::Section;
using image::Text;

/// Texts one after the other, equal ones once.
class TextPool {
public:
    Text add(std::string_view text) {
        const auto known = known_.find(text);
        if (known != known_.end()) return known->second;
        const Text at = append(text);
        known_.emplace(std::string{text}, at);
        return at;
    }
    /// Without looking whether it is there: for what hardly ever comes twice.
    Text append(std::string_view text) {
        RAILBOOK_ASSERT(bytes_.size() + text.size() < std::numeric_limits<Text>::max() - 8);
        const auto at = static_cast<Text>(bytes_.size());
        if (text.size() < image::kLongText) {
            bytes_ += static_cast<char>(text.size());
        } else {
            bytes_ += static_cast<char>(image::kLongText);
            for (unsigned i = 0; i < 4; ++i) bytes_ += static_cast<char>(text.size() >> (8 * i) & 0xFF);
        }
        bytes_ += text;
        return at;
    }
    const std::string& bytes() const { return bytes_; }

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    std::string bytes_;
    std::unordered_map<std::string, Text, Hash, std::equal_to<>> known_;
};

/// Lists of words one after the other, equal ones once.
class SharedLists {
public:
    /// Whether it is new, and its number.
    std::pair<bool, Index> add(const std::vector<std::uint32_t>& list, std::uint32_t kind) {
        const std::string_view bytes{reinterpret_cast<const char*>(list.data()), list.size() * sizeof(list[0])};
        const auto hash = std::hash<std::string_view>{}(bytes) + kind;
        const auto [first, last] = known_.equal_range(hash);
        for (auto each = first; each != last; ++each) {
            const auto& entry = entries_[each->second];
            if (entry.kind == kind && entry.count == list.size() &&
                std::equal(list.begin(), list.end(), words_.begin() + entry.first)) {
                return {false, each->second};
            }
        }
        const auto number = static_cast<Index>(entries_.size());
        known_.emplace(hash, number);
        entries_.push_back({static_cast<Index>(words_.size()), static_cast<Index>(list.size()), kind});
        words_.insert(words_.end(), list.begin(), list.end());
        return {true, number};
    }

    struct Entry {
        Index first = 0;
        Index count = 0;
        std::uint32_t kind = 0;
    };
    const std::vector<Entry>& entries() const { return entries_; }
    const std::vector<std::uint32_t>& words() const { return words_; }

private:
    std::vector<std::uint32_t> words_;
    std::vector<Entry> entries_;
    std::unordered_multimap<std::size_t, Index> known_;
};

class Builder {
public:
    explicit Builder(const NetworkData& data) : data_{data} {}

    Result<ImageBytes> build() && {
        head_.magic = image::kMagic;
        head_.version = image::kVersion;
        head_.byte_order = image::kByteOrder;
        head_.days = data_.days;
        head_.first_date = data_.first_date.time_since_epoch().count();
        head_.feed = texts_.add(data_.feed);
        head_.publisher = texts_.add(data_.publisher);
        bytes_.resize(sizeof head_);

        if (const auto done = put_zones(); !done) return done.error();
        put_agencies();
        put_trips();
        put_stations();
        put(head_.services, data_.services);
        put(head_.starts, data_.starts);
        const auto stored = [](const NetworkData::Transfer& each) {
            return image::Transfer{each.from, each.to, static_cast<std::uint32_t>(each.kind), each.seconds};
        };
        std::vector<image::Transfer> transfers;
        for (const auto& each : data_.transfers) transfers.push_back(stored(each));
        put(head_.transfers, transfers);
        std::vector<image::TrainTransfer> train_transfers;
        for (const auto& each : data_.train_transfers) {
            train_transfers.push_back(
                {stored(each.transfer), each.from_trip, each.to_trip, each.from_route, each.to_route});
        }
        put(head_.train_transfers, train_transfers);
        std::vector<image::Continuation> continuations;
        for (const auto& each : data_.continuations)
            continuations.push_back({each.from, each.to, each.stays ? 1U : 0U});
        put(head_.continuations, continuations);
        put(head_.texts, texts_.bytes());
        return finish();
    }

private:
    template <class List>
    void put(Section& section, const List& list) {
        using Record = typename List::value_type;
        static_assert(std::has_unique_object_representations_v<Record> || std::is_same_v<Record, image::Station>);
        section = {bytes_.size(), list.size()};
        bytes_.append(reinterpret_cast<const char*>(list.data()), list.size() * sizeof(Record));
        bytes_.resize((bytes_.size() + 7) / 8 * 8);
    }

    Status put_zones() {
        std::vector<image::Zone> zones;
        for (const auto& each : data_.zones) zones.push_back({texts_.add(each), 0, image::Zone::kNowhere});
        std::vector<std::int64_t> day_starts;
        for (const auto& agency : data_.agencies) {
            auto& record = zones[agency.zone];
            if (record.first_day_start != image::Zone::kNowhere) continue;
            const auto& name = data_.zones[agency.zone];
            const auto* zone = base::find_zone(name);
            if (!zone) {
                return Error{ErrorCode::damaged,
                             fmt::format("the stored timetable is damaged: this system knows no time zone '{}'", name)};
            }
            record.rules = base::rules_in_use(name).value_or(0);
            record.first_day_start = static_cast<Index>(day_starts.size());
            for (std::uint32_t day = 0; day < data_.days; ++day) {
                // Noon minus 12 h is midnight, but for the two days of clock changes: there it keeps the times of
                // trains that left the night before as printed.
                constexpr std::chrono::hours kHalf{12};
                const auto noon = base::to_utc(*zone, data_.first_date + std::chrono::days{day}, kHalf);
                day_starts.push_back(
                    std::chrono::floor<std::chrono::seconds>(noon - kHalf).time_since_epoch().count());
            }
        }
        put(head_.zones, zones);
        put(head_.day_starts, day_starts);
        return {};
    }

    void put_agencies() {
        std::vector<image::Agency> agencies;
        for (const auto& each : data_.agencies)
            agencies.push_back({texts_.add(each.id), texts_.add(each.name), each.zone});
        put(head_.agencies, agencies);
        std::vector<image::Route> routes;
        for (const auto& each : data_.routes) {
            routes.push_back({texts_.append(each.id), texts_.add(each.short_name), texts_.add(each.long_name),
                              each.agency, each.type});
        }
        put(head_.routes, routes);
    }

    Index pattern_of(std::span<const NetworkData::Call> calls) {
        list_.clear();
        for (const auto& call : calls) {
            list_.push_back(call.stop << image::Call::kFlagBits | (call.pick_up ? image::Call::kPickUp : 0U) |
                            (call.drop_off ? image::Call::kDropOff : 0U));
            list_.push_back(call.distance);
        }
        return patterns_.add(list_, 0).second;
    }

    Index timing_of(std::span<const NetworkData::Call> calls) {
        const auto begins = calls.front().arrival;
        const auto in_units = [&](std::int32_t unit) {
            list_.clear();
            for (const auto& call : calls) {
                for (const auto time : {call.arrival - begins, call.departure - begins}) {
                    if (time % unit != 0 || time < 0 || time / unit > std::numeric_limits<std::uint16_t>::max())
                        return false;
                }
                list_.push_back(static_cast<std::uint32_t>((call.arrival - begins) / unit) |
                                static_cast<std::uint32_t>((call.departure - begins) / unit) << 16U);
            }
            return true;
        };
        for (const std::uint16_t unit : {std::uint16_t{60}, std::uint16_t{1}}) {
            if (in_units(unit)) return timings_.add(list_, unit).second;
        }
        list_.clear();
        for (const auto& call : calls) {
            list_.push_back(static_cast<std::uint32_t>(call.arrival - begins));
            list_.push_back(static_cast<std::uint32_t>(call.departure - begins));
        }
        return timings_.add(list_, 0).second;
    }

    void put_trips() {
        std::vector<image::Trip> trips;
        trips.reserve(data_.trips.size() + 1);
        for (const auto& each : data_.trips) {
            const auto calls = std::span{data_.calls}.subspan(each.first_call, each.call_count);
            const auto& agency = data_.agencies[data_.routes[each.route].agency];
            trips.push_back({.id = texts_.append(each.id),
                             .headsign = texts_.add(each.headsign),
                             .short_name = texts_.add(each.short_name),
                             .route = each.route,
                             .service = each.service,
                             .pattern = pattern_of(calls),
                             .timing = timing_of(calls),
                             .begins = calls.front().arrival,
                             .first_start = each.first_start,
                             .block = each.block,
                             .zone = static_cast<std::uint16_t>(agency.zone),
                             .call_count_and_step_free = static_cast<std::uint16_t>(
                                 each.call_count << image::Trip::kStepFreeBits |
                                 static_cast<std::uint32_t>(each.step_free))});
        }
        const auto patterns = patterns_.entries().size();
        std::vector<Index> first_trip(patterns + 1);
        for (const auto& trip : trips) ++first_trip[trip.pattern + 1];
        for (std::size_t i = 0; i < patterns; ++i) first_trip[i + 1] += first_trip[i];
        std::vector<image::Pattern> records;
        for (Index i = 0; i < patterns; ++i) records.push_back({patterns_.entries()[i].first / 2, first_trip[i]});
        records.push_back({static_cast<Index>(patterns_.words().size() / 2), first_trip[patterns]});
        std::vector<Index> pattern_trips(trips.size());
        for (Index i = 0; i < trips.size(); ++i) pattern_trips[first_trip[trips[i].pattern]++] = i;
        std::vector<image::Timing> timings;
        for (const auto& entry : timings_.entries()) {
            timings.push_back({entry.first, static_cast<std::uint16_t>(entry.kind == 0 ? entry.count / 2 : entry.count),
                               static_cast<std::uint16_t>(entry.kind)});
        }
        trips.emplace_back().first_start = static_cast<Index>(data_.starts.size());
        put(head_.trips, trips);
        put(head_.patterns, records);
        put(head_.calls, patterns_.words());
        head_.calls.count /= 2;
        put(head_.pattern_trips, pattern_trips);
        put(head_.timings, timings);
        put(head_.times, timings_.words());
    }

    /// Calls a week of each station, averaged.
    std::vector<std::uint32_t> traffic() const {
        const auto words = data_.words_per_service();
        std::vector<std::uint64_t> days_of_service(data_.services.size() / words);
        for (std::size_t i = 0; i < data_.services.size(); ++i)
            days_of_service[i / words] += static_cast<std::uint64_t>(std::popcount(data_.services[i]));
        std::vector<std::uint64_t> calls(data_.stations.size());
        for (const auto& trip : data_.trips) {
            const auto runs = days_of_service[trip.service] * std::max<std::uint64_t>(trip.start_count, 1);
            for (const auto& call : std::span{data_.calls}.subspan(trip.first_call, trip.call_count))
                calls[data_.stops[call.stop].station] += runs;
        }
        std::vector<std::uint32_t> traffic;
        for (const auto count : calls) {
            const auto a_week = (count * 7 + data_.days / 2) / data_.days;
            traffic.push_back(static_cast<std::uint32_t>(
                std::min<std::uint64_t>(a_week, std::numeric_limits<std::uint32_t>::max())));
        }
        return traffic;
    }

    void put_stations() {
        std::vector<Index> first_visit(data_.stations.size() + 1);
        const auto each_visit = [&](const auto& use) {
            for (Index pattern = 0; pattern < patterns_.entries().size(); ++pattern) {
                const auto& entry = patterns_.entries()[pattern];
                for (Index call = 0; call < entry.count / 2; ++call) {
                    const auto stop = patterns_.words()[entry.first + 2 * call] >> image::Call::kFlagBits;
                    use(data_.stops[stop].station, pattern, call);
                }
            }
        };
        each_visit([&](Index station, Index, Index) { ++first_visit[station + 1]; });
        for (std::size_t i = 0; i < data_.stations.size(); ++i) first_visit[i + 1] += first_visit[i];
        std::vector<Index> visit_patterns(first_visit.back());
        std::vector<std::uint16_t> visit_calls(first_visit.back());
        auto next = first_visit;
        each_visit([&](Index station, Index pattern, Index call) {
            visit_patterns[next[station]] = pattern;
            visit_calls[next[station]++] = static_cast<std::uint16_t>(call);
        });

        std::vector<std::vector<std::string_view>> platforms_of(data_.stations.size());
        std::vector<image::Stop> stops;
        for (const auto& each : data_.stops) {
            stops.push_back({texts_.add(each.id), texts_.add(each.platform), each.station,
                             static_cast<std::uint32_t>(each.step_free)});
            auto& platforms = platforms_of[each.station];
            if (!each.platform.empty() && std::ranges::find(platforms, each.platform) == platforms.end())
                platforms.push_back(each.platform);
        }

        const auto busy = traffic();
        std::vector<image::Station> stations;
        std::vector<image::Name> names;
        std::vector<Text> platforms;
        const auto add_name = [&](std::string_view name) {
            const auto folded = fold(name);
            names.push_back({texts_.add(name), texts_.add(folded.plain), texts_.add(folded.spelled_out)});
        };
        for (Index i = 0; i < data_.stations.size(); ++i) {
            const auto& each = data_.stations[i];
            stations.push_back({.latitude = each.latitude,
                                .longitude = each.longitude,
                                .id = texts_.add(each.id),
                                .name = texts_.add(each.name),
                                .code = texts_.add(each.code),
                                .zone = each.zone,
                                .first_name = static_cast<Index>(names.size()),
                                .first_platform = static_cast<Index>(platforms.size()),
                                .first_visit = first_visit[i],
                                .traffic = busy[i]});
            add_name(each.name);
            for (const auto& alias : each.aliases) add_name(alias);
            // Shorter first, so that platform 2 comes before platform 10.
            std::ranges::sort(platforms_of[i], {}, [](std::string_view name) { return std::pair{name.size(), name}; });
            for (const auto platform : platforms_of[i]) platforms.push_back(texts_.add(platform));
        }
        auto& end = stations.emplace_back();
        end.first_name = static_cast<Index>(names.size());
        end.first_platform = static_cast<Index>(platforms.size());
        end.first_visit = first_visit.back();
        put(head_.stations, stations);
        put(head_.stops, stops);
        put(head_.names, names);
        put(head_.platforms, platforms);
        put(head_.visit_patterns, visit_patterns);
        put(head_.visit_calls, visit_calls);
    }

    ImageBytes finish() {
        head_.size = bytes_.size();
        std::shared_ptr<std::byte[]> owner{new std::byte[bytes_.size()]};
        std::memcpy(owner.get(), bytes_.data(), bytes_.size());
        std::memcpy(owner.get(), &head_, sizeof head_);
        head_.checksum = image::checksum_of({owner.get(), bytes_.size()});
        std::memcpy(owner.get(), &head_, sizeof head_);
        return {std::shared_ptr<const std::byte>{owner, owner.get()}, bytes_.size()};
    }

    const NetworkData& data_;
    image::Head head_{};
    TextPool texts_;
    SharedLists patterns_;
    SharedLists timings_;
    std::vector<std::uint32_t> list_;
    std::string bytes_;
};

}  // namespace

Result<ImageBytes> build_image(const NetworkData& data) { return Builder{data}.build(); }

std::uint32_t image::checksum_of(std::span<const std::byte> bytes) {
    const auto covered = bytes.subspan(offsetof(Head, checksum) + sizeof(Head::checksum));
    // Lanes, of which none waits for another. A step can be undone, so that no change of one word is lost on the way.
    // A CRC would also find every few bits that are chosen to deceive, but takes six times as long.
    constexpr std::uint64_t kOdd = 0x9E37'79B9'7F4A'7C15U;
    std::array<std::uint64_t, 4> lanes{1, 2, 3, 4};
    const auto take = [&](std::size_t lane, std::span<const std::byte> from) {
        std::uint64_t word = 0;
        std::memcpy(&word, from.data(), std::min(from.size(), sizeof word));
        const auto mixed = (lanes[lane] ^ word) * kOdd;
        lanes[lane] = mixed ^ mixed >> 32U;
    };
    constexpr std::size_t kStep = lanes.size() * sizeof(std::uint64_t);
    auto rest = covered;
    for (; rest.size() >= kStep; rest = rest.subspan(kStep)) {
        for (std::size_t lane = 0; lane < lanes.size(); ++lane) take(lane, rest.subspan(lane * sizeof(std::uint64_t)));
    }
    for (; !rest.empty(); rest = rest.subspan(std::min(rest.size(), sizeof(std::uint64_t)))) take(0, rest);
    std::uint64_t sum = covered.size();
    for (const auto lane : lanes) {
        sum = (sum ^ lane) * kOdd;
        sum ^= sum >> 32U;
    }
    return static_cast<std::uint32_t>(sum);
}

}  // namespace railbook::timetable
