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
                                                              change();
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
    /// Of the feed as it is now.
    std::string checksum() { return store->timetable().feeds()->front().checksum; }
    /// One more call, before Hannover.
    void give_other_calls() {
        const auto now = *store->now();
        const auto before = store->inventory().holds_of_run(run, now);
        ASSERT_TRUE(before) << before.error().detail;
        auto wanted = before->run;
        auto& calls = wanted.calls.edit();
        Call added = calls[0];
        added.id.station.stop = "NEW";
        added.arrives = added.departs = *calls[0].departs + std::chrono::minutes{10};
        calls.insert(calls.begin() + 1, added);
        Command command;
        command.owner = "operator:cli";
        command.operation = "run.adopt";
        command.now = now;
        const auto adopted = store->inventory().adopt_calls(command, {wanted, before->version, checksum()});
        ASSERT_TRUE(adopted) << adopted.error().detail;
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
    std::function<void()> change = [this] { give_other_coaches(); };
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

TEST_F(MeanwhileTest, TwoRidesOfOneHoldAreBetweenTheSameCalls) {
    change = [this] { give_other_calls(); };
    awaited = "find_pinned";
    const auto held = engine->inventory().hold(
        staff,
        {key(), {{run, "A", "F", std::vector<SeatId>{{"2", "14"}}}, {run, "A", "F", std::vector<SeatId>{{"1", "1"}}}}});
    ASSERT_TRUE(held) << held.error().detail;
    EXPECT_TRUE(awaited.empty());
    EXPECT_EQ(held->items[0].span, (Span{0, 4}));
    EXPECT_EQ(held->items[1].span, (Span{0, 4}));
    EXPECT_TRUE(engine->verify()->ok());
}

TEST_F(MeanwhileTest, AnOfferIsConfirmedThoughHoldsComeThatItDoesNotTouch) {
    std::ofstream{folder.path() / "stop_times.txt"}
        << "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
           "early,08:30:00,08:30:00,A,1\nearly,09:50:00,09:52:00,H,2\nearly,10:00:00,10:02:00,G,3\n"
           "early,12:00:00,12:00:00,F,4\n";
    ImportOptions import;
    import.name = "t";
    ASSERT_TRUE(engine->timetable().import_gtfs(folder.path().string(), import));
    const auto offer = engine->inventory().offer_adoption(staff, run);
    ASSERT_TRUE(offer) << offer.error().detail;
    const auto pinned = *store->inventory().find_pinned(run);
    int placed = 0;
    change = [&] {
        Hold wanted = hold;
        wanted.id = HoldId::make(environment);
        wanted.fence = 0;
        auto& item = wanted.items.edit()[0];
        item.span = {2, 3};
        item.from = departure_of(*pinned, 2);
        item.to = arrival_of(*pinned, 3);
        item.seats = {{pinned->consist->index_of({"2", "11"}).value(), {"2", "11"}}};
        Command command;
        command.owner = wanted.owner;
        command.operation = "hold.create";
        command.now = *store->now();
        const auto done = store->inventory().place_hold(command, wanted, {*pinned}, 0);
        ASSERT_TRUE(done) << done.error().detail;
        ++placed;
    };
    awaited = "holds_of_run";
    const auto adopted = engine->inventory().adopt(staff, run, offer->id);
    ASSERT_TRUE(adopted) << adopted.error().detail;
    EXPECT_EQ(placed, 1);
    EXPECT_EQ(adopted->calls[0].departs, *pinned->calls[0].departs + std::chrono::minutes{30});
}

TEST_F(MeanwhileTest, AnAdoptionThatSomebodyElseDidMeanwhileIsSuccess) {
    std::ofstream{folder.path() / "stop_times.txt"} << "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
                                                       "early,08:30:00,08:30:00,A,1\nearly,12:00:00,12:00:00,F,2\n";
    ImportOptions import;
    import.name = "t";
    ASSERT_TRUE(engine->timetable().import_gtfs(folder.path().string(), import));
    const auto offer = engine->inventory().offer_adoption(staff, run);
    ASSERT_TRUE(offer) << offer.error().detail;
    change = [&] {
        Command command;
        command.owner = "operator:other";
        command.operation = "run.adopt";
        command.now = *store->now();
        const auto known = store->inventory().holds_of_run(run, command.now);
        ASSERT_TRUE(store->inventory().adopt_calls(command, {offer->planned, known->version, checksum()}));
    };
    awaited = "find_pinned";
    const auto adopted = engine->inventory().adopt(staff, run, offer->id);
    ASSERT_TRUE(adopted) << adopted.error().detail;
    EXPECT_EQ(adopted->calls, offer->planned.calls);
}

/// A process hears of an import by another one some seconds later.
TEST_F(MeanwhileTest, ATimetableThatIsNoLongerThereIsNotAdopted) {
    std::ofstream{folder.path() / "stop_times.txt"} << "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
                                                       "early,08:30:00,08:30:00,A,1\nearly,12:00:00,12:00:00,F,2\n";
    ImportOptions import;
    import.name = "t";
    ASSERT_TRUE(engine->timetable().import_gtfs(folder.path().string(), import));
    const auto before = store->inventory().holds_of_run(run, *store->now());
    ASSERT_TRUE(before) << before.error().detail;
    const auto offer = engine->inventory().offer_adoption(staff, run);
    ASSERT_TRUE(offer) << offer.error().detail;
    change = [&] {
        const auto replaced = store->timetable().put_feed(store->timetable().feeds()->front(), "newer", *store->now());
        ASSERT_TRUE(replaced) << replaced.error().detail;
    };
    awaited = "holds_of_run";
    const auto refused = engine->inventory().adopt(staff, run, offer->id);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::conflict);
    EXPECT_EQ(store->inventory().holds_of_run(run, *store->now())->run.calls, before->run.calls);
}

/// Seats may be held while an import reads the store.
TEST_F(MeanwhileTest, AnImportReportsWhatWasPinnedWhileItRan) {
    const RunId evening{.date = run.date, .trip = {"t", "late"}};
    const auto planned = engine->timetable().planned_run(evening);
    ASSERT_TRUE(planned) << planned.error().detail;
    change = [&] {
        Hold wanted = hold;
        wanted.id = HoldId::make(environment);
        wanted.fence = 0;
        auto& item = wanted.items.edit()[0];
        item.run = evening;
        item.train = planned->train;
        item.from = departure_of(*planned, 0);
        item.to = arrival_of(*planned, 3);
        Command command;
        command.owner = wanted.owner;
        command.operation = "hold.create";
        command.now = *store->now();
        ASSERT_TRUE(store->inventory().place_hold(command, wanted, {*planned}, 0));
    };
    awaited = "put_feed";
    std::ofstream{folder.path() / "stop_times.txt"}
        << "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
           "early,08:00:00,08:00:00,A,1\nearly,09:20:00,09:22:00,H,2\nearly,10:00:00,10:02:00,G,3\n"
           "early,12:00:00,12:00:00,F,4\n";
    ImportOptions import;
    import.name = "t";
    const auto report = engine->timetable().import_gtfs(folder.path().string(), import);
    ASSERT_TRUE(report) << report.error().detail;
    EXPECT_TRUE(awaited.empty());
    ASSERT_EQ(report->pinned.size(), 1U);
    EXPECT_EQ(report->pinned[0].run, evening);
    EXPECT_TRUE(report->pinned[0].dropped);
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
