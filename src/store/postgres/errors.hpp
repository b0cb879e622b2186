#pragma once
/// What PostgreSQL's codes mean to a caller of Railbook.

#include <string_view>

#include <railbook/result.hpp>

namespace railbook::store::postgres {

/// `sqlstate` has five characters, or none where the server said nothing.
Error error_of(std::string_view sqlstate);
/// Whether the same transaction may go well when it is done again: another one came in between.
bool is_worth_repeating(std::string_view sqlstate);
/// Of a connection that was lost, or that nobody answers.
Error unreachable();
/// A row is not of the shape that the schema gives it.
Error damaged_row();

}  // namespace railbook::store::postgres
