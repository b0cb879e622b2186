#pragma once
/// The whole of a store: read out, or filled from another one.

#include <functional>

#include <railbook/stores.hpp>

#include "store/sqlite/database.hpp"

namespace railbook::store::sqlite {

/// See Store::read_all. `latest` is the time by which allocations are live.
Status read_contents(Tables& tables, Timestamp latest, RecordReader& reader);
/// See Store::load.
Status load_contents(Step& step, const std::function<Status(RecordReader&)>& source);

}  // namespace railbook::store::sqlite
