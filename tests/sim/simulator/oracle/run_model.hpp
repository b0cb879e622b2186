#pragma once
/// One run as the laws describe it: who has which seat from where to where, and until when. One command at a time.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/simulator/oracle/history.hpp"

namespace railbook::sim {

class RunModel {
public:
    /// `coaches` are the seats of the train as long as nobody gives it others. `shorter` is the bit of the timetable in
    /// which the run has no last stop.
    RunModel(const RunId& run, std::vector<std::uint32_t> coaches, std::uint32_t shorter)
        : run_{run}, coaches_{std::move(coaches)}, shorter_{shorter} {}

    /// Whether the answer is right now; if so, its effect is taken over. Time is an interval: a hold whose deadline
    /// lies in it may count as lapsed or not. `why` says what is wrong, where it is asked for.
    bool apply(const Event& event, std::string* why);
    /// Equal states have equal ones.
    std::uint64_t hash() const;

private:
    struct Part {
        HoldId hold;  ///< Zero for a block.
        Span span;
        Timestamp until;
    };
    enum class Life : std::uint8_t { held, booked, sold, released };
    struct Known {
        Life life = Life::held;
        Timestamp until{};
        Timestamp latest_end{};
        std::vector<HeldRide> rides{};
        bool seats_are_gone = false;  ///< Late money came too late.
    };

    bool place(const Event& event, std::string* why);
    bool refuse_place(const Event& event, std::string* why);
    bool extend(const Event& event, std::string* why);
    bool release(const Event& event, std::string* why);
    bool book(const Event& event, std::string* why);
    bool cancel(const Event& event, std::string* why);
    bool sell(const Event& event, std::string* why);
    bool find(const Event& event, std::string* why);
    bool look(const Event& event, std::string* why);
    bool count(const Event& event, std::string* why);
    bool change_coaches(const Event& event, std::string* why);
    bool follow(const Event& event, std::string* why);
    /// Whether what was asked for may not be there.
    bool miss(const Event& event, std::string* why) const;
    bool block(const Event& event, std::string* why);
    bool unblock(const Event& event, std::string* why);
    /// Whether the owner was refused for a reason that there is.
    bool refuse(const Event& event, std::string* why);

    bool is_free(std::uint32_t seat, Span span, Timestamp now, const HoldId& mine) const;
    bool is_sold(std::uint32_t seat, Span span) const;
    bool is_blocked(std::uint32_t seat, Span span) const;
    void set_until(const HoldId& hold, Timestamp until);
    void drop(const HoldId& hold);
    void take(const HoldId& hold, const std::vector<HeldRide>& rides, Timestamp until);

    bool has(std::uint32_t seat) const;
    bool has_seats(const Known& known, const Event& event) const;
    /// What was told of the run is from now on what it is. False where it contradicts what was told before.
    bool pin(const Event& event, std::string* why);
    std::size_t free_seats(const Event& event, Span span) const;

    RunId run_;
    std::vector<std::uint32_t> coaches_;
    std::uint32_t shorter_;
    bool is_pinned_ = false;
    std::uint32_t timetables_ = ~0U;  // from which it may be
    std::map<std::uint32_t, std::vector<Part>> seats_;
    std::map<std::uint32_t, std::uint64_t> fences_;
    std::map<HoldId, Known> holds_;
};

}  // namespace railbook::sim
