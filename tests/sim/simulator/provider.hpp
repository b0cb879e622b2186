#pragma once
/// A payment provider that lives outside of our processes: it keeps its own books, which are the truth about money.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include <railbook/payment.hpp>

#include "sim/simulator/ports.hpp"

namespace railbook::sim {

/// The methods say what it does with the money: `sim:good`, `sim:bad`, and `sim:lost`, whose requests get lost for a
/// while. With slow faults it decides some later.
class Provider final : public PaymentGateway {
public:
    Provider(Ports& ports, const Plan& plan) : ports_{ports}, plan_{plan}, random_{plan.seed ^ 0x9A7U} {}

    std::string_view name() const override { return "sim"; }
    Status check_method(std::string_view method) const override;
    Status capture(std::string_view key, const Money& amount, std::string_view method) override;
    Status cancel(std::string_view key) override;
    Status refund(std::string_view key, std::string_view captured_key, const Money& amount) override;
    Result<ProviderAnswer> query(std::string_view key) override;

    struct Entry {
        enum class Kind : std::uint8_t { capture, refund, cancel } kind = Kind::capture;
        Money amount;
        std::string captured_key;
        bool good = false;
        Duration decides_at{};
        int requests = 0;
    };
    const std::map<std::string, Entry, std::less<>>& books() const { return books_; }
    /// Requests that named a key again with another amount or purpose.
    int contradictions() const { return contradictions_; }

private:
    Status do_capture(std::string_view key, const Money& amount, std::string_view method);
    Status do_refund(std::string_view key, std::string_view captured_key, const Money& amount);
    Duration decision_time();

    Ports& ports_;
    const Plan& plan_;
    Random random_;
    std::map<std::string, Entry, std::less<>> books_;
    int contradictions_ = 0;
};

}  // namespace railbook::sim
