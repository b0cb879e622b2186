#pragma once
/// What a cache in front of a store asks of it beyond the port: the store stays the system of record.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <railbook/stores.hpp>

namespace railbook::store {

/// A fence is an epoch and a number in it.
inline constexpr int kEpochShift = 48;
inline constexpr std::uint64_t fence_of(std::uint64_t epoch, std::uint64_t number) {
    return epoch << kEpochShift | number;
}
inline constexpr std::uint64_t epoch_of(std::uint64_t fence) { return fence >> kEpochShift; }

/// A step on a hold of one run that was done in front, to be done in the record as it was done there.
struct FrontStep {
    enum class Kind : std::uint8_t { place, extend, release };
    Kind kind = Kind::place;
    Command command;  ///< Its time is the step's.
    Hold hold = {};   ///< Of place: with its fence.
    HoldClaim claim = {};
    Timestamp until{};  ///< Of extend.
};

/// A pinned run, as it is at one instant.
struct RunInRecord {
    Run run;
    std::uint64_t version = 0;
    Timestamp time{};  ///< The latest that a step on the run was done at.
    std::vector<Allocation> allocations;
    std::vector<Hold> holds;    ///< Live ones that are not sold, by fence.
    bool was_in_front = false;  ///< In this epoch, before this call.
};

/// Thread-safe, as every store. Its place_hold takes a fence that was drawn in front: one that is not 0. In an epoch of
/// a front only that front gives fences: where the record needs one by itself, it ends the epoch, and then the front is
/// one without servers. So no fence is given twice, and those of a seat grow, whoever has lost sight of the front. What
/// was done in an epoch that is over is not taken over: `unavailable`.
class SystemOfRecord : public Store {
public:
    struct FrontState {
        std::uint64_t epoch = 0;
        std::uint64_t last_number = 0;  ///< Of the fences of this epoch; 0 where none was given.
        std::string front;              ///< What the front was when the epoch began; empty where there never was one.
        Timestamp now{};
        Timestamp
            answers_until{};  ///< Until when answers to the placing of holds are kept; the past where there are none.
        Timestamp holds_until{};  ///< Until when live holds may last.
    };
    virtual Result<FrontState> front_state() = 0;
    /// Begins a new epoch, with that front, unless somebody else ended the epoch `ended` already. Answers the state
    /// then.
    virtual Result<FrontState> begin_epoch(std::uint64_t ended, const std::string& front) = 0;
    /// The first front, unless there was one before: a new epoch, if any fence was given. Answers the state then.
    virtual Result<FrontState> name_front(const std::string& front) = 0;
    /// A run that is to be in front from now on; nothing where it is not pinned.
    virtual Result<std::optional<RunInRecord>> bring_to_front(const RunId& run, std::uint64_t epoch) = 0;
    /// Every hold that is live at `now` and not sold.
    virtual Result<std::vector<Hold>> open_holds(Timestamp now) = 0;
    /// Does what was done in front, in that order and at those times, and says of each step whether it could be done:
    /// an error means that the front was wrong. Repeating it is success. All of them last when it returns.
    virtual Result<std::vector<Status>> take_over(const std::vector<FrontStep>& steps) = 0;
    /// As those of InventoryStore, for whoever has taken the run from the front in that epoch: there nobody goes on
    /// selling what the run was. The others of InventoryStore end an epoch in which servers stand in front. Errors
    /// also: unavailable (the epoch is over).
    virtual Result<Run> change_consist(std::uint64_t epoch, const Command& command, const Run& run,
                                       const ConsistChange& change) = 0;
    virtual Result<Run> adopt_calls(std::uint64_t epoch, const Command& command, const CallsChange& change) = 0;
};

}  // namespace railbook::store
