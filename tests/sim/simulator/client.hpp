#pragma once
/// A buyer: asks one of the engines for this and that, repeats what it got no answer to, and remembers what it was
/// told.

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <railbook/engine.hpp>

#include "sim/simulator/oracle/history.hpp"
#include "sim/simulator/plan.hpp"
#include "sim/simulator/random.hpp"
#include "sim/simulator/world.hpp"

namespace railbook::sim {

class Client {
public:
    Client(World& world, std::size_t number);

    const std::string& name() const { return name_; }
    const Principal& principal() const { return me_; }
    /// Until the world has no operations left.
    void live();
    /// All that was acknowledged is still there.
    void judge_what_it_was_told(const RecordWitness& records);

    /// What others may know of it: a hold that is its own.
    const Hold* some_hold(Random& random) const;
    const Booking* some_booking(Random& random) const;

private:
    struct Owned {
        Hold hold;  ///< As it was last told.
        std::optional<Booking> booking = std::nullopt;
        std::optional<Payment> payment = std::nullopt;
        bool released = false;  ///< Or the booking was cancelled.
    };
    /// What a subscriber knows of a run: of each segment of each seat.
    struct Followed {
        bool in_step = true;
        std::uint64_t version = 0;
        std::vector<std::uint32_t> coaches;
        std::vector<Sight> cells;
    };
    struct Told {
        std::variant<HoldRequest, BookingRequest, PaymentRequest> request;
        std::variant<Hold, Booking, Payment> answer;
    };

    void act(Operation operation);
    void go_on();
    void hold_seats();
    void hold_best();
    void hold_journey();
    void hold_wishes();
    void hold_with_shared_key();
    void hold(Operation operation, HoldRequest request, Event event);
    void take_note(const HoldRequest& request, const Hold& hold, const Event& event);
    void judge_refused_hold(const Error& error, bool falsely, Event event, bool alone);
    void extend();
    void release();
    void book();
    void pay();
    void cancel();
    void find();
    void list();
    void look();
    void repeat();
    void reuse_key();
    void act_with_stale_fence();
    void act_on_foreign();
    void run_due();
    void block();
    void act_as_staff();
    void change_coaches();
    void import_timetable();
    void follow();

    /// The same command until its outcome is known, or patience ends.
    template <class T>
    std::optional<Result<T>> persist(Operation operation, const std::function<Result<T>(Engine&)>& call);
    /// A quote for what the hold has; empty where none could be got.
    std::optional<Quote> quote_for(const Hold& hold);
    BookingRequest booking_request(const Hold& hold, const std::string& token);
    Owned* pick_owned();
    CommandKey new_key();
    void think();
    void violated(std::string_view law, const std::string& detail);
    Event event_on(Event::Kind kind, const Hold& hold);
    /// A ride of some run that was refused: what may have been missing.
    void may_be_missing(Event& event, const RunId& run, Span span, std::vector<std::uint32_t> needs) const;
    Span some_span();
    std::vector<SeatId> some_seats(std::size_t count);

    World& world_;
    const std::string name_;
    const Principal me_;
    const Principal staff_;
    Random random_;
    std::size_t keys_ = 0;
    std::vector<Owned> owned_;
    std::vector<Told> told_;
    std::map<std::string, Quote> quotes_;
    std::map<std::string, HoldRequest> shared_keys_;  // that this client used
    std::map<std::size_t, Followed> followed_;        // by the number of the run
    bool look_at_all(std::size_t run, Followed& known);
    std::optional<ConsistOffer> offer_of_coaches(const RunId& run, const std::shared_ptr<const Consist>& consist);
};

template <class T>
std::optional<Result<T>> Client::persist(Operation operation, const std::function<Result<T>(Engine&)>& call) {
    for (std::size_t tries = 0;; ++tries) {
        auto answer = world_.attempt<T>(operation, random_, call);
        const bool known = answer && (*answer || answer->error().code != ErrorCode::unavailable);
        if (known) {
            const auto& command = world_.scheduler().current()->command;
            if (tries > 0 && command.first_change != 0 && command.last_call > command.first_change)
                world_.report().mark("a commit of unknown outcome was resolved as done");
            return answer;
        }
        if (tries >= world_.plan().patience) return std::nullopt;
        const auto wait = random_.between(0, 500);
        world_.scheduler().sleep(Duration{wait});
    }
}

/// The rides of a hold, as the model of a run takes them.
std::vector<HeldRide> rides_of(const Plan& plan, const Hold& hold);
/// Whether they are the same but for the seats, which change with the coaches.
bool same_rides(const std::vector<HoldItem>& left, const std::vector<HoldItem>& right);

}  // namespace railbook::sim
