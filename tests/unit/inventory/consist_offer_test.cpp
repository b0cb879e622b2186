#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace railbook {
namespace {

using test::World;

class ConsistOfferTest : public testing::Test {
protected:
    /// `coaches` as pairs of a number and a layout.
    std::shared_ptr<const Consist> consist(const std::vector<std::pair<std::string, std::string>>& coaches) {
        std::string text = R"({"consist": "new", "coaches": [)";
        for (const auto& [number, layout] : coaches) {
            text += R"({"number": ")" + number + R"(", "layout": ")" + layout + R"("},)";
        }
        text.pop_back();
        const auto read = world.engine().timetable().read_consist(text + "]}");
        EXPECT_TRUE(read) << read.error().detail;
        return *read;
    }
    ConsistOffer offer(const std::shared_ptr<const Consist>& coaches) {
        auto made = inventory.offer_consist(world.staff, World::run(), coaches);
        EXPECT_TRUE(made) << made.error().detail;
        return *std::move(made);
    }
    Hold hold(const Principal& who, std::vector<SeatId> seats) {
        const auto held = inventory.hold(who, world.seats("A", "F", std::move(seats)));
        EXPECT_TRUE(held) << held.error().detail;
        return *held;
    }

    /// Trains get one coach, number 3, with places for a wheelchair and its companion; and there are other layouts.
    void import_accessible_train() {
        const auto imported = world.engine().timetable().import_layouts(R"({"name": "accessible", "layouts": [
            {"layout": "accessible", "class": "second", "places": [
                {"number": "1", "row": 1, "column": "A"}, {"number": "2", "row": 1, "column": "B"},
                {"number": "5", "row": 2, "column": "A"}, {"number": "6", "row": 2, "column": "B"},
                {"number": "9", "row": 3, "column": "A", "properties": ["WHEELCHAIR"]},
                {"number": "10", "row": 3, "column": "B", "properties": ["COMPANION"]}]},
            {"layout": "plain", "class": "second", "places": [
                {"number": "9", "row": 1, "column": "A"}, {"number": "10", "row": 1, "column": "B"}]},
            {"layout": "singles", "class": "second", "places": [
                {"number": "21", "row": 1, "column": "A"}, {"number": "22", "row": 4, "column": "A"}]},
            {"layout": "few", "class": "second", "places": [
                {"number": "21", "row": 1, "column": "A"}, {"number": "22", "row": 4, "column": "A"},
                {"number": "31", "row": 7, "column": "A", "properties": ["WHEELCHAIR"]},
                {"number": "32", "row": 7, "column": "B", "properties": ["COMPANION"]}]}],
            "consists": [{"consist": "accessible", "coaches": [{"number": "3", "layout": "accessible"}],
                          "applies_to": [{"trip": "*"}]}]})");
        ASSERT_TRUE(imported) << imported.error().detail;
    }
    /// "3/9 to 7/9 without WHEELCHAIR, apart".
    static std::vector<std::string> lines_of(const std::vector<AffectedSeat>& seats) {
        std::vector<std::string> lines;
        for (const auto& seat : seats) {
            lines.push_back(to_string(seat.from) + " to " + to_string(seat.to));
            for (const auto& lost : seat.loses) lines.back() += " without " + lost;
            if (seat.is_apart) lines.back() += ", apart";
        }
        std::ranges::sort(lines);
        return lines;
    }

    World world;
    Inventory& inventory = world.engine().inventory();
};

TEST_F(ConsistOfferTest, AWheelchairAndItsCompanionGetTheirPlaces) {
    import_accessible_train();
    hold(world.ben, {{"3", "1"}, {"3", "2"}, {"3", "5"}});
    hold(world.anna, {{"3", "9"}, {"3", "10"}});
    const auto coaches = consist({{"7", "accessible"}, {"8", "accessible"}});
    const auto made = offer(coaches);
    EXPECT_THAT(lines_of(made.reseatings),
                testing::ElementsAre("3/1 to 7/1", "3/10 to 7/10", "3/2 to 7/2", "3/5 to 7/5", "3/9 to 7/9"));
    EXPECT_THAT(made.worse_off, testing::IsEmpty());
    ASSERT_TRUE(inventory.change_consist(world.staff, World::run(), coaches, made.id));
}

TEST_F(ConsistOfferTest, APlaceForAWheelchairIsNotGivenAwayToALargerParty) {
    import_accessible_train();
    hold(world.ben, {{"3", "1"}, {"3", "2"}, {"3", "5"}, {"3", "6"}});
    hold(world.anna, {{"3", "9"}, {"3", "10"}});
    const auto made = offer(consist({{"7", "few"}}));
    EXPECT_THAT(lines_of(made.reseatings), testing::IsSupersetOf({"3/9 to 7/31", "3/10 to 7/32"}));
    EXPECT_EQ(made.stranded.size(), 2U);
}

