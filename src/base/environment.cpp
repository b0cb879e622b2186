#include <railbook/environment.hpp>

#include <openssl/rand.h>

#include "base/assert.hpp"

namespace railbook {
namespace {

class SystemEnvironment final : public Environment {
public:
    Timestamp now() override {
        return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
    void random_bytes(std::span<std::byte> out) override {
        // Without randomness every id could collide: there is nothing sensible to go on with.
        RAILBOOK_ASSERT(RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size())) == 1);
    }
    void log(LogLevel, std::string_view) override {}
};

}  // namespace

Environment& system_environment() {
    static SystemEnvironment environment;
    return environment;
}

}  // namespace railbook
