/// Fences and keys of commands where Redis stands in front, and something goes wrong: each fence is given once, and one
/// key leads to one hold.

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "store/record.hpp"
#include "store/redis/client.hpp"
#include "store/redis_setting.hpp"

namespace railbook::test {
namespace {

template <class T>
std::optional<ErrorCode> code_of(const Result<T>& result) {
    return result ? std::optional<ErrorCode>{} : result.error().code;
}

using Places = std::vector<std::pair<const railbook::Run*, std::uint32_t>>;

class RedisFenceTest : public RedisClusterTest {
protected:
    /// `ice` with one more call after its second one.
    railbook::Run longer() const {
        auto run = ice;
        auto& calls = run.calls.edit();
        auto added = calls[1];
        added.id.station.stop = "NEW";
        added.arrives = *added.departs + std::chrono::minutes{10};
        added.departs = *added.arrives + std::chrono::minutes{1};
        calls.insert(calls.begin() + 2, added);
        return run;
    }
    /// `ice` without its third call.
    railbook::Run shorter() const {
        auto run = ice;
        run.calls.edit().erase(run.calls.begin() + 2);
        return run;
    }
    Result<railbook::Run> adopt(Store& by, const railbook::Run& wanted) {
        const auto known = by.inventory().holds_of_run(wanted.id, environment.now());
        if (!known) return known.error();
        return by.inventory().adopt_calls(make.command("run.adopt", "operator:cli"), {wanted, known->version});
    }

