#pragma once
/// The sample timetable that comes with Railbook.

#include <string>

#include <railbook/result.hpp>

namespace railbook::cli {

/// Its file: beside the installed program, else where Railbook was built. Errors: not_found.
Result<std::string> find_sample_feed();

}  // namespace railbook::cli
