#include "inventory/seat_choice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace railbook::inventory {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Numbers = std::vector<std::uint32_t>;

/// A coach of rows with the given columns; `|` is the aisle.
Coach open_coach(std::string number, int rows, std::string_view columns = "AB|CD",
                 std::string travel_class = "second") {
    Coach coach{.number = std::move(number), .layout = "open", .travel_class = std::move(travel_class), .places = {}};
    for (int row = 1; row <= rows; ++row) {
        for (std::size_t i = 0; i < columns.size(); ++i) {
            if (columns[i] == '|') continue;
            Place place{.number = std::to_string(row) + columns[i], .row = row, .column = std::string{columns[i]}};
            if (i == 0 || i + 1 == columns.size()) place.properties.emplace_back("WINDOW");
            if ((i > 0 && columns[i - 1] == '|') || (i + 1 < columns.size() && columns[i + 1] == '|'))
                place.properties.emplace_back("AISLE");
            // The first half looks backward, the second half forward.
            place.facing = 2 * row <= rows ? "backward" : "forward";
            coach.places.push_back(std::move(place));
        }
    }
    return coach;
}

/// A coach whose drawing is not known.
Coach plain_coach(std::string number, int places, std::string travel_class = "second") {
    Coach coach{.number = std::move(number), .layout = "plain", .travel_class = std::move(travel_class), .places = {}};
    for (int i = 0; i < places; ++i) coach.places.push_back({.number = std::to_string(i + 1)});
    return coach;
}

/// A train of which parts are taken.
class Train {
public:
    explicit Train(std::vector<Coach> coaches, std::uint32_t segments = 4)
        : consist_{std::make_shared<const Consist>(Consist{.name = "test", .coaches = std::move(coaches)})},
          plan_{consist_},
          segments_{segments},
          bits_(MaskPlanes::size_for(plan_.seats(), segments)) {}

    Train& take(std::uint32_t seat, std::uint32_t from, std::uint32_t to) {
        for (auto n = from; n < to; ++n) bits_[n / 32 * plan_.seats() + seat] |= 1U << (n % 32);
        return *this;
    }
    Train& take_all_but(const Numbers& free) {
        for (std::uint32_t seat = 0; seat < plan_.seats(); ++seat) {
            if (std::ranges::find(free, seat) == free.end()) take(seat, 0, segments_);
        }
        return *this;
    }
    const SeatPlan& plan() const { return plan_; }
    const Consist& consist() const { return *consist_; }
    std::uint32_t segments() const { return segments_; }
    MaskPlanes masks() const { return {bits_, plan_.seats(), segments_}; }
    std::uint32_t seat(const char* coach, const char* number) const { return *consist_->index_of({coach, number}); }

    Result<SeatChoice> choose(int count, const SeatWishes& wishes = {}, Span span = {1, 3},
                              std::string_view travel_class = "second") const {
        return choose_seats(plan_, masks(), {span, travel_class, count, wishes});
    }
    /// The seats of a choice that needs no change, by their names.
    std::vector<std::string> names(int count, const SeatWishes& wishes = {}, Span span = {1, 3},
                                   std::string_view travel_class = "second") const {
        const auto choice = choose(count, wishes, span, travel_class);
        if (!choice) return {"refused: " + std::string{to_string(choice.error().code)}};
        EXPECT_EQ(choice->stages.size(), 1U);
        std::vector<std::string> names;
        for (const auto seat : choice->stages.front().seats) names.push_back(to_string(consist_->seat_at(seat)));
        return names;
    }
    std::string why(int count, const SeatWishes& wishes = {}, Span span = {1, 3}) const {
        const auto choice = choose(count, wishes, span);
        return choice ? explain(plan_, masks(), {span, "second", count, wishes}, *choice) : choice.error().detail;
    }

private:
    std::shared_ptr<const Consist> consist_;
    SeatPlan plan_;
    std::uint32_t segments_;
    std::vector<std::uint32_t> bits_;
};

// --- Fit -----------------------------------------------------------------------------------------------------------

TEST(SeatChoice, FillsAGapExactlyBeforeAnyOther) {
    Train train{{plain_coach("1", 4)}};
    train.take(1, 0, 1).take(2, 0, 1).take(2, 3, 4).take(3, 2, 3);
    EXPECT_THAT(train.names(1), ElementsAre("1/3"));
    EXPECT_EQ(train.why(1), "1 seat in coach 1, filling a gap exactly");
}

TEST(SeatChoice, ShortensAFreeStretchRatherThanCutOneInHalves) {
    // Seat 1 is free on 0..6 around 2..4, and would become two pieces; seat 2 stays one piece, though a longer one.
    Train train{{plain_coach("1", 2)}, 10};
    train.take(0, 0, 1).take(0, 5, 10).take(1, 0, 2);
    EXPECT_THAT(train.names(1, {}, {2, 4}), ElementsAre("1/2"));
    EXPECT_EQ(train.why(1, {}, {2, 4}), "1 seat in coach 1, leaving what is free around it in one piece");
}

