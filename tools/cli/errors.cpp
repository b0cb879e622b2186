#include "errors.hpp"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "output.hpp"

namespace railbook::cli {
namespace {

/// The status that HTTP gives an error of this code: it is a member of problem+json.
int http_status(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_argument: return 400;
        case ErrorCode::unauthenticated: return 401;
        case ErrorCode::forbidden: return 403;
        case ErrorCode::not_found: return 404;
        case ErrorCode::sold_out:
        case ErrorCode::seat_taken:
        case ErrorCode::hold_expired:
        case ErrorCode::hold_lost:
        case ErrorCode::conflict:
        case ErrorCode::price_gone:
        case ErrorCode::in_progress: return 409;
        case ErrorCode::key_reused:
        case ErrorCode::quote_expired:
        case ErrorCode::not_refundable:
        case ErrorCode::bad_data: return 422;
        case ErrorCode::payment_declined: return 402;
        case ErrorCode::too_large: return 413;
        case ErrorCode::unsupported: return 415;
        case ErrorCode::too_many_requests: return 429;
        case ErrorCode::unavailable: return 503;
        case ErrorCode::damaged:
        case ErrorCode::internal: return 500;
        case ErrorCode::storage_full: return 507;
    }
    return 500;  // a code that a newer library added
}

/// Where to look for what was not found.
std::string_view where_to_look(std::string_view operation) {
    const std::string_view noun = operation.substr(0, operation.find('.'));
    if (noun == "station" || noun == "journey") return "railbook station find TEXT";
    if (noun == "run" || operation == "hold.create") return "railbook run list --date DATE";
    if (noun == "quote") return "railbook journey find FROM TO --depart TIME";
    if (noun == "hold" || operation == "booking.create") return "railbook hold list";
    if (noun == "booking" || noun == "payment" || noun == "ticket") return "railbook booking list";
    if (noun == "feed") return "railbook feed list";
    if (noun == "layouts") return "railbook layout list";
    if (noun == "tariff") return "railbook tariff list";
    return {};
}

/// Edits that turn one word into the other; two neighbouring letters that changed places are one edit.
std::size_t edit_distance(std::string_view from, std::string_view to) {
    std::vector<std::vector<std::size_t>> cost(from.size() + 1, std::vector<std::size_t>(to.size() + 1));
    for (std::size_t i = 0; i <= from.size(); ++i) cost[i][0] = i;
    for (std::size_t j = 0; j <= to.size(); ++j) cost[0][j] = j;
    for (std::size_t i = 1; i <= from.size(); ++i) {
        for (std::size_t j = 1; j <= to.size(); ++j) {
            const std::size_t change = from[i - 1] == to[j - 1] ? 0 : 1;
            cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
            if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    }
    return cost.back().back();
}

}  // namespace

int exit_code(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_argument:
        case ErrorCode::too_large:
        case ErrorCode::unsupported: return kUsage;
        case ErrorCode::not_found: return 3;
        case ErrorCode::unauthenticated:
        case ErrorCode::forbidden: return 4;
        case ErrorCode::sold_out:
        case ErrorCode::seat_taken:
        case ErrorCode::hold_expired:
        case ErrorCode::hold_lost:
        case ErrorCode::conflict:
        case ErrorCode::price_gone:
        case ErrorCode::key_reused:
        case ErrorCode::quote_expired:
        case ErrorCode::not_refundable:
        case ErrorCode::payment_declined: return 5;
        case ErrorCode::in_progress:
        case ErrorCode::too_many_requests:
        case ErrorCode::unavailable: return 6;
        case ErrorCode::bad_data:
        case ErrorCode::damaged:
        case ErrorCode::storage_full:
        case ErrorCode::internal: return kFailed;
    }
    return kFailed;  // a code that a newer library added
}

std::string hint_for(ErrorCode code, std::string_view operation, std::string_view key) {
    // Whether a retryable command was done is not known: only its own key makes a second try harmless.
    if (is_retryable(code) && !key.empty()) return fmt::format("run it again with --idempotency-key {}", key);
    if (is_retryable(code)) return "run it again";
    switch (code) {
        case ErrorCode::not_found: return std::string{where_to_look(operation)};
        case ErrorCode::forbidden: return "leave out --as USER to act as the operator";
        case ErrorCode::sold_out:
        case ErrorCode::seat_taken: return "railbook run seats RUN --from FROM --to TO";
        case ErrorCode::hold_expired:
        case ErrorCode::hold_lost: return "hold seats again: railbook hold create RUN --from FROM --to TO";
        case ErrorCode::quote_expired:
        case ErrorCode::price_gone: return "ask for a new price: railbook quote create JOURNEY --passengers adult";
        case ErrorCode::payment_declined: return "railbook booking pay REFERENCE --method METHOD";
        case ErrorCode::key_reused: return "choose another --idempotency-key, or leave it out";
        case ErrorCode::damaged: return "railbook store verify";
        case ErrorCode::storage_full: return "free some space, then run it again";
        default: return {};  // the other codes say enough in their reason
    }
}

std::string error_text(const Error& error, bool color) {
    std::string text = fmt::format("{}error:{} {}\n", color ? "\x1b[1;31m" : "", color ? "\x1b[0m" : "",
                                   title(error.code));
    if (!error.detail.empty()) text += fmt::format("  reason: {}\n", printable(error.detail));
    // A single mistake is often the whole reason already.
    const bool said = error.mistakes.size() == 1 && error.detail.ends_with(error.mistakes.front().detail) &&
                      error.detail.starts_with(error.mistakes.front().pointer);
    for (const auto& mistake : error.mistakes) {
        if (said) break;
        text += mistake.pointer.empty()
                    ? fmt::format("    - {}\n", printable(mistake.detail))
                    : fmt::format("    - {}: {}\n", printable(mistake.pointer), printable(mistake.detail));
    }
    if (!error.hint.empty()) text += fmt::format("  hint: {}\n", printable(error.hint));
    return text;
}

std::string problem_json(const Error& error) {
    boost::json::object problem{
        {"type", fmt::format("urn:railbook:error:{}", to_string(error.code))},
        {"title", title(error.code)},
        {"status", http_status(error.code)},
        {"code", to_string(error.code)},
        {"detail", well_formed(error.detail)},
        {"retryable", is_retryable(error.code)},
    };
    boost::json::array errors;
    for (const auto& mistake : error.mistakes)
        errors.push_back({{"pointer", well_formed(mistake.pointer)}, {"detail", well_formed(mistake.detail)}});
    problem["errors"] = std::move(errors);
    if (!error.hint.empty()) problem["hint"] = well_formed(error.hint);
    return boost::json::serialize(problem) + '\n';
}

std::vector<std::string> similar_words(std::string_view word, const std::vector<std::string>& words) {
    // A third of the letters may differ: more makes any two short words alike.
    const std::size_t most = std::max<std::size_t>(1, word.size() / 3);
    std::vector<std::pair<std::size_t, std::string>> close;
    for (const auto& candidate : words) {
        const std::size_t distance = edit_distance(word, candidate);
        if (distance <= most) close.emplace_back(distance, candidate);
    }
    std::ranges::sort(close);
    std::vector<std::string> best;
    for (auto& [distance, candidate] : close) best.push_back(std::move(candidate));
    return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& words) {
    const auto similar = similar_words(word, words);
    return similar.empty() ? std::string{} : fmt::format("did you mean '{}'?", similar.front());
}

}  // namespace railbook::cli