TEST_F(ConsistOfferTest, WhoLosesAPlaceForAWheelchairIsTold) {
    import_accessible_train();
    hold(world.anna, {{"3", "9"}, {"3", "10"}});
    EXPECT_THAT(lines_of(offer(consist({{"5", "plain"}})).reseatings),
                testing::ElementsAre("3/10 to 5/10 without COMPANION", "3/9 to 5/9 without WHEELCHAIR"));
    // The coach of that number has seats of these numbers, which are others.
    const auto same_numbers = offer(consist({{"3", "plain"}}));
    EXPECT_THAT(same_numbers.reseatings, testing::IsEmpty());
    EXPECT_THAT(lines_of(same_numbers.worse_off),
                testing::ElementsAre("3/10 to 3/10 without COMPANION", "3/9 to 3/9 without WHEELCHAIR"));
    EXPECT_EQ(same_numbers.unaffected, 0U);
    const auto better = offer(consist({{"3", "plain"}, {"4", "accessible"}}));
    EXPECT_THAT(lines_of(better.reseatings), testing::ElementsAre("3/10 to 4/10", "3/9 to 4/9"));
    EXPECT_THAT(better.worse_off, testing::IsEmpty());
}

TEST_F(ConsistOfferTest, APartyStaysInAsFewPiecesAsItWasOrIsToldToBeApart) {
    import_accessible_train();
    hold(world.anna, {{"3", "1"}, {"3", "2"}});
    EXPECT_THAT(lines_of(offer(consist({{"7", "few"}})).reseatings),
                testing::ElementsAre("3/1 to 7/31", "3/2 to 7/32"));
    EXPECT_THAT(lines_of(offer(consist({{"7", "singles"}})).reseatings),
                testing::ElementsAre("3/1 to 7/21, apart", "3/2 to 7/22, apart"));
}

TEST_F(ConsistOfferTest, WhoCouldStayGoesWithThePartyThatCannot) {
    import_accessible_train();
    const auto layouts = world.engine().timetable().import_layouts(R"({"name": "half", "layouts": [
        {"layout": "half", "class": "second", "places": [{"number": "1", "row": 1, "column": "A"}]}],
        "consists": []})");
    ASSERT_TRUE(layouts) << layouts.error().detail;
    hold(world.anna, {{"3", "1"}, {"3", "2"}});
    const auto coaches = consist({{"3", "half"}, {"4", "accessible"}});
    const auto made = offer(coaches);
    EXPECT_THAT(lines_of(made.reseatings), testing::ElementsAre("3/1 to 4/1", "3/2 to 4/2"));
    EXPECT_EQ(made.unaffected, 0U);
    EXPECT_TRUE(inventory.change_consist(world.staff, World::run(), coaches, made.id));
    EXPECT_TRUE(world.engine().verify()->ok());
}

TEST_F(ConsistOfferTest, TheOfferSaysWhoseTheSeatsAreAndWhichBlocksEnd) {
    const auto booking = world.prebooked(world.anna);
    ASSERT_TRUE(world.engine().bookings().pay(world.anna, {world.key(), booking.id, "sandbox:success"}));
    ASSERT_TRUE(world.engine().run_due(100));
    hold(world.ben, {{"1", "1"}});
    ASSERT_TRUE(inventory.block(world.staff, {world.key(), World::run(), "H", "F", {{"2", "14"}}}));
    ASSERT_TRUE(inventory.block(world.staff, {world.key(), World::run(), "A", "F", {{"1", "2"}}}));
    const auto made = offer(consist({{"1", "small-first"}, {"5", "small-second"}}));
    ASSERT_EQ(made.reseatings.size(), 1U);
    EXPECT_EQ(made.reseatings[0].owner, "user:anna");
    EXPECT_EQ(made.reseatings[0].reference, booking.reference);
    EXPECT_EQ(made.reseatings[0].tickets, 1U);
    EXPECT_EQ(made.unaffected, 1U);
    ASSERT_EQ(made.blocks_lost.size(), 1U);
    EXPECT_EQ(made.blocks_lost[0].seat, (SeatId{"2", "14"}));
    EXPECT_EQ(made.blocks_lost[0].from.name, "Hannover");
    EXPECT_EQ(made.blocks_lost[0].to.name, "Frankfurt");
}