TEST(SeatChoice, TakesTheShorterOfTwoStretches) {
    Train train{{plain_coach("1", 2)}, 10};
    train.take(0, 0, 2).take(1, 0, 2).take(1, 8, 10);
    EXPECT_THAT(train.names(1, {}, {2, 4}), ElementsAre("1/2"));
}

TEST(SeatChoice, TheEndsOfTheRunAreNoOpenEnds) {
    Train train{{plain_coach("1", 2)}};
    train.take(1, 0, 1);
    EXPECT_THAT(train.names(1, {}, {0, 4}), ElementsAre("1/1"));
    EXPECT_EQ(train.why(1, {}, {0, 4}), "1 seat in coach 1, filling a gap exactly");
}

TEST(SeatChoice, LeavesNoSingleSeatBehindWhereAnotherFitsAsWell) {
    Train train{{plain_coach("1", 7)}, 1};
    train.take(3, 0, 1);  // three free, then three free
    train.take(6, 0, 1);  // two free
    EXPECT_THAT(train.names(2, {}, {0, 1}), ElementsAre("1/5", "1/6")) << "1/1 and 1/2 would leave 1/3 alone";
    EXPECT_THAT(train.names(3, {}, {0, 1}), ElementsAre("1/1", "1/2", "1/3"));
}

TEST(SeatChoice, FillsASingleSeatBeforeItBreaksAPair) {
    Train train{{open_coach("1", 2)}, 1};
    train.take(3, 0, 1);  // 1D is taken, so 1C is single
    EXPECT_THAT(train.names(1, {}, {0, 1}), ElementsAre("1/1C"));
}

TEST(SeatChoice, AFreeTrainGivesItsFirstSeats) {
    const Train train{{open_coach("1", 2)}};
    EXPECT_THAT(train.names(1), ElementsAre("1/1A"));
    EXPECT_THAT(train.names(2), ElementsAre("1/1A", "1/1B"));
    EXPECT_EQ(train.why(2), "2 together in coach 1");
}

// --- Together ------------------------------------------------------------------------------------------------------

TEST(SeatChoice, APartyNeverSitsOverTheEndOfACoachOrARow) {
    Train train{{open_coach("1", 2), open_coach("2", 2)}, 1};
    // 1D and 2A of coach 1 have neighbouring numbers; so have 2D of coach 1 and 1A of coach 2.
    train.take_all_but({3, 4, 7, 8, 13, 14});
    EXPECT_THAT(train.names(2, {}, {0, 1}), ElementsAre("2/2B", "2/2C"));
}

TEST(SeatChoice, PrefersOneSideOfTheAisle) {
    Train train{{open_coach("1", 2)}, 1};
    train.take_all_but({1, 2, 6, 7});
    EXPECT_THAT(train.names(2, {}, {0, 1}), ElementsAre("1/2C", "1/2D"));
}

TEST(SeatChoice, SitsBehindEachOtherWhereNobodySitsSideBySide) {
    Train train{{open_coach("1", 3)}, 1};
    train.take_all_but({0, 3, 6, 10});  // 1A, 1D, 2C, 3C
    EXPECT_THAT(train.names(2, {}, {0, 1}), ElementsAre("1/2C", "1/3C"));
    EXPECT_EQ(train.why(2, {}, {0, 1}), "2 together in coach 1, filling a gap exactly");
}

TEST(SeatChoice, PrefersOneCoachInTheFewestPieces) {
    Train train{{plain_coach("1", 6), plain_coach("2", 6)}, 1};
    train.take_all_but({0, 2, 4, 6, 7, 9, 11});
    EXPECT_THAT(train.names(3, {}, {0, 1}), ElementsAre("2/1", "2/2", "2/4"));
    EXPECT_EQ(train.why(3, {}, {0, 1}), "3 in 2 groups in coach 2, filling a gap exactly");
}

TEST(SeatChoice, SpreadsOverTheFewestCoachesRatherThanRefuse) {
    Train train{{plain_coach("1", 1), plain_coach("2", 2, "first"), plain_coach("3", 3)}, 1};
    EXPECT_THAT(train.names(4, {}, {0, 1}), ElementsAre("1/1", "3/1", "3/2", "3/3"));
    EXPECT_EQ(train.why(4, {}, {0, 1}), "4 in 2 groups in coaches 1 and 3, filling a gap exactly");
    EXPECT_THAT(train.names(5, {}, {0, 1}), ElementsAre("refused: sold_out"));
    EXPECT_THAT(train.names(2, {}, {0, 1}, "first"), ElementsAre("2/1", "2/2"));
}

