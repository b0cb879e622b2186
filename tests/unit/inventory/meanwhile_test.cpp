// What a question is told where the coaches of its run change in its middle.

#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

#include "store/faults.hpp"
#include "store/memory/memory.hpp"
#include "support/world.hpp"

namespace railbook {
namespace {

class MeanwhileTest : public testing::Test {
protected:
    MeanwhileTest() {
        auto memory = store::open_memory(environment);
        store = memory.get();
        EngineOptions options;
        options.environment = &environment;
        auto opened = Engine::open(test::make_interrupted(std::move(memory),
                                                          [this](std::string_view call) {
                                                              if (call != awaited) return;
                                                              awaited = {};
                                                              give_other_coaches();
                                                          }),
                                   options);
        EXPECT_TRUE(opened) << opened.error().detail;
        engine.emplace(*std::move(opened));
        test::write_small_railway(folder.path());
        ImportOptions import;
        import.name = "t";
        EXPECT_TRUE(engine->timetable().import_gtfs(folder.path().string(), import));
        EXPECT_TRUE(engine->timetable().import_layouts(test::kSmallTrain));
        const auto held = engine->inventory().hold(anna, {key(), {{run, "A", "F", std::vector<SeatId>{{"2", "12"}}}}});
        EXPECT_TRUE(held) << held.error().detail;
        hold = *held;
    }

    CommandKey key() { return CommandKey::make(environment); }
    /// The same coaches in another order, with a third between them: every seat has another number.
    void give_other_coaches() {
        const auto now = *store->now();
        const auto before = store->inventory().holds_of_run(run, now);
        ASSERT_TRUE(before) << before.error().detail;
        auto consist = std::make_shared<Consist>(*before->run.consist);
        consist->name = "other";
        std::reverse(consist->coaches.begin(), consist->coaches.end());
        consist->coaches.insert(consist->coaches.begin(), extra_coaches, extra_coach(*before->run.consist));
        if (extra_coaches > 0) consist->coaches.front().number = "8";
        Command command;
        command.owner = "operator:cli";
        command.operation = "run.consist";
        command.now = now;
        extra_coaches = 0;  // the next time, only in another order
        const auto changed =
            store->inventory().change_consist(command, before->run, {before->version, std::move(consist), {}});
        ASSERT_TRUE(changed) << changed.error().detail;
    }
    static Coach extra_coach(const Consist& consist) {
        return *std::ranges::find(consist.coaches, std::string{"second"}, &Coach::travel_class);
    }
    static SeatState state_of(const SeatMap& map, const SeatId& seat) {
        for (const auto& coach : map.coaches) {
            for (const auto& view : coach.seats) {
                if (coach.number == seat.coach && view.place.number == seat.seat) return view.state;
            }
        }
        return SeatState::blocked;
    }

