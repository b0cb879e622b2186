/// What every store promises of holds.

#include "store/fixture.hpp"

namespace railbook::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

class HoldsTest : public StoreTest {
public:
    using StoreTest::StoreTest;
};

STORE_TEST(HoldsTest, PlacedHoldIsFoundAsItWasAnswered) {
    const auto placed = place({{&ice, {0, 1}, {0, 2}}});
    ASSERT_TRUE(placed) << placed.error();
    EXPECT_EQ(placed->status, HoldStatus::held);
    EXPECT_EQ(placed->fence, 1U);
    const auto found = store->inventory().find_hold(placed->id);
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(*found, *placed);
}

STORE_TEST(HoldsTest, UnknownHoldIsNotFound) {
    const auto found = store->inventory().find_hold(HoldId::make(environment));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::not_found);
}

STORE_TEST(HoldsTest, TakenSeatIsRefusedByName) {
    ASSERT_TRUE(place({{&ice, {1, 2}, {0, 4}}}));
    const auto refused = place({{&ice, {0, 1, 2}, {3, 4}}}, "user:bert");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::seat_taken);
    EXPECT_NE(refused.error().detail.find("1/11, 1/12"), std::string::npos) << refused.error().detail;
    EXPECT_EQ(refused.error().detail.find("1/10"), std::string::npos) << refused.error().detail;
}

STORE_TEST(HoldsTest, OneTakenSeatLeavesEverySeatOfTheHoldFree) {
    const Run other = a_run("other");
    ASSERT_TRUE(place({{&other, {3}, {1, 2}}}));
    ASSERT_FALSE(place({{&ice, {0, 1}, {0, 4}}, {&other, {3}, {0, 4}}}, "user:bert"));
    EXPECT_TRUE(allocations(ice).empty());
    EXPECT_EQ(allocations(other).size(), 1U);
    // Nor is the run pinned by it, or a fence used up.
    const auto pinned = store->inventory().find_pinned(ice.id);
    ASSERT_TRUE(pinned) << pinned.error();
    EXPECT_FALSE(*pinned);
    const auto next = place({{&ice, {0}, {0, 4}}});
    ASSERT_TRUE(next) << next.error();
    EXPECT_EQ(next->fence, 2U);
}

STORE_TEST(HoldsTest, SeatLeftAtHannoverIsFreeFromHannover) {
    // Segments 0 and 1 lead to Hannover, 2 and 3 go on.
    ASSERT_TRUE(place({{&ice, {5}, {0, 2}}}));
    EXPECT_TRUE(place({{&ice, {5}, {2, 4}}}, "user:bert"));
    EXPECT_FALSE(place({{&ice, {5}, {1, 3}}}, "user:carl"));
    EXPECT_FALSE(place({{&ice, {5}, {1, 2}}}, "user:carl"));
    EXPECT_FALSE(place({{&ice, {5}, {2, 3}}}, "user:carl"));
}

STORE_TEST(HoldsTest, GapOfOneSegmentIsSoldBetweenTwoHolds) {
    ASSERT_TRUE(place({{&ice, {5}, {0, 1}}}));
    ASSERT_TRUE(place({{&ice, {5}, {2, 4}}}));
    EXPECT_FALSE(place({{&ice, {5}, {0, 2}}}));
    EXPECT_TRUE(place({{&ice, {5}, {1, 2}}}));
    EXPECT_EQ(allocations(ice).size(), 3U);
}

STORE_TEST(HoldsTest, SeatNamedTwiceInOneHoldIsTaken) {
    const auto twice = place({{&ice, {3, 3}, {0, 4}}});
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().code, ErrorCode::seat_taken);
    const auto overlapping = place({{&ice, {3}, {0, 3}}, {&ice, {3}, {2, 4}}});
    ASSERT_FALSE(overlapping);
    EXPECT_EQ(overlapping.error().code, ErrorCode::seat_taken);
    EXPECT_TRUE(place({{&ice, {3}, {0, 2}}, {&ice, {3}, {2, 4}}})) << "one seat on two neighbouring spans";
}