// --- Wishes --------------------------------------------------------------------------------------------------------

TEST(SeatChoice, MeetsWishesBeforeItFillsAGap) {
    Train train{{open_coach("1", 2)}};
    train.take(1, 0, 1).take(1, 3, 4);  // 1B is a gap of the right length, but not at the window
    EXPECT_THAT(train.names(1), ElementsAre("1/1B"));
    EXPECT_THAT(train.names(1, {.properties = {"WINDOW"}}), ElementsAre("1/1A"));
    EXPECT_EQ(train.why(1, {.properties = {"WINDOW"}}), "1 seat by the window in coach 1");
}

TEST(SeatChoice, SaysWhichWishesAreNotMet) {
    Train train{{open_coach("1", 1)}, 1};
    const SeatWishes wishes{.properties = {"WINDOW", "QUIET"}};
    const auto choice = train.choose(1, wishes, {0, 1});
    ASSERT_TRUE(choice);
    EXPECT_THAT(choice->unmet, ElementsAre("QUIET"));
    EXPECT_EQ(train.why(1, wishes, {0, 1}), "1 seat by the window in coach 1, filling a gap exactly; not met: QUIET");
}

TEST(SeatChoice, RefusesRatherThanGiveWhatIsNotRequired) {
    Train train{{open_coach("1", 2)}, 1};
    const SeatWishes window{.properties = {"WINDOW"}, .required = true};
    EXPECT_THAT(train.names(4, window, {0, 1}), ElementsAre("1/1A", "1/1D", "1/2A", "1/2D"));
    EXPECT_THAT(train.names(5, window, {0, 1}), ElementsAre("refused: sold_out"));
    EXPECT_EQ(train.why(5, window, {0, 1}), "there are not so many free seats with what is required");
    EXPECT_THAT(train.names(1, {.properties = {"QUIET"}, .required = true}, {0, 1}), ElementsAre("refused: sold_out"));
}

TEST(SeatChoice, SitsInTheDirectionThatIsWished) {
    const Train train{{open_coach("1", 4)}};
    EXPECT_THAT(train.names(1, {.facing = "backward"}), ElementsAre("1/1A"));
    EXPECT_THAT(train.names(1, {.facing = "forward"}), ElementsAre("1/3A"));
    EXPECT_EQ(train.why(2, {.facing = "forward"}), "2 together facing forward in coach 1");
}

TEST(SeatChoice, FacesEachOther) {
    Train train{{open_coach("1", 4)}, 1};  // rows 2 and 3 look at each other
    const SeatWishes wishes{.facing = "each_other"};
    EXPECT_THAT(train.names(1, wishes, {0, 1}), ElementsAre("1/2A"));
    EXPECT_THAT(train.names(2, wishes, {0, 1}), ElementsAre("1/2A", "1/3A"));
    EXPECT_THAT(train.names(3, wishes, {0, 1}), ElementsAre("1/1A", "1/2A", "1/3A"));
    EXPECT_THAT(train.names(4, wishes, {0, 1}), ElementsAre("1/2A", "1/2B", "1/3A", "1/3B"));
    train.take(train.seat("1", "2A"), 0, 1);
    EXPECT_THAT(train.names(4, wishes, {0, 1}), ElementsAre("1/2B", "1/2C", "1/3B", "1/3C"));
    EXPECT_EQ(train.why(2, wishes, {0, 1}), "2 together facing each other in coach 1, filling a gap exactly");
}

TEST(SeatChoice, SitsSideBySideWhereNobodyCanFaceTheOther) {
    Train train{{open_coach("1", 4)}, 1};
    for (const char* seat : {"2A", "2B", "3C", "3D"}) train.take(train.seat("1", seat), 0, 1);
    const SeatWishes wishes{.facing = "each_other"};
    const auto choice = train.choose(2, wishes, {0, 1});
    ASSERT_TRUE(choice);
    EXPECT_THAT(choice->unmet, ElementsAre("each_other"));
    EXPECT_THAT(train.names(2, {.facing = "each_other", .required = true}, {0, 1}), ElementsAre("refused: sold_out"));
}

TEST(SeatChoice, SitsAsNearAsPossible) {
    const Train train{{open_coach("1", 5), open_coach("2", 5)}};
    EXPECT_THAT(train.names(1, {.near = SeatId{"2", "3B"}}), ElementsAre("2/3B"));
    EXPECT_THAT(train.names(2, {.near = SeatId{"2", "3B"}}), ElementsAre("2/3A", "2/3B"));
    EXPECT_EQ(train.why(2, {.near = SeatId{"2", "3B"}}), "2 together in coach 2 near 2/3B");
    Train full{{open_coach("1", 5), open_coach("2", 5)}, 1};
    full.take(full.seat("2", "3B"), 0, 1).take(full.seat("2", "3A"), 0, 1).take(full.seat("2", "3C"), 0, 1);
    EXPECT_THAT(full.names(1, {.near = SeatId{"2", "3B"}}, {0, 1}), ElementsAre("2/2B"));
}

