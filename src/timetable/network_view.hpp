#pragma once
/// Reads an image (image.hpp) as lists of records. What is looked at is made of its bytes there and then, texts are
/// views into it; the names are those of NetworkData.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>
#include <type_traits>

#include <railbook/result.hpp>
#include <railbook/time.hpp>

#include "timetable/image.hpp"
#include "timetable/network_data.hpp"

namespace railbook::timetable {

/// Steps through a list whose `operator[]` makes what it gives.
template <class List>
class ListIterator {
public:
    using value_type = typename List::value_type;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;  // what std algorithms of C++17 need to know

    ListIterator() = default;
    ListIterator(const List& list, std::size_t at) : list_{list}, at_{static_cast<difference_type>(at)} {}

    value_type operator*() const { return list_[static_cast<std::size_t>(at_)]; }
    value_type operator[](difference_type by) const { return *(*this + by); }
    ListIterator& operator+=(difference_type by) { return at_ += by, *this; }
    ListIterator& operator-=(difference_type by) { return at_ -= by, *this; }
    ListIterator& operator++() { return *this += 1; }
    ListIterator& operator--() { return *this -= 1; }
    ListIterator operator++(int) { return ++*this - 1; }
    ListIterator operator--(int) { return --*this + 1; }
    friend ListIterator operator+(ListIterator from, difference_type by) { return from += by; }
    friend ListIterator operator+(difference_type by, ListIterator from) { return from += by; }
    friend ListIterator operator-(ListIterator from, difference_type by) { return from -= by; }
    friend difference_type operator-(const ListIterator& to, const ListIterator& from) { return to.at_ - from.at_; }
    bool operator==(const ListIterator& other) const { return at_ == other.at_; }
    auto operator<=>(const ListIterator& other) const { return at_ <=> other.at_; }

private:
    List list_;
    difference_type at_ = 0;
};

inline std::string_view read_text(image::Text stored, const char* texts) {
    const auto* at = reinterpret_cast<const unsigned char*>(texts) + stored;
    std::size_t size = *at++;
    if (size == image::kLongText) {
        size = at[0] | std::size_t{at[1]} << 8U | std::size_t{at[2]} << 16U | std::size_t{at[3]} << 24U;
        at += 4;
    }
    return {reinterpret_cast<const char*>(at), size};
}

/// Records of an image, as they are read.
template <class Stored, class Read>
class Records {
public:
    using value_type = Read;

    Records() = default;
    Records(std::span<const Stored> stored, const char* texts)
        : stored_{stored.data()}, count_{stored.size()}, texts_{texts} {}

    std::size_t size() const { return count_; }
    bool empty() const { return count_ == 0; }
    Read operator[](std::size_t at) const {
        if constexpr (std::is_same_v<Read, std::string_view>) return read_text(stored_[at], texts_);
        else return Read::of(stored_[at], texts_);
    }
    Read front() const { return (*this)[0]; }
    Read back() const { return (*this)[count_ - 1]; }
    ListIterator<Records> begin() const { return {*this, 0}; }
    ListIterator<Records> end() const { return {*this, count_}; }
    const Stored& stored(std::size_t at) const { return stored_[at]; }
    Records part(std::size_t first, std::size_t last) const { return {{stored_ + first, last - first}, texts_}; }

private:
    const Stored* stored_ = nullptr;
    std::size_t count_ = 0;
    const char* texts_ = nullptr;
};

/// The calls of a trip, as NetworkData::Call.
class Calls {
public:
    using value_type = NetworkData::Call;

    Calls() = default;
    Calls(std::span<const image::Call> calls, const std::uint32_t* times, std::int32_t begins, std::int32_t unit)
        : calls_{calls.data()}, times_{times}, count_{calls.size()}, begins_{begins}, unit_{unit} {}

