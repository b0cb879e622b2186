#pragma once
/// Inventory: hold seats for a buyer while they pay. A seat is sold by segment, so one that is left at Hannover is
/// free again from Hannover.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <railbook/environment.hpp>
#include <railbook/ids.hpp>
#include <railbook/stores.hpp>
#include <railbook/timetable.hpp>

namespace railbook {

namespace inventory {
class SeatPlans;
}

/// What the passengers of one ride would like. Wishes are met as far as the train allows, unless `required`.
struct SeatWishes {
    std::vector<std::string> properties = {};   ///< Of each seat: OSDM's, such as WINDOW, AISLE, TABLE or QUIET.
    std::string facing = {};                    ///< `forward`, `backward`, `each_other` or empty.
    std::optional<SeatId> near = std::nullopt;  ///< As near to this seat as possible.
    int wheelchairs = 0;    ///< So many need a wheelchair place, each with a companion beside it where there is one.
    int children = 0;       ///< So many are children, none of whom sits apart from the adults.
    bool required = false;  ///< Rather no seat than one without the properties.
    int changes = 0;        ///< How often they may change seats on the way, where none is free throughout.
    bool operator==(const SeatWishes&) const = default;
};

/// "Any `count` free seats": together in one coach where that is possible, filling the smallest gap that fits.
struct BestSeats {
    int count = 1;
    std::string travel_class = {};  ///< Empty: the train's last class (the cheapest, by convention).
    SeatWishes wishes = {};
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
    std::optional<std::uint64_t> fence;         ///< Only an operator may leave it out.
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

/// A ride as a pinned run has it, whatever the timetable says by now.
struct SoldRide {
    Span span;
    Endpoint from;
    Endpoint to;
    std::int64_t distance = 0;  ///< In metres.
};

/// Free seats by class on one span, throughout.
struct Availability {
    std::uint64_t version = 0;
    std::map<std::string, int> free;
    /// Classes in which the party that was asked for can sit side by side.
    std::vector<std::string> together = {};
    std::optional<SoldRide> as_sold = std::nullopt;  ///< Where the run is pinned and has the ride.
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

struct BlockRequest {
    CommandKey key;
    RunId run;
    std::string from;  ///< A call of the run.
    std::string to;
    std::vector<SeatId> seats;
};

/// A live seat that a change of a run's coaches is about.
struct AffectedSeat : Reseating {  ///< `to` is empty where there is no seat, and `from` where it stays.
    std::string owner = {};
    std::string reference = {};           ///< Of the hold's booking, if it has one.
    std::size_t tickets = 0;              ///< Of the booking.
    std::vector<std::string> loses = {};  ///< WHEELCHAIR or COMPANION, where the new seat is no such place.
    bool is_apart = false;                ///< The ride's party would sit in more pieces than before.
};

/// A seat that is kept from sale between two calls of a run as it is now.
struct BlockedSeat {
    SeatId seat;
    Endpoint from;
    Endpoint to;
};

/// What other coaches would mean for those who have seats of a run. Nothing has changed yet.
struct ConsistOffer {
    std::string id;  ///< Names this very outcome: confirming it later does just this, or nothing.
    Run run;         ///< As it is now.
    std::shared_ptr<const Consist> consist;  ///< As it would be.
    std::size_t unaffected = 0;              ///< Live seats that stay what they are.
    /// Who gets which other seat. Parties stay in as few pieces as they are, and wheelchairs get places for them with a
    /// companion's beside, where that is possible.
    std::vector<AffectedSeat> reseatings;
    std::vector<AffectedSeat> stranded;    ///< For whom there is no seat. The change is then impossible.
    std::vector<AffectedSeat> worse_off;   ///< Who keeps the number of their seat, but loses what they need of it.
    std::vector<BlockedSeat> blocks_lost;  ///< Which would end, since the new coaches have no such seats.
};

/// A ride that a change of a run's calls is about.
struct AffectedRide {
    HoldId hold;
    std::string owner;
    std::string reference = {};  ///< Of its booking, if it has one.
    std::size_t tickets = 0;
    std::vector<SeatId> seats;
    Endpoint from;  ///< As it was sold.
    Endpoint to;
    std::optional<Endpoint> new_from = std::nullopt;  ///< As it would be; nothing where it would be lost.
    std::optional<Endpoint> new_to = std::nullopt;
    /// Runs of the same hold to or from which there would be less time to change than a search asks for by default, and
    /// was enough before.
    std::vector<RunId> misses = {};
};

/// What it would mean for those who have seats of a run that it follows the timetable again. Nothing has changed yet.
struct AdoptionOffer {
    std::string id;  ///< Names this very outcome: confirming it later does just this, or nothing.
    Run run;         ///< As it was sold.
    Run planned;   ///< As the timetable has it; without a pin.
    std::vector<CallChange> changes;
    std::size_t unaffected = 0;          ///< Live rides that stay as they are.
    std::vector<AffectedRide> affected;  ///< Which get other times, platforms or names.
    /// Which the new calls no longer allow, or on seats that others would have too: adopting is then impossible.
    std::vector<AffectedRide> lost;
    std::vector<BlockedSeat> blocks_lost;  ///< Which the new calls no longer allow: as impossible.
};

/// A ride on a run: what an availability is asked for.
struct Ride {
    RunId run;
    Span span;
    /// Where both are given the span is between these calls of the run as it was sold, which may differ from the
    /// timetable; nothing is free where it has no such ride.
    std::optional<CallId> from = std::nullopt;
    std::optional<CallId> to = std::nullopt;
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
    /// Free seats by class, an answer a ride, in one batch, and where a party of so many can sit side by side.
    /// Errors: not_found; invalid_argument.
    Result<std::vector<Availability>> availability(const std::vector<Ride>& rides, int party = 1);
    /// What changed on the run after a version that was told before. Errors: not_found.
    Result<SeatChanges> changes_after(const RunId& run, std::uint64_t version);

