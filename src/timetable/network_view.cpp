#include "timetable/network_view.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include <fmt/format.h>

#include "timetable/limits.hpp"

namespace railbook::timetable {
namespace {

Error damaged(std::string_view what) {
    return {ErrorCode::damaged, fmt::format("the image of a timetable is damaged: {}", what)};
}

}  // namespace

/// Whatever is wrong is remembered, so that `ok` is looked at once for a whole list.
class NetworkView::Checker {
public:
    explicit Checker(std::span<const std::byte> bytes) : bytes_{bytes} {}

    Result<NetworkView> run() && {
        if (bytes_.size() < sizeof head_) return damaged("it is too short");
        std::memcpy(&head_, bytes_.data(), sizeof head_);
        if (head_.magic != image::kMagic || head_.byte_order != image::kByteOrder || head_.version != image::kVersion)
            return damaged("it is of another kind or version");
        if (head_.size != bytes_.size()) return damaged("its size");
        if (head_.checksum != image::checksum_of(bytes_)) return damaged("its checksum");
        if (head_.days == 0 || head_.days > kMaxServiceDays) return damaged("its dates");
        constexpr ServiceDate kFirst{std::chrono::local_days{std::chrono::year{1900} / 1 / 1}};
        constexpr ServiceDate kLast{std::chrono::local_days{std::chrono::year{2200} / 1 / 1}};
        if (head_.first_date < kFirst.time_since_epoch().count() || head_.first_date > kLast.time_since_epoch().count())
            return damaged("its first date");
        take_all();
        if (!ok_) return damaged("its lists");
        check_stations();
        check_trips();
        check_rest();
        if (!ok_) return damaged("a reference leads out of it");
        if (const auto why = beyond_limits(view_)) return damaged(*why);
        return view_;
    }

private:
    template <class Record>
    std::span<const Record> take(const image::Section& section, std::size_t more = 0) {
        static_assert(std::is_trivially_copyable_v<Record>);
        ok_ = ok_ && section.offset % 8 == 0 && section.offset >= sizeof head_ && section.offset <= bytes_.size() &&
              section.count <= (bytes_.size() - section.offset) / sizeof(Record) && section.count >= more &&
              section.count < kNone;
        if (!ok_) return {};
        return {reinterpret_cast<const Record*>(bytes_.data() + section.offset), section.count};
    }
    template <class List>
    void take_records(List& list, const auto& stored) {
        list = List{stored, texts_.data()};
    }

    void take_all() {
        texts_ = take<char>(head_.texts);
        take_records(view_.zones, take<image::Zone>(head_.zones));
        view_.day_starts_ = take<std::int64_t>(head_.day_starts);
        take_records(view_.agencies, take<image::Agency>(head_.agencies));
        take_records(view_.routes, take<image::Route>(head_.routes));
        stations_ = take<image::Station>(head_.stations, 1);
        stops_ = take<image::Stop>(head_.stops);
        take_records(view_.stops, stops_);
        trips_ = take<image::Trip>(head_.trips, 2);
        view_.patterns_ = take<image::Pattern>(head_.patterns, 1);
        view_.calls_ = take<image::Call>(head_.calls);
        view_.pattern_trips_ = take<Index>(head_.pattern_trips);
        view_.timings_ = take<image::Timing>(head_.timings);
        view_.times_ = take<std::uint32_t>(head_.times);
        view_.services = take<std::uint64_t>(head_.services);
        view_.starts_ = take<std::int32_t>(head_.starts);
        take_records(view_.transfers, take<image::Transfer>(head_.transfers));
        take_records(view_.train_transfers, take<image::TrainTransfer>(head_.train_transfers));
        take_records(view_.continuations, take<image::Continuation>(head_.continuations));
        take_records(view_.names_, take<image::Name>(head_.names));
        take_records(view_.platforms_, take<image::Text>(head_.platforms));
        view_.visit_patterns_ = take<Index>(head_.visit_patterns);
        view_.visit_calls_ = take<std::uint16_t>(head_.visit_calls);
        if (!ok_) return;
        take_records(view_.stations, stations_.first(stations_.size() - 1));
        take_records(view_.trips, trips_.first(trips_.size() - 1));
        view_.days = head_.days;
        view_.first_date = ServiceDate{std::chrono::days{head_.first_date}};
    }

