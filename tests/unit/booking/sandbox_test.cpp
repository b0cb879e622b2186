#include "booking/sandbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "support/environment.hpp"
#include "support/world.hpp"

namespace railbook::booking {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Entry = SandboxGateway::JournalEntry;

const Money kPrice{4990, "EUR", 2};

std::string contents(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream{path}.rdbuf();
    return text.str();
}
void write(const std::string& path, std::string_view text) { std::ofstream{path} << text; }

class SandboxTest : public testing::Test {
protected:
    std::unique_ptr<SandboxGateway> open(const std::string& file = "") {
        auto opened = SandboxGateway::open(file, environment);
        EXPECT_TRUE(opened) << opened.error().detail;
        return std::move(*opened);
    }
    ErrorCode refusal(const std::string& file) {
        const auto opened = SandboxGateway::open(file, environment);
        return opened ? ErrorCode{} : opened.error().code;
    }

    test::TestEnvironment environment;
    test::TemporaryFolder folder;
    const std::string path = folder.file("sandbox.jsonl");
    std::unique_ptr<SandboxGateway> sandbox = open();
};

TEST_F(SandboxTest, TakesTheMoneyAndSaysSoWhenAsked) {
    EXPECT_EQ(*sandbox->query("k"), ProviderAnswer::unknown);
    ASSERT_TRUE(sandbox->capture("k", kPrice, "sandbox:success"));
    EXPECT_EQ(*sandbox->query("k"), ProviderAnswer::done);
    EXPECT_EQ(sandbox->journal(), (std::vector<Entry>{{environment.now(), "k", "capture", kPrice, "done", ""}}));
}

TEST_F(SandboxTest, ADeclineIsAlsoHeardOnlyWhenAsked) {
    EXPECT_TRUE(sandbox->capture("k", kPrice, "sandbox:declined"));
    EXPECT_EQ(*sandbox->query("k"), ProviderAnswer::declined);
}

TEST_F(SandboxTest, ATimeoutBeforeChargesNothingHoweverOftenItIsTried) {
    for (int i = 0; i < 3; ++i) {
        const auto captured = sandbox->capture("k", kPrice, "sandbox:timeout_before");
        ASSERT_FALSE(captured);
        EXPECT_EQ(captured.error().code, ErrorCode::unavailable);
    }
    EXPECT_EQ(*sandbox->query("k"), ProviderAnswer::unknown);
    EXPECT_THAT(sandbox->journal(), IsEmpty());
}

TEST_F(SandboxTest, ATimeoutAfterHasChargedOnce) {
    for (int i = 0; i < 3; ++i) {
        const auto captured = sandbox->capture("k", kPrice, "sandbox:timeout_after");
        ASSERT_FALSE(captured);
        EXPECT_EQ(captured.error().code, ErrorCode::unavailable);
    }
    EXPECT_EQ(*sandbox->query("k"), ProviderAnswer::done);
    EXPECT_THAT(sandbox->journal(), SizeIs(1));
}

TEST_F(SandboxTest, RefusesAMethodThatItHasNotAndListsTheOthers) {
    for (const std::string method : {"", "success", "sandbox:", "sandbox:Success", "stripe:card", "sandbox:success "}) {
        const auto known = sandbox->check_method(method);
        ASSERT_FALSE(known) << method;
        EXPECT_EQ(known.error().code, ErrorCode::invalid_argument);
        EXPECT_THAT(known.error().hint, HasSubstr("sandbox:success, sandbox:declined"));
        EXPECT_EQ(sandbox->capture("k", kPrice, method).error().code, ErrorCode::invalid_argument);
    }
    EXPECT_TRUE(sandbox->check_method("sandbox:timeout_after"));
    EXPECT_THAT(sandbox->journal(), IsEmpty());
}

TEST_F(SandboxTest, RepeatingAKeyHasNoSecondEffect) {
    ASSERT_TRUE(sandbox->capture("k", kPrice, "sandbox:success"));
    EXPECT_TRUE(sandbox->capture("k", kPrice, "sandbox:success"));
    EXPECT_TRUE(sandbox->capture("k", kPrice, "sandbox:declined")) << "the first answer stays";
    EXPECT_EQ(*sandbox->query("k"), ProviderAnswer::done);
    EXPECT_THAT(sandbox->journal(), SizeIs(1));
}

TEST_F(SandboxTest, RefusesAKeyThatNamedAnotherRequest) {
    ASSERT_TRUE(sandbox->capture("k", kPrice, "sandbox:success"));
    EXPECT_EQ(sandbox->capture("k", {4991, "EUR", 2}, "sandbox:success").error().code, ErrorCode::key_reused);
    EXPECT_EQ(sandbox->capture("k", {4990, "CHF", 2}, "sandbox:success").error().code, ErrorCode::key_reused);
    EXPECT_EQ(sandbox->refund("k", "k", kPrice).error().code, ErrorCode::key_reused);
    EXPECT_THAT(sandbox->journal(), SizeIs(1));
}

TEST_F(SandboxTest, RefusesKeysAndAmountsThatAreNone) {
    const auto code = [&](std::string_view key, const Money& amount) {
        const auto captured = sandbox->capture(key, amount, "sandbox:success");
        return captured ? ErrorCode{} : captured.error().code;
    };
    EXPECT_EQ(code("", kPrice), ErrorCode::invalid_argument);
    EXPECT_EQ(code(std::string(256, 'k'), kPrice), ErrorCode::invalid_argument);
    EXPECT_EQ(code("\xFF", kPrice), ErrorCode::invalid_argument);
    EXPECT_EQ(code("k", {-1, "EUR", 2}), ErrorCode::invalid_argument);
    EXPECT_EQ(code("k", {1, "EUR", 3}), ErrorCode::invalid_argument);
    EXPECT_EQ(code("k", {1, "XXX", 0}), ErrorCode::invalid_argument);
    EXPECT_EQ(code(std::string(255, 'k'), {0, "EUR", 2}), ErrorCode{}) << "an infant may travel free";
}

TEST_F(SandboxTest, ACancelledKeyNeverTakesMoney) {
    ASSERT_TRUE(sandbox->cancel("k"));
    EXPECT_EQ(*sandbox->query("k"), ProviderAnswer::declined);
    EXPECT_TRUE(sandbox->capture("k", kPrice, "sandbox:success"));
    EXPECT_EQ(sandbox->capture("k", kPrice, "sandbox:timeout_after").error().code, ErrorCode::unavailable);
    EXPECT_EQ(*sandbox->query("k"), ProviderAnswer::declined);
    EXPECT_TRUE(sandbox->cancel("k"));
    EXPECT_THAT(sandbox->journal(), SizeIs(1));
}

TEST_F(SandboxTest, CancellingWhatWasTakenChangesNothing) {
    ASSERT_TRUE(sandbox->capture("k", kPrice, "sandbox:success"));
    EXPECT_TRUE(sandbox->cancel("k"));
    EXPECT_EQ(*sandbox->query("k"), ProviderAnswer::done);
    EXPECT_THAT(sandbox->journal(), SizeIs(1));
}

TEST_F(SandboxTest, RefundsOnceAKey) {
    ASSERT_TRUE(sandbox->capture("k", kPrice, "sandbox:success"));
    ASSERT_TRUE(sandbox->refund("r", "k", kPrice));
    EXPECT_TRUE(sandbox->refund("r", "k", kPrice));
    EXPECT_EQ(*sandbox->query("r"), ProviderAnswer::done);
    EXPECT_THAT(sandbox->journal(), SizeIs(2));
    EXPECT_EQ(sandbox->refund("r", "k", {1, "EUR", 2}).error().code, ErrorCode::key_reused);
}

TEST_F(SandboxTest, NeverRefundsMoreThanWasCaptured) {
    ASSERT_TRUE(sandbox->capture("k", kPrice, "sandbox:success"));
    ASSERT_TRUE(sandbox->refund("r1", "k", {4000, "EUR", 2}));
    EXPECT_TRUE(sandbox->refund("r2", "k", {991, "EUR", 2}));
    EXPECT_EQ(*sandbox->query("r2"), ProviderAnswer::declined);
    EXPECT_TRUE(sandbox->refund("r3", "k", {990, "EUR", 2}));
    EXPECT_EQ(*sandbox->query("r3"), ProviderAnswer::done);
    EXPECT_TRUE(sandbox->refund("r4", "k", {0, "CHF", 2}));
    EXPECT_EQ(*sandbox->query("r4"), ProviderAnswer::declined) << "another currency";
}

TEST_F(SandboxTest, RefundsOnlyWhatWasCaptured) {
    ASSERT_TRUE(sandbox->capture("declined", kPrice, "sandbox:declined"));
    ASSERT_TRUE(sandbox->cancel("cancelled"));
    for (const std::string key : {"nothing", "declined", "cancelled"})
        EXPECT_EQ(sandbox->refund("r", key, kPrice).error().code, ErrorCode::not_found) << key;
    EXPECT_EQ(*sandbox->query("r"), ProviderAnswer::unknown);
}

TEST_F(SandboxTest, WritesItsJournalAsOneJsonObjectALine) {
    auto kept = open(path);
    ASSERT_TRUE(kept->capture("k", kPrice, "sandbox:success"));
    ASSERT_TRUE(kept->refund("r", "k", {90, "EUR", 2}));
    ASSERT_TRUE(kept->cancel("c"));
    EXPECT_EQ(
        contents(path),
        R"({"at":"2026-11-30T12:00:00Z","key":"k","operation":"capture","amount":4990,"currency":"EUR","outcome":"done"})"
        "\n"
        R"({"at":"2026-11-30T12:00:00Z","key":"r","operation":"refund","amount":90,"currency":"EUR","outcome":"done","captured_key":"k"})"
        "\n"
        R"({"at":"2026-11-30T12:00:00Z","key":"c","operation":"cancel","amount":0,"currency":"XXX","outcome":"declined"})"
        "\n");
}

TEST_F(SandboxTest, RemembersEverythingWhenItIsOpenedAgain) {
    auto kept = open(path);
    ASSERT_TRUE(kept->capture("k", kPrice, "sandbox:success"));
    ASSERT_TRUE(kept->capture("yen", {500, "JPY", 0}, "sandbox:declined"));
    ASSERT_TRUE(kept->refund("r", "k", {4000, "EUR", 2}));
    ASSERT_TRUE(kept->cancel("c"));
    const auto before = kept->journal();
    kept.reset();
    kept = open(path);
    EXPECT_EQ(kept->journal(), before);
    EXPECT_TRUE(kept->refund("r2", "k", {991, "EUR", 2}));
    EXPECT_EQ(*kept->query("r2"), ProviderAnswer::declined) << "it knows what is left";
    EXPECT_TRUE(kept->capture("c", kPrice, "sandbox:success"));
    EXPECT_EQ(*kept->query("c"), ProviderAnswer::declined);
}

TEST_F(SandboxTest, CutsOffALastLineThatWasTornAnywhere) {
    auto kept = open(path);
    ASSERT_TRUE(kept->capture("first", kPrice, "sandbox:success"));
    const auto whole = contents(path);
    ASSERT_TRUE(kept->capture("second", kPrice, "sandbox:success"));
    const auto both = contents(path);
    kept.reset();
    for (std::size_t size = whole.size(); size < both.size(); ++size) {
        write(path, both.substr(0, size));
        kept = open(path);
        EXPECT_EQ(*kept->query("first"), ProviderAnswer::done);
        EXPECT_EQ(*kept->query("second"), ProviderAnswer::unknown);
        EXPECT_EQ(contents(path), whole);
    }
    ASSERT_TRUE(kept->capture("second", kPrice, "sandbox:success"));
    EXPECT_EQ(contents(path), both) << "it goes on behind the last whole line";
}

TEST_F(SandboxTest, RefusesAFileThatIsNotAJournal) {
    const std::string line =
        R"({"at":"2026-11-30T12:00:00Z","key":"k","operation":"capture","amount":1,"currency":"EUR","outcome":"done"})";
    const auto with = [&](std::string_view from, std::string_view to) {
        auto text = line;
        text.replace(text.find(from), from.size(), to);
        return text + '\n';
    };
    write(path, line + '\n');
    EXPECT_THAT(open(path)->journal(), SizeIs(1));
    const std::string bad[] = {"hello\n",
                               "\n",
                               "{}\n",
                               line + '\n' + line + '\n',
                               with("capture", "gift"),
                               with("done", "perhaps"),
                               with("EUR", "XXX"),
                               with(":1,", ":-1,"),
                               with("2026-11-30T12", "noon"),
                               with("\"key\"", "\"more\":1,\"key\"")};
    for (const auto& text : bad) {
        write(path, text);
        EXPECT_EQ(refusal(path), ErrorCode::damaged) << text;
        EXPECT_EQ(contents(path), text) << "it is left as it was";
    }
}

TEST_F(SandboxTest, RefusesAPathThatCannotBeAJournal) {
    EXPECT_EQ(refusal(folder.file("nowhere/sandbox.jsonl")), ErrorCode::not_found);
    EXPECT_EQ(refusal(folder.path().string()), ErrorCode::forbidden);
    EXPECT_EQ(refusal("/dev/null"), ErrorCode::forbidden);
}

TEST_F(SandboxTest, AFullDiskTakesNoMoneyAndTheJournalStaysWhole) {
    auto kept = open(path);
    ASSERT_TRUE(kept->capture("k", kPrice, "sandbox:success"));
    const auto before = contents(path);
    rlimit old{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
    const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit full{before.size() + 10, old.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
    const auto refused = kept->capture("late", kPrice, "sandbox:success");
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old), 0);
    std::signal(SIGXFSZ, old_handler);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
    EXPECT_EQ(*kept->query("late"), ProviderAnswer::unknown);
    EXPECT_EQ(contents(path), before);
    EXPECT_TRUE(kept->capture("late", kPrice, "sandbox:success")) << "there is room again";
    EXPECT_EQ(open(path)->journal(), kept->journal());
}

TEST_F(SandboxTest, ManyThreadsWithOneKeyTakeTheMoneyOnce) {
    auto kept = open(path);
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&, i] {
            EXPECT_TRUE(kept->capture("same", kPrice, "sandbox:success"));
            EXPECT_TRUE(kept->capture("own" + std::to_string(i), kPrice, "sandbox:success"));
            EXPECT_EQ(*kept->query("same"), ProviderAnswer::done);
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_THAT(kept->journal(), SizeIs(9));
    EXPECT_EQ(open(path)->journal(), kept->journal());
}

}  // namespace
}  // namespace railbook::booking
