#include "store/sqlite/check.hpp"

#include <fmt/format.h>

#include "store/sqlite/migrations/migrations.hpp"

namespace railbook::store::sqlite {

Result<int> recognise(Connection& connection) {
    const auto application = connection.integer("PRAGMA application_id");
    if (!application) return application.error();
    const auto schema = connection.integer("PRAGMA user_version");
    if (!schema) return schema.error();
    const auto objects = connection.integer("SELECT count(*) FROM sqlite_schema");
    if (!objects) return objects.error();
    if (*application == 0 && *schema == 0 && *objects == 0) return 0;
    if (*application != kApplicationId)
        return Error{ErrorCode::bad_data, "this file belongs to another program", "choose another file"};
    if (*schema < 1) return Error{ErrorCode::damaged, "the store's file has lost the number of its schema"};
    if (*schema > migrations().back().number) {
        return Error{ErrorCode::unsupported,
                     fmt::format("the store has schema {}, and this Railbook knows schemas up to {}", *schema,
                                 migrations().back().number),
                     "use the newer Railbook that made it"};
    }
    return static_cast<int>(*schema);
}

Result<std::vector<std::string>> check_content(Connection& connection) {
    std::vector<std::string> findings;
    const auto pages = connection.each("PRAGMA integrity_check", {}, [&](Row& row) -> Status {
        if (row.text(0) != "ok") findings.emplace_back(row.text(0));
        return {};
    });
    const auto references = connection.each("PRAGMA foreign_key_check", {}, [&](Row& row) -> Status {
        findings.push_back(fmt::format("a row of {} names a row of {} that is missing", row.text(0), row.text(2)));
        return {};
    });
    // SQLite gives up where a page cannot be read at all: that too is a finding, not a failure of the check.
    for (const auto& done : {pages, references}) {
        if (done) continue;
        if (done.error().code != ErrorCode::damaged) return done.error();
        findings.push_back(done.error().detail);
    }
    return findings;
}

}  // namespace railbook::store::sqlite
