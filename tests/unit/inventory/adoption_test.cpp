#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace railbook {
namespace {

using test::World;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class AdoptionOfferTest : public testing::Test {
protected:
    /// A new version of the timetable, in which only the early train runs, at these times.
    ImportReport import(std::string_view stop_times) {
        std::ofstream{world.folder.path() / "stop_times.txt"}
            << "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
            << stop_times;
        ImportOptions options;
        options.name = "t";
        auto report = world.engine().timetable().import_gtfs(world.folder.path().string(), options);
        EXPECT_TRUE(report) << report.error().detail;
        return *std::move(report);
    }
    void sell(const Principal& who, std::string_view from, std::string_view to) {
        const auto booking = world.prebooked(who, from, to);
        const auto paid = world.engine().bookings().pay(who, {world.key(), booking.id, "sandbox:success"});
        ASSERT_TRUE(paid) << paid.error().detail;
        ASSERT_TRUE(world.engine().run_due(100));
    }

    static constexpr std::string_view kLater =
        "early,08:30:00,08:30:00,A,1\nearly,09:50:00,09:52:00,H,2\nearly,10:00:00,10:02:00,G,3\n"
        "early,12:00:00,12:00:00,F,4\n";
    static constexpr std::string_view kWithoutHannover =
        "early,08:00:00,08:00:00,A,1\nearly,10:00:00,10:02:00,G,3\nearly,12:00:00,12:00:00,F,4\n";

    World world;
    Inventory& inventory = world.engine().inventory();
};

TEST_F(AdoptionOfferTest, AnImportListsTheSoldRunsThatItWouldChangeOrDrop) {
    ASSERT_TRUE(inventory.hold(world.anna, world.best("A", "F", 1)));
    world.prebooked(world.ben);
    EXPECT_THAT(import(kLater).pinned, SizeIs(1));
    const auto changed = import(kLater).pinned.front();
    EXPECT_EQ(changed.run, World::run());
    EXPECT_FALSE(changed.dropped);
    EXPECT_EQ(changed.detail,
              "Altona: departs 08:30 instead of 08:00; Hannover: arrives 09:50 instead of 09:20, departs 09:52 instead "
              "of 09:22");
    EXPECT_EQ(changed.holds, 1U);
    EXPECT_EQ(changed.bookings, 1U);

    const auto dropped = import("late,18:00:00,18:00:00,A,1\nlate,19:20:00,19:22:00,H,2\n").pinned;
    ASSERT_THAT(dropped, SizeIs(1));
    EXPECT_TRUE(dropped.front().dropped);
    EXPECT_EQ(world.engine().timetable().run(World::run())->calls.size(), 4U) << "it stays as it was sold";

    world.environment.set_now(parse_when("2026-12-01T11:00:01Z", "UTC")->time);  // a second after it arrived
    EXPECT_THAT(import(kLater).pinned, IsEmpty()) << "its service is over";
}

TEST_F(AdoptionOfferTest, JourneysShowWhatIsSoldUntilTheChangeIsAdopted) {
    ASSERT_TRUE(inventory.hold(world.anna, world.best("A", "F", 1)));
    const auto sold = *world.engine().timetable().run(World::run());
    const auto departure = [&] {
        JourneyQuery query{.from = {"t", "A"}, .to = {"t", "F"}, .depart = *sold.calls.front().departs};
        const auto page = world.engine().find_journeys(query);
        EXPECT_TRUE(page) << page.error().detail;
        EXPECT_EQ(page->journeys.front().legs.front().free.at("second"), 3);
        return page->journeys.front().departure();
    };
    import(kLater);
    EXPECT_EQ(departure(), *sold.calls.front().departs);
    const auto offer = inventory.offer_adoption(world.staff, World::run());
    ASSERT_TRUE(offer) << offer.error().detail;
    ASSERT_TRUE(inventory.adopt(world.staff, World::run(), offer->id));
    EXPECT_EQ(departure(), *sold.calls.front().departs + std::chrono::minutes{30});
}

TEST_F(AdoptionOfferTest, JourneysThatWhatIsSoldMakesImpossibleAreNotShown) {
    ASSERT_TRUE(inventory.hold(world.anna, world.best("A", "F", 1)));
    import(
        "early,08:00:00,08:00:00,A,1\nearly,09:00:00,09:00:00,H,2\n"
        "late,09:10:00,09:10:00,H,1\nlate,11:00:00,11:00:00,F,2\n");
    JourneyQuery query{.from = {"t", "A"}, .to = {"t", "F"}};
    query.depart = parse_when("2026-12-01", "Europe/Berlin")->time;
    const auto found = world.engine().search().find(query);
    ASSERT_TRUE(found) << found.error().detail;
    EXPECT_THAT(found->journeys, SizeIs(1)) << "the timetable has a change at Hannover at 09:00";
    const auto page = world.engine().find_journeys(query);
    ASSERT_TRUE(page) << page.error().detail;
    EXPECT_THAT(page->journeys, IsEmpty()) << "what was sold arrives there at 09:20 only";
}

TEST_F(AdoptionOfferTest, JourneysWhoseChangeIsTooShortForTransfersTxtAreNotShown) {
    ASSERT_TRUE(inventory.hold(world.anna, world.best("A", "F", 1)));
    const auto shown = [&](std::string_view seconds) {
        std::ofstream{world.folder.path() / "transfers.txt"}
            << "from_stop_id,to_stop_id,transfer_type,min_transfer_time\nH,H,2," << seconds << "\n";
        import(
            "early,08:00:00,08:00:00,A,1\nearly,09:00:00,09:00:00,H,2\n"
            "late,09:25:00,09:25:00,H,1\nlate,11:00:00,11:00:00,F,2\n");
        JourneyQuery query{.from = {"t", "A"}, .to = {"t", "F"}};
        query.depart = parse_when("2026-12-01", "Europe/Berlin")->time;
        const auto page = world.engine().find_journeys(query);
        EXPECT_TRUE(page) << page.error().detail;
        return page->journeys.size();
    };
    // What was sold arrives at 09:20.
    EXPECT_EQ(shown("300"), 1U);
    EXPECT_EQ(shown("600"), 0U) << "the timetable leaves 25 minutes, and what was sold five";
}

TEST_F(AdoptionOfferTest, JourneysThatLeaveWhenNobodyAskedAreNotShown) {
    ASSERT_TRUE(inventory.hold(world.anna, world.best("A", "F", 1)));
    import(kLater);
    // The timetable's train leaves at 08:30, the one that is sold at 08:00.
    JourneyQuery query{.from = {"t", "A"}, .to = {"t", "F"}, .window = std::chrono::hours{1}};
    query.depart = parse_when("2026-12-01T08:15", "Europe/Berlin")->time;
    EXPECT_THAT(world.engine().search().find(query)->journeys, SizeIs(1));
    EXPECT_THAT(world.engine().find_journeys(query)->journeys, IsEmpty());
    // From page to page it is found once.
    query.depart = parse_when("2026-12-01T07:45", "Europe/Berlin")->time;
    query.window = Duration{0};
    query.max_duration = std::chrono::hours{40};
    const auto page = world.engine().find_journeys(query, {.with_seats = true});
    ASSERT_TRUE(page) << page.error().detail;
    ASSERT_THAT(page->journeys, SizeIs(1));
    query.depart = parse_when(page->later_cursor, "UTC")->time;
    const auto next = world.engine().find_journeys(query, {.with_seats = true});
    ASSERT_TRUE(next) << next.error().detail;
    ASSERT_THAT(next->journeys, SizeIs(1));
    EXPECT_NE(next->journeys.front().id, page->journeys.front().id);
}

TEST_F(AdoptionOfferTest, TheOfferNamesWhoIsAffectedAndNothingHappensBeforeTheYes) {
    sell(world.anna, "A", "F");
    const auto held = inventory.hold(world.ben, world.best("G", "F", 2));
    ASSERT_TRUE(held) << held.error().detail;
    import(kLater);
    const auto offer = inventory.offer_adoption(world.staff, World::run());
    ASSERT_TRUE(offer) << offer.error().detail;
    EXPECT_THAT(offer->changes, SizeIs(2));
    EXPECT_EQ(offer->unaffected, 1U) << "Göttingen to Frankfurt is as it was";
    ASSERT_THAT(offer->affected, SizeIs(1));
    EXPECT_EQ(offer->affected[0].tickets, 1U);
    EXPECT_FALSE(offer->affected[0].reference.empty());
    EXPECT_EQ(offer->affected[0].new_from->time - offer->affected[0].from.time, std::chrono::minutes{30});
    EXPECT_THAT(offer->lost, IsEmpty());
    EXPECT_EQ(world.engine().timetable().run(World::run())->calls[0].departs, offer->affected[0].from.time);

    const auto adopted = inventory.adopt(world.staff, World::run(), offer->id);
    ASSERT_TRUE(adopted) << adopted.error().detail;
    EXPECT_EQ(adopted->calls, world.engine().timetable().planned_run(World::run())->calls);
    const auto bookings = world.engine().bookings().list(world.anna, {});
    EXPECT_EQ(bookings->items.front().parts.front().from.time, offer->affected[0].new_from->time);
    EXPECT_TRUE(world.engine().verify()->ok());
    EXPECT_TRUE(inventory.adopt(world.staff, World::run(), offer->id)) << "repeating is success";
    EXPECT_EQ(inventory.offer_adoption(world.staff, World::run()).error().code, ErrorCode::conflict);
    EXPECT_THAT(import(kLater).pinned, IsEmpty());
}

TEST_F(AdoptionOfferTest, WhoWouldLoseTheRideIsNamedAndPreventsIt) {
    const auto held = inventory.hold(world.anna, world.best("A", "H", 1));
    ASSERT_TRUE(held) << held.error().detail;
    import(kWithoutHannover);
    const auto offer = inventory.offer_adoption(world.staff, World::run());
    ASSERT_TRUE(offer) << offer.error().detail;
    ASSERT_THAT(offer->lost, SizeIs(1));
    EXPECT_EQ(offer->lost[0].hold, held->id);
    EXPECT_FALSE(offer->lost[0].new_from);
    const auto refused = inventory.adopt(world.staff, World::run(), offer->id);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
    EXPECT_FALSE(refused.error().hint.empty());
}

TEST_F(AdoptionOfferTest, ABlockThatTheNewCallsBreakIsInTheOffer) {
    ASSERT_TRUE(inventory.block(world.staff, {world.key(), World::run(), "A", "H", {{"2", "11"}}}));
    ASSERT_TRUE(inventory.block(world.staff, {world.key(), World::run(), "G", "F", {{"2", "12"}}}));
    import(kWithoutHannover);
    const auto offer = inventory.offer_adoption(world.staff, World::run());
    ASSERT_TRUE(offer) << offer.error().detail;
    ASSERT_THAT(offer->blocks_lost, SizeIs(1));
    EXPECT_EQ(offer->blocks_lost[0].seat, (SeatId{"2", "11"}));
    EXPECT_EQ(offer->blocks_lost[0].from.name, "Altona");
    EXPECT_EQ(offer->blocks_lost[0].to.name, "Hannover");
    EXPECT_EQ(inventory.adopt(world.staff, World::run(), offer->id).error().code, ErrorCode::conflict);
    ASSERT_TRUE(inventory.unblock(world.staff, {world.key(), World::run(), "A", "H", {{"2", "11"}}}));
    const auto possible = inventory.offer_adoption(world.staff, World::run());
    ASSERT_TRUE(possible) << possible.error().detail;
    EXPECT_THAT(possible->blocks_lost, IsEmpty());
    EXPECT_TRUE(inventory.adopt(world.staff, World::run(), possible->id));
}

TEST_F(AdoptionOfferTest, ARideOnASeatThatWouldBeGivenTwiceIsLost) {
    const auto first = inventory.hold(world.anna, world.seats("A", "H", {{"2", "11"}}));
    const auto second = inventory.hold(world.ben, world.seats("G", "F", {{"2", "11"}}));
    ASSERT_TRUE(first && second);
    import(
        "early,08:00:00,08:00:00,A,1\nearly,08:30:00,08:31:00,G,2\nearly,09:20:00,09:22:00,H,3\n"
        "early,12:00:00,12:00:00,F,4\n");
    const auto offer = inventory.offer_adoption(world.staff, World::run());
    ASSERT_TRUE(offer) << offer.error().detail;
    ASSERT_THAT(offer->lost, SizeIs(1));
    EXPECT_EQ(offer->lost[0].hold, second->id);
    EXPECT_EQ(offer->unaffected, 1U);
    EXPECT_EQ(inventory.adopt(world.staff, World::run(), offer->id).error().code, ErrorCode::conflict);
}

TEST_F(AdoptionOfferTest, AChangeOfTrainsThatIsMissedIsTold) {
    const auto held = inventory.hold(
        world.anna,
        {world.key(), {{World::run("early"), "A", "H", BestSeats{1}}, {World::run("late"), "H", "F", BestSeats{1}}}});
    ASSERT_TRUE(held) << held.error().detail;
    const auto misses = [&](const std::string& arrival) {
        import("early,08:00:00,08:00:00,A,1\nearly," + arrival + "," + arrival + ",H,2\nearly,20:00:00,20:00:00,F,3\n");
        const auto offer = inventory.offer_adoption(world.staff, World::run());
        EXPECT_TRUE(offer) << offer.error().detail;
        EXPECT_THAT(offer->affected, SizeIs(1));
        return offer->affected.front().misses;
    };
    EXPECT_THAT(misses("19:20:00"), IsEmpty()) << "two minutes are enough";
    EXPECT_THAT(misses("19:20:01"), ElementsAre(World::run("late")));
}

TEST_F(AdoptionOfferTest, AnOfferHoldsOnlyWhileRunAndTimetableAreAsTheyWere) {
    ASSERT_TRUE(inventory.hold(world.anna, world.best("A", "F", 1)));
    import(kLater);
    const auto offer = inventory.offer_adoption(world.staff, World::run());
    ASSERT_TRUE(offer) << offer.error().detail;
    ASSERT_TRUE(inventory.hold(world.ben, world.best("A", "F", 1)));
    EXPECT_EQ(inventory.adopt(world.staff, World::run(), offer->id).error().code, ErrorCode::conflict);
    const auto second = inventory.offer_adoption(world.staff, World::run());
    import(kWithoutHannover);
    EXPECT_EQ(inventory.adopt(world.staff, World::run(), second->id).error().code, ErrorCode::conflict);
    const auto third = inventory.offer_adoption(world.staff, World::run());
    EXPECT_TRUE(inventory.adopt(world.staff, World::run(), third->id));
}

TEST_F(AdoptionOfferTest, AQuoteFromBeforeTheChangeIsBookedAfterIt) {
    const auto quote = world.quote("H", "F", 1);
    const auto hold = inventory.hold(world.anna, world.best("H", "F", 1));
    ASSERT_TRUE(hold) << hold.error().detail;
    import(
        "early,08:00:00,08:00:00,A,1\nearly,08:30:00,08:31:00,G,2\nearly,09:20:00,09:22:00,H,3\n"
        "early,12:00:00,12:00:00,F,4\n");
    const auto offer = inventory.offer_adoption(world.staff, World::run());
    ASSERT_TRUE(offer) << offer.error().detail;
    ASSERT_TRUE(inventory.adopt(world.staff, World::run(), offer->id));
    EXPECT_NE(inventory.find(world.anna, hold->id)->items[0].span, hold->items[0].span);
    const auto booking = world.engine().bookings().create(
        world.anna, {world.key(), hold->id, hold->fence, quote.token, {{"1", "Ada", "Lovelace"}}});
    ASSERT_TRUE(booking) << booking.error().detail;
    EXPECT_EQ(booking->total, quote.total);
    EXPECT_EQ(booking->parts.front().span, (Span{2, 3}));
}

TEST_F(AdoptionOfferTest, ABlockWithItsKeyIsAnsweredAgainAfterTheChange) {
    const BlockRequest request{world.key(), World::run(), "H", "F", {{"2", "11"}}};
    const auto blocked = inventory.block(world.staff, request);
    ASSERT_TRUE(blocked) << blocked.error().detail;
    const auto adopt = [&](std::string_view stop_times) {
        import(stop_times);
        const auto offer = inventory.offer_adoption(world.staff, World::run());
        ASSERT_TRUE(offer) << offer.error().detail;
        const auto adopted = inventory.adopt(world.staff, World::run(), offer->id);
        ASSERT_TRUE(adopted) << adopted.error().detail;
    };
    adopt(
        "early,08:00:00,08:00:00,A,1\nearly,08:30:00,08:31:00,G,2\nearly,09:20:00,09:22:00,H,3\n"
        "early,12:00:00,12:00:00,F,4\n");
    auto again = inventory.block(world.staff, request);
    ASSERT_TRUE(again) << again.error().detail;
    EXPECT_EQ(*again, *blocked);
    ASSERT_TRUE(inventory.unblock(world.staff, request));
    adopt(kWithoutHannover);
    again = inventory.block(world.staff, request);
    ASSERT_TRUE(again) << "the call is gone, the answer is not: " << again.error().detail;
    EXPECT_EQ(*again, *blocked);
    auto other = request;
    other.seats = {{"2", "12"}};
    EXPECT_EQ(inventory.block(world.staff, other).error().code, ErrorCode::key_reused);
    other.key = world.key();
    EXPECT_EQ(inventory.block(world.staff, other).error().code, ErrorCode::not_found);
    EXPECT_EQ(inventory.block(world.anna, request).error().code, ErrorCode::forbidden);
}

TEST_F(AdoptionOfferTest, ATrainThatOnlyGetsAnotherNameAffectsEveryRide) {
    ASSERT_TRUE(inventory.hold(world.anna, world.best("A", "F", 1)));
    std::ofstream{world.folder.path() / "routes.txt"}
        << "route_id,agency_id,route_short_name,route_type\nIC,T,IC 2,2\nICE,T,ICE 9,2\n";
    ImportOptions options;
    options.name = "t";
    ASSERT_TRUE(world.engine().timetable().import_gtfs(world.folder.path().string(), options));
    const auto offer = inventory.offer_adoption(world.staff, World::run());
    ASSERT_TRUE(offer) << offer.error().detail;
    EXPECT_EQ(offer->unaffected, 0U);
    EXPECT_THAT(offer->affected, SizeIs(1));
}

TEST_F(AdoptionOfferTest, OnlyAnOperatorAndOnlyASoldRunThatTheTimetableStillHas) {
    EXPECT_EQ(inventory.offer_adoption(world.anna, World::run()).error().code, ErrorCode::forbidden);
    EXPECT_EQ(inventory.adopt(world.anna, World::run(), "x").error().code, ErrorCode::forbidden);
    EXPECT_EQ(inventory.offer_adoption(world.staff, World::run()).error().code, ErrorCode::conflict) << "not sold";
    EXPECT_EQ(inventory.offer_adoption(world.staff, World::run("none")).error().code, ErrorCode::not_found);
    ASSERT_TRUE(inventory.hold(world.anna, world.best("A", "F", 1)));
    EXPECT_EQ(inventory.offer_adoption(world.staff, World::run()).error().code, ErrorCode::conflict) << "no change";
    import("late,18:00:00,18:00:00,A,1\nlate,19:20:00,19:22:00,H,2\n");
    const auto refused = inventory.offer_adoption(world.staff, World::run());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
    EXPECT_FALSE(refused.error().hint.empty());
}

/// The timetable has fewer calls than the run that was sold: its segments have other numbers.
TEST_F(AdoptionOfferTest, FreeSeatsOfAJourneyAreThoseOfTheRunAsItWasSold) {
    ASSERT_TRUE(inventory.hold(world.anna, world.best("G", "F", 4)));
    import(kWithoutHannover);
    JourneyQuery query{.from = {"t", "A"}, .to = {"t", "G"}};
    query.depart = parse_when("2026-12-01T06:00:00Z", "UTC")->time;
    query.window = std::chrono::hours{2};
    const auto before = world.engine().find_journeys(query);
    ASSERT_TRUE(before) << before.error().detail;
    ASSERT_THAT(before->journeys, SizeIs(1));
    EXPECT_EQ(before->journeys[0].legs[0].free.at("second"), 4) << "only later the train is full";
    query.from = {"t", "G"};
    query.to = {"t", "F"};
    query.window = std::chrono::hours{4};
    const auto full = world.engine().find_journeys(query);
    ASSERT_TRUE(full) << full.error().detail;
    ASSERT_THAT(full->journeys, SizeIs(1));
    EXPECT_EQ(full->journeys[0].legs[0].free.at("second"), 0);
}

TEST(ChangesOfTest, CallsThatComeGoOrChangeAreTold) {
    const auto call = [](const char* station, int hour) {
        Call made;
        made.id.station = {"t", station};
        made.arrives = made.departs = Timestamp{std::chrono::hours{hour}};
        return made;
    };
    railbook::Run before;
    before.calls = {call("A", 1), call("B", 2), call("C", 3)};
    EXPECT_THAT(changes_of(before, before), IsEmpty());
    railbook::Run after;
    after.calls = {call("A", 1), call("X", 2), call("C", 4)};
    const auto changes = changes_of(before, after);
    ASSERT_THAT(changes, SizeIs(3));
    EXPECT_EQ(changes[0].after->id.station.stop, "X");
    EXPECT_FALSE(changes[0].before);
    EXPECT_EQ(changes[1].before->id.station.stop, "B");
    EXPECT_FALSE(changes[1].after);
    EXPECT_EQ(changes[2].after->arrives, Timestamp{std::chrono::hours{4}});
    railbook::Run again = before;
    again.calls.edit()[1].id.nth = 1;
    again.calls.edit().push_back(call("B", 4));
    again.calls.edit()[3].id.nth = 2;
    const auto added = changes_of(before, again);
    ASSERT_THAT(added, SizeIs(1)) << "the first one is as it was";
    EXPECT_EQ(added[0].after->id.nth, 2);
    EXPECT_FALSE(added[0].before);
    railbook::Run measured = before;
    measured.calls.edit()[1].distance = 5;
    EXPECT_THAT(changes_of(before, measured), IsEmpty());
}

}  // namespace
}  // namespace railbook
