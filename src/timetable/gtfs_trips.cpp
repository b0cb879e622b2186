#include "timetable/gtfs_trips.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace railbook::timetable {
namespace {

class TripMaker {
public:
    TripMaker(FeedRows& rows, Findings& findings) : rows_{rows}, network_{rows.network}, findings_{findings} {}

    Status run() && {
        sort_calls();
        std::ranges::sort(rows_.starts);
        const auto repeated = std::ranges::unique(rows_.starts);
        rows_.starts.erase(repeated.begin(), repeated.end());
        measure_unit();
        made_.assign(rows_.trips.size(), kNone);

        auto next = rows_.calls.begin();
        auto start = rows_.starts.begin();
        for (Index i = 0; i < rows_.trips.size(); ++i) {
            const auto first = next;
            while (next != rows_.calls.end() && next->trip == i) ++next;
            auto stops = without_repeats({first, next});
            const auto first_start = start;
            while (start != rows_.starts.end() && start->trip == i) ++start;
            if (make_trip(rows_.trips[i], stops)) {
                auto& made = network_.trips.back();
                made.first_start = static_cast<Index>(network_.starts.size());
                made.start_count = static_cast<Index>(start - first_start);
                for (auto each = first_start; each != start; ++each) network_.starts.push_back(each->start);
                made_[i] = static_cast<Index>(network_.trips.size() - 1);
            }
            if (findings_.refusal()) return *findings_.refusal();
        }
        rows_.calls = {};
        // Of trips that were left out nothing continues.
        for (const auto& [from, to, stays] : rows_.continuations) {
            if (made_[from] == kNone || made_[to] == kNone) continue;
            network_.continuations.push_back({made_[from], made_[to], stays});
        }
        for (auto each : rows_.train_transfers) {
            bool is_left = true;
            for (auto* trip : {&each.from_trip, &each.to_trip}) {
                if (*trip == kNone) continue;
                *trip = made_[*trip];
                is_left = is_left && *trip != kNone;
            }
            if (is_left) network_.train_transfers.push_back(each);
        }
        if (network_.trips.empty()) return Error{ErrorCode::bad_data, "the feed has no trip that can be used"};
        return {};
    }

private:
    /// By trip, then along it, by line at last: of rows with one sequence number the first counts. In most feeds the
    /// rows of a trip follow each other in their order, so that they need only be put together.
    void sort_calls() {
        std::vector<std::size_t> next(rows_.trips.size() + 1);
        for (const auto& call : rows_.calls) ++next[call.trip + 1];
        std::partial_sum(next.begin(), next.end(), next.begin());
        std::vector<RawCall> sorted(rows_.calls.size());
        for (const auto& call : rows_.calls) sorted[next[call.trip]++] = call;
        rows_.calls = std::move(sorted);
        const auto comes_before = [](const RawCall& left, const RawCall& right) {
            return std::tie(left.sequence, left.line) < std::tie(right.sequence, right.line);
        };
        std::size_t first = 0;
        for (Index trip = 0; trip < rows_.trips.size(); ++trip) {
            const std::span calls{rows_.calls.data() + first, next[trip] - first};
            if (!std::ranges::is_sorted(calls, comes_before)) std::ranges::sort(calls, comes_before);
            first = next[trip];
        }
    }

    /// Of rows with one sequence number, the first.
    std::span<RawCall> without_repeats(std::span<RawCall> stops) {
        std::size_t kept = 0;
        for (std::size_t i = 0; i < stops.size(); ++i) {
            if (kept > 0 && stops[kept - 1].sequence == stops[i].sequence) {
                findings_.drop("stop_times.txt", stops[i].line, 0,
                               fmt::format("the trip has two calls with stop_sequence {}", stops[i].sequence));
            } else {
                stops[kept++] = stops[i];
            }
        }
        return stops.first(kept);
    }

    /// A trip whose calls make no sense is left out as a whole: half a train is worse than none.
    bool leave_out(const RawTrip& trip, std::size_t line, std::string_view why) {
        const auto detail = line == 0 ? std::string{why} : fmt::format("{} (stop_times.txt:{})", why, line);
        findings_.drop("trips.txt", trip.line, rows_.trip_column,
                       fmt::format("the trip {} is left out: {}", quoted(trip.id), detail));
        return false;
    }

