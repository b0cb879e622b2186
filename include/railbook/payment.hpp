#pragma once
/// The port to a payment provider.

#include <cstdint>
#include <string>
#include <string_view>

#include <railbook/money.hpp>
#include <railbook/result.hpp>
#include <railbook/time.hpp>

namespace railbook {

/// What the provider knows of the request with a key.
enum class ProviderAnswer : std::uint8_t {
    unknown,   ///< It never received the request.
    pending,   ///< Ask again later.
    done,      ///< The money was taken (or given back).
    declined,  ///< It will not be.
};

/// A provider answers by webhook or query, never in the return of a call: a call that returns success was received,
/// one that fails may have been. Repeating a call with its key has no second effect. Implementations are thread-safe.
class PaymentGateway {
public:
    virtual ~PaymentGateway() = default;

    /// The prefix of its methods, such as `sandbox` of `sandbox:success`.
    virtual std::string_view name() const = 0;
    /// Whether it knows the method, before anything is recorded. Errors: invalid_argument.
    virtual Status check_method(std::string_view method) const = 0;
    /// Takes the money. Errors: unavailable.
    virtual Status capture(std::string_view key, const Money& amount, std::string_view method) = 0;
    /// Takes back a request that was perhaps never received: from then on no money is taken under its key, and `query`
    /// says declined; or done, where it was taken before. Errors: unavailable.
    virtual Status cancel(std::string_view key) = 0;
    /// Returns money that was captured under `captured_key`. Errors: unavailable; not_found.
    virtual Status refund(std::string_view key, std::string_view captured_key, const Money& amount) = 0;
    /// Errors: unavailable.
    virtual Result<ProviderAnswer> query(std::string_view key) = 0;
};

/// A request that arrived at the sandbox.
struct SandboxEntry {
    Timestamp at{};
    std::string key;
    std::string operation;          ///< `capture`, `cancel` or `refund`.
    Money amount;                   ///< Of a cancellation 0 XXX, the ISO 4217 code for "no currency".
    std::string outcome;            ///< `done` or `declined`.
    std::string captured_key = {};  ///< Of a refund: which capture it gives back; else empty.
    bool operator==(const SandboxEntry&) const = default;
};

}  // namespace railbook
