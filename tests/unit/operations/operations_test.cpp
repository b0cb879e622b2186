#include <railbook/operations.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/world.hpp"

namespace railbook {
namespace {

using boost::json::value;
using test::World;

class OperationsTest : public testing::Test {
protected:
    World world;

    Result<std::string> run(std::string_view operation, const std::string& body, const Principal& who) {
        return call(world.engine(), who, operation, body, CommandKey::make(world.environment).text);
    }
    value ok(std::string_view operation, const std::string& body) {
        const auto answer = run(operation, body, world.anna);
        EXPECT_TRUE(answer) << operation << ": " << answer.error().detail;
        return answer && !answer->empty() ? boost::json::parse(*answer) : value{};
    }
    Error refused(std::string_view operation, const std::string& body) {
        const auto answer = run(operation, body, world.anna);
        EXPECT_FALSE(answer) << operation;
        return answer ? Error{} : answer.error();
    }
};

TEST(OperationTable, IsSortedUniqueAndComplete) {
    const auto table = operation_table();
    std::set<std::string> routes;
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (i > 0) {
            EXPECT_LT(table[i - 1].name, table[i].name);
        }
        EXPECT_TRUE(table[i].path.starts_with("/v1/")) << table[i].name;
        EXPECT_FALSE(table[i].summary.empty()) << table[i].name;
        EXPECT_TRUE(routes.insert(fmt::format("{} {}", to_string(table[i].method), table[i].path)).second)
            << table[i].name << " has another's route";
    }
}

TEST_F(OperationsTest, TheStoryFromSearchToTicket) {
    const value found = ok("journey.find", R"({"from": "Altona", "to": "t:F", "depart": "2026-12-01T07:00"})");
    const auto& journey = found.at("journeys").at(0);
    EXPECT_EQ(journey.at("departure"), "2026-12-01T08:00:00+01:00");
    EXPECT_EQ(journey.at("duration"), 4 * 3600);
    const std::string run_id{journey.at("legs").at(0).at("run").as_string()};
    const value quote = ok("quote.create", fmt::format(R"({{"journey": "{}", "passengers": [{{"type": "adult"}}]}})",
                                                       std::string{journey.at("id").as_string()}));
    const value hold = ok(
        "hold.create",
        fmt::format(R"({{"items": [{{"run": "{}", "from": "A", "to": "F", "best": {{"count": 1, "class": "{}"}}}}]}})",
                    run_id, std::string{quote.at("class").as_string()}));
    EXPECT_EQ(hold.at("status"), "held");
    const value booking =
        ok("booking.create",
           boost::json::serialize(value{{"hold", {{"id", hold.at("id")}, {"fence", hold.at("fence")}}},
                                        {"quote", quote.at("token")},
                                        {"passengers", {{{"given_name", "Ada"}, {"family_name", "Lovelace"}}}}}));
    EXPECT_EQ(booking.at("status"), "PREBOOKED");
    EXPECT_EQ(booking.at("total"), quote.at("total"));
    const value payment =
        ok("booking.pay",
           boost::json::serialize(value{{"id", booking.at("reference")}, {"method", "sandbox:success"}, {"wait", 10}}));
    EXPECT_EQ(payment.at("status"), "captured");
    const value after = ok("booking.show", boost::json::serialize(boost::json::object{{"id", booking.at("id")}}));
    EXPECT_EQ(after.at("status"), "FULFILLED");
    const value ticket =
        ok("ticket.show", boost::json::serialize(boost::json::object{{"id", after.at("tickets").at(0)}}));
    EXPECT_EQ(ticket.at("reference"), booking.at("reference"));
    EXPECT_EQ(ticket.at("legs").at(0).at("from").at("name"), "Altona");
}

TEST_F(OperationsTest, AKeyRepeatsTheSameBytes) {
    const std::string body =
        R"({"items": [{"run": "2026-12-01.t:early", "from": "A", "to": "F", "best": {"count": 1}}]})";
    const auto first = call(world.engine(), world.anna, "hold.create", body, "k");
    ASSERT_TRUE(first) << first.error().detail;
    world.environment.advance(std::chrono::minutes{2});
    EXPECT_EQ(*call(world.engine(), world.anna, "hold.create", body, "k"), *first);
    const auto other =
        call(world.engine(), world.anna, "hold.create",
             R"({"items": [{"run": "2026-12-01.t:early", "from": "A", "to": "G", "best": {"count": 1}}]})", "k");
    EXPECT_EQ(other.error().code, ErrorCode::key_reused);
    EXPECT_EQ(call(world.engine(), world.anna, "hold.create", body).error().code, ErrorCode::invalid_argument);
}

TEST_F(OperationsTest, EachMistakeOfABodyIsNamedByItsPointer) {
    const Error error = refused(
        "hold.create", R"({"items": [{"run": "tomorrow", "from": 5, "to": "F", "seats": ["3-45"]}], "extra": 1})");
    EXPECT_EQ(error.code, ErrorCode::invalid_argument);
    std::vector<std::string> pointers;
    for (const auto& mistake : error.mistakes) pointers.push_back(mistake.pointer);
    EXPECT_THAT(pointers, testing::UnorderedElementsAre("/items/0/run", "/items/0/from", "/items/0/seats/0", "/extra"));
}

TEST_F(OperationsTest, BodiesThatAreNotOneObjectAreRefused) {
    for (const char* body : {"[]", "1", "{", "{} {}", "{\"q\": \"a\", \"q\": \"b\"}", "nonsense"})
        EXPECT_EQ(refused("station.find", body).code, ErrorCode::invalid_argument) << body;
    const std::string deep = std::string(1000, '[') + std::string(1000, ']');
    EXPECT_EQ(refused("station.find", deep).code, ErrorCode::invalid_argument);
}

TEST_F(OperationsTest, ScopesAreAskedFirst) {
    Principal guest{PrincipalKind::guest, "g", {Scope::read}};
    for (const auto& operation : operation_table()) {
        const auto answer = call(world.engine(), guest, operation.name, "{\"nonsense\": 1}", "key");
        ASSERT_FALSE(answer) << operation.name;
        EXPECT_EQ(answer.error().code,
                  operation.scope == Scope::read ? ErrorCode::invalid_argument : ErrorCode::forbidden)
            << operation.name;
    }
    EXPECT_EQ(run("no.such", "{}", world.staff).error().code, ErrorCode::not_found);
}

TEST_F(OperationsTest, ADeclinedCardIsAnErrorForWhoeverWaits) {
    const Booking booking = world.prebooked(world.anna);
    const Error error = refused(
        "booking.pay", fmt::format(R"({{"id": "{}", "method": "sandbox:declined", "wait": 10}})", booking.reference));
    EXPECT_EQ(error.code, ErrorCode::payment_declined);
    const value payment =
        ok("booking.pay", fmt::format(R"({{"id": "{}", "method": "sandbox:declined"}})", booking.reference));
    EXPECT_EQ(payment.at("status"), "declined");
}

TEST_F(OperationsTest, RunsOfADateComeInPages) {
    const auto first = run("run.list", R"({"date": "2026-12-01", "limit": 1})", world.staff);
    ASSERT_TRUE(first) << first.error().detail;
    const value page = boost::json::parse(*first);
    ASSERT_EQ(page.at("items").as_array().size(), 1U);
    const auto second =
        run("run.list",
            boost::json::serialize(value{{"date", "2026-12-01"}, {"limit", 1}, {"cursor", page.at("next_cursor")}}),
            world.staff);
    ASSERT_TRUE(second) << second.error().detail;
    const value last = boost::json::parse(*second);
    EXPECT_EQ(last.at("items").at(0).at("id"), "2026-12-01.t:late");
    EXPECT_TRUE(last.at("next_cursor").is_null());
    EXPECT_EQ(run("run.list", R"({"date": "2026-12-01", "cursor": "x"})", world.staff).error().code,
              ErrorCode::invalid_argument);
    EXPECT_EQ(run("run.list", R"({"date": "2026-12-01", "limit": 101})", world.staff).error().code,
              ErrorCode::invalid_argument);
}

TEST_F(OperationsTest, AListOfRunsGoesOnWhereItsLastTrainIsNoMore) {
    const auto page = [&](const value& body) {
        const auto answer = run("run.list", boost::json::serialize(body), world.staff);
        EXPECT_TRUE(answer) << answer.error().detail;
        return answer ? boost::json::parse(*answer) : value{};
    };
    const value first = page({{"date", "2026-12-01"}, {"limit", 1}});
    EXPECT_EQ(first.at("items").at(0).at("id"), "2026-12-01.t:early");
    std::ofstream{world.folder.path() / "trips.txt"} << "route_id,service_id,trip_id\nICE,daily,late\n";
    ASSERT_TRUE(world.engine().timetable().import_gtfs(world.folder.path().string(), {.name = "t"}));
    const value second = page({{"date", "2026-12-01"}, {"limit", 1}, {"cursor", first.at("next_cursor")}});
    ASSERT_EQ(second.at("items").as_array().size(), 1U);
    EXPECT_EQ(second.at("items").at(0).at("id"), "2026-12-01.t:late");
    for (const char* cursor : {"1", "1.", ".2026-12-01.t:late", "2026-12-01.t:late", "1x.2026-12-01.t:late"}) {
        const auto body = boost::json::serialize(value{{"date", "2026-12-01"}, {"cursor", cursor}});
        EXPECT_EQ(run("run.list", body, world.staff).error().code, ErrorCode::invalid_argument) << cursor;
    }
}

TEST_F(OperationsTest, AClassThatNoTrainHasIsNotASoldOutOne) {
    const auto body = [](const char* travel_class) {
        return fmt::format(R"({{"from": "A", "to": "F", "depart": "2026-12-01", "class": "{}"}})", travel_class);
    };
    const Error unknown = refused("journey.find", body("third"));
    EXPECT_EQ(unknown.code, ErrorCode::not_found);
    EXPECT_EQ(unknown.detail, "no train has the class 'third'");
    EXPECT_EQ(unknown.hint, "there are first, second");
    EXPECT_EQ(ok("journey.find", body("first")).at("journeys").as_array().size(), 2U);
    for (const char* train : {"early", "late"}) {
        ASSERT_TRUE(world.engine().inventory().hold(
            world.anna, {world.key(), {{World::run(train), "A", "F", BestSeats{2, "first"}}}}));
    }
    EXPECT_EQ(ok("journey.find", body("first")).at("journeys").as_array().size(), 0U);
}

TEST_F(OperationsTest, ADayOfTheClockChangeIsAskedWhole) {
    // Nothing leaves at night here: what counts is that the window is the local day, which the two trains prove.
    const value day = ok("journey.find", R"({"from": "A", "to": "F", "arrive": "2026-12-01"})");
    EXPECT_EQ(day.at("journeys").as_array().size(), 2U);
}

TEST_F(OperationsTest, StoreVerifyReportsWhatItChecked) {
    const auto answer = run("store.verify", "{}", world.staff);
    ASSERT_TRUE(answer);
    const value report = boost::json::parse(*answer);
    EXPECT_TRUE(report.at("ok").as_bool());
    EXPECT_TRUE(report.at("violations").as_array().empty());
    EXPECT_TRUE(report.at("checked").as_object().contains("allocations"));
}

}  // namespace
}  // namespace railbook
