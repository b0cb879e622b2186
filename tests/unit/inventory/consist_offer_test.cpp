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

    World world;
    Inventory& inventory = world.engine().inventory();
};

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