TEST(SeatChoice, RefusesWishesThatMeanNothing) {
    const Train train{{open_coach("1", 2)}};
    const auto code = [&](int count, const SeatWishes& wishes) { return train.names(count, wishes).front(); };
    EXPECT_EQ(code(1, {.facing = "sideways"}), "refused: invalid_argument");
    EXPECT_EQ(code(1, {.near = SeatId{"1", "99"}}), "refused: not_found");
    EXPECT_EQ(code(1, {.wheelchairs = 2}), "refused: invalid_argument");
    EXPECT_EQ(code(1, {.children = 2}), "refused: invalid_argument");
    EXPECT_EQ(code(1, {.wheelchairs = -1}), "refused: invalid_argument");
    EXPECT_EQ(code(1, {.children = -1}), "refused: invalid_argument");
    EXPECT_EQ(code(1, {.changes = -1}), "refused: invalid_argument");
}

// --- Wheelchairs and children --------------------------------------------------------------------------------------

/// One coach with two places for wheelchairs, 1A and 2A, each with a companion's place at B.
Train accessible_train(std::uint32_t segments = 1) {
    Coach coach = open_coach("1", 4);
    for (const std::size_t row : {0U, 1U}) {
        coach.places[4 * row].properties.emplace_back("WHEELCHAIR");
        coach.places[4 * row + 1].properties.emplace_back("COMPANION");
    }
    return Train{{std::move(coach), open_coach("2", 2)}, segments};
}

TEST(SeatChoice, KeepsWheelchairPlacesForThoseWhoNeedThem) {
    Train train = accessible_train();
    EXPECT_THAT(train.names(2, {}, {0, 1}), ElementsAre("1/1C", "1/1D"));
    EXPECT_THAT(train.names(1, {.properties = {"WHEELCHAIR"}}, {0, 1}), ElementsAre("1/1A"));
    train.take_all_but({0, 1, 7});
    EXPECT_THAT(train.names(1, {}, {0, 1}), ElementsAre("1/2D"));
    EXPECT_THAT(train.names(2, {}, {0, 1}), ElementsAre("1/1A", "1/1B")) << "nothing else is free";
}

TEST(SeatChoice, SeatsAWheelchairWithItsCompanion) {
    Train train = accessible_train();
    EXPECT_THAT(train.names(1, {.wheelchairs = 1}, {0, 1}), ElementsAre("1/1A"));
    EXPECT_THAT(train.names(2, {.wheelchairs = 1}, {0, 1}), ElementsAre("1/1A", "1/1B"));
    EXPECT_THAT(train.names(4, {.wheelchairs = 2}, {0, 1}), ElementsAre("1/1A", "1/1B", "1/2A", "1/2B"));
    EXPECT_THAT(train.names(3, {.wheelchairs = 1}, {0, 1}), ElementsAre("1/1A", "1/1B", "1/1C"));
    EXPECT_THAT(train.names(3, {.wheelchairs = 3}, {0, 1}), ElementsAre("refused: sold_out"));
    EXPECT_EQ(train.why(3, {.wheelchairs = 3}, {0, 1}), "there are not so many free places for wheelchairs");
}

TEST(SeatChoice, PrefersTheWheelchairPlaceWhoseCompanionCanSitThere) {
    Train train = accessible_train();
    train.take(train.seat("1", "1B"), 0, 1);
    EXPECT_THAT(train.names(2, {.wheelchairs = 1}, {0, 1}), ElementsAre("1/2A", "1/2B"));
    EXPECT_THAT(train.names(1, {.wheelchairs = 1}, {0, 1}), ElementsAre("1/1A")) << "nobody comes along";
    train.take(train.seat("1", "2B"), 0, 1);
    const auto choice = train.choose(2, {.wheelchairs = 1}, {0, 1});
    ASSERT_TRUE(choice);
    EXPECT_THAT(choice->unmet, ElementsAre("COMPANION"));
    EXPECT_THAT(choice->stages.front().seats, ElementsAre(0, 2)) << "the nearest other seat";
}

TEST(SeatChoice, NeverLeavesAChildWithoutAnAdult) {
    Train train{{plain_coach("1", 5), plain_coach("2", 5)}, 1};
    train.take_all_but({0, 2, 4, 5, 6, 8, 9});  // three single seats; two pairs
    EXPECT_THAT(train.names(2, {.children = 1}, {0, 1}), ElementsAre("2/1", "2/2"));
    EXPECT_THAT(train.names(4, {.children = 2}, {0, 1}), ElementsAre("2/1", "2/2", "2/4", "2/5"));
    EXPECT_THAT(train.names(4, {.children = 3}, {0, 1}), ElementsAre("refused: sold_out")) << "one adult, two pieces";
    EXPECT_EQ(train.why(4, {.children = 3}, {0, 1}), "no free seats keep the children with an adult");
    EXPECT_THAT(train.names(4, {}, {0, 1}), ElementsAre("2/1", "2/2", "2/4", "2/5"));
}

