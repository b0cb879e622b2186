#pragma once
/// All records of a database at once: handing them on, and taking them over from another store.

#include <functional>

#include <railbook/stores.hpp>

#include "store/postgres/ports.hpp"

namespace railbook::store::postgres {

/// In a transaction that sees one instant.
Status read_contents(Connection& connection, PinnedRuns& known, RecordReader& reader);
/// Errors: conflict (the store is not empty); bad_data; those of `source`.
Status load_contents(Step& step, const std::function<Status(RecordReader&)>& source);

}  // namespace railbook::store::postgres
