#pragma once
/// A copy of the open file into another one, a piece at a time, while the store goes on.

#include <memory>
#include <string>

#include <railbook/result.hpp>

#include "store/sqlite/connection.hpp"

struct sqlite3_backup;

namespace railbook::store::sqlite {

/// Not thread-safe, and each method but finish() is called in a turn at the connection. What the connection writes
/// meanwhile is written into the copy too, so that in the end it is of one instant. Unfinished, it leaves nothing.
class Backup {
public:
    /// Errors: conflict (there is such a file); not_found (no such folder); forbidden; storage_full.
    static Result<Backup> begin(Connection& connection, const std::string& file);
    Backup(Backup&& other) noexcept;
    Backup& operator=(Backup&&) = delete;
    ~Backup();

    /// True once everything is copied, and no turn is needed any more.
    Result<bool> copy_a_piece();
    /// Makes the copy safe and gives it its name.
    Status finish();

private:
    struct CloseDatabase {
        void operator()(sqlite3* database) const;
    };
    struct EndCopying {
        void operator()(sqlite3_backup* copying) const;
    };
    Backup(std::string file, std::string unfinished) : file_{std::move(file)}, unfinished_{std::move(unfinished)} {}

    std::string file_;
    std::string unfinished_;  // the name until it is finished; empty once there is no such file
    std::unique_ptr<sqlite3, CloseDatabase> copy_;
    std::unique_ptr<sqlite3_backup, EndCopying> copying_;  // goes before the copy does
};

}  // namespace railbook::store::sqlite
