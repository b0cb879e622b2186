/// The bytes that Redis keeps for Railbook: what is written is read again, and what is damaged is refused.

#include "store/fixture.hpp"
#include "store/redis/front.hpp"

namespace railbook::test {
namespace {

namespace redis = store::redis;

class RedisCodecTest : public ::testing::Test {
protected:
    Hold a_hold() {
        Hold hold = make.hold({{&ice, {1, 3}, {0, 4}}, {&re, {2}, {1, 2}}});
        hold.fence = store::fence_of(7, 300);
        hold.pinned = false;
        auto& items = hold.items.edit();
        items[0].reason = "beside each other";
        items[1].run.start = 8 * 3600;
        items[1].from.call.nth = 2;
        return hold;
    }
    /// As the script for holds writes it: what changes, which ends with whether PostgreSQL knows the hold, and what the
    /// client sent.
    static std::string record_of(const Hold& hold, const std::string& step = {}) {
        return redis::encode_record(hold).substr(0, 49) + '\0' + redis::encode_lasting(hold, step);
    }
    /// As the scripts answer it: the kind, and of a placed hold its record; of others the time, and the client's bytes.
    static std::string entry_of(char kind, const Hold& hold, const std::string& rest) {
        if (kind == 1) return kind + rest;
        // A span has its deadline behind four bytes.
        return kind + redis::cell_bytes({0, 1}, hold.created_at, SeatState::held, hold.id).substr(4, 8) + rest;
    }

    TestEnvironment environment;
    Maker make{environment};
    railbook::Run ice = a_run("ice");
    railbook::Run re = a_run("re");
};

TEST_F(RedisCodecTest, AHoldIsReadAsItWasPlacedAndAsItIs) {
    Hold hold = a_hold();
    const auto placed = redis::decode_record(record_of(hold), true);
    ASSERT_TRUE(placed) << placed.error();
    EXPECT_EQ(*placed, hold);
    const auto known = redis::decode_record(redis::encode_record(hold), false);
    ASSERT_TRUE(known) << known.error();
    EXPECT_TRUE(known->pinned);
    hold.pinned = true;
    EXPECT_EQ(*known, hold);

    // Released, and extended before that.
    auto record = record_of(hold);
    Hold longer = hold;
    longer.expires_at += std::chrono::minutes{5};
    record.replace(16, 8, redis::encode_record(longer), 16, 8);
    record[48] = 1;
    const auto released = redis::decode_record(record, false);
    ASSERT_TRUE(released) << released.error();
    EXPECT_EQ(released->status, HoldStatus::released);
    EXPECT_EQ(released->expires_at, longer.expires_at);
    EXPECT_FALSE(released->pinned);
    EXPECT_EQ(redis::decode_record(record, true)->expires_at, hold.expires_at);
    EXPECT_EQ(redis::decode_record(record, true)->status, HoldStatus::held);
}

TEST_F(RedisCodecTest, StepsOfTheJournalAreRead) {
    const Hold hold = a_hold();
    auto command = make.command("hold.create");
    const auto placed = redis::decode_step(entry_of(1, hold, record_of(hold, redis::encode_place(command))), 7);
    ASSERT_TRUE(placed) << placed.error();
    EXPECT_EQ(placed->kind, store::FrontStep::Kind::place);
    EXPECT_EQ(placed->hold, hold);
    EXPECT_EQ(placed->command.now, hold.created_at);
    EXPECT_EQ(placed->command.key, command.key);
    EXPECT_EQ(placed->command.fingerprint, command.fingerprint);
    EXPECT_EQ(placed->command.keep_answer, command.keep_answer);

    command = make.command("hold.extend");
    const auto claim = Maker::claim(hold);
    const auto until = hold.expires_at + std::chrono::minutes{1};
    const auto extended = redis::decode_step(entry_of(2, hold, redis::encode_extend(command, claim, until)), 7);
    ASSERT_TRUE(extended) << extended.error();
    EXPECT_EQ(extended->kind, store::FrontStep::Kind::extend);
    EXPECT_EQ(extended->claim.id, claim.id);
    EXPECT_EQ(extended->claim.owner, claim.owner);
    EXPECT_EQ(extended->claim.fence, claim.fence);
    EXPECT_EQ(extended->until, until);
    const auto released =
        redis::decode_step(entry_of(3, hold, redis::encode_extend(command, {claim.id, "", {}, true}, {})), 7);
    ASSERT_TRUE(released) << released.error();
    EXPECT_EQ(released->kind, store::FrontStep::Kind::release);
    EXPECT_TRUE(released->claim.any_owner);
    EXPECT_EQ(released->claim.fence, std::nullopt);
}

TEST_F(RedisCodecTest, WhatIsKeptUnderAKeyIsRead) {
    const Hold hold = a_hold();
    const auto command = make.command("hold.create");
    for (const bool is_records : {false, true}) {
        const auto kept = redis::decode_kept(redis::encode_kept(hold.latest_end, hold.id, is_records));
        ASSERT_TRUE(kept) << kept.error();
        EXPECT_EQ(kept->until, hold.latest_end);
        EXPECT_EQ(kept->hold, hold.id);
        EXPECT_EQ(kept->is_records, is_records);
    }
    EXPECT_EQ(redis::fingerprint_in(record_of(hold, redis::encode_place(command))), command.fingerprint);
    EXPECT_EQ(redis::fingerprint_in(record_of(hold)), std::nullopt) << "PostgreSQL knows";
}

TEST_F(RedisCodecTest, WhatEndsTooEarlyIsRefused) {
    const Hold hold = a_hold();
    const auto record = record_of(hold);
    for (std::size_t size = 0; size < record.size(); ++size) {
        const auto read = redis::decode_record(record.substr(0, size), false);
        ASSERT_FALSE(read) << size;
        EXPECT_EQ(read.error().code, ErrorCode::damaged);
    }
    const auto entry = entry_of(1, hold, record_of(hold, redis::encode_place(make.command("hold.create"))));
    for (std::size_t size = 0; size < entry.size(); ++size)
        ASSERT_FALSE(redis::decode_step(entry.substr(0, size), 7)) << size;
    EXPECT_FALSE(redis::decode_step(entry + 'x', 7));
    EXPECT_FALSE(redis::decode_step('\4' + entry.substr(1), 7)) << "no such kind";
    EXPECT_FALSE(redis::decode_kept(redis::encode_kept(hold.latest_end, hold.id, false).substr(0, 23)));
    EXPECT_EQ(redis::decode_state("short").version, 0U);
    EXPECT_FALSE(redis::decode_state("short").is_behind);
    EXPECT_FALSE(redis::decode_record(record.substr(0, 50) + '\2' + record.substr(51), false)) << "of another step";
}

}  // namespace
}  // namespace railbook::test