TEST(SeatChoice, GoesToTwoCoachesRatherThanLeaveAChildAlone) {
    Train train{{plain_coach("1", 7), plain_coach("2", 2)}, 1};
    train.take_all_but({0, 1, 3, 5, 7, 8});  // a pair and two singles; a pair
    EXPECT_THAT(train.names(4, {}, {0, 1}), ElementsAre("1/1", "1/2", "1/4", "1/6"));
    EXPECT_THAT(train.names(4, {.children = 2}, {0, 1}), ElementsAre("1/1", "1/2", "2/1", "2/2"));
}

TEST(SeatChoice, ChildrenAmongThemselvesAreSeatedLikeAnybody) {
    Train train{{plain_coach("1", 3)}, 1};
    train.take(1, 0, 1);
    EXPECT_THAT(train.names(2, {.children = 2}, {0, 1}), ElementsAre("1/1", "1/3"));
}

// --- Changes of seats ----------------------------------------------------------------------------------------------

TEST(SeatChoice, ChangesSeatsWhereNoneIsFreeThroughout) {
    Train train{{plain_coach("1", 3)}, 6};
    train.take(0, 2, 6).take(1, 0, 1).take(1, 4, 6).take(2, 0, 4);
    EXPECT_THAT(train.names(1, {}, {0, 6}), ElementsAre("refused: sold_out"));
    EXPECT_THAT(train.names(1, {.changes = 1}, {0, 6}), ElementsAre("refused: sold_out"));
    const auto choice = train.choose(1, {.changes = 2}, {0, 6});
    ASSERT_TRUE(choice);
    EXPECT_THAT(choice->stages, ElementsAre(SeatStage{{0, 2}, {0}}, SeatStage{{2, 4}, {1}}, SeatStage{{4, 6}, {2}}));
    EXPECT_EQ(train.why(1, {.changes = 2}, {0, 6}),
              "1 seat in coach 1, then 1 seat in coach 1, then 1 seat in coach 1, with 2 changes of seats on the way");
}

TEST(SeatChoice, NobodyChangesWithoutNeed) {
    const Train train{{plain_coach("1", 3)}, 6};
    const auto choice = train.choose(2, {.changes = 3}, {0, 6});
    ASSERT_TRUE(choice);
    EXPECT_EQ(choice->stages.size(), 1U);
}

TEST(SeatChoice, RefusesWhereOneSegmentIsFull) {
    Train train{{plain_coach("1", 2)}, 6};
    train.take(0, 3, 4).take(1, 3, 4);
    EXPECT_THAT(train.names(1, {.changes = 9}, {0, 6}), ElementsAre("refused: sold_out"));
}

// --- What is offered instead ---------------------------------------------------------------------------------------

TEST(NearestFree, OffersTheSameCoachThenTheClassThenTheNearest) {
    Train train{{open_coach("1", 2, "AB|CD", "first"), open_coach("2", 2), open_coach("3", 1)}, 1};
    train.take_all_but({0, 9, 11, 12, 16, 19});
    EXPECT_THAT(nearest_free(train.plan(), train.masks(), {0, 1}, {8}, 10), ElementsAre(9, 12, 11, 16, 19, 0));
    EXPECT_THAT(nearest_free(train.plan(), train.masks(), {0, 1}, {8}, 2), ElementsAre(9, 12));
    EXPECT_THAT(nearest_free(train.plan(), train.masks(), {0, 1}, {9}, 2), ElementsAre(11, 12))
        << "what was wanted is not offered; 2C is two columns away, 2A one row and one column";
}

TEST(NearestFree, KeepsWheelchairPlaces) {
    Train train = accessible_train();
    train.take_all_but({0, 1, 4, 7});
    EXPECT_THAT(nearest_free(train.plan(), train.masks(), {0, 1}, {2}, 9), ElementsAre(7));
    EXPECT_THAT(nearest_free(train.plan(), train.masks(), {0, 1}, {5}, 9), ElementsAre(1, 4, 0, 7));
    train.take_all_but({});
    EXPECT_THAT(nearest_free(train.plan(), train.masks(), {0, 1}, {2}, 9), IsEmpty());
}

// --- Against a plain reference -------------------------------------------------------------------------------------