    /// A process of its own, that can be kept from Redis.
    std::unique_ptr<Store> open_other() {
        server->command({"ACL", "SETUSER", "other", "on", ">secret", "~*", "&*", "+@all"});
        return open("other:secret");
    }
    void keep_other_from_redis() {
        server->command({"ACL", "SETUSER", "other", "off"});
        server->command({"CLIENT", "KILL", "USER", "other"});
    }
    /// Those of the only run in Redis, as scripts want them.
    std::array<std::string, 1> run_keys() {
        auto name = server->command({"KEYS", "*:run:*}"});
        name.pop_back();
        return {name};
    }
    /// What the system of record tells by itself.
    std::unique_ptr<Store> open_record() {
        auto opened = store::open_postgres(postgres_url(folder), environment, {.clock_of_environment = true});
        EXPECT_TRUE(opened) << opened.error();
        return opened ? *std::move(opened) : nullptr;
    }
    /// Everybody uses the same key at the same time, in turns with one of the stores and for one of the places. All
    /// must be told of the same hold.
    std::optional<Hold> place_all_with_one_key(const Command& command, const std::vector<Places>& places,
                                               const std::vector<Store*>& stores) {
        constexpr std::size_t kThreads = 8;
        std::vector<Hold> wanted;
        std::vector<std::vector<railbook::Run>> runs(kThreads);
        for (std::size_t i = 0; i < kThreads; ++i) {
            std::vector<Wish> wishes;
            for (const auto& [run, seat] : places[i % places.size()]) {
                wishes.push_back({run, {seat}, {0, 4}});
                runs[i].push_back(*run);
            }
            wanted.push_back(make.hold(wishes));
        }
        std::mutex mutex;
        std::map<HoldId, Hold> answers;
        {
            std::vector<std::jthread> threads;
            for (std::size_t i = 0; i < kThreads; ++i) {
                threads.emplace_back([&, i] {
                    const auto hold = stores[i % stores.size()]->inventory().place_hold(command, wanted[i], runs[i], 0);
                    ASSERT_TRUE(hold) << hold.error();
                    const std::lock_guard lock{mutex};
                    answers.emplace(hold->id, *hold);
                });
            }
        }
        EXPECT_EQ(answers.size(), 1U) << "one key has led to several holds";
        if (answers.empty()) return std::nullopt;
        return answers.begin()->second;
    }
};

TEST_F(RedisFenceTest, FencesAreGivenOnceThoughOneProcessAloneHasLostRedis) {
    start();
    const auto other = open_other();
    const auto record = open_record();
    ASSERT_TRUE(other && record);
    ASSERT_FALSE(place(1)->pinned) << "Redis decides about the run";
    ASSERT_FALSE(place(2, "user:bert", other.get())->pinned);
    keep_other_from_redis();
    std::set<std::uint64_t> fences;
    std::map<std::uint32_t, std::uint64_t> last;
    int behind_redis = 0;
    int without = 0;
    for (std::uint32_t round = 0; round < 240; ++round) {
        // In between only the one that has Redis, which comes back to it when it is left alone for some time.
        const bool is_alone = round >= 50 && round < 200;
        auto& by = !is_alone && round % 2 == 0 ? *other : *store;
        const auto seat = 3 + round / 2 % 3;
        const auto hold = place(seat, "user:carl", &by);
        system_environment().pause(Duration{20});
        if (!hold) {
            EXPECT_EQ(hold.error().code, ErrorCode::seat_taken) << hold.error();
            continue;
        }
        EXPECT_TRUE(fences.insert(hold->fence).second) << "given twice: " << hold->fence;
        const auto now = by.now();
        ASSERT_TRUE(now);
        ASSERT_TRUE(by.bookings().expire(*now, 100));
        const auto known = record->inventory().find_hold(hold->id);
        if (known) {
            ++(hold->pinned ? without : behind_redis);
            EXPECT_EQ(known->fence, hold->fence);
            EXPECT_GT(hold->fence, last[seat]) << "seat " << seat << " in round " << round;
            last[seat] = hold->fence;
        }
        const auto released =
            by.inventory().release_hold(make.command("hold.release", hold->owner), Maker::claim(*hold));
        if (known) {
            EXPECT_TRUE(released) << released.error();
        } else {
            ASSERT_FALSE(released);
            EXPECT_EQ(released.error().code, ErrorCode::hold_lost);
        }
    }
    EXPECT_GT(without, 20);
    EXPECT_GT(behind_redis, 20) << "those that have Redis go on with it";
    expect_laws();
}

TEST_F(RedisFenceTest, AHoldThatTheRecordRefusesIsLostAndNotPinned) {
    start();
    const auto record = open_record();
    const auto command = make.command("hold.create");
    const auto hold = store->inventory().place_hold(command, make.hold({{&ice, {1}, {0, 4}}}), {ice}, 0);
    ASSERT_TRUE(hold) << hold.error();
    const auto kept = place(2);
    ASSERT_TRUE(kept) << kept.error();
    // By somebody who does not know of Redis.
    const SeatBlock block{.run = ice.id, .span = {0, 4}, .seats = {{1, ice.consist->seat_at(1)}}};
    ASSERT_TRUE(record->inventory().block_seats(make.command("seats.block"), ice, block));
    ASSERT_TRUE(store->bookings().expire(environment.now(), 100));
    EXPECT_EQ(holds_in_postgres(), "2");
    const auto found = store->inventory().find_hold(hold->id);
    ASSERT_FALSE(found) << "pinned: " << found->pinned;
    EXPECT_EQ(found.error().code, ErrorCode::not_found);
    EXPECT_EQ(code_of(release(*hold)), ErrorCode::hold_lost);
    EXPECT_EQ(code_of(book(*hold)), ErrorCode::hold_lost);
    EXPECT_EQ(place(1, "user:bert").error().code, ErrorCode::seat_taken);
    EXPECT_EQ(store->inventory().occupancy({ice.id}, environment.now())->front().state(1, {0, 4}), SeatState::blocked);
    EXPECT_TRUE(store->inventory().find_hold(kept->id)->pinned);
    EXPECT_TRUE(book(*kept));
    // The key of a hold that is lost leads to a new one, and to one only.
    const auto other = open();
    const auto again =
        place_all_with_one_key(command, {{{&ice, 3}}, {{&ice, 4}}, {{&ice, 5}}}, {store.get(), other.get()});
    ASSERT_TRUE(again);
    EXPECT_TRUE(book(*again));
    expect_laws();
}

TEST_F(RedisFenceTest, AJournalWithNumbersThatAreTakenIsTakenOverWithoutThem) {
    auto opened = store::open_postgres_record(postgres_url(folder), environment, {.clock_of_environment = true});
    ASSERT_TRUE(opened) << opened.error();
    auto& record = **opened;
    const auto there = place(0, "user:first", &record);
    ASSERT_TRUE(there) << there.error();
    const auto state = record.name_front("token server");
    ASSERT_TRUE(state) << state.error();
    std::vector<store::FrontStep> steps;
    for (std::uint32_t seat = 1; seat < 8; ++seat) {
        store::FrontStep step{.command = make.command("hold.create")};
        step.hold = make.hold({{&ice, {seat}, {0, 4}}});
        step.hold.fence = store::fence_of(state->epoch, 100 + seat);
        steps.push_back(step);
    }
    steps[1].hold.fence = steps[0].hold.fence;
    steps[3].hold.id = there->id;
    steps[5].hold.id = steps[4].hold.id;
    const auto done = record.take_over(steps);
    ASSERT_TRUE(done) << done.error();
    ASSERT_EQ(done->size(), steps.size());
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const bool is_taken = i == 1 || i == 3 || i == 5;
        EXPECT_EQ(static_cast<bool>((*done)[i]), !is_taken) << i;
        if (is_taken) {
            EXPECT_EQ((*done)[i].error().code, ErrorCode::hold_lost) << i;
        }
    }
    EXPECT_EQ(holds_in_postgres(), "5");
    const auto again = record.take_over(steps);
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(holds_in_postgres(), "5");
    EXPECT_EQ(broken_laws(records_of(record)), std::vector<std::string>{});
}

TEST_F(RedisFenceTest, HoldsThatCannotBeTakenOverTogetherAreTakenOverOneByOne) {
    auto opened = store::open_postgres_record(postgres_url(folder), environment, {.clock_of_environment = true});
    ASSERT_TRUE(opened) << opened.error();
    auto& record = **opened;
    ASSERT_TRUE(place(0, "user:first", &record));
    const auto state = record.name_front("token server");
    ASSERT_TRUE(state) << state.error();
    ASSERT_EQ(sql(postgres_url(folder),
                  "CREATE FUNCTION railbook.refuse_many() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                  "IF (SELECT count(*) FROM added) > 1 THEN RAISE EXCEPTION 'many' USING ERRCODE = '23505'; END IF; "
                  "RETURN NULL; END $$; "
                  "CREATE TRIGGER refuse_many AFTER INSERT ON railbook.holds REFERENCING NEW TABLE AS added "
                  "FOR EACH STATEMENT EXECUTE FUNCTION railbook.refuse_many()")
                  .sqlstate,
              "");
    std::vector<store::FrontStep> steps;
    for (std::uint32_t seat = 1; seat < 4; ++seat) {
        store::FrontStep step{.command = make.command("hold.create")};
        step.hold = make.hold({{&ice, {seat}, {0, 4}}});
        step.hold.fence = store::fence_of(state->epoch, seat);
        steps.push_back(step);
    }
    const auto done = record.take_over(steps);
    ASSERT_TRUE(done) << done.error();
    for (const auto& one : *done) EXPECT_TRUE(one) << one.error();
    EXPECT_EQ(holds_in_postgres(), "4");
}

TEST_F(RedisFenceTest, AJournalOfAnEpochThatIsOverIsNotTakenOver) {
    auto opened = store::open_postgres_record(postgres_url(folder), environment, {.clock_of_environment = true});
    ASSERT_TRUE(opened) << opened.error();
    auto& record = **opened;
    ASSERT_TRUE(place(0, "user:first", &record));
    const auto named = record.name_front("token server");
    ASSERT_TRUE(named) << named.error();
    std::vector<store::FrontStep> steps;
    for (std::uint32_t seat = 1; seat < 4; ++seat) {
        store::FrontStep step{.command = make.command("hold.create")};
        step.hold = make.hold({{&ice, {seat}, {0, 4}}});
        step.hold.fence = store::fence_of(named->epoch, seat);
        steps.push_back(step);
    }
    const auto first_done = record.take_over({steps[0]});
    ASSERT_TRUE(first_done) << first_done.error();
    // Somebody without Redis wants a fence.
    const auto direct = place(5, "user:bert", &record);
    ASSERT_TRUE(direct) << direct.error();
    EXPECT_GT(direct->fence, steps[0].hold.fence);
    EXPECT_GT(store::epoch_of(direct->fence), named->epoch) << "what Redis gives in that epoch is smaller";
    const auto state = record.front_state();
    ASSERT_TRUE(state) << state.error();
    EXPECT_EQ(state->epoch, store::epoch_of(direct->fence));
    EXPECT_EQ(state->front, "token ") << "no server stands in front in this epoch";
    EXPECT_EQ(code_of(record.take_over({steps[1]})), ErrorCode::unavailable) << "alone";
    EXPECT_EQ(code_of(record.take_over({steps[1], steps[2]})), ErrorCode::unavailable) << "together";
    EXPECT_EQ(code_of(record.inventory().place_hold(make.command("hold.create"), steps[2].hold, {ice}, 0)),
              ErrorCode::unavailable);
    EXPECT_EQ(holds_in_postgres(), "3");
    const auto next = place(6, "user:bert", &record);
    ASSERT_TRUE(next) << next.error();
    EXPECT_EQ(store::epoch_of(next->fence), state->epoch) << "an epoch without a front goes on";
}

/// What Redis sold by calls that are no longer those of the run.
TEST_F(RedisFenceTest, ARunThatGetsOtherCallsWithoutRedisIsNotSoldByTheOldOnes) {
    for (const bool is_longer : {true, false}) {
        server.reset();
        ice = a_run(is_longer ? "longer" : "shorter");
        start();
        const auto record = open_record();
        ASSERT_TRUE(record);
        const auto hold = place(1);
        ASSERT_TRUE(hold) << hold.error();
        ASSERT_FALSE(hold->pinned) << "it is in the journal only";
        const auto wanted = is_longer ? longer() : shorter();
        const auto adopted = adopt(*record, wanted);
        ASSERT_TRUE(adopted) << adopted.error();
        // Whoever comes next empties the journal.
        ASSERT_TRUE(store->bookings().expire(environment.now(), 100));
        EXPECT_EQ(code_of(book(*hold)), ErrorCode::hold_lost);
        EXPECT_EQ(code_of(place(2)), ErrorCode::conflict) << "by the old calls";
        const auto whole = Span{0, static_cast<std::uint16_t>(wanted.segment_count())};
        const auto next = store->inventory().place_hold(make.command("hold.create", "user:bert"),
                                                        make.hold({{&wanted, {1}, whole}}, "user:bert"), {wanted}, 0);
        ASSERT_TRUE(next) << next.error();
        EXPECT_GT(next->fence, hold->fence);
        EXPECT_TRUE(book(*next));
        expect_laws();
        store.reset();
    }
}

/// A journal that comes to the record behind a change of the run, in the same epoch.
TEST_F(RedisFenceTest, AJournalIsTakenOverByCallsAndSeatsAndNotByTheirNumbers) {
    auto opened = store::open_postgres_record(postgres_url(folder), environment, {.clock_of_environment = true});
    ASSERT_TRUE(opened) << opened.error();
    auto& record = **opened;
    ASSERT_TRUE(place(0, "user:first", &record));
    const auto state = record.name_front("token server");
    ASSERT_TRUE(state) << state.error();
    const auto journal_of = [&](std::uint64_t first_number) {
        std::vector<store::FrontStep> steps;
        const std::vector<Span> spans{{2, 4}, {3, 4}, {0, 2}, {1, 3}};
        for (std::size_t i = 0; i < spans.size(); ++i) {
            store::FrontStep step{.command = make.command("hold.create")};
            step.hold = make.hold({{&ice, {static_cast<std::uint32_t>(first_number / 10 + i)}, spans[i]}});
            step.hold.fence = store::fence_of(state->epoch, first_number + i);
            steps.push_back(step);
        }
        return steps;
    };
    const auto steps = journal_of(10);
    const auto adopt_in_epoch = [&](const railbook::Run& wanted) {
        const auto known = record.inventory().holds_of_run(ice.id, environment.now());
        ASSERT_TRUE(known) << known.error();
        const auto adopted = record.adopt_calls(state->epoch, make.command("run.adopt"), {wanted, known->version});
        ASSERT_TRUE(adopted) << adopted.error();
    };
    adopt_in_epoch(longer());
    auto done = record.take_over(steps);
    ASSERT_TRUE(done) << done.error();
    for (std::size_t i = 0; i < steps.size(); ++i) {
        ASSERT_TRUE((*done)[i]) << i << ": " << (*done)[i].error();
        const auto hold = record.inventory().find_hold(steps[i].hold.id);
        ASSERT_TRUE(hold) << hold.error();
        const auto& item = hold->items[0];
        EXPECT_EQ(longer().calls[item.span.from].id, steps[i].hold.items[0].from.call) << i;
        EXPECT_EQ(longer().calls[item.span.to].id, steps[i].hold.items[0].to.call) << i;
    }
    const auto repeated = record.take_over(steps);
    ASSERT_TRUE(repeated) << repeated.error();
    for (const auto& each : *repeated) EXPECT_TRUE(each) << each.error();

    // Those of the next journal lose their rides: of two the call is gone, one lies beyond the end by now.
    for (const auto& step : steps)
        ASSERT_TRUE(record.inventory().release_hold(make.command("hold.release"), Maker::claim(step.hold)));
    adopt_in_epoch(shorter());
    const auto later_steps = journal_of(40);
    done = record.take_over(later_steps);
    ASSERT_TRUE(done) << done.error();
    for (const auto lost : {std::size_t{0}, std::size_t{2}}) {
        ASSERT_FALSE((*done)[lost]) << lost;
        EXPECT_EQ((*done)[lost].error().code, ErrorCode::hold_lost) << lost;
    }
    ASSERT_TRUE((*done)[1]) << (*done)[1].error();
    EXPECT_EQ(record.inventory().find_hold(later_steps[1].hold.id)->items[0].span, (Span{2, 3}));
    ASSERT_TRUE((*done)[3]) << (*done)[3].error();
    EXPECT_EQ(record.inventory().find_hold(later_steps[3].hold.id)->items[0].span, (Span{1, 2}));
    EXPECT_EQ(broken_laws(records_of(record)), std::vector<std::string>{});
    EXPECT_EQ(record.front_state()->epoch, state->epoch) << "who has the run from the front ends no epoch";
    const auto known = record.inventory().holds_of_run(ice.id, environment.now());
    ASSERT_TRUE(known) << known.error();
    EXPECT_EQ(code_of(record.adopt_calls(state->epoch + 1, make.command("run.adopt"), {longer(), known->version})),
              ErrorCode::unavailable);
}

TEST_F(RedisFenceTest, AdoptingBehindRedisKeepsWhatRedisHolds) {
    start();
    const auto moved = place(1);
    ASSERT_TRUE(moved) << moved.error();
    const auto other_run = a_run("other");
    const auto pin = store->inventory().place_hold(make.command("hold.create"), make.hold({{&other_run, {0}, {0, 4}}}),
                                                   {other_run}, 0);
    ASSERT_TRUE(pin) << pin.error();
    const auto beside = store->inventory().place_hold(make.command("hold.create"),
                                                      make.hold({{&other_run, {1}, {0, 4}}}), {other_run}, 0);
    ASSERT_TRUE(beside) << beside.error();
    ASSERT_FALSE(beside->pinned);
    const auto adopted = adopt(*store, longer());
    ASSERT_TRUE(adopted) << adopted.error();
    const auto now = store->inventory().find_hold(moved->id);
    ASSERT_TRUE(now) << now.error();
    EXPECT_EQ(now->items[0].span, (Span{0, 5}));
    EXPECT_TRUE(book(*now));
    EXPECT_TRUE(book(*beside)) << "no epoch has ended";
    expect_laws();
}

TEST_F(RedisFenceTest, OneKeyThroughRedisAndPostgresAtTheSameTimeLeadsToOneHold) {
    start();
    const auto other = open();
    const railbook::Run re = a_run("re");
    ASSERT_TRUE(store->inventory().place_hold(make.command("hold.create"), make.hold({{&re, {0}, {0, 4}}}), {re}, 0));
    for (std::uint32_t round = 0; round < 12; ++round) {
        // A hold of two runs is PostgreSQL's to place, one of a single run Redis's.
        const auto hold = place_all_with_one_key(
            make.command("hold.create"), {{{&ice, 1}}, {{&ice, 2}, {&re, 2}}, {{&re, 3}}, {{&ice, 4}, {&re, 4}}},
            {store.get(), other.get(), other.get()});
        ASSERT_TRUE(hold);
        ASSERT_TRUE(release(*hold));
    }
    expect_laws();
}

TEST_F(RedisFenceTest, AFenceThatIsGivenBackTwiceIsGivenOnce) {
    start();
    auto address = store::redis::parse_address(server->url());
    ASSERT_TRUE(address) << address.error();
    store::redis::Client client{*address, system_environment(), [](const auto&) { return Status{}; }};
    ASSERT_TRUE(client.look_around());
    const std::array<std::string, 2> keys{"rb:test:fence:{fence}", "rb:test:drawn:{fence}"};
    server->command({"SET", keys[0], "7"});
    const auto draw = [&](std::string_view count, std::string_view by) {
        const std::array<std::string_view, 2> arguments{count, by};
        const auto reply = client.run(store::redis::draw_script(), keys, arguments);
        EXPECT_TRUE(reply) << reply.error();
        return reply ? reply->number(1) : 0;
    };
    EXPECT_EQ(draw("1", "anna"), 8);
    draw("-1", "anna");
    EXPECT_EQ(draw("1", "bert"), 8) << "no number is left out";
    draw("-1", "anna");  // once more, since the first answer was lost
    EXPECT_EQ(draw("1", "carl"), 9) << "that one is bert's";
    draw("-1", "bert");
    EXPECT_EQ(draw("1", "dora"), 10) << "others came in between";
    server->command({"INCRBY", keys[0], "2"});  // by holds that were placed
    draw("-1", "dora");
    EXPECT_EQ(draw("1", "emil"), 13);
}

TEST_F(RedisFenceTest, AJournalIsNotShortenedTwiceWhereAnAnswerIsLost) {
    start();
    const auto held = place(1);
    ASSERT_TRUE(held) << held.error();
    ASSERT_TRUE(place(2));
    ASSERT_TRUE(release(*held));
    auto address = store::redis::parse_address(server->url());
    ASSERT_TRUE(address) << address.error();
    store::redis::Client client{*address, system_environment(), [](const auto&) { return Status{}; }};
    ASSERT_TRUE(client.look_around());
    const auto keys = run_keys();
    const auto epoch = std::to_string(store::epoch_of(held->fence));
    const std::array<std::string_view, 5> taking{epoch, "token", "10000", "0", "0"};
    const auto lease = client.run(store::redis::lease_script(), keys, taking);
    ASSERT_TRUE(lease) << lease.error();
    ASSERT_EQ(lease->at(0), "ok");
    ASSERT_EQ(lease->items.at(3).items.size(), 3U) << "two holds, and a release";
    const auto before = std::to_string(lease->number(5));
    for (int i = 0; i < 2; ++i) {
        // As if the record had been told of the first entry, and Redis's answer were lost.
        const std::array<std::string_view, 9> arguments{epoch, "token", "\1", "10000", "0", "0", "", "", before};
        const auto left = client.run(store::redis::trim_script(), keys, arguments);
        ASSERT_TRUE(left) << left.error();
        ASSERT_EQ(left->at(0), "ok");
        EXPECT_EQ(left->items.at(1).items.size(), 2U);
        EXPECT_EQ(left->number(2), 3) << "that many holds, with the first one";
        EXPECT_EQ(left->number(3), lease->number(5) + 1);
    }
}

TEST_F(RedisFenceTest, ARunThatIsClosedKeepsWhatTheRecordWasNotToldOf) {
    start();
    const auto released = place(1);
    const auto kept = place(2, "user:bert");
    ASSERT_TRUE(released && kept);
    ASSERT_TRUE(release(*released));
    auto address = store::redis::parse_address(server->url());
    ASSERT_TRUE(address) << address.error();
    store::redis::Client client{*address, system_environment(), [](const auto&) { return Status{}; }};
    ASSERT_TRUE(client.look_around());
    const auto keys = run_keys();
    const auto epoch = std::to_string(store::epoch_of(kept->fence));
    for (const std::string_view after : {"1", "2"}) {
        // As whoever could not tell the record of the journal.
        const std::array<std::string_view, 5> taking{epoch, "token", "10000", "1", "0"};
        const auto lease = client.run(store::redis::lease_script(), keys, taking);
        ASSERT_TRUE(lease) << lease.error();
        ASSERT_EQ(lease->at(0), "ok");
        ASSERT_EQ(lease->items.at(3).items.size(), 3U) << "two holds, and a release";
        const std::array<std::string_view, 3> leaving{epoch, "token", after};
        const auto left = client.run(store::redis::leave_script(), keys, leaving);
        ASSERT_TRUE(left) << left.error();
        ASSERT_EQ(left->at(0), "ok");
        EXPECT_EQ(server->command({"HGET", keys[0], "s"}), "closed\n");
    }
    EXPECT_EQ(holds_in_postgres(), "1");
    const auto next = place(1, "user:carl");
    ASSERT_TRUE(next) << next.error();
    EXPECT_FALSE(next->pinned) << "the run is open again";
    EXPECT_GT(next->fence, kept->fence);
    EXPECT_EQ(holds_in_postgres(), "3") << "PostgreSQL was told of all first";
    EXPECT_EQ(code_of(place(2, "user:carl")), ErrorCode::seat_taken);
    EXPECT_TRUE(book(*kept));
    expect_laws();
}

/// The record takes over the first entries and refuses one of them; then it cannot be asked.
TEST_F(RedisFenceTest, AJournalThatIsToldHalfwayIsToldToItsEnd) {
    constexpr std::uint32_t kHolds = 300;
    ice = a_run("ice", 4, 400);
    start();
    const auto record = open_record();
    ASSERT_TRUE(record);
    std::vector<Hold> holds;
    for (std::uint32_t seat = 1; seat <= kHolds; ++seat) {
        holds.push_back(*place(seat, "user:" + std::to_string(seat)));
        ASSERT_FALSE(holds.back().pinned);
    }
    const SeatBlock block{.run = ice.id, .span = {0, 4}, .seats = {{1, ice.consist->seat_at(1)}}};
    ASSERT_TRUE(record->inventory().block_seats(make.command("seats.block"), ice, block));
    ASSERT_EQ(sql(postgres_url(folder),
                  "CREATE FUNCTION railbook.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                  "IF NEW.owner = 'user:290' THEN RAISE EXCEPTION 'full' USING ERRCODE = '57014'; END IF; "
                  "RETURN NEW; END $$; "
                  "CREATE TRIGGER refuse BEFORE INSERT ON railbook.holds FOR EACH ROW EXECUTE FUNCTION "
                  "railbook.refuse()")
                  .sqlstate,
              "");
    // Its journal is emptied while nobody else may use it, as of a run whose service is over.
    const auto key = run_keys()[0];
    const auto store_prefix = key.substr(0, key.find(':', 3));
    const auto name = key.substr(key.find('{') + 1, key.size() - key.find('{') - 2);
    ASSERT_EQ(server->command({"DEL", store_prefix + ":dirty:{dirty}"}), "1\n");
    ASSERT_EQ(server->command({"ZADD", store_prefix + ":runs:{runs}", "0", name}), "0\n") << "it is there";
    EXPECT_FALSE(store->bookings().expire(environment.now(), 100));
    EXPECT_EQ(holds_in_postgres(), "289") << "the first one, and all before that of user:290 but the refused one";
    EXPECT_EQ(code_of(book(holds.back())), ErrorCode::unavailable);
    ASSERT_EQ(sql(postgres_url(folder), "DROP TRIGGER refuse ON railbook.holds").sqlstate, "");
    server->command({"ZADD", store_prefix + ":runs:{runs}", "9000000000000", name});
    server->command({"SADD", store_prefix + ":dirty:{dirty}", name});
    ASSERT_TRUE(store->bookings().expire(environment.now(), 100));
    EXPECT_EQ(holds_in_postgres(), std::to_string(kHolds)) << "all but the one that was refused, and the first one";
    EXPECT_EQ(code_of(book(holds.front())), ErrorCode::hold_lost);
    for (const auto number : {std::size_t{1}, std::size_t{289}, holds.size() - 1})
        EXPECT_TRUE(book(holds[number])) << number;
    const auto next = place(350);
    ASSERT_TRUE(next) << next.error();
    EXPECT_EQ(store::epoch_of(next->fence), store::epoch_of(holds.back().fence)) << "nothing was lost";
    expect_laws();
}

TEST_F(RedisFenceTest, WhoeverKeepsItOtherwiseIsOfAnotherEpoch) {
    start();
    const auto held = place(1);
    ASSERT_TRUE(held) << held.error();
    // As a process writes it that knows no layouts: the servers only.
    const auto changed = sql(postgres_url(folder), R"sql(
        UPDATE railbook.railbook_store
        SET front = convert_to(replace(convert_from(front, 'UTF8'), 'layout-3,', ''), 'UTF8') RETURNING 1)sql");
    ASSERT_EQ(changed.value(), "1") << changed.sqlstate;
    const auto other = open();
    ASSERT_TRUE(other);
    const auto next = place(2, "user:bert", other.get());
    ASSERT_TRUE(next) << next.error();
    EXPECT_GT(store::epoch_of(next->fence), store::epoch_of(held->fence));
    const auto lost = release(*held);
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, ErrorCode::hold_lost);
    expect_laws();
}

