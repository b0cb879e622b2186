#include "engine/verify.hpp"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/memory/memory.hpp"
#include "support/world.hpp"

namespace railbook::engine {
namespace {

using test::World;

/// What a damaged store would show: each record passes a function that may change it, or swallow it.
struct Damage {
    std::function<bool(Hold&)> hold = [](Hold&) { return true; };
    std::function<bool(Allocation&)> allocation = [](Allocation&) { return true; };
    std::function<bool(Booking&)> booking = [](Booking&) { return true; };
    std::function<bool(Payment&)> payment = [](Payment&) { return true; };
    std::function<bool(Ticket&)> ticket = [](Ticket&) { return true; };
    std::function<bool(LedgerEntry&)> ledger = [](LedgerEntry&) { return true; };
    std::function<bool(AuditEntry&)> audit = [](AuditEntry&) { return true; };
};

/// Keeps what a sound store shows, and shows it damaged.
class Recording final : public RecordReader {
public:
    using RecordReader::on;
    void on(const Run& run, std::uint64_t version) override { runs.emplace_back(run, version); }
    void on(const Hold& hold) override { holds.push_back(hold); }
    void on(const RunId& run, const Allocation& allocation) override { allocations.emplace_back(run, allocation); }
    void on(const Booking& booking) override { bookings.push_back(booking); }
    void on(const Payment& payment) override { payments.push_back(payment); }
    void on(const Ticket& ticket) override { tickets.push_back(ticket); }
    void on(const LedgerEntry& entry) override { ledger.push_back(entry); }
    void on(const AuditEntry& entry) override { audit.push_back(entry); }

    void replay(RecordReader& reader, const Damage& damage) const {
        for (const auto& [run, version] : runs) reader.on(run, version);
        const auto show = [&](const auto& records, const auto& change) {
            for (auto record : records) {
                if (change(record)) reader.on(record);
            }
        };
        show(holds, damage.hold);
        for (auto [run, allocation] : allocations) {
            if (damage.allocation(allocation)) reader.on(run, allocation);
        }
        show(bookings, damage.booking);
        show(payments, damage.payment);
        show(tickets, damage.ticket);
        show(ledger, damage.ledger);
        show(audit, damage.audit);
    }

    std::vector<std::pair<Run, std::uint64_t>> runs;
    std::vector<Hold> holds;
    std::vector<std::pair<RunId, Allocation>> allocations;
    std::vector<Booking> bookings;
    std::vector<Payment> payments;
    std::vector<Ticket> tickets;
    std::vector<LedgerEntry> ledger;
    std::vector<AuditEntry> audit;
};

/// A store of which only the reading is asked.
class DamagedStore final : public Store {
public:
    DamagedStore(std::unique_ptr<Store> inner, const Recording& recording, const Damage& damage)
        : inner_{std::move(inner)}, recording_{recording}, damage_{damage} {}

    Result<Timestamp> now() override { return inner_->now(); }
    AccountsStore& accounts() override { return inner_->accounts(); }
    TimetableStore& timetable() override { return inner_->timetable(); }
    InventoryStore& inventory() override { return inner_->inventory(); }
    BookingsStore& bookings() override { return inner_->bookings(); }
    Result<std::optional<Answer>> find_answer(const Command& command) override { return inner_->find_answer(command); }
    Status read_all(RecordReader& reader) override {
        recording_.replay(reader, damage_);
        return {};
    }
    Status load(const std::function<Status(RecordReader&)>& source) override { return inner_->load(source); }
    Result<std::vector<std::string>> check_medium() override { return std::vector<std::string>{}; }
    StoreInfo info() const override { return inner_->info(); }

private:
    std::unique_ptr<Store> inner_;
    const Recording& recording_;
    const Damage& damage_;
};

/// One sale and one open hold, seen through a reader that the engine's own store feeds.
class VerifyTest : public testing::Test {
protected:
    VerifyTest() {
        const Booking booking = world.prebooked(world.anna);
        EXPECT_TRUE(world.engine().bookings().pay(world.anna, {world.key(), booking.id, "sandbox:success"}));
        EXPECT_TRUE(world.engine().inventory().hold(world.ben, world.best("A", "H", 2)));
        EXPECT_TRUE(world.engine().read_all(recording));
    }

