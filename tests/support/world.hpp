#pragma once
/// A small railway for tests: four stations in a row, a morning and an evening train a day, an engine over a store.

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include <railbook/railbook.hpp>

#include "support/environment.hpp"

namespace railbook::test {

/// A folder that goes with the object.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "railbook-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
        path_ = pattern;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }
    std::string file(std::string_view name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

/// Writes the railway as a GTFS folder. The layouts have one coach of 4 seats in second class and one of 2 in first.
inline void write_small_railway(const std::filesystem::path& folder) {
    const auto write = [&](const char* name, const char* text) { std::ofstream{folder / name} << text; };
    write("agency.txt",
          "agency_id,agency_name,agency_url,agency_timezone\nT,Test Rail,https://example.com,Europe/Berlin\n");
    write("stops.txt",
          "stop_id,stop_name,stop_lat,stop_lon\nA,Altona,53.55,9.93\nH,Hannover,52.37,9.74\nG,Göttingen,51.53,9.92\n"
          "F,Frankfurt,50.10,8.66\n");
    write("routes.txt", "route_id,agency_id,route_short_name,route_type\nIC,T,IC 1,2\nICE,T,ICE 9,2\n");
    write("trips.txt", "route_id,service_id,trip_id\nIC,daily,early\nICE,daily,late\n");
    write("stop_times.txt",
          "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
          "early,08:00:00,08:00:00,A,1\nearly,09:20:00,09:22:00,H,2\nearly,10:00:00,10:02:00,G,3\nearly,12:00:00,12:00:"
          "00,F,4\n"
          "late,18:00:00,18:00:00,A,1\nlate,19:20:00,19:22:00,H,2\nlate,20:00:00,20:02:00,G,3\nlate,22:00:00,22:00:00,"
          "F,4\n");
    write("calendar.txt",
          "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
          "daily,1,1,1,1,1,1,1,20261101,20261231\n");
}

inline constexpr std::string_view kSmallTrain = R"({
  "layouts": [
    {"layout": "small-first", "class": "first", "places": [{"number": "1"}, {"number": "2"}]},
    {"layout": "small-second", "class": "second",
     "places": [{"number": "11"}, {"number": "12"}, {"number": "13"}, {"number": "14"}]}
  ],
  "consists": [{"consist": "small", "coaches": [{"number": "1", "layout": "small-first"},
                                                 {"number": "2", "layout": "small-second"}],
                "applies_to": [{"trip": "*"}]}]
})";

/// An engine over a fresh store with the small railway in it.
class World {
public:
    explicit World(std::string url = "memory:", EngineOptions options = {}) : url_{std::move(url)}, options_{options} {
        options_.environment = &environment;
        reopen();
        write_small_railway(folder.path());
        ImportOptions import;
        import.name = "t";
        const auto report = engine().timetable().import_gtfs(folder.path().string(), import);
        EXPECT_TRUE(report) << report.error().detail;
        const auto layouts = engine().timetable().import_layouts(kSmallTrain);
        EXPECT_TRUE(layouts) << layouts.error().detail;
    }

    /// Closes the store and opens it again, as a new process would.
    void reopen() {
        engine_.reset();
        auto opened = Engine::open(url_, options_);
        ASSERT_TRUE(opened) << opened.error().detail;
        engine_.emplace(std::move(*opened));
    }

    Engine& engine() { return *engine_; }

    static RunId run(std::string_view trip = "early") {
        return {.date = *parse_date("2026-12-01"), .trip = {"t", std::string{trip}}};
    }
    CommandKey key() { return CommandKey::make(environment); }

    HoldRequest seats(std::string_view from, std::string_view to, std::vector<SeatId> wanted) {
        return {key(), {{run(), std::string{from}, std::string{to}, std::move(wanted)}}};
    }
    HoldRequest best(std::string_view from, std::string_view to, int count, std::string travel_class = "second") {
        return {key(), {{run(), std::string{from}, std::string{to}, BestSeats{count, std::move(travel_class)}}}};
    }
    Quote quote(std::string_view from, std::string_view to, int adults) {
        QuoteRequest request;
        request.legs = {{run(), std::string{from}, std::string{to}}};
        for (int i = 0; i < adults; ++i) request.passengers.push_back({std::to_string(i + 1), "adult"});
        request.travel_class = "second";
        auto quote = engine().pricing().quote(request);
        EXPECT_TRUE(quote) << quote.error().detail;
        return *quote;
    }
    /// A booking for one adult that waits for its payment.
    Booking prebooked(const Principal& who, std::string_view from = "A", std::string_view to = "F") {
        const auto hold = engine().inventory().hold(who, best(from, to, 1));
        EXPECT_TRUE(hold) << hold.error().detail;
        auto booking = engine().bookings().create(
            who, {key(), hold->id, hold->fence, quote(from, to, 1).token, {{"1", "Ada", "Lovelace"}}});
        EXPECT_TRUE(booking) << booking.error().detail;
        return *booking;
    }

    TestEnvironment environment;
    TemporaryFolder folder;
    const Principal anna = Principal::user_named("anna");
    const Principal ben = Principal::user_named("ben");
    const Principal staff = Principal::operator_named("cli");

private:
    std::string url_;
    EngineOptions options_;
    std::optional<Engine> engine_;
};

}  // namespace railbook::test