/// Epochs are not without number, and each takes the holds of the one before.
TEST_F(RedisFenceTest, ProcessesThatDoNotAgreeAboutTheServersUseFewEpochs) {
    start();
    auto another = RedisServer::start_new();
    ASSERT_TRUE(another) << another.error();
    std::swap(server, *another);
    auto other = open();
    std::swap(server, *another);
    ASSERT_TRUE(other);
    const auto record = open_record();
    const auto last_epoch = [&] {
        return std::stoi(sql(postgres_url(folder), "SELECT epoch FROM railbook.railbook_store").value());
    };
    const auto before = last_epoch();
    std::set<std::uint64_t> fences;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{5};
    for (std::uint32_t round = 0; std::chrono::steady_clock::now() < end; ++round) {
        auto& by = round % 2 == 0 ? *other : *store;
        const auto hold = place(1 + round % 4, "user:carl", &by);
        if (hold) {
            EXPECT_TRUE(fences.insert(hold->fence).second) << "given twice: " << hold->fence;
        }
        const auto now = by.now();
        ASSERT_TRUE(now);
        ASSERT_TRUE(by.bookings().expire(*now, 100));
        if (hold)
            static_cast<void>(
                by.inventory().release_hold(make.command("hold.release", hold->owner), Maker::claim(*hold)));
        system_environment().pause(Duration{20});
    }
    EXPECT_LT(last_epoch() - before, 16);
    EXPECT_GT(fences.size(), 50U) << "the sale goes on";
    other.reset();
    // Whoever is left alone comes back.
    bool is_back = false;
    for (int round = 0; round < 150 && !is_back; ++round) {
        const auto hold = place(5);
        ASSERT_TRUE(hold) << hold.error();
        is_back = !hold->pinned;
        ASSERT_TRUE(release(*hold));
        system_environment().pause(Duration{100});
    }
    EXPECT_TRUE(is_back);
    expect_laws();
}

