#pragma once
/// Cursors of lists that are read newest first. A cursor names the record where the page before ended, by its number in
/// the order of insertion, so records that are added meanwhile shift nothing.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <railbook/stores.hpp>

#include "store/rules.hpp"

namespace railbook::store {

/// Only records with a smaller number belong to the page. `list` names what is listed: a cursor of one list is none of
/// another. Errors: invalid_argument (cursor or limit).
Result<std::uint64_t> page_start(std::string_view list, const PageRequest& page);
/// The cursor of the page after the record with this number.
std::string cursor_after(std::string_view list, std::uint64_t number);

/// Databases count with a sign.
std::int64_t signed_limit(std::size_t limit);

/// A record with its number in the order of insertion.
template <class Record>
struct Numbered {
    std::uint64_t number = 0;
    Record record;
};

/// `found` begins a list and has one record more than the page where there is a next one.
template <class Record>
Page<Record> page_of(std::string_view list, std::size_t limit, std::vector<Numbered<Record>> found) {
    Page<Record> page;
    for (auto& [number, record] : found) {
        if (page.items.size() == limit) {
            page.next_cursor = cursor_after(list, found[limit - 1].number);
            break;
        }
        page.items.push_back(std::move(record));
    }
    return page;
}

/// The record, or `not_found`.
template <class Record>
Result<Record> found_or(std::string_view what, Result<std::optional<Record>> found) {
    if (!found) return std::move(found).error();
    if (!*found) return not_found(what);
    return **std::move(found);
}

}  // namespace railbook::store
