#pragma once
/// What the tests of stores have in common: a store of either kind, and small builders of records and commands.

#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <railbook/stores.hpp>

#include "store/faults.hpp"
#include "support/environment.hpp"

namespace railbook {

/// So that a failed expectation says which error it was.
inline std::ostream& operator<<(std::ostream& out, const Error& error) {
    return out << to_string(error.code) << ": " << error.detail;
}

namespace test {

/// A folder of its own, gone with its content when the object goes.
class TemporaryFolder {
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    std::string file(std::string_view name) const { return (path_ / name).string(); }
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// A train with `segments` + 1 calls, an hour apart, and two coaches of `seats` / 2 seats each.
Run a_run(std::string_view trip, std::uint16_t segments = 4, std::uint32_t seats = 8);

/// What a hold asks for: seats by index on a span of a run.
struct Wish {
    const Run* run;
    std::vector<std::uint32_t> seats;
    Span span;
};

/// Makes commands and the records that the domain would pass into a store.
class Maker {
public:
    explicit Maker(TestEnvironment& environment) : environment_{environment} {}

    Command command(std::string_view operation, std::string_view owner = "user:anna");
    Hold hold(const std::vector<Wish>& wishes, std::string_view owner = "user:anna",
              Duration ttl = std::chrono::minutes{15}, Duration max = std::chrono::minutes{30});
    Booking booking(const Hold& hold, Duration ttl = std::chrono::minutes{10});
    Payment payment(const Booking& booking);
    /// The provider's final word, with what the domain sends along.
    Settlement settlement(const Payment& payment, const Booking& booking, bool captured);
    static std::vector<LedgerTransaction> refund_postings(const Payment& payment);
    static HoldClaim claim(const Hold& hold) { return {hold.id, hold.owner, hold.fence, false}; }

private:
    TestEnvironment& environment_;
};

enum class StoreKind : std::uint8_t { memory, sqlite, postgres, redis };
/// Each of them passes every test of stores.
inline constexpr std::array kStoreKinds{StoreKind::memory, StoreKind::sqlite, StoreKind::postgres, StoreKind::redis};
std::string to_string(StoreKind kind);
std::unique_ptr<Store> open(StoreKind kind, const TemporaryFolder& folder, Environment& environment);
/// The database that belongs to the folder; made, with the schema in it, when it is first asked for.
std::string postgres_url(const TemporaryFolder& folder);
/// As the system of record knows it, or would: whether it does is the one thing that stores may tell differently.
Hold pinned(Hold hold);

/// Everything that `read_all` tells of a store.
struct Records : RecordReader {
    Counters counters;
    std::vector<std::pair<std::string, std::string>> secrets;
    std::vector<std::pair<Feed, std::string>> feeds;
    std::vector<Document> documents;
    std::vector<std::pair<Run, std::uint64_t>> runs;  // with their versions
    std::vector<Hold> holds;
    std::vector<std::pair<RunId, Allocation>> allocations;
    std::vector<Booking> bookings;
    std::vector<Payment> payments;
    std::vector<Ticket> tickets;
    std::vector<LedgerEntry> ledger;
    std::vector<AuditEntry> audit;
    std::vector<KeptAnswer> answers;