    test::TestEnvironment environment;
    test::TemporaryFolder folder;
    std::string_view awaited;  // the call after which the coaches change
    std::size_t extra_coaches = 1;
    Store* store = nullptr;
    std::optional<Engine> engine;
    const RunId run{.date = *parse_date("2026-12-01"), .trip = {"t", "early"}};
    const Principal anna = Principal::user_named("anna");
    const Principal staff = Principal::operator_named("cli");
    Hold hold;
};

TEST_F(MeanwhileTest, ASeatMapIsOfTheCoachesThatItShows) {
    for (const auto* call : {"find_pinned", "occupancy"}) {
        awaited = call;
        const auto map = engine->inventory().seats(run, "A", "F");
        ASSERT_TRUE(map) << map.error().detail;
        EXPECT_EQ(map->coaches.size(), map->run.consist->coaches.size());
        EXPECT_EQ(state_of(*map, {"2", "12"}), SeatState::held) << call;
        EXPECT_EQ(state_of(*map, {"2", "11"}), SeatState::free) << call;
        EXPECT_EQ(state_of(*map, {"1", "1"}), SeatState::free) << call;
    }
}

TEST_F(MeanwhileTest, FreeSeatsAreCountedInTheCoachesThatThereAre) {
    awaited = "find_pinned";
    const auto free = engine->inventory().availability({{run, {0, 3}}});
    ASSERT_TRUE(free) << free.error().detail;
    EXPECT_EQ(free->front().free.at("second"), 7);
    EXPECT_EQ(free->front().free.at("first"), 2);
}

TEST_F(MeanwhileTest, SeatsAreChosenInTheCoachesThatThereAre) {
    for (const int count : {6, 1}) {
        awaited = "find_pinned";
        const auto held = engine->inventory().hold(staff, {key(), {{run, "A", "F", BestSeats{count, "second"}}}});
        ASSERT_TRUE(held) << held.error().detail;
        EXPECT_EQ(held->items[0].seats.size(), static_cast<std::size_t>(count));
    }
    EXPECT_TRUE(engine->verify()->ok());
}

TEST_F(MeanwhileTest, NobodyIsRefusedForASeatThatAnotherHas) {
    extra_coaches = 0;
    // Each has, in the coaches of before, the number that seat 2/12 has in the others. With the choice of a seat beside
    // it, what is free is looked at first.
    const std::vector<std::pair<SeatId, std::string>> wanted{{{"1", "2"}, "first"}, {{"2", "14"}, "second"}};
    for (const auto& [seat, travel_class] : wanted) {
        awaited = "find_pinned";
        const auto held = engine->inventory().hold(
            staff, {key(), {{run, "A", "F", std::vector<SeatId>{seat}}, {run, "A", "F", BestSeats{1, travel_class}}}});
        EXPECT_TRUE(held) << held.error().detail;
    }
}

TEST_F(MeanwhileTest, TwoRidesOfOneHoldAreInTheSameCoaches) {
    awaited = "find_pinned";
    const auto held = engine->inventory().hold(
        staff,
        {key(), {{run, "A", "F", std::vector<SeatId>{{"2", "14"}}}, {run, "A", "F", std::vector<SeatId>{{"1", "1"}}}}});
    ASSERT_TRUE(held) << held.error().detail;
    EXPECT_TRUE(awaited.empty());
    EXPECT_TRUE(engine->verify()->ok());
}

TEST_F(MeanwhileTest, BlocksAreOfTheSeatsThatWereNamed) {
    const BlockRequest request{key(), run, "A", "F", {{"2", "11"}}};
    awaited = "find_pinned";
    const auto blocked = engine->inventory().block(staff, request);
    ASSERT_TRUE(blocked) << blocked.error().detail;
    EXPECT_EQ(state_of(*engine->inventory().seats(run, "A", "F"), {"2", "11"}), SeatState::blocked);
    awaited = "find_pinned";
    const auto freed = engine->inventory().unblock(staff, request);
    ASSERT_TRUE(freed) << freed.error().detail;
    EXPECT_EQ(state_of(*engine->inventory().seats(run, "A", "F"), {"2", "11"}), SeatState::free);
    EXPECT_EQ(state_of(*engine->inventory().seats(run, "A", "F"), {"2", "12"}), SeatState::held);
}

TEST_F(MeanwhileTest, AnOfferIsAboutTheCoachesThatThereAre) {
    const SeatId kept{"2", "14"};  // the last of all: its number is beyond the seats of other coaches
    ASSERT_TRUE(engine->inventory().block(staff, {key(), run, "A", "F", {kept}}));
    auto wanted = std::make_shared<Consist>(*engine->timetable().run(run)->consist);
    wanted->name = "short";
    std::erase_if(wanted->coaches, [](const Coach& coach) { return coach.number != "2"; });
    for (const auto* call : {"holds_of_run", "occupancy"}) {
        awaited = call;
        const auto offer = engine->inventory().offer_consist(staff, run, wanted);
        ASSERT_TRUE(offer) << offer.error().detail;
        EXPECT_TRUE(awaited.empty()) << call;
        EXPECT_TRUE(offer->reseatings.empty()) << "the seat has its name in the new coaches too";
        EXPECT_TRUE(offer->stranded.empty());
    }
    const auto offer = engine->inventory().offer_consist(staff, run, wanted);
    ASSERT_TRUE(offer) << offer.error().detail;
    const auto changed = engine->inventory().change_consist(staff, run, wanted, offer->id);
    ASSERT_TRUE(changed) << changed.error().detail;
    const auto map = engine->inventory().seats(run, "A", "F");
    EXPECT_EQ(state_of(*map, kept), SeatState::blocked);
    EXPECT_EQ(state_of(*map, {"2", "12"}), SeatState::held);
    EXPECT_EQ(state_of(*map, {"2", "11"}), SeatState::free);
    EXPECT_TRUE(engine->verify()->ok());
}

}  // namespace
}  // namespace railbook
