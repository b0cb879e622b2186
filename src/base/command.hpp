#pragma once
/// What a command carries into its step, and whom a claim on a hold stands for.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <railbook/stores.hpp>

namespace railbook::base {

/// The fields of a request in one unmistakable text: each with its length, so that no two requests look alike.
class Canonical {
public:
    Canonical& add(std::string_view field);
    Canonical& add(std::int64_t number);
    std::string fingerprint() const;

private:
    static constexpr std::size_t kUsualSize = 256;
    void append(std::string_view before, std::int64_t number, char after);

    std::string text_;
};

Command make_command(const Principal& principal, std::string_view operation, const CommandKey& key,
                     const Canonical& request, Timestamp now, Duration keep_answer);

/// Errors: invalid_argument (the key is empty or longer than 255 bytes).
Status check_key(const CommandKey& key);

/// An operator may act for every owner and leave the fence out; everyone else names it.
Result<HoldClaim> make_claim(const Principal& principal, const HoldId& id, std::optional<std::uint64_t> fence);

/// Whether the principal may see what `owner` owns.
bool may_see(const Principal& principal, std::string_view owner);

}  // namespace railbook::base
