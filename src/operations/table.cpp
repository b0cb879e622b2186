#include "operations/table.hpp"

#include <algorithm>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/encoding.hpp"
#include "operations/encode.hpp"

namespace railbook {
namespace operations {
namespace {

/// Every row, by name.
const std::vector<Operation>& rows() {
    static const std::vector<Operation> all = [] {
        std::vector<Operation> list;
        for (const auto part : {timetable_operations(), inventory_operations(), sales_operations(), store_operations()})
            list.insert(list.end(), part.begin(), part.end());
        std::ranges::sort(list, {}, [](const Operation& row) { return row.info.name; });
        return list;
    }();
    return all;
}

}  // namespace

PageRequest Request::page() {
    PageRequest page;
    page.limit = static_cast<std::size_t>(body.optional_integer("limit", 1, static_cast<std::int64_t>(kMaxPage))
                                              .value_or(static_cast<std::int64_t>(kMaxPage)));
    page.cursor = body.optional_text("cursor").value_or("");
    return page;
}

boost::json::value list_of(boost::json::value items) { return {{"items", std::move(items)}, {"next_cursor", nullptr}}; }

}  // namespace operations

std::string_view to_string(Method method) {
    switch (method) {
        case Method::get: return "GET";
        case Method::post: return "POST";
        case Method::put: return "PUT";
        case Method::patch: return "PATCH";
        case Method::delete_: return "DELETE";
    }
    RAILBOOK_ASSERT(false && "a method outside the list");
}

std::span<const OperationInfo> operation_table() {
    static const std::vector<OperationInfo> all = [] {
        std::vector<OperationInfo> list;
        for (const auto& row : operations::rows()) list.push_back(row.info);
        return list;
    }();
    return all;
}

Result<std::string> call(Engine& engine, const Principal& principal, std::string_view operation, std::string_view body,
                         std::string_view idempotency_key) {
    const auto& rows = operations::rows();
    const auto row = std::ranges::lower_bound(rows, operation, {}, [](const auto& r) { return r.info.name; });
    if (row == rows.end() || row->info.name != operation)
        return Error{ErrorCode::not_found, fmt::format("there is no operation '{}'", base::shortened(operation, 64))};
    if (!principal.may(row->info.scope)) {
        return Error{ErrorCode::forbidden,
                     fmt::format("{} needs the scope '{}'", row->info.name, to_string(row->info.scope))};
    }
    if (row->info.key == IdempotencyKey::required && idempotency_key.empty())
        return Error{ErrorCode::invalid_argument, fmt::format("{} needs an idempotency key", row->info.name)};

    std::vector<Mistake> mistakes;
    const auto json = base::parse_json(body.empty() ? "{}" : body, ErrorCode::invalid_argument, mistakes);
    if (!json) return json.error();
    base::ObjectReader reader{*json, "", mistakes};
    if (!mistakes.empty()) return base::error_of(ErrorCode::invalid_argument, std::move(mistakes));
    operations::Request request{engine, principal, reader, CommandKey{std::string{idempotency_key}}};
    const auto answer = row->run(request);
    if (!answer) return answer.error();
    return answer->is_null() ? std::string{} : boost::json::serialize(*answer);
}

std::string import_report_json(const ImportReport& report) {
    return boost::json::serialize(operations::encode(report));
}

}  // namespace railbook
