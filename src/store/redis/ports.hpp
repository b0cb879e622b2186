#pragma once
/// The inventory and the bookings of a store that has Redis in front. Accounts and timetable are the record's own.

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <railbook/stores.hpp>

#include "store/redis/front.hpp"
#include "store/redis/mirror.hpp"

namespace railbook::store::redis {

/// In which run a hold is, of those that this process has placed of late. A hold stays in its run. Thread-safe.
class Places {
public:
    /// The name of a run, which many holds share; null for none.
    using Name = std::shared_ptr<const std::string>;

    Name find(const HoldId& id) const {
        const std::lock_guard lock{mutex_};
        const auto& place = places_[place_of(id)];
        return place.hold == id ? place.run : nullptr;
    }
    /// One that was there before may be forgotten.
    void put(const HoldId& id, Name run) {
        const std::lock_guard lock{mutex_};
        places_[place_of(id)] = {id, std::move(run)};
    }

private:
    struct Place {
        HoldId hold;
        Name run;
    };
    static std::size_t place_of(const HoldId& id) {
        std::size_t hash = 0;
        std::memcpy(&hash, id.bytes.data(), sizeof hash);
        return hash % kMost;
    }
    static constexpr std::size_t kMost = 65'536;
    mutable std::mutex mutex_;
    std::vector<Place> places_{kMost};
};

/// Thread-safe, as the one below. Front and record must outlive it.
class RedisInventory final : public InventoryStore {
public:
    RedisInventory(Front& front, SystemOfRecord& record) : front_{front}, record_{record} {}
    Result<std::optional<Run>> find_pinned(const RunId& run) override;
    Result<Hold> place_hold(const Command& command, const Hold& wanted, const std::vector<Run>& runs,
                            std::size_t max_holds) override;
    Result<Hold> find_hold(const HoldId& id) override;
    Result<Page<Hold>> list_holds(std::string_view owner, const PageRequest& page) override;
    Result<Hold> extend_hold(const Command& command, const HoldClaim& claim, Timestamp until) override;
    Result<Hold> release_hold(const Command& command, const HoldClaim& claim) override;
    Result<std::vector<Occupancy>> occupancy(const std::vector<RunId>& runs, Timestamp now) override;
    Result<SeatChanges> changes_after(const RunId& run, std::uint64_t version) override;
    Result<SeatBlock> block_seats(const Command& command, const Run& run, const SeatBlock& wanted) override;
    Result<SeatBlock> unblock_seats(const Command& command, const Run& run, const SeatBlock& wanted) override;
    Result<RunHolds> holds_of_run(const RunId& run, Timestamp now) override;
    Result<Run> change_consist(const Command& command, const Run& run, const ConsistChange& change) override;
    Result<Run> adopt_calls(const Command& command, const CallsChange& change) override;

    Result<std::optional<Answer>> find_answer(const Command& command);
    /// The names of the runs of a hold, where Redis or the record knows it.
    Result<std::vector<std::string>> runs_of_hold(const HoldId& id);
    std::string name_of(const RunId& run);
    /// What is said of a hold that neither Redis nor the record knows.
    Error unknown(const HoldClaim& claim);

private:
    /// What a command's key leads to.
    struct Earlier {
        std::optional<Hold> hold;
        std::optional<HoldId> over;  ///< That hold, which nobody knows any more, or nobody will place any more.
        bool is_records = false;     ///< The record is to find out.
    };
    /// `ends_others`: whoever has reserved the key and not placed the hold will not do it any more. Errors: key_reused;
    /// unavailable (Redis is away, or another epoch has begun).
    Result<Earlier> find_earlier(const Epoch& epoch, const Command& command, bool ends_others);
    /// As the scripts know a hold: in which run it is.
    Result<std::optional<std::string>> find_run(const Epoch& epoch, const HoldId& id);
    Result<Hold> place_in_record(const Command& command, const Hold& wanted, const std::vector<Run>& runs,
                                 std::size_t max_holds);
    /// Where Redis does not know how many holds the owner has.
    Result<Hold> place_uncounted(const Command& command, const Hold& wanted, const std::vector<Run>& runs,
                                 std::size_t max_holds);
    /// A step on a hold that Redis may know; nothing where it is the record's to do.
    Result<std::optional<Hold>> step(const Script& script, const Command& command, const HoldClaim& claim,
                                     Timestamp until);
    Result<Occupancy> look(const RunId& run, Timestamp now);
    /// What a step of this process has changed: the version, the seats and what they are now, from that item on.
    void follow(const Epoch& epoch, const std::string& run, const Reply& reply, std::size_t first);
    /// The hold's record, where Redis has it; nothing where the record is to be asked.
    Result<std::optional<std::string>> find_in_front(const HoldId& id, const std::string& run);

    Front& front_;
    SystemOfRecord& record_;
    Mirror mirror_;
    Places places_;
};

class RedisBookings final : public BookingsStore {
public:
    RedisBookings(Front& front, SystemOfRecord& record, RedisInventory& inventory)
        : front_{front}, record_{record}, inventory_{inventory} {}
    Result<Booking> create_booking(const Command& command, const HoldClaim& claim, const Booking& wanted) override;
    Result<Booking> cancel_booking(const Command& command, const BookingId& id) override;
    Result<Payment> begin_payment(const Command& command, const Payment& wanted) override;
    Result<Payment> settle_payment(const Settlement& settlement, Timestamp now) override;
    Result<Payment> settle_refund(const PaymentId& payment, const std::vector<LedgerTransaction>& postings,
                                  Timestamp now) override;
    Result<std::vector<Payment>> claim_due_payments(Timestamp now, Duration lease, std::size_t limit) override;
    Result<std::size_t> expire(Timestamp now, std::size_t limit) override;
    Result<Booking> find_booking(const BookingId& id) override;
    Result<Booking> find_booking_named(std::string_view reference) override;
    Result<Page<Booking>> list_bookings(std::string_view owner, const PageRequest& page) override;
    Result<Payment> find_payment(const PaymentId& id) override;
    Result<Ticket> find_ticket(const TicketId& id) override;
    Result<std::vector<AuditEntry>> audit(std::string_view subject) override;

private:
    /// The runs of a booking's hold; none where there is no such booking.
    Result<std::vector<std::string>> runs_of_booking(const BookingId& id, std::optional<HoldId>& hold);
    void tell_of(const HoldId& hold);

    Front& front_;
    SystemOfRecord& record_;
    RedisInventory& inventory_;
};

}  // namespace railbook::store::redis
