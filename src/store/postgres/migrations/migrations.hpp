#pragma once
/// The schema's history. Migrations are numbered from 1, go forward only, and never change once they were released.

#include <span>

namespace railbook::store::postgres {

struct Migration {
    int number;       ///< Becomes railbook_store.schema.
    const char* sql;  ///< Runs in the transaction that also sets the number.
};
std::span<const Migration> migrations();

/// The texts of the first one: its tables, and its functions.
extern const char* const kFirstTables;
extern const char* const kFirstFunctions;
extern const char* const kFront;
extern const char* const kFences;

}  // namespace railbook::store::postgres
