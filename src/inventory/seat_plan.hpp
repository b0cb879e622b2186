#pragma once
/// What choosing seats asks of a train, worked out once: sets of seats by class and by what they are like, and who sits
/// beside whom.

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <railbook/stores.hpp>

#include "inventory/seat_set.hpp"

namespace railbook::inventory {

/// Immutable, so thread-safe.
class SeatPlan {
public:
    struct CoachSeats {
        std::uint32_t first = 0;  ///< Its seats are [first, last).
        std::uint32_t last = 0;
    };
    /// Two seats of one column that look at each other.
    struct FacingSeats {
        std::uint32_t backward = 0;
        std::uint32_t forward = 0;
        int column = 0;
    };

    /// The consist has at most kMaxSeatsOfTrain seats.
    explicit SeatPlan(std::shared_ptr<const Consist> consist);

    const Consist& consist() const { return *consist_; }
    std::uint32_t seats() const { return joined_.seats(); }
    const std::vector<CoachSeats>& coaches() const { return coaches_; }
    std::uint32_t coach_of(std::uint32_t seat) const { return places_[seat].coach; }

    const std::map<std::string, SeatSet, std::less<>>& classes() const { return classes_; }
    /// Null where the train has no such class.
    const SeatSet* of_class(std::string_view travel_class) const;
    /// Null where no seat has it.
    const SeatSet* with_property(std::string_view property) const;
    /// Null where no seat does. `facing` is `forward`, `backward` or `each_other`.
    const SeatSet* facing(std::string_view facing) const;
    /// Places for wheelchairs and their companions, which are the last to be given to anybody else.
    const SeatSet& reserved() const { return reserved_; }
    bool has_reserved() const { return has_reserved_; }
    /// Seats whose next one is in the same coach.
    const SeatSet& joined() const { return joined_; }
    /// Seats whose next one is at the same side of the same row; all joined ones where rows are not known.
    const SeatSet& beside() const { return beside_; }
    /// Joined ones that are not beside each other: an aisle or the end of a row is between them.
    const SeatSet& gaps() const { return gaps_; }
    bool has_gaps() const { return has_gaps_; }
    /// First seats of `count` joined ones that are not together: the end of one row and the beginning of another.
    /// Null where there is none.
    const SeatSet* apart(std::uint32_t count) const;
    /// Rows that look at each other, each from one side of the coach to the other.
    const std::vector<std::vector<FacingSeats>>& facing_rows() const { return facing_rows_; }

    /// Seats next to it: in the row, over the aisle too, and before and behind it. Where rows are not known, the seats
    /// with the numbers before and behind.
    std::span<const std::uint16_t> neighbours(std::uint32_t seat) const;
    /// Coaches count most, then rows and columns between them.
    std::uint32_t distance(std::uint32_t seat, std::uint32_t other) const;

private:
    /// No row has so many seats; a larger party fills a row, and is together wherever it sits.
    static constexpr std::uint32_t kMaxParty = 9;

    struct Position {
        std::uint32_t coach = 0;
        int row = 0;  // 0: not known
        int column = 0;
        std::uint8_t neighbour_count = 0;
        std::array<std::uint16_t, 4> neighbours{};
    };
    void find_neighbours_of(const CoachSeats& coach);
    void find_facing(const CoachSeats& coach);
    void find_parties_apart();
    bool is_together(std::uint32_t first, std::uint32_t count) const;

    std::shared_ptr<const Consist> consist_;
    std::vector<CoachSeats> coaches_;
    std::vector<Position> places_;
    std::map<std::string, SeatSet, std::less<>> classes_;
    std::map<std::string, SeatSet, std::less<>> properties_;
    std::map<std::string, SeatSet, std::less<>> facing_;
    std::vector<std::vector<FacingSeats>> facing_rows_;
    SeatSet reserved_;
    bool has_reserved_ = false;
    SeatSet joined_;
    SeatSet beside_;
    SeatSet gaps_;
    bool has_gaps_ = false;
    std::vector<std::optional<SeatSet>> apart_;  // by count
};

/// The plans of the trains that are in use. Thread-safe.
class SeatPlans {
public:
    std::shared_ptr<const SeatPlan> of(const std::shared_ptr<const Consist>& consist);

private:
    static constexpr std::size_t kMaxPlans = 256;

    std::mutex mutex_;
    // A plan keeps its consist, so an address here is never that of another one.
    std::unordered_map<const Consist*, std::shared_ptr<const SeatPlan>> plans_;
};

}  // namespace railbook::inventory
