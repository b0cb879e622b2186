#include "base/command.hpp"

#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/crypto.hpp"

namespace railbook::base {
namespace {

constexpr std::size_t kMaxKey = 255;

}  // namespace

Canonical& Canonical::add(std::string_view field) {
    append({}, static_cast<std::int64_t>(field.size()), ':');
    text_ += field;
    return *this;
}

Canonical& Canonical::add(std::int64_t number) {
    append("#", number, ';');
    return *this;
}

void Canonical::append(std::string_view before, std::int64_t number, char after) {
    if (text_.empty()) text_.reserve(kUsualSize);
    text_ += before;
    std::array<char, 21> text;  // as many digits as the least number has, with its sign, and a mark
    auto* const end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
    *end = after;
    text_.append(text.data(), end + 1);
}

std::string Canonical::fingerprint() const { return sha256_hex(text_); }

Command make_command(const Principal& principal, std::string_view operation, const CommandKey& key,
                     const Canonical& request, Timestamp now, Duration keep_answer) {
    return {.owner = principal.owner(),
            .operation = std::string{operation},
            .key = key,
            // Without a key nothing is repeated, so nothing is compared.
            .fingerprint = key.text.empty() ? std::string{} : request.fingerprint(),
            .now = now,
            .keep_answer = keep_answer};
}

Status check_key(const CommandKey& key) {
    if (key.text.empty()) return Error{ErrorCode::invalid_argument, "the command needs an idempotency key"};
    if (key.text.size() > kMaxKey)
        return Error{ErrorCode::invalid_argument, fmt::format("an idempotency key has at most {} bytes", kMaxKey)};
    return {};
}

Result<HoldClaim> make_claim(const Principal& principal, const HoldId& id, std::optional<std::uint64_t> fence) {
    const bool staff = principal.may(Scope::operate);
    if (!fence && !staff)
        return Error{ErrorCode::invalid_argument, "the hold's fence is missing",
                     "pass the fence that the hold came with"};
    return HoldClaim{.id = id, .owner = principal.owner(), .fence = fence, .any_owner = staff};
}

bool may_see(const Principal& principal, std::string_view owner) {
    return principal.may(Scope::operate) || principal.owner() == owner;
}

}  // namespace railbook::base