    void must(bool holds) { ok_ = ok_ && holds; }
    void must_be_text(image::Text at) {
        if (at >= texts_.size()) return must(false);
        const std::size_t room = texts_.size() - at;
        const bool is_long = static_cast<std::uint8_t>(texts_[at]) == image::kLongText;
        if (is_long && room < 5) return must(false);
        must(read_text(at, texts_.data()).size() <= room - (is_long ? 5 : 1));
    }
    /// Where lists begin that stand one after the other in a list of `size`, the last entry being the end.
    template <class Record>
    void must_follow(std::span<const Record> records, Index Record::* first, std::size_t size) {
        must(records.front().*first == 0 && records.back().*first == size);
        for (std::size_t i = 1; i < records.size(); ++i) must(records[i - 1].*first <= records[i].*first);
    }
    static bool is_sane(std::int64_t time) { return time >= 0 && time <= kMaxSeconds; }

    void check_stations() {
        must_be_text(head_.feed);
        must_be_text(head_.publisher);
        for (std::size_t i = 0; i < view_.zones.size(); ++i) must_be_text(view_.zones.stored(i).name);
        for (std::size_t i = 0; i < view_.agencies.size(); ++i) {
            const auto& each = view_.agencies.stored(i);
            must_be_text(each.id);
            must_be_text(each.name);
            must(each.zone < view_.zones.size());
            if (ok_) check_day_starts(view_.zones.stored(each.zone).first_day_start);
        }
        for (std::size_t i = 0; i < view_.routes.size(); ++i) {
            const auto& each = view_.routes.stored(i);
            must_be_text(each.id);
            must_be_text(each.short_name);
            must_be_text(each.long_name);
            must(each.agency < view_.agencies.size());
        }
        for (const auto& each : stations_) {
            must_be_text(each.id);
            must_be_text(each.name);
            must_be_text(each.code);
        }
        for (std::size_t i = 0; i < view_.stations.size(); ++i) {
            must(stations_[i].zone < view_.zones.size());
            // What is no number fails this, too.
            must(std::abs(stations_[i].latitude) <= 90 && std::abs(stations_[i].longitude) <= 180);
            // Its own name is the first of its names.
            must(stations_[i].first_name < stations_[i + 1].first_name);
        }
        must_follow(stations_, &image::Station::first_name, view_.names_.size());
        must_follow(stations_, &image::Station::first_platform, view_.platforms_.size());
        must_follow(stations_, &image::Station::first_visit, view_.visit_patterns_.size());
        for (std::size_t i = 0; i < view_.names_.size(); ++i) {
            must_be_text(view_.names_.stored(i).written);
            must_be_text(view_.names_.stored(i).plain);
            must_be_text(view_.names_.stored(i).spelled_out);
        }
        for (std::size_t i = 0; i < view_.platforms_.size(); ++i) must_be_text(view_.platforms_.stored(i));
        for (const auto& each : stops_) {
            must_be_text(each.id);
            must_be_text(each.platform);
            must(each.station < view_.stations.size() && each.step_free <= 2);
        }
        if (ok_) view_.feed = read_text(head_.feed, texts_.data());
    }

    /// They are near the days that they are of, so that adding to them cannot overflow.
    void check_day_starts(Index first) {
        must(first <= view_.day_starts_.size() && view_.days <= view_.day_starts_.size() - first);
        for (std::uint32_t day = 0; day < view_.days && ok_; ++day) {
            constexpr std::int64_t kDay = 86'400;
            const auto date = head_.first_date + day;
            const auto start = view_.day_starts_[first + day];
            must(start >= (date - 2) * kDay && start <= (date + 2) * kDay);
        }
    }

