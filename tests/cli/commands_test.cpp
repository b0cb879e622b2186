#include "cli/program.hpp"
#include "support/feed.hpp"

#include <cstdlib>
#include <fstream>

namespace railbook::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class CommandsTest : public ProgramTest {
protected:
    Outcome book(std::vector<std::string> more) {
        std::vector<std::string> arguments{"book", "tiny:A", "tiny:C", "--depart", "2026-12-01", "-o", "json"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run(arguments);
    }
};

TEST_F(CommandsTest, BookTakesTheNextTrainWhereTheFirstIsFull) {
    import_tiny();
    const auto two = book({"--passenger", "Anna Schmidt", "Ben Schmidt"});
    ASSERT_EQ(two.exit_code, 0) << two.err;
    EXPECT_EQ(json_member(two.out, "/booking/parts/0/train"), "IC 1");
    EXPECT_EQ(json_member(two.out, "/booking/parts/1/train"), "IC 1");
    const auto next = book({"--passenger", "Cem Kaya"});
    ASSERT_EQ(next.exit_code, 0) << next.err;
    EXPECT_EQ(json_member(next.out, "/booking/parts/0/train"), "IC 3");
}

TEST_F(CommandsTest, AStoreMovesByItsDump) {
    import_tiny();
    ASSERT_EQ(book({"--passenger", "Anna Schmidt"}).exit_code, 0);
    const auto dumped = run({"store", "dump", "all.jsonl"});
    ASSERT_EQ(dumped.exit_code, 0) << dumped.err;
    const auto as_stream = run({"store", "dump", "-"});
    EXPECT_THAT(as_stream.out, StartsWith(R"({"type":"counters")"));
    const auto permissions = std::filesystem::status(folder / "all.jsonl").permissions();
    EXPECT_EQ(permissions & std::filesystem::perms::others_read, std::filesystem::perms::none);

    const auto first = store;
    store = "sqlite:other.db";
    const auto loaded = run({"store", "load", "all.jsonl"});
    ASSERT_EQ(loaded.exit_code, 0) << loaded.err;
    EXPECT_EQ(run({"store", "dump", "-"}).out, as_stream.out);
    EXPECT_EQ(run({"store", "verify"}).exit_code, 0);
    const auto again = run({"store", "load", "all.jsonl"});
    EXPECT_EQ(again.exit_code, 5);
    EXPECT_THAT(again.err, HasSubstr("not empty"));

    store = "sqlite:third.db";
    write("cut.jsonl", as_stream.out.substr(0, as_stream.out.size() / 2));
    EXPECT_EQ(run({"store", "load", "cut.jsonl"}).exit_code, 1);
    EXPECT_EQ(run({"store", "load", "missing.jsonl"}).exit_code, 3);
    store = first;
}

TEST_F(CommandsTest, ADateInAFileOfQuestionsIsThatDayHoweverLongItIs) {
    const test::FeedFiles feed = [] {
        test::FeedFiles files;
        files.set("calendar.txt",
                  "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
                  "daily,1,1,1,1,1,1,1,20260301,20261231\n");
        files.append("trips.txt", "X,daily,2,200\nX,daily,3,300\n");
        files.append("stop_times.txt", "2,00:15:00,00:15:00,A,1\n2,01:00:00,01:00:00,B,2\n"
                                       "3,23:30:00,23:30:00,A,1\n3,24:15:00,24:15:00,B,2\n");
        return files;
    }();
    ASSERT_EQ(run({"import", "gtfs", feed.write_folder(), "--name", "f"}).exit_code, 0);
    // What GTFS calls 00:15 is at 23:15 the day before where that night has an hour less.
    const std::map<std::string, int> counts{{"2026-03-29", 2}, {"2026-10-25", 3}, {"2026-07-01", 3}};
    for (const auto& [day, count] : counts) {
        write("one.csv", "from_stop_id,to_stop_id,departure\nf:A,f:B," + day + "\n");
        const auto many = run({"journey", "find", "--queries", "one.csv", "-o", "jsonl"});
        EXPECT_EQ(std::ranges::count(many.out, '\n'), count) << day << "\n" << many.out;
        const auto one = run({"journey", "find", "f:A", "f:B", "--depart", day, "-o", "jsonl"});
        EXPECT_EQ(std::ranges::count(one.out, '\n'), count) << day << "\n" << one.out;
    }
}

TEST_F(CommandsTest, BookPaysForEachPassengerAndPrintsATicketForEach) {
    import_tiny();
    const auto sold = book({"--passenger", "Anna Schmidt,adult", "Ben Schmidt,child@8"});
    ASSERT_EQ(sold.exit_code, 0) << sold.err;
    EXPECT_EQ(json_member(sold.out, "/booking/status"), "FULFILLED");
    EXPECT_EQ(json_member(sold.out, "/booking/passengers/1/type"), "child");
    EXPECT_EQ(json_member(sold.out, "/tickets/0/passengers/0/given_name"), "Anna");
    EXPECT_EQ(json_member(sold.out, "/tickets/1/passengers/0/given_name"), "Ben");
    EXPECT_EQ(run({"store", "verify"}).exit_code, 0);
}

TEST_F(CommandsTest, BookRefusesWhereNoTrainHasTheSeatsOrRuns) {
    import_tiny();
    std::vector<std::string> arguments{"--class", "second", "--passenger"};
    arguments.insert(arguments.end(), 9, "Anna Schmidt");
    EXPECT_EQ(book(arguments).exit_code, 0);  // IC 3 is a long train
    const auto none = run({"book", "tiny:A", "tiny:C", "--depart", "2026-12-01", "--class", "royal", "--passenger",
                           "Anna Schmidt", "-o", "json"});
    EXPECT_EQ(none.exit_code, 5);
    EXPECT_EQ(json_member(none.err, "/code"), "sold_out");
    const auto no_train = run({"book", "tiny:O", "tiny:C", "--depart", "2026-12-01", "--passenger", "Anna Schmidt"});
    EXPECT_EQ(no_train.exit_code, 3);
}

TEST_F(CommandsTest, BookGivesTheSeatsBackWhereNoBookingCameOfThem) {
    import_tiny();
    // A name that the booking refuses: longer than any may be.
    const auto refused = book({"--passenger", std::string(300, 'x') + " Schmidt"});
    EXPECT_EQ(refused.exit_code, 2);
    const auto holds = run({"hold", "list", "-o", "jsonl"});
    EXPECT_EQ(json_member(holds.out, "/status"), "released");
}

TEST_F(CommandsTest, OneKeyCannotNameTheManyCommandsOfBook) {
    import_tiny();
    const auto outcome = book({"--passenger", "Anna Schmidt", "--idempotency-key", "one"});
    EXPECT_EQ(outcome.exit_code, 2);
}

TEST_F(CommandsTest, TypesOfPassengersFollowTheQuote) {
    import_tiny();
    const std::vector<std::string> ride{"2026-12-01.tiny:1", "--from", "tiny:A", "--to", "tiny:C", "-o", "json"};
    auto quote = std::vector<std::string>{"quote", "create", "--passengers", "adult,child@8"};
    quote.insert(quote.end(), ride.begin(), ride.end());
    auto hold = std::vector<std::string>{"hold", "create", "--best", "2"};
    hold.insert(hold.end(), ride.begin(), ride.end());
    const auto token = json_member(run(quote).out, "/token");
    const auto id = json_member(run(hold).out, "/id");
    const auto wrong = run({"booking", "create", "--hold", id, "--quote", token, "--passenger", "Anna Schmidt,adult",
                            "Ben Schmidt,adult"});
    EXPECT_EQ(wrong.exit_code, 2);
    EXPECT_THAT(wrong.err, HasSubstr("no passenger of the type 'adult' left for number 2"));
    const auto booked = run({"booking", "create", "--hold", id, "--quote", token, "--passenger", "Ben Schmidt,child",
                             "Anna Schmidt", "-o", "json"});
    ASSERT_EQ(booked.exit_code, 0) << booked.err;
    EXPECT_THAT(booked.out, HasSubstr(R"("given_name":"Ben","family_name":"Schmidt","type":"child")"));
    EXPECT_THAT(booked.out, HasSubstr(R"("given_name":"Anna","family_name":"Schmidt","type":"adult")"));
}

TEST_F(CommandsTest, AJourneyThatWasFoundCanBeQuoted) {
    import_tiny();
    const auto found = run({"journey", "find", "tiny:A", "tiny:C", "--depart", "2026-12-01", "-o", "json"});
    const auto quote = run({"quote", "create", json_member(found.out, "/journeys/0/id"), "--passengers", "adult", "-o",
                            "json"});
    EXPECT_EQ(quote.exit_code, 0) << quote.err;
    EXPECT_EQ(json_member(quote.out, "/legs/0/run"), "2026-12-01.tiny:1");
}

TEST_F(CommandsTest, TheDepartureIsNowWhereNoneIsGiven) {
    import_tiny();
    const auto found = run({"journey", "find", "tiny:A", "tiny:C", "-o", "json"});
    // Now is 13:00 in Altstadt.
    EXPECT_EQ(json_member(found.out, "/journeys/0/departure"), "2026-11-30T14:00:00+01:00");
}

TEST_F(CommandsTest, RebaseMovesTheTimetableByWholeWeeks) {
    import_tiny();
    const auto report = run({"import", "gtfs", "tiny", "--rebase", "2030-01-01", "-o", "json"});
    ASSERT_EQ(report.exit_code, 0) << report.err;
    // 2026-11-01 is a Sunday, and so is 2030-01-06.
    EXPECT_EQ(json_member(report.out, "/feed/first_date"), "2030-01-06");
}

TEST_F(CommandsTest, ADryRunKeepsNothing) {
    import_tiny();
    EXPECT_EQ(run({"import", "gtfs", "tiny", "--name", "other", "--dry-run"}).exit_code, 0);
    EXPECT_EQ(json_member(run({"feed", "list", "-o", "jsonl"}).out, "/name"), "tiny");
}

TEST_F(CommandsTest, ATariffChangesThePrice) {
    import_tiny();
    write("tariff.json",
          R"({"tariff": "flat", "version": 1, "currency": "EUR", "rounding": {"unit": 5, "mode": "half_up"},
 "classes": ["first", "second"], "passenger_types": [{"type": "adult", "from_age": 15}],
 "distance_bands": [{"first": 2000, "second": 1000}], "flexibility": [{"code": "NON", "refund": []}],
 "vat": [{"country": "DE", "percent_x10": 70}]})");
    const auto imported = run({"import", "tariff", "tariff.json", "-o", "json"});
    ASSERT_EQ(imported.exit_code, 0) << imported.err;
    EXPECT_EQ(json_member(imported.out, "/name"), "flat");
    const auto quote = run({"quote", "create", "2026-12-01.tiny:1", "--from", "tiny:A", "--to", "tiny:C",
                            "--passengers", "adult:2", "-o", "json"});
    EXPECT_EQ(json_member(quote.out, "/total/amount"), "2000") << quote.err;
}

