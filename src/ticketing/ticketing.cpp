#include <railbook/ticketing.hpp>

#include "base/command.hpp"

namespace railbook {

Ticketing::Ticketing(Store& store) : store_{store} {}

Result<Ticket> Ticketing::find(const Principal& principal, const TicketId& id) {
    auto ticket = store_.bookings().find_ticket(id);
    if (!ticket) return ticket;
    const auto booking = store_.bookings().find_booking(ticket->booking);
    if (!booking) return booking.error();
    if (!base::may_see(principal, booking->owner))
        return Error{ErrorCode::not_found, "there is no such ticket",
                     "'railbook booking show' names a booking's tickets"};
    return ticket;
}

}  // namespace railbook