STORE_TEST(HoldsTest, SeatIsFreeAtTheDeadlineAndNotBefore) {
    const auto first = place({{&ice, {0}, {0, 4}}});
    ASSERT_TRUE(first) << first.error();
    environment.set_now(first->expires_at - milliseconds{1});
    EXPECT_FALSE(place({{&ice, {0}, {0, 4}}}, "user:bert"));
    EXPECT_EQ(allocations(ice).size(), 1U);
    environment.set_now(first->expires_at);
    EXPECT_TRUE(allocations(ice).empty());
    const auto second = place({{&ice, {0}, {0, 4}}}, "user:bert");
    ASSERT_TRUE(second) << second.error();
    EXPECT_GT(second->fence, first->fence);
}

STORE_TEST(HoldsTest, LapsedHoldGivesWayOnlyWhereItIsInTheWay) {
    const auto lapsed = place({{&ice, {0}, {0, 2}}, {&ice, {1}, {0, 4}}});
    ASSERT_TRUE(lapsed) << lapsed.error();
    environment.set_now(lapsed->expires_at);
    ASSERT_TRUE(place({{&ice, {0}, {1, 3}}}, "user:bert"));
    const auto swept = expire();
    ASSERT_TRUE(swept) << swept.error();
    EXPECT_EQ(*swept, 1U);
    const auto left = allocations(ice);
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left.front().span, (Span{1, 3}));
}

STORE_TEST(HoldsTest, FirstHoldPinsTheRun) {
    ASSERT_TRUE(place({{&ice, {0}, {0, 4}}}));
    const auto pinned = store->inventory().find_pinned(ice.id);
    ASSERT_TRUE(pinned) << pinned.error();
    ASSERT_TRUE(*pinned);
    EXPECT_TRUE((*pinned)->pinned);
    EXPECT_EQ((*pinned)->calls, ice.calls);
    EXPECT_EQ(*(*pinned)->consist, *ice.consist);
    EXPECT_EQ((*pinned)->train, ice.train);
}

STORE_TEST(HoldsTest, PinnedRunWithOtherCallsOrCoachesIsAConflict) {
    ASSERT_TRUE(place({{&ice, {0}, {0, 4}}}));
    Run later = ice;
    later.calls.edit().back().platform = "9";
    const auto calls = place({{&later, {1}, {0, 4}}});
    ASSERT_FALSE(calls);
    EXPECT_EQ(calls.error().code, ErrorCode::conflict);
    Run longer = ice;
    Consist consist = *ice.consist;
    consist.coaches.front().places.push_back({.number = "99"});
    longer.consist = std::make_shared<const Consist>(consist);
    const auto coaches = place({{&longer, {1}, {0, 4}}});
    ASSERT_FALSE(coaches);
    EXPECT_EQ(coaches.error().code, ErrorCode::conflict);
    Run same = a_run("ice");  // equal, and another object
    EXPECT_TRUE(place({{&same, {1}, {0, 4}}}));
}

STORE_TEST(HoldsTest, RunsThatDifferInTheirStartHaveSeatsOfTheirOwn) {
    Run early = ice;
    early.id.start = 8 * 3600;
    Run late = ice;
    late.id.start = 9 * 3600;
    EXPECT_TRUE(place({{&early, {0}, {0, 4}}}));
    EXPECT_TRUE(place({{&late, {0}, {0, 4}}}));
    EXPECT_TRUE(place({{&ice, {0}, {0, 4}}}));
    EXPECT_FALSE(place({{&late, {0}, {0, 4}}}));
}

