/// Random traces: both stores and a model that counts single cells give the same answers to the same commands.

#include <cstdlib>
#include <random>

#include <rapidcheck.h>

#include "store/model.hpp"

namespace railbook::test {
namespace {

constexpr int kKinds = 22;
constexpr int kNumbers = 60;

/// 1 for the tests of every day; more for the long ones.
int scale() {
    const char* text = std::getenv("RAILBOOK_TEST_SCALE");
    return text ? std::max(1, std::atoi(text)) : 1;
}

TEST(StoreModelTest, StoresAndModelAgreeOnEveryCell) {
    const auto number = rc::gen::inRange(0, kNumbers);
    const auto moves =
        rc::gen::container<std::vector<Move>>(rc::gen::tuple(rc::gen::inRange(0, kKinds), number, number, number));
    const bool holds = rc::check("stores and model agree", [&] {
        World world{1};
        for (const auto& move : *moves) {
            if (!world.move(move)) RC_FAIL(world.difference());
        }
        if (!world.ends_equal()) RC_FAIL(world.difference());
    });
    EXPECT_TRUE(holds);
}

TEST(StoreModelTest, SalesInAnotherOrderThanTheirBookingsAreReadAlike) {
    // Found by the property above: the second booking is paid for first.
    const std::vector<Move> moves{{0, 0, 0, 0},  {0, 0, 0, 1},  {8, 0, 0, 0},  {0, 0, 0, 2}, {10, 0, 0, 0},
                                  {8, 34, 0, 0}, {10, 4, 0, 0}, {12, 4, 1, 0}, {12, 0, 1, 0}};
    World world{1};
    for (const auto& move : moves) ASSERT_TRUE(world.move(move)) << world.difference();
    EXPECT_TRUE(world.ends_equal()) << world.difference();
}

TEST(StoreModelTest, ACommandThatChangesNothingIsAsLateAsItsAnswer) {
    // Found by the property above: a hold that was released is released again, later and by another command.
    for (const auto kind : {StoreKind::sqlite, StoreKind::postgres, StoreKind::redis}) {
        World world{1, kind};
        const std::vector<Move> moves{{0, 0, 0, 0}, {7, 0, 0, 0}, {18, 0, 0, 0}, {7, 0, 0, 0}};
        for (const auto& move : moves) ASSERT_TRUE(world.move(move)) << world.difference();
        EXPECT_TRUE(world.ends_equal()) << to_string(kind) << ": " << world.difference();
    }
}

/// `rounds` traces of 600 steps, each on a new store of that kind.
void follow_long_traces(StoreKind store, int rounds) {
    for (int round = 0; round < rounds; ++round) {
        const auto seed = static_cast<std::uint64_t>(round) + 1;
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random{seed};
        const auto below = [&](int end) { return static_cast<int>(random() % static_cast<std::uint64_t>(end)); };
        World world{seed, store};
        for (int step = 0; step < 600; ++step) {
            // Each number in a statement of its own: the order of arguments is the compiler's.
            const int kind = below(kKinds);
            const int a = below(1000);
            const int b = below(kNumbers);
            const int c = below(kNumbers);
            ASSERT_TRUE(world.move({kind, a, b, c})) << "step " << step << ": " << world.difference();
        }
        ASSERT_TRUE(world.ends_equal()) << world.difference();
    }
}

TEST(StoreModelTest, LongTracesGiveEqualAnswers) { follow_long_traces(StoreKind::sqlite, 3 * scale()); }

TEST(StoreModelTest, LongTracesGiveEqualAnswersOnPostgres) { follow_long_traces(StoreKind::postgres, 2 * scale()); }

TEST(StoreModelTest, LongTracesGiveEqualAnswersOnRedis) { follow_long_traces(StoreKind::redis, 2 * scale()); }

}  // namespace
}  // namespace railbook::test
