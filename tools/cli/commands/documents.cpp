#include "commands/documents.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "commands/views.hpp"

namespace railbook::cli {

namespace json = boost::json;

Result<std::string> read_text(const std::string& file) {
    constexpr std::uintmax_t kMost = 16U << 20;  // far above the largest train
    std::error_code failure;
    if (!std::filesystem::is_regular_file(file, failure))
        return Error{ErrorCode::not_found, fmt::format("there is no file '{}'", file)};
    if (std::filesystem::file_size(file, failure) > kMost)
        return Error{ErrorCode::too_large, fmt::format("'{}' is larger than 16 MiB", file)};
    std::ifstream stream{file, std::ios::binary};
    std::string text{std::istreambuf_iterator<char>{stream}, {}};
    if (!stream) return Error{ErrorCode::forbidden, fmt::format("'{}' cannot be read", file)};
    return text;
}

Result<std::string> read_document(const std::string& file) {
    auto text = read_text(file);
    if (!text) return text;
    json::stream_parser parser;
    boost::system::error_code error;
    const std::size_t read = parser.write_some(*text, error);
    if (!error) parser.finish(error);
    const bool tail = !error && text->find_first_not_of(" \t\r\n", read) != std::string::npos;
    if (error || tail) {
        const auto line = 1 + std::count(text->begin(), text->begin() + static_cast<std::ptrdiff_t>(read), '\n');
        return Error{ErrorCode::bad_data, fmt::format("'{}' is not JSON: line {}: {}", file, line,
                                                      tail ? "something follows the document" : error.message())};
    }
    return text;
}

int list_documents(std::string_view operation, Context& context) {
    const auto documents = context.call_for_all(operation, {});
    if (!documents) return context.fail(documents.error());
    return context.print_list(document_columns(), *documents);
}

int show_document(std::string_view operation, std::string_view parameter, const std::string& name, Context& context) {
    const auto answer = context.call(operation, {{parameter, name}});
    if (!answer) return context.fail(answer.error());
    // A person reads the document as its author wrote it: as JSON.
    const auto* document = member(answer->value, "/document");
    return context.print_one(answer->text, answer->value, document_columns(),
                             document ? pretty_json(*document) : std::string{});
}

}  // namespace railbook::cli
