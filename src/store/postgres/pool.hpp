#pragma once
/// A bounded number of connections, for any number of threads.

#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include <railbook/environment.hpp>

#include "store/postgres/connection.hpp"

namespace railbook::store::postgres {

/// Thread-safe. It must outlive its leases.
class Pool {
public:
    Pool(Address address, std::size_t size, Environment& environment)
        : address_{std::move(address)}, size_{size}, environment_{environment} {}

    /// A connection that nobody else uses until the lease goes.
    class Lease {
    public:
        Lease(Pool& pool, std::unique_ptr<Connection> connection) : pool_{&pool}, connection_{std::move(connection)} {}
        Lease(Lease&& other) noexcept = default;
        Lease& operator=(Lease&& other) = delete;
        ~Lease() {
            if (connection_) pool_->give_back(std::move(connection_));
        }
        Connection& operator*() const { return *connection_; }
        Connection* operator->() const { return connection_.get(); }

    private:
        Pool* pool_;
        std::unique_ptr<Connection> connection_;
    };
    /// Waits, through the environment, while all are in use. Errors: those of Connection::open.
    Result<Lease> acquire();

    const Address& address() const { return address_; }

private:
    /// Who waits is handed a connection, or the right to open one.
    struct Turn {
        std::unique_ptr<Waiter> waiter;
        std::unique_ptr<Connection> connection;
    };
    Result<Lease> open();
    void give_back(std::unique_ptr<Connection> connection);
    void hand_on(std::unique_ptr<Connection> connection);

    Address address_;
    std::size_t size_;
    Environment& environment_;
    std::mutex mutex_;                               // guards all that follows
    std::vector<std::unique_ptr<Connection>> idle_;  // the one used last is taken first
    std::size_t open_ = 0;                           // idle, lent or being opened
    std::deque<Turn*> waiting_;
};

}  // namespace railbook::store::postgres