STORE_TEST(HoldsTest, OwnersLimitCountsLiveHoldsOnly) {
    const auto first = place({{&ice, {0}, {0, 4}}}, "user:anna", 2);
    ASSERT_TRUE(first) << first.error();
    ASSERT_TRUE(place({{&ice, {1}, {0, 4}}}, "user:anna", 2));
    const auto third = place({{&ice, {2}, {0, 4}}}, "user:anna", 2);
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().code, ErrorCode::too_many_requests);
    EXPECT_TRUE(place({{&ice, {2}, {0, 4}}}, "user:bert", 2)) << "another owner has a limit of their own";
    ASSERT_TRUE(release(Maker::claim(*first)));
    EXPECT_TRUE(place({{&ice, {3}, {0, 4}}}, "user:anna", 2)) << "a released one does not count";
    environment.set_now(first->expires_at);
    EXPECT_TRUE(place({{&ice, {4}, {0, 4}}}, "user:anna", 1)) << "nor do lapsed ones";
}

STORE_TEST(HoldsTest, PayingHoldCountsAndSoldOneDoesNot) {
    const auto sale = paying({{&ice, {0}, {0, 4}}});
    EXPECT_FALSE(place({{&ice, {1}, {0, 4}}}, "user:anna", 1));
    ASSERT_TRUE(settle(sale.payment, true));
    EXPECT_TRUE(place({{&ice, {1}, {0, 4}}}, "user:anna", 1));
}

STORE_TEST(HoldsTest, ForeignHoldLooksLikeAMissingOne) {
    const auto hold = place({{&ice, {0}, {0, 4}}});
    ASSERT_TRUE(hold) << hold.error();
    const HoldClaim foreign{hold->id, "user:bert", hold->fence, false};
    const HoldClaim missing{HoldId::make(environment), "user:bert", hold->fence, false};
    for (const auto& claim : {foreign, missing}) {
        const auto extended = extend(claim, minutes{5});
        ASSERT_FALSE(extended);
        EXPECT_EQ(extended.error().code, ErrorCode::not_found);
        const auto released = release(claim);
        ASSERT_FALSE(released);
        EXPECT_EQ(released.error().code, ErrorCode::not_found);
    }
    EXPECT_EQ(extend(foreign, minutes{5}).error().detail, extend(missing, minutes{5}).error().detail);
}

STORE_TEST(HoldsTest, WrongFenceHasLostTheHold) {
    const auto hold = place({{&ice, {0}, {0, 4}}});
    ASSERT_TRUE(hold) << hold.error();
    for (const auto fence : {hold->fence - 1, hold->fence + 1}) {
        HoldClaim claim = Maker::claim(*hold);
        claim.fence = fence;
        EXPECT_EQ(extend(claim, minutes{5}).error().code, ErrorCode::hold_lost);
        EXPECT_EQ(release(claim).error().code, ErrorCode::hold_lost);
    }
    HoldClaim without = Maker::claim(*hold);
    without.fence.reset();
    EXPECT_EQ(release(without).error().code, ErrorCode::hold_lost);
    EXPECT_EQ(*store->inventory().find_hold(hold->id), *hold);
}

STORE_TEST(HoldsTest, OperatorActsForEveryOwnerWithoutAFence) {
    const auto hold = place({{&ice, {0}, {0, 4}}});
    ASSERT_TRUE(hold) << hold.error();
    HoldClaim claim{hold->id, "operator:cli", std::nullopt, true};
    EXPECT_TRUE(extend(claim, minutes{20}));
    claim.fence = hold->fence + 1;
    EXPECT_EQ(release(claim).error().code, ErrorCode::hold_lost) << "a fence that is named must be right";
    claim.fence.reset();
    EXPECT_TRUE(release(claim));
    const auto entries = store->bookings().audit("run:" + to_string(ice.id));
    ASSERT_TRUE(entries) << entries.error();
    EXPECT_EQ(entries->back().actor, "operator:cli");
}

