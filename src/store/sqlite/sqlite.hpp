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

/// Puts a backup in the place of the store's file, once it has been found to be whole; until then the store is as it
/// was. Returns the name that the old file has now; empty where there was none.
/// Errors: not_found (no such backup, or no such folder); bad_data (not a backup of a store); damaged (the backup is);
/// unsupported (made by a newer Railbook); conflict (a process owns the store, which the detail names);
/// invalid_argument; forbidden; storage_full.
Result<std::string> restore_sqlite(const std::string& backup, const std::string& path, Environment& environment);

}  // namespace railbook::store
