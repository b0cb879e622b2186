/// What every store promises where the coaches of a run change after seats were sold.

#include <algorithm>

#include "store/fixture.hpp"

namespace railbook::test {
namespace {

class ConsistTest : public StoreTest {
public:
    using StoreTest::StoreTest;

protected:
    /// Coach 2 comes first, so that every seat has another index; seats 20 and 21 are gone, and there is a coach 3.
    static std::shared_ptr<const Consist> other_coaches(const Run& run) {
        auto consist = std::make_shared<Consist>(*run.consist);
        consist->name = "other";
        std::swap(consist->coaches[0], consist->coaches[1]);
        auto& places = consist->coaches[0].places;
        places.erase(places.begin(), places.begin() + 2);
        consist->coaches.push_back(consist->coaches[0]);
        consist->coaches.back().number = "3";
        return consist;
    }
    Result<Run> change(std::vector<Reseating> reseatings, std::optional<std::uint64_t> version = {}) {
        const auto now = store->inventory().occupancy({ice.id}, environment.now())->front().version;
        return store->inventory().change_consist(make.command("run.consist", "operator:cli"), ice,
                                                 {version.value_or(now), coaches, std::move(reseatings)});
    }
    SeatId seat(std::uint32_t index) const { return ice.consist->seat_at(index); }

