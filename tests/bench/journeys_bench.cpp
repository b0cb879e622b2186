// What seats and prices add to a search: whole days of journeys on the sample feed, bare and as a buyer sees them, in
// one run on the same questions. Half of the trains have seats that are taken. `ratio` is the time of the bare search
// over the time with seats and prices. The days were asked for before, so that the bare time is that of the texts of
// the legs: what the engine itself takes for them is in bench_search.

#include <chrono>
#include <cstdlib>
#include <random>
#include <set>

#include <benchmark/benchmark.h>

#include <railbook/railbook.hpp>

#include "bench/goals.hpp"
#include "support/environment.hpp"

namespace railbook {
namespace {

using Clock = std::chrono::steady_clock;

class Railway {
public:
    Railway() {
        EngineOptions options;
        options.environment = &environment_;
        engine_.emplace(Engine::open("memory:", options).value());
        const auto feed = std::string{RAILBOOK_SOURCE_DIR} + "/examples/timetable/db-fv-2019.zip";
        ImportOptions import;
        import.rebase = parse_date("2027-01-04").value();
        if (!engine_->timetable().import_gtfs(feed, import)) std::abort();
        const auto stations = engine_->timetable().find_stations("hbf", 40).value();
        const auto day = start_of_day(parse_date("2027-01-12").value(), "Europe/Berlin").value();
        std::mt19937 random{5};
        const auto any = [&] { return stations[random() % stations.size()].id; };
        while (questions.size() < 200) {
            JourneyQuery query{.from = any(), .to = any(), .depart = day};
            if (query.from != query.to) questions.push_back(query);
        }
        take_some_seats();
    }

    Engine& engine() { return *engine_; }
    std::vector<JourneyQuery> questions;

private:
    /// Of every second train that the questions find.
    void take_some_seats() {
        const auto staff = Principal::operator_named("bench");
        std::set<std::string> seen;
        for (const auto& question : questions) {
            const auto page = engine_->search().find(question).value();
            for (const auto& journey : page.journeys) {
                for (const auto& leg : journey.legs) {
                    if (!seen.insert(to_string(leg.run)).second || seen.size() % 2 == 0) continue;
                    const HoldRequest request{
                        CommandKey::make(environment_),
                        {{leg.run, to_string(leg.from.call), to_string(leg.to.call), BestSeats{.count = 4}}}};
                    if (!engine_->inventory().hold(staff, request)) std::abort();
                }
            }
        }
    }

    test::TestEnvironment environment_;
    std::optional<Engine> engine_;
};

Railway& railway() {
    static Railway the_railway;
    return the_railway;
}

void seats_and_prices(benchmark::State& state) {
    auto& engine = railway().engine();
    const auto& questions = railway().questions;
    double bare = 0;
    double whole = 0;
    std::size_t legs = 0;
    std::size_t asked = 0;
    for (auto iteration : state) {
        const auto& question = questions[asked++ % questions.size()];
        const auto begin = Clock::now();
        const auto found = engine.search().find(question);
        const auto middle = Clock::now();
        const auto offered = engine.find_journeys(question);
        const auto end = Clock::now();
        if (!found || !offered || found->journeys.size() != offered->journeys.size()) std::abort();
        for (const auto& journey : offered->journeys) legs += journey.legs.size();
        bare += std::chrono::duration<double, std::micro>{middle - begin}.count();
        whole += std::chrono::duration<double, std::micro>{end - middle}.count();
        state.SetIterationTime(std::chrono::duration<double>{end - middle}.count());
    }
    const auto count = static_cast<double>(asked);
    state.counters["bare_us"] = bare / count;
    state.counters["with_seats_and_prices_us"] = whole / count;
    state.counters["legs"] = static_cast<double>(legs) / count;
    state.counters["ratio"] = bare / whole;
}
BENCHMARK(seats_and_prices)->UseManualTime()->MinTime(0.2);

}  // namespace
}  // namespace railbook

int main(int argc, char** argv) { return railbook::bench::run(argc, argv); }