    void on(const Counters& read) override { counters = read; }
    void on(const Secret& secret) override { secrets.emplace_back(secret.name, secret.value); }
    void on(const Feed& feed, const std::string& data) override { feeds.emplace_back(feed, data); }
    void on(const Document& document) override { documents.push_back(document); }
    void on(const Run& run, std::uint64_t version) override { runs.emplace_back(run, version); }
    void on(const Hold& hold) override { holds.push_back(hold); }
    void on(const RunId& run, const Allocation& allocation) override { allocations.emplace_back(run, allocation); }
    void on(const Booking& booking) override { bookings.push_back(booking); }
    void on(const Payment& payment) override { payments.push_back(payment); }
    void on(const Ticket& ticket) override { tickets.push_back(ticket); }
    void on(const LedgerEntry& entry) override { ledger.push_back(entry); }
    void on(const AuditEntry& entry) override { audit.push_back(entry); }
    void on(const KeptAnswer& answer) override { answers.push_back(answer); }
    bool operator==(const Records& other) const;
};
Records records_of(Store& store);
/// What of the laws the records break, a sentence each: no cell twice, the ledger sums to zero, the audit log is
/// numbered without a gap, and every capture has its tickets or its refund.
std::vector<std::string> broken_laws(const Records& records);

/// What a test of stores stands on: a new store of some kind in a folder of its own, of which calls may fail. Tests are
/// written with STORE_TEST and know nothing of kinds and faults.
class StoreTest {
public:
    /// `faults` may be null. With `repeats`, calls that fail are made again as a caller must.
    struct Setting {
        StoreKind kind = StoreKind::memory;
        Faults* faults = nullptr;
        bool repeats = false;
    };
    /// What a suite may narrow: the kinds of stores it is about, and whether it is also run with faults.
    static std::vector<StoreKind> kinds() { return {kStoreKinds.begin(), kStoreKinds.end()}; }
    static constexpr bool kWithFaults = true;

    explicit StoreTest(const Setting& wanted) : setting{wanted} { reopen(); }
    virtual ~StoreTest() = default;
    StoreTest(const StoreTest&) = delete;
    StoreTest& operator=(const StoreTest&) = delete;
    virtual void body() = 0;

protected:
    /// Closes the store and opens it again.
    void reopen();

    // The steps with a fresh key each, at the environment's time.
    Result<Hold> place(const std::vector<Wish>& wishes, std::string_view owner = "user:anna", std::size_t max = 0);
    Result<Hold> extend(const HoldClaim& claim, Duration by);
    Result<Hold> release(const HoldClaim& claim);
    Result<Booking> book(const Hold& hold);
    Result<Payment> pay(const Booking& booking);
    Result<Payment> settle(const Payment& payment, bool captured);
    Result<std::size_t> expire(std::size_t limit = 100);
    /// A booking whose payment is pending.
    struct Paying {
        Hold hold;
        Booking booking;
        Payment payment;
    };
    Paying paying(const std::vector<Wish>& wishes, std::string_view owner = "user:anna");
    /// What is live of the run at the environment's time, by seat and span; the masks were seen to agree.
    std::vector<Allocation> allocations(const Run& run);
    std::vector<std::string> actions(const std::string& subject);

    const Setting setting;
    TestEnvironment environment;
    Maker make{environment};
    TemporaryFolder folder;
    std::unique_ptr<Store> store;
    Run ice = a_run("ice");
};

using MakeStoreTest = std::function<std::unique_ptr<StoreTest>(const StoreTest::Setting&)>;
/// Adds the test `suite.name/kind`, which runs the body once, and where faults are wanted `suite.name/kind/faults`,
/// which runs it with the first, the second, ... call failing before its effect and after it, and on SQLite with each
/// commit failing at the disk: what is expected must hold all the same.
bool register_store_test(const char* suite, const char* name, const char* file, int line,
                         const std::vector<StoreKind>& kinds, bool with_faults, const MakeStoreTest& make);

/// A test that every store passes, of a suite that is derived from StoreTest and inherits its constructor.
#define STORE_TEST(suite, name)                                                                       \
    class suite##_##name final : public suite {                                                       \
    public:                                                                                           \
        using suite::suite;                                                                           \
        void body() override;                                                                         \
    };                                                                                                \
    [[maybe_unused]] const bool suite##_##name##_is_registered = register_store_test(                 \
        #suite, #name, __FILE__, __LINE__, suite::kinds(), suite::kWithFaults,                        \
        [](const StoreTest::Setting& setting) { return std::make_unique<suite##_##name>(setting); }); \
    void suite##_##name::body()

}  // namespace test
}  // namespace railbook
