#include "pricing/token.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "base/encoding.hpp"

namespace railbook::pricing {
namespace {

constexpr Timestamp kExpires{Duration{1'796'040'000'000}};
constexpr Timestamp kBefore = kExpires - Duration{1};

base::SigningKey key(char fill = 'k') { return *base::SigningKey::from_seed(std::string(32, fill)); }

Quote a_quote(std::size_t passengers = 2, std::size_t legs = 2) {
    Quote quote;
    quote.id.bytes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    quote.tariff = "demo";
    quote.tariff_version = 3;
    quote.travel_class = "second";
    quote.flexibility = "NON";
    quote.total = {0, "EUR", 2};
    quote.created_at = kExpires - std::chrono::minutes{30};
    quote.expires_at = kExpires;
    for (std::size_t p = 0; p < passengers; ++p)
        quote.passengers.push_back({std::to_string(p + 1), p % 2 ? "child" : "adult", p == 1 ? "BC25" : ""});
    for (std::size_t leg = 0; leg < legs; ++leg) {
        quote.legs.push_back(
            {.run = {.date = *parse_date("2026-12-01"), .trip = {"db-fv-2019", "1234567-89" + std::to_string(leg)}},
             .span = {static_cast<std::uint16_t>(leg), static_cast<std::uint16_t>(leg + 4)},
             .from = {{"db-fv-2019", "8000105"}, 1},
             .to = {{"db-fv-2019", "8011160"}, 2},
             .distance = 123'456,
             .departs = kExpires + Duration{7}});
        for (const auto& passenger : quote.passengers) {
            const Money amount{passenger.type == "child" ? 1645 : 3290, "EUR", 2};
            const auto* rule = passenger.type == "child" ? "distance 101-200 km, second, child 50%"
                                                         : "distance 101-200 km, second, adult";
            quote.lines.push_back({passenger.id, leg, rule, amount});
            quote.total = *add(quote.total, amount);
        }
    }
    return quote;
}

/// A token whose payload is any text, signed rightly.
std::string signed_token(const std::string& payload) {
    return base::base64url(payload) + '.' + base::base64url(key().sign(payload));
}
std::string payload_of(std::string_view token) { return *base::from_base64url(token.substr(0, token.find('.'))); }

void expect_refused(std::string_view token) {
    const auto quote = read_token(token, key(), kBefore);
    ASSERT_FALSE(quote) << token;
    EXPECT_EQ(quote.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(quote.error().detail, "the quote token is not one of this store");
}

TEST(QuoteTokenTest, CarriesTheWholeQuote) {
    auto quote = a_quote();
    quote.token = make_token(quote, key());
    const auto read = read_token(quote.token, key(), kBefore);
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(*read, quote);
    EXPECT_EQ(read->total, (Money{9870, "EUR", 2}));
}

TEST(QuoteTokenTest, CarriesIdsThatLookLikeOtherIds) {
    auto quote = a_quote(1, 1);
    quote.legs[0].run = {.date = *parse_date("2026-12-01"), .trip = {"db", "x@08:15:00"}};
    quote.legs[0].from = {{"db", "a:b#2"}, 1};
    quote.legs[0].to = {{"db", "\"\\/.\xC3\xA9"}, 3};
    quote.token = make_token(quote, key());
    EXPECT_EQ(*read_token(quote.token, key(), kBefore), quote);
    quote.legs[0].run.start = 8 * 3600;
    quote.token = make_token(quote, key());
    EXPECT_EQ(*read_token(quote.token, key(), kBefore), quote);
}

TEST(QuoteTokenTest, ExpiresExactlyAtItsTime) {
    const auto token = make_token(a_quote(), key());
    EXPECT_TRUE(read_token(token, key(), kBefore));
    const auto late = read_token(token, key(), kExpires);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, ErrorCode::quote_expired);
    EXPECT_EQ(late.error().detail, "the quote expired at " + to_string(kExpires));
}

TEST(QuoteTokenTest, ForNinePassengersOnTwoLegsIsShorterThan4KiB) {
    EXPECT_LT(make_token(a_quote(9, 2), key()).size(), 4096U);
}

TEST(QuoteTokenTest, IsSafeInUrlsAndHeaders) {
    EXPECT_EQ(make_token(a_quote(), key())
                  .find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."),
              std::string::npos);
}

TEST(QuoteTokenTest, OfAnotherKeyIsRefused) { expect_refused(make_token(a_quote(), key('x'))); }

TEST(QuoteTokenTest, WithAnyCharacterChangedIsRefused) {
    const auto token = make_token(a_quote(1, 1), key());
    for (std::size_t i = 0; i < token.size(); ++i) {
        auto changed = token;
        changed[i] = static_cast<char>(changed[i] ^ (1 << i % 8));
        expect_refused(changed);
    }
}

TEST(QuoteTokenTest, CutAnywhereIsRefused) {
    const auto token = make_token(a_quote(1, 1), key());
    for (std::size_t size = 0; size < token.size(); ++size) expect_refused(token.substr(0, size));
    for (const std::string tail : {"A", ".", "=", " ", "\n"}) expect_refused(token + tail);
}

TEST(QuoteTokenTest, WithoutAPartIsRefused) {
    const auto token = make_token(a_quote(1, 1), key());
    const auto dot = token.find('.');
    expect_refused(token.substr(dot));
    expect_refused(token.substr(0, dot + 1));
    expect_refused(token.substr(0, dot));
    expect_refused(".");
    expect_refused(token + '.' + token);
}

TEST(QuoteTokenTest, WithThePayloadOfAnotherIsRefused) {
    auto cheap = a_quote();
    cheap.lines[0].amount.amount = 1;
    const auto token = make_token(a_quote(), key());
    const auto other = make_token(cheap, key());
    expect_refused(other.substr(0, other.find('.')) + token.substr(token.find('.')));
}

TEST(QuoteTokenTest, LongerThanTheLimitIsNotLookedAt) {
    auto quote = a_quote(1, 1);
    quote.legs[0].run.trip.trip = std::string(kMaxToken, 'x');
    expect_refused(make_token(quote, key()));
}

TEST(QuoteTokenTest, RightlySignedButNotAQuoteIsRefused) {
    const auto payload = payload_of(make_token(a_quote(1, 1), key()));
    EXPECT_TRUE(read_token(signed_token(payload), key(), kBefore));
    for (const std::string text : {"", "{}", "[]", "7", "{\"format\":2}", "not json"})
        expect_refused(signed_token(text));
    const auto changed = [&](std::string_view from, std::string_view to) {
        auto text = payload;
        const auto at = text.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        text.replace(at, from.size(), to);
        return signed_token(text);
    };
    expect_refused(changed("\"format\":2", "\"format\":1"));
    expect_refused(changed("\"key\":\"" + key().id(), "\"key\":\"0123456789abcdef"));
    expect_refused(changed("\"rule\":0", "\"rule\":1"));
    expect_refused(changed("\"passenger\":0", "\"passenger\":1"));
    expect_refused(changed("\"leg\":0", "\"leg\":1"));
    expect_refused(changed("\"span\":[0,4]", "\"span\":[4,4]"));
    expect_refused(changed("\"span\":[0,4]", "\"span\":[0,70000]"));
    expect_refused(changed("\"span\":[0,4]", "\"span\":[0]"));
    expect_refused(changed("2026-12-01", "2026-12-41"));
    expect_refused(changed("{\"format\"", "{\"more\":1,\"format\""));
}

TEST(QuoteTokenTest, WhoseLinesSumBeyond64BitsIsRefused) {
    auto quote = a_quote(2, 1);
    for (auto& line : quote.lines) line.amount.amount = std::numeric_limits<std::int64_t>::max();
    expect_refused(make_token(quote, key()));
}

RC_GTEST_PROP(QuoteTokenTest, OfAnyTextIsRefused, (const std::string& text)) {
    const auto quote = read_token(text, key(), kBefore);
    RC_ASSERT(!quote.has_value());
    RC_ASSERT(quote.error().code == ErrorCode::invalid_argument);
}

RC_GTEST_PROP(QuoteTokenTest, ReadsBackAnyAmounts, (const std::vector<std::int32_t>& amounts)) {
    auto quote = a_quote(1, 1);
    quote.lines.clear();
    quote.total.amount = 0;
    for (const auto amount : amounts) {
        quote.lines.push_back({"1", 0, "rule " + std::to_string(amount % 3), {amount, "EUR", 2}});
        quote.total.amount += amount;
    }
    quote.token = make_token(quote, key());
    const auto read = read_token(quote.token, key(), kBefore);
    RC_ASSERT(read.has_value());
    RC_ASSERT(*read == quote);
}

}  // namespace
}  // namespace railbook::pricing
