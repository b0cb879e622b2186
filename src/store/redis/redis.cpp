#include "store/redis/redis.hpp"

#include <fmt/format.h>

#include "store/redis/ports.hpp"

namespace railbook::store {
namespace {

class RedisStore final : public Store {
public:
    RedisStore(redis::Address address, std::unique_ptr<SystemOfRecord> record, Environment& environment,
               const RedisOptions& options)
        : shown_{address.shown()},
          record_{std::move(record)},
          front_{std::move(address), *record_, environment, options.clock_of_environment},
          inventory_{front_, *record_},
          bookings_{front_, *record_, inventory_} {}

    Status start() { return front_.start(); }

    Result<Timestamp> now() override { return front_.now(); }
    AccountsStore& accounts() override { return record_->accounts(); }
    TimetableStore& timetable() override { return record_->timetable(); }
    InventoryStore& inventory() override { return inventory_; }
    BookingsStore& bookings() override { return bookings_; }

    Result<std::optional<Answer>> find_answer(const Command& command) override {
        return inventory_.find_answer(command);
    }
    Status read_all(RecordReader& reader) override {
        if (const auto done = front_.settle(); !done) return done;
        return record_->read_all(reader);
    }
    Status load(const std::function<Status(RecordReader&)>& source) override {
        const auto done = record_->load(source);
        if (!done) return done;
        return front_.resume();
    }
    Result<std::vector<std::string>> check_medium() override { return record_->check_medium(); }
    StoreInfo info() const override {
        auto info = record_->info();
        info.kind = "redis";
        info.location += fmt::format(", behind Redis at {}", shown_);
        return info;
    }

private:
    std::string shown_;
    std::unique_ptr<SystemOfRecord> record_;
    redis::Front front_;
    redis::RedisInventory inventory_;
    redis::RedisBookings bookings_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_redis(const std::string& url, std::unique_ptr<SystemOfRecord> record,
                                          Environment& environment, const RedisOptions& options) {
    auto address = redis::parse_address(url);
    if (!address) return std::move(address).error();
    auto store = std::make_unique<RedisStore>(*std::move(address), std::move(record), environment, options);
    if (const auto started = store->start(); !started) return started.error();
    return std::unique_ptr<Store>{std::move(store)};
}

}  // namespace railbook::store
