// Engines against the reference: whole sets of journeys, and each of their legs.

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>
#include <sstream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "search/cached.hpp"
#include "search/random_feed.hpp"
#include "search/reference.hpp"
#include "search/rounds.hpp"
#include "search/scan.hpp"
#include "search/split_feed.hpp"
#include "timetable/archive.hpp"
#include "timetable/gtfs.hpp"
#include "timetable/joined.hpp"

namespace railbook::search {
namespace {

using test::Reference;

std::shared_ptr<const Network> network_of(const std::string& path) {
    const auto archive = timetable::Archive::open(path);
    if (!archive) throw std::runtime_error{archive.error().detail};
    auto read = timetable::read_gtfs(**archive, {.feed = "f", .rebase = {}, .progress = {}});
    if (!read) throw std::runtime_error{read.error().detail};
    const auto network = Network::from_data(std::move(read->network));
    if (!network) throw std::runtime_error{network.error().detail};
    return *network;
}

Question question_of(const Network& network, const Reference::Question& asked) {
    Question question{.from = *network.find_station(asked.from), .to = *network.find_station(asked.to)};
    for (const auto& stop : asked.via) question.via.push_back(*network.find_station(stop));
    question.end = asked.arrive ? End::arrival : End::departure;
    question.time = asked.time;
    if (asked.window) question.window = static_cast<std::int32_t>(*asked.window);
    question.longest = static_cast<std::int32_t>(asked.longest);
    question.usual_change = static_cast<std::int32_t>(asked.usual_change);
    question.most_changes = asked.most_changes;
    return question;
}

std::vector<Reference::Leg> legs_of(const Network& network, const FoundJourney& journey) {
    std::vector<Reference::Leg> legs;
    for (const auto& ride : journey.rides) {
        legs.push_back({std::string{network.data().trips[ride.run.trip].id}, to_string(network.date_of(ride.run.day)),
                        ride.run.start, ride.board, ride.alight, ride.stays});
    }
    return legs;
}

std::int64_t seconds_of(Timestamp time) { return time.time_since_epoch().count() / 1000; }

std::string text_of(const Reference::Question& question) {
    std::string text = question.from + " to " + question.to;
    for (const auto& stop : question.via) text += " via " + stop;
    text += question.arrive ? ", arriving " : ", leaving ";
    text += to_string(Timestamp{std::chrono::seconds{question.time}});
    if (question.window) text += ", window " + std::to_string(*question.window);
    text += ", longest " + std::to_string(question.longest) + ", change " + std::to_string(question.usual_change) +
            ", at most " + std::to_string(question.most_changes);
    return text;
}

std::string text_of(const std::vector<Reference::Answer>& answers) {
    std::string text;
    for (const auto& each : answers) {
        text += to_string(Timestamp{std::chrono::seconds{each.departure}}) + " -> " +
                to_string(Timestamp{std::chrono::seconds{each.arrival}}) + ", " + std::to_string(each.changes) +
                " changes\n";
    }
    return text.empty() ? "none\n" : text;
}

/// What is wrong with these journeys as the answer; empty where they are the reference's. `legs` says of which legs one
/// is; `count` grows by the journeys.
template <class Legs>
std::string compare(Reference& reference, const Reference::Question& question,
                    const std::vector<FoundJourney>& journeys, const Legs& legs, std::size_t& count) {
    const auto expected = reference.answers(question);
    std::vector<Reference::Answer> found;
    std::string wrong;
    for (const auto& journey : journeys) {
        found.push_back({seconds_of(journey.departure()), seconds_of(journey.arrival()), journey.changes});
        try {
            const auto checked = reference.check(question, legs(journey));
            if (checked != found.back()) wrong += "the legs are another journey: " + text_of({checked});
        } catch (const std::runtime_error& refused) {
            wrong += std::string{refused.what()} + "\n";
        }
    }
    std::ranges::sort(found);
    count += found.size();
    if (found != expected) wrong += "expected\n" + text_of(expected) + "found\n" + text_of(found);
    return wrong.empty() ? wrong : text_of(question) + "\n" + wrong;
}

/// Of a finder, which may be asked something else `instead`.
std::string compare(Reference& reference, const Network& network, JourneyFinder& finder,
                    const Reference::Question& question, std::size_t& count,
                    const Reference::Question* instead = nullptr) {
    return compare(
        reference, question, finder.find(question_of(network, instead ? *instead : question)),
        [&](const FoundJourney& journey) { return legs_of(network, journey); }, count);
}

/// On which the questions of a feed are asked. Under a sanitizer, where they take six times as long, only some: what
/// engines answer to all of them is seen without.
#ifdef RAILBOOK_IS_SANITIZED
constexpr int kDates = 3;
#else
constexpr int kDates = 20;
#endif

int scale() {
    const char* text = std::getenv("RAILBOOK_TEST_SCALE");
    return text ? std::max(1, std::atoi(text)) : 1;
}

Reference::Question any_question(test::RandomFeed& feed) {
    Reference::Question question;
    do {
        question.from = feed.stops[feed.below(feed.stops.size())];
        question.to = feed.stops[feed.below(feed.stops.size())];
    } while (question.from[0] == question.to[0]);
    question.arrive = feed.chance(40);
    question.time = (feed.first_day - 1) * 86'400 + static_cast<std::int64_t>(feed.below(10 * 24 * 60)) * 60;
    if (feed.chance(60)) question.window = feed.one_of<std::int64_t>({1800, 7200, 86'400, 200'000});
    question.longest = feed.one_of<std::int64_t>({7200, 86'400, 86'400, 300'000});
    question.usual_change = feed.one_of<std::int64_t>({0, 60, 120, 120, 120, 900});
    question.most_changes = feed.one_of({0, 1, 2, 7, 7, 7});
    for (int i = 0; i < 2 && feed.chance(20); ++i) {
        const auto stop = feed.stops[feed.below(feed.stops.size())];
        if (stop[0] == question.from[0] || stop[0] == question.to[0]) continue;
        if (question.via.empty() || question.via.back()[0] != stop[0]) question.via.push_back(stop);
    }
    return question;
}

TEST(RandomNetworks, EveryAnswerIsThatOfTheReference) {
    std::size_t journeys = 0;
    std::size_t with_changes = 0;  // two or more, where nobody may stay
    std::string wrong;
    for (unsigned seed = 1; seed <= 300U * static_cast<unsigned>(scale()) && wrong.empty(); ++seed) {
        test::RandomFeed feed{seed};
        const auto path = feed.files.write_folder();
        Reference reference{path};
        const auto network = network_of(path);
        ConnectionScan plain{*network, {}, LaneKernel::plain};
        ConnectionScan fastest{*network};
        RoundSearch rounds{*network, std::make_unique<ConnectionScan>(*network)};
        for (int i = 0; i < 30 && wrong.empty(); ++i) {
            const auto question = any_question(feed);
            wrong = compare(reference, *network, i % 3 == 0 ? plain : fastest, question, journeys) +
                    compare(reference, *network, rounds, question, journeys);
            if (seed % 2 == 1) continue;
            const auto found = fastest.find(question_of(*network, question));
            with_changes += static_cast<std::size_t>(
                std::ranges::count_if(found, [](const FoundJourney& each) { return each.changes >= 2; }));
        }
        EXPECT_EQ(wrong, "") << "seed " << seed;
    }
    EXPECT_GT(journeys, 1000U);
    EXPECT_GT(with_changes, 200U);
}

TEST(RandomNetworks, TwoFeedsThatShareThemAreSearchedAsOne) {
    std::size_t journeys = 0;
    std::size_t across = 0;
    std::string wrong;
    // Those of even seeds, where every train can go to either feed.
    for (unsigned seed = 2; seed <= 400U * static_cast<unsigned>(scale()) && wrong.empty(); seed += 2) {
        test::RandomFeed feed{seed};
        test::SplitFeed split{feed};
        if (!split.has_trains()) continue;
        Reference reference{split.whole.write_folder()};
        const auto of_feed = [](const test::FeedFiles& files, const char* name) {
            const auto archive = timetable::Archive::open(files.write_folder());
            const auto read = timetable::read_gtfs(**archive, {.feed = name, .rebase = {}, .progress = {}});
            return *Network::from_data(read->network);
        };
        const std::vector<std::shared_ptr<const Network>> feeds{of_feed(split.first, "a"),
                                                                of_feed(split.second, "a-b")};
        const timetable::StationIndex stations{feeds};
        const auto all = timetable::JoinedNetwork::all_of(feeds, stations);
        ASSERT_EQ(all.size(), 1U) << "seed " << seed;
        const auto& joined = all.front();
        const auto& network = joined.network();
        const auto station_of = [&](const std::string& stop) {
            return *joined.station_of(stations.place_of({feeds[0].get(), *feeds[0]->find_station(stop)}).stations);
        };
        const auto legs = [&](const FoundJourney& journey) {
            std::vector<Reference::Leg> found;
            const Network* before = nullptr;
            bool changes_feed = false;
            for (const auto& ride : journey.rides) {
                const auto [of, run] = joined.run_of(ride.run);
                changes_feed = changes_feed || (before && of != before);
                before = of;
                found.push_back({std::string{of->data().trips[run.trip].id}, to_string(of->date_of(run.day)), run.start,
                                 ride.board, ride.alight, ride.stays});
            }
            across += changes_feed ? 1U : 0U;
            return found;
        };
        ConnectionScan scan{*network};
        RoundSearch rounds{*network, std::make_unique<ConnectionScan>(*network)};
        for (int i = 0; i < 20 && wrong.empty(); ++i) {
            const auto asked = any_question(feed);
            auto question = question_of(*feeds[0], asked);
            question.from = station_of(asked.from);
            question.to = station_of(asked.to);
            for (std::size_t k = 0; k < asked.via.size(); ++k) question.via[k] = station_of(asked.via[k]);
            wrong = compare(reference, asked, scan.find(question), legs, journeys) +
                    compare(reference, asked, rounds.find(question), legs, journeys);
        }
        EXPECT_EQ(wrong, "") << "seed " << seed;
    }
    EXPECT_GT(journeys, 1000U);
    EXPECT_GT(across, 200U);
}

TEST(RandomNetworks, TheFirstQuestionIsAnsweredAsItIsLater) {
    std::size_t journeys = 0;
    for (unsigned seed = 1; seed <= 100U * static_cast<unsigned>(scale()) && !testing::Test::HasFailure(); ++seed) {
        test::RandomFeed feed{seed};
        const auto path = feed.files.write_folder();
        Reference reference{path};
        const auto network = network_of(path);
        for (int i = 0; i < 10; ++i) {
            const auto asked = any_question(feed);
            const auto question = question_of(*network, asked);
            ConnectionScan scan{*network};
            EXPECT_EQ(compare(reference, *network, scan, asked, journeys), "") << "seed " << seed;
            ConnectionScan other{*network};
            const auto first = other.find(question);
            const auto later = other.find(question);
            ASSERT_EQ(first.size(), later.size()) << "seed " << seed << ": " << text_of(asked);
            for (std::size_t k = 0; k < first.size(); ++k) {
                EXPECT_EQ(legs_of(*network, first[k]), legs_of(*network, later[k])) << "seed " << seed;
            }
        }
    }
    EXPECT_GT(journeys, 500U);
}

TEST(KeptAnswers, AreThoseOfTheReference) {
    std::size_t journeys = 0;
    std::string wrong;
    for (unsigned seed = 1; seed <= 100U * static_cast<unsigned>(scale()) && wrong.empty(); ++seed) {
        test::RandomFeed feed{seed};
        const auto path = feed.files.write_folder();
        Reference reference{path};
        const auto network = network_of(path);
        CachedFinder finder{std::make_unique<ConnectionScan>(*network), *network};
        for (int i = 0; i < 3 && wrong.empty(); ++i) {
            auto question = any_question(feed);
            const auto day = question.time - question.time % 86'400 - static_cast<std::int64_t>(feed.below(3)) * 3600;
            for (int k = 0; k < 8 && wrong.empty(); ++k) {
                question.time = day + static_cast<std::int64_t>(feed.below(24 * 60)) * 60;
                question.window.reset();
                // Of windows: the whole day, the rest of it, or any other.
                const auto since_day = question.arrive ? question.time - (day - 1) : day + 86'400 - question.time;
                if (k % 4 == 1) question.time = question.arrive ? day + 86'399 : day, question.window = 86'400;
                if (k % 4 == 2) question.window = since_day;
                if (k % 4 == 3) question.window = feed.one_of<std::int64_t>({3600, 40'000});
                wrong = compare(reference, *network, finder, question, journeys);
            }
        }
        EXPECT_EQ(wrong, "") << "seed " << seed;
    }
    EXPECT_GT(journeys, 1000U);
}

TEST(KeptAnswers, AreNotFoundAgain) {
    /// Counts what it is asked, and finds nothing.
    class Counting final : public JourneyFinder {
    public:
        explicit Counting(int& count) : count_{count} {}
        std::vector<FoundJourney> find(const Question&) override {
            ++count_;
            return {};
        }
        bool may_stay(const RunIndex&, const RunIndex&) override { return false; }
        std::optional<std::int32_t> least_change(Index, Index) override { return {}; }

    private:
        int& count_;
    };
    int asked = 0;
    const auto network = network_of(test::FeedFiles{}.write_folder());  // from 2026-12-01 to 2026-12-14
    for (const auto* date : {"2026-12-03", "2026-11-02", "2027-03-01"}) {
        CachedFinder finder{std::make_unique<Counting>(asked), *network};
        const auto ask = [&](std::int64_t time, std::optional<std::int32_t> window, Index to = 2,
                             End end = End::departure) {
            asked = 0;
            finder.find({.from = 1, .to = to, .end = end, .time = time, .window = window});
            return asked;
        };
        const auto day = seconds_of(parse_when(date, "Europe/Berlin")->time);
        const auto morning = day + 8 * 3600;
        EXPECT_EQ(ask(day, 86'400), 1) << date;
        EXPECT_EQ(ask(day, 86'400), 0);
        EXPECT_EQ(ask(morning, 86'400 - 8 * 3600), 0) << "the rest of that day";
        EXPECT_EQ(ask(morning, 7200), 1) << "another part";
        EXPECT_EQ(ask(morning + 3600, 3600), 0) << "the rest of it";
        EXPECT_EQ(ask(morning - 3600, 3 * 3600), 1) << "more than it";
        EXPECT_EQ(ask(morning, 7200), 0);
        EXPECT_EQ(ask(day, 86'400, 3), 1) << "to another station";
        EXPECT_EQ(ask(morning + 7200, 86'400, 2, End::arrival), 1) << "by arrival";
        EXPECT_EQ(ask(morning + 3600, 86'400 - 3600, 2, End::arrival), 0) << "the first part of that";
        EXPECT_EQ(ask(morning + 7200, 3600, 2, End::arrival), 1) << "its last part";
        // What is kept of a day is the local one.
        EXPECT_EQ(ask(day + 86'400 + 60, {}), 1) << "one moment";
        EXPECT_EQ(ask(day + 2 * 86'400 - 60, {}), 2) << "another of that day: it and the next are found";
        EXPECT_EQ(ask(day + 86'400 + 180, {}), 0);
        EXPECT_EQ(ask(day + 86'400, 86'400), 0) << "the day that was found for moments";
    }
}

TEST(Finders, AreChosenByHowDenselyTheLinesAreServed) {
    const auto timetable = [](int minutes_between) {
        test::FeedFiles files;
        std::string trips = "route_id,service_id,trip_id\n";
        std::string times = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n";
        for (int minute = 300; minute < 1380; minute += minutes_between) {
            const auto id = std::to_string(minute);
            const auto at = [](int time) { return fmt::format("{:02}:{:02}:00", time / 60, time % 60); };
            trips += "X,daily," + id + "\n";
            times += id + "," + at(minute) + "," + at(minute) + ",A,1\n";
            times += id + "," + at(minute + 20) + "," + at(minute + 20) + ",B,2\n";
        }
        return network_of(files.set("trips.txt", trips).set("stop_times.txt", times).write_folder());
    };
    const auto hourly = timetable(60);
    const auto sparse = timetable(600);
    const auto between = timetable(240);
    EXPECT_NE(dynamic_cast<RoundSearch*>(make_finder(*hourly).get()), nullptr);
    EXPECT_NE(dynamic_cast<ConnectionScan*>(make_finder(*sparse).get()), nullptr);
    EXPECT_NE(dynamic_cast<RoundSearch*>(make_finder(*between).get()), nullptr);
    // Of trains that nobody wants there are none.
    const auto finder = make_finder(*hourly, {.trips = [](Index trip) { return trip % 9 == 0; }});
    EXPECT_NE(dynamic_cast<ConnectionScan*>(finder.get()), nullptr);
}

// --- Would a mistake be found? The engine is given a feed in which a rule is missing, as if it did not know it ---

struct Mutant {
    std::string name;
    std::function<void(test::FeedFiles& files)> forget = [](test::FeedFiles&) {};
    std::function<void(Reference::Question& question)> ask_instead = [](Reference::Question&) {};

    friend void PrintTo(const Mutant& mutant, std::ostream* out) { *out << mutant.name; }
};

/// Every `from` in a file becomes `to`.
void replace_all(test::FeedFiles& files, const std::string& file, std::string_view from, std::string_view to) {
    std::string text = files.files().at(file);
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
    files.set(file, text);
}

/// Of the rules of transfers.txt for changes between single trains or lines only those stay for which `use` says so,
/// and as it leaves them: the fields are the stops, the type, the time, both trips, both routes.
void edit_train_transfers(test::FeedFiles& files, const std::function<bool(std::vector<std::string>& fields)>& use) {
    std::istringstream rows{files.files().at("transfers.txt")};
    std::string text;
    for (std::string row; std::getline(rows, row);) {
        std::vector<std::string> fields(1);
        for (const char c : row) {
            if (c == ',') fields.emplace_back();
            else fields.back() += c;
        }
        const bool is_of_trains = fields[2].size() == 1 && fields[2] < "4" && !row.ends_with(",,,,");
        if (is_of_trains && !use(fields)) continue;
        text += fmt::format("{}\n", fmt::join(fields, ","));
    }
    files.set("transfers.txt", text);
}

const Mutant kMutants[]{
    {"AChangeTakesNoTime", [](test::FeedFiles&) {}, [](Reference::Question& asked) { asked.usual_change = 0; }},
    {"AChangeTakesAMinuteMore", [](test::FeedFiles&) {}, [](Reference::Question& asked) { asked.usual_change += 60; }},
    {"RulesForChangesAreNotRead", [](test::FeedFiles& files) { files.remove("transfers.txt"); }},
    {"AMissingTimeIsZero", [](test::FeedFiles& files) { replace_all(files, "transfers.txt", ",,,,,\n", ",0,,,,\n"); }},
    {"WhatIsImpossibleIsRecommended",
     [](test::FeedFiles& files) { replace_all(files, "transfers.txt", ",3,", ",0,"); }},
    {"NobodyKeepsTheSeat", [](test::FeedFiles& files) { replace_all(files, "trips.txt", "block_id", "ignored"); }},
    {"TheSeatIsKeptAgainstTheRule", [](test::FeedFiles& files) { replace_all(files, "transfers.txt", ",5,", ",4,"); }},
    {"DoorsAreAlwaysOpen",
     [](test::FeedFiles& files) { replace_all(files, "stop_times.txt", "pickup_type,drop_off_type", "a,b"); }},
    {"RulesForTripsAreNotRead",
     [](test::FeedFiles& files) {
         edit_train_transfers(files, [](const auto& fields) { return fields[4].empty() && fields[5].empty(); });
     }},
    {"RulesForRoutesAreNotRead",
     [](test::FeedFiles& files) {
         edit_train_transfers(files, [](const auto& fields) { return fields[6].empty() && fields[7].empty(); });
     }},
    {"RulesForTrainsAreForAll",
     [](test::FeedFiles& files) {
         edit_train_transfers(files, [](auto& fields) {
             for (std::size_t i = 4; i < 8; ++i) fields[i].clear();
             return true;
         });
     }},
    {"ATripIsNoMoreThanItsRoute",
     [](test::FeedFiles& files) {
         edit_train_transfers(files, [](auto& fields) {
             // A rule for a trip and any other one loses to those for routes, as if it named neither.
             if (fields[4].empty() != fields[5].empty()) fields[4] = fields[5] = "";
             return true;
         });
     }},
    {"TrainsRunOnce", [](test::FeedFiles& files) { files.remove("frequencies.txt"); }},
};

class Mutants : public testing::TestWithParam<Mutant> {};

TEST_P(Mutants, AreFoundOnTheRandomNetworks) {
    const auto& mutant = GetParam();
    std::size_t journeys = 0;
    bool is_found = false;
    bool is_found_in_rounds = false;
    for (unsigned seed = 1; seed <= 300 && !(is_found && is_found_in_rounds); ++seed) {
        test::RandomFeed feed{seed};
        Reference reference{feed.files.write_folder()};
        mutant.forget(feed.files);
        const auto network = network_of(feed.files.write_folder());
        ConnectionScan finder{*network};
        RoundSearch rounds{*network, std::make_unique<ConnectionScan>(*network)};
        for (int i = 0; i < 30 && !(is_found && is_found_in_rounds); ++i) {
            const auto question = any_question(feed);
            auto instead = question;
            mutant.ask_instead(instead);
            is_found = is_found || !compare(reference, *network, finder, question, journeys, &instead).empty();
            is_found_in_rounds =
                is_found_in_rounds || !compare(reference, *network, rounds, question, journeys, &instead).empty();
        }
    }
    EXPECT_TRUE(is_found);
    EXPECT_TRUE(is_found_in_rounds);
}

INSTANTIATE_TEST_SUITE_P(Search, Mutants, testing::ValuesIn(kMutants),
                         [](const auto& each) { return each.param.name; });

// --- Real timetables: the sample feed, and further ones from the folder that RAILBOOK_EXTRA_FEEDS names ---

std::vector<std::string> present_feeds() {
    std::vector<std::string> feeds{RAILBOOK_SOURCE_DIR "/examples/timetable/db-fv-2019.zip"};
    const char* folder = std::getenv("RAILBOOK_EXTRA_FEEDS");
    if (!folder) return feeds;
    for (const auto& entry : std::filesystem::directory_iterator{folder}) {
        const auto& path = entry.path();
        if (path.extension() == ".zip" && path.filename() != "db-fv-2019.zip") feeds.push_back(path.string());
    }
    std::ranges::sort(feeds);
    return feeds;
}

class RealNetwork : public testing::TestWithParam<std::string> {};

TEST_P(RealNetwork, EveryAnswerIsThatOfTheReference) {
    Reference reference{GetParam()};
    const auto network = network_of(GetParam());
    ConnectionScan scan{*network};
    RoundSearch rounds{*network, std::make_unique<ConnectionScan>(*network)};
    std::mt19937 random{2019};
    const auto below = [&](std::size_t end) { return std::uniform_int_distribution<std::size_t>{0, end - 1}(random); };
    const auto any_stop = [&] {
        const auto& trips = reference.trips();
        const auto& calls = trips[below(trips.size())].calls;
        return reference.stops()[calls[below(calls.size())].stop];
    };
    // One on which a train runs: some feeds have long stretches without any.
    const auto any_date = [&] {
        while (true) {
            const auto trip = static_cast<Index>(below(network->data().trips.size()));
            const auto day = static_cast<std::uint32_t>(below(network->data().days));
            if (network->runs_on(trip, day)) return network->date_of(day);
        }
    };
    std::size_t journeys = 0;
    std::string wrong;
    int asked = 0;
    for (int round = 0; round < kDates * scale() && wrong.empty(); ++round) {
        const auto date = any_date();
        for (int i = 0; i < 50 && wrong.empty(); ++i) {
            Reference::Question question;
            const auto from = any_stop();
            auto to = any_stop();
            while (to.parent == from.parent) to = any_stop();
            question.from = from.id;
            question.to = to.id;
            question.arrive = below(3) == 0;
            question.time = date.time_since_epoch().count() * 86'400 + static_cast<std::int64_t>(below(1440)) * 60;
            if (below(2) == 0) question.window = 86'400;
            if (below(10) == 0) question.longest = 4 * 86'400;
            if (below(10) == 0) question.most_changes = static_cast<int>(below(3));
            if (below(20) == 0) {
                const auto stop = any_stop();
                if (stop.parent != from.parent && stop.parent != to.parent) question.via.push_back(stop.id);
            }
            ++asked;
            wrong = compare(reference, *network, scan, question, journeys) +
                    compare(reference, *network, rounds, question, journeys);
        }
    }
    EXPECT_EQ(wrong, "");
    EXPECT_EQ(asked, 50 * kDates * scale());
    EXPECT_GT(journeys, 15U * kDates);
}

INSTANTIATE_TEST_SUITE_P(Feeds, RealNetwork, testing::ValuesIn(present_feeds()), [](const auto& each) {
    std::string name = std::filesystem::path{each.param}.stem().string();
    std::ranges::replace(name, '-', '_');
    return name;
});

}  // namespace
}  // namespace railbook::search
