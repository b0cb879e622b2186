#pragma once
/// Law 5 on a store's ledger: every transaction sums to zero, and every payment is where it belongs.

#include <map>
#include <string>
#include <utility>

#include <railbook/engine.hpp>

namespace railbook::engine {

/// Is handed bookings, payments and ledger entries, in the order in which a store reads them out, and then asked.
class LedgerCheck final : public RecordReader {
public:
    using RecordReader::on;
    void on(const Booking& booking) override;
    void on(const Payment& payment) override;
    void on(const LedgerEntry& entry) override;

    VerifyReport report() const;

private:
    using Sums = std::map<std::pair<std::string, std::string>, std::int64_t>;  // by account, or transaction; currency
    struct Book {
        bool is_known = false;    // the booking was read
        bool is_at_rest = true;   // no refund is due
        std::uint64_t entries = 0;
        std::uint64_t gap_at = 0;  // the first entry that is not numbered as it should be
        Sums accounts;
        Sums transactions;
        Sums owed;  // what the accounts should have, by the booking and its payments
    };

    void judge(const BookingId& id, const Book& book, VerifyReport& report) const;

    std::map<BookingId, Book> books_;
    std::size_t entries_ = 0;
    std::size_t payments_ = 0;
};

/// Errors: those of the store.
Result<VerifyReport> check_ledger(Store& store);

}  // namespace railbook::engine
