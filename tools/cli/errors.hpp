#pragma once
/// Errors as the user of a terminal or a script meets them: exit codes, messages, hints.

#include <string>
#include <string_view>
#include <vector>

#include <railbook/result.hpp>

namespace railbook::cli {

// Exit codes that no ErrorCode has.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kCheckFoundSomething = 7;
inline constexpr int kInterrupted = 130;

int exit_code(ErrorCode code);

/// What to try after an error of an operation; empty where nothing general can be said. `key` is the idempotency key
/// that the failed call carried, or empty.
std::string hint_for(ErrorCode code, std::string_view operation, std::string_view key);

/// `error: what`, `  reason: why`, `  hint: what to do next`, a line each.
std::string error_text(const Error& error, bool color);
/// The same as one problem+json object (RFC 9457).
std::string problem_json(const Error& error);

/// Those of `words` that look most like `word`, best first; none where nothing comes close.
std::vector<std::string> similar_words(std::string_view word, const std::vector<std::string>& words);
/// `did you mean 'find'?`, or an empty text.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& words);

}  // namespace railbook::cli
