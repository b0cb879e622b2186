#include "base/encoding.hpp"
#include "cli/program.hpp"

namespace railbook::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ErrorsTest : public ProgramTest {
protected:
    static constexpr const char* kIc1 = "2026-12-01.tiny:1";

    void SetUp() override { import_tiny(); }

    Outcome hold(std::vector<std::string> more) {
        std::vector<std::string> arguments{"hold", "create", kIc1, "--from", "tiny:A", "--to", "tiny:C"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run(arguments);
    }
    Outcome quote() {
        return run({"quote", "create", kIc1, "--from", "tiny:A", "--to", "tiny:C", "--passengers", "adult", "-o",
                    "json"});
    }
    Outcome book(const std::string& method) {
        return run({"book", "tiny:A", "tiny:C", "--depart", "2026-12-01", "--passenger", "Anna Schmidt", "--pay",
                    method, "-o", "json"});
    }
};

TEST_F(ErrorsTest, AnErrorSaysWhatAndWhyAndWhatToDoNext) {
    const auto outcome = run({"station", "show", "Bergheym"});
    EXPECT_EQ(outcome.exit_code, 3);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, StartsWith("error: Not found\n  reason: "));
    EXPECT_THAT(outcome.err, HasSubstr("\n  hint: "));
}

TEST_F(ErrorsTest, WithJsonAnErrorIsOneProblemObject) {
    const auto outcome = run({"station", "show", "Bergheym", "-o", "json"});
    EXPECT_EQ(outcome.exit_code, 3);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(json_member(outcome.err, "/code"), "not_found");
    EXPECT_EQ(json_member(outcome.err, "/status"), "404");
    EXPECT_EQ(json_member(outcome.err, "/title"), "Not found");
    EXPECT_EQ(json_member(outcome.err, "/retryable"), "false");
    EXPECT_EQ(json_member(outcome.err, "/errors"), "[]");
    EXPECT_NE(json_member(outcome.err, "/type"), "");
    EXPECT_NE(json_member(outcome.err, "/detail"), "");
}

