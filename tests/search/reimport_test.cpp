/// Timetables are swapped while others search: every answer is that of one version, whole.

#include <atomic>
#include <thread>

#include <fmt/format.h>

#include <railbook/operations.hpp>

#include "store/memory/memory.hpp"
#include "support/world.hpp"

namespace railbook {
namespace {

using test::World;

constexpr std::string_view kOther =
    "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "early,07:10:00,07:10:00,A,1\nearly,09:50:00,09:52:00,G,2\nearly,11:00:00,11:00:00,F,3\n"
    "later,19:00:00,19:00:00,A,1\nlater,20:20:00,20:22:00,H,2\n"
    "last,20:30:00,20:30:00,H,1\nlast,22:00:00,22:00:00,F,2\n";

struct Question {
    const char* operation;
    const char* body;
};
constexpr Question kQuestions[] = {
    {"journey.find", R"({"from":"t:A","to":"t:F","depart":"2026-12-01"})"},
    {"journey.find", R"({"from":"t:A","to":"t:F","depart":"2026-12-02T17:00","window":0})"},
    {"journey.find", R"({"from":"t:H","to":"t:F","arrive":"2026-12-03","trains":["IC"]})"},
    {"run.list", R"({"date":"2026-12-01"})"},
    {"station.find", R"({"q":"fr"})"},
    {"station.show", R"({"id":"t:H"})"},
    // By the name that a station has in one version only: there, or not there.
    {"journey.find", R"({"from":"t:A","to":"Hannover Hbf","depart":"2026-12-01"})"},
    {"journey.find", R"({"from":"t:A","to":"t:X","depart":"2026-12-01"})"},
};

class ReimportTest : public testing::Test {
protected:
    ReimportTest() {
        test::write_small_railway(folders[0].path());
        test::write_small_railway(folders[1].path());
        std::ofstream{folders[1].path() / "trips.txt"}
            << "route_id,service_id,trip_id\nIC,daily,early\nICE,daily,later\nIC,daily,last\n";
        std::ofstream{folders[1].path() / "stop_times.txt"} << kOther;
        std::ofstream{folders[1].path() / "stops.txt"}
            << "stop_id,stop_name,stop_lat,stop_lon\nA,Altona,53.55,9.93\nH,Hannover Hbf,52.37,9.74\n"
               "G,Göttingen,51.53,9.92\nF,Frankfurt,50.10,8.66\nX,Friedberg,50.33,8.75\n";
    }
    void import(int version) {
        ImportOptions options;
        options.name = "t";
        const auto report =
            world.engine().timetable().import_gtfs(folders[static_cast<std::size_t>(version)].path().string(), options);
        ASSERT_TRUE(report) << report.error().detail;
    }
    std::string ask(const Question& question) {
        const auto answer = call(world.engine(), world.staff, question.operation, question.body);
        return answer ? *answer : "error: " + answer.error().detail;
    }

    World world;
    std::array<test::TemporaryFolder, 2> folders;
};

TEST_F(ReimportTest, EveryAnswerIsThatOfOneVersion) {
    std::array<std::vector<std::string>, 2> expected;
    for (const int version : {0, 1}) {
        import(version);
        for (const auto& question : kQuestions) expected[static_cast<std::size_t>(version)].push_back(ask(question));
    }
    for (std::size_t i = 0; i < std::size(kQuestions); ++i) {
        EXPECT_NE(expected[0][i], expected[1][i]) << kQuestions[i].body << ": the versions must differ";
        EXPECT_FALSE(expected[0][i].starts_with("error") && expected[1][i].starts_with("error")) << expected[0][i];
    }
    std::atomic<bool> ends{false};
    std::array<std::atomic<std::size_t>, 2> seen{};
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&, thread] {
            for (auto next = static_cast<std::size_t>(thread); !ends; ++next) {
                const auto i = next % std::size(kQuestions);
                const auto answer = ask(kQuestions[i]);
                if (answer == expected[0][i]) ++seen[0];
                else if (answer == expected[1][i]) ++seen[1];
                else ADD_FAILURE() << kQuestions[i].body << "\n" << answer;
            }
        });
    }
    for (int swap = 0; swap < 60 && !HasFailure(); ++swap) {
        const auto version = static_cast<std::size_t>(swap % 2);
        import(swap % 2);
        // Somebody asks meanwhile: what is asked from now on is answered by this version.
        const auto before = seen[version].load();
        while (seen[version] == before && !HasFailure()) std::this_thread::yield();
    }
    ends = true;
    threads.clear();
}

