#pragma once
/// One run as the laws describe it: who has which seat from where to where, and until when. One command at a time.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/simulator/oracle/history.hpp"

namespace railbook::sim {

class RunModel {
public:
    explicit RunModel(const RunId& run) : run_{run} {}

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
    bool sell(const Event& event, std::string* why);
    bool find(const Event& event, std::string* why);
    bool look(const Event& event, std::string* why);
    bool count(const Event& event, std::string* why);
    bool block(const Event& event, std::string* why);
    bool unblock(const Event& event);
    /// Whether the owner was refused for a reason that there is.
    bool refuse(const Event& event, std::string* why);

    bool is_free(std::uint32_t seat, Span span, Timestamp now, const HoldId& mine) const;
    bool is_sold(std::uint32_t seat, Span span) const;
    bool is_blocked(std::uint32_t seat, Span span) const;
    void set_until(const HoldId& hold, Timestamp until);
    void drop(const HoldId& hold);
    void take(const HoldId& hold, const std::vector<HeldRide>& rides, Timestamp until);

    RunId run_;
    std::map<std::uint32_t, std::vector<Part>> seats_;
    std::map<std::uint32_t, std::uint64_t> fences_;
    std::map<HoldId, Known> holds_;
};

}  // namespace railbook::sim
