#pragma once
/// Quote tokens: a quote as text that only its signer can have written. Pure: value in, value out.
///
/// A token is base64url(payload) "." base64url(signature). The payload is a JSON object that holds everything of the
/// quote and the id of the key; the signature (Ed25519) is over the payload's bytes.

#include <optional>
#include <string>
#include <string_view>

#include <railbook/pricing.hpp>

#include "base/crypto.hpp"

namespace railbook::pricing {

/// Longer texts are not looked at. A token for nine passengers on two legs has less than 4 KiB; the rest is for feeds
/// with long ids.
inline constexpr std::size_t kMaxToken = std::size_t{32} * 1024;

/// `quote.token` plays no part.
std::string make_token(const Quote& quote, const base::SigningKey& key);

/// The quote that `make_token` was given, with its token. At expires_at it has expired; without a time it is read
/// nevertheless.
/// Errors: invalid_argument (not a token, or not signed by this key); quote_expired.
Result<Quote> read_token(std::string_view token, const base::SigningKey& key, std::optional<Timestamp> now);

}  // namespace railbook::pricing
