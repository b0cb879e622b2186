#pragma once
/// Ticketing: what the inspector reads.

#include <railbook/ids.hpp>
#include <railbook/stores.hpp>

namespace railbook {

/// Thread-safe. The store must outlive this object.
class Ticketing {
public:
    explicit Ticketing(Store& store);

    /// Errors: not_found, also for another's.
    Result<Ticket> find(const Principal& principal, const TicketId& id);

private:
    Store& store_;
};

}  // namespace railbook