STORE_TEST(HoldsTest, ExtensionMovesTheDeadlineAndNeverBackOrBeyondTheEnd) {
    const auto hold = place({{&ice, {0}, {0, 4}}});
    ASSERT_TRUE(hold) << hold.error();
    const auto longer = extend(Maker::claim(*hold), minutes{20});
    ASSERT_TRUE(longer) << longer.error();
    EXPECT_EQ(longer->expires_at, environment.now() + minutes{20});
    EXPECT_EQ(allocations(ice).front().until, longer->expires_at);
    const auto not_shorter = extend(Maker::claim(*hold), minutes{1});
    ASSERT_TRUE(not_shorter) << not_shorter.error();
    EXPECT_EQ(not_shorter->expires_at, longer->expires_at);
    const auto longest = extend(Maker::claim(*hold), minutes{500});
    ASSERT_TRUE(longest) << longest.error();
    EXPECT_EQ(longest->expires_at, hold->latest_end);
}

STORE_TEST(HoldsTest, HoldIsExpiredAtItsDeadlineSweptOrNot) {
    const auto hold = place({{&ice, {0}, {0, 4}}});
    ASSERT_TRUE(hold) << hold.error();
    environment.set_now(hold->expires_at - milliseconds{1});
    EXPECT_TRUE(extend(Maker::claim(*hold), milliseconds{1}));
    environment.set_now(hold->expires_at);
    for (const bool swept : {false, true}) {
        if (swept) {
            ASSERT_TRUE(expire());
        }
        EXPECT_EQ(extend(Maker::claim(*hold), minutes{5}).error().code, ErrorCode::hold_expired);
        EXPECT_EQ(release(Maker::claim(*hold)).error().code, ErrorCode::hold_expired);
        EXPECT_EQ(book(*hold).error().code, ErrorCode::hold_expired);
        HoldClaim stale = Maker::claim(*hold);
        stale.fence = 77;
        EXPECT_EQ(release(stale).error().code, ErrorCode::hold_lost) << "the fence comes first";
    }
    EXPECT_EQ(store->inventory().find_hold(hold->id)->status, HoldStatus::expired);
}

STORE_TEST(HoldsTest, ReleasingFreesTheSeatsAndMayBeRepeated) {
    const auto hold = place({{&ice, {0, 1}, {0, 4}}});
    ASSERT_TRUE(hold) << hold.error();
    const auto released = release(Maker::claim(*hold));
    ASSERT_TRUE(released) << released.error();
    EXPECT_EQ(released->status, HoldStatus::released);
    EXPECT_TRUE(allocations(ice).empty());
    const auto version = store->inventory().occupancy({ice.id}, environment.now())->front().version;
    const auto again = release(Maker::claim(*hold));
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(*again, *released);
    environment.set_now(hold->expires_at);
    EXPECT_TRUE(release(Maker::claim(*hold))) << "also after the deadline it had";
    EXPECT_EQ(extend(Maker::claim(*hold), minutes{5}).error().code, ErrorCode::hold_lost);
    EXPECT_EQ(book(*hold).error().code, ErrorCode::hold_lost);
    EXPECT_EQ(store->inventory().occupancy({ice.id}, environment.now())->front().version, version);
    EXPECT_EQ(actions("run:" + to_string(ice.id)), (std::vector<std::string>{"hold.placed", "hold.released"}));
}

STORE_TEST(HoldsTest, BookedOrSoldHoldIsNeitherExtendedNorReleased) {
    const auto sale = paying({{&ice, {0}, {0, 4}}});
    EXPECT_EQ(extend(Maker::claim(sale.hold), minutes{5}).error().code, ErrorCode::conflict);
    EXPECT_EQ(release(Maker::claim(sale.hold)).error().code, ErrorCode::conflict);
    EXPECT_EQ(book(sale.hold).error().code, ErrorCode::conflict);
    ASSERT_TRUE(settle(sale.payment, true));
    environment.advance(std::chrono::hours{24});
    EXPECT_EQ(extend(Maker::claim(sale.hold), minutes{5}).error().code, ErrorCode::conflict);
    EXPECT_EQ(release(Maker::claim(sale.hold)).error().code, ErrorCode::conflict);
    EXPECT_EQ(book(sale.hold).error().code, ErrorCode::conflict);
    EXPECT_EQ(allocations(ice).size(), 1U);
}

