#pragma once
/// One feed as it is searched: an image, and the questions that are asked of it.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/ids.hpp>
#include <railbook/stores.hpp>
#include <railbook/timetable.hpp>

#include "timetable/image.hpp"
#include "timetable/layouts.hpp"
#include "timetable/network_data.hpp"
#include "timetable/network_view.hpp"

namespace railbook::timetable {

/// A trip on a date, as positions.
struct RunIndex {
    Index trip = 0;
    std::uint32_t day = 0;
    std::int32_t shift = 0;            // of frequencies: from the trip's own times to the run's
    std::optional<int> start = {};
};

/// Immutable, so thread-safe.
class Network {
public:
    /// Checks every reference, and makes an image. Errors: damaged.
    static Result<std::shared_ptr<const Network>> from_data(const NetworkData& data);
    /// Checks every reference in the image. Errors: damaged.
    static Result<std::shared_ptr<const Network>> from_image(ImageBytes image);

    const NetworkView& data() const { return data_; }
    const ImageBytes& image() const { return image_; }
    const std::string& feed() const { return feed_; }
    ServiceDate first_date() const { return data_.first_date; }
    ServiceDate last_date() const { return data_.first_date + std::chrono::days{data_.days - 1}; }
    /// The beginning of the first date; the end of the last one, or of the trains that are then still on their way (it
    /// no longer belongs to the timetable).
    Timestamp begins() const { return begins_; }
    Timestamp ends() const { return ends_; }

    /// The station of a stop id: a platform means its station.
    std::optional<Index> find_station(std::string_view stop_id) const;
    std::optional<Index> find_trip(std::string_view trip_id) const;
    railbook::Station station(Index index) const;
    /// The names that a station answers to; the first is its own.
    Records<image::Name, NetworkView::Name> names_of(Index station) const { return data_.names(station); }
    /// Calls a week, averaged.
    std::size_t traffic(Index station) const { return data_.stations.stored(station).traffic; }

    Calls calls(Index trip) const { return data_.calls(trip); }
    std::span<const std::int32_t> starts(Index trip) const { return data_.starts(trip); }
    bool runs_on(Index trip, std::uint32_t day) const;
    /// The position of a date, or nothing where the timetable does not reach it.
    std::optional<std::uint32_t> day_of(ServiceDate date) const;
    ServiceDate date_of(std::uint32_t day) const { return data_.first_date + std::chrono::days{day}; }
    /// `seconds` after noon minus 12 h on that day, in the zone of the trip's agency.
    Timestamp time_of(Index trip, std::uint32_t day, std::int32_t seconds) const;
    /// The first day on which `seconds` are at `from` or later.
    std::uint32_t first_day_from(Index trip, Timestamp from, std::int32_t seconds) const;

    /// Errors: not_found, with what the detail of Timetable::run promises.
    Result<RunIndex> find_run(const RunId& id) const;
    RunId id_of(const RunIndex& run) const;
    /// What passengers call the train: `ICE 1672`.
    std::string train_name(Index trip) const;
    TrainFacts facts_of(const RunIndex& run) const;
    /// Without its coaches.
    Run run(const RunIndex& run) const;
    /// The ends of a ride, as departure_of and arrival_of give them of the whole run.
    Endpoint departure(const RunIndex& run, Index call) const;
    Endpoint arrival(const RunIndex& run, Index call) const;
    std::string_view headsign(Index trip) const;

private:
    Network(ImageBytes image, const NetworkView& data) : image_{std::move(image)}, data_{data}, feed_{data.feed} {}

    void find_ends();
    Endpoint endpoint(const RunIndex& run, Index call, std::int32_t seconds) const;
    int nth_call(Index trip, Index call) const;

    ImageBytes image_;
    NetworkView data_;
    std::string feed_;
    Timestamp begins_{};
    Timestamp ends_{};
};

}  // namespace railbook::timetable
