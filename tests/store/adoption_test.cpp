/// What every store promises where a sold run gets the calls that the timetable has by now.

#include <algorithm>

#include "store/fixture.hpp"

namespace railbook::test {
namespace {

class AdoptionTest : public StoreTest {
public:
    using StoreTest::StoreTest;

protected:
    /// `ice` half an hour later, and with another name.
    Run later() const {
        Run run = ice;
        run.train = "ICE 1531";
        for (auto& call : run.calls.edit()) {
            if (call.arrives) *call.arrives += std::chrono::minutes{30};
            if (call.departs) *call.departs += std::chrono::minutes{30};
            call.platform = "9";
        }
        return run;
    }
    /// Without the call of that number.
    static Run without(Run run, std::ptrdiff_t call) {
        auto& calls = run.calls.edit();
        calls.erase(calls.begin() + call);
        calls.front().arrives.reset();
        calls.back().departs.reset();
        return run;
    }
    /// With one more call after that of this number.
    static Run with(Run run, std::ptrdiff_t call) {
        auto& calls = run.calls.edit();
        Call added = calls[static_cast<std::size_t>(call)];
        added.id.station.stop = "NEW";
        added.name = "New";
        added.arrives = *added.departs + std::chrono::minutes{10};
        added.departs = *added.arrives + std::chrono::minutes{1};
        calls.insert(calls.begin() + call + 1, added);
        return run;
    }
    /// By a timetable that is the feed of that checksum.
    Result<Run> adopt(const Run& wanted, std::optional<std::uint64_t> version = {}, std::string feed = {}) {
        const auto now = store->inventory().occupancy({ice.id}, environment.now())->front().version;
        return store->inventory().adopt_calls(make.command("run.adopt", "operator:cli"),
                                              {wanted, version.value_or(now), std::move(feed)});
    }
    static void expect_ride(const auto& ride, const Run& run, std::size_t from, std::size_t to) {
        EXPECT_EQ(ride.train, run.train);
        EXPECT_EQ(ride.from.call, run.calls[from].id);
        EXPECT_EQ(ride.from.time, *run.calls[from].departs);
        EXPECT_EQ(ride.from.platform, run.calls[from].platform);
        EXPECT_EQ(ride.to.call, run.calls[to].id);
        EXPECT_EQ(ride.to.time, *run.calls[to].arrives);
    }
};

STORE_TEST(AdoptionTest, HoldsBookingsAndTicketsGetTheNewTimes) {
    const auto sale = paying({{&ice, {0}, {0, 2}}, {&ice, {4}, {1, 3}}});
    ASSERT_TRUE(settle(sale.payment, true));
    const auto hold = place({{&ice, {7}, {1, 3}}}, "user:bert");
    ASSERT_TRUE(hold) << hold.error();
    const auto wanted = with(later(), 1);
    const auto run = adopt(wanted);
    ASSERT_TRUE(run) << run.error();
    EXPECT_EQ(run->calls, wanted.calls);
    EXPECT_EQ(run->train, wanted.train);
    EXPECT_EQ(*run->consist, *ice.consist);
    EXPECT_TRUE(run->pinned);
    EXPECT_EQ((*store->inventory().find_pinned(ice.id))->calls, wanted.calls);

    const auto sold = store->inventory().find_hold(sale.hold.id);
    ASSERT_TRUE(sold) << sold.error();
    EXPECT_EQ(sold->items[0].span, (Span{0, 3}));
    EXPECT_EQ(sold->items[1].span, (Span{1, 4}));
    expect_ride(sold->items[0], wanted, 0, 3);
    EXPECT_EQ(store->inventory().find_hold(hold->id)->items[0].span, (Span{1, 4}));
    const auto booking = store->bookings().find_booking(sale.booking.id);
    ASSERT_TRUE(booking) << booking.error();
    EXPECT_EQ(booking->parts[0].span, (Span{0, 3}));
    expect_ride(booking->parts[0], wanted, 0, 3);
    expect_ride(booking->parts[1], wanted, 1, 4);
    const auto ticket = store->bookings().find_ticket(booking->tickets.front());
    ASSERT_TRUE(ticket) << ticket.error();
    expect_ride(ticket->legs[0], wanted, 0, 3);
    expect_ride(ticket->legs[1], wanted, 1, 4);
    const auto told = actions("booking:" + to_string(booking->id));
    EXPECT_EQ(std::ranges::count(told, "booking.retimed"), 2);
    EXPECT_EQ(actions("run:" + to_string(ice.id)).back(), "run.adopted");
    EXPECT_EQ(allocations(wanted).size(), 3U);
    EXPECT_EQ(broken_laws(records_of(*store)), std::vector<std::string>{});
    EXPECT_TRUE(store->inventory().changes_after(ice.id, 1)->resync) << "who followed the run has to look again";

    EXPECT_EQ(place({{&ice, {1}, {0, 1}}}).error().code, ErrorCode::conflict) << "by the old calls";
    EXPECT_EQ(place({{&wanted, {4}, {2, 3}}}).error().code, ErrorCode::seat_taken) << "between the new calls";
    EXPECT_TRUE(place({{&wanted, {4}, {4, 5}}}));
    EXPECT_TRUE(release(Maker::claim(*hold)));
}

STORE_TEST(AdoptionTest, ACallThatNobodyNeedsMayGo) {
    const auto sale = paying({{&ice, {4}, {0, 3}}});
    ASSERT_TRUE(settle(sale.payment, true));
    const auto wanted = without(ice, 1);
    ASSERT_TRUE(adopt(wanted));
    EXPECT_EQ(store->inventory().find_hold(sale.hold.id)->items[0].span, (Span{0, 2}));
    EXPECT_TRUE(place({{&wanted, {4}, {2, 3}}}));
    EXPECT_EQ(std::ranges::count(actions("booking:" + to_string(sale.booking.id)), "booking.retimed"), 0)
        << "its passengers notice nothing";
    EXPECT_EQ(broken_laws(records_of(*store)), std::vector<std::string>{});
}

STORE_TEST(AdoptionTest, NothingChangesWhereSomebodyWouldLoseTheRide) {
    const auto held = place({{&ice, {4}, {0, 2}}});
    ASSERT_TRUE(held) << held.error();
    const auto before = records_of(*store);
    Run swapped = ice;
    auto& calls = swapped.calls.edit();
    std::swap(calls[0].id, calls[2].id);
    Run not_there = ice;
    not_there.calls.edit()[2].drop_off = false;
    Run not_from = ice;
    not_from.calls.edit()[0].pick_up = false;
    for (const auto& wanted : {without(ice, 2), without(ice, 0), swapped, not_there, not_from}) {
        const auto refused = adopt(wanted);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::conflict);
        EXPECT_NE(refused.error().detail.find(to_string(held->id)), std::string::npos) << refused.error().detail;
        EXPECT_FALSE(refused.error().hint.empty());
    }
    EXPECT_EQ(records_of(*store), before);
    ASSERT_TRUE(release(Maker::claim(*held)));
    EXPECT_TRUE(adopt(without(ice, 2))) << "nobody is left who needs it";
}

/// First between two calls and then from the second on, which the train would do in another order.
STORE_TEST(AdoptionTest, NothingChangesWhereASeatWouldBeGivenTwice) {
    ASSERT_TRUE(place({{&ice, {4}, {0, 2}}}));
    ASSERT_TRUE(place({{&ice, {4}, {2, 4}}}));
    ASSERT_TRUE(place({{&ice, {5}, {0, 1}}}));
    const auto before = records_of(*store);
    Run wanted = ice;
    auto& calls = wanted.calls.edit();
    std::swap(calls[0].id, calls[1].id);
    EXPECT_EQ(adopt(wanted).error().code, ErrorCode::conflict);
    EXPECT_EQ(records_of(*store), before);
}

STORE_TEST(AdoptionTest, APlanThatIsOutOfDateIsRefused) {
    ASSERT_TRUE(place({{&ice, {4}, {0, 2}}}));
    const auto planned = store->inventory().holds_of_run(ice.id, environment.now());
    ASSERT_TRUE(planned) << planned.error();
    ASSERT_TRUE(place({{&ice, {5}, {0, 2}}}));
    EXPECT_EQ(adopt(later(), planned->version).error().code, ErrorCode::conflict);
    EXPECT_TRUE(adopt(later()));
}

STORE_TEST(AdoptionTest, RepeatingItIsSuccessWithoutASecondEffect) {
    ASSERT_TRUE(place({{&ice, {4}, {0, 2}}}));
    ASSERT_TRUE(adopt(later()));
    const auto before = records_of(*store);
    const auto again = adopt(later(), 1);
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(again->calls, later().calls);
    EXPECT_EQ(records_of(*store), before);
}

STORE_TEST(AdoptionTest, ARunThatIsNotPinnedFollowsTheTimetableAnyway) {
    EXPECT_EQ(adopt(later()).error().code, ErrorCode::not_found);
    EXPECT_FALSE(*store->inventory().find_pinned(ice.id));
}

STORE_TEST(AdoptionTest, BlocksStayBetweenTheirCallsOrPreventIt) {
    const SeatBlock wanted{.run = ice.id, .span = {1, 3}, .seats = {{4, ice.consist->seat_at(4)}}};
    ASSERT_TRUE(store->inventory().block_seats(make.command("seats.block"), ice, wanted));
    EXPECT_EQ(adopt(without(ice, 3)).error().code, ErrorCode::conflict);
    const auto longer = with(ice, 0);
    ASSERT_TRUE(adopt(longer));
    const auto blocked = allocations(longer);
    ASSERT_EQ(blocked.size(), 1U);
    EXPECT_EQ(blocked.front().span, (Span{2, 4}));
    EXPECT_EQ(blocked.front().state, SeatState::blocked);
}

/// Of the segments that were named when the run was looked at, none has the same number by now.
STORE_TEST(AdoptionTest, UnblockingByTheOldCallsChangesNothing) {
    const SeatBlock block{.run = ice.id, .span = {0, 4}, .seats = {{4, ice.consist->seat_at(4)}}};
    ASSERT_TRUE(store->inventory().block_seats(make.command("seats.block"), ice, block));
    const auto longer = with(ice, 0);
    ASSERT_TRUE(adopt(longer));
    const auto before = records_of(*store);
    auto part = block;
    part.span = {1, 2};
    const auto refused = store->inventory().unblock_seats(make.command("seats.unblock"), ice, part);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
    EXPECT_EQ(records_of(*store), before);
    part.span = {2, 3};
    ASSERT_TRUE(store->inventory().unblock_seats(make.command("seats.unblock"), longer, part));
    EXPECT_EQ(allocations(longer).size(), 2U);
}

/// Buyers whose holds lapsed before the change, and whose money comes after it: one gets the ride at its new time, of
/// the other the stop is gone.
STORE_TEST(AdoptionTest, LateMoneyBuysTheRideOnlyWhereThereIsOne) {
    const auto there = paying({{&ice, {4}, {1, 4}}});
    const auto gone = paying({{&ice, {5}, {0, 2}}}, "user:bert");
    environment.set_now(there.hold.expires_at + std::chrono::minutes{60});
    const auto wanted = without(later(), 2);
    ASSERT_TRUE(adopt(wanted));
    EXPECT_TRUE(expire()) << "what lapsed names segments that are gone";
    EXPECT_TRUE(allocations(wanted).empty());
    EXPECT_TRUE(settle(gone.payment, true)->refund_due);
    const auto settled = settle(there.payment, true);
    ASSERT_TRUE(settled) << settled.error();
    EXPECT_FALSE(settled->refund_due);
    const auto sold = allocations(wanted);
    ASSERT_EQ(sold.size(), 1U);
    EXPECT_EQ(sold.front().span, (Span{1, 3}));
    const auto booking = store->bookings().find_booking(there.booking.id);
    ASSERT_TRUE(booking) << booking.error();
    expect_ride(booking->parts[0], wanted, 1, 3);
    expect_ride(store->bookings().find_ticket(booking->tickets.front())->legs[0], wanted, 1, 3);
    EXPECT_EQ(broken_laws(records_of(*store)), std::vector<std::string>{});
}

STORE_TEST(AdoptionTest, TicketsNameTheTimesThatTheirPassengersHaveByNow) {
    const auto sale = paying({{&ice, {4}, {0, 2}}});
    const auto outdated = make.settlement(sale.payment, sale.booking, true);
    ASSERT_TRUE(adopt(later()));
    ASSERT_TRUE(store->bookings().settle_payment(outdated, environment.now()));
    const auto booking = store->bookings().find_booking(sale.booking.id);
    ASSERT_EQ(booking->tickets.size(), 1U);
    expect_ride(store->bookings().find_ticket(booking->tickets.front())->legs[0], later(), 0, 2);
}

/// Whoever looked at a hold before the change books what it has after it.
STORE_TEST(AdoptionTest, ABookingOfARideThatHasOtherTimesByNowIsNotMade) {
    const auto hold = place({{&ice, {4}, {0, 2}}});
    ASSERT_TRUE(hold) << hold.error();
    const auto outdated = make.booking(*hold);
    ASSERT_TRUE(adopt(later()));
    const auto refused =
        store->bookings().create_booking(make.command("booking.create"), Maker::claim(*hold), outdated);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
    const auto now = store->inventory().find_hold(hold->id);
    ASSERT_TRUE(now) << now.error();
    EXPECT_TRUE(
        store->bookings().create_booking(make.command("booking.create"), Maker::claim(*now), make.booking(*now)));
}

/// Whoever paid late may still be carried, but is no longer let on or off.
STORE_TEST(AdoptionTest, LateMoneyBuysNoRideThatPassengersMayNoLongerTake) {
    const auto boards = paying({{&ice, {4}, {1, 4}}});
    const auto alights = paying({{&ice, {5}, {0, 3}}}, "user:bert");
    environment.set_now(boards.hold.expires_at + std::chrono::minutes{60});
    Run wanted = later();
    wanted.calls.edit()[1].pick_up = false;
    wanted.calls.edit()[3].drop_off = false;
    ASSERT_TRUE(adopt(wanted));
    for (const auto& payment : {boards.payment, alights.payment}) {
        const auto settled = settle(payment, true);
        ASSERT_TRUE(settled) << settled.error();
        EXPECT_TRUE(settled->refund_due);
    }
    EXPECT_TRUE(allocations(wanted).empty());
    EXPECT_EQ(broken_laws(records_of(*store)), std::vector<std::string>{});
}

/// One more call at a station where the train calls already gives both of them other numbers.
STORE_TEST(AdoptionTest, AnotherCallAtTheSameStationTakesNoRideAway) {
    const auto hold = place({{&ice, {4}, {0, 1}}});
    ASSERT_TRUE(hold) << hold.error();
    const auto late = paying({{&ice, {5}, {0, 1}}}, "user:bert");
    environment.set_now(late.hold.expires_at);
    ASSERT_TRUE(place({{&ice, {4}, {0, 1}}}, "user:carl"));
    Run wanted = with(ice, 2);
    auto& calls = wanted.calls.edit();
    calls[3].id = calls[1].id;
    calls[1].id.nth = 1;
    calls[3].id.nth = 2;
    const auto adopted = adopt(wanted);
    ASSERT_TRUE(adopted) << adopted.error();
    const auto seats = allocations(wanted);
    ASSERT_EQ(seats.size(), 1U);
    EXPECT_EQ(seats.front().span, (Span{0, 1}));
    const auto settled = settle(late.payment, true);
    ASSERT_TRUE(settled) << settled.error();
    EXPECT_FALSE(settled->refund_due);
    const auto booking = store->bookings().find_booking(late.booking.id);
    ASSERT_TRUE(booking) << booking.error();
    expect_ride(booking->parts[0], wanted, 0, 1);
    ASSERT_TRUE(adopt(ice)) << "and back";
    EXPECT_EQ(allocations(ice).size(), 2U);
    EXPECT_EQ(broken_laws(records_of(*store)), std::vector<std::string>{});
}

/// Where passengers only change seats nobody boards or alights.
STORE_TEST(AdoptionTest, ACallWherePassengersChangeSeatsNeedOnlyBeACall) {
    const auto hold = place({{&ice, {4}, {0, 2}}, {&ice, {5}, {2, 4}}});
    ASSERT_TRUE(hold) << hold.error();
    Run wanted = later();
    wanted.calls.edit()[2].pick_up = wanted.calls.edit()[2].drop_off = false;
    const auto adopted = adopt(wanted);
    ASSERT_TRUE(adopted) << adopted.error();
    expect_ride(store->inventory().find_hold(hold->id)->items[1], wanted, 2, 4);
    const auto refused = adopt(without(wanted, 2));
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().detail.find("other seats"), std::string::npos) << refused.error().detail;
    auto not_from = wanted;
    not_from.calls.edit()[0].pick_up = false;
    EXPECT_EQ(adopt(not_from).error().code, ErrorCode::conflict) << "there they board";
}

