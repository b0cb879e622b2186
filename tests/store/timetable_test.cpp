/// What every store promises of feeds, documents, secrets, time and reading everything.

#include "base/crypto.hpp"
#include "store/fixture.hpp"

namespace railbook::test {
namespace {

class TimetableStoreTest : public StoreTest {
public:
    using StoreTest::StoreTest;

protected:
    Result<Feed> put(const std::string& name, const std::string& data) {
        Feed feed;
        feed.name = name;
        feed.publisher = "DB";
        feed.first_date = ServiceDate{std::chrono::days{20'000}};
        feed.last_date = ServiceDate{std::chrono::days{20'100}};
        feed.stations = 3;
        feed.trips = 7;
        return store->timetable().put_feed(feed, data, environment.now());
    }
    Result<Document> put(DocumentKind kind, const std::string& name, const std::string& text,
                         std::uint64_t version = 0) {
        return store->timetable().put_document({.kind = kind, .name = name, .version = version, .text = text},
                                               environment.now());
    }
    std::vector<std::string> texts(DocumentKind kind) {
        const auto documents = store->timetable().documents(kind);
        EXPECT_TRUE(documents) << documents.error();
        std::vector<std::string> found;
        for (const auto& document : *documents) found.push_back(document.text);
        return found;
    }
};

STORE_TEST(TimetableStoreTest, FeedIsNumberedAndReplacesTheOneBefore) {
    const std::string data{"bytes\0and more", 14};
    const auto first = put("db", data);
    ASSERT_TRUE(first) << first.error();
    EXPECT_EQ(first->version, 1U);
    EXPECT_EQ(first->checksum, base::sha256_hex(data));
    EXPECT_EQ(first->imported_at, environment.now());
    EXPECT_EQ(*store->timetable().feed_data("db"), data);
    ASSERT_TRUE(put("ch", ""));
    const auto second = put("db", "new");
    ASSERT_TRUE(second) << second.error();
    EXPECT_EQ(second->version, 2U);
    EXPECT_EQ(*store->timetable().feed_data("db"), "new");
    EXPECT_EQ(*store->timetable().feed_data("ch"), "");
    const auto feeds = store->timetable().feeds();
    ASSERT_TRUE(feeds) << feeds.error();
    ASSERT_EQ(feeds->size(), 2U);
    EXPECT_EQ((*feeds)[0].name, "ch") << "by name";
    EXPECT_EQ((*feeds)[1], *second);
}

STORE_TEST(TimetableStoreTest, RemovedFeedIsGoneAndItsNumbersAreNotUsedAgain) {
    EXPECT_EQ(store->timetable().remove_feed("db").error().code, ErrorCode::not_found);
    ASSERT_TRUE(put("db", "old"));
    ASSERT_TRUE(store->timetable().remove_feed("db"));
    EXPECT_EQ(store->timetable().feed_data("db").error().code, ErrorCode::not_found);
    EXPECT_TRUE(store->timetable().feeds()->empty());
    EXPECT_EQ(put("db", "new")->version, 2U);
}

STORE_TEST(TimetableStoreTest, LayoutsOfANameAreReplacedAndBecomeTheNewest) {
    ASSERT_TRUE(put(DocumentKind::layouts, "a", "a1"));
    ASSERT_TRUE(put(DocumentKind::layouts, "b", "b1"));
    const auto again = put(DocumentKind::layouts, "b", "b1");
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(again->version, 1U) << "the newest one again changes nothing";
    EXPECT_EQ(put(DocumentKind::layouts, "a", "a2")->version, 2U);
    EXPECT_EQ(texts(DocumentKind::layouts), (std::vector<std::string>{"b1", "a2"}));
    EXPECT_EQ(put(DocumentKind::layouts, "b", "b1")->version, 2U) << "an older one becomes the newest";
    EXPECT_EQ(texts(DocumentKind::layouts), (std::vector<std::string>{"a2", "b1"}));
    EXPECT_TRUE(texts(DocumentKind::tariff).empty());
}

STORE_TEST(TimetableStoreTest, EveryVersionOfATariffStays) {
    ASSERT_TRUE(put(DocumentKind::tariff, "demo", "one", 1));
    environment.advance(std::chrono::minutes{1});
    ASSERT_TRUE(put(DocumentKind::tariff, "demo", "seven", 7));
    EXPECT_EQ(texts(DocumentKind::tariff), (std::vector<std::string>{"one", "seven"}));
    const auto same = put(DocumentKind::tariff, "demo", "one", 1);
    ASSERT_TRUE(same) << same.error();
    EXPECT_EQ(same->imported_at, environment.now() - std::chrono::minutes{1});
    const auto other = put(DocumentKind::tariff, "demo", "changed", 1);
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, ErrorCode::conflict);
    EXPECT_TRUE(put(DocumentKind::tariff, "another", "changed", 1));
}

STORE_TEST(TimetableStoreTest, SecretIsWhatWasStoredFirst) {
    const std::string secret{"\0\xff secret", 9};
    EXPECT_EQ(*store->accounts().find_or_add_secret("quotes", secret), secret);
    EXPECT_EQ(*store->accounts().find_or_add_secret("quotes", "other"), secret);
    EXPECT_EQ(*store->accounts().find_or_add_secret("more", "other"), "other");
}

STORE_TEST(TimetableStoreTest, TimeNeverRunsBackwards) {
    const auto first = store->now();
    ASSERT_TRUE(first) << first.error();
    EXPECT_EQ(*first, environment.now());
    environment.advance(std::chrono::hours{-1});
    EXPECT_EQ(*store->now(), *first) << "what was answered stays";
    environment.set_now(*first + std::chrono::hours{1});
    ASSERT_TRUE(place({{&ice, {0}, {0, 4}}}));
    environment.set_now(*first);
    EXPECT_EQ(*store->now(), *first + std::chrono::hours{1}) << "what was stored stays";
}

STORE_TEST(TimetableStoreTest, EverythingIsReadInAnOrderInWhichWhatIsNamedComesFirst) {
    ASSERT_TRUE(put("db", "data"));
    ASSERT_TRUE(put(DocumentKind::tariff, "demo", "one", 1));
    const auto sale = paying({{&ice, {0}, {0, 4}}});
    ASSERT_TRUE(settle(sale.payment, true));
    ASSERT_TRUE(place({{&ice, {1}, {0, 4}}}));
    const auto records = records_of(*store);
    EXPECT_EQ(records.feeds.size(), 1U);
    EXPECT_EQ(records.documents.size(), 1U);
    ASSERT_EQ(records.runs.size(), 1U);
    EXPECT_EQ(records.runs.front().first.id, ice.id);
    ASSERT_EQ(records.holds.size(), 2U);
    EXPECT_EQ(records.holds.front(), *store->inventory().find_hold(sale.hold.id));
    EXPECT_EQ(records.allocations.size(), 2U);
    ASSERT_EQ(records.bookings.size(), 1U);
    EXPECT_EQ(records.bookings.front(), *store->bookings().find_booking(sale.booking.id));
    ASSERT_EQ(records.payments.size(), 1U);
    EXPECT_EQ(records.payments.front(), *store->bookings().find_payment(sale.payment.id));
    EXPECT_EQ(records.tickets.size(), 1U);
    EXPECT_EQ(records.ledger.size(), 4U);
    EXPECT_EQ(records.audit.size(), 8U);
    EXPECT_EQ(broken_laws(records), std::vector<std::string>{});
}

STORE_TEST(TimetableStoreTest, SoundMediumHasNoFindings) {
    ASSERT_TRUE(place({{&ice, {0}, {0, 4}}}));
    const auto findings = store->check_medium();
    ASSERT_TRUE(findings) << findings.error();
    EXPECT_EQ(*findings, std::vector<std::string>{});
    EXPECT_EQ(store->info().kind, to_string(setting.kind));
    EXPECT_EQ(store->info().schema, setting.kind == StoreKind::memory ? 0 : 3);
}

}  // namespace
}  // namespace railbook::test