    bool make_trip(const RawTrip& trip, std::span<RawCall> stops) {
        if (stops.size() < 2) return leave_out(trip, 0, "it has fewer than two calls");
        if (stops.size() > kMaxCalls) return leave_out(trip, 0, fmt::format("it has more than {} calls", kMaxCalls));
        for (const auto* end : {&stops.front(), &stops.back()}) {
            if (end->arrival == kNoTime) return leave_out(trip, end->line, "its first and last call need times");
        }
        std::int32_t time = 0;
        for (const auto& call : stops) {
            if (call.arrival == kNoTime) continue;
            if (call.arrival < time || call.departure < call.arrival) {
                return leave_out(trip, call.line, "its times run backwards");
            }
            time = call.departure;
        }
        const auto metres = metres_of(trip, stops);
        fill_times(stops, metres);
        network_.trips.push_back({.id = trip.id,
                                  .route = trip.route,
                                  .service = trip.service,
                                  .headsign = trip.headsign,
                                  .short_name = trip.short_name,
                                  .first_call = static_cast<Index>(network_.calls.size()),
                                  .call_count = static_cast<Index>(stops.size()),
                                  .block = trip.block,
                                  .step_free = trip.step_free});
        for (std::size_t i = 0; i < stops.size(); ++i) {
            network_.calls.push_back({.stop = stops[i].stop,
                                      .arrival = stops[i].arrival,
                                      .departure = stops[i].departure,
                                      .distance = static_cast<std::uint32_t>(std::min(std::round(metres[i]), 4e9)),
                                      .pick_up = stops[i].pick_up,
                                      .drop_off = stops[i].drop_off});
        }
        return true;
    }

    /// Calls without times get them between their neighbours: by distance, or evenly where that says nothing.
    static void fill_times(std::span<RawCall> stops, const std::vector<double>& metres) {
        std::size_t before = 0;
        for (std::size_t after = 1; after < stops.size(); ++after) {
            if (stops[after].arrival == kNoTime) continue;
            const double way = metres[after] - metres[before];
            const double time = stops[after].arrival - stops[before].departure;
            for (std::size_t i = before + 1; i < after; ++i) {
                const double share = way > 0 ? (metres[i] - metres[before]) / way
                                             : static_cast<double>(i - before) / static_cast<double>(after - before);
                stops[i].arrival = stops[before].departure + static_cast<std::int32_t>(time * share);
                stops[i].departure = stops[i].arrival;
            }
            before = after;
        }
    }

    static bool is_measured(std::span<const RawCall> stops) {
        double last = 0;
        for (const auto& call : stops) {
            if (!(call.travelled >= last)) return false;
            last = call.travelled;
        }
        return stops.back().travelled > stops.front().travelled;
    }

    std::vector<double> great_circles(std::span<const RawCall> stops) const {
        std::vector<double> metres(stops.size());
        std::optional<Position> last = rows_.positions[stops.front().stop];
        for (std::size_t i = 1; i < stops.size(); ++i) {
            metres[i] = metres[i - 1];
            const auto& here = rows_.positions[stops[i].stop];
            // A stop without a position adds nothing; the way past it is that between its neighbours.
            if (last && here) metres[i] += metres_between(*last, *here);
            if (here) last = here;
        }
        return metres;
    }

    /// Finds out what shape_dist_traveled counts.
    void measure_unit() {
        double travelled = 0;
        double great_circle = 0;
        for (auto first = rows_.calls.begin(); first != rows_.calls.end();) {
            const auto last = std::find_if(first, rows_.calls.end(), [&](const RawCall& call) {
                return call.trip != first->trip;
            });
            const std::span<const RawCall> stops{first, last};
            if (stops.size() > 1 && is_measured(stops)) {
                travelled += stops.back().travelled - stops.front().travelled;
                great_circle += great_circles(stops).back();
            }
            first = last;
        }
        metres_per_unit_ = metres_per_unit(travelled, great_circle);
    }

    /// Metres from the origin to each call.
    std::vector<double> metres_of(const RawTrip& trip, std::span<const RawCall> stops) {
        const auto shape = rows_.shapes.find(trip.shape);
        std::vector<double> metres;
        if (is_measured(stops)) {
            const bool on_shape = shape != rows_.shapes.end() && shape->second.is_measured();
            for (const auto& call : stops) {
                metres.push_back(on_shape ? shape->second.metres_at(call.travelled)
                                          : call.travelled * metres_per_unit_);
            }
        } else if (shape != rows_.shapes.end()) {
            metres = metres_along(shape->first, shape->second, stops);
        }
        if (metres.empty() || !(metres.back() > metres.front())) return great_circles(stops);
        const double origin = metres.front();
        for (auto& each : metres) each -= origin;
        return metres;
    }

    /// Most trips of a line share shape and stops, and this is slow: so it is done once for them.
    std::vector<double> metres_along(const std::string& id, const Shape& shape, std::span<const RawCall> stops) {
        std::vector<Index> pattern;
        std::vector<Position> positions;
        for (const auto& call : stops) {
            pattern.push_back(call.stop);
            if (rows_.positions[call.stop]) positions.push_back(*rows_.positions[call.stop]);
        }
        const auto [known, is_new] = along_shapes_.try_emplace({id, std::move(pattern)});
        if (is_new && positions.size() == stops.size()) known->second = shape.metres_to(positions);
        return known->second;
    }

    FeedRows& rows_;
    NetworkData& network_;  // of the rows
    Findings& findings_;
    std::map<std::pair<std::string, std::vector<Index>>, std::vector<double>> along_shapes_;
    double metres_per_unit_ = 1;
    std::vector<Index> made_;  // by raw trip: its place in the network; kNone where it was left out
};

}  // namespace

Status make_trips(FeedRows& rows, Findings& findings) { return TripMaker{rows, findings}.run(); }

}  // namespace railbook::timetable
