#include "base/crypto.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/encoding.hpp"
#include "support/environment.hpp"

namespace railbook::base {
namespace {

std::string from_hex(std::string_view text) {
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); i += 2)
        bytes += static_cast<char>(std::stoi(std::string{text.substr(i, 2)}, nullptr, 16));
    return bytes;
}

// FIPS 180-4, the examples of NIST.
TEST(Sha256Test, AgreesWithTheVectorsOfTheStandard) {
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(hex(sha256("abc")), sha256_hex("abc"));
}

struct Vector {
    std::string seed;
    std::string public_key;
    std::string message;
    std::string signature;
};
// RFC 8032, section 7.1: tests 1, 2 and 3.
const Vector kVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
     "655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
     "b00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
     "c027beceea1ec40a"},
};

TEST(SigningKeyTest, AgreesWithTheVectorsOfTheRfc) {
    for (const auto& vector : kVectors) {
        const auto key = SigningKey::from_seed(from_hex(vector.seed));
        ASSERT_TRUE(key);
        const auto message = from_hex(vector.message);
        EXPECT_EQ(hex(key->sign(message)), vector.signature);
        EXPECT_TRUE(key->verify(message, from_hex(vector.signature)));
        EXPECT_EQ(key->id(), sha256_hex(from_hex(vector.public_key)).substr(0, 16));
    }
}

TEST(SigningKeyTest, RefusesASeedOfAnotherSize) {
    for (const std::size_t size : {0U, 31U, 33U, 64U}) {
        const auto key = SigningKey::from_seed(std::string(size, 'x'));
        ASSERT_FALSE(key) << size;
        EXPECT_EQ(key.error().code, ErrorCode::damaged);
    }
}

TEST(SigningKeyTest, RefusesTheSignatureOfAnotherKeyOrMessage) {
    const auto key = SigningKey::from_seed(std::string(32, 'a'));
    const auto other = SigningKey::from_seed(std::string(32, 'b'));
    const auto signature = key->sign("message");
    EXPECT_TRUE(key->verify("message", signature));
    EXPECT_FALSE(other->verify("message", signature));
    EXPECT_FALSE(key->verify("messages", signature));
    EXPECT_FALSE(key->verify("", signature));
    EXPECT_NE(key->id(), other->id());
}

TEST(SigningKeyTest, RefusesASignatureOfAnotherSize) {
    const auto key = SigningKey::from_seed(std::string(32, 'a'));
    const auto signature = key->sign("message");
    EXPECT_FALSE(key->verify("message", ""));
    EXPECT_FALSE(key->verify("message", signature.substr(0, 63)));
    EXPECT_FALSE(key->verify("message", signature + '\0'));
}

TEST(SigningKeyTest, RefusesASignatureWithAnyBitTurned) {
    const auto key = SigningKey::from_seed(std::string(32, 'a'));
    const auto signature = key->sign("message");
    for (std::size_t bit = 0; bit < 8 * signature.size(); ++bit) {
        auto turned = signature;
        turned[bit / 8] = static_cast<char>(turned[bit / 8] ^ (1 << bit % 8));
        EXPECT_FALSE(key->verify("message", turned)) << bit;
    }
}

TEST(RandomTextTest, HasTheBytesOfTheEnvironment) {
    test::TestEnvironment one{3};
    test::TestEnvironment same{3};
    EXPECT_EQ(random_text(one, 0), "");
    const auto text = random_text(one, 40);
    EXPECT_EQ(text.size(), 40U);
    EXPECT_EQ(text, random_text(same, 40));
    EXPECT_NE(text, random_text(one, 40));
}

}  // namespace
}  // namespace railbook::base