    std::size_t size() const { return count_; }
    bool empty() const { return count_ == 0; }
    NetworkData::Call operator[](std::size_t at) const {
        const auto& call = calls_[at];
        const bool is_wide = unit_ == 0;
        const auto arrival = is_wide ? static_cast<std::int32_t>(times_[2 * at])
                                     : static_cast<std::int32_t>(times_[at] & 0xFFFF) * unit_;
        const auto departure = is_wide ? static_cast<std::int32_t>(times_[2 * at + 1])
                                       : static_cast<std::int32_t>(times_[at] >> 16U) * unit_;
        return {.stop = call.stop_and_flags >> image::Call::kFlagBits,
                .arrival = begins_ + arrival,
                .departure = begins_ + departure,
                .distance = call.distance,
                .pick_up = (call.stop_and_flags & image::Call::kPickUp) != 0,
                .drop_off = (call.stop_and_flags & image::Call::kDropOff) != 0};
    }
    NetworkData::Call front() const { return (*this)[0]; }
    NetworkData::Call back() const { return (*this)[count_ - 1]; }
    ListIterator<Calls> begin() const { return {*this, 0}; }
    ListIterator<Calls> end() const { return {*this, count_}; }

private:
    const image::Call* calls_ = nullptr;
    const std::uint32_t* times_ = nullptr;
    std::size_t count_ = 0;
    std::int32_t begins_ = 0;
    std::int32_t unit_ = 1;
};

/// Immutable. As good as the image, which must outlive it.
class NetworkView {
public:
    /// Of an image, that is in order or damaged or made by an enemy: after this nothing leads out of it.
    /// Errors: damaged.
    static Result<NetworkView> open(std::span<const std::byte> bytes);

    struct Zone {
        std::string_view name;
        std::uint32_t rules;  ///< As base::rules_in_use had it when the image was made; 0: nothing was found by them.
        static Zone of(const image::Zone& stored, const char* texts) {
            return {read_text(stored.name, texts), stored.rules};
        }
    };
    struct Agency {
        std::string_view id;
        std::string_view name;
        Index zone;
        static Agency of(const image::Agency& stored, const char* texts) {
            return {read_text(stored.id, texts), read_text(stored.name, texts), stored.zone};
        }
    };
    struct Route {
        std::string_view id;
        Index agency;
        std::uint16_t type;
        std::string_view short_name;
        std::string_view long_name;
        static Route of(const image::Route& stored, const char* texts) {
            return {read_text(stored.id, texts), stored.agency, static_cast<std::uint16_t>(stored.type),
                    read_text(stored.short_name, texts), read_text(stored.long_name, texts)};
        }
    };
    struct Station {
        std::string_view id;
        std::string_view name;
        Index zone;
        double latitude;
        double longitude;
        std::string_view code;
        static Station of(const image::Station& stored, const char* texts) {
            return {read_text(stored.id, texts), read_text(stored.name, texts), stored.zone,
                    stored.latitude,            stored.longitude,             read_text(stored.code, texts)};
        }
    };
    struct Stop {
        std::string_view id;
        Index station;
        std::string_view platform;
        NetworkData::StepFree step_free;
        static Stop of(const image::Stop& stored, const char* texts) {
            return {read_text(stored.id, texts), stored.station, read_text(stored.platform, texts),
                    static_cast<NetworkData::StepFree>(stored.step_free)};
        }
    };
    struct Trip {
        std::string_view id;
        Index route;
        Index service;
        Index pattern;  ///< Trips of one have their stops, permissions and distances in common.
        Index timing;   ///< Trips of one take the same time from call to call.
        std::string_view headsign;
        std::string_view short_name;
        Index call_count;
        Index start_count;
        Index block;
        NetworkData::StepFree step_free;
        static Trip of(const image::Trip& stored, const char* texts) {
            return {.id = read_text(stored.id, texts),
                    .route = stored.route,
                    .service = stored.service,
                    .pattern = stored.pattern,
                    .timing = stored.timing,
                    .headsign = read_text(stored.headsign, texts),
                    .short_name = read_text(stored.short_name, texts),
                    .call_count = std::uint32_t{stored.call_count_and_step_free} >> image::Trip::kStepFreeBits,
                    .start_count = (&stored)[1].first_start - stored.first_start,
                    .block = stored.block,
                    .step_free = static_cast<NetworkData::StepFree>(
                        stored.call_count_and_step_free & ((1U << image::Trip::kStepFreeBits) - 1))};
        }
    };
    struct Transfer : NetworkData::Transfer {
        static Transfer of(const image::Transfer& stored, const char*) {
            return {{stored.from, stored.to, static_cast<Kind>(stored.kind), stored.seconds}};
        }
    };
    struct TrainTransfer : NetworkData::TrainTransfer {
        static TrainTransfer of(const image::TrainTransfer& stored, const char* texts) {
            return {{Transfer::of(stored.transfer, texts), stored.from_trip, stored.to_trip, stored.from_route,
                     stored.to_route}};
        }
    };
    struct Continuation : NetworkData::Continuation {
        static Continuation of(const image::Continuation& stored, const char*) {
            return {{stored.from, stored.to, stored.stays != 0}};
        }
    };
    /// A name, and as names.hpp folds it.
    struct Name {
        std::string_view written;
        std::string_view plain;
        std::string_view spelled_out;
        static Name of(const image::Name& stored, const char* texts) {
            return {read_text(stored.written, texts), read_text(stored.plain, texts),
                    read_text(stored.spelled_out, texts)};
        }
    };
    std::string_view feed;
    ServiceDate first_date{};
    std::uint32_t days = 0;
    Records<image::Zone, Zone> zones;
    Records<image::Agency, Agency> agencies;
    Records<image::Route, Route> routes;
    Records<image::Station, Station> stations;
    Records<image::Stop, Stop> stops;
    Records<image::Trip, Trip> trips;
    std::span<const std::uint64_t> services;
    Records<image::Transfer, Transfer> transfers;
    Records<image::TrainTransfer, TrainTransfer> train_transfers;
    Records<image::Continuation, Continuation> continuations;