STORE_TEST(HoldsTest, RepeatedCommandRepeatsItsAnswerAndHasNoSecondEffect) {
    const auto command = make.command("hold.create");
    const auto wanted = make.hold({{&ice, {0}, {0, 4}}});
    const auto first = store->inventory().place_hold(command, wanted, {ice}, 0);
    ASSERT_TRUE(first) << first.error();
    auto other_id = make.hold({{&ice, {0}, {0, 4}}});
    const auto again = store->inventory().place_hold(command, other_id, {ice}, 0);
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(*again, *first);
    ASSERT_TRUE(release(Maker::claim(*first)));
    const auto later = store->inventory().place_hold(command, other_id, {ice}, 0);
    ASSERT_TRUE(later) << later.error();
    EXPECT_EQ(*later, *first) << "as it was answered, whatever became of the hold";
    EXPECT_EQ(records_of(*store).holds.size(), 1U);
}

STORE_TEST(HoldsTest, KeyOfAnotherRequestIsRefused) {
    auto command = make.command("hold.create");
    ASSERT_TRUE(store->inventory().place_hold(command, make.hold({{&ice, {0}, {0, 4}}}), {ice}, 0));
    command.fingerprint = "other";
    const auto reused = store->inventory().place_hold(command, make.hold({{&ice, {1}, {0, 4}}}), {ice}, 0);
    ASSERT_FALSE(reused);
    EXPECT_EQ(reused.error().code, ErrorCode::key_reused);
    EXPECT_EQ(store->find_answer(command).error().code, ErrorCode::key_reused);
    command.owner = "user:bert";
    EXPECT_TRUE(store->inventory().place_hold(command, make.hold({{&ice, {1}, {0, 4}}}, "user:bert"), {ice}, 0))
        << "another owner's keys are their own";
    command.operation = "hold.other";
    EXPECT_TRUE(store->inventory().place_hold(command, make.hold({{&ice, {2}, {0, 4}}}, "user:bert"), {ice}, 0))
        << "so are another operation's";
}

STORE_TEST(HoldsTest, RefusalIsComputedAnew) {
    ASSERT_TRUE(place({{&ice, {0}, {0, 4}}}, "user:bert"));
    const auto command = make.command("hold.create");
    const auto wanted = make.hold({{&ice, {0}, {0, 4}}});
    ASSERT_FALSE(store->inventory().place_hold(command, wanted, {ice}, 0));
    const auto kept = store->find_answer(command);
    ASSERT_TRUE(kept) << kept.error();
    EXPECT_FALSE(*kept);
    environment.advance(minutes{15});
    auto repeated = command;
    repeated.now = environment.now();
    auto anew = make.hold({{&ice, {0}, {0, 4}}});
    EXPECT_TRUE(store->inventory().place_hold(repeated, anew, {ice}, 0));
}

STORE_TEST(HoldsTest, AnswerIsForgottenWhenItsTimeIsOver) {
    auto command = make.command("hold.create");
    const auto first = store->inventory().place_hold(command, make.hold({{&ice, {0}, {0, 1}}}), {ice}, 0);
    ASSERT_TRUE(first) << first.error();
    command.now = environment.now() + command.keep_answer - milliseconds{1};
    ASSERT_TRUE(*store->find_answer(command));
    EXPECT_EQ(std::get<Hold>(**store->find_answer(command)), *first);
    command.now += milliseconds{1};
    EXPECT_FALSE(*store->find_answer(command));
    environment.set_now(command.now);
    ASSERT_TRUE(expire());
    const auto second = store->inventory().place_hold(command, make.hold({{&ice, {0}, {1, 2}}}), {ice}, 0);
    ASSERT_TRUE(second) << second.error();
    EXPECT_NE(second->id, first->id);
}

