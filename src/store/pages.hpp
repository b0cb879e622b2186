#pragma once
/// Cursors of lists that are read newest first. A cursor names the record where the page before ended, by its number in
/// the order of insertion, so records that are added meanwhile shift nothing.

#include <cstdint>
#include <string>
#include <string_view>

#include <railbook/stores.hpp>

namespace railbook::store {

/// Only records with a smaller number belong to the page. `list` names what is listed: a cursor of one list is none of
/// another. Errors: invalid_argument (cursor or limit).
Result<std::uint64_t> page_start(std::string_view list, const PageRequest& page);
/// The cursor of the page after the record with this number.
std::string cursor_after(std::string_view list, std::uint64_t number);

}  // namespace railbook::store
