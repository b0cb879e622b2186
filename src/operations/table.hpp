#pragma once
/// The rows of the table of operations. A row's function decodes its body, calls the engine and encodes the answer; it
/// decides nothing.

#include <span>
#include <string>
#include <vector>

#include <boost/json/value.hpp>

#include <railbook/operations.hpp>

#include "base/json.hpp"

namespace railbook::operations {

/// What a row's function works with. `body` collects what is wrong with the input: after reading, and before calling
/// the engine, it is looked at with `refusal`.
struct Request {
    Engine& engine;
    const Principal& principal;
    base::ObjectReader& body;
    CommandKey key;

    /// The error for all that is wrong with the body, unknown members among it; nothing where it is right.
    std::optional<Error> refusal() {
        body.finish();
        if (body.mistakes().empty()) return std::nullopt;
        return base::error_of(ErrorCode::invalid_argument, body.mistakes());
    }
    /// `limit` and `cursor`.
    PageRequest page();
};

/// An empty answer is null.
using Handler = Result<boost::json::value> (*)(Request&);

struct Operation {
    OperationInfo info;
    Handler run;
};

std::span<const Operation> timetable_operations();
std::span<const Operation> sales_operations();
std::span<const Operation> inventory_operations();
std::span<const Operation> store_operations();

/// A whole list as the one page it is.
boost::json::value list_of(boost::json::value items);

}  // namespace railbook::operations