/// The order of preference again, seat by seat and segment by segment, as the header of the choice has it.
class Reference {
public:
    Reference(const Train& train, Span span, std::string_view travel_class) : train_{train}, span_{span} {
        for (const auto& coach : train.consist().coaches) {
            for (const auto& place : coach.places) {
                const auto seat = static_cast<std::uint32_t>(places_.size());
                places_.push_back(&place);
                coaches_.push_back(&coach);
                free_.push_back(coach.travel_class == travel_class && is_free(seat, span.from, span.to));
            }
        }
    }

    bool is_free(std::uint32_t seat, std::uint32_t from, std::uint32_t to) const {
        for (auto n = from; n < to; ++n) {
            if (train_.masks().bits[n / 32 * train_.plan().seats() + seat] >> (n % 32) & 1U) return false;
        }
        return true;
    }
    bool reserved(std::uint32_t seat) const { return has(seat, "WHEELCHAIR") || has(seat, "COMPANION"); }
    bool has(std::uint32_t seat, std::string_view property) const {
        return std::ranges::find(places_[seat]->properties, property) != places_[seat]->properties.end();
    }
    bool next_to(std::uint32_t a, std::uint32_t b) const {
        if (coaches_[a] != coaches_[b]) return false;
        if (places_[a]->row == 0) return a + 1 == b || b + 1 == a;
        const int rows = std::abs(places_[a]->row - places_[b]->row);
        return rows + std::abs(places_[a]->column[0] - places_[b]->column[0]) == 1;
    }
    bool beside(std::uint32_t a, std::uint32_t b) const {
        if (!next_to(a, b) || std::max(a, b) - std::min(a, b) != 1) return false;
        return places_[a]->row == 0 || (places_[a]->row == places_[b]->row && !(has(a, "AISLE") && has(b, "AISLE")));
    }
    std::vector<Numbers> pieces(const Numbers& seats) const {
        std::vector<Numbers> pieces;
        for (const auto seat : seats) {
            Numbers joined{seat};
            std::erase_if(pieces, [&](const Numbers& piece) {
                if (std::ranges::none_of(piece, [&](auto other) { return next_to(seat, other); })) return false;
                joined.insert(joined.end(), piece.begin(), piece.end());
                return true;
            });
            pieces.push_back(joined);
        }
        return pieces;
    }
    std::size_t single_seats(const Numbers& taken) const {
        std::size_t found = 0;
        const auto open = [&](std::uint32_t seat) {
            return free_[seat] && std::ranges::find(taken, seat) == taken.end();
        };
        for (std::uint32_t seat = 0; seat < free_.size(); ++seat) {
            bool has_beside = false;
            bool alone = open(seat);
            for (std::uint32_t other = 0; other < free_.size(); ++other) {
                if (!beside(seat, other)) continue;
                has_beside = true;
                alone = alone && !open(other);
            }
            found += has_beside && alone;
        }
        return found;
    }
    Numbers eligible(const SeatWishes& wishes, std::uint32_t count) const {
        Numbers all;
        Numbers others;
        for (std::uint32_t seat = 0; seat < free_.size(); ++seat) {
            if (!free_[seat] || (wishes.required && unmet(seat, wishes) > 0)) continue;
            all.push_back(seat);
            if (!reserved(seat)) others.push_back(seat);
        }
        return others.size() >= count ? others : all;
    }
    std::size_t unmet(std::uint32_t seat, const SeatWishes& wishes) const {
        std::size_t found = 0;
        for (const auto& property : wishes.properties) found += !has(seat, property);
        if (!wishes.facing.empty()) found += places_[seat]->facing != wishes.facing;
        return found;
    }
    /// The best neighbours, or nothing.
    std::optional<Numbers> side_by_side(std::uint32_t count, const SeatWishes& wishes) const {
        const auto may = eligible(wishes, count);
        using Order = std::tuple<std::size_t, std::size_t, std::size_t, std::size_t, std::size_t, std::size_t>;
        std::optional<std::pair<Order, Numbers>> best;
        for (std::uint32_t first = 0; first + count <= free_.size(); ++first) {
            Numbers seats;
            for (std::uint32_t i = 0; i < count; ++i) seats.push_back(first + i);
            if (!std::ranges::includes(may, seats) || coaches_[first] != coaches_[seats.back()]) continue;
            if (pieces(seats).size() > 1) continue;
            std::size_t lost = 0, distance = 0, gaps = 0, open = 0, slack = 0;
            for (const auto seat : seats) {
                lost += unmet(seat, wishes);
                if (wishes.near) distance += train_.plan().distance(seat, *train_.consist().index_of(*wishes.near));
                if (seat != first) gaps += !beside(seat - 1, seat);
                std::uint32_t begin = span_.from, end = span_.to;
                while (begin > 0 && is_free(seat, begin - 1, begin)) --begin;
                while (end < train_.segments() && is_free(seat, end, end + 1)) ++end;
                open += (begin < span_.from ? 1U : 0U) + (end > span_.to ? 1U : 0U);
                slack += (span_.from - begin) + (end - span_.to);
            }
            const Order order{lost, distance, gaps, open, single_seats(seats), slack};
            if (!best || order < best->first) best.emplace(order, seats);
        }
        if (!best) return std::nullopt;
        return best->second;
    }
    /// The fewest pieces in which a coach seats so many; nothing where it has not so many.
    std::optional<std::size_t> fewest_pieces(const Coach* coach, const Numbers& may, std::size_t count) const {
        Numbers seats;
        std::ranges::copy_if(may, std::back_inserter(seats),
                             [&](auto seat) { return !coach || coaches_[seat] == coach; });
        if (seats.size() < count) return std::nullopt;
        auto all = pieces(seats);
        std::ranges::sort(all, std::greater{}, [](const Numbers& piece) { return piece.size(); });
        std::size_t used = 0;
        for (std::size_t held = 0; held < count; ++used) held += all[used].size();
        return used;
    }
    const Coach* coach(std::uint32_t seat) const { return coaches_[seat]; }

private:
    const Train& train_;
    Span span_;
    std::vector<const Place*> places_;
    std::vector<const Coach*> coaches_;
    std::vector<bool> free_;
};