TEST_F(RedisFenceTest, AGrantThatComesLateIsNotTaken) {
    start_cluster();
    const railbook::Run re = a_run("re");
    ASSERT_TRUE(place_on(ice, 0, "user:first"));
    ASSERT_TRUE(place_on(re, 0, "user:first"));
    ASSERT_FALSE(place_on(ice, 1)->pinned) << "Redis decides about the run";
    auto address = store::redis::parse_address(server->url());
    ASSERT_TRUE(address) << address.error();
    store::redis::Client client{*address, system_environment(), [](const auto&) { return Status{}; }};
    ASSERT_TRUE(client.look_around());
    std::string found;
    for (std::size_t i = 0; i < 3; ++i) {
        const auto keys = node(i).command({"KEYS", "*:run:*ice*}"});
        if (keys.find("ice") != std::string::npos) found = keys.substr(0, keys.find('\n'));
    }
    ASSERT_NE(found, "");
    const std::array<std::string, 1> run_keys{found};
    const auto token = found.substr(3, found.find(':', 3) - 3);
    const std::array<std::string, 2> counter{"rb:" + token + ":fence:{fence}", "rb:" + token + ":drawn:{fence}"};
    const auto draw_block = [&] {
        const std::array<std::string_view, 2> arguments{"64", ""};
        const auto reply = client.run(store::redis::draw_script(), counter, arguments);
        EXPECT_TRUE(reply) << reply.error();
        return reply ? reply->number(1) : 0;
    };
    const auto grant = [&](std::int64_t last, std::uint64_t fence) {
        const std::array<std::string, 3> words{std::to_string(store::epoch_of(fence)), std::to_string(last - 64),
                                               std::to_string(last)};
        const std::vector<std::string_view> arguments{words.begin(), words.end()};
        EXPECT_TRUE(client.run(store::redis::grant_script(), run_keys, arguments));
    };
    const auto place_both = [&](std::uint32_t seat) {
        return store->inventory().place_hold(make.command("hold.create"),
                                             make.hold({{&ice, {seat}, {0, 4}}, {&re, {seat}, {0, 4}}}), {ice, re}, 0);
    };
    const auto close_run = [&](std::uint32_t seat) {
        const SeatBlock block{.run = ice.id, .span = {0, 4}, .seats = {{seat, ice.consist->seat_at(seat)}}};
        ASSERT_TRUE(store->inventory().block_seats(make.command("seats.block"), ice, block));
    };
    std::uint64_t last_fence = 0;
    for (std::uint32_t seat = 2; seat < 5; ++seat) {
        const auto late = draw_block();
        const auto both = place_both(seat);
        ASSERT_TRUE(both) << both.error();
        EXPECT_GT(both->fence, last_fence);
        ASSERT_TRUE(release(*both));
        // The run stays Redis's; or is the record's for a while, before the grant comes, or after it.
        if (seat == 3) {
            close_run(7);
            ASSERT_TRUE(place_on(ice, 6));
        }
        if (seat == 4) close_run(5);
        grant(late, both->fence);
        const auto next = place_on(ice, seat);
        ASSERT_TRUE(next) << next.error();
        EXPECT_FALSE(next->pinned);
        EXPECT_GT(next->fence, both->fence) << "seat " << seat;
        last_fence = next->fence;
    }
    expect_laws();
}