TEST_F(CommandsTest, ADocumentWithAMemberTwiceIsRefused) {
    write("twice.json", R"({"tariff": "flat", "tariff": "steep"})");
    const auto outcome = run({"import", "tariff", "twice.json"});
    EXPECT_NE(outcome.exit_code, 0);
    EXPECT_THAT(outcome.err, HasSubstr("/document/tariff"));
}

TEST_F(CommandsTest, TheDoctorFindsNothingWrongWithAGoodStore) {
    const auto before = run({"doctor", "-o", "json"});
    EXPECT_EQ(before.exit_code, 0) << before.out;
    EXPECT_FALSE(std::filesystem::exists(folder / "store.db")) << "looking must not make a store";
    import_tiny();
    const auto after = run({"doctor", "-o", "json"});
    EXPECT_EQ(after.exit_code, 0) << after.out;
    EXPECT_EQ(json_member(after.out, "/ok"), "true");
    EXPECT_THAT(run({"doctor"}).out, HasSubstr("every law holds"));
}

TEST_F(CommandsTest, TheVersionIsThatOfTheLibrary) {
    EXPECT_EQ(run_plain({"version"}).out, std::string{"railbook "} + version() + "\n");
    EXPECT_EQ(run_plain({"--version"}).out, std::string{"railbook "} + version() + "\n");
    EXPECT_EQ(json_member(run_plain({"version", "-o", "json"}).out, "/version"), version());
}

