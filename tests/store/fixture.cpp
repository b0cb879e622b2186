#include "store/fixture.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>

#include <unistd.h>

#include "store/disk.hpp"
#include "store/memory/memory.hpp"
#include "store/postgres/postgres.hpp"
#include "store/redis/redis.hpp"
#include "store/rules.hpp"
#include "store/sqlite/sqlite.hpp"
#include "support/postgres.hpp"
#include "support/redis.hpp"

namespace railbook::test {

namespace {
/// In memory where the system has a folder there: thousands of steps that are each synced to a disk take minutes.
std::filesystem::path parent_of_temporary_folders() {
    const std::filesystem::path memory{"/dev/shm"};
    return !std::getenv("TMPDIR") && access(memory.c_str(), W_OK) == 0 ? memory
                                                                       : std::filesystem::temp_directory_path();
}
}  // namespace

TemporaryFolder::TemporaryFolder() {
    auto name = (parent_of_temporary_folders() / "railbook-test-XXXXXX").string();
    if (!mkdtemp(name.data())) ADD_FAILURE() << "no temporary folder";
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Run a_run(std::string_view trip, std::uint16_t segments, std::uint32_t seats) {
    const ServiceDate date{std::chrono::days{20'788}};  // 2026-12-01
    Run run{.id = {.date = date, .trip = {"db", std::string{trip}}},
            .train = "ICE 531",
            .agency = "DB",
            .headsign = "Hannover",
            .calls = {},
            .consist = nullptr};
    const Timestamp start{Duration{1'796'112'000'000}};
    for (int i = 0; i <= segments; ++i) {
        Call call;
        call.id = {.station = {"db", "S" + std::to_string(i)}};
        call.name = "Station " + std::to_string(i);
        call.zone = "Europe/Berlin";
        if (i > 0) call.arrives = start + std::chrono::hours{i};
        if (i < segments) call.departs = start + std::chrono::hours{i} + std::chrono::minutes{2};
        call.distance = 50'000 * i;
        run.calls.push_back(call);
    }
    Consist consist{.name = "ic", .coaches = {}};
    for (std::uint32_t coach = 0; coach < 2; ++coach) {
        Coach added{.number = std::to_string(coach + 1),
                    .layout = "open",
                    .travel_class = coach == 0 ? "first" : "second",
                    .places = {}};
        for (std::uint32_t seat = 0; seat < seats / 2; ++seat) {
            added.places.push_back({.number = std::to_string(10 + seat),
                                    .row = static_cast<int>(seat / 2),
                                    .column = seat % 2 == 0 ? "A" : "B",
                                    .properties = {"WINDOW"}});
        }
        consist.coaches.push_back(added);
    }
    run.consist = std::make_shared<const Consist>(consist);
    return run;
}

Command Maker::command(std::string_view operation, std::string_view owner) {
    return {.owner = std::string{owner},
            .operation = std::string{operation},
            .key = CommandKey::make(environment_),
            .fingerprint = "f",
            .now = environment_.now(),
            .keep_answer = std::chrono::hours{24}};
}

namespace {
Endpoint endpoint(const Call& call, bool departs) {
    return {.call = call.id,
            .name = call.name,
            .zone = call.zone,
            .time = departs ? *call.departs : *call.arrives,
            .platform = call.platform};
}
}  // namespace

Hold Maker::hold(const std::vector<Wish>& wishes, std::string_view owner, Duration ttl, Duration max) {
    Hold hold{.id = HoldId::make(environment_),
              .owner = std::string{owner},
              .created_at = environment_.now(),
              .expires_at = environment_.now() + ttl,
              .latest_end = environment_.now() + max,
              .items = {}};
    for (const auto& wish : wishes) {
        HoldItem item{.run = wish.run->id,
                      .train = wish.run->train,
                      .from = endpoint(wish.run->calls[wish.span.from], true),
                      .to = endpoint(wish.run->calls[wish.span.to], false),
                      .span = wish.span,
                      .travel_class = wish.run->consist->coach_of(wish.seats.front()).travel_class,
                      .seats = {}};
        for (const auto seat : wish.seats) item.seats.push_back({seat, wish.run->consist->seat_at(seat)});
        hold.items.push_back(item);
    }
    return hold;
}

Booking Maker::booking(const Hold& hold, Duration ttl) {
    Booking booking;
    booking.id = BookingId::make(environment_);
    booking.reference = make_reference(environment_);
    booking.owner = hold.owner;
    booking.hold = hold.id;
    booking.quote = QuoteId::make(environment_);
    booking.created_at = environment_.now();
    booking.expires_at = environment_.now() + ttl;
    booking.refunded = {0, "EUR", 2};
    booking.contact = {.email = "anna@example.org", .phone = {}};
    booking.passengers = {{.id = "p1", .given_name = "Anna", .family_name = "Zoë", .type = "adult"}};
    for (const auto& item : hold.items) {
        for (const auto& seat : item.seats) {
            BookingPart part;
            part.id = PartId::make(environment_);
            part.passenger = "p1";
            part.run = item.run;
            part.train = item.train;
            part.from = item.from;
            part.to = item.to;
            part.span = item.span;
            part.travel_class = item.travel_class;
            part.seat = seat;
            part.price = {1990, "EUR", 2};
            booking.parts.push_back(part);
        }
    }
    booking.total = {1990 * static_cast<std::int64_t>(booking.parts.size()), "EUR", 2};
    return booking;
}

Payment Maker::payment(const Booking& booking) {
    const int attempt = static_cast<int>(booking.payments.size()) + 1;
    return {.id = PaymentId::make(environment_),
            .booking = booking.id,
            .attempt = attempt,
            .amount = booking.total,
            .method = "sandbox:success",
            .provider_key = to_string(booking.id) + "-" + std::to_string(attempt),
            .created_at = environment_.now(),
            .check_at = environment_.now() + std::chrono::seconds{30}};
}

Settlement Maker::settlement(const Payment& payment, const Booking& booking, bool captured) {
    Settlement settlement{
        .payment = payment.id, .captured = captured, .tickets = {}, .if_sold = {}, .if_seats_are_gone = {}};
    Ticket ticket{.id = TicketId::make(environment_),
                  .booking = booking.id,
                  .reference = booking.reference,
                  .issued_at = environment_.now(),
                  .passenger = booking.passengers.front(),
                  .legs = {}};
    for (const auto& part : booking.parts)
        ticket.legs.push_back({part.run, part.train, part.from, part.to, part.travel_class, part.seat.id});
    const Money plus = payment.amount;
    const Money minus{-plus.amount, plus.currency, plus.scale};
    settlement.tickets = {ticket};
    settlement.if_sold = {{"capture", {{"captured", plus}, {"suspense", minus}}},
                          {"issue", {{"suspense", plus}, {"ticketed", minus}}}};
    settlement.if_seats_are_gone = {{"capture", {{"captured", plus}, {"suspense", minus}}}};
    return settlement;
}

std::vector<LedgerTransaction> Maker::refund_postings(const Payment& payment) {
    const Money plus = payment.amount;
    return {{"refund", {{"suspense", plus}, {"refunded", {-plus.amount, plus.currency, plus.scale}}}}};
}

std::string to_string(StoreKind kind) {
    switch (kind) {
        case StoreKind::memory: return "memory";
        case StoreKind::sqlite: return "sqlite";
        case StoreKind::postgres: return "postgres";
        case StoreKind::redis: return "redis";
    }
    return "unknown";
}

std::string postgres_url(const TemporaryFolder& folder) {
    const auto server = PostgresServer::shared();
    if (!server) {
        ADD_FAILURE() << server.error();
        return {};
    }
    // Made once, and copied: the migrations take longer than a test.
    static const std::string kTemplate = [&] {
        auto url = (*server)->new_database();
        TestEnvironment environment;
        const auto opened = store::open_postgres(url, environment);
        if (!opened) ADD_FAILURE() << opened.error();
        return url;
    }();
    const auto name = folder.file("postgres-url");
    if (std::string url; std::ifstream{name} >> url) return url;
    const auto url = (*server)->copy_of(kTemplate);
    std::ofstream{name} << url;
    return url;
}

std::unique_ptr<Store> open(StoreKind kind, const TemporaryFolder& folder, Environment& environment) {
    if (kind == StoreKind::memory) return store::open_memory(environment);
    if (kind == StoreKind::redis) {
        const auto server = RedisServer::shared();
        if (!server) {
            ADD_FAILURE() << server.error();
            return nullptr;
        }
        auto record = store::open_postgres_record(postgres_url(folder), environment, {.clock_of_environment = true});
        if (!record) {
            ADD_FAILURE() << record.error();
            return nullptr;
        }
        auto front =
            store::open_redis((*server)->url(), *std::move(record), environment, {.clock_of_environment = true});
        if (!front) ADD_FAILURE() << front.error();
        return front ? *std::move(front) : nullptr;
    }
    auto opened = kind == StoreKind::sqlite
                      ? store::open_sqlite(folder.file("store.db"), environment)
                      : store::open_postgres(postgres_url(folder), environment, {.clock_of_environment = true});
    if (!opened) ADD_FAILURE() << opened.error();
    return opened ? *std::move(opened) : nullptr;
}

Hold pinned(Hold hold) {
    hold.pinned = true;
    return hold;
}

bool Records::operator==(const Records& other) const {
    const auto same_run = [](const auto& one, const auto& two) {
        return one.second == two.second && one.first.id == two.first.id && one.first.train == two.first.train &&
               one.first.calls == two.first.calls && *one.first.consist == *two.first.consist;
    };
    // A hold that was placed in a cache in front was not pinned when its placing was answered.
    const auto same_answer = [](KeptAnswer one, KeptAnswer two) {
        for (auto* answer : {&one, &two}) {
            if (auto* hold = std::get_if<Hold>(&answer->value)) hold->pinned = true;
        }
        return one == two;
    };
    return counters == other.counters && secrets == other.secrets && feeds == other.feeds &&
           documents == other.documents && std::ranges::equal(runs, other.runs, same_run) && holds == other.holds &&
           allocations == other.allocations && bookings == other.bookings && payments == other.payments &&
           tickets == other.tickets && ledger == other.ledger && audit == other.audit &&
           std::ranges::equal(answers, other.answers, same_answer);
}

Records records_of(Store& store) {
    Records records;
    const auto done = store.read_all(records);
    if (!done) ADD_FAILURE() << done.error();
    return records;
}

std::vector<std::string> broken_laws(const Records& records) {
    std::vector<std::string> broken;
    std::map<std::tuple<RunId, std::uint32_t, int>, HoldId> cells;
    for (const auto& [run, allocation] : records.allocations) {
        for (int segment = allocation.span.from; segment < allocation.span.to; ++segment) {
            if (!cells.emplace(std::tuple{run, allocation.seat, segment}, allocation.hold).second)
                broken.push_back("a cell belongs to two allocations");
        }
    }
    std::map<std::pair<BookingId, std::string>, std::int64_t> sums;
    std::map<std::pair<BookingId, std::string>, std::int64_t> accounts;
    std::map<BookingId, std::uint64_t> entries;
    for (const auto& entry : records.ledger) {
        sums[{entry.booking, entry.transaction}] += entry.posting.amount.amount;
        accounts[{entry.booking, entry.posting.account}] += entry.posting.amount.amount;
        if (entry.seq != ++entries[entry.booking]) broken.push_back("the ledger of a booking has a gap");
    }
    for (const auto& [key, sum] : sums) {
        if (sum != 0) broken.push_back("a transaction of the ledger does not sum to zero");
    }
    std::map<std::string, std::uint64_t> numbers;
    std::map<std::string, Timestamp> times;
    for (const auto& entry : records.audit) {
        if (entry.number != ++numbers[entry.subject]) broken.push_back("the audit log has a gap at " + entry.subject);
        if (entry.at < times[entry.subject]) broken.push_back("time runs backwards in " + entry.subject);
        times[entry.subject] = entry.at;
    }
    std::map<HoldId, const Hold*> holds;
    for (const auto& hold : records.holds) holds[hold.id] = &hold;
    for (const auto& payment : records.payments) {
        if (payment.status != PaymentStatus::captured && payment.status != PaymentStatus::refunded) continue;
        const auto booking = std::ranges::find(records.bookings, payment.booking, &Booking::id);
        if (booking == records.bookings.end()) {
            broken.push_back("a payment has no booking");
            continue;
        }
        const bool is_sold = !booking->tickets.empty() && booking->status() == PartStatus::fulfilled &&
                             holds.contains(booking->hold) && holds[booking->hold]->status == HoldStatus::sold;
        const bool goes_back = payment.refund_due || payment.status == PaymentStatus::refunded;
        if (is_sold == goes_back) broken.push_back("a captured payment has neither its tickets nor its refund");
        const auto suspense = accounts[{payment.booking, "suspense"}];
        if (suspense != (payment.refund_due ? -payment.amount.amount : 0))
            broken.push_back("suspense is not what is owed");
    }
    return broken;
}

void StoreTest::reopen() {
    store.reset();  // first, since one owner has the file
    store = open(setting.kind, folder, environment);
    if (setting.faults) store = make_faulty(std::move(store), *setting.faults);
    if (setting.repeats) store = make_repeating(std::move(store));
}

Result<Hold> StoreTest::place(const std::vector<Wish>& wishes, std::string_view owner, std::size_t max) {
    std::vector<Run> runs;
    for (const auto& wish : wishes) {
        if (std::ranges::find(runs, wish.run->id, &Run::id) == runs.end()) runs.push_back(*wish.run);
    }
    return store->inventory().place_hold(make.command("hold.create", owner), make.hold(wishes, owner), runs, max);
}

Result<Hold> StoreTest::extend(const HoldClaim& claim, Duration by) {
    return store->inventory().extend_hold(make.command("hold.extend", claim.owner), claim, environment.now() + by);
}

Result<Hold> StoreTest::release(const HoldClaim& claim) {
    return store->inventory().release_hold(make.command("hold.release", claim.owner), claim);
}

Result<Booking> StoreTest::book(const Hold& hold) {
    return store->bookings().create_booking(make.command("booking.create", hold.owner), Maker::claim(hold),
                                            make.booking(hold));
}

Result<Payment> StoreTest::pay(const Booking& booking) {
    return store->bookings().begin_payment(make.command("booking.pay", booking.owner), make.payment(booking));
}

Result<Payment> StoreTest::settle(const Payment& payment, bool captured) {
    const auto booking = store->bookings().find_booking(payment.booking);
    if (!booking) return booking.error();
    return store->bookings().settle_payment(make.settlement(payment, *booking, captured), environment.now());
}

Result<std::size_t> StoreTest::expire(std::size_t limit) { return store->bookings().expire(environment.now(), limit); }

StoreTest::Paying StoreTest::paying(const std::vector<Wish>& wishes, std::string_view owner) {
    const auto hold = place(wishes, owner);
    EXPECT_TRUE(hold) << hold.error();
    const auto booking = book(*hold);
    EXPECT_TRUE(booking) << booking.error();
    const auto payment = pay(*booking);
    EXPECT_TRUE(payment) << payment.error();
    return {*hold, *booking, *payment};
}

std::vector<Allocation> StoreTest::allocations(const Run& run) {
    std::vector<Allocation> live;
    Occupancy expected;
    for (auto* masks : {&expected.taken, &expected.held, &expected.blocked}) {
        masks->seats = static_cast<std::uint32_t>(run.consist->seat_count());
        masks->segments = static_cast<std::uint32_t>(run.segment_count());
    }
    for (const auto& [id, allocation] : records_of(*store).allocations) {
        if (id != run.id || allocation.until <= environment.now()) continue;
        live.push_back(allocation);
        expected.taken.set(allocation.seat, allocation.span);
        if (allocation.state == SeatState::held) expected.held.set(allocation.seat, allocation.span);
        if (allocation.state == SeatState::blocked) expected.blocked.set(allocation.seat, allocation.span);
    }
    const auto answer = store->inventory().occupancy({run.id}, environment.now());
    EXPECT_TRUE(answer) << answer.error();
    if (answer->front().version != 0) {
        expected.version = answer->front().version;
        EXPECT_EQ(answer->front(), expected);
    }
    return live;
}

std::vector<std::string> StoreTest::actions(const std::string& subject) {
    const auto entries = store->bookings().audit(subject);
    EXPECT_TRUE(entries) << entries.error();
    std::vector<std::string> found;
    for (const auto& entry : *entries) found.push_back(entry.action);
    return found;
}

namespace {

/// Runs the body of a test of stores as a test of GoogleTest.
class Plain : public ::testing::Test {
public:
    Plain(StoreKind kind, MakeStoreTest make) : kind_{kind}, make_{std::move(make)} {}
    void TestBody() override { make_({.kind = kind_})->body(); }

protected:
    StoreKind kind_;
    MakeStoreTest make_;
};

class WithFaults final : public Plain {
public:
    using Plain::Plain;
    void TestBody() override {
        for (const auto when : {Faults::When::before, Faults::When::after}) {
            for (std::size_t number = 1; !HasFailure(); ++number) {
                Faults faults{number, when};
                make_({.kind = kind_, .faults = &faults, .repeats = true})->body();
                if (HasFailure()) ADD_FAILURE() << "where " << faults;
                if (!faults.has_reached()) break;
            }
        }
        if (kind_ == StoreKind::sqlite) fail_commits();
    }

private:
    void fail_commits() {
        for (int number = 1; !HasFailure(); ++number) {
            Disk disk;
            const auto test = make_({.kind = kind_, .faults = nullptr, .repeats = true});
            const int last = disk.log_syncs() + number;
            disk.at_log_sync([last](int sync) { return sync != last; });
            test->body();
            if (HasFailure()) ADD_FAILURE() << "where commit " << number << " fails at the disk";
            if (disk.log_syncs() < last) break;
        }
    }
};

}  // namespace

bool register_store_test(const char* suite, const char* name, const char* file, int line,
                         const std::vector<StoreKind>& kinds, bool with_faults, const MakeStoreTest& make) {
    for (const auto kind : kinds) {
        const auto full = std::string{name} + '/' + to_string(kind);
        ::testing::RegisterTest(suite, full.c_str(), nullptr, nullptr, file, line,
                                [kind, make]() -> Plain* { return new Plain{kind, make}; });
        if (!with_faults) continue;
        ::testing::RegisterTest(suite, (full + "/faults").c_str(), nullptr, nullptr, file, line,
                                [kind, make]() -> Plain* { return new WithFaults{kind, make}; });
    }
    return true;
}

}  // namespace railbook::test