TEST_F(ErrorsTest, ABadCommandLineIsAProblemObjectToo) {
    const auto outcome = run_plain({"hold", "create", "-o", "json"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(json_member(outcome.err, "/code"), "invalid_argument");
}

TEST_F(ErrorsTest, MistakesInTheInputNameTheirPlace) {
    const auto seat = hold({"--seat", "345", "-o", "json"});
    EXPECT_EQ(seat.exit_code, 2);
    EXPECT_EQ(json_member(seat.err, "/errors/0/pointer"), "/items/0/seats/0");
    const auto text = hold({"--seat", "345", "346"});
    EXPECT_THAT(text.err, HasSubstr("- /items/0/seats/0: "));
    EXPECT_THAT(text.err, HasSubstr("- /items/0/seats/1: "));
}

TEST_F(ErrorsTest, ALongTextIsCutBetweenTwoCharacters) {
    std::string umlauts = "x";  // 64 bytes end in the middle of one
    for (int i = 0; i < 60; ++i) umlauts += "\xC3\xA4";
    const std::string shown = "'" + umlauts.substr(0, 63) + "...' is not a date";
    EXPECT_EQ(json_member(run({"run", "list", "--date", umlauts, "-o", "json"}).err, "/detail"), shown);
    EXPECT_THAT(run({"run", "list", "--date", umlauts}).err, HasSubstr(shown));
}

TEST_F(ErrorsTest, AnErrorIsUtf8WhateverTheArgumentsAre) {
    for (const std::string no_text : {"\xFF", "\xC3", "\xC3'", "\xE2\x82", "\xED\xA0\x80", "\xC0\x80"}) {
        for (const auto& arguments : std::vector<std::vector<std::string>>{{"run", "list", "--date", no_text},
                                                                           {"run", "list", "--" + no_text},
                                                                           {no_text},
                                                                           {"run", "show", no_text},
                                                                           {"station", "show", no_text}}) {
            const auto plain = run(arguments);
            EXPECT_NE(plain.exit_code, 0);
            EXPECT_TRUE(base::is_utf8(plain.err)) << plain.err;
            auto with_json = arguments;
            with_json.insert(with_json.end(), {"-o", "json"});
            EXPECT_TRUE(base::is_utf8(run(with_json).err));
        }
    }
}

TEST_F(ErrorsTest, UsageIsTwo) {
    EXPECT_EQ(run({"journey", "find", "tiny:A", "tiny:C", "--depart", "tomorrow"}).exit_code, 2);
    EXPECT_EQ(run({"journey", "find", "tiny:A", "tiny:A", "--depart", "2026-12-01"}).exit_code, 2);
    EXPECT_EQ(run({"journey", "find", "tiny:A", "tiny:C", "--depart", "2026-12-01", "--window", "soon"}).exit_code, 2);
    EXPECT_EQ(run({"journey", "find", "tiny:A", "tiny:C", "--depart", "2026-12-01", "--arrive", "2026-12-02"})
                  .exit_code,
              2);
    EXPECT_EQ(run({"station", "find"}).exit_code, 2);
    EXPECT_EQ(run({"station", "find", "a", "--limit", "101"}).exit_code, 2);
    EXPECT_EQ(run({"station", "find", "a", "-o", "xml"}).exit_code, 2);
    EXPECT_EQ(run({"station", "find", "a", "b"}).exit_code, 2);
    EXPECT_EQ(hold({"--best", "0"}).exit_code, 2);
    EXPECT_EQ(hold({"--best", "1", "--seat", "1/1"}).exit_code, 2);
    EXPECT_EQ(run({"hold", "show", "no-id"}).exit_code, 2);
    EXPECT_EQ(run({"quote", "create", kIc1, "--from", "tiny:A", "--passengers", "adult"}).exit_code, 2);
    EXPECT_EQ(run({"quote", "create", kIc1, "--from", "tiny:A", "--to", "tiny:C", "--passengers", "adult:0"}).exit_code,
              2);
    EXPECT_EQ(run({"book", "tiny:A", "tiny:C", "--depart", "2026-12-01", "--passenger", "Anna"}).exit_code, 2);
    EXPECT_EQ(run({"--as", "", "hold", "list"}).exit_code, 2);
    EXPECT_EQ(run_plain({"station", "find", "a", "--store", "mysql:x"}).exit_code, 2);
    EXPECT_EQ(run_plain({"station", "find", "a", "--now", "noon"}).exit_code, 2);
}

TEST_F(ErrorsTest, WhatIsNotThereIsThree) {
    EXPECT_EQ(run({"station", "show", "tiny:Z"}).exit_code, 3);
    EXPECT_EQ(run({"run", "show", "2026-12-01.tiny:4711"}).exit_code, 3);
    EXPECT_EQ(run({"run", "show", "2027-12-01.tiny:1"}).exit_code, 3);
    EXPECT_EQ(run({"hold", "show", std::string(32, '0')}).exit_code, 3);
    EXPECT_EQ(run({"booking", "show", "ZZZZZZZZ"}).exit_code, 3);
    EXPECT_EQ(run({"ticket", "show", std::string(32, '0')}).exit_code, 3);
    EXPECT_EQ(run({"tariff", "show", "none"}).exit_code, 3);
    EXPECT_EQ(run({"layout", "show", "none"}).exit_code, 3);
    EXPECT_EQ(run({"feed", "remove", "none", "--yes"}).exit_code, 3);
    EXPECT_EQ(run({"import", "gtfs", "missing.zip"}).exit_code, 3);
    EXPECT_EQ(run({"import", "tariff", "missing.json"}).exit_code, 3);
    EXPECT_EQ(run({"config", "show", "--config", "missing.toml"}).exit_code, 3);
}

TEST_F(ErrorsTest, WhatIsNotAllowedIsFour) {
    EXPECT_EQ(run({"--as", "anna", "import", "gtfs", "tiny"}).exit_code, 4);
    EXPECT_EQ(run({"--as", "anna", "feed", "list"}).exit_code, 4);
    EXPECT_EQ(run({"--as", "anna", "store", "verify"}).exit_code, 4);
}

TEST_F(ErrorsTest, AnothersHoldLooksLikeNone) {
    const auto held = hold({"--as", "anna", "-o", "json"});
    ASSERT_EQ(held.exit_code, 0) << held.err;
    const auto id = json_member(held.out, "/id");
    EXPECT_EQ(run({"--as", "ben", "hold", "show", id}).exit_code, 3);
    EXPECT_EQ(run({"--as", "anna", "hold", "show", id}).exit_code, 0);
    EXPECT_EQ(run({"hold", "show", id}).exit_code, 0);
}

TEST_F(ErrorsTest, ARefusalByARuleIsFive) {
    const auto held = hold({"--seat", "1/1", "-o", "json"});
    ASSERT_EQ(held.exit_code, 0) << held.err;
    const auto id = json_member(held.out, "/id");

    const auto taken = hold({"--seat", "1/1", "-o", "json"});
    EXPECT_EQ(taken.exit_code, 5);
    EXPECT_EQ(json_member(taken.err, "/code"), "seat_taken");

    const auto sold_out = hold({"--best", "2", "-o", "json"});
    EXPECT_EQ(sold_out.exit_code, 5);
    EXPECT_EQ(json_member(sold_out.err, "/code"), "sold_out");

    const auto lost = run({"hold", "release", id, "--fence", "999", "-o", "json"});
    EXPECT_EQ(lost.exit_code, 5);
    EXPECT_EQ(json_member(lost.err, "/code"), "hold_lost");

    const auto quoted = quote();
    ASSERT_EQ(quoted.exit_code, 0) << quoted.err;
    now = "2026-11-30T12:31:00Z";
    const auto expired = run({"hold", "extend", id, "-o", "json"});
    EXPECT_EQ(expired.exit_code, 5);
    EXPECT_EQ(json_member(expired.err, "/code"), "hold_expired");

    const auto held_later = hold({"--seat", "1/1", "-o", "json"});
    ASSERT_EQ(held_later.exit_code, 0) << held_later.err;
    const auto old_price =
        run({"booking", "create", "--hold", json_member(held_later.out, "/id"), "--quote",
             json_member(quoted.out, "/token"), "--passenger", "Anna Schmidt", "-o", "json"});
    EXPECT_EQ(old_price.exit_code, 5);
    EXPECT_EQ(json_member(old_price.err, "/code"), "quote_expired");
}

TEST_F(ErrorsTest, AKeyNamesOneCommand) {
    const auto first = hold({"--best", "1", "--idempotency-key", "one", "-o", "json"});
    const auto again = hold({"--best", "1", "--idempotency-key", "one", "-o", "json"});
    ASSERT_EQ(first.exit_code, 0) << first.err;
    EXPECT_EQ(again.exit_code, 0) << again.err;
    EXPECT_EQ(first.out, again.out);
    const auto other = hold({"--best", "2", "--idempotency-key", "one", "-o", "json"});
    EXPECT_EQ(other.exit_code, 5);
    EXPECT_EQ(json_member(other.err, "/code"), "key_reused");
}

TEST_F(ErrorsTest, ADeclinedCardIsFiveAndTheBookingWaitsForAnother) {
    const auto declined = book("sandbox:declined");
    EXPECT_EQ(declined.exit_code, 5);
    EXPECT_EQ(declined.out, "");
    EXPECT_EQ(json_member(declined.err, "/code"), "payment_declined");
    const auto bookings = run({"booking", "list", "-o", "jsonl"});
    const auto reference = json_member(bookings.out, "/reference");
    EXPECT_THAT(json_member(declined.err, "/hint"), HasSubstr(reference));
    EXPECT_EQ(run({"booking", "pay", reference, "--method", "sandbox:declined"}).exit_code, 5);
    EXPECT_EQ(run({"booking", "pay", reference, "--method", "sandbox:success"}).exit_code, 0);
    const auto twice = run({"booking", "pay", reference, "--method", "sandbox:success", "-o", "json"});
    EXPECT_EQ(twice.exit_code, 5);
    EXPECT_EQ(json_member(twice.err, "/code"), "conflict");
}

TEST_F(ErrorsTest, APaymentThatIsStillOpenIsSix) {
    const auto open = book("sandbox:timeout_before");
    EXPECT_EQ(open.exit_code, 6);
    EXPECT_EQ(json_member(open.err, "/code"), "in_progress");
    EXPECT_EQ(json_member(open.err, "/retryable"), "true");
}

TEST_F(ErrorsTest, AnUnknownPaymentMethodIsTwo) { EXPECT_EQ(book("cash").exit_code, 2); }

TEST_F(ErrorsTest, RefusedDataIsOne) {
    write("broken.json", "{\"tariff\": ");
    EXPECT_EQ(run({"import", "tariff", "broken.json"}).exit_code, 1);
    write("two.json", "{} {}");
    EXPECT_EQ(run({"import", "tariff", "two.json"}).exit_code, 1);
    write("empty.json", "{}");
    EXPECT_EQ(run({"import", "tariff", "empty.json"}).exit_code, 1);
    write("broken/agency.txt", "agency_id\n");
    EXPECT_EQ(run({"import", "gtfs", "broken"}).exit_code, 1);
    EXPECT_EQ(run({"import", "gtfs", "tiny", "--strict"}).exit_code, 1);
}

TEST_F(ErrorsTest, AFailedCheckIsSeven) {
    const auto file = write("other.db", "this is not a store, and it is longer than the header of one would be");
    EXPECT_EQ(run_plain({"doctor", "--store", "sqlite:" + file}).exit_code, 7);
    EXPECT_EQ(run_plain({"station", "find", "a", "--store", "sqlite:" + file}).exit_code, 1);
}

TEST_F(ErrorsTest, UnknownWordsAreAnsweredWithWhatWasMeant) {
    const auto noun = run_plain({"statoin", "find", "a"});
    EXPECT_EQ(noun.exit_code, 2);
    EXPECT_THAT(noun.err, HasSubstr("there is no command 'railbook statoin'"));
    EXPECT_THAT(noun.err, HasSubstr("did you mean 'station'?"));
    const auto verb = run_plain({"hold", "extned", std::string(32, '0')});
    EXPECT_EQ(verb.exit_code, 2);
    EXPECT_THAT(verb.err, HasSubstr("did you mean 'extend'?"));
    const auto option = run_plain({"hold", "create", kIc1, "--form", "tiny:A", "--to", "tiny:C"});
    EXPECT_EQ(option.exit_code, 2);
    EXPECT_THAT(option.err, HasSubstr("there is no option '--form'"));
    EXPECT_THAT(option.err, HasSubstr("did you mean '--from'?"));
    const auto strange = run_plain({"xylophone"});
    EXPECT_EQ(strange.exit_code, 2);
    EXPECT_THAT(strange.err, Not(HasSubstr("did you mean")));
    EXPECT_THAT(strange.err, HasSubstr("railbook --help"));
}

TEST_F(ErrorsTest, ANameOfACommandMayBeAnArgument) {
    const auto outcome = run({"station", "find", "demo", "-o", "json"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "[]\n");
}

TEST_F(ErrorsTest, NoCommandIsHelpAndTwo) {
    const auto program = run_plain({});
    EXPECT_EQ(program.exit_code, 2);
    EXPECT_EQ(program.out, "");
    EXPECT_THAT(program.err, HasSubstr("Usage: railbook"));
    const auto noun = run_plain({"hold"});
    EXPECT_EQ(noun.exit_code, 2);
    EXPECT_THAT(noun.err, HasSubstr("extend"));
}

}  // namespace
}  // namespace railbook::test
