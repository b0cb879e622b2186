#pragma once
/// The table of operations: everything that Railbook does, by name, JSON in and JSON out. The CLI, and later the HTTP
/// routes and the C calls, are made from it.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <railbook/engine.hpp>
#include <railbook/ids.hpp>
#include <railbook/result.hpp>

namespace railbook {

enum class Method : std::uint8_t { get, post, put, patch, delete_ };
std::string_view to_string(Method method);

enum class IdempotencyKey : std::uint8_t {
    none,      ///< Not looked at: to repeat the operation does no harm.
    optional,  ///< With one, a repetition has the same answer.
    required,
};

/// One operation, as the table shows it.
struct OperationInfo {
    std::string_view name;     ///< `hold.create`.
    Method method = Method::get;
    std::string_view path;     ///< `/v1/holds/{id}`; its parameters are members of the body in `call`.
    Scope scope = Scope::read;
    IdempotencyKey key = IdempotencyKey::none;
    std::string_view summary;
};

/// All of them, by name.
std::span<const OperationInfo> operation_table();

/// Runs an operation. `body` is a JSON object; path and query parameters are members of it. The answer is the JSON
/// that HTTP returns, empty where HTTP answers 204. Thread-safe.
/// Errors: those of the operation; not_found (no such operation); forbidden (the principal lacks the scope);
/// invalid_argument, with a JSON Pointer for each mistake in the body, or where a required key is empty.
Result<std::string> call(Engine& engine, const Principal& principal, std::string_view operation, std::string_view body,
                         std::string_view idempotency_key = {});

/// The report of an import as JSON. An import reads a file, so it is no call: see Timetable::import_gtfs.
std::string import_report_json(const ImportReport& report);

}  // namespace railbook
