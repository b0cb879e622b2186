#pragma once
/// A store in one SQLite file: the default, and it needs nothing else.

#include <memory>
#include <string>

#include <railbook/environment.hpp>
#include <railbook/stores.hpp>

namespace railbook::store {

/// Opens the file, or makes it. One process owns it until the store goes. The environment must outlive the store.
/// `vfs` names a registered sqlite3_vfs that keeps the file in the place of the operating system; whoever registered it
/// sees to it that the file has one owner.
/// Errors: invalid_argument (a folder, or not a file); not_found (no such folder to make it in); conflict (another
/// owner, whom the detail names); bad_data (not SQLite, or another program's); unsupported (made by a newer Railbook);
/// forbidden (permissions); damaged; storage_full; unavailable.
Result<std::unique_ptr<Store>> open_sqlite(const std::string& path, Environment& environment,
                                           const std::string& vfs = {});

}  // namespace railbook::store
