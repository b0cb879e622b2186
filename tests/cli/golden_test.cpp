#include <fstream>

#include "cli/program.hpp"

namespace railbook::test {
namespace {

class GoldenTest : public ProgramTest {
protected:
    static constexpr const char* kIc1 = "2026-12-01.tiny:1";
    static constexpr const char* kIc3 = "2026-12-01.tiny:3";

    void SetUp() override { import_tiny(); }
};

TEST_F(GoldenTest, AnImportReportsWhatItFoundAndWhatItDropped) {
    expect_golden("import-gtfs", {"import", "gtfs", "tiny", "--name", "again"});
    expect_golden("import-gtfs-json", {"import", "gtfs", "tiny", "--name", "again", "-o", "json"});
    expect_golden("import-gtfs-dry-run", {"import", "gtfs", "tiny", "--name", "third", "--dry-run"});
    expect_golden("import-gtfs-strict", {"import", "gtfs", "tiny", "--strict"});
    expect_golden("import-layouts", {"import", "layouts", "two-seats.json"});
    expect_golden("feed-list", {"feed", "list"});
    expect_golden("feed-list-json", {"feed", "list", "-o", "json"});
    expect_golden("feed-list-csv", {"feed", "list", "-o", "csv"});
}

TEST_F(GoldenTest, StationsAreFoundByTheirWords) {
    expect_golden("station-find", {"station", "find", "grossenau"});
    expect_golden("station-find-json", {"station", "find", "grossenau", "-o", "json"});
    expect_golden("station-find-jsonl", {"station", "find", "a", "-o", "jsonl"});
    expect_golden("station-find-csv", {"station", "find", "grossenau", "-o", "csv"});
    expect_golden("station-find-nothing", {"station", "find", "nowhere"});
    expect_golden("station-find-nothing-json", {"station", "find", "nowhere", "-o", "json"});
    expect_golden("station-show", {"station", "show", "Bergheim"});
    expect_golden("station-show-json", {"station", "show", "tiny:B", "-o", "json"});
}

TEST_F(GoldenTest, JourneysShowLocalTimesAndFreeSeats) {
    expect_golden("journey-find", {"journey", "find", "Altstadt", "Größenau", "--depart", "2026-12-01"});
    expect_golden("journey-find-json", {"journey", "find", "tiny:A", "tiny:C", "--depart", "2026-12-01", "-o", "json"});
    expect_golden("journey-find-jsonl",
                  {"journey", "find", "tiny:A", "tiny:C", "--depart", "2026-12-01T12:00", "-o", "jsonl"});
    expect_golden("journey-find-csv", {"journey", "find", "tiny:A", "tiny:C", "--depart", "2026-12-01", "-o", "csv"});
    expect_golden("journey-find-class",
                  {"journey", "find", "tiny:A", "tiny:C", "--depart", "2026-12-01", "--class", "first"});
    expect_golden("journey-find-party",
                  {"journey", "find", "tiny:A", "tiny:C", "--depart", "2026-12-01", "--passengers", "adult:2,child@8",
                   "--together", "--max-price", "400 EUR"});
    expect_golden("journey-find-too-dear",
                  {"journey", "find", "tiny:A", "tiny:C", "--depart", "2026-12-01", "--max-price", "1 EUR"});
    expect_golden("journey-find-no-price",
                  {"journey", "find", "tiny:A", "tiny:C", "--depart", "2026-12-01", "--max-price", "1 euro"});
    expect_golden("journey-find-limit",
                  {"journey", "find", "tiny:A", "tiny:C", "--depart", "2026-12-01", "--limit", "1"});
    expect_golden("journey-find-before",
                  {"journey", "find", "tiny:A", "tiny:C", "--before", "2026-12-02", "--limit", "1", "--window", "7d"});
    expect_golden("journey-find-filtered-page", {"journey", "find", "tiny:A", "tiny:C", "--depart", "2026-12-01",
                                                 "--limit", "1", "--class", "first"});
    expect_golden("journey-find-over-midnight", {"journey", "find", "tiny:C", "tiny:A", "--depart", "2026-12-01"});
    expect_golden("journey-find-two-zones", {"journey", "find", "Bergheim", "Overland", "--depart", "2026-12-01"});
    expect_golden("journey-find-arrive",
                  {"journey", "find", "tiny:A", "tiny:C", "--arrive", "2026-12-01T12:00", "--window", "4h"});
    expect_golden("journey-find-changes", {"journey", "find", "Größenau", "Overland", "--depart", "2026-12-01"});
    expect_golden("journey-find-changes-json",
                  {"journey", "find", "tiny:C", "tiny:O", "--depart", "2026-12-01T20:00", "--window", "0",
                   "--min-change", "5m", "--via", "Bergheim", "--trains", "NJ,ES", "-o", "json"});
    expect_golden("journey-find-no-changes",
                  {"journey", "find", "Größenau", "Overland", "--depart", "2026-12-01", "--max-changes", "0"});
    expect_golden("journey-find-too-long",
                  {"journey", "find", "tiny:C", "tiny:O", "--depart", "2026-12-01", "--max-duration", "10h"});
    write("queries.csv", "from_stop_id,to_stop_id,departure\ntiny:A,tiny:C,2026-12-01\nC1,O,2026-12-01T20:00:00+01:00\n"
                         "tiny:O,tiny:A,2026-12-01\n");
    expect_golden("journey-find-queries", {"journey", "find", "--queries", "queries.csv", "-o", "csv"});
    expect_golden("journey-find-queries-one",
                  {"journey", "find", "--queries", "queries.csv", "--window", "0", "--max-changes", "0"});
    write("some-wrong.csv", "from_stop_id,to_stop_id,departure\ntiny:A,nowhere,2026-12-01\ntiny:A,tiny:C,2026-12-01\n"
                            "tiny:A,tiny:C,2020-01-01\ntiny:A,tiny:C,tomorrow\n");
    expect_golden("journey-find-queries-some-wrong", {"journey", "find", "--queries", "some-wrong.csv", "-o", "csv"});
    expect_golden("journey-find-step-free",
                  {"journey", "find", "tiny:A", "tiny:C", "--depart", "2026-12-01", "--step-free"});
    expect_golden("journey-find-nothing",
                  {"journey", "find", "tiny:A", "tiny:C", "--depart", "2026-12-01T12:00", "--window", "30m"});
}

TEST_F(GoldenTest, RunsShowTheirStopsAndSeats) {
    expect_golden("run-list", {"run", "list", "--date", "2026-12-01"});
    expect_golden("run-list-csv", {"run", "list", "--date", "2026-12-01", "-o", "csv"});
    expect_golden("run-show", {"run", "show", "2026-12-01.9"});
    expect_golden("run-show-json", {"run", "show", kIc1, "-o", "json"});
    expect_golden("run-show-csv", {"run", "show", kIc1, "-o", "csv"});
    expect_golden("run-seats", {"run", "seats", kIc3, "--from", "tiny:A", "--to", "tiny:C"});
    expect_golden("run-seats-json", {"run", "seats", kIc1, "--from", "tiny:A", "--to", "tiny:C", "-o", "json"});
    expect_golden("run-seats-csv", {"run", "seats", kIc1, "--from", "tiny:A", "--to", "tiny:C", "-o", "csv"});
}

TEST_F(GoldenTest, OperatorsBlockSeatsAndChangeCoaches) {
    const std::vector<std::string> ride{kIc3, "--from", "tiny:A", "--to", "tiny:C"};
    const auto on_ride = [&](std::vector<std::string> command, std::vector<std::string> rest) {
        command.insert(command.end(), ride.begin(), ride.end());
        command.insert(command.end(), rest.begin(), rest.end());
        return command;
    };
    expect_golden("run-block", on_ride({"run", "block"}, {"--seat", "1/1", "1/2"}));
    expect_golden("run-block-taken", on_ride({"run", "block"}, {"--seat", "1/2"}));
    expect_golden("run-unblock", on_ride({"run", "unblock"}, {"--seat", "1/1", "-o", "json"}));
    expect_golden("run-seats-blocked", on_ride({"run", "seats"}, {}));
    expect_golden("hold-create-wishes",
                  on_ride({"hold", "create"}, {"--best", "2", "--wish", "WINDOW", "--facing", "forward"}));
    write("short.json", R"({"consist": "short", "coaches": [{"number": "9", "layout": "open-second"}]})");
    expect_golden("run-consist", {"run", "consist", kIc3, "short.json"});
    expect_golden("run-consist-json", {"run", "consist", kIc3, "short.json", "-o", "json"});
    expect_golden("run-consist-confirm", {"run", "consist", kIc3, "short.json", "--confirm"});
}

TEST_F(GoldenTest, ANewTimetableLeavesWhatWasSoldUntilItIsAdopted) {
    ASSERT_EQ(run({"hold", "create", kIc3, "--from", "tiny:A", "--to", "tiny:C", "--best", "2"}).exit_code, 0);
    std::ifstream file{folder / "tiny/stop_times.txt"};
    std::string times{std::istreambuf_iterator<char>{file}, {}};
    times.replace(times.find("16:20:00,16:20:00"), 17, "16:45:00,16:45:00");
    write("tiny/stop_times.txt", times);
    expect_golden("import-gtfs-sold", {"import", "gtfs", "tiny"});
    expect_golden("run-show-sold", {"run", "show", kIc3});
    expect_golden("run-adopt", {"run", "adopt", kIc3});
    expect_golden("run-adopt-json", {"run", "adopt", kIc3, "-o", "json"});
    expect_golden("run-adopt-confirm", {"run", "adopt", kIc3, "--confirm"});
    expect_golden("run-show-adopted", {"run", "show", kIc3});
    expect_golden("run-adopt-again", {"run", "adopt", kIc3});
    EXPECT_EQ(run({"import", "gtfs", "tiny"}).exit_code, 0);
}

TEST_F(GoldenTest, TheStoryFromQuoteToTicket) {
    const std::vector<std::string> ride{"--from", "tiny:A", "--to", "tiny:C"};
    const auto on_ic1 = [&](std::vector<std::string> command, std::vector<std::string> rest) {
        command.push_back(kIc1);
        command.insert(command.end(), ride.begin(), ride.end());
        command.insert(command.end(), rest.begin(), rest.end());
        return command;
    };
    expect_golden("quote-create", on_ic1({"quote", "create"}, {"--passengers", "adult,child@8"}));
    expect_golden("quote-create-json", on_ic1({"quote", "create"}, {"--passengers", "adult:2", "-o", "json"}));
    const auto family = run(on_ic1({"quote", "create"}, {"--passengers", "adult,child@8", "-o", "json"}));
    expect_golden("quote-explain", {"quote", "explain", json_member(family.out, "/token")});
    expect_golden("quote-explain-json", {"quote", "explain", json_member(family.out, "/token"), "-o", "json"});
    expect_golden("quote-card-unknown", on_ic1({"quote", "create"}, {"--passengers", "adult", "--card", "X"}));
    expect_golden("hold-create", on_ic1({"hold", "create"}, {"--seat", "1/1"}));
    expect_golden("hold-create-json", on_ic1({"hold", "create"}, {"--best", "1", "-o", "json"}));
    expect_golden("run-seats-held", on_ic1({"run", "seats"}, {}));

    const auto holds = run({"hold", "list", "-o", "jsonl"});
    const auto hold = json_member(cut(holds.out, "", "\n"), "/id");
    expect_golden("hold-show", {"hold", "show", hold});
    expect_golden("hold-extend", {"hold", "extend", hold, "--by", "5m"});
    expect_golden("hold-release", {"hold", "release", hold});

    const auto held = run(on_ic1({"hold", "create"}, {"--best", "1", "-o", "json"}));
    const auto quote = run(on_ic1({"quote", "create"}, {"--passengers", "adult", "-o", "json"}));
    expect_golden("booking-create",
                  {"booking", "create", "--hold", json_member(held.out, "/id"), "--fence",
                   json_member(held.out, "/fence"), "--quote", json_member(quote.out, "/token"), "--passenger",
                   "Anna Maria Schmidt,adult", "--email", "anna@example.org"});
    const auto bookings = run({"booking", "list", "-o", "jsonl"});
    const auto reference = json_member(bookings.out, "/reference");
    expect_golden("booking-pay-declined", {"booking", "pay", reference, "--method", "sandbox:declined"});
    expect_golden("booking-pay", {"booking", "pay", reference, "--method", "sandbox:success"});
    expect_golden("booking-show", {"booking", "show", reference});
    expect_golden("booking-show-json", {"booking", "show", reference, "-o", "json"});
    expect_golden("booking-list", {"booking", "list"});
    expect_golden("booking-list-csv", {"booking", "list", "-o", "csv"});
    expect_golden("booking-history", {"booking", "history", reference});
    const auto booking = run({"booking", "show", reference, "-o", "json"});
    expect_golden("ticket-show", {"ticket", "show", json_member(booking.out, "/tickets/0")});
    expect_golden("ticket-show-json", {"ticket", "show", json_member(booking.out, "/tickets/0"), "-o", "json"});
    expect_golden("store-verify", {"store", "verify"});
    expect_golden("store-verify-json", {"store", "verify", "-o", "json"});
    expect_golden("ledger-check", {"ledger", "check"});
    expect_golden("ledger-check-json", {"ledger", "check", "-o", "json"});
    expect_golden("ledger-export", {"ledger", "export"});
    expect_golden("ledger-export-csv", {"ledger", "export", "-o", "csv"});
    expect_golden("ledger-export-jsonl", {"ledger", "export", "-o", "jsonl"});
    expect_golden("sandbox-journal", {"sandbox", "journal"});
    expect_golden("sandbox-journal-json", {"sandbox", "journal", "-o", "json"});

    expect_golden("booking-cancel-paid", {"booking", "cancel", reference});
    const auto on_ic3 = [&](std::vector<std::string> command, const std::vector<std::string>& rest) {
        command.insert(command.end(), {kIc3, "-o", "json"});
        command.insert(command.end(), ride.begin(), ride.end());
        command.insert(command.end(), rest.begin(), rest.end());
        return run(command);
    };
    const auto seat = on_ic3({"hold", "create"}, {"--best", "1"});
    const auto price = on_ic3({"quote", "create"}, {"--passengers", "adult"});
    const auto other = run({"booking", "create", "--hold", json_member(seat.out, "/id"), "--quote",
                            json_member(price.out, "/token"), "--passenger", "Ben Schmidt", "-o", "json"});
    expect_golden("booking-cancel", {"booking", "cancel", json_member(other.out, "/reference")});
}

TEST_F(GoldenTest, BookTellsTheWholeStoryInOneCommand) {
    const std::vector<std::string> book{"book",        "Altstadt Hbf",       "Größenau",    "--depart", "2026-12-01",
                                        "--passenger", "Anna Schmidt,adult", "Ben Schmidt,child@8"};
    expect_golden("book", book);
    auto as_json = book;
    as_json.insert(as_json.end(), {"-o", "json"});
    expect_golden("book-json", as_json);
}

TEST_F(GoldenTest, DocumentsAreShownAsTheyWereImported) {
    expect_golden("layout-list", {"layout", "list"});
    expect_golden("layout-show", {"layout", "show", "two-seats"});
    expect_golden("tariff-list", {"tariff", "list"});
    expect_golden("tariff-show-csv", {"tariff", "show", "default", "-o", "csv"});
}

TEST_F(GoldenTest, TheStoreIsCopiedAndPutBack) {
    expect_golden("store-backup", {"store", "backup", "copy.db"});
    expect_golden("store-backup-again", {"store", "backup", "copy.db"});
    expect_golden("store-restore", {"store", "restore", "copy.db"});
    expect_golden("store-restore-json", {"store", "restore", "copy.db", "-o", "json"});
    expect_golden("store-restore-missing", {"store", "restore", "none.db"});
    EXPECT_EQ(run({"store", "verify"}).exit_code, 0);
}

TEST_F(GoldenTest, HelpNamesEveryCommand) {
    expect_golden("help", {"--help"});
    expect_golden("help-hold-create", {"hold", "create", "--help"});
    expect_golden("completion-bash", {"completion", "bash"});
}

}  // namespace
}  // namespace railbook::test
