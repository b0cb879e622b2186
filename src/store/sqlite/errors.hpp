#pragma once
/// What SQLite's codes mean to a caller of Railbook.

#include <string_view>

#include <railbook/result.hpp>

namespace railbook::store::sqlite {

/// What the schema says when it refuses an allocation that overlaps another one.
inline constexpr std::string_view kOverlap = "the seat is allocated already";

/// `code` is SQLite's extended result code, `message` its text, which never reaches the caller.
Error error_of(int code, std::string_view message);

}  // namespace railbook::store::sqlite
