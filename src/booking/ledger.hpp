#pragma once
/// The ledger's posting functions: the only places that decide what is booked to which account.
///
/// captured = ticketed + refunded + fees + suspense: `captured` is debited, the others are credited, so the postings
/// of a transaction sum to zero. Money that came in but is neither a ticket nor given back stands in `suspense`.

#include <railbook/stores.hpp>

namespace railbook::booking {

/// The provider took the money.
LedgerTransaction capture_of(const Money& amount);
/// The money became tickets.
LedgerTransaction ticketing_of(const Money& amount);
/// The provider gave the money back.
LedgerTransaction refund_of(const Money& amount);

}  // namespace railbook::booking