Train random_sale() {
    std::vector<Coach> coaches;
    const int count = *rc::gen::inRange(1, 4);
    for (int i = 0; i < count; ++i) {
        const auto travel_class = *rc::gen::element<std::string>("second", "second", "first");
        const auto number = std::to_string(i + 1);
        switch (*rc::gen::inRange(0, 3)) {
            case 0: coaches.push_back(open_coach(number, *rc::gen::inRange(1, 7), "AB|CD", travel_class)); break;
            case 1: coaches.push_back(open_coach(number, *rc::gen::inRange(1, 7), "A|BC", travel_class)); break;
            default: coaches.push_back(plain_coach(number, *rc::gen::inRange(1, 30), travel_class)); break;
        }
        for (auto& place : coaches.back().places) {
            const int draw = *rc::gen::inRange(0, 12);
            if (draw == 0) place.properties.emplace_back("WHEELCHAIR");
            if (draw == 1) place.properties.emplace_back("COMPANION");
            if (draw >= 9) place.properties.emplace_back("QUIET");
        }
    }
    coaches.push_back(plain_coach("9", 1));  // there is always a second class
    Train train{std::move(coaches), *rc::gen::element(1U, 6U, 32U, 40U, 70U)};
    const auto taken = *rc::gen::inRange<std::uint32_t>(0, 2 * train.plan().seats());
    for (std::uint32_t i = 0; i < taken; ++i) {
        const auto from = *rc::gen::inRange<std::uint32_t>(0, train.segments());
        const auto to = *rc::gen::inRange<std::uint32_t>(from, train.segments()) + 1;
        train.take(*rc::gen::inRange<std::uint32_t>(0, train.plan().seats()), from, to);
    }
    return train;
}

Span random_span_of(const Train& train) {
    const auto from = *rc::gen::inRange<std::uint32_t>(0, train.segments());
    const auto to = *rc::gen::inRange<std::uint32_t>(from, train.segments()) + 1;
    return {static_cast<std::uint16_t>(from), static_cast<std::uint16_t>(to)};
}

RC_GTEST_PROP(SeatChoice, IsTheFirstInTheOrderOfPreference, ()) {
    const Train train = random_sale();
    const Span span = random_span_of(train);
    const int count = *rc::gen::inRange(1, 12);
    SeatWishes wishes;
    if (*rc::gen::arbitrary<bool>()) wishes.properties = {*rc::gen::element<std::string>("WINDOW", "AISLE", "QUIET")};
    if (*rc::gen::inRange(0, 4) == 0) wishes.properties.emplace_back("POWER");
    if (*rc::gen::inRange(0, 3) == 0) wishes.facing = *rc::gen::element<std::string>("forward", "backward");
    if (*rc::gen::inRange(0, 3) == 0)
        wishes.near = train.consist().seat_at(*rc::gen::inRange<std::uint32_t>(0, train.plan().seats()));
    wishes.required = *rc::gen::inRange(0, 4) == 0;

    const Reference reference{train, span, "second"};
    const auto wanted = static_cast<std::uint32_t>(count);
    const auto may = reference.eligible(wishes, wanted);
    const auto choice = train.choose(count, wishes, span);
    RC_ASSERT(choice.has_value() == (may.size() >= wanted));
    if (!choice) return;
    const auto& seats = choice->stages.front().seats;
    RC_LOG() << ::testing::PrintToString(seats) << " of " << ::testing::PrintToString(may) << '\n';
    RC_ASSERT(seats.size() == wanted && std::ranges::includes(may, seats));
    RC_ASSERT(std::ranges::adjacent_find(seats) == seats.end());
    const auto together = reference.side_by_side(wanted, wishes);
    RC_CLASSIFY(together.has_value(), "side by side");
    if (together) {
        RC_ASSERT(seats == *together);
        return;
    }
    // In pieces: in one coach if there is one with so many, and there in the fewest pieces that any such coach allows.
    std::optional<std::size_t> fewest;
    std::map<const Coach*, std::size_t> supply;
    for (const auto seat : may) ++supply[reference.coach(seat)];
    for (const auto& [coach, free] : supply) {
        const auto pieces = reference.fewest_pieces(coach, may, wanted);
        if (pieces && (!fewest || *pieces < *fewest)) fewest = pieces;
    }
    std::set<const Coach*> used;
    for (const auto seat : seats) used.insert(reference.coach(seat));
    if (fewest) {
        RC_ASSERT(used.size() == 1U);
        RC_ASSERT(reference.pieces(seats).size() == *fewest);
        return;
    }
    std::vector<std::size_t> supplies;
    for (const auto& [coach, free] : supply) supplies.push_back(free);
    std::ranges::sort(supplies, std::greater{});
    std::size_t coaches = 0;
    for (std::size_t held = 0; held < wanted; ++coaches) held += supplies[coaches];
    RC_ASSERT(used.size() == coaches);
}