TEST_F(CommandsTest, BashCompletesNounsVerbsAndOptions) {
    const auto script = run_plain({"completion", "bash"});
    ASSERT_EQ(script.exit_code, 0);
    const auto file = write("completion.bash", script.out);
    const auto completed = [&](const std::string& words, int at) {
        const auto found = (folder / "found").string();
        const auto command = "bash -c 'set -e; source " + file + "; COMP_WORDS=(" + words +
                             "); COMP_CWORD=" + std::to_string(at) + "; _railbook; echo ${COMPREPLY[@]} > " + found +
                             "'";
        EXPECT_EQ(std::system(command.c_str()), 0);
        std::ifstream stream{found};
        std::string line;
        std::getline(stream, line);
        return line;
    };
    EXPECT_EQ(completed("railbook sta", 1), "station");
    EXPECT_EQ(completed("railbook hold ex", 2), "extend");
    EXPECT_EQ(completed("railbook hold create RUN --fr", 4), "--from");
    EXPECT_EQ(completed("railbook -q station find --ou", 4), "--output");
    EXPECT_EQ(run_plain({"completion", "powershell"}).exit_code, 2);
}

TEST_F(CommandsTest, TheDemoBooksTomorrowsTrainAndLeavesNothingBehind) {
    const auto shown = run_plain({"demo", "--once", "--now", "2026-11-30T12:00:00Z"});
    ASSERT_EQ(shown.exit_code, 0) << shown.err;
    EXPECT_THAT(shown.out, StartsWith("1. Import the sample timetable"));
    EXPECT_THAT(shown.out, HasSubstr("Anna Schmidt"));
    EXPECT_THAT(shown.out, HasSubstr("2026-12-01"));
    EXPECT_THAT(shown.out, HasSubstr("CC BY 4.0"));
    EXPECT_TRUE(std::filesystem::is_empty(folder));
}

}  // namespace
}  // namespace railbook::test