TEST_F(RedisFenceTest, OneKeyForRunsOfSeveralServersAtTheSameTimeLeadsToOneHold) {
    start_cluster();
    const auto other = open();
    std::vector<railbook::Run> trains;
    for (int i = 0; i < 4; ++i) {
        trains.push_back(a_run("trip-" + std::to_string(i)));
        ASSERT_TRUE(place_on(trains.back(), 0, "user:first"));
        ASSERT_FALSE(place_on(trains.back(), 0, "user:first"));
    }
    for (std::uint32_t round = 0; round < 12; ++round) {
        const auto hold = place_all_with_one_key(
            make.command("hold.create"),
            {{{&trains[0], 1}}, {{&trains[1], 2}}, {{&trains[2], 3}}, {{&trains[3], 4}}, {{&trains[0], 5}}},
            {store.get(), other.get()});
        ASSERT_TRUE(hold);
        ASSERT_TRUE(release(*hold));
    }
    for (const auto& train : trains) {
        const auto seats = store->inventory().occupancy({train.id}, environment.now());
        ASSERT_TRUE(seats) << seats.error();
        for (std::uint32_t seat = 1; seat < 6; ++seat)
            EXPECT_EQ(seats->front().state(seat, {0, 4}), SeatState::free) << seat;
    }
    expect_laws();
}

}  // namespace
}  // namespace railbook::test
