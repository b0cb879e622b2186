/// What every store promises of being read out and filled: whatever one holds, another one takes and is its equal.

#include "store/fixture.hpp"
#include "store/memory/memory.hpp"

namespace railbook::test {
namespace {

/// Puts some of everything into a store.
class Filling {
public:
    Filling(Store& store, TestEnvironment& environment)
        : store_{store}, environment_{environment}, make_{environment} {}

    /// A sale, a lapsed and a live hold, a block, a declined payment, a feed and a document.
    void do_it() {
        const Feed feed{.name = "db", .checksum = {}, .publisher = "DB"};
        ASSERT_TRUE(store_.timetable().put_feed(feed, "timetable", environment_.now()));
        const Document document{.kind = DocumentKind::tariff, .name = "t", .version = 1, .text = "{}"};
        ASSERT_TRUE(store_.timetable().put_document(document, environment_.now()));
        ASSERT_TRUE(store_.accounts().find_or_add_secret("quotes", "secret"));
        ASSERT_TRUE(sell({&ice, {0, 5}, {0, 2}}, true));
        ASSERT_TRUE(sell({&ice, {1}, {0, 2}}, false));
        ASSERT_TRUE(place({&ice, {2}, {0, 4}}));
        environment_.advance(std::chrono::minutes{40});
        ASSERT_TRUE(place({&other, {2}, {0, 4}}));
        const SeatBlock block{.run = ice.id, .span = {1, 2}, .seats = {{3, ice.consist->seat_at(3)}}};
        ASSERT_TRUE(store_.inventory().block_seats(make_.command("seats.block"), ice, block));
    }

    railbook::Run ice = a_run("ice");
    railbook::Run other = a_run("other");

private:
    Result<Hold> place(const Wish& wish) {
        return store_.inventory().place_hold(make_.command("hold.create"), make_.hold({wish}), {*wish.run}, 0);
    }
    Result<Payment> sell(const Wish& wish, bool captured) {
        const auto hold = place(wish);
        if (!hold) return hold.error();
        const auto booking = store_.bookings().create_booking(make_.command("booking.create"), Maker::claim(*hold),
                                                              make_.booking(*hold));
        if (!booking) return booking.error();
        const auto payment = store_.bookings().begin_payment(make_.command("booking.pay"), make_.payment(*booking));
        if (!payment) return payment;
        return store_.bookings().settle_payment(make_.settlement(*payment, *booking, captured), environment_.now());
    }

    Store& store_;
    TestEnvironment& environment_;
    Maker make_;
};

/// From one kind to another.
class LoadTest : public ::testing::TestWithParam<std::tuple<StoreKind, StoreKind>> {
protected:
    Status copy() {
        return to->load([&](RecordReader& reader) { return from->read_all(reader); });
    }
    void fill() { Filling{*from, environment}.do_it(); }

    TestEnvironment environment;
    Maker make{environment};
    TemporaryFolder source;
    TemporaryFolder target;
    std::unique_ptr<Store> from = open(std::get<0>(GetParam()), source, environment);
    std::unique_ptr<Store> to = open(std::get<1>(GetParam()), target, environment);
    railbook::Run ice = a_run("ice");
    railbook::Run other = a_run("other");
};
INSTANTIATE_TEST_SUITE_P(Stores, LoadTest,
                         ::testing::Combine(::testing::ValuesIn(kStoreKinds), ::testing::ValuesIn(kStoreKinds)),
                         [](const auto& one) {
                             return to_string(std::get<0>(one.param)) + "_to_" + to_string(std::get<1>(one.param));
                         });

TEST_P(LoadTest, AFilledStoreIsTheEqualOfTheOther) {
    fill();
    const auto done = copy();
    ASSERT_TRUE(done) << done.error();
    const auto records = records_of(*to);
    const auto expected = records_of(*from);
    EXPECT_EQ(records.allocations, expected.allocations);
    EXPECT_EQ(records.answers.size(), expected.answers.size());
    EXPECT_EQ(records, expected);
    EXPECT_EQ(broken_laws(records), std::vector<std::string>{});
    EXPECT_EQ(*to->timetable().feed_data("db"), "timetable");
    const auto occupancy = to->inventory().occupancy({ice.id, other.id}, environment.now());
    ASSERT_TRUE(occupancy) << occupancy.error();
    EXPECT_EQ(*occupancy, *from->inventory().occupancy({ice.id, other.id}, environment.now()));
}

TEST_P(LoadTest, TheFilledStoreGoesOnWhereTheOtherStopped) {
    fill();
    ASSERT_TRUE(copy());
    const auto last = records_of(*to).counters.fence;
    const auto refused =
        to->inventory().place_hold(make.command("hold.create"), make.hold({{&ice, {0}, {0, 1}}}), {ice}, 0);
    EXPECT_EQ(refused.error().code, ErrorCode::seat_taken) << "it was sold";
    const auto hold =
        to->inventory().place_hold(make.command("hold.create"), make.hold({{&ice, {2}, {0, 1}}}), {ice}, 0);
    ASSERT_TRUE(hold) << hold.error();
    EXPECT_GT(hold->fence, last);
    EXPECT_EQ(*to->bookings().expire(environment.now(), 100), 3U) << "two holds and a booking that had lapsed";
    const auto feed =
        to->timetable().put_feed({.name = "db", .checksum = {}, .publisher = {}}, "new", environment.now());
    ASSERT_TRUE(feed) << feed.error();
    EXPECT_EQ(feed->version, 2U);
    EXPECT_EQ(broken_laws(records_of(*to)), std::vector<std::string>{});
}

TEST_P(LoadTest, OnlyAnEmptyStoreIsFilled) {
    fill();
    ASSERT_TRUE(copy());
    const auto before = records_of(*to);
    const auto again = copy();
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::conflict);
    EXPECT_EQ(records_of(*to), before);
}

/// Hands on what another reader is given, but for one thing that is wrong with it.
class Spoiled final : public RecordReader {
public:
    enum class How : std::uint8_t {
        no_counters,
        no_run,
        no_hold,
        no_items,
        hold_twice,
        seat_twice,
        audit_gap,
        ledger_gap,
        data
    };
    Spoiled(RecordReader& to, How how) : to_{to}, how_{how} {}