    std::shared_ptr<const Consist> coaches = other_coaches(ice);
};

STORE_TEST(ConsistTest, EveryoneKeepsTheSeatOfTheSameNameOrGetsTheirNewOne) {
    const auto sale = paying({{&ice, {0}, {0, 2}}, {&ice, {4}, {0, 2}}});
    ASSERT_TRUE(settle(sale.payment, true));
    const auto hold = place({{&ice, {7}, {1, 3}}}, "user:bert");
    ASSERT_TRUE(hold) << hold.error();
    const SeatId to{"3", coaches->coaches[2].places[0].number};
    const auto version = store->inventory().occupancy({ice.id}, environment.now())->front().version;
    const auto run = change({{sale.hold.id, 1, seat(4), to}});
    ASSERT_TRUE(run) << run.error();
    EXPECT_EQ(*run->consist, *coaches);
    EXPECT_GT(store->inventory().occupancy({ice.id}, environment.now())->front().version, version)
        << "who reads the same version before and after has read one consist";

    const auto moved = store->inventory().find_hold(sale.hold.id);
    ASSERT_TRUE(moved) << moved.error();
    EXPECT_EQ(moved->items[0].seats[0], (HeldSeat{*coaches->index_of(seat(0)), seat(0)}));
    EXPECT_EQ(moved->items[1].seats[0], (HeldSeat{*coaches->index_of(to), to}));
    EXPECT_EQ(store->inventory().find_hold(hold->id)->items[0].seats[0].index, *coaches->index_of(seat(7)));
    const auto booking = store->bookings().find_booking(sale.booking.id);
    ASSERT_TRUE(booking) << booking.error();
    EXPECT_EQ(booking->parts[0].seat.id, seat(0));
    EXPECT_EQ(booking->parts[1].seat.id, to);
    const auto ticket = store->bookings().find_ticket(booking->tickets.front());
    ASSERT_TRUE(ticket) << ticket.error();
    EXPECT_EQ(ticket->legs[0].seat, seat(0));
    EXPECT_EQ(ticket->legs[1].seat, to);
    EXPECT_EQ(actions("booking:" + to_string(booking->id)).back(), "booking.reseated");
    EXPECT_EQ(actions("run:" + to_string(ice.id)).back(), "run.consist_changed");

    Run changed = ice;
    changed.consist = coaches;
    EXPECT_EQ(allocations(changed).size(), 3U);
    EXPECT_EQ(broken_laws(records_of(*store)), std::vector<std::string>{});
    EXPECT_EQ(*(*store->inventory().find_pinned(ice.id))->consist, *coaches);
    EXPECT_EQ(place({{&ice, {1}, {0, 1}}}).error().code, ErrorCode::conflict) << "by the old coaches";
    EXPECT_TRUE(place({{&changed, {0}, {0, 1}}}));
    EXPECT_TRUE(release(Maker::claim(*hold)));
}

STORE_TEST(ConsistTest, NothingChangesWhereSomebodyWouldBeLeftWithoutASeat) {
    ASSERT_TRUE(place({{&ice, {4, 7}, {0, 2}}}));
    const auto before = records_of(*store);
    const auto refused = change({});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
    EXPECT_NE(refused.error().detail.find(to_string(seat(4))), std::string::npos) << refused.error().detail;
    EXPECT_EQ(records_of(*store), before);
}

STORE_TEST(ConsistTest, NothingChangesWhereASeatWouldBeGivenTwice) {
    const auto first = place({{&ice, {4}, {0, 2}}});
    ASSERT_TRUE(first) << first.error();
    ASSERT_TRUE(place({{&ice, {7}, {1, 3}}}));
    const auto before = records_of(*store);
    EXPECT_EQ(change({{first->id, 0, seat(4), seat(7)}}).error().code, ErrorCode::conflict);
    const SeatId first_class = seat(1);
    EXPECT_EQ(change({{first->id, 0, seat(4), first_class}}).error().code, ErrorCode::conflict) << "another class";
    EXPECT_EQ(change({{first->id, 0, seat(4), {"9", "99"}}}).error().code, ErrorCode::conflict) << "no such seat";
    EXPECT_EQ(records_of(*store), before);
}

STORE_TEST(ConsistTest, AnOfferThatIsOutOfDateIsRefused) {
    ASSERT_TRUE(place({{&ice, {7}, {0, 2}}}));
    const auto planned = store->inventory().holds_of_run(ice.id, environment.now());
    ASSERT_TRUE(planned) << planned.error();
    EXPECT_EQ(planned->holds.size(), 1U);
    ASSERT_TRUE(place({{&ice, {6}, {0, 2}}}));
    EXPECT_EQ(change({}, planned->version).error().code, ErrorCode::conflict);
    const auto unknown = HoldId::make(environment);
    EXPECT_EQ(change({{unknown, 0, seat(4), seat(7)}}).error().code, ErrorCode::conflict) << "a hold that is not there";
    EXPECT_TRUE(change({}));
}

STORE_TEST(ConsistTest, RepeatingTheChangeIsSuccessWithoutASecondEffect) {
    ASSERT_TRUE(place({{&ice, {7}, {0, 2}}}));
    ASSERT_TRUE(change({}));
    const auto before = records_of(*store);
    const auto again = change({}, 1);
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(*again->consist, *coaches);
    EXPECT_EQ(records_of(*store), before);
}

STORE_TEST(ConsistTest, AnUntouchedRunIsPinnedWithItsNewCoaches) {
    const auto run = change({});
    ASSERT_TRUE(run) << run.error();
    const auto pinned = store->inventory().find_pinned(ice.id);
    ASSERT_TRUE(*pinned);
    EXPECT_EQ(*(*pinned)->consist, *coaches);
    EXPECT_TRUE(store->inventory().changes_after(ice.id, 0)->resync) << "who followed the run has to look again";
}

STORE_TEST(ConsistTest, BlocksFollowTheirSeatsOrEnd) {
    const SeatBlock wanted{.run = ice.id, .span = {0, 4}, .seats = {{4, seat(4)}, {7, seat(7)}}};
    ASSERT_TRUE(store->inventory().block_seats(make.command("seats.block"), ice, wanted));
    ASSERT_TRUE(change({}));
    Run changed = ice;
    changed.consist = coaches;
    ASSERT_EQ(allocations(changed).size(), 1U);
    EXPECT_EQ(allocations(changed).front().seat, *coaches->index_of(seat(7)));
    EXPECT_EQ(allocations(changed).front().state, SeatState::blocked);
}

/// A buyer whose hold lapsed before the change, and whose money comes after it.
STORE_TEST(ConsistTest, LateMoneyTakesTheSeatOfTheSameNameOnlyIfThereIsOne) {
    for (const std::uint32_t index : {7U, 4U}) {
        const auto late = paying({{&ice, {index}, {0, 2}}}, "user:" + std::to_string(index));
        environment.set_now(late.hold.expires_at + std::chrono::minutes{60});
        if (index == 7) continue;
        ASSERT_TRUE(change({}));
        Run changed = ice;
        changed.consist = coaches;
        const auto gone = settle(late.payment, true);
        ASSERT_TRUE(gone) << gone.error();
        EXPECT_TRUE(gone->refund_due) << "the seat is not there any more";
        EXPECT_TRUE(allocations(changed).empty());
    }
    const auto all = records_of(*store);
    const auto there = settle(all.payments.front(), true);
    ASSERT_TRUE(there) << there.error();
    EXPECT_FALSE(there->refund_due);
    Run changed = ice;
    changed.consist = coaches;
    ASSERT_EQ(allocations(changed).size(), 1U);
    EXPECT_EQ(allocations(changed).front().seat, *coaches->index_of(seat(7)));
    EXPECT_EQ(store->bookings().find_booking(there->booking)->parts[0].seat.index, *coaches->index_of(seat(7)));
    EXPECT_EQ(broken_laws(records_of(*store)), std::vector<std::string>{});
}

/// Whoever looked at a hold before the change books what it has after it.
STORE_TEST(ConsistTest, ABookingOfSeatsThatHaveMovedMeanwhileIsNotMade) {
    const auto hold = place({{&ice, {4}, {0, 2}}});
    ASSERT_TRUE(hold) << hold.error();
    const auto outdated = make.booking(*hold);
    const SeatId to{"3", coaches->coaches[2].places[0].number};
    ASSERT_TRUE(change({{hold->id, 0, seat(4), to}}));
    const auto refused =
        store->bookings().create_booking(make.command("booking.create"), Maker::claim(*hold), outdated);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
    const auto now = store->inventory().find_hold(hold->id);
    ASSERT_TRUE(now) << now.error();
    const auto booked =
        store->bookings().create_booking(make.command("booking.create"), Maker::claim(*hold), make.booking(*now));
    ASSERT_TRUE(booked) << booked.error();
    EXPECT_EQ(booked->parts[0].seat.id, to);
    EXPECT_EQ(broken_laws(records_of(*store)), std::vector<std::string>{});
}

STORE_TEST(ConsistTest, TicketsNameTheSeatsThatTheirPassengersHaveByNow) {
    const auto sale = paying({{&ice, {4}, {0, 2}}});
    const auto outdated = make.settlement(sale.payment, sale.booking, true);
    const SeatId to{"3", coaches->coaches[2].places[0].number};
    ASSERT_TRUE(change({{sale.hold.id, 0, seat(4), to}}));
    const auto settled = store->bookings().settle_payment(outdated, environment.now());
    ASSERT_TRUE(settled) << settled.error();
    const auto booking = store->bookings().find_booking(sale.booking.id);
    ASSERT_TRUE(booking) << booking.error();
    ASSERT_EQ(booking->tickets.size(), 1U);
    EXPECT_EQ(store->bookings().find_ticket(booking->tickets.front())->legs[0].seat, to);
    EXPECT_EQ(broken_laws(records_of(*store)), std::vector<std::string>{});
}

STORE_TEST(ConsistTest, UnblockingSeatsByTheirOldNumbersChangesNothing) {
    const SeatBlock block{.run = ice.id, .span = {0, 4}, .seats = {{7, seat(7)}}};
    ASSERT_TRUE(store->inventory().block_seats(make.command("seats.block"), ice, block));
    ASSERT_TRUE(change({}));
    const auto before = records_of(*store);
    const auto refused = store->inventory().unblock_seats(make.command("seats.unblock"), ice, block);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
    EXPECT_EQ(records_of(*store), before);
}

}  // namespace
}  // namespace railbook::test
