#include "store/pages.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "base/encoding.hpp"

namespace railbook::store {

Result<std::uint64_t> page_start(std::string_view list, const PageRequest& page) {
    if (page.limit < 1 || page.limit > kMaxPage)
        return Error{ErrorCode::invalid_argument, fmt::format("the limit of a list is from 1 to {}", kMaxPage)};
    // The largest number that every back end can compare with.
    if (page.cursor.empty()) return static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

    const Error refused{ErrorCode::invalid_argument, "the cursor is not one of this list",
                        "pass next_cursor of the page before, or nothing for the first page"};
    const auto text = base::from_base64url(page.cursor);
    if (!text || text->size() <= list.size() + 1 || !text->starts_with(list) || (*text)[list.size()] != '.')
        return refused;
    const std::string_view digits = std::string_view{*text}.substr(list.size() + 1);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size() || number < 1) return refused;
    return static_cast<std::uint64_t>(number);
}

std::string cursor_after(std::string_view list, std::uint64_t number) {
    return base::base64url(fmt::format("{}.{}", list, number));
}

std::int64_t signed_limit(std::size_t limit) {
    return static_cast<std::int64_t>(
        std::min<std::size_t>(limit, static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max())));
}

}  // namespace railbook::store
