/// The faults themselves: what a test of stores meets when a call fails.

#include "store/faults.hpp"
#include "store/fixture.hpp"
#include "store/memory/memory.hpp"

namespace railbook::test {
namespace {

class FaultsTest : public ::testing::Test {
protected:
    /// Places a hold as the first call, and asks for it as the second.
    Result<Hold> place_and_find(Store& store) {
        const auto placed =
            store.inventory().place_hold(make.command("hold.create"), make.hold({{&ice, {0}, {0, 4}}}), {ice}, 0);
        if (!placed) return placed;
        return store.inventory().find_hold(placed->id);
    }

    TestEnvironment environment;
    Maker make{environment};
    railbook::Run ice = a_run("ice");
};

TEST_F(FaultsTest, CallFailsBeforeItsEffectOrAfterIt) {
    for (const auto when : {Faults::When::before, Faults::When::after}) {
        Faults faults{1, when};
        const auto store = make_faulty(store::open_memory(environment), faults);
        const auto failed = place_and_find(*store);
        ASSERT_FALSE(failed);
        EXPECT_EQ(failed.error().code, ErrorCode::unavailable);
        EXPECT_TRUE(faults.has_reached());
        EXPECT_EQ(records_of(*store).holds.size(), when == Faults::When::after ? 1U : 0U);
    }
}

TEST_F(FaultsTest, CallerWhoRepeatsGetsTheAnswer) {
    for (std::size_t number = 1; number <= 3; ++number) {
        Faults faults{number, Faults::When::after};
        const auto store = make_repeating(make_faulty(store::open_memory(environment), faults));
        const auto found = place_and_find(*store);
        ASSERT_TRUE(found) << found.error();
        EXPECT_EQ(faults.has_reached(), number < 3);
        const auto records = records_of(*store);
        ASSERT_EQ(records.holds.size(), 1U) << "also where the reading is repeated";
        EXPECT_EQ(records.holds.front(), *found);
    }
}

}  // namespace
}  // namespace railbook::test