    /// The laws that the damage breaks.
    std::set<std::string> broken() {
        DamagedStore store{store::open_memory(world.environment), recording, damage};
        const auto report = verify(store);
        EXPECT_TRUE(report);
        std::set<std::string> laws;
        for (const auto& violation : report->violations) laws.insert(violation.law);
        return laws;
    }

    World world;
    Recording recording;
    Damage damage;
};

TEST_F(VerifyTest, ASoundStoreBreaksNothingAndEveryKindIsLookedAt) {
    EXPECT_THAT(broken(), testing::IsEmpty());
    const auto report = world.engine().verify();
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->ok());
    for (const auto& [what, count] : report->checked) EXPECT_GT(count, 0U) << what;
}

TEST_F(VerifyTest, FindsASeatThatIsSoldTwice) {
    damage.allocation = [&](Allocation& allocation) {
        allocation.seat = recording.allocations.front().second.seat;
        return true;
    };
    EXPECT_THAT(broken(), testing::Contains("no cell belongs to two allocations"));
}

TEST_F(VerifyTest, FindsAHoldThatLostASeat) {
    damage.allocation = [&](Allocation& allocation) { return allocation != recording.allocations.back().second; };
    EXPECT_THAT(broken(), testing::Contains("a hold is all or nothing"));
}

TEST_F(VerifyTest, FindsASeatKeptPastTheDeadline) {
    damage.allocation = [](Allocation& allocation) {
        if (allocation.state != SeatState::sold) allocation.until += std::chrono::milliseconds{1};
        return true;
    };
    EXPECT_THAT(broken(), testing::Contains("nobody keeps a seat past the deadline"));
}

TEST_F(VerifyTest, FindsTwoHoldsWithOneFence) {
    damage.hold = [](Hold& hold) {
        hold.fence = 7;
        return true;
    };
    EXPECT_THAT(broken(), testing::Contains("one fence per hold"));
}

TEST_F(VerifyTest, FindsASaleWithoutItsSeat) {
    damage.hold = [](Hold& hold) {
        if (hold.status == HoldStatus::sold) hold.status = HoldStatus::released;
        return true;
    };
    EXPECT_THAT(broken(), testing::IsSupersetOf({"a ticket has its seat", "a released hold has no seats"}));
}

TEST_F(VerifyTest, FindsAMissingTicket) {
    damage.ticket = [](Ticket&) { return false; };
    EXPECT_THAT(broken(), testing::Contains("tickets are issued with the sale"));
}

TEST_F(VerifyTest, FindsAPriceThatDoesNotSum) {
    damage.booking = [](Booking& booking) {
        ++booking.parts.front().price.amount;
        return true;
    };
    EXPECT_THAT(broken(), testing::Contains("parts sum to the whole"));
}

TEST_F(VerifyTest, FindsMoneyThatBecameNothing) {
    damage.booking = [](Booking& booking) {
        for (auto& part : booking.parts) part.status = PartStatus::expired;
        return true;
    };
    EXPECT_THAT(broken(), testing::Contains("captured money becomes tickets or goes back"));
}

TEST_F(VerifyTest, FindsMoneyTakenTwice) {
    Payment second = recording.payments.front();
    second.id.bytes[0] ^= 1;
    recording.payments.push_back(second);
    EXPECT_THAT(broken(), testing::IsSupersetOf({"no money is taken twice", "the ledger holds every payment"}));
}

TEST_F(VerifyTest, FindsALedgerThatDoesNotBalance) {
    damage.ledger = [](LedgerEntry& entry) {
        if (entry.posting.account == "captured") ++entry.posting.amount.amount;
        return true;
    };
    EXPECT_THAT(broken(), testing::IsSupersetOf({"a transaction sums to zero", "the ledger holds every payment"}));
}

TEST_F(VerifyTest, FindsAMissingLedgerEntry) {
    damage.ledger = [](LedgerEntry& entry) { return entry.seq != 2; };
    EXPECT_THAT(broken(), testing::Contains("the ledger has no gap"));
}

TEST_F(VerifyTest, FindsAMissingAuditEntry) {
    damage.audit = [](AuditEntry& entry) { return entry.number != 1; };
    EXPECT_THAT(broken(), testing::Contains("the audit log has no gap"));
}

}  // namespace
}  // namespace railbook::engine