    void on(const Counters& counters) override {
        if (how_ != How::no_counters) to_.on(counters);
    }
    void on(const Secret& secret) override { to_.on(secret); }
    void on(const Feed& feed, const std::string& data) override { to_.on(feed, how_ == How::data ? data + "x" : data); }
    void on(const Document& document) override { to_.on(document); }
    void on(const Run& run, std::uint64_t version) override {
        if (how_ != How::no_run) to_.on(run, version);
    }
    void on(const Hold& hold) override {
        if (how_ == How::no_hold) return;
        if (how_ == How::no_items) {
            Hold without = hold;
            without.items = {};
            return to_.on(without);
        }
        to_.on(hold);
        if (how_ == How::hold_twice) to_.on(hold);
        if (how_ != How::seat_twice || hold.status != HoldStatus::sold) return;
        Hold other = hold;
        other.id.bytes[0] ^= 1U;
        other.fence = 1000;
        to_.on(other);
    }
    void on(const RunId& run, const Allocation& allocation) override { to_.on(run, allocation); }
    void on(const Booking& booking) override { to_.on(booking); }
    void on(const Payment& payment) override { to_.on(payment); }
    void on(const Ticket& ticket) override { to_.on(ticket); }
    void on(const LedgerEntry& entry) override {
        if (how_ != How::ledger_gap || entry.seq != 1) to_.on(entry);
    }
    void on(const AuditEntry& entry) override {
        if (how_ != How::audit_gap || entry.number != 1) to_.on(entry);
    }
    void on(const KeptAnswer& answer) override { to_.on(answer); }

private:
    RecordReader& to_;
    How how_;
};

TEST_P(LoadTest, RecordsThatDoNotFitTogetherAreRefusedWhole) {
    fill();
    const auto empty = records_of(*to);
    for (int how = 0; how <= static_cast<int>(Spoiled::How::data); ++how) {
        const auto done = to->load([&](RecordReader& reader) {
            Spoiled spoiled{reader, static_cast<Spoiled::How>(how)};
            return from->read_all(spoiled);
        });
        ASSERT_FALSE(done) << how;
        EXPECT_EQ(done.error().code, ErrorCode::bad_data) << how << ' ' << done.error().detail;
        EXPECT_EQ(records_of(*to), empty) << how;
    }
    const auto failed = to->load([&](RecordReader& reader) -> Status {
        if (const auto done = from->read_all(reader); !done) return done;
        return Error{ErrorCode::unavailable, "the other store went away"};
    });
    EXPECT_EQ(failed.error().code, ErrorCode::unavailable);
    EXPECT_EQ(records_of(*to), empty);
    EXPECT_TRUE(copy()) << "it is still empty, so it can be filled";
}

class FailedLoadTest : public StoreTest {
protected:
    using StoreTest::StoreTest;

    std::unique_ptr<Store> source = store::open_memory(environment);
};

/// The step is not to be repeated blindly: whoever was not told its outcome looks first.
STORE_TEST(FailedLoadTest, LeavesTheStoreEmptyOrFilled) {
    const auto empty = records_of(*store);
    Filling{*source, environment}.do_it();
    const auto expected = records_of(*source);
    const auto load = [&] { return store->load([&](RecordReader& reader) { return source->read_all(reader); }); };
    if (const auto done = load(); !done) {
        setting.kind == StoreKind::memory ? void() : reopen();
        const auto found = records_of(*store);
        ASSERT_TRUE(found == empty || found == expected) << "half of it: " << done.error();
        if (found == empty) {
            ASSERT_TRUE(load());
        }
    }
    EXPECT_EQ(records_of(*store), expected);
    EXPECT_EQ(*store->timetable().feed_data("db"), "timetable");
    EXPECT_EQ(broken_laws(records_of(*store)), std::vector<std::string>{});
    EXPECT_EQ(load().error().code, ErrorCode::conflict) << "it is not empty any more";
}

}  // namespace
}  // namespace railbook::test
