#include "store/postgres/pool.hpp"

namespace railbook::store::postgres {

Result<Pool::Lease> Pool::acquire() {
    Turn turn;
    {
        const std::lock_guard lock{mutex_};
        if (!idle_.empty()) {
            Lease lease{*this, std::move(idle_.back())};
            idle_.pop_back();
            return lease;
        }
        if (open_ < size_) {
            ++open_;
        } else {
            turn.waiter = environment_.make_waiter();
            waiting_.push_back(&turn);
        }
    }
    if (turn.waiter) turn.waiter->wait();
    if (turn.connection) return Lease{*this, std::move(turn.connection)};
    return open();
}

Result<Pool::Lease> Pool::open() {
    auto opened = Connection::open(address_, environment_);
    if (opened) return Lease{*this, *std::move(opened)};
    hand_on(nullptr);
    return std::move(opened).error();
}

void Pool::give_back(std::unique_ptr<Connection> connection) {
    if (connection->is_lost()) {
        // The others were lost with it, most likely: a restart of the server ends them all.
        std::vector<std::unique_ptr<Connection>> stale;
        {
            const std::lock_guard lock{mutex_};
            stale.swap(idle_);
            open_ -= stale.size();
        }
        connection.reset();
    }
    hand_on(std::move(connection));
}

void Pool::hand_on(std::unique_ptr<Connection> connection) {
    Turn* next = nullptr;
    {
        const std::lock_guard lock{mutex_};
        if (!waiting_.empty()) {
            next = waiting_.front();
            waiting_.pop_front();
            next->connection = std::move(connection);
        } else if (connection) {
            idle_.push_back(std::move(connection));
        } else {
            --open_;
        }
    }
    if (next) next->waiter->let_go_on();
}

}  // namespace railbook::store::postgres
