#pragma once
/// What a store in memory holds: its records, and the ways to find them.

#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include <railbook/stores.hpp>

#include "store/allocations.hpp"
#include "store/consist_change.hpp"
#include "store/rules.hpp"

namespace railbook::store::memory {

/// The ids are random, so any part of one is a good hash.
struct HashId {
    template <class Tag>
    std::size_t operator()(const RandomId<Tag>& id) const {
        std::size_t hash = 0;
        std::memcpy(&hash, id.bytes.data(), sizeof hash);
        return hash;
    }
};

struct AnswerKey {
    std::string owner;
    std::string operation;
    std::string key;
    auto operator<=>(const AnswerKey&) const = default;
};

/// Work that comes due, in the order in which it does: the number decides between equal times.
template <class Id>
class DueList {
public:
    void put(Timestamp at, std::uint64_t number, const Id& id) { due_[{at, number}] = id; }
    void drop(Timestamp at, std::uint64_t number) { due_.erase({at, number}); }
    std::vector<Id> until(Timestamp now, std::size_t limit) const {
        std::vector<Id> found;
        for (const auto& [key, id] : due_) {
            if (key.first > now || found.size() == limit) break;
            found.push_back(id);
        }
        return found;
    }

private:
    std::map<std::pair<Timestamp, std::uint64_t>, Id> due_;
};

/// A record with its number in the order of insertion, from 1.
template <class Record>
struct Numbered {
    std::uint64_t number = 0;
    Record record;
};

template <class Record, class Id>
using Table = std::unordered_map<Id, Numbered<Record>, HashId>;

struct StoredFeed {
    Feed feed;
    std::string data;
};
struct PinnedRun {
    Run run;
    RunAllocations allocations;
};

/// Not thread-safe: whoever owns it locks. It decides nothing.
class Contents {
public:
    Timestamp latest{};  ///< Of what is stored.
    std::uint64_t fence = 0;
    std::map<std::string, std::string, std::less<>> secrets;
    std::map<std::string, StoredFeed, std::less<>> feeds;
    std::map<std::string, std::uint64_t, std::less<>> feed_versions;  ///< Also of feeds that were removed.
    std::vector<Document> documents;                                  ///< Oldest first.
    std::map<RunId, PinnedRun> runs;
    Table<Hold, HoldId> holds;
    std::vector<HoldId> hold_order;
    DueList<HoldId> due_holds;
    Table<Booking, BookingId> bookings;
    std::vector<BookingId> booking_order;
    std::map<std::string, BookingId, std::less<>> references;
    DueList<BookingId> due_bookings;
    Table<Payment, PaymentId> payments;
    std::vector<PaymentId> payment_order;
    DueList<PaymentId> due_payments;
    std::unordered_map<TicketId, Ticket, HashId> tickets;
    std::map<BookingId, std::vector<LedgerEntry>> ledger;
    std::map<std::string, std::vector<AuditEntry>, std::less<>> audit;
    std::map<AnswerKey, KeptAnswer> answers;

    const Hold* find_hold(const HoldId& id) const;
    std::size_t count_live_holds(const std::string& owner, Timestamp now) const;
    bool seats_are_free(const Hold& hold, Timestamp now) const;
    /// With the holds that keep seats of the run at `now`.
    RunHolds live_holds_of(const PinnedRun& pinned, Timestamp now) const;
    ConsistBasis basis_of(const PinnedRun& pinned, Timestamp now) const;
    std::vector<Payment> payments_of(const Booking& booking) const;
    std::uint64_t last_entry(const BookingId& booking) const;
    const KeptAnswer* find_answer(const Command& command) const;

    /// The run as it is pinned, or becomes so now.
    PinnedRun& pin(const Run& run);
    void save(const Changes& changes, Timestamp now);
    void save(const ConsistOutcome& outcome, Timestamp now);
    /// Numbers them per subject.
    void record(const std::vector<AuditEntry>& entries);
    void keep(const KeptAnswer& answer);
    /// Completes the answer to the command that began the payment.
    void replace_answer(const Payment& payment);
    void drop_answers(Timestamp now, std::size_t limit);

    void read_all(RecordReader& reader) const;
    bool is_empty() const { return feed_versions.empty() && documents.empty() && runs.empty(); }

    /// Puts what it is handed into the contents, which fits.
    class Writer;

private:
    void put_hold(const Hold& hold);
    void put_booking(const Booking& booking);
    void put_payment(const Payment& payment);
    void drop_answer(std::map<AnswerKey, KeptAnswer>::iterator kept);

    std::unordered_map<std::string, std::set<std::uint64_t>> open_holds_;  // numbers, by owner
    std::unordered_map<PaymentId, AnswerKey, HashId> payment_answers_;
    std::set<std::pair<Timestamp, AnswerKey>> answers_by_end_;
};

class Contents::Writer final : public RecordReader {
public:
    explicit Writer(Contents& contents) : contents_{contents} {}

    void on(const Counters& counters) override;
    void on(const Secret& secret) override;
    void on(const Feed& feed, const std::string& data) override;
    void on(const Document& document) override;
    void on(const Run& run, std::uint64_t version) override;
    void on(const Hold& hold) override;
    void on(const RunId& run, const Allocation& allocation) override;
    void on(const Booking& booking) override;
    void on(const Payment& payment) override;
    void on(const Ticket& ticket) override;
    void on(const LedgerEntry& entry) override;
    void on(const AuditEntry& entry) override;
    void on(const KeptAnswer& answer) override;

private:
    Contents& contents_;
};

}  // namespace railbook::store::memory
