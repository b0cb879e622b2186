#pragma once
/// What a store in memory holds: its records, and the ways to find them.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include <railbook/stores.hpp>

#include "store/run_change.hpp"
#include "store/memory/answers.hpp"
#include "store/memory/holds.hpp"
#include "store/rules.hpp"

namespace railbook::store::memory {

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

/// When and by whom something happens to a hold.
struct HoldAction {
    Timestamp at{};
    std::string_view actor;
    std::string_view what;  ///< A literal, as the audit log has it; empty where that tells nothing.
};

struct StoredFeed {
    Feed feed;
    std::string data;
};

/// Holds are placed, extended and released by many threads at once: runs are only looked up meanwhile, and each thing
/// has its own lock. All the rest is for whoever is alone. It decides nothing.
class Contents {
public:
    std::atomic<Timestamp> latest{};  ///< Of what is stored.
    std::atomic<std::uint64_t> fence = 0;
    std::map<std::string, std::string, std::less<>> secrets;
    std::map<std::string, StoredFeed, std::less<>> feeds;
    std::map<std::string, std::uint64_t, std::less<>> feed_versions;  ///< Also of feeds that were removed.
    std::vector<Document> documents;                                  ///< Oldest first.
    boost::unordered_flat_map<RunId, std::unique_ptr<PinnedRun>, HashRunId> runs;
    Holds holds;
    Answers answers;
    Table<Booking, BookingId> bookings;
    std::vector<BookingId> booking_order;
    std::map<std::string, BookingId, std::less<>> references;
    DueList<BookingId> due_bookings;
    Table<Payment, PaymentId> payments;
    std::vector<PaymentId> payment_order;
    DueList<PaymentId> due_payments;
    std::unordered_map<TicketId, Ticket, HashId> tickets;
    std::map<BookingId, std::vector<LedgerEntry>> ledger;

    /// Null where the run is not pinned.
    PinnedRun* find_run(const RunId& run) const;
    /// The run is pinned.
    PinnedRun& run_at(const RunId& run) const { return *runs.at(run); }
    /// The runs of a hold, each once.
    FewRuns runs_of(const Hold& hold) const;
    /// Nothing where there is none.
    std::optional<Hold> find_hold(const HoldId& id) const;
    bool seats_are_free(const Hold& hold, Timestamp now);
    /// With the holds that keep seats of the run at `now`.
    RunHolds live_holds_of(const PinnedRun& pinned, Timestamp now) const;
    RunBasis basis_of(const PinnedRun& pinned, Timestamp now) const;
    std::vector<Payment> payments_of(const Booking& booking) const;
    std::uint64_t last_entry(const BookingId& booking) const;
    std::vector<AuditEntry> audit(std::string_view subject) const;

    /// The run as it is pinned, or becomes so now.
    PinnedRun& pin(const Run& run);
    /// A new hold, with what follows from it for its runs, whose locks the caller has, as well as that of its owner.
    const Holds::Row& add_hold(const Hold& hold, const HoldAction& action, Holds::Owner& owner, const FewRuns& runs);
    /// The same for one that a step leaves behind. `is_same_ride` where its items and its booking are as they were.
    void change_hold(Holds::Row& row, const Hold& hold, bool is_same_ride, const HoldAction& action,
                     const FewRuns& runs);
    /// All of it. Whoever calls is alone.
    void save(const Changes& changes, Timestamp now);
    void save(const RunOutcome& outcome, Timestamp now);
    void record(AuditEntry entry);
    /// `latest` is `now` from now on, or later.
    void pass(Timestamp now);

    void read_all(RecordReader& reader) const;
    bool is_empty() const { return feed_versions.empty() && documents.empty() && runs.empty(); }

    /// Puts what it is handed into the contents, which fits.
    class Writer;

private:
    void follow(const Holds::Row& row, const Hold& hold, const HoldAction& action, const FewRuns& runs);
    void put_booking(const Booking& booking);
    void put_payment(const Payment& payment);
    std::vector<const PinnedRun*> sorted_runs() const;

    std::map<std::string, AuditTrail, std::less<>> audit_;  // of what is not a run
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
