#pragma once
/// The sandbox: a payment provider that is not one. It behaves like a real provider, which answers only when it is
/// asked, keeps what it did whatever happens to the caller, and fails in the ways that real ones do.
///
/// The method's name chooses what happens:
/// - `sandbox:success` takes the money;
/// - `sandbox:declined` does not;
/// - `sandbox:timeout_before`: every call fails with `unavailable` and never arrives, so nothing is taken;
/// - `sandbox:timeout_after`: the call fails with `unavailable`, but it arrived, and the money is taken.

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/environment.hpp>
#include <railbook/payment.hpp>

namespace railbook::booking {

/// Thread-safe. The environment must outlive this object. Its journal is the provider's memory, so it belongs to one
/// object at a time.
class SandboxGateway final : public PaymentGateway {
public:
    /// The journal has one a line, as JSON, and never changes a line.
    using JournalEntry = SandboxEntry;

    /// An empty path keeps the journal in memory. A last line that a crash tore is cut off.
    /// Errors: not_found (no such folder); forbidden; damaged (not a journal); storage_full; internal.
    static Result<std::unique_ptr<SandboxGateway>> open(const std::string& journal_path, Environment& environment);
    ~SandboxGateway() override;
    SandboxGateway(const SandboxGateway&) = delete;
    SandboxGateway& operator=(const SandboxGateway&) = delete;

    std::string_view name() const override { return "sandbox"; }
    Status check_method(std::string_view method) const override;
    /// Further errors: invalid_argument (method, key or amount); key_reused (the key named another request).
    Status capture(std::string_view key, const Money& amount, std::string_view method) override;
    Status cancel(std::string_view key) override;
    /// A refund of more than is left of the capture is declined. Further errors: as of capture.
    Status refund(std::string_view key, std::string_view captured_key, const Money& amount) override;
    Result<ProviderAnswer> query(std::string_view key) override;

    /// What arrived so far, in order.
    std::vector<JournalEntry> journal() const;

private:
    class File;

    SandboxGateway(Environment& environment, std::unique_ptr<File> file);
    Status load(std::string_view text);
    const JournalEntry* find(std::string_view key) const;
    Status record(JournalEntry entry);

    Environment& environment_;
    mutable std::mutex mutex_;
    std::unique_ptr<File> file_;  // null: in memory only
    std::vector<JournalEntry> entries_;
    std::map<std::string, std::size_t, std::less<>> by_key_;  // places in entries_
};

}  // namespace railbook::booking
