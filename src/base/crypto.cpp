#include "base/crypto.hpp"

#include <openssl/evp.h>

#include "base/assert.hpp"
#include "base/encoding.hpp"

namespace railbook::base {
namespace {

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

}  // namespace

std::string sha256(std::string_view bytes) {
    // Fetched once: OpenSSL looks the algorithm up by its name each time otherwise, which takes longer than the hash.
    static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    thread_local const Context context{EVP_MD_CTX_new()};
    std::string digest(32, '\0');
    unsigned int size = 0;
    RAILBOOK_ASSERT(EVP_DigestInit_ex(context.get(), algorithm, nullptr) == 1);
    RAILBOOK_ASSERT(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1);
    RAILBOOK_ASSERT(EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(digest.data()), &size) == 1);
    return digest;
}

std::string sha1_hex(std::string_view bytes) {
    std::string digest(20, '\0');
    unsigned int size = 0;
    const int done = EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                                EVP_sha1(), nullptr);
    RAILBOOK_ASSERT(done == 1 && size == digest.size());
    return hex(digest);
}

std::string sha256_hex(std::string_view bytes) { return hex(sha256(bytes)); }

Result<SigningKey> SigningKey::from_seed(std::string_view seed) {
    EVP_PKEY* raw = seed.size() == kSeedSize
                        ? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(seed), seed.size())
                        : nullptr;
    if (!raw) return Error{ErrorCode::damaged, "a stored signing key cannot be read"};
    SigningKey key;
    key.key_ = std::shared_ptr<void>{raw, [](void* p) { EVP_PKEY_free(static_cast<EVP_PKEY*>(p)); }};
    std::string public_key(32, '\0');
    std::size_t size = public_key.size();
    RAILBOOK_ASSERT(EVP_PKEY_get_raw_public_key(raw, reinterpret_cast<unsigned char*>(public_key.data()), &size) == 1);
    key.id_ = sha256_hex(public_key).substr(0, 16);
    return key;
}

std::string SigningKey::sign(std::string_view message) const {
    const Context context{EVP_MD_CTX_new()};
    std::string signature(kSignatureSize, '\0');
    std::size_t size = signature.size();
    RAILBOOK_ASSERT(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, static_cast<EVP_PKEY*>(key_.get())) ==
                    1);
    RAILBOOK_ASSERT(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                                   bytes_of(message), message.size()) == 1);
    return signature;
}

bool SigningKey::verify(std::string_view message, std::string_view signature) const {
    const Context context{EVP_MD_CTX_new()};
    RAILBOOK_ASSERT(
        EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, static_cast<EVP_PKEY*>(key_.get())) == 1);
    return signature.size() == kSignatureSize && EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(),
                                                                  bytes_of(message), message.size()) == 1;
}

std::string random_text(Environment& environment, std::size_t count) {
    std::string bytes(count, '\0');
    environment.random_bytes(std::as_writable_bytes(std::span{bytes.data(), bytes.size()}));
    return bytes;
}

}  // namespace railbook::base