    /// Keeps seats from sale. Operators only. Errors: forbidden; not_found; invalid_argument; seat_taken; key_reused.
    Result<SeatBlock> block(const Principal& principal, const BlockRequest& request);
    /// Gives blocked seats back to the sale; what is not blocked stays as it is. The key is not needed.
    /// Errors: forbidden; not_found; invalid_argument.
    Result<SeatBlock> unblock(const Principal& principal, const BlockRequest& request);

    /// What it would mean to give the run other coaches. Operators only. Errors: forbidden; not_found; conflict (the
    /// run has these coaches).
    Result<ConsistOffer> offer_consist(const Principal& principal, const RunId& run,
                                       std::shared_ptr<const Consist> consist);
    /// Does what the offer said, all or nothing. Repeating it is success. Errors: forbidden; not_found; conflict (the
    /// run has changed since: look at a new offer; or somebody is stranded).
    Result<Run> change_consist(const Principal& principal, const RunId& run, std::shared_ptr<const Consist> consist,
                               std::string_view offer);

    /// What it would mean that a pinned run gets the calls that the timetable has by now. Operators only. Errors:
    /// forbidden; not_found (no such run); conflict (it is not pinned, or as the timetable has it, or the timetable has
    /// no such run any more: then it stays as it was sold).
    Result<AdoptionOffer> offer_adoption(const Principal& principal, const RunId& run);
    /// Does what the offer said, all or nothing: holds, bookings and tickets get the new times. Repeating it is
    /// success. Errors: forbidden; not_found; conflict (the run or the timetable has changed since: look at a new
    /// offer; or somebody would lose a ride).
    Result<Run> adopt(const Principal& principal, const RunId& run, std::string_view offer);

private:
    /// Chooses the seats and lets the store take them. `is_new` is set once the store has found that the command was
    /// not done before.
    Result<Hold> choose_and_place(const Principal& principal, const HoldRequest& request, const Command& command,
                                  bool& is_new);

    Environment& environment_;
    Store& store_;
    Timetable& timetable_;
    HoldPolicy policy_;
    std::shared_ptr<inventory::SeatPlans> plans_;
};

/// The hold as it reads at `now`: what has expired reads as expired before anyone has swept it.
Hold as_of(Hold hold, Timestamp now);

}  // namespace railbook
