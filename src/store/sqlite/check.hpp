#pragma once
/// Whether a file is a store, and whether it is sound.

#include <string>
#include <vector>

#include <railbook/result.hpp>

#include "store/sqlite/connection.hpp"

namespace railbook::store::sqlite {

/// Which schema the file has; 0 for an empty file.
/// Errors: bad_data (another program's); unsupported (made by a newer Railbook); damaged.
Result<int> recognise(Connection& connection);
/// What SQLite finds wrong with the pages and the references of the file, a sentence each.
Result<std::vector<std::string>> check_content(Connection& connection);

}  // namespace railbook::store::sqlite
