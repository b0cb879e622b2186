#include "store/records/lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace railbook {
namespace {

using store::records::LineWriter;
using store::records::read_lines;
using test::World;

using Lines = std::vector<std::string>;

/// Hands out the lines, one after the other.
auto giving(const Lines& lines) {
    return [&lines, next = std::size_t{0}]() mutable -> Result<std::optional<std::string>> {
        if (next == lines.size()) return std::optional<std::string>{};
        return std::optional{lines[next++]};
    };
}

/// A store with something of everything in it, as lines.
class LinesTest : public testing::Test {
protected:
    LinesTest() {
        const auto booking = world.prebooked(world.anna);
        EXPECT_TRUE(world.engine().bookings().pay(world.anna, {world.key(), booking.id, "sandbox:success"}));
        EXPECT_TRUE(world.engine().inventory().hold(world.ben, world.seats("A", "H", {{"1", "2"}})));
        EXPECT_TRUE(world.engine().inventory().block(world.staff, {world.key(), World::run(), "H", "F", {{"1", "1"}}}));
        lines = dump(world.engine());
    }

    static Lines dump(Engine& engine) {
        Lines written;
        const auto done = engine.dump([&](std::string_view line) -> Status {
            written.emplace_back(line);
            return {};
        });
        EXPECT_TRUE(done) << done.error().detail;
        return written;
    }

    /// The error of loading the lines into a new store.
    Error refusal() {
        EngineOptions options;
        options.environment = &world.environment;
        const auto done = Engine::load("memory:", giving(lines), options);
        EXPECT_FALSE(done);
        return done ? Error{} : done.error();
    }
    std::size_t first_of(std::string_view type) const {
        const auto start = "{\"type\":\"" + std::string{type} + '"';
        for (std::size_t i = 0; i < lines.size(); ++i) {
            if (lines[i].starts_with(start)) return i;
        }
        ADD_FAILURE() << "no line of the type " << type;
        return 0;
    }

    World world;
    Lines lines;
};

TEST_F(LinesTest, ALoadedStoreIsDumpedTheSame) {
    const auto file = "sqlite:" + world.folder.file("other.db");
    EngineOptions options;
    options.environment = &world.environment;
    const auto done = Engine::load(file, giving(lines), options);
    ASSERT_TRUE(done) << done.error().detail;
    auto other = Engine::open(file, options);
    ASSERT_TRUE(other) << other.error().detail;
    EXPECT_EQ(dump(*other), lines);
    EXPECT_TRUE(other->verify()->ok());
    EXPECT_EQ(other->inventory().hold(world.ben, world.seats("H", "F", {{"1", "1"}})).error().code,
              ErrorCode::seat_taken)
        << "it is blocked";
}

TEST_F(LinesTest, EveryKindOfRecordIsThere) {
    for (const auto* type : {"counters", "secret", "feed", "document", "consist", "run", "hold", "block", "booking",
                             "payment", "ticket", "ledger", "audit", "answer", "end"})
        first_of(type);
    EXPECT_EQ(first_of("counters"), 0U);
    EXPECT_EQ(first_of("end"), lines.size() - 1);
}

TEST_F(LinesTest, ADumpThatWasCutOffIsRefused) {
    lines.pop_back();
    EXPECT_THAT(refusal().detail, testing::HasSubstr("no end"));
    lines.erase(lines.begin() + 2, lines.end());
    EXPECT_EQ(refusal().code, ErrorCode::bad_data);
    lines.clear();
    EXPECT_EQ(refusal().code, ErrorCode::bad_data);
}

TEST_F(LinesTest, AMissingLineIsNoticedAtTheEnd) {
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(first_of("answer")));
    EXPECT_THAT(refusal().detail, testing::HasSubstr("lines are missing"));
}

TEST_F(LinesTest, WhatFollowsTheEndIsRefused) {
    lines.push_back(lines.front());
    EXPECT_THAT(refusal().detail, testing::HasSubstr("follows the end"));
}

TEST_F(LinesTest, ASpoiledLineIsNamed) {
    const auto spoil = [&](std::string_view type, const std::function<void(std::string&)>& change) {
        const auto whole = lines;
        const auto at = first_of(type);
        change(lines[at]);
        const auto error = refusal();
        EXPECT_EQ(error.code, ErrorCode::bad_data) << type;
        EXPECT_THAT(error.detail, testing::HasSubstr("line " + std::to_string(at + 1) + " ")) << type;
        lines = whole;
    };
    for (const auto* type : {"hold", "booking", "payment", "ticket", "run", "block", "answer", "consist"}) {
        spoil(type, [](std::string& line) { line.replace(line.find("\"record\":{") + 10, 0, "\"more\":1,\"\":"); });
        spoil(type, [](std::string& line) { line.resize(line.size() - 2); });
    }
    spoil("feed", [](std::string& line) { line.replace(line.find("\"data\":\"") + 8, 1, "!"); });
    spoil("ledger", [](std::string& line) { line.replace(line.find("\"seq\":") + 6, 0, "-"); });
    spoil("audit", [](std::string& line) { line.replace(line.find("\"actor\""), 7, "\"other\""); });
    spoil("secret", [](std::string& line) { line.replace(9, 6, "riddle"); });
    spoil("hold", [](std::string& line) { line.replace(9, 4, "payment"); });
}

TEST_F(LinesTest, ADumpOfANewerRailbookIsUnsupported) {
    auto& line = lines.front();
    line.replace(line.find("\"format\":1"), 10, "\"format\":2");
    EXPECT_EQ(refusal().code, ErrorCode::unsupported);
}

TEST_F(LinesTest, WhatFailsWhileWritingEndsTheDump) {
    int written = 0;
    const auto done = world.engine().dump([&](std::string_view) -> Status {
        if (++written == 3) return Error{ErrorCode::storage_full, "no space"};
        return {};
    });
    EXPECT_EQ(done.error().code, ErrorCode::storage_full);
    EXPECT_EQ(written, 3);
}

}  // namespace
}  // namespace railbook