    void check_trips() {
        if (!ok_) return;
        must(view_.services.size() % view_.words_per_service() == 0);
        const auto service_count = view_.services.size() / view_.words_per_service();
        must_follow(view_.patterns_, &image::Pattern::first_call, view_.calls_.size());
        must_follow(view_.patterns_, &image::Pattern::first_trip, view_.pattern_trips_.size());
        must(view_.pattern_trips_.size() == view_.trips.size());
        for (const auto& call : view_.calls_) must(call.stop_and_flags >> image::Call::kFlagBits < stops_.size());
        must_follow(trips_, &image::Trip::first_start, view_.starts_.size());
        for (const auto start : view_.starts_) must(is_sane(start));

        // How early and late the calls of a timing are, before it is known when its trips begin.
        struct Range {
            std::int64_t least = std::numeric_limits<std::int64_t>::max();
            std::int64_t most = std::numeric_limits<std::int64_t>::min();
            void add(std::int64_t time) {
                least = std::min(least, time);
                most = std::max(most, time);
            }
        };
        std::vector<Range> ranges(view_.timings_.size());
        for (std::size_t i = 0; i < ranges.size() && ok_; ++i) {
            const auto& timing = view_.timings_[i];
            const auto words = timing.unit == 0 ? 2U * timing.count : timing.count;
            must(timing.count >= 2 && timing.count <= kMaxCalls && timing.first <= view_.times_.size() &&
                 words <= view_.times_.size() - timing.first);
            if (!ok_) return;
            const auto times = view_.times_.subspan(timing.first, words);
            if (timing.unit == 0) {
                for (const auto word : times) ranges[i].add(static_cast<std::int32_t>(word));
                continue;
            }
            std::uint32_t least = std::numeric_limits<std::uint16_t>::max();
            std::uint32_t most = 0;
            for (const auto word : times) {
                const auto arrival = word & 0xFFFFU;
                const auto departure = word >> 16U;
                least = std::min(least, std::min(arrival, departure));
                most = std::max(most, std::max(arrival, departure));
            }
            ranges[i].add(std::int64_t{least} * timing.unit);
            ranges[i].add(std::int64_t{most} * timing.unit);
        }
        for (std::size_t i = 0; i < view_.trips.size() && ok_; ++i) {
            const auto& trip = trips_[i];
            must_be_text(trip.id);
            must_be_text(trip.headsign);
            must_be_text(trip.short_name);
            must(trip.route < view_.routes.size() && trip.service < service_count && trip.zone < view_.zones.size() &&
                 trip.pattern < view_.pattern_count() && trip.timing < ranges.size());
            if (!ok_) return;
            must(view_.trips[i].step_free <= NetworkData::StepFree::no);
            const auto& pattern = view_.patterns_[trip.pattern];
            const auto count = view_.timings_[trip.timing].count;
            must(view_.patterns_[trip.pattern + 1].first_call - pattern.first_call == count &&
                 view_.trips[i].call_count == count);
            must(is_sane(trip.begins) && is_sane(trip.begins + ranges[trip.timing].least) &&
                 is_sane(trip.begins + ranges[trip.timing].most));
            must(view_.agencies.stored(view_.routes.stored(trip.route).agency).zone == trip.zone);
            view_.stop_events_ += count;
        }
        for (Index pattern = 0; pattern < view_.pattern_count() && ok_; ++pattern) {
            for (const auto trip : view_.trips_of_pattern(pattern))
                must(trip < view_.trips.size() && trips_[trip].pattern == pattern);
        }
    }

    void check_rest() {
        if (!ok_) return;
        const auto check_transfer = [&](const image::Transfer& each) {
            must(each.from < stops_.size() && each.to < stops_.size() && each.kind <= 3);
            must(NetworkData::Transfer{.seconds = each.seconds}.has_sane_time());
        };
        for (std::size_t i = 0; i < view_.transfers.size(); ++i) check_transfer(view_.transfers.stored(i));
        for (std::size_t i = 0; i < view_.train_transfers.size(); ++i) {
            const auto& each = view_.train_transfers.stored(i);
            check_transfer(each.transfer);
            const auto is_in = [](Index index, const auto& list) { return index == kNone || index < list.size(); };
            must(is_in(each.from_trip, view_.trips) && is_in(each.to_trip, view_.trips) &&
                 is_in(each.from_route, view_.routes) && is_in(each.to_route, view_.routes));
        }
        for (std::size_t i = 0; i < view_.continuations.size(); ++i) {
            const auto& each = view_.continuations.stored(i);
            must(each.from < view_.trips.size() && each.to < view_.trips.size());
        }
        must(view_.visit_patterns_.size() == view_.visit_calls_.size());
        for (std::size_t i = 0; i < view_.visit_patterns_.size() && ok_; ++i) {
            const auto pattern = view_.visit_patterns_[i];
            must(pattern < view_.pattern_count());
            if (!ok_) return;
            must(view_.visit_calls_[i] < view_.patterns_[pattern + 1].first_call - view_.patterns_[pattern].first_call);
        }
    }

    std::span<const std::byte> bytes_;
    image::Head head_{};
    bool ok_ = true;
    std::span<const char> texts_;
    std::span<const image::Station> stations_;  // one more at the end
    std::span<const image::Stop> stops_;
    std::span<const image::Trip> trips_;        // one more at the end
    NetworkView view_;
};

bool NetworkView::has_zone_rules() const {
    return std::ranges::all_of(agencies, [&](const Agency& agency) { return zones[agency.zone].rules != 0; });
}

Result<NetworkView> NetworkView::open(std::span<const std::byte> bytes) { return Checker{bytes}.run(); }

}  // namespace railbook::timetable