/// A dump of a store where what lapsed names segments that are gone is whole all the same.
STORE_TEST(AdoptionTest, WhatLapsedBeforeTheChangeCanBeLoaded) {
    const auto lapsed = place({{&ice, {4}, {2, 4}}});
    ASSERT_TRUE(lapsed) << lapsed.error();
    environment.set_now(lapsed->expires_at);
    ASSERT_TRUE(adopt(without(without(ice, 3), 2)));
    const auto all = records_of(*store);
    EXPECT_EQ(all.runs.front().first.segment_count(), 2U);
    setting.kind == StoreKind::memory ? void() : reopen();
    EXPECT_TRUE(expire());
    EXPECT_EQ(store->inventory().find_hold(lapsed->id)->status, HoldStatus::expired);
}

/// What a process knows of the timetable may be some seconds old; a step is not decided by it.
STORE_TEST(AdoptionTest, TheFeedMustBeTheOneThatTheChangeWasPlannedBy) {
    ASSERT_TRUE(place({{&ice, {4}, {0, 2}}}));
    const auto put = [&](const std::string& data) {
        Feed feed;
        feed.name = ice.id.trip.feed;
        const auto stored = store->timetable().put_feed(feed, data, environment.now());
        EXPECT_TRUE(stored) << stored.error();
        return stored->checksum;
    };
    EXPECT_EQ(adopt(later(), {}, "none of these").error().code, ErrorCode::conflict);
    const auto first = put("first");
    EXPECT_EQ(adopt(later()).error().code, ErrorCode::conflict);
    const auto second = put("second");
    EXPECT_EQ(adopt(later(), {}, first).error().code, ErrorCode::conflict);
    EXPECT_EQ(store->inventory().holds_of_run(ice.id, environment.now())->run.calls, ice.calls);
    const auto adopted = adopt(later(), {}, second);
    ASSERT_TRUE(adopted) << adopted.error();
    EXPECT_TRUE(adopt(later(), {}, first)) << "it is done already";
    ASSERT_TRUE(store->timetable().remove_feed(ice.id.trip.feed));
    EXPECT_EQ(adopt(ice, {}, second).error().code, ErrorCode::conflict);
}

}  // namespace
}  // namespace railbook::test
