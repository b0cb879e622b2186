#include "store/model.hpp"

#include <algorithm>
#include <sstream>

namespace railbook::test {
namespace {

constexpr Duration kTtl = std::chrono::minutes{15};
constexpr Duration kMax = std::chrono::minutes{30};
constexpr Duration kPaymentTtl = std::chrono::minutes{10};

/// What stores may tell differently is left aside.
template <class T>
const T& pinned(const T& record) {
    return record;
}

std::size_t choose(int number, std::size_t count) { return static_cast<std::size_t>(number) % count; }

}  // namespace

// --- The model -----------------------------------------------------------------------------------------------------

bool Model::is_live(const Entry& hold, Timestamp now) const {
    if (hold.status == HoldStatus::sold) return true;
    return (hold.status == HoldStatus::held || hold.status == HoldStatus::paying) && now < hold.deadline;
}

bool Model::is_free(const std::set<Cell>& cells, const Entry* mine, Timestamp now) const {
    for (const auto& cell : cells) {
        for (const auto& other : holds_) {
            if (&other != mine && is_live(other, now) && other.cells.contains(cell)) return false;
        }
    }
    return true;
}

Model::Outcome Model::check_open(const Entry& hold, Timestamp now) const {
    if (hold.status == HoldStatus::released) return ErrorCode::hold_lost;
    if (hold.status == HoldStatus::sold) return ErrorCode::conflict;
    if (!is_live(hold, now)) return ErrorCode::hold_expired;
    if (hold.booked) return ErrorCode::conflict;
    return std::nullopt;
}

Model::Outcome Model::place(const std::set<Cell>& cells, Timestamp now, Duration ttl, Duration max) {
    if (!is_free(cells, nullptr, now)) return ErrorCode::seat_taken;
    Entry hold;
    hold.cells = cells;
    hold.deadline = now + ttl;
    hold.latest_end = now + max;
    holds_.push_back(hold);
    return std::nullopt;
}

Model::Outcome Model::extend(std::size_t hold, Timestamp now, Timestamp until) {
    auto& entry = holds_.at(hold);
    if (const auto refused = check_open(entry, now)) return refused;
    entry.deadline = std::max(entry.deadline, std::min(until, entry.latest_end));
    return std::nullopt;
}

Model::Outcome Model::release(std::size_t hold, Timestamp now) {
    auto& entry = holds_.at(hold);
    if (entry.status == HoldStatus::released) return std::nullopt;
    if (const auto refused = check_open(entry, now)) return refused;
    entry.status = HoldStatus::released;
    return std::nullopt;
}

Model::Outcome Model::book(std::size_t hold, Timestamp now, Duration ttl) {
    auto& entry = holds_.at(hold);
    if (const auto refused = check_open(entry, now)) return refused;
    entry.booked = true;
    entry.deadline = std::min(now + ttl, entry.latest_end);
    return std::nullopt;
}

Model::Outcome Model::pay(std::size_t hold, Timestamp now) {
    auto& entry = holds_.at(hold);
    if (entry.status == HoldStatus::sold || entry.status == HoldStatus::released) return ErrorCode::conflict;
    if (entry.pending) return ErrorCode::in_progress;
    if (!is_live(entry, now)) return ErrorCode::hold_expired;
    entry.status = HoldStatus::paying;
    entry.pending = true;
    return std::nullopt;
}

Model::Outcome Model::cancel(std::size_t hold, Timestamp now) {
    auto& entry = holds_.at(hold);
    if (entry.status == HoldStatus::released) return std::nullopt;
    if (!is_live(entry, now) || entry.status == HoldStatus::sold) return ErrorCode::conflict;
    if (entry.pending) return ErrorCode::in_progress;
    entry.status = HoldStatus::released;
    return std::nullopt;
}

void Model::settle(std::size_t hold, Timestamp now, bool captured) {
    auto& entry = holds_.at(hold);
    if (!entry.pending) return;
    entry.pending = false;
    if (captured && (is_live(entry, now) || is_free(entry.cells, &entry, now))) {
        entry.status = HoldStatus::sold;
    } else {
        entry.goes_back = captured;
        entry.status = !captured && is_live(entry, now) ? HoldStatus::held : HoldStatus::expired;
    }
}

std::set<Cell> Model::live_cells(Timestamp now) const {
    std::set<Cell> cells;
    for (const auto& hold : holds_) {
        if (is_live(hold, now)) cells.insert(hold.cells.begin(), hold.cells.end());
    }
    return cells;
}

// --- The world -----------------------------------------------------------------------------------------------------

World::World(std::uint64_t seed, StoreKind kind)
    : environment_{seed},
      kind_{kind},
      memory_{open(StoreKind::memory, folder_, environment_)},
      other_{open(kind_, folder_, environment_)} {}

template <class T>
bool World::same(const char* step, const Result<T>& memory, const Result<T>& other, Model::Outcome expected) {
    std::ostringstream told;
    const auto tell = [&](const char* who, const Result<T>& answer) {
        told << ' ' << who << ' ';
        if (answer) told << "did it;";
        else told << answer.error() << ';';
    };
    const bool agree =
        memory.has_value() == other.has_value() &&
        (memory ? pinned(*memory) == pinned(*other)
                : memory.error().code == other.error().code && memory.error().detail == other.error().detail);
    const bool as_expected = memory.has_value() == !expected && (memory || memory.error().code == *expected);
    if (agree && as_expected) return true;
    told << step << ':';
    tell("memory", memory);
    tell(to_string(kind_).c_str(), other);
    told << " the model " << (expected ? to_string(*expected) : "did it");
    difference_ = told.str();
    return false;
}

bool World::same_cells() {
    const auto expected = model_.live_cells(environment_.now());
    for (auto* store : {memory_.get(), other_.get()}) {
        const auto answer = store->inventory().occupancy({runs_[0].id, runs_[1].id}, environment_.now());
        std::set<Cell> found;
        for (std::size_t run = 0; answer && run < answer->size(); ++run) {
            const auto& taken = (*answer)[run].taken;
            for (std::uint32_t seat = 0; seat < taken.seats; ++seat) {
                for (std::uint16_t segment = 0; segment < taken.segments; ++segment) {
                    if (taken.any(seat, {segment, static_cast<std::uint16_t>(segment + 1)}))
                        found.emplace(run, seat, segment);
                }
            }
        }
        if (found != expected) {
            std::ostringstream told;
            told << store->info().kind << " has other cells than the model:";
            const auto tell = [&](const std::set<Cell>& cells, const std::set<Cell>& others, const char* what) {
                for (const auto& cell : cells) {
                    const auto [run, seat, segment] = cell;
                    if (!others.contains(cell)) told << ' ' << what << ' ' << run << '/' << seat << '/' << segment;
                }
            };
            tell(found, expected, "more");
            tell(expected, found, "less");
            difference_ = told.str();
            return false;
        }
    }
    return true;
}

bool World::place(int a, int b, int c) {
    // One seat or two of one coach on one run, sometimes a seat of the other one too.
    std::vector<Wish> wishes;
    std::set<Cell> cells;
    const auto add = [&](std::size_t run, std::vector<std::uint32_t> seats, int where) {
        const auto segments = runs_[run].segment_count();
        const auto from = static_cast<std::uint16_t>(choose(where, segments));
        const auto to = static_cast<std::uint16_t>(from + 1 + choose(where / 7, segments - from));
        for (const auto seat : seats) {
            for (int segment = from; segment < to; ++segment) cells.emplace(run, seat, segment);
        }
        wishes.push_back({&runs_[run], std::move(seats), {from, to}});
    };
    const auto run = choose(a, 2);
    const auto seat = static_cast<std::uint32_t>(choose(b, 4));
    if (b / 4 % 2 == 0) add(run, {seat}, c);
    else add(run, {seat, seat ^ 1U}, c);  // of one coach, so of one class
    if (a / 2 % 3 == 0) add(1 - run, {static_cast<std::uint32_t>(choose(c, 4))}, b);
    std::vector<railbook::Run> runs;
    for (const auto& wish : wishes) runs.push_back(*wish.run);

    const auto command = make_.command("hold.create");
    const auto wanted = make_.hold(wishes, "user:anna", kTtl, kMax);
    const auto memory = memory_->inventory().place_hold(command, wanted, runs, 0);
    const auto other = other_->inventory().place_hold(command, wanted, runs, 0);
    if (!same("place", memory, other, model_.place(cells, environment_.now(), kTtl, kMax))) return false;
    if (memory) {
        placed_.push_back({Maker::claim(*memory), *memory, {}, {}});
        last_ = Asked{command, wanted, runs, *memory};
    }
    return true;
}

bool World::settle(std::size_t hold, bool captured) {
    auto& placed = placed_[hold];
    const auto settlement = make_.settlement(*placed.payment, *placed.booking, captured);
    const auto memory = memory_->bookings().settle_payment(settlement, environment_.now());
    const auto other = other_->bookings().settle_payment(settlement, environment_.now());
    model_.settle(hold, environment_.now(), captured);
    if (!same("settle", memory, other, std::nullopt)) return false;
    if (!memory->refund_due) return true;
    if (!model_.at(hold).goes_back) {
        difference_ = "money goes back that the model keeps";
        return false;
    }
    const auto postings = Maker::refund_postings(*memory);
    return same("refund", memory_->bookings().settle_refund(memory->id, postings, environment_.now()),
                other_->bookings().settle_refund(memory->id, postings, environment_.now()), std::nullopt);
}

bool World::move(const Move& move) {
    const auto [kind, a, b, c] = move;
    const Timestamp now = environment_.now();
    const auto step = [&]() -> bool {
        if (kind < 6 || placed_.empty()) return place(a, b, c);
        const auto hold = choose(a, placed_.size());
        auto& placed = placed_[hold];
        switch (kind) {
            case 6: {
                const Timestamp until = now + std::chrono::minutes{b};
                const auto command = make_.command("hold.extend");
                return same("extend", memory_->inventory().extend_hold(command, placed.claim, until),
                            other_->inventory().extend_hold(command, placed.claim, until),
                            model_.extend(hold, now, until));
            }
            case 7: {
                const auto command = make_.command("hold.release");
                return same("release", memory_->inventory().release_hold(command, placed.claim),
                            other_->inventory().release_hold(command, placed.claim), model_.release(hold, now));
            }
            case 8:
            case 9: {
                const auto command = make_.command("booking.create");
                const auto wanted = make_.booking(placed.hold, kPaymentTtl);
                const auto memory = memory_->bookings().create_booking(command, placed.claim, wanted);
                const auto other = other_->bookings().create_booking(command, placed.claim, wanted);
                if (!same("book", memory, other, model_.book(hold, now, kPaymentTtl))) return false;
                if (memory) placed.booking = *memory;
                return true;
            }
            case 10:
            case 11: {
                if (!placed.booking) return true;
                const auto command = make_.command("booking.pay");
                const auto wanted = make_.payment(*memory_->bookings().find_booking(placed.booking->id));
                const auto memory = memory_->bookings().begin_payment(command, wanted);
                const auto other = other_->bookings().begin_payment(command, wanted);
                if (!same("pay", memory, other, model_.pay(hold, now))) return false;
                if (memory) placed.payment = *memory;
                return true;
            }
            case 12:
            case 13: return !placed.payment || settle(hold, b % 4 != 0);
            case 14: {
                const auto limit = static_cast<std::size_t>(b % 5);
                return same("expire", memory_->bookings().expire(now, limit), other_->bookings().expire(now, limit),
                            std::nullopt);
            }
            case 15: {
                const Duration lease = std::chrono::seconds{b};
                return same("claim", memory_->bookings().claim_due_payments(now, lease, 2),
                            other_->bookings().claim_due_payments(now, lease, 2), std::nullopt);
            }
            case 16: {
                if (!last_) return true;
                return same("repeat", memory_->inventory().place_hold(last_->command, last_->wanted, last_->runs, 0),
                            other_->inventory().place_hold(last_->command, last_->wanted, last_->runs, 0),
                            std::nullopt);
            }
            case 17: {
                other_.reset();
                other_ = open(kind_, folder_, environment_);
                return other_ != nullptr;
            }
            case 20:
            case 21: {
                if (!placed.booking) return true;
                const auto command = make_.command("booking.cancel");
                return same("cancel", memory_->bookings().cancel_booking(command, placed.booking->id),
                            other_->bookings().cancel_booking(command, placed.booking->id), model_.cancel(hold, now));
            }
            default: {
                static constexpr std::array<std::int64_t, 5> kJumps{1, 60'000, 299'999, 600'000, 900'000};
                environment_.advance(Duration{kJumps[choose(b, kJumps.size())]});
                return true;
            }
        }
    };
    return step() && same_cells();
}

bool World::ends_equal() {
    const auto memory = records_of(*memory_);
    const auto other = records_of(*other_);
    if (!(memory == other)) {
        difference_ = "the stores end with different records:";
        const auto tell = [&](const char* what, bool is_same) {
            if (!is_same) difference_ += std::string{" "} + what;
        };
        tell("counters", memory.counters == other.counters);
        tell("runs", memory.runs.size() == other.runs.size());
        tell("holds", memory.holds == other.holds);
        tell("allocations", memory.allocations == other.allocations);
        tell("bookings", memory.bookings == other.bookings);
        tell("payments", memory.payments == other.payments);
        tell("tickets", memory.tickets == other.tickets);
        tell("ledger", memory.ledger == other.ledger);
        tell("audit", memory.audit == other.audit);
        tell("answers", memory.answers == other.answers);
    }
    const auto broken = broken_laws(other);
    if (!broken.empty()) difference_ = broken.front();
    return memory == other && broken.empty();
}

}  // namespace railbook::test