RC_GTEST_PROP(SeatChoice, NoChildIsAloneAndNobodyIsRefusedWithoutNeed, ()) {
    const Train train = random_sale();
    const Span span = random_span_of(train);
    const int count = *rc::gen::inRange(2, 8);
    SeatWishes wishes;
    wishes.children = *rc::gen::inRange(1, count);
    const auto adults = static_cast<std::size_t>(count - wishes.children);
    const auto wanted = static_cast<std::uint32_t>(count);
    const Reference reference{train, span, "second"};
    const auto choice = train.choose(count, wishes, span);
    const auto all = reference.eligible({}, train.plan().seats());  // with the places for wheelchairs
    const auto fewest = reference.fewest_pieces(nullptr, all, wanted);
    RC_ASSERT(choice.has_value() == (fewest && *fewest <= adults));
    if (choice) RC_ASSERT(reference.pieces(choice->stages.front().seats).size() <= adults);
}

RC_GTEST_PROP(SeatChoice, ChangesSeatsAsRarelyAsPossible, ()) {
    const Train train = random_sale();
    const Span span = random_span_of(train);
    const int count = *rc::gen::inRange(1, 4);
    SeatWishes wishes;
    wishes.changes = *rc::gen::inRange(0, 6);
    // The fewest stages to each segment.
    constexpr std::size_t never = 1000;
    std::vector<std::size_t> stages(span.to - span.from + 1U, never);
    stages[0] = 0;
    for (std::uint16_t from = span.from; from < span.to; ++from) {
        for (auto to = static_cast<std::uint16_t>(from + 1); to <= span.to; ++to) {
            const Reference reference{train, {from, to}, "second"};
            if (reference.eligible({}, train.plan().seats()).size() < static_cast<std::size_t>(count)) break;
            auto& best = stages[static_cast<std::size_t>(to - span.from)];
            best = std::min(best, stages[static_cast<std::size_t>(from - span.from)] + 1);
        }
    }
    const auto choice = train.choose(count, wishes, span);
    RC_ASSERT(choice.has_value() == (stages.back() <= static_cast<std::size_t>(wishes.changes) + 1));
    if (!choice) return;
    RC_ASSERT(choice->stages.size() == stages.back());
    std::uint16_t at = span.from;
    for (const auto& stage : choice->stages) {
        RC_ASSERT(stage.span.from == at);
        at = stage.span.to;
        RC_ASSERT(stage.seats.size() == static_cast<std::size_t>(count));
        for (const auto seat : stage.seats) RC_ASSERT(train.masks().is_free(seat, stage.span));
    }
    RC_ASSERT(at == span.to);
}

TEST(SeatPlans, APlanIsMadeOnceForATrain) {
    SeatPlans plans;
    const auto consist = std::make_shared<const Consist>(Consist{.name = "a", .coaches = {plain_coach("1", 3)}});
    const auto plan = plans.of(consist);
    EXPECT_EQ(plans.of(consist), plan);
    EXPECT_EQ(plan->seats(), 3U);
    for (int i = 0; i < 600; ++i) {  // more than are kept
        const auto other = std::make_shared<const Consist>(Consist{.name = "b", .coaches = {plain_coach("1", 2)}});
        EXPECT_EQ(&plans.of(other)->consist(), other.get());
    }
    EXPECT_EQ(plans.of(consist), plan) << "what is in use is kept";
}

}  // namespace
}  // namespace railbook::inventory
