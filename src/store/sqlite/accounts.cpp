#include "store/sqlite/ports.hpp"

namespace railbook::store::sqlite {

Result<std::string> SqliteAccounts::find_or_add_secret(std::string_view name, const std::string& candidate) {
    // Accounts have no time of their own: the step is done at the time that is stored already.
    return database_.step<std::string>(Timestamp::min(), [&](Step& step) -> Result<std::string> {
        auto& connection = step.tables.connection();
        const auto added = connection.run("INSERT INTO secrets (name, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                                          {name, Value::bytes(candidate)});
        if (!added) return added.error();
        return found_or<std::string>(
            "secret", connection.one("SELECT value FROM secrets WHERE name = ?1", {name},
                                     [](Row& row) -> Result<std::string> { return std::string{row.bytes(0)}; }));
    });
}

}  // namespace railbook::store::sqlite
