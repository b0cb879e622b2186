/// What the SQLite store remembers of its file is bounded.

#include <gtest/gtest.h>

#include "store/sqlite/mirror.hpp"

namespace railbook::store::sqlite {
namespace {

PinnedRun pinned_on(int day) {
    Run run;
    run.id.date = ServiceDate{std::chrono::days{day}};
    run.id.trip = {"db", "1"};
    run.calls = std::vector<Call>(3);
    run.consist = std::make_shared<const Consist>(Consist{"one", {Coach{"1", "open", "second", {Place{"45"}}}}});
    run.pinned = true;
    return {run, RunAllocations{run}};
}

Mirror::Knowledge known(const Mirror& mirror, int day) {
    std::optional<Run> run;
    return mirror.find_run(pinned_on(day).run.id, run);
}

TEST(SqliteMirrorTest, EarliestDatesAreForgottenFirstAndCanBeLoadedAgain) {
    Mirror mirror{2};
    mirror.reset({pinned_on(1).run.id, pinned_on(2).run.id, pinned_on(3).run.id});
    for (const int day : {2, 1, 3}) mirror.load(pinned_on(day));
    EXPECT_EQ(known(mirror, 1), Mirror::Knowledge::not_loaded);
    EXPECT_EQ(known(mirror, 2), Mirror::Knowledge::loaded);
    EXPECT_EQ(known(mirror, 3), Mirror::Knowledge::loaded);
    mirror.load(pinned_on(1));  // the one that was just asked for stays
    EXPECT_EQ(known(mirror, 1), Mirror::Knowledge::loaded);
    EXPECT_EQ(known(mirror, 2), Mirror::Knowledge::not_loaded);
    EXPECT_EQ(known(mirror, 4), Mirror::Knowledge::not_pinned);
}

TEST(SqliteMirrorTest, WhatHappensToAForgottenRunIsLeftToTheFile) {
    Mirror mirror{1};
    mirror.reset({pinned_on(1).run.id});
    mirror.load(pinned_on(1));
    Hold hold;
    HoldItem item;
    item.run = pinned_on(1).run.id;
    item.span = {0, 1};
    item.seats = {{0, {"1", "45"}}};
    hold.items = {item};
    Effects effects;
    effects.pinned = {pinned_on(2).run};
    effects.holds = {hold};
    mirror.follow(effects, Timestamp{});
    EXPECT_EQ(known(mirror, 1), Mirror::Knowledge::not_loaded);
    EXPECT_EQ(known(mirror, 2), Mirror::Knowledge::loaded);
}

}  // namespace
}  // namespace railbook::store::sqlite
