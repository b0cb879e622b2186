#include <railbook/engine.hpp>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "booking/sandbox.hpp"
#include "engine/journeys.hpp"
#include "engine/ledger_check.hpp"
#include "engine/verify.hpp"
#include "store/memory/memory.hpp"
#include "store/postgres/postgres.hpp"
#include "store/records/lines.hpp"
#include "store/redis/redis.hpp"
#include "store/sqlite/sqlite.hpp"
#include "timetable/one_version.hpp"

namespace railbook {
namespace {

struct Location {
    enum class Kind : std::uint8_t { memory, sqlite, postgres } kind;
    std::string file;      ///< Of sqlite.
    std::string url = {};  ///< Of postgres.
};

Result<Location> parse_url(std::string_view url) {
    if (url == "memory:") return Location{Location::Kind::memory, {}};
    constexpr std::string_view kSqlite = "sqlite:";
    if (url.starts_with(kSqlite) && url.size() > kSqlite.size())
        return Location{Location::Kind::sqlite, std::string{url.substr(kSqlite.size())}};
    for (const std::string_view scheme : {"postgres://", "postgresql://"}) {
        if (url.starts_with(scheme)) return Location{Location::Kind::postgres, {}, std::string{url}};
    }
    return Error{ErrorCode::invalid_argument, fmt::format("'{}' is not a store", base::shortened(url, 128)),
                 "write sqlite:FILE, postgres://HOST/DATABASE or memory:"};
}

/// What the names of the files of compiled timetables begin with; empty where there are none.
std::string cache_of(std::string_view url, const Location& location, const EngineOptions& options) {
    if (location.kind == Location::Kind::memory) return {};
    if (options.cache_folder.empty()) return location.file.empty() ? "" : location.file + "-timetable-";
    // Stores may share a folder.
    return fmt::format("{}/timetable-{}-", options.cache_folder, base::sha256_hex(url).substr(0, 16));
}

Result<std::unique_ptr<Store>> open_store(const Location& location, const std::string& redis,
                                          Environment& environment) {
    if (!redis.empty()) {
        if (location.kind != Location::Kind::postgres) {
            return Error{ErrorCode::invalid_argument, "Redis stands in front of PostgreSQL only",
                         "give a postgres:// store with it, or leave it out"};
        }
        auto record = store::open_postgres_record(location.url, environment);
        if (!record) return std::move(record).error();
        return store::open_redis(redis, *std::move(record), environment);
    }
    switch (location.kind) {
        case Location::Kind::memory: return store::open_memory(environment);
        case Location::Kind::sqlite: return store::open_sqlite(location.file, environment);
        case Location::Kind::postgres: return store::open_postgres(location.url, environment);
    }
    return Error{ErrorCode::internal, "a kind of store outside the list"};
}

}  // namespace

/// The wiring, in the order of the story; each part sees only those before it.
struct Engine::Parts {
    Parts(const EngineOptions& options, Environment& environment_, std::unique_ptr<Store> store_,
          const std::string& cache, std::unique_ptr<booking::SandboxGateway> sandbox_)
        : environment{environment_},
          store{std::move(store_)},
          sandbox{std::move(sandbox_)},
          timetable{environment, *store, cache},
          search{timetable},
          pricing{environment, *store, timetable, options.pricing},
          inventory{environment, *store, timetable, options.holds},
          bookings{environment, *store, pricing, options.gateway ? *options.gateway : *sandbox, options.bookings},
          ticketing{*store} {}

