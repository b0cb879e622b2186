// Questions from anywhere, to an engine with a small railway in it. The first byte chooses the operation and where the
// rest goes: it is the whole body, or the text of one member of a body that is otherwise in order (which gets past the
// JSON), or a line of a journey's id, a run's id, a time or the passengers by itself.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include <boost/json.hpp>

#include <railbook/railbook.hpp>

#include "operations/passengers.hpp"
#include "support/environment.hpp"

namespace {

using namespace railbook;
namespace json = boost::json;

void check(bool holds) {
    if (!holds) std::abort();
}

struct File {
    const char* name;
    const char* text;
};
/// Two lines that cross, one of them by frequency, a train that calls twice at a station, one over the night, one whose
/// id looks like a start; names of several alphabets.
constexpr std::array kFeed{
    File{"agency.txt", "agency_id,agency_name,agency_url,agency_timezone\nR,Railways,http://r.example,Europe/Berlin\n"},
    File{"stops.txt", "stop_id,stop_name,stop_lat,stop_lon,stop_code\nA,Köln Hbf,50,8,KK\nB,पुणे,50.5,8,AA  G\n"
                      "C,Łódź,51,8,\nD,Уфа,51.5,8,8000105\nE,Saint-Jean,50.5,9,\n"},
    File{"routes.txt", "route_id,agency_id,route_short_name,route_long_name,route_type\nX,R,IC,,2\nY,R,S 1,,109\n"},
    File{"trips.txt", "route_id,service_id,trip_id\nX,d,1\nX,d,loop\nX,d,night\nX,d,t@08:00:00\nY,d,often\n"},
    File{"stop_times.txt",
         "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n1,08:00:00,08:00:00,A,1\n1,09:00:00,09:05:00,B,2\n"
         "1,10:00:00,10:00:00,C,3\nloop,11:00:00,11:00:00,B,1\nloop,12:00:00,12:05:00,C,2\nloop,13:00:00,13:05:00,B,3\n"
         "loop,14:00:00,14:00:00,D,4\nnight,23:30:00,23:30:00,A,1\nnight,30:00:00,30:00:00,D,2\n"
         "t@08:00:00,09:10:00,09:10:00,B,1\nt@08:00:00,10:00:00,10:00:00,E,2\noften,06:00:00,06:00:00,E,1\n"
         "often,06:20:00,06:21:00,B,2\noften,06:40:00,06:40:00,D,3\n"},
    File{"frequencies.txt", "trip_id,start_time,end_time,headway_secs\noften,06:00:00,22:00:00,1800\n"},
    File{"transfers.txt", "from_stop_id,to_stop_id,transfer_type,min_transfer_time\nC,D,2,600\nB,B,2,300\n"},
    File{"calendar.txt", "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
                         "d,1,1,1,1,1,1,1,20261024,20261026\n"}};

/// The clock changes on the second of the three days.
struct Railway {
    Railway() {
        auto pattern = (std::filesystem::temp_directory_path() / "railbook-XXXXXX").string();
        check(mkdtemp(pattern.data()) != nullptr);
        for (const auto& file : kFeed) std::ofstream{std::filesystem::path{pattern} / file.name} << file.text;
        auto opened = Engine::open("memory:", {.environment = &environment});
        check(bool{opened});
        engine.emplace(*std::move(opened));
        const auto report = engine->timetable().import_gtfs(pattern, {.name = "f"});
        check(report && report->dropped.empty());
        std::filesystem::remove_all(pattern);
    }
    test::TestEnvironment environment;
    std::optional<Engine> engine;
    const Principal principal = Principal::operator_named("fuzz");
};

Railway& railway() {
    static Railway one;
    return one;
}

/// An answer is JSON; a refusal is the caller's fault, whatever was asked.
std::optional<json::value> ask(std::string_view operation, std::string_view body) {
    auto& world = railway();
    const auto answer = call(*world.engine, world.principal, operation, body);
    if (!answer) {
        check(!answer.error().detail.empty());
        const auto code = answer.error().code;
        check(code == ErrorCode::invalid_argument || code == ErrorCode::not_found || code == ErrorCode::too_large);
        return std::nullopt;
    }
    return answer->empty() ? json::value{} : json::parse(*answer);
}

/// Each journey that was found is one that can be quoted, at the price that was shown.
void find_journeys(std::string_view body) {
    const auto page = ask("journey.find", body);
    if (!page) return;
    std::int64_t earlier = 0;
    for (const auto& journey : page->at("journeys").as_array()) {
        const auto departs = parse_when(json::value_to<std::string>(journey.at("departure")), "UTC");
        check(departs && departs->time.time_since_epoch().count() >= earlier);
        earlier = departs->time.time_since_epoch().count();
        // Staying on a train that goes on as another is no change.
        check(journey.at("legs").as_array().size() > journey.at("changes").to_number<std::size_t>());
        const auto quote = ask("quote.create", json::serialize(json::object{
                                                   {"journey", journey.at("id")}, {"passengers", "adult"}}));
        check(quote.has_value());
    }
}

struct Member {
    const char* operation;
    const char* name;
    const char* body;
};
constexpr std::array kMembers{
    Member{"journey.find", "from", R"({"to": "D", "depart": "2026-10-25"})"},
    Member{"journey.find", "to", R"({"from": "A", "arrive": "2026-10-25"})"},
    Member{"journey.find", "depart", R"({"from": "A", "to": "D"})"},
    Member{"journey.find", "arrive", R"({"from": "A", "to": "D", "window": 0})"},
    Member{"journey.find", "before", R"({"from": "A", "to": "D", "limit": 2})"},
    Member{"journey.find", "passengers", R"({"from": "A", "to": "D", "depart": "2026-10-25"})"},
    Member{"journey.find", "max_price", R"({"from": "A", "to": "D", "depart": "2026-10-25"})"},
    Member{"journey.find", "class", R"({"from": "A", "to": "D", "depart": "2026-10-25"})"},
    Member{"quote.create", "journey", R"({"passengers": "adult"})"},
    Member{"quote.create", "passengers", R"({"legs": [{"run": "2026-10-25.f:1", "from": "A", "to": "C"}]})"},
    Member{"station.find", "q", "{}"},
    Member{"station.show", "id", "{}"},
    Member{"run.show", "run", "{}"},
    Member{"run.list", "date", "{}"},
    Member{"run.list", "cursor", R"({"date": "2026-10-25"})"},
    Member{"run.seats", "run", R"({"from": "A", "to": "C"})"},
    Member{"run.seats", "from", R"({"run": "2026-10-25.f:loop", "to": "D"})"},
    Member{"run.availability", "to", R"({"run": "2026-10-25.f:loop", "from": "B#2"})"}};
constexpr std::array kBodies{"journey.find", "quote.create", "station.find", "station.show", "run.show",
                             "run.list",     "run.seats",    "run.availability"};

/// What is read is the same when it is written and read again.
void parse(std::string_view text) {
    if (const auto run = parse_run(text)) {
        const auto again = parse_run(to_string(*run));
        check(again && *again == *run);
    }
    if (const auto seat = parse_seat(text)) check(parse_seat(to_string(*seat)).value() == *seat);
    if (const auto date = parse_date(text)) check(parse_date(to_string(*date)).value() == *date);
    for (const auto* zone : {"Europe/Berlin", "UTC"}) {
        const auto when = parse_when(text, zone);
        if (when) check(parse_when(to_string(when->time), zone)->time == when->time);
    }
    if (const auto money = parse_money(text)) check(parse_money(to_string(*money)).value() == *money);
    if (const auto duration = parse_duration(text)) check(duration->count() >= 0);
    if (const auto passengers = operations::parse_passengers(text)) check(!passengers->empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
    const std::size_t choice = data[0] % (kMembers.size() + kBodies.size() + 1);
    if (choice == 0) {
        parse(bytes);
    } else if (choice <= kBodies.size()) {
        const std::string_view operation = kBodies[choice - 1];
        if (operation == "journey.find") find_journeys(bytes);
        else ask(operation, bytes);
    } else {
        const auto& member = kMembers[choice - 1 - kBodies.size()];
        auto body = json::parse(member.body).as_object();
        body[member.name] = bytes;
        if (member.operation == std::string_view{"journey.find"}) find_journeys(json::serialize(body));
        else ask(member.operation, json::serialize(body));
    }
    return 0;
}
