#pragma once
/// What a check of live data found.

#include <string_view>

#include "context.hpp"

namespace railbook::cli {

/// Calls an operation that checks something, and prints its report. Returns the exit code.
int print_check(std::string_view operation, std::string_view all_is_well, Context& context);

}  // namespace railbook::cli
