#include "caller.hpp"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <railbook/operations.hpp>

#include "errors.hpp"
#include "output.hpp"

namespace railbook::cli {
namespace {

namespace json = boost::json;

bool takes_key(std::string_view operation) {
    const auto all = operation_table();
    const auto found = std::ranges::find(all, operation, &OperationInfo::name);
    return found != all.end() && found->key != IdempotencyKey::none;
}

}  // namespace

Caller::Caller(Engine& engine, Environment& environment, Principal principal, std::string key)
    : engine_{engine}, environment_{environment}, principal_{std::move(principal)}, key_{std::move(key)} {}

Result<Answer> Caller::call(std::string_view operation, const json::object& body) {
    return call_with_text(operation, json::serialize(body));
}

Result<Answer> Caller::call_with_text(std::string_view operation, const std::string& body) {
    std::string key;
    if (takes_key(operation)) key = key_.empty() ? CommandKey::make(environment_).text : key_;
    auto text = railbook::call(engine_, principal_, operation, body, key);
    if (!text) {
        Error error = std::move(text).error();
        if (error.hint.empty()) error.hint = hint_for(error.code, operation, key);
        return error;
    }
    Answer answer{*std::move(text), nullptr};
    if (answer.text.empty()) return answer;
    boost::system::error_code failure;
    answer.value = json::parse(answer.text, failure);
    if (failure) {
        return Error{ErrorCode::internal, fmt::format("the answer of {} is not JSON: {}", operation,
                                                      failure.message())};
    }
    return answer;
}

Result<json::array> Caller::call_for_all(std::string_view operation, json::object body) {
    json::array items;
    while (true) {
        auto page = call(operation, body);
        if (!page) return std::move(page).error();
        for (const auto& item : array_at(page->value, "/items")) items.push_back(item);
        const std::string next = text_at(page->value, "/next_cursor");
        if (next.empty()) return items;
        body["cursor"] = next;
    }
}

}  // namespace railbook::cli