TEST_F(ConsistOfferTest, APartyMovesTogetherAndNothingHappensBeforeTheYes) {
    const auto party = hold(world.anna, {{"2", "12"}, {"2", "13"}});
    const auto coaches = consist({{"1", "small-first"}, {"5", "small-second"}});
    const auto made = offer(coaches);
    EXPECT_EQ(made.unaffected, 0U);
    ASSERT_EQ(made.reseatings.size(), 2U);
    EXPECT_EQ(made.reseatings[0].to.coach, "5");
    EXPECT_EQ(coaches->index_of(made.reseatings[1].to), *coaches->index_of(made.reseatings[0].to) + 1);
    EXPECT_THAT(made.stranded, testing::IsEmpty());
    EXPECT_EQ(inventory.find(world.anna, party.id)->items[0].seats[0].id, (SeatId{"2", "12"}));

    const auto run = inventory.change_consist(world.staff, World::run(), coaches, made.id);
    ASSERT_TRUE(run) << run.error().detail;
    EXPECT_EQ(inventory.find(world.anna, party.id)->items[0].seats[0].id, made.reseatings[0].to);
    EXPECT_EQ(*world.engine().timetable().run(World::run())->consist, *coaches);
    EXPECT_TRUE(world.engine().verify()->ok());
    EXPECT_TRUE(inventory.change_consist(world.staff, World::run(), coaches, made.id)) << "repeating is success";
}

TEST_F(ConsistOfferTest, WhoKeepsASeatOfTheSameNameStaysThere) {
    hold(world.anna, {{"1", "1"}});
    hold(world.ben, {{"2", "11"}});
    const auto made = offer(consist({{"2", "small-second"}, {"1", "small-first"}, {"3", "small-second"}}));
    EXPECT_EQ(made.unaffected, 2U);
    EXPECT_THAT(made.reseatings, testing::IsEmpty());
}

TEST_F(ConsistOfferTest, TheRestOfAPartyComesToThoseWhoStay) {
    const auto layouts = world.engine().timetable().import_layouts(R"({"name": "more", "layouts": [
        {"layout": "half", "class": "second", "places": [{"number": "11"}, {"number": "21"}, {"number": "22"}]}],
        "consists": []})");
    ASSERT_TRUE(layouts) << layouts.error().detail;
    hold(world.anna, {{"2", "11"}, {"2", "12"}});
    const auto made = offer(consist({{"1", "small-second"}, {"2", "half"}}));
    EXPECT_EQ(made.unaffected, 1U);
    ASSERT_EQ(made.reseatings.size(), 1U);
    EXPECT_EQ(made.reseatings[0].from, (SeatId{"2", "12"}));
    EXPECT_EQ(made.reseatings[0].to.coach, "2");
}

TEST_F(ConsistOfferTest, WhoHasPaidIsSeatedBeforeWhoHasNot) {
    const auto waiting = hold(world.ben, {{"2", "11"}});
    const auto booking = world.prebooked(world.anna);
    ASSERT_TRUE(world.engine().bookings().pay(world.anna, {world.key(), booking.id, "sandbox:success"}));
    const auto layouts = world.engine().timetable().import_layouts(R"({"name": "more", "layouts": [
        {"layout": "one", "class": "second", "places": [{"number": "99"}]}], "consists": []})");
    ASSERT_TRUE(layouts) << layouts.error().detail;
    const auto coaches = consist({{"7", "one"}});
    const auto made = offer(coaches);
    ASSERT_EQ(made.reseatings.size(), 1U);
    EXPECT_EQ(made.reseatings[0].hold, booking.hold);
    ASSERT_EQ(made.stranded.size(), 1U);
    EXPECT_EQ(made.stranded[0].hold, waiting.id);
    const auto refused = inventory.change_consist(world.staff, World::run(), coaches, made.id);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
    EXPECT_EQ(inventory.find(world.ben, waiting.id)->items[0].seats[0].id, (SeatId{"2", "11"}));
}

TEST_F(ConsistOfferTest, AnOfferHoldsOnlyWhileTheRunIsAsItWas) {
    const auto coaches = consist({{"5", "small-second"}});
    const auto made = offer(coaches);
    hold(world.anna, {{"2", "11"}});
    EXPECT_EQ(inventory.change_consist(world.staff, World::run(), coaches, made.id).error().code, ErrorCode::conflict);
    EXPECT_TRUE(inventory.change_consist(world.staff, World::run(), coaches, offer(coaches).id));
}

TEST_F(ConsistOfferTest, OnlyAnOperatorAndOnlyOtherCoaches) {
    const auto coaches = consist({{"5", "small-second"}});
    EXPECT_EQ(inventory.offer_consist(world.anna, World::run(), coaches).error().code, ErrorCode::forbidden);
    EXPECT_EQ(inventory.change_consist(world.anna, World::run(), coaches, "x").error().code, ErrorCode::forbidden);
    const auto same = consist({{"1", "small-first"}, {"2", "small-second"}});
    auto named = std::make_shared<Consist>(*same);
    named->name = "small";
    EXPECT_EQ(inventory.offer_consist(world.staff, World::run(), named).error().code, ErrorCode::conflict);
    EXPECT_EQ(world.engine().timetable().read_consist(R"({"name": "empty"})").error().code, ErrorCode::bad_data);
}

}  // namespace
}  // namespace railbook
