#include "store/postgres/ports.hpp"

namespace railbook::store::postgres {

Result<std::string> PostgresAccounts::find_or_add_secret(std::string_view name, const std::string& candidate) {
    return database_.read<std::string>([&](Connection& connection) -> Result<std::string> {
        connection.queue("INSERT INTO railbook.secrets (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                         {name, candidate});
        // A statement after the other one sees what another process has added.
        connection.queue("SELECT value FROM railbook.secrets WHERE name = $1", {name});
        const auto answers = connection.exchange();
        if (!answers) return answers.error();
        auto found = answers->back().one([](Row& row) -> Result<std::string> { return row.text(0); });
        if (!found) return std::move(found).error();
        if (!*found) return not_found("secret");
        return **std::move(found);
    });
}

}  // namespace railbook::store::postgres
