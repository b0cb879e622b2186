/// How long it takes from opening a store to its first answers: who has which seat of a train, and a hold on it. The
/// store is filled before, by loading bookings that are paid for, each with its hold, payment, ticket, ledger and audit
/// entries, and closed.
///
///   bench_opening [BOOKINGS]
///
/// 20,000 bookings unless told otherwise, or 1,000,000 where RAILBOOK_TEST_SCALE is 20 or more. The goal of three
/// seconds is for a million; where there are as many and it takes longer, the benchmark fails.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <fmt/format.h>

#include <railbook/stores.hpp>

#include "store/sqlite/sqlite.hpp"
#include "support/environment.hpp"

namespace railbook::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMillion = 1'000'000;
constexpr double kMostSeconds = 3;
constexpr std::uint32_t kSeats = 800;
constexpr std::uint16_t kSegments = 14;
constexpr std::uint16_t kSpan = 4;
constexpr std::size_t kBookingsOfTrain = kSeats * (kSegments / kSpan);

[[noreturn]] void give_up(const std::string& what) {
    std::fprintf(stderr, "bench_opening: %s\n", what.c_str());
    std::exit(1);
}

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

Run a_train(std::size_t number) {
    Run run;
    run.id.date = ServiceDate{std::chrono::days{20'788 + static_cast<int>(number / 200)}};
    run.id.trip = {"db", fmt::format("trip-{}", number % 200)};
    run.train = fmt::format("ICE {}", number % 200);
    for (int i = 0; i <= kSegments; ++i) {
        Call call;
        call.id.station = {"db", fmt::format("80{:05}", i)};
        call.name = fmt::format("Station {}", i);
        call.zone = "Europe/Berlin";
        run.calls.push_back(call);
    }
    static const auto coaches = [] {
        Consist consist{.name = "ice", .coaches = {}};
        for (std::uint32_t coach = 0; coach < kSeats / 80; ++coach) {
            Coach added{.number = std::to_string(coach + 1), .layout = "open", .travel_class = "second", .places = {}};
            for (int seat = 0; seat < 80; ++seat) added.places.push_back({.number = std::to_string(11 + seat)});
            consist.coaches.push_back(added);
        }
        return std::make_shared<const Consist>(consist);
    }();
    run.consist = coaches;
    run.pinned = true;
    return run;
}

/// All that belongs to a number of bookings, handed on in the order of Store::read_all.
class Past {
public:
    Past(std::size_t bookings, Timestamp now) : bookings_{bookings}, now_{now} {}

    std::size_t trains() const { return (bookings_ + kBookingsOfTrain - 1) / kBookingsOfTrain; }

    void tell(RecordReader& reader) const {
        Counters counters;
        counters.fence = bookings_;
        counters.time = now_;
        reader.on(counters);
        for (std::size_t train = 0; train < trains(); ++train) reader.on(a_train(train), kBookingsOfTrain);
        for (std::size_t i = 0; i < bookings_; ++i) reader.on(hold(i));
        for (std::size_t i = 0; i < bookings_; ++i) reader.on(booking(i));
        for (std::size_t i = 0; i < bookings_; ++i) {
            Payment payment;
            payment.id = id<PaymentId>(i);
            payment.booking = id<BookingId>(i);
            payment.status = PaymentStatus::captured;
            payment.amount = kPrice;
            payment.method = "sandbox:success";
            payment.provider_key = fmt::format("railbook-{}-1", i);
            payment.created_at = payment.check_at = now_;
            reader.on(payment);
        }
        for (std::size_t i = 0; i < bookings_; ++i) {
            const auto of = hold(i).items.front();
            Ticket ticket;
            ticket.id = id<TicketId>(i);
            ticket.booking = id<BookingId>(i);
            ticket.reference = reference(i);
            ticket.issued_at = now_;
            ticket.passenger = {"p1", "Anna", "Blum", "adult", {}};
            ticket.legs = {{of.run, of.train, of.from, of.to, of.travel_class, of.seats.front().id}};
            reader.on(ticket);
        }
        for (std::size_t i = 0; i < bookings_; ++i) {
            std::uint64_t seq = 0;
            for (const auto& [account, sign] :
                 {std::pair{"captured", 1}, {"suspense", -1}, {"suspense", 1}, {"ticketed", -1}}) {
                auto amount = kPrice;
                amount.amount *= sign;
                reader.on(LedgerEntry{++seq, seq <= 2 ? "capture" : "sale", id<BookingId>(i), now_, {account, amount}});
            }
        }
        for (std::size_t train = 0; train < trains(); ++train) {
            const auto first = train * kBookingsOfTrain;
            const auto last = std::min(first + kBookingsOfTrain, bookings_);
            const auto subject = "run:" + to_string(a_train(train).id);
            for (auto i = first; i < last; ++i)
                reader.on(AuditEntry{subject, i - first + 1, now_, owner(i), "hold.placed", to_string(hold(i).id)});
        }
        for (std::size_t i = 0; i < bookings_; ++i) {
            const auto subject = "booking:" + to_string(id<BookingId>(i));
            std::uint64_t number = 0;
            for (const char* action : {"booking.created", "payment.captured", "booking.fulfilled"})
                reader.on(AuditEntry{subject, ++number, now_, owner(i), action, "payment 1"});
        }
        for (std::size_t i = 0; i < bookings_; ++i)
            reader.on(KeptAnswer{owner(i), "hold.create", fmt::format("{:032}", i), std::string(64, 'f'),
                                 now_ + std::chrono::hours{24}, hold(i)});
    }

private:
    inline static const Money kPrice{1990, "EUR", 2};

    static std::string owner(std::size_t number) { return fmt::format("user:{:08}", number); }
    static std::string reference(std::size_t number) { return fmt::format("{:08}", number); }
    /// As spread as random ids are.
    template <class Id>
    static Id id(std::size_t number) {
        Id made;
        std::uint64_t mixed = number;
        for (std::size_t i = 0; i < made.bytes.size(); ++i) {
            if (i % 8 == 0) mixed = (mixed ^ (number + i)) * 0x9E3779B97F4A7C15U + number;
            made.bytes[i] = static_cast<std::uint8_t>(mixed >> (56 - 8 * (i % 8)));
        }
        return made;
    }

    Hold hold(std::size_t number) const {
        const auto within = number % kBookingsOfTrain;
        const auto seat = static_cast<std::uint32_t>(within % kSeats);
        const auto from = static_cast<std::uint16_t>(within / kSeats * kSpan);
        const auto train = number / kBookingsOfTrain;
        if (train_.consist == nullptr || train_number_ != train) {
            train_ = a_train(train);
            train_number_ = train;
        }
        const auto end = [&](std::size_t call) {
            Endpoint made;
            made.call = train_.calls[call].id;
            made.name = train_.calls[call].name;
            made.zone = train_.calls[call].zone;
            made.time = now_;
            return made;
        };
        HoldItem item;
        item.run = train_.id;
        item.train = train_.train;
        item.from = end(from);
        item.to = end(from + kSpan);
        item.span = {from, static_cast<std::uint16_t>(from + kSpan)};
        item.travel_class = "second";
        item.seats = {{seat, train_.consist->seat_at(seat)}};
        Hold made;
        made.id = id<HoldId>(number);
        made.owner = owner(number);
        made.status = HoldStatus::sold;
        made.fence = number + 1;
        made.created_at = now_;
        made.expires_at = now_ + std::chrono::minutes{15};
        made.latest_end = now_ + std::chrono::minutes{30};
        made.booking = id<BookingId>(number);
        made.items = {item};
        return made;
    }

    Booking booking(std::size_t number) const {
        const auto of = hold(number).items.front();
        BookingPart part;
        part.id = id<PartId>(number);
        part.passenger = "p1";
        part.run = of.run;
        part.train = of.train;
        part.from = of.from;
        part.to = of.to;
        part.span = of.span;
        part.travel_class = of.travel_class;
        part.seat = of.seats.front();
        part.price = kPrice;
        part.status = PartStatus::fulfilled;
        Booking made;
        made.id = id<BookingId>(number);
        made.reference = reference(number);
        made.owner = owner(number);
        made.hold = id<HoldId>(number);
        made.quote = id<QuoteId>(number);
        made.created_at = made.expires_at = now_;
        made.total = kPrice;
        made.refunded = {0, "EUR", 2};
        made.passengers = {{"p1", "Anna", "Blum", "adult", {}}};
        made.contact = {"anna@example.org", ""};
        made.parts = {part};
        made.payments = {id<PaymentId>(number)};
        made.tickets = {id<TicketId>(number)};
        return made;
    }

    std::size_t bookings_;
    Timestamp now_;
    mutable Run train_;
    mutable std::size_t train_number_ = 0;
};

Hold a_hold(const Run& run, test::TestEnvironment& environment) {
    HoldItem item;
    item.run = run.id;
    item.train = run.train;
    item.from.call = run.calls[kSegments - 1].id;
    item.to.call = run.calls[kSegments].id;
    item.span = {kSegments - 1, kSegments};
    item.travel_class = "second";
    item.seats = {{0, run.consist->seat_at(0)}};
    Hold hold;
    hold.id = HoldId::make(environment);
    hold.owner = "user:new";
    hold.created_at = environment.now();
    hold.expires_at = environment.now() + std::chrono::minutes{15};
    hold.latest_end = environment.now() + std::chrono::minutes{30};
    hold.items = {item};
    return hold;
}

int run(std::size_t bookings) {
    auto folder = (std::filesystem::current_path() / "railbook-opening-XXXXXX").string();
    if (!mkdtemp(folder.data())) give_up("no temporary folder");
    const auto path = folder + "/store.db";
    test::TestEnvironment environment;
    const Past past{bookings, environment.now()};
    const auto filling = Clock::now();
    {
        auto store = store::open_sqlite(path, environment);
        if (!store) give_up(store.error().detail);
        const auto filled = (*store)->load([&](RecordReader& reader) -> Status {
            past.tell(reader);
            return {};
        });
        if (!filled) give_up(filled.error().detail);
    }
    std::printf("filled with %zu bookings on %zu trains in %.1f s: %ju MB\n", bookings, past.trains(),
                seconds_since(filling), std::uintmax_t{std::filesystem::file_size(path) >> 20U});
    std::fflush(stdout);

    const auto start = Clock::now();
    auto store = store::open_sqlite(path, environment);
    if (!store) give_up(store.error().detail);
    const double opened = seconds_since(start);
    auto& inventory = (*store)->inventory();
    const auto train = inventory.find_pinned(a_train(past.trains() / 2).id);
    if (!train || !*train) give_up("the train is not pinned");
    const auto seats = inventory.occupancy({(*train)->id}, environment.now());
    if (!seats || !seats->front().taken.any(0, {0, kSpan})) give_up("a sold seat is free");
    const double answered = seconds_since(start);
    const Command command{.owner = "user:new",
                          .operation = "hold.create",
                          .key = CommandKey::make(environment),
                          .fingerprint = std::string(64, 'f'),
                          .now = environment.now(),
                          .keep_answer = std::chrono::hours{24}};
    const auto hold = inventory.place_hold(command, a_hold(**train, environment), {**train}, 5);
    if (!hold) give_up(hold.error().detail);
    const double held = seconds_since(start);
    std::printf("a store with %zu bookings: open after %.3f s, availability after %.3f s, a hold after %.3f s\n",
                bookings, opened, answered, held);
    store->reset();
    std::filesystem::remove_all(folder);
    return bookings >= kMillion && held > kMostSeconds ? 1 : 0;
}

}  // namespace
}  // namespace railbook::bench

int main(int count, char** words) {
    const char* scale = std::getenv("RAILBOOK_TEST_SCALE");
    const std::size_t usual = scale && std::atoi(scale) >= 20 ? railbook::bench::kMillion : 20'000;
    const std::size_t asked = count > 1 ? std::strtoull(words[1], nullptr, 10) : 0;  // another word is none
    return railbook::bench::run(asked > 0 ? asked : usual);
}
