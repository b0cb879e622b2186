#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace railbook {
namespace {

using test::World;
using namespace std::chrono_literals;

class InventoryTest : public testing::Test {
protected:
    World world;
    Inventory& inventory = world.engine().inventory();

    std::map<std::string, int> free(std::uint16_t from, std::uint16_t to) {
        const auto answer = inventory.availability({{World::run(), {from, to}}});
        EXPECT_TRUE(answer) << answer.error().detail;
        return answer->front().free;
    }
};

TEST_F(InventoryTest, ASeatThatIsLeftAtHannoverIsHeldAgainFromHannover) {
    const auto first = inventory.hold(world.anna, world.seats("A", "H", {{"2", "11"}}));
    ASSERT_TRUE(first) << first.error().detail;
    const auto second = inventory.hold(world.ben, world.seats("H", "F", {{"2", "11"}}));
    ASSERT_TRUE(second) << second.error().detail;
    EXPECT_GT(second->fence, first->fence);
    EXPECT_EQ(inventory.hold(world.ben, world.seats("G", "F", {{"2", "11"}})).error().code, ErrorCode::seat_taken);
}

TEST_F(InventoryTest, AHoldIsAllOrNothing) {
    ASSERT_TRUE(inventory.hold(world.anna, world.seats("H", "G", {{"2", "12"}})));
    const auto refused = inventory.hold(world.ben, world.seats("A", "F", {{"2", "11"}, {"2", "12"}}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::seat_taken);
    EXPECT_THAT(refused.error().detail, testing::HasSubstr("2/12"));
    EXPECT_TRUE(inventory.hold(world.ben, world.seats("A", "F", {{"2", "11"}})));
}

TEST_F(InventoryTest, SeveralRunsAreHeldTogetherOrNotAtAll) {
    HoldRequest both{world.key(),
                     {{World::run("early"), "A", "H", BestSeats{1, "first"}},
                      {World::run("late"), "H", "F", std::vector<SeatId>{{"1", "1"}}}}};
    const auto held = inventory.hold(world.anna, both);
    ASSERT_TRUE(held) << held.error().detail;
    ASSERT_EQ(held->items.size(), 2U);
    both.key = world.key();
    const auto refused = inventory.hold(world.ben, both);
    EXPECT_EQ(refused.error().code, ErrorCode::seat_taken);
    EXPECT_EQ(free(0, 1).at("first"), 1);
}

TEST_F(InventoryTest, TheDeadlineItselfIsAlreadyTooLate) {
    const auto first = inventory.hold(world.anna, world.seats("A", "F", {{"2", "11"}}));
    ASSERT_TRUE(first);
    world.environment.set_now(first->expires_at - 1ms);
    EXPECT_EQ(inventory.hold(world.ben, world.seats("A", "F", {{"2", "11"}})).error().code, ErrorCode::seat_taken);
    EXPECT_EQ(inventory.find(world.anna, first->id)->status, HoldStatus::held);
    world.environment.set_now(first->expires_at);
    EXPECT_EQ(inventory.find(world.anna, first->id)->status, HoldStatus::expired);
    EXPECT_EQ(inventory.extend(world.anna, {first->id, first->fence}).error().code, ErrorCode::hold_expired);
    EXPECT_TRUE(inventory.hold(world.ben, world.seats("A", "F", {{"2", "11"}})));
}

TEST_F(InventoryTest, RepeatingAKeyRepeatsTheAnswerAndHoldsNothingMore) {
    const auto request = world.best("A", "F", 2);
    const auto first = inventory.hold(world.anna, request);
    ASSERT_TRUE(first);
    world.environment.advance(1min);
    const auto again = inventory.hold(world.anna, request);
    ASSERT_TRUE(again);
    EXPECT_EQ(*again, *first);
    EXPECT_EQ(free(0, 3).at("second"), 2);
}

TEST_F(InventoryTest, AKeyIsNotGoodForAnotherRequest) {
    auto request = world.best("A", "F", 1);
    ASSERT_TRUE(inventory.hold(world.anna, request));
    request.items.front().to = "G";
    EXPECT_EQ(inventory.hold(world.anna, request).error().code, ErrorCode::key_reused);
    // Another's key of the same text is another key.
    EXPECT_TRUE(inventory.hold(world.ben, request));
}

TEST_F(InventoryTest, AReleasedSeatIsFreeAndReleasingAgainIsSuccess) {
    const auto held = inventory.hold(world.anna, world.seats("A", "F", {{"2", "11"}}));
    ASSERT_TRUE(held);
    EXPECT_TRUE(inventory.release(world.anna, held->id, held->fence));
    EXPECT_TRUE(inventory.release(world.anna, held->id, held->fence));
    EXPECT_EQ(inventory.extend(world.anna, {held->id, held->fence}).error().code, ErrorCode::hold_lost);
    EXPECT_EQ(free(0, 3).at("second"), 4);
}

TEST_F(InventoryTest, OnlyTheOwnerOrAnOperatorEndsAHold) {
    const auto held = inventory.hold(world.anna, world.best("A", "F", 1));
    ASSERT_TRUE(held);
    EXPECT_EQ(inventory.release(world.ben, held->id, held->fence).error().code, ErrorCode::not_found);
    EXPECT_EQ(inventory.find(world.ben, held->id).error().code, ErrorCode::not_found);
    EXPECT_EQ(inventory.release(world.anna, held->id, held->fence + 1).error().code, ErrorCode::hold_lost);
    EXPECT_EQ(inventory.release(world.anna, held->id, std::nullopt).error().code, ErrorCode::invalid_argument);
    EXPECT_TRUE(inventory.release(world.staff, held->id, std::nullopt));
}

TEST_F(InventoryTest, AnExtensionEndsAtTheLongestTimeAHoldMayLast) {
    const auto held = inventory.hold(world.anna, world.best("A", "F", 1));
    ASSERT_TRUE(held);
    const auto once = inventory.extend(world.anna, {held->id, held->fence, 5min});
    ASSERT_TRUE(once) << once.error().detail;
    EXPECT_EQ(once->expires_at, held->expires_at + 5min);
    const auto far = inventory.extend(world.anna, {held->id, held->fence, 24h});
    ASSERT_TRUE(far) << far.error().detail;
    EXPECT_EQ(far->expires_at, held->created_at + 30min);
    EXPECT_EQ(inventory.extend(world.anna, {held->id, held->fence, Duration::zero()}).error().code,
              ErrorCode::invalid_argument);
}

TEST_F(InventoryTest, LimitsAreKept) {
    for (int i = 0; i < 5; ++i) {
        HoldRequest request{world.key(), {{World::run(i % 2 ? "early" : "late"), "A", "F", BestSeats{1, "second"}}}};
        ASSERT_TRUE(inventory.hold(world.anna, request)) << i;
    }
    EXPECT_EQ(inventory.hold(world.anna, world.best("A", "F", 1)).error().code, ErrorCode::too_many_requests);
    EXPECT_TRUE(inventory.hold(world.staff, world.best("A", "F", 1)));
    EXPECT_EQ(inventory.hold(world.ben, world.best("A", "F", 10)).error().code, ErrorCode::invalid_argument);
}

TEST(HoldPolicyTest, ItsMostSeatsAreOfTheRunAndNotOfAnItem) {
    EngineOptions options;
    options.holds.max_seats = 3;
    World world{"memory:", options};
    auto& inventory = world.engine().inventory();
    const auto item = [](const char* trip, const char* from, const char* to, int count, const char* of_class) {
        return HoldItemRequest{World::run(trip), from, to, BestSeats{count, of_class}};
    };
    const auto code_of = [&](std::vector<HoldItemRequest> items) {
        const auto held = inventory.hold(world.ben, {world.key(), std::move(items)});
        return held ? std::optional<ErrorCode>{} : held.error().code;
    };
    EXPECT_EQ(code_of({item("early", "A", "F", 2, "second"), item("early", "A", "F", 2, "first")}),
              ErrorCode::invalid_argument);
    EXPECT_EQ(code_of({item("early", "H", "F", 2, "second"), item("early", "A", "G", 2, "first")}),
              ErrorCode::invalid_argument);
    EXPECT_EQ(code_of({item("early", "H", "F", 1, "second"), item("early", "A", "H", 2, "second"),
                       item("early", "G", "F", 1, "first"), item("early", "A", "F", 2, "second")}),
              ErrorCode::invalid_argument);
    // So many at a time they are where passengers change seats on the way, and where they go on with another train.
    EXPECT_EQ(code_of({item("early", "A", "H", 3, "second"), item("early", "H", "F", 3, "second")}), std::nullopt);
    EXPECT_EQ(code_of({item("early", "A", "F", 1, "second"), item("early", "A", "F", 2, "first"),
                       item("late", "A", "F", 3, "second")}),
              std::nullopt);
}

TEST_F(InventoryTest, SoldOutSaysSo) {
    ASSERT_TRUE(inventory.hold(world.anna, world.best("A", "H", 4)));
    EXPECT_EQ(inventory.hold(world.ben, world.best("A", "F", 1)).error().code, ErrorCode::sold_out);
    EXPECT_TRUE(inventory.hold(world.ben, world.best("H", "F", 4)));
}

TEST_F(InventoryTest, ARefusalOffersTheNearestFreeSeats) {
    ASSERT_TRUE(inventory.hold(world.anna, world.seats("A", "F", {{"2", "12"}, {"2", "13"}})));
    const auto refused = inventory.hold(world.ben, world.seats("H", "G", {{"2", "13"}}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().detail, "taken: 2/13 on IC 1 (2026-12-01.t:early)");
    EXPECT_EQ(refused.error().hint, "the nearest free seats: 2/14, 2/11, 1/2, 1/1 on IC 1 (2026-12-01.t:early)");
}

TEST_F(InventoryTest, ARefusalOffersNothingThatWasAskedFor) {
    ASSERT_TRUE(inventory.hold(world.anna, world.seats("A", "F", {{"2", "12"}})));
    auto request = world.seats("A", "F", {{"2", "11"}, {"2", "12"}});
    request.items.push_back({World::run(), "G", "F", std::vector<SeatId>{{"2", "13"}}});
    const auto refused = inventory.hold(world.ben, request);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().hint, "the nearest free seats: 2/14, 1/2, 1/1 on IC 1 (2026-12-01.t:early)");
}

TEST_F(InventoryTest, ARefusalNamesTheTakenSeatsOfAllRides) {
    HoldRequest both{world.key(),
                     {{World::run("early"), "A", "H", std::vector<SeatId>{{"2", "11"}, {"2", "12"}}},
                      {World::run("late"), "H", "F", std::vector<SeatId>{{"1", "1"}, {"1", "2"}}},
                      {World::run("late"), "A", "H", std::vector<SeatId>{{"2", "11"}}}}};
    const auto held = inventory.hold(world.anna, both);
    ASSERT_TRUE(held) << held.error().detail;
    both.key = world.key();
    both.items[0].seats = std::vector<SeatId>{{"2", "12"}, {"2", "13"}};
    both.items[1].seats = std::vector<SeatId>{{"1", "1"}};
    both.items[2].seats = std::vector<SeatId>{{"2", "12"}};
    const auto refused = inventory.hold(world.ben, both);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::seat_taken);
    EXPECT_EQ(refused.error().detail, "taken: 2/12 on IC 1 (2026-12-01.t:early); 1/1 on ICE 9 (2026-12-01.t:late)");
    EXPECT_EQ(refused.error().hint,
              "the nearest free seats: 2/14, 1/2, 1/1 on IC 1 (2026-12-01.t:early); "
              "2/11, 2/12, 2/13, 2/14 on ICE 9 (2026-12-01.t:late)");
    // Also where another of them is sold out.
    both.items.push_back({World::run("early"), "A", "H", BestSeats{3, "second"}});
    EXPECT_EQ(inventory.hold(world.ben, both).error().code, ErrorCode::seat_taken);
}

TEST_F(InventoryTest, AHoldSaysWhyItsSeats) {
    const auto chosen = inventory.hold(world.anna, world.best("A", "F", 2));
    ASSERT_TRUE(chosen) << chosen.error().detail;
    EXPECT_EQ(chosen->items.front().reason, "2 together in coach 2, filling a gap exactly");
    const auto named = inventory.hold(world.anna, world.seats("A", "F", {{"2", "14"}}));
    ASSERT_TRUE(named) << named.error().detail;
    EXPECT_EQ(named->items.front().reason, "");
}

TEST_F(InventoryTest, WhoMayChangeSeatsGetsAnItemForEachStage) {
    ASSERT_TRUE(inventory.hold(world.ben, world.seats("A", "H", {{"2", "11"}, {"2", "12"}})));
    ASSERT_TRUE(inventory.hold(world.ben, world.seats("H", "F", {{"2", "13"}, {"2", "14"}})));
    auto request = world.best("A", "F", 2);
    EXPECT_EQ(inventory.hold(world.anna, request).error().code, ErrorCode::sold_out);
    std::get<BestSeats>(request.items.front().seats).wishes.changes = 1;
    const auto held = inventory.hold(world.anna, request);
    ASSERT_TRUE(held) << held.error().detail;
    ASSERT_EQ(held->items.size(), 2U);
    EXPECT_EQ(held->items[0].span, (Span{0, 1}));
    EXPECT_EQ(held->items[0].to.name, "Hannover");
    EXPECT_EQ(held->items[0].seats.front().id, (SeatId{"2", "13"}));
    EXPECT_EQ(held->items[1].span, (Span{1, 3}));
    EXPECT_EQ(held->items[1].from.name, "Hannover");
    EXPECT_EQ(held->items[1].seats.front().id, (SeatId{"2", "11"}));
    EXPECT_EQ(free(0, 3).at("second"), 0);
}

TEST_F(InventoryTest, WishesAreAPartOfTheRequest) {
    auto request = world.best("A", "F", 1);
    std::get<BestSeats>(request.items.front().seats).wishes.near = SeatId{"2", "13"};
    const auto held = inventory.hold(world.anna, request);
    ASSERT_TRUE(held) << held.error().detail;
    EXPECT_EQ(held->items.front().seats.front().id, (SeatId{"2", "13"}));
    EXPECT_EQ(*inventory.hold(world.anna, request), *held);
    std::get<BestSeats>(request.items.front().seats).wishes.near = SeatId{"2", "12"};
    EXPECT_EQ(inventory.hold(world.anna, request).error().code, ErrorCode::key_reused);
    request.key = world.key();
    std::get<BestSeats>(request.items.front().seats).wishes = {.properties = {"WINDOW"}, .required = true};
    const auto refused = inventory.hold(world.anna, request);
    EXPECT_EQ(refused.error().code, ErrorCode::sold_out);
    EXPECT_THAT(refused.error().detail, testing::HasSubstr("with what is required"));
}

TEST_F(InventoryTest, NamesWhatThereIsNot) {
    EXPECT_EQ(inventory.hold(world.anna, world.seats("A", "F", {{"2", "99"}})).error().code, ErrorCode::not_found);
    EXPECT_EQ(inventory.hold(world.anna, world.seats("A", "X", {{"2", "11"}})).error().code, ErrorCode::not_found);
    EXPECT_EQ(inventory.hold(world.anna, world.best("A", "F", 1, "third")).error().code, ErrorCode::not_found);
    EXPECT_EQ(inventory.hold(world.anna, world.best("F", "A", 1)).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(inventory.hold(world.anna, world.best("A", "A", 1)).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(inventory.hold(world.anna, world.seats("A", "F", {{"1", "1"}, {"2", "11"}})).error().code,
              ErrorCode::invalid_argument);
    EXPECT_EQ(inventory.hold(world.anna, world.seats("A", "F", {{"2", "11"}, {"2", "11"}})).error().code,
              ErrorCode::invalid_argument);
    EXPECT_EQ(inventory.hold(world.anna, {world.key(), {}}).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(inventory.hold(world.anna, {{}, world.best("A", "F", 1).items}).error().code,
              ErrorCode::invalid_argument);
}

TEST_F(InventoryTest, ATrainThatHasLeftIsNotHeld) {
    const auto at_hannover = parse_when("2026-12-01T09:22:00", "Europe/Berlin")->time;
    world.environment.set_now(at_hannover);
    EXPECT_EQ(inventory.hold(world.anna, world.best("H", "F", 1)).error().code, ErrorCode::conflict);
    EXPECT_TRUE(inventory.hold(world.anna, world.best("G", "F", 1)));
}

TEST_F(InventoryTest, TheSeatMapShowsTheWorstOnTheSpan) {
    ASSERT_TRUE(inventory.hold(world.anna, world.seats("A", "H", {{"2", "13"}})));
    const auto early = inventory.seats(World::run(), "A", "F");
    ASSERT_TRUE(early);
    ASSERT_EQ(early->coaches.size(), 2U);
    EXPECT_EQ(early->coaches[1].seats[2].state, SeatState::held);
    EXPECT_EQ(early->coaches[1].seats[1].state, SeatState::free);
    const auto later = inventory.seats(World::run(), "H", "F");
    ASSERT_TRUE(later);
    EXPECT_EQ(later->coaches[1].seats[2].state, SeatState::free);
}

TEST_F(InventoryTest, ARunStaysAsItWasSoldWhenItsCoachesChange) {
    ASSERT_TRUE(inventory.hold(world.anna, world.seats("A", "F", {{"2", "11"}})));
    const auto changed = world.engine().timetable().import_layouts(
        R"({"layouts": [{"layout": "tiny", "class": "second", "places": [{"number": "1"}]}],
            "consists": [{"consist": "tiny", "coaches": [{"number": "7", "layout": "tiny"}], "applies_to": [{"trip": "*"}]}]})");
    ASSERT_TRUE(changed) << changed.error().detail;
    EXPECT_EQ(free(0, 3), (std::map<std::string, int>{{"first", 2}, {"second", 3}}));
    EXPECT_TRUE(inventory.hold(world.ben, world.seats("A", "F", {{"2", "12"}})));
    const auto other = inventory.availability({{World::run("late"), {0, 3}}});
    ASSERT_TRUE(other);
    EXPECT_EQ(other->front().free, (std::map<std::string, int>{{"second", 1}}));
}

TEST_F(InventoryTest, AnOperatorSeesAllHoldsAndAUserTheirOwn) {
    ASSERT_TRUE(inventory.hold(world.anna, world.best("A", "F", 1)));
    ASSERT_TRUE(inventory.hold(world.ben, world.best("A", "F", 1)));
    EXPECT_EQ(inventory.list(world.staff, {})->items.size(), 2U);
    EXPECT_EQ(inventory.list(world.anna, {})->items.size(), 1U);
}

}  // namespace
}  // namespace railbook
