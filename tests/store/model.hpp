#pragma once
/// A model of a store that is too simple to be wrong: it knows holds by their single cells and asks every hold about
/// every cell. Random moves are made at it and at real stores alike.

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "store/fixture.hpp"

namespace railbook::test {

/// One random step: what to do, and three numbers that choose with what.
using Move = std::tuple<int, int, int, int>;

using Cell = std::tuple<std::size_t, std::uint32_t, int>;  // run, seat, segment

class Model {
public:
    struct Entry {
        std::set<Cell> cells;
        HoldStatus status = HoldStatus::held;
        Timestamp deadline;
        Timestamp latest_end;
        bool booked = false;
        bool pending = false;    // a payment is
        bool goes_back = false;  // its money was captured, and the seats were gone
    };

    /// Each returns the error that is due, or nothing.
    using Outcome = std::optional<ErrorCode>;
    Outcome place(const std::set<Cell>& cells, Timestamp now, Duration ttl, Duration max);
    Outcome extend(std::size_t hold, Timestamp now, Timestamp until);
    Outcome release(std::size_t hold, Timestamp now);
    Outcome book(std::size_t hold, Timestamp now, Duration ttl);
    Outcome pay(std::size_t hold, Timestamp now);
    Outcome cancel(std::size_t hold, Timestamp now);
    void settle(std::size_t hold, Timestamp now, bool captured);

    std::set<Cell> live_cells(Timestamp now) const;
    const Entry& at(std::size_t hold) const { return holds_.at(hold); }

private:
    bool is_live(const Entry& hold, Timestamp now) const;
    Outcome check_open(const Entry& hold, Timestamp now) const;
    bool is_free(const std::set<Cell>& cells, const Entry* mine, Timestamp now) const;

    std::vector<Entry> holds_;
};

/// Both stores and the model, moved together. What differs is told by `difference`.
class World {
public:
    /// A store in memory, and one of another kind.
    explicit World(std::uint64_t seed, StoreKind kind = StoreKind::sqlite);

    /// Makes a move everywhere. Whether all gave the same answer and agree on every cell.
    bool move(const Move& move);
    /// Whether both stores hold the same records, and these keep the laws.
    bool ends_equal();
    const std::string& difference() const { return difference_; }

private:
    template <class T>
    bool same(const char* step, const Result<T>& memory, const Result<T>& other, Model::Outcome expected);
    bool same_cells();
    bool place(int a, int b, int c);
    bool settle(std::size_t hold, bool captured);

    TestEnvironment environment_;
    StoreKind kind_;
    Maker make_{environment_};
    TemporaryFolder folder_;
    std::array<railbook::Run, 2> runs_{a_run("one", 4, 4), a_run("two", 3, 4)};
    std::unique_ptr<Store> memory_;
    std::unique_ptr<Store> other_;
    Model model_;
    struct Placed {
        HoldClaim claim;
        Hold hold;
        std::optional<Booking> booking;
        std::optional<Payment> payment;
    };
    std::vector<Placed> placed_;
    struct Asked {
        Command command;
        Hold wanted;
        std::vector<railbook::Run> runs;
        Hold answer;
    };
    std::optional<Asked> last_;  // the last hold that was placed, to be asked for again
    std::string difference_;
};

}  // namespace railbook::test
