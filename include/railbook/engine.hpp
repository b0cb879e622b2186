#pragma once
/// The engine: opens a store and hands out the capabilities.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/booking.hpp>
#include <railbook/environment.hpp>
#include <railbook/inventory.hpp>
#include <railbook/payment.hpp>
#include <railbook/pricing.hpp>
#include <railbook/search.hpp>
#include <railbook/ticketing.hpp>
#include <railbook/timetable.hpp>

namespace railbook {

struct EngineOptions {
    HoldPolicy holds = {};
    PricingPolicy pricing = {};
    BookingPolicy bookings = {};
    /// Redis in front of a `postgres://` store: it holds seats for the crowd until they are booked. Empty: none.
    std::string redis = {};
    /// A folder that is there, in which compiled timetables are kept, so that the next start is a fast one; they hold
    /// nothing that the store has not. Empty: a sqlite store keeps them beside its file, the others nowhere.
    std::string cache_folder = {};
    /// Where payments go; must outlive the engine. Null: the sandbox, whose journal lies beside the store's file.
    PaymentGateway* gateway = nullptr;
    /// Null: the real one. Must outlive the engine.
    Environment* environment = nullptr;
};

/// Who wants to travel, and what of a journey matters beside its times.
struct TravelWishes {
    /// Each needs a seat on every leg. Nobody: one adult, as the tariff understands an adult.
    std::vector<QuotePassenger> passengers = {};
    /// Only journeys with seats of it for all, priced in it. Empty: of any class, but one throughout.
    std::string travel_class = {};
    bool with_seats = false;                        ///< Only journeys with free seats for all.
    bool together = false;                          ///< Only where they can sit side by side on every leg.
    std::optional<Money> max_price = std::nullopt;  ///< Only journeys for which all of them pay no more.
};

/// A law of the design that live data breaks.
struct Violation {
    std::string law;     ///< Such as `no cell twice`.
    std::string object;  ///< Such as `run:2026-12-01.db:531`.
    std::string detail;
};
struct VerifyReport {
    std::vector<std::pair<std::string, std::size_t>> checked;  ///< What was looked at, and how many.
    std::vector<Violation> violations;
    bool ok() const { return violations.empty(); }
};

/// Thread-safe. It starts no thread: a program that runs for long calls `run_due` every second or so, from a thread
/// of its own; a short one calls it after each command.
class Engine {
public:
    /// `sqlite:FILE` (made if it is not there), `postgres://HOST/DATABASE` or `memory:`.
    /// Errors: invalid_argument (URL; or Redis in front of another store); conflict (another process owns the file:
    /// the detail says which); unavailable (PostgreSQL or Redis is away); unsupported (Redis would throw holds away);
    /// bad_data (a file of another program); unsupported (made by a newer Railbook); damaged; forbidden (permissions).
    static Result<Engine> open(std::string_view url, const EngineOptions& options = {});
    /// On a store of the caller's own. Without a gateway the sandbox keeps its journal in memory.
    static Result<Engine> open(std::unique_ptr<Store> store, const EngineOptions& options = {});
    Engine(Engine&&) noexcept;
    Engine& operator=(Engine&&) noexcept;
    ~Engine();

    Timetable& timetable();
    Search& search();
    Pricing& pricing();
    Inventory& inventory();
    Bookings& bookings();
    Ticketing& ticketing();

    /// Journeys, each leg with its free seats by class, and what they cost at least. Those that are not as wished are
    /// left out of the best ones of Search::find, so a page may have fewer than the query's limit, or none; for one
    /// moment it is the next ones that are as wished. Errors: those of Search::find; invalid_argument (a passenger or a
    /// currency that the tariff does not know).
    Result<JourneyPage> find_journeys(const JourneyQuery& query, const TravelWishes& wishes = {});
    /// Does what has come due, in at most `limit` steps: expiry, and payments that were left open. Safe in many
    /// threads and processes at once. Returns how much was done; repeat while it is `limit`.
    Result<std::size_t> run_due(std::size_t limit = 100);
    /// Checks every law on the store's live data.
    Result<VerifyReport> verify();
    /// Checks the ledger alone: that every transaction sums to zero and every payment is where it belongs.
    Result<VerifyReport> check_ledger();
    /// What arrived at the sandbox so far, in order. Errors: unsupported (payments go elsewhere).
    Result<std::vector<SandboxEntry>> sandbox_journal();
    /// Hands every record of the store to the reader, as they are at one instant.
    Status read_all(RecordReader& reader);
    /// Writes the whole store as lines of JSON (docs/dump.md), as it is at one instant. They hold its secrets.
    /// Errors: those of the store and of `write`.
    Status dump(const std::function<Status(std::string_view line)>& write);
    /// Fills the store of the URL, which must be empty, from the lines of a dump, all or nothing. `next` gives them one
    /// by one, and nothing after the last. Errors: those of open; conflict (the store is not empty); bad_data (with the
    /// line); those of `next`.
    static Status load(std::string_view url, const std::function<Result<std::optional<std::string>>()>& next,
                       const EngineOptions& options = {});
    /// Copies the store, as it is at one instant of the call, into a new file; everything goes on meanwhile.
    /// Errors: unsupported (the store is not one file); conflict (there is a file of that name); not_found (no such
    /// folder); forbidden; storage_full.
    Status backup(const std::string& file);
    /// Puts a backup in the place of the store of the URL, which nobody may have open, once it has been found to be
    /// whole; until then the store is as it was. Returns the name that the old store's file has now; empty where there
    /// was none. Errors: unsupported (the store is not one file; or the backup was made by a newer Railbook); not_found
    /// (no such backup); bad_data (not a backup of a store); damaged (the backup is); conflict (a process owns the
    /// store: the detail says which); invalid_argument (URL); forbidden; storage_full.
    static Result<std::string> restore(std::string_view url, const std::string& backup,
                                       const EngineOptions& options = {});
    /// What is wrong with the store's medium itself, a sentence each.
    Result<std::vector<std::string>> check_medium();

    Result<Timestamp> now();
    StoreInfo store_info() const;

private:
    struct Parts;
    /// `journal` is the sandbox's file, empty for memory; `cache` as Timetable takes it.
    static Result<Engine> open_on(std::unique_ptr<Store> store, const std::string& journal, const std::string& cache,
                                  const EngineOptions& options);
    explicit Engine(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace railbook