STORE_TEST(HoldsTest, StepThatComesLateIsDecidedByTheTimeThatIsStored) {
    const auto first = place({{&ice, {0}, {0, 4}}});
    ASSERT_TRUE(first) << first.error();
    auto early = make.command("hold.extend");  // read its time before the deadline, and arrives after others
    environment.set_now(first->expires_at);
    ASSERT_TRUE(place({{&ice, {0}, {0, 4}}}, "user:bert"));
    const auto extended = store->inventory().extend_hold(early, Maker::claim(*first), early.now + minutes{25});
    ASSERT_FALSE(extended);
    EXPECT_EQ(extended.error().code, ErrorCode::hold_expired);
}

STORE_TEST(HoldsTest, VersionGrowsWithEachChangeOfTheRun) {
    const Run other = a_run("other");
    const auto version = [&] { return store->inventory().occupancy({ice.id}, environment.now())->front().version; };
    EXPECT_EQ(version(), 0U);
    const auto hold = place({{&ice, {0}, {0, 4}}});
    ASSERT_TRUE(hold) << hold.error();
    const auto placed = version();
    EXPECT_GT(placed, 0U);
    ASSERT_TRUE(place({{&other, {0}, {0, 4}}}));
    EXPECT_EQ(version(), placed) << "another run's change is not this one's";
    ASSERT_TRUE(extend(Maker::claim(*hold), minutes{20}));
    const auto extended = version();
    EXPECT_GT(extended, placed);
    ASSERT_TRUE(release(Maker::claim(*hold)));
    EXPECT_GT(version(), extended);
}

STORE_TEST(HoldsTest, OccupancyAnswersEachRunInItsPlace) {
    const Run other = a_run("other");
    const Run unknown = a_run("unknown");
    ASSERT_TRUE(place({{&other, {2}, {2, 4}}}));
    ASSERT_TRUE(place({{&other, {2}, {0, 2}}, {&other, {1}, {1, 2}}}));
    const auto answer = store->inventory().occupancy({unknown.id, other.id, unknown.id}, environment.now());
    ASSERT_TRUE(answer) << answer.error();
    ASSERT_EQ(answer->size(), 3U);
    EXPECT_EQ((*answer)[0].version, 0U);
    EXPECT_EQ((*answer)[2], Occupancy{});
    EXPECT_EQ((*answer)[1].version, 2U);
    const auto& taken = (*answer)[1].taken;
    for (std::uint32_t seat = 0; seat < 8; ++seat) {
        EXPECT_EQ(taken.any(seat, {0, 1}), seat == 2) << seat;
        EXPECT_EQ(taken.any(seat, {1, 2}), seat == 1 || seat == 2) << seat;
        EXPECT_EQ(taken.any(seat, {2, 4}), seat == 2) << seat;
    }
}

STORE_TEST(HoldsTest, ListIsNewestFirstAndStableWhileHoldsAreAdded) {
    std::vector<HoldId> placed;
    for (std::uint32_t seat = 0; seat < 5; ++seat) {
        placed.push_back(place({{&ice, {seat}, {0, 4}}})->id);
        ASSERT_TRUE(place({{&ice, {seat}, {0, 4}}}, "user:bert").has_value() == false);
    }
    ASSERT_TRUE(place({{&ice, {6}, {0, 4}}}, "user:bert"));
    const auto first = store->inventory().list_holds("user:anna", {.cursor = {}, .limit = 2});
    ASSERT_TRUE(first) << first.error();
    ASSERT_EQ(first->items.size(), 2U);
    EXPECT_EQ(first->items[0].id, placed[4]);
    EXPECT_EQ(first->items[1].id, placed[3]);
    ASSERT_TRUE(place({{&ice, {7}, {0, 4}}}));
    const auto second = store->inventory().list_holds("user:anna", {.cursor = first->next_cursor, .limit = 3});
    ASSERT_TRUE(second) << second.error();
    ASSERT_EQ(second->items.size(), 3U);
    EXPECT_EQ(second->items[0].id, placed[2]);
    EXPECT_EQ(second->items[2].id, placed[0]);
    EXPECT_TRUE(second->next_cursor.empty()) << "the last page says so";
    EXPECT_EQ(store->inventory().list_holds("", {})->items.size(), 7U) << "no owner means everyone's";
}

