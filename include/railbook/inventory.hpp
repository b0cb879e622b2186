#pragma once
/// Inventory: hold seats for a buyer while they pay. A seat is sold by segment, so one that is left at Hannover is
/// free again from Hannover.

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <railbook/environment.hpp>
#include <railbook/ids.hpp>
#include <railbook/stores.hpp>
#include <railbook/timetable.hpp>

namespace railbook {

/// "Any `count` free seats": together in one coach where that is possible, filling the smallest gap that fits.
struct BestSeats {
    int count = 1;
    std::string travel_class = {};  ///< Empty: the train's last class (the cheapest, by convention).
};

struct HoldItemRequest {
    RunId run;
    std::string from;  ///< A call of the run: id or name, see `find_call`.
    std::string to;
    std::variant<std::vector<SeatId>, BestSeats> seats;
};

struct HoldRequest {
    CommandKey key;
    std::vector<HoldItemRequest> items;  ///< Every one of them is held, or none.
};

struct ExtendRequest {
    HoldId id;
    std::optional<std::uint64_t> fence;       ///< Only an operator may leave it out.
    std::optional<Duration> by = std::nullopt;  ///< Added to the deadline; else the policy's extension.
};

struct HoldPolicy {
    Duration ttl = std::chrono::minutes{15};
    Duration extension = std::chrono::minutes{10};
    Duration max = std::chrono::minutes{30};  ///< From its beginning to its end, whatever extends it.
    std::size_t max_holds = 5;                ///< Live ones of an owner; operators have no limit.
    std::size_t max_seats = 9;                ///< Of one hold, on each run.
    Duration keep_answers = std::chrono::hours{24};
};

enum class SeatState : std::uint8_t { free, held, sold };
std::string_view to_string(SeatState state);

/// Free seats by class on one span, throughout.
struct Availability {
    std::uint64_t version = 0;
    std::map<std::string, int> free;
};

struct SeatView {
    Place place;
    SeatState state = SeatState::free;  ///< The worst on the span.
};
struct CoachView {
    std::string number;
    std::string travel_class;
    std::string layout;
    std::vector<SeatView> seats;
};
struct SeatMap {
    Run run;
    Span span;
    std::uint64_t version = 0;
    std::vector<CoachView> coaches;
};

/// A ride on a run: what an availability is asked for.
struct Ride {
    RunId run;
    Span span;
};

/// Thread-safe. Environment, store and timetable must outlive this object.
class Inventory {
public:
    Inventory(Environment& environment, Store& store, Timetable& timetable, HoldPolicy policy);

    /// Keeps the seats until `Hold::expires_at`; at that instant they are free again.
    /// Errors: seat_taken; sold_out (not so many free); not_found (no such run, station or seat); invalid_argument;
    /// too_many_requests (the owner's limit of holds); key_reused; forbidden.
    Result<Hold> hold(const Principal& principal, const HoldRequest& request);
    /// The hold as it is now. Errors: not_found, also for another's.
    Result<Hold> find(const Principal& principal, const HoldId& id);
    /// One's own, newest first; an operator's list is of everyone's.
    Result<Page<Hold>> list(const Principal& principal, const PageRequest& page);
    /// Errors: not_found; hold_lost; hold_expired; conflict; invalid_argument (no fence, or not a positive time).
    Result<Hold> extend(const Principal& principal, const ExtendRequest& request);
    /// Releasing one's own released hold again is success. Errors: not_found; hold_lost; hold_expired; conflict.
    Status release(const Principal& principal, const HoldId& id, std::optional<std::uint64_t> fence);

    /// Every seat of the run on a span. Errors: not_found; invalid_argument.
    Result<SeatMap> seats(const RunId& run, std::string_view from, std::string_view to);
    /// Free seats by class, an answer a ride, in one batch.
    Result<std::vector<Availability>> availability(const std::vector<Ride>& rides);

private:
    Environment& environment_;
    Store& store_;
    Timetable& timetable_;
    HoldPolicy policy_;
};

/// The hold as it reads at `now`: what has expired reads as expired before anyone has swept it.
Hold as_of(Hold hold, Timestamp now);

}  // namespace railbook
