#include "booking/ledger.hpp"

namespace railbook::booking {
namespace {

LedgerTransaction transfer(std::string name, const Money& amount, std::string debit, std::string credit) {
    Money negative = amount;
    negative.amount = -negative.amount;
    return {std::move(name), {{std::move(debit), amount}, {std::move(credit), negative}}};
}

}  // namespace

LedgerTransaction capture_of(const Money& amount) { return transfer("capture", amount, "captured", "suspense"); }
LedgerTransaction ticketing_of(const Money& amount) { return transfer("ticketing", amount, "suspense", "ticketed"); }
LedgerTransaction refund_of(const Money& amount) { return transfer("refund", amount, "suspense", "refunded"); }

}  // namespace railbook::booking
