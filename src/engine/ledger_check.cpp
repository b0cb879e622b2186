#include "engine/ledger_check.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

namespace railbook::engine {
namespace {

constexpr std::string_view kCaptured = "captured";
constexpr std::string_view kSuspense = "suspense";
constexpr std::string_view kTicketed = "ticketed";
constexpr std::string_view kRefunded = "refunded";
constexpr std::string_view kFees = "fees";
constexpr std::array kAccounts{kCaptured, kSuspense, kTicketed, kRefunded, kFees};

bool was_captured(PaymentStatus status) {
    return status == PaymentStatus::captured || status == PaymentStatus::part_refunded ||
           status == PaymentStatus::refunded;
}

}  // namespace

void LedgerCheck::on(const Booking& booking) {
    auto& book = books_[booking.id];
    book.is_known = true;
    for (const auto& part : booking.parts) {
        const bool is_live = part.status == PartStatus::confirmed || part.status == PartStatus::fulfilled;
        book.owed[{std::string{kTicketed}, part.price.currency}] -= is_live ? part.price.amount : 0;
    }
    book.owed[{std::string{kRefunded}, booking.refunded.currency}] -= booking.refunded.amount;
}

void LedgerCheck::on(const Payment& payment) {
    ++payments_;
    auto& book = books_[payment.booking];
    if (payment.refund_due) book.is_at_rest = false;
    if (was_captured(payment.status))
        book.owed[{std::string{kCaptured}, payment.amount.currency}] += payment.amount.amount;
}

void LedgerCheck::on(const LedgerEntry& entry) {
    ++entries_;
    auto& book = books_[entry.booking];
    if (entry.seq != ++book.entries && book.gap_at == 0) book.gap_at = entry.seq;
    const auto& amount = entry.posting.amount;
    book.accounts[{entry.posting.account, amount.currency}] += amount.amount;
    book.transactions[{entry.transaction, amount.currency}] += amount.amount;
}

void LedgerCheck::judge(const BookingId& id, const Book& book, VerifyReport& report) const {
    const auto violated = [&](std::string_view law, std::string detail) {
        report.violations.push_back({std::string{law}, "booking:" + to_string(id), std::move(detail)});
    };
    if (!book.is_known) return violated("the ledger is of bookings", "its booking is not kept");
    if (book.gap_at != 0) violated("the ledger has no gap", fmt::format("at entry {}", book.gap_at));
    for (const auto& [transaction, sum] : book.transactions) {
        if (sum != 0) {
            violated("a transaction sums to zero",
                     fmt::format("{} leaves {} {}", transaction.first, sum, transaction.second));
        }
    }
    for (const auto& [account, sum] : book.accounts) {
        if (std::ranges::find(kAccounts, account.first) == kAccounts.end())
            violated("the ledger has its accounts only", fmt::format("it names '{}'", account.first));
        // While a refund is due, what it is about is in suspense.
        if (account.first == kSuspense && sum != 0 && book.is_at_rest)
            violated("suspense is zero at rest", fmt::format("it is {} {}", sum, account.second));
    }
    auto owed = book.owed;
    for (const auto& [account, sum] : book.accounts) owed[account] -= sum;
    for (const auto& [account, difference] : owed) {
        const bool is_told = account.first == kCaptured || account.first == kTicketed || account.first == kRefunded;
        if (!is_told || difference == 0) continue;
        const auto found = book.accounts.find(account);
        const auto has = found == book.accounts.end() ? 0 : found->second;
        violated("the ledger holds every payment", fmt::format("{} is {} and should be {} {}", account.first, has,
                                                               has + difference, account.second));
    }
}

VerifyReport LedgerCheck::report() const {
    VerifyReport report;
    for (const auto& [id, book] : books_) judge(id, book, report);
    report.checked = {{"ledger entries", entries_}, {"payments", payments_}};
    return report;
}

Result<VerifyReport> check_ledger(Store& store) {
    LedgerCheck check;
    if (const auto read = store.read_all(check); !read) return read.error();
    return check.report();
}

}  // namespace railbook::engine