TEST_F(ReimportTest, WhoeverImportedFindsTheNewVersionAtOnce) {
    for (int swap = 0; swap < 6; ++swap) {
        import(swap % 2);
        EXPECT_EQ(world.engine().timetable().find_stations("fr", 10)->size(), swap % 2 == 0 ? 1U : 2U);
    }
}

/// Another process, which looks at the store every two seconds and searches on while it loads.
TEST_F(ReimportTest, WhoFollowsTheStoreAnswersOfOneVersionAndSwapsInTime) {
    const auto store = store::open_memory(world.environment);
    Timetable writer{world.environment, *store};
    const auto swap_to = [&](int version) {
        ImportOptions options;
        options.name = "t";
        ASSERT_TRUE(writer.import_gtfs(folders[static_cast<std::size_t>(version)].path().string(), options));
        world.environment.set_now(world.environment.now() + Timetable::kLookEvery);
    };
    swap_to(0);
    Timetable reader{world.environment, *store};
    Search search{reader};
    JourneyQuery query{.from = {"t", "A"}, .to = {"t", "F"}};
    query.depart = parse_when("2026-12-01T00:00:00Z", "UTC")->time;
    query.window = std::chrono::hours{24};
    const auto ids = [&] {
        std::string all;
        const auto page = search.find(query);
        if (!page) return "error: " + page.error().detail;
        for (const auto& journey : page->journeys)
            all += fmt::format("{} {} {}\n", journey.id, to_string(journey.departure()), to_string(journey.arrival()));
        return all;
    };
    const auto named = [&] {
        const auto journey = search.journey("2026-12-01.t:early/t:A/t:G+2026-12-02.t:early/t:G/t:F");
        if (!journey) return "error: " + journey.error().detail;
        std::string all;
        for (const auto& leg : journey->legs)
            all += fmt::format("{} {}\n", to_string(leg.from.time), to_string(leg.to.time));
        return all;
    };
    std::array<std::string, 2> expected;
    std::array<std::string, 2> expected_named;
    for (const int version : {0, 1}) {
        swap_to(version);
        expected[static_cast<std::size_t>(version)] = ids();
        expected_named[static_cast<std::size_t>(version)] = named();
    }
    ASSERT_NE(expected[0], expected[1]);
    ASSERT_NE(expected_named[0], expected_named[1]);
    ASSERT_EQ(expected[0].find("error"), std::string::npos) << expected[0];
    std::atomic<bool> ends{false};
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 3; ++thread) {
        threads.emplace_back([&] {
            while (!ends) {
                const auto answer = ids();
                if (answer != expected[0] && answer != expected[1]) ADD_FAILURE() << answer;
                const auto journey = named();
                if (journey != expected_named[0] && journey != expected_named[1]) ADD_FAILURE() << journey;
            }
        });
    }
    for (int swap = 0; swap < 40; ++swap) {
        swap_to(swap % 2);
        // Whoever looks now loads; the others go on with what they know until then, and no longer.
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
        while (ids() != expected[static_cast<std::size_t>(swap % 2)] && std::chrono::steady_clock::now() < until)
            world.environment.set_now(world.environment.now() + Timetable::kLookEvery);
        EXPECT_EQ(ids(), expected[static_cast<std::size_t>(swap % 2)]);
    }
    ends = true;
}

}  // namespace
}  // namespace railbook