STORE_TEST(HoldsTest, ListRefusesBadCursorsAndLimits) {
    ASSERT_TRUE(place({{&ice, {0}, {0, 4}}}));
    ASSERT_TRUE(place({{&ice, {1}, {0, 4}}}));
    const auto cursor = store->inventory().list_holds("", {.cursor = {}, .limit = 1})->next_cursor;
    ASSERT_FALSE(cursor.empty());
    for (const std::string bad : {"x", "1", "****", "aG9sZHMuMA", "aG9sZHMueA"}) {
        const auto refused = store->inventory().list_holds("", {.cursor = bad, .limit = 1});
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
    }
    EXPECT_EQ(store->bookings().list_bookings("", {.cursor = cursor, .limit = 1}).error().code,
              ErrorCode::invalid_argument)
        << "a cursor of another list";
    for (const std::size_t limit : {std::size_t{0}, kMaxPage + 1})
        EXPECT_EQ(store->inventory().list_holds("", {.cursor = {}, .limit = limit}).error().code,
                  ErrorCode::invalid_argument);
    EXPECT_TRUE(store->inventory().list_holds("", {.cursor = {}, .limit = kMaxPage}));
}

STORE_TEST(HoldsTest, AuditHasOneEntryARunAndNamesNobody) {
    const Run other = a_run("other");
    const auto hold = place({{&ice, {0}, {0, 2}}, {&ice, {1}, {2, 4}}, {&other, {0}, {0, 4}}});
    ASSERT_TRUE(hold) << hold.error();
    for (const auto& run : {ice.id, other.id}) {
        const auto entries = store->bookings().audit("run:" + to_string(run));
        ASSERT_TRUE(entries) << entries.error();
        ASSERT_EQ(entries->size(), 1U);
        const auto& entry = entries->front();
        EXPECT_EQ(entry.number, 1U);
        EXPECT_EQ(entry.actor, "user:anna");
        EXPECT_EQ(entry.action, "hold.placed");
        EXPECT_EQ(entry.at, environment.now());
        EXPECT_NE(entry.detail.find(to_string(hold->id)), std::string::npos);
    }
    EXPECT_TRUE(store->bookings().audit("run:nothing")->empty());
}

STORE_TEST(HoldsTest, ExpiryIsBoundedAndMarksTheOldestFirst) {
    std::vector<HoldId> placed;
    for (std::uint32_t seat = 0; seat < 3; ++seat) {
        placed.push_back(place({{&ice, {seat}, {0, 4}}})->id);
        environment.advance(minutes{1});
    }
    environment.advance(minutes{14});
    EXPECT_EQ(*expire(2), 2U);
    EXPECT_EQ(store->inventory().find_hold(placed[1])->status, HoldStatus::expired);
    EXPECT_EQ(store->inventory().find_hold(placed[2])->status, HoldStatus::held);
    EXPECT_EQ(*expire(2), 1U);
    EXPECT_EQ(*expire(2), 0U);
    EXPECT_EQ(*expire(0), 0U);
    EXPECT_EQ(actions("run:" + to_string(ice.id)).size(), 6U);
}

}  // namespace
}  // namespace railbook::test
