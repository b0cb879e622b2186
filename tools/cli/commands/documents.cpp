#include "commands/documents.hpp"

#include <boost/json.hpp>

#include "commands/views.hpp"

namespace railbook::cli {

namespace json = boost::json;

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
