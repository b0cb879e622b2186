#pragma once
/// The version of the library, as `MAJOR.MINOR.PATCH` (semantic versioning). CMake reads it from here.

#define RAILBOOK_VERSION "0.1.0"

namespace railbook {
/// Of the library that is linked, which may differ from the header's.
const char* version();
}  // namespace railbook