    std::size_t words_per_service() const { return (days + 63U) / 64U; }
    /// Of all trips together.
    std::size_t stop_events() const { return stop_events_; }
    Calls calls(Index trip) const {
        const auto& record = trips.stored(trip);
        const auto& timing = timings_[record.timing];
        return {calls_.subspan(patterns_[record.pattern].first_call, timing.count), times_.data() + timing.first,
                record.begins, timing.unit};
    }
    std::size_t pattern_count() const { return patterns_.size() - 1; }
    std::span<const Index> trips_of_pattern(Index pattern) const {
        return list_of(pattern_trips_, patterns_[pattern].first_trip, patterns_[pattern + 1].first_trip);
    }
    std::span<const std::int32_t> starts(Index trip) const {
        return list_of(starts_, trips.stored(trip).first_start, (&trips.stored(trip))[1].first_start);
    }
    /// Whether it can be seen if the times of the trains still hold.
    bool has_zone_rules() const;
    /// UTC seconds of the beginning of each day, in the zone of the trip's agency.
    std::span<const std::int64_t> day_starts(Index trip) const {
        return day_starts_.subspan(zones.stored(trips.stored(trip).zone).first_day_start, days);
    }
    Records<image::Text, std::string_view> platforms(Index station) const {
        return platforms_.part(stations.stored(station).first_platform, (&stations.stored(station))[1].first_platform);
    }
    /// The name of the station, and then its aliases.
    Records<image::Name, Name> names(Index station) const {
        return names_.part(stations.stored(station).first_name, (&stations.stored(station))[1].first_name);
    }
    std::span<const Index> visit_patterns(Index station) const {
        return list_of(visit_patterns_, stations.stored(station).first_visit,
                       (&stations.stored(station))[1].first_visit);
    }
    std::span<const std::uint16_t> visit_calls(Index station) const {
        return list_of(visit_calls_, stations.stored(station).first_visit, (&stations.stored(station))[1].first_visit);
    }

private:
    class Checker;

    template <class Each>
    static std::span<const Each> list_of(std::span<const Each> all, Index first, Index last) {
        return all.subspan(first, last - first);
    }

    std::span<const std::int64_t> day_starts_;
    std::span<const image::Pattern> patterns_;  // one more at the end
    std::span<const image::Call> calls_;
    std::span<const Index> pattern_trips_;
    std::span<const image::Timing> timings_;
    std::span<const std::uint32_t> times_;
    std::span<const std::int32_t> starts_;
    Records<image::Text, std::string_view> platforms_;
    Records<image::Name, Name> names_;
    std::span<const Index> visit_patterns_;
    std::span<const std::uint16_t> visit_calls_;
    std::size_t stop_events_ = 0;
};

}  // namespace railbook::timetable
