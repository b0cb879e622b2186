#pragma once
/// A store in a PostgreSQL database: the system of record for many processes.

#include <cstdint>
#include <memory>
#include <string>

#include <railbook/environment.hpp>
#include <railbook/stores.hpp>

#include "store/record.hpp"

namespace railbook::store {

/// What no URL can say.
struct PostgresOptions {
    std::size_t connections = 16;  ///< At most so many at a time.
    /// Tests move time by hand. Else the database's clock decides.
    bool clock_of_environment = false;
};

/// Opens the database that a `postgres://` URL names, and makes or brings up to date the schema `railbook` in it.
/// Passwords come from the URL or the file of PGPASSFILE. The environment must outlive the store.
/// Errors: invalid_argument (the URL); not_found (no such database); forbidden (user, password or rights); bad_data
/// (the schema is another program's); unsupported (made by a newer Railbook); damaged; unavailable.
Result<std::unique_ptr<Store>> open_postgres(const std::string& url, Environment& environment,
                                             const PostgresOptions& options = {});

/// The same, as what stands behind a cache.
Result<std::unique_ptr<SystemOfRecord>> open_postgres_record(const std::string& url, Environment& environment,
                                                             const PostgresOptions& options = {});

/// Makes all fences from now on larger than all before; answers the new epoch. `store` is one of open_postgres.
Result<std::uint64_t> raise_epoch(Store& store);

}  // namespace railbook::store
