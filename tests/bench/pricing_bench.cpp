// Prices: the fare of one adult on one ride from the compiled tariff, with the same rules read from the parsed JSON as
// its rival, and whole quotes with their signature. The counter `ratio` says how many times faster than its rival a
// benchmark was. After them stand the goals (goals.hpp).

#include <chrono>

#include <benchmark/benchmark.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "bench/goals.hpp"
#include "documents/default_tariff.hpp"
#include "pricing/fares.hpp"
#include "pricing/token.hpp"
#include "support/naive_fare.hpp"

namespace railbook::pricing {
namespace {

/// The built-in tariff with discounts, as an operator would write it.
const std::string& document() {
    static const std::string text = [] {
        auto tariff = boost::json::parse(k_default_tariff_json).as_object();
        tariff["tariff"] = "bench";
        tariff["advance"] = boost::json::parse(R"([{"hours": 168, "percent": 40, "flexibility": ["NON"]},
                                                   {"hours": 72, "percent": 70}])");
        tariff["cards"] = boost::json::parse(R"([{"code": "C25", "percent": 75}, {"code": "C50", "percent": 50}])");
        tariff["groups"] = boost::json::parse(R"([{"from": 6, "percent": 70}])");
        return boost::json::serialize(tariff);
    }();
    return text;
}

/// Distances that lie in all of the bands.
std::int64_t metres_of(std::size_t number) { return static_cast<std::int64_t>(number % 997) * 1200 + 1; }

/// The median of five passes of each, in turns.
template <class Ours, class Rival>
double ratio_of(const Ours& ours, const Rival& rival) {
    const auto seconds_of = [](const auto& work) {
        const auto begin = std::chrono::steady_clock::now();
        work();
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    std::vector<double> ratios;
    for (int i = 0; i < 5; ++i) {
        const auto own = seconds_of(ours);
        ratios.push_back(seconds_of(rival) / own);
    }
    std::ranges::nth_element(ratios, ratios.begin() + 2);
    return ratios[2];
}

void fare(benchmark::State& state) {
    constexpr std::size_t kFares = 10'000;
    const auto tariff = *parse_tariff(document(), ErrorCode::bad_data);
    const auto json = boost::json::parse(document()).as_object();
    const Sale sale{.travel_class = 1, .flexibility = &tariff.flexibility.front(), .ahead = std::chrono::hours{100}};
    const auto ours = [&] {
        std::int64_t sum = 0;
        for (std::size_t i = 0; i < kFares; ++i) {
            const auto& band = *find_band(tariff, metres_of(i));
            sum += amount_of(tariff, sale, band, tariff.passenger_types.front(), &tariff.cards.front());
        }
        return sum;
    };
    const auto rival = [&] {
        std::int64_t sum = 0;
        for (std::size_t i = 0; i < kFares; ++i) {
            sum += test::naive_fare(json, {.metres = metres_of(i),
                                           .travel_class = "second",
                                           .passenger = "adult",
                                           .flexibility = "NON",
                                           .milliseconds_ahead = 360'000'000,
                                           .passengers = 1,
                                           .card = "C25"});
        }
        return sum;
    };
    if (ours() != rival()) return state.SkipWithError("the fares are not those of the rival");
    for (auto _ : state) benchmark::DoNotOptimize(ours());
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kFares));
    const auto ratio = ratio_of([&] { benchmark::DoNotOptimize(ours()); }, [&] { benchmark::DoNotOptimize(rival()); });
    state.counters["ratio"] = ratio;
    bench::goals().at_least("fare, against the same rules from the parsed JSON", "times", ratio, 1);
}
BENCHMARK(fare);

/// One leg and one adult, with its lines, rules and signed token.
void signed_quote(benchmark::State& state) {
    const auto tariff = *parse_tariff(document(), ErrorCode::bad_data);
    const auto key = *base::SigningKey::from_seed(std::string(base::SigningKey::kSeedSize, 'k'));
    const Sale sale{.travel_class = 1, .flexibility = &tariff.flexibility.front(), .ahead = std::chrono::hours{100}};
    Quote quote{.id = {},
                .tariff = tariff.name,
                .tariff_version = tariff.version,
                .travel_class = "second",
                .flexibility = "NON",
                .legs = {{.run = {.date = *parse_date("2026-12-01"), .trip = {"db", "1"}},
                          .span = {0, 4},
                          .from = {{"db", "8000105"}, 0},
                          .to = {{"db", "8011160"}, 0}}},
                .passengers = {{"1", "adult"}},
                .lines = {},
                .total = {0, tariff.currency, tariff.scale},
                .token = {}};
    std::size_t number = 0;
    for (auto _ : state) {
        auto fare = *fare_of(tariff, sale, metres_of(number++), tariff.passenger_types.front(), nullptr);
        quote.total.amount = fare.amount;
        quote.lines = {{"1", 0, std::move(fare.rule), quote.total}};
        benchmark::DoNotOptimize(make_token(quote, key));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(signed_quote);

}  // namespace
}  // namespace railbook::pricing

int main(int argc, char** argv) { return railbook::bench::run(argc, argv); }
