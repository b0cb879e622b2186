#include "cli/program.hpp"

#include <algorithm>

namespace railbook::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class StreamsTest : public ProgramTest {};

TEST_F(StreamsTest, AReaderThatHasSeenEnoughIsNoError) {
    const auto outcome = run_plain({"config", "show"}, Output::closed_pipe);
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.err, "");
}

TEST_F(StreamsTest, AFullDiskIsAnError) {
    const auto outcome = run_plain({"config", "show"}, Output::full_device);
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_THAT(outcome.err, HasSubstr("The storage is full"));
}

TEST_F(StreamsTest, AClosedOutputNeverBecomesTheStore) {
    import_tiny();
    const auto outcome = run_plain({"feed", "list", "--store", store, "--now", now}, Output::closed);
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_EQ(outcome.err, "");
    EXPECT_EQ(run({"store", "verify"}).exit_code, 0);
    EXPECT_THAT(run({"feed", "list"}).out, HasSubstr("tiny"));
}

TEST_F(StreamsTest, ColorsFollowTheOptionAndNeverReachAPipe) {
    EXPECT_THAT(run_plain({"config", "show"}).out, Not(HasSubstr("\x1b[")));
    EXPECT_THAT(run_plain({"config", "show", "--color", "always"}).out, HasSubstr("\x1b[1m"));
    EXPECT_THAT(run_plain({"nonsense"}).err, Not(HasSubstr("\x1b[")));
    EXPECT_THAT(run_at_terminal({"config", "show"}, "").out, HasSubstr("\x1b[1m"));
    EXPECT_THAT(run_at_terminal({"config", "show", "--color", "never"}, "").out, Not(HasSubstr("\x1b[")));
    environment["NO_COLOR"] = "1";
    EXPECT_THAT(run_at_terminal({"config", "show"}, "").out, Not(HasSubstr("\x1b[")));
}

TEST_F(StreamsTest, MessagesStayOutOfTheDataAndQuietEndsThem) {
    import_tiny();
    const auto loud = run({"station", "find", "nowhere"});
    EXPECT_EQ(loud.out, "");
    EXPECT_NE(loud.err, "");
    const auto quiet = run({"station", "find", "nowhere", "--quiet"});
    EXPECT_EQ(quiet.out + quiet.err, "");
    EXPECT_EQ(quiet.exit_code, 0);
    write("queries.csv", "from_stop_id,to_stop_id,departure\ntiny:A,tiny:C,2026-12-01\n");
    const auto timed = run({"journey", "find", "--queries", "queries.csv", "--timings", "--quiet"});
    EXPECT_THAT(timed.err, HasSubstr("count 1 p50 ")) << "that was asked for";
}

TEST_F(StreamsTest, WithoutATerminalAConfirmationNeedsYes) {
    import_tiny();
    const auto asked = run({"feed", "remove", "tiny"});
    EXPECT_EQ(asked.exit_code, 2);
    EXPECT_THAT(asked.err, HasSubstr("--yes"));
    EXPECT_EQ(run({"feed", "remove", "tiny", "--yes"}).exit_code, 0);
    EXPECT_EQ(run({"feed", "list", "-o", "json"}).out, "[]\n");
}

TEST_F(StreamsTest, AtATerminalTheUserDecides) {
    import_tiny();
    EXPECT_EQ(run_at_terminal({"feed", "remove", "tiny"}, "n\n").exit_code, 5);
    EXPECT_EQ(run_at_terminal({"feed", "remove", "tiny"}, "\n").exit_code, 5);
    EXPECT_THAT(run({"feed", "list"}).out, HasSubstr("tiny"));
    EXPECT_EQ(run_at_terminal({"feed", "remove", "tiny"}, "y\n").exit_code, 0);
    EXPECT_EQ(run({"feed", "list", "-o", "json"}).out, "[]\n");
}

TEST_F(StreamsTest, CtrlCEndsWith130AndChangesNothing) {
    import_tiny();
    EXPECT_EQ(run_at_terminal({"feed", "remove", "tiny"}, "\x03").exit_code, 130);
    EXPECT_THAT(run({"feed", "list"}).out, HasSubstr("tiny"));
}

TEST_F(StreamsTest, AFeedCannotSteerTheTerminal) {
    import_tiny();
    write("tiny/stops.txt",
          "stop_id,stop_name,stop_lat,stop_lon\n"
          "A1,Alt\x1b[2Jstadt,52.5,13.4\nB1,Bergheim,51.5,12.4\nB2,Bergheim Süd,51.5,12.4\nC1,Cronau,50.5,11.4\n"
          "O,Overland,51.5,-0.1\n");
    run({"import", "gtfs", "tiny"});
    const auto outcome = run({"station", "find", "a"});
    EXPECT_THAT(outcome.out, Not(HasSubstr("\x1b")));
}

TEST_F(StreamsTest, CsvQuotesWhatHoldsACommaOrAQuote) {
    import_tiny();
    write("tiny/stops.txt",
          "stop_id,stop_name,stop_lat,stop_lon\n"
          "A1,\"Altstadt, \"\"Mitte\"\"\",52.5,13.4\nB1,Bergheim,51.5,12.4\nB2,Bergheim Süd,51.5,12.4\n"
          "C1,Cronau,50.5,11.4\nO,Overland,51.5,-0.1\n");
    run({"import", "gtfs", "tiny"});
    EXPECT_THAT(run({"station", "find", "mitte", "-o", "csv"}).out, HasSubstr(",\"Altstadt, \"\"Mitte\"\"\","));
}

TEST_F(StreamsTest, AListIsPrintedOverAllItsPages) {
    import_tiny();
    std::string trips = "route_id,service_id,trip_id,trip_headsign\n";
    std::string times = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n";
    for (int i = 0; i < 250; ++i) {
        const auto id = std::to_string(1000 + i);
        trips += "IC1,daily," + id + ",\n";
        times += id + ",08:00:00,08:00:00,A1,1\n" + id + ",09:00:00,09:00:00,B1,2\n";
    }
    write("tiny/trips.txt", trips);
    write("tiny/stop_times.txt", times);
    ASSERT_EQ(run({"import", "gtfs", "tiny"}).exit_code, 0);
    const auto lines = run({"run", "list", "--date", "2026-12-01", "-o", "jsonl"}).out;
    EXPECT_EQ(std::ranges::count(lines, '\n'), 250);
}

}  // namespace
}  // namespace railbook::test
