#pragma once
/// A rival for direct trains: a timetable in SQL, and the self-join that everybody writes first.

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <sqlite3.h>

#include "search/direct.hpp"

namespace railbook::search {

/// In memory, with the indexes that the join wants, and a prepared statement.
class SelfJoin {
public:
    explicit SelfJoin(const Network& network) {
        if (sqlite3_open(":memory:", &database_) != SQLITE_OK) throw std::runtime_error{"no SQLite"};
        run("CREATE TABLE calls(station INTEGER, trip INTEGER, call INTEGER, arrival INTEGER, departure INTEGER,"
            " pick_up INTEGER, drop_off INTEGER, PRIMARY KEY(station, trip, call)) WITHOUT ROWID");
        run("CREATE TABLE runs(trip INTEGER, begins INTEGER, PRIMARY KEY(trip, begins)) WITHOUT ROWID");
        run("BEGIN");
        const auto& data = network.data();
        auto* add_call = prepare("INSERT INTO calls VALUES(?, ?, ?, ?, ?, ?, ?)");
        auto* add_run = prepare("INSERT OR IGNORE INTO runs VALUES(?, ?)");
        for (Index trip = 0; trip < data.trips.size(); ++trip) {
            const auto calls = network.calls(trip);
            for (Index call = 0; call < calls.size(); ++call) {
                const auto& each = calls[call];
                insert(add_call, {data.stops[each.stop].station, trip, call, each.arrival, each.departure, each.pick_up,
                                  each.drop_off});
            }
            std::vector<std::int32_t> shifts;
            for (const auto start : network.starts(trip)) shifts.push_back(start - calls.front().departure);
            if (shifts.empty()) shifts.push_back(0);
            for (std::uint32_t day = 0; day < data.days; ++day) {
                if (!network.runs_on(trip, day)) continue;
                for (const auto shift : shifts) {
                    insert(add_run, {trip, network.time_of(trip, day, shift).time_since_epoch().count() / 1000});
                }
            }
        }
        sqlite3_finalize(add_call);
        sqlite3_finalize(add_run);
        run("COMMIT");
        run("ANALYZE");
        find_ = prepare(
            "SELECT runs.begins + a.departure AS departs, runs.begins + b.arrival, a.trip, min(b.call) FROM calls AS a"
            " JOIN calls AS b ON b.station = ?2 AND b.trip = a.trip AND b.call > a.call AND b.drop_off"
            " JOIN runs ON runs.trip = a.trip AND runs.begins >= ?3 - a.departure AND runs.begins < ?4 - a.departure"
            " WHERE a.station = ?1 AND a.pick_up GROUP BY a.trip, a.call, runs.begins ORDER BY departs, 2, 3");
    }
    ~SelfJoin() {
        sqlite3_finalize(find_);
        sqlite3_close(database_);
    }
    SelfJoin(const SelfJoin&) = delete;
    SelfJoin& operator=(const SelfJoin&) = delete;

    struct Ride {
        std::int64_t departure = 0;
        std::int64_t arrival = 0;
        Index trip = 0;
        bool operator==(const Ride&) const = default;
    };
    /// Of trains that leave in [from, to), UTC seconds.
    std::vector<Ride> rides(Index from, Index to, std::int64_t begin, std::int64_t end) {
        bind(find_, {from, to, begin, end});
        std::vector<Ride> found;
        while (sqlite3_step(find_) == SQLITE_ROW) {
            found.push_back({sqlite3_column_int64(find_, 0), sqlite3_column_int64(find_, 1),
                             static_cast<Index>(sqlite3_column_int64(find_, 2))});
        }
        sqlite3_reset(find_);
        return found;
    }

private:
    void run(const char* sql) {
        if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail();
    }
    sqlite3_stmt* prepare(const char* sql) {
        sqlite3_stmt* statement = nullptr;
        if (sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr) != SQLITE_OK) fail();
        return statement;
    }
    static void bind(sqlite3_stmt* statement, std::initializer_list<std::int64_t> values) {
        int position = 0;
        for (const auto value : values) sqlite3_bind_int64(statement, ++position, value);
    }
    void insert(sqlite3_stmt* statement, std::initializer_list<std::int64_t> values) {
        bind(statement, values);
        if (sqlite3_step(statement) != SQLITE_DONE) fail();
        sqlite3_reset(statement);
    }
    [[noreturn]] void fail() { throw std::runtime_error{sqlite3_errmsg(database_)}; }

    sqlite3* database_ = nullptr;
    sqlite3_stmt* find_ = nullptr;
};

}  // namespace railbook::search
