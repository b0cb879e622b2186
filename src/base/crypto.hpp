#pragma once
/// Hashes and signatures, by OpenSSL.

#include <memory>
#include <string>
#include <string_view>

#include <railbook/environment.hpp>
#include <railbook/result.hpp>

namespace railbook::base {

/// 32 bytes.
std::string sha256(std::string_view bytes);
/// SHA-256 in hexadecimal.
std::string sha256_hex(std::string_view bytes);
/// SHA-1 in hexadecimal: it names things, and proves nothing.
std::string sha1_hex(std::string_view bytes);

/// An Ed25519 key (RFC 8032). Immutable, so thread-safe.
class SigningKey {
public:
    static constexpr std::size_t kSeedSize = 32;
    static constexpr std::size_t kSignatureSize = 64;
    /// `seed` has kSeedSize random bytes.
    static Result<SigningKey> from_seed(std::string_view seed);

    std::string sign(std::string_view message) const;
    bool verify(std::string_view message, std::string_view signature) const;
    /// The first 8 bytes of the SHA-256 of the public key, in hexadecimal: names the key in what it signed.
    const std::string& id() const { return id_; }

private:
    std::shared_ptr<void> key_;  // EVP_PKEY
    std::string id_;
};

/// `count` bytes that nobody can predict.
std::string random_text(Environment& environment, std::size_t count);

}  // namespace railbook::base
