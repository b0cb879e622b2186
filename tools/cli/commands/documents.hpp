#pragma once
/// Layouts and tariffs are both documents: their nouns list and show them alike.

#include <string>
#include <string_view>

#include <railbook/result.hpp>

#include "context.hpp"

namespace railbook::cli {

/// A file of up to 16 MiB. Errors: not_found; too_large; forbidden.
Result<std::string> read_text(const std::string& file);
/// A JSON document as text. Errors: not_found; too_large; bad_data (not JSON).
Result<std::string> read_document(const std::string& file);

int list_documents(std::string_view operation, Context& context);
/// `parameter` is what the operation calls the document's name.
int show_document(std::string_view operation, std::string_view parameter, const std::string& name, Context& context);

}  // namespace railbook::cli