    Environment& environment;
    std::unique_ptr<Store> store;
    std::unique_ptr<booking::SandboxGateway> sandbox;  // null where the caller brought a gateway
    Timetable timetable;
    Search search;
    Pricing pricing;
    Inventory inventory;
    Bookings bookings;
    Ticketing ticketing;
};

Engine::Engine(std::unique_ptr<Parts> parts) : parts_{std::move(parts)} {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

Result<Engine> Engine::open(std::string_view url, const EngineOptions& options) {
    Environment& environment = options.environment ? *options.environment : system_environment();
    const auto location = parse_url(url);
    if (!location) return location.error();
    auto store = open_store(*location, options.redis, environment);
    if (!store) return store.error();
    // The provider's books outlive a crash of ours, as a real provider's do.
    const std::string journal = location->file.empty() ? "" : location->file + "-sandbox.jsonl";
    return open_on(*std::move(store), journal, cache_of(url, *location, options), options);
}

Result<Engine> Engine::open(std::unique_ptr<Store> store, const EngineOptions& options) {
    RAILBOOK_ASSERT(store);
    return open_on(std::move(store), {}, {}, options);
}

Result<Engine> Engine::open_on(std::unique_ptr<Store> store, const std::string& journal, const std::string& cache,
                               const EngineOptions& options) {
    Environment& environment = options.environment ? *options.environment : system_environment();
    std::unique_ptr<booking::SandboxGateway> sandbox;
    if (!options.gateway) {
        auto opened = booking::SandboxGateway::open(journal, environment);
        if (!opened) return opened.error();
        sandbox = std::move(*opened);
    }
    return Engine{std::make_unique<Parts>(options, environment, std::move(store), cache, std::move(sandbox))};
}

Timetable& Engine::timetable() { return parts_->timetable; }
Search& Engine::search() { return parts_->search; }
Pricing& Engine::pricing() { return parts_->pricing; }
Inventory& Engine::inventory() { return parts_->inventory; }
Bookings& Engine::bookings() { return parts_->bookings; }
Ticketing& Engine::ticketing() { return parts_->ticketing; }

Result<JourneyPage> Engine::find_journeys(const JourneyQuery& query, const TravelWishes& wishes) {
    // The journeys and their seats are of one timetable.
    return timetable::of_one_version(parts_->timetable, [&] {
        return engine::find_journeys({parts_->search, parts_->pricing, parts_->inventory}, query, wishes);
    });
}

Result<std::size_t> Engine::run_due(std::size_t limit) {
    const auto now = parts_->store->now();
    if (!now) return now.error();
    const auto expired = parts_->store->bookings().expire(*now, limit);
    if (!expired || *expired >= limit) return expired;
    const auto moved = parts_->bookings.resume_payments(limit - *expired);
    if (!moved) return moved;
    return *expired + *moved;
}

Result<VerifyReport> Engine::verify() { return engine::verify(*parts_->store); }

Result<VerifyReport> Engine::check_ledger() { return engine::check_ledger(*parts_->store); }

Result<std::vector<SandboxEntry>> Engine::sandbox_journal() {
    if (!parts_->sandbox)
        return Error{ErrorCode::unsupported, "payments do not go to the sandbox", "ask your payment provider"};
    return parts_->sandbox->journal();
}

Status Engine::read_all(RecordReader& reader) { return parts_->store->read_all(reader); }

Status Engine::dump(const std::function<Status(std::string_view line)>& write) {
    store::records::LineWriter lines{write};
    if (const auto read = parts_->store->read_all(lines); !read) return read;
    return lines.finish();
}

Status Engine::load(std::string_view url, const std::function<Result<std::optional<std::string>>()>& next,
                    const EngineOptions& options) {
    Environment& environment = options.environment ? *options.environment : system_environment();
    const auto location = parse_url(url);
    if (!location) return location.error();
    const auto store = open_store(*location, options.redis, environment);
    if (!store) return store.error();
    return (*store)->load([&](RecordReader& reader) { return store::records::read_lines(next, reader); });
}

Status Engine::backup(const std::string& file) { return parts_->store->backup(file); }

Result<std::string> Engine::restore(std::string_view url, const std::string& backup, const EngineOptions& options) {
    const auto location = parse_url(url);
    if (!location) return location.error();
    if (location->kind != Location::Kind::sqlite)
        return Error{ErrorCode::unsupported, "only a store that is one file can be restored from another"};
    Environment& environment = options.environment ? *options.environment : system_environment();
    return store::restore_sqlite(backup, location->file, environment);
}

Result<std::vector<std::string>> Engine::check_medium() { return parts_->store->check_medium(); }

Result<Timestamp> Engine::now() { return parts_->store->now(); }

StoreInfo Engine::store_info() const { return parts_->store->info(); }

}  // namespace railbook
