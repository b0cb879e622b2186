/// How runs come to the front and go, and how their journals become the record's.

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/steady.hpp"
#include "store/redis/front.hpp"
#include "store/rules.hpp"

namespace railbook::store::redis {
namespace {

using std::chrono::milliseconds;

/// Whoever takes a run and stops in the middle keeps others from it for so long.
constexpr std::string_view kLeaseTime = "10000";
constexpr Duration kPatience = std::chrono::seconds{20};
/// After a run's last arrival, Redis may forget it: nobody holds seats of it then, and late money is the record's.
constexpr Duration kAfterService = std::chrono::days{2};
constexpr std::string_view kForgottenAtOnce = "16";
/// It lists all that the run has.
constexpr milliseconds kBetweenSweeps{30'000};
constexpr milliseconds kBetweenSmallSweeps{1'000};
constexpr std::size_t kMostSwept = 10'000;
constexpr int kMaxRounds = 5;
constexpr std::size_t kShortJournal = 16;

std::int64_t steady() { return base::steady_time().count(); }

Timestamp end_of(const Run& run) {
    const auto& last = run.calls.back();
    return last.arrives.value_or(last.departs.value_or(Timestamp::max() - kAfterService)) + kAfterService;
}

}  // namespace

Result<Front::Lease> Front::take(const Epoch& epoch, RunKeys run, bool alone) {
    Lease lease{.run = std::move(run), .token = base::hex(base::random_text(environment_, 8)), .journal = {}};
    const auto number = std::to_string(epoch.number);
    const auto patience = steady() + kPatience.count();
    for (int pause = 1;; pause = std::min(pause * 2, 20)) {
        const auto now_time = time_text(Timestamp{Duration{latest_.load()}});
        const std::array<std::string_view, 5> arguments{number, lease.token, kLeaseTime, alone ? "1" : "0", now_time};
        auto reply = this->run(lease_script(), lease.run.keys, arguments);
        if (!reply) return std::move(reply).error();
        if (reply->at(0) == "ok") {
            lease.is_fresh = reply->at(1) == "none";
            lease.was_open = reply->at(2) == "open";
            lease.version = static_cast<std::uint64_t>(reply->number(4));
            lease.journal = std::move(reply->items.at(3).items);
            lease.told = reply->number(5);
            return lease;
        }
        if (reply->at(0) != "busy") {
            if (reply->at(0) == "stale" && !renew(0)) go_away();
            return Error{ErrorCode::unavailable, "an epoch has ended", "try again"};
        }
        if (steady() > patience) return Error{ErrorCode::unavailable, "a run is busy for too long", "try again"};
        environment_.pause(Duration{pause});
    }
}

Status Front::drain(const Epoch& epoch, Lease& lease) {
    const auto number = std::to_string(epoch.number);
    const auto now_time = time_text(Timestamp{Duration{latest_.load()}});
    // Of all rounds only the last one sweeps.
    const auto sweep = sweep_of(lease.run.name);
    for (;;) {
        std::string known;
        std::string released;
        if (const auto told = tell_record(epoch, lease, known, released); !told) return told;
        std::string kinds;
        for (const auto& entry : lease.journal) kinds += entry.text.front();
        const auto before = std::to_string(lease.told);
        const std::array<std::string_view, 9> arguments{
            number, lease.token, kinds, kLeaseTime, now_time, sweep, known, released, before};
        auto reply = run(trim_script(), lease.run.keys, arguments);
        if (!reply) return std::move(reply).error();
        if (reply->at(0) != "ok") return Error{ErrorCode::unavailable, "a run was taken by somebody else", "try again"};
        lease.journal = std::move(reply->items.at(1).items);
        lease.holds = reply->number(2);
        lease.told = reply->number(3);
        if (reply->number(4) == 1) note_sweep(lease.run.name);
        if (lease.journal.empty()) return {};
    }
}

Status Front::tell_record(const Epoch& epoch, Lease& lease, std::string& known, std::string& released) {
    std::vector<FrontStep> steps;
    for (const auto& entry : lease.journal) {
        auto step = decode_step(entry.text, epoch.number);
        if (!step) return std::move(step).error();
        steps.push_back(*std::move(step));
    }
    if (steps.empty()) return {};
    const auto done = record_.take_over(steps);
    if (!done) {
        static_cast<void>(is_over(epoch));
        return done.error();
    }
    for (std::size_t i = 0; i < done->size(); ++i) {
        const bool is_placed = steps[i].kind == FrontStep::Kind::place;
        const auto& id = is_placed ? steps[i].hold.id : steps[i].claim.id;
        if (!(*done)[i]) {
            lease.is_wrong = true;
            environment_.log(LogLevel::warning, fmt::format("the record refuses what Redis did with hold {}: {}",
                                                            to_string(id), (*done)[i].error().detail));
        } else if (is_placed) {
            known += bytes_of(id);
        } else if (steps[i].kind == FrontStep::Kind::release) {
            released += bytes_of(id);
        }
    }
    return {};
}

std::string_view Front::sweep_of(const std::string& name) const {
    const auto moment = steady();
    const std::lock_guard lock{mutex_};
    const auto last = swept_.find(name);
    if (last == swept_.end() || moment >= last->second + kBetweenSweeps.count()) return "2";
    return moment >= last->second + kBetweenSmallSweeps.count() ? "1" : "0";
}

void Front::note_sweep(const std::string& name) {
    const auto moment = steady();
    const std::lock_guard lock{mutex_};
    if (swept_.size() >= kMostSwept) swept_.clear();
    swept_[name] = moment;
}

void Front::leave(const Epoch& epoch, const Lease& lease, After after) {
    // The next one who takes it sees to the rest of the journal, and to what the record has.
    if (lease.is_wrong && after == After::as_it_was) after = After::closed;
    const auto number = std::to_string(epoch.number);
    const std::array<std::string_view, 3> arguments{number, lease.token,
                                                    after == After::forgotten ? "2"
                                                    : after == After::closed  ? "1"
                                                                              : "0"};
    const auto reply = run(leave_script(), lease.run.keys, arguments);
    if (reply && reply->at(0) == "busy" && after != After::as_it_was) close_again(epoch, lease);
}

void Front::close_again(const Epoch& epoch, const Lease& lease) {
    auto again = take(epoch, lease.run, true);
    if (!again) return;
    // What others placed since the lease ended is told first; without that the run stays as it is, for the next one.
    if (drain(epoch, *again)) leave(epoch, *again, After::closed);
}

Status Front::install(const Epoch& epoch, const Lease& lease, const RunInRecord& found, const std::string& digest) {
    std::map<std::uint32_t, std::string> seats;
    for (const auto& allocation : found.allocations)
        seats[allocation.seat] += cell_bytes(allocation.span, allocation.until, allocation.state, allocation.hold);
    std::string last = "0";
    if (is_cluster()) {
        // Fences that are granted from now on are larger than those that the record has placed holds with.
        const auto counter = key(epoch, "fence", {});
        const auto drawn = ask(counter, {"GET", counter});
        if (!drawn) return drawn.error();
        if (drawn->kind != Reply::Kind::text) {
            lost(epoch);
            return Error{ErrorCode::unavailable, "an epoch has ended", "try again"};
        }
        last = drawn->text;
    }
    std::vector<std::string> words{std::to_string(epoch.number), lease.token, std::to_string(found.version),
                                   time_text(found.time),        digest,      last,
                                   std::to_string(found.run.consist->seat_count()),
                                   std::to_string(seats.size())};
    for (auto& [seat, value] : seats) {
        words.push_back(std::to_string(seat));
        words.push_back(std::move(value));
    }
    // Those of several runs stay the record's, as those that are booked.
    const auto is_for_redis = [&](const Hold& hold) {
        return !hold.booking && hold.status == HoldStatus::held &&
               std::ranges::all_of(hold.items, [&](const HoldItem& item) { return item.run == found.run.id; });
    };
    for (const auto& hold : found.holds) {
        if (!is_for_redis(hold)) continue;
        words.push_back(bytes_of(hold.id));
        words.push_back(encode_record(hold));
    }
    const auto all_runs = key(epoch, "runs", {});
    if (const auto told = ask(all_runs, {"ZADD", all_runs, time_text(end_of(found.run)), lease.run.name}); !told)
        return told.error();
    const std::vector<std::string_view> arguments{words.begin(), words.end()};
    const auto reply = run(install_script(), lease.run.keys, arguments);
    if (!reply) return reply.error();
    if (reply->at(0) != "ok") return Error{ErrorCode::unavailable, "a run was taken by somebody else", "try again"};
    for (const auto& hold : found.holds) {
        tell_of(hold);
        if (!is_for_redis(hold)) continue;
        const auto name = key(epoch, "hold", to_string(hold.id));
        static_cast<void>(ask(name, {"SET", name, lease.run.name, "PX", kDayText}));
        const auto dirty = key(epoch, "dirty", {});
        static_cast<void>(ask(dirty, {"SADD", dirty, lease.run.name}));
    }
    return {};
}

Result<Front::Hands> Front::take_all(std::vector<std::string> names) {
    std::ranges::sort(names);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    std::optional<Error> failed;
    for (int round = 0; round < kMaxRounds; ++round) {
        Hands hands{.epoch = epoch(), .leases = {}};
        if (!hands.epoch) return hands;
        failed.reset();
        for (const auto& name : names) {
            auto lease = take(*hands.epoch, keys_of(*hands.epoch, name), true);
            if (lease && lease->journal.size() > kShortJournal) {
                // Not while everybody waits.
                leave(*hands.epoch, *lease, After::as_it_was);
                if (const auto done = settle_run(name); !done) lease = done.error();
                else lease = take(*hands.epoch, keys_of(*hands.epoch, name), true);
            }
            if (!lease) {
                failed = lease.error();
                break;
            }
            const auto drained = drain(*hands.epoch, *lease);
            hands.leases.push_back(*std::move(lease));
            if (!drained) {
                failed = drained.error();
                break;
            }
        }
        if (!failed) return hands;
        give_back(hands, After::as_it_was);
        if (!is_away_ && current() == hands.epoch) return *failed;
    }
    return *failed;
}

void Front::give_back(const Hands& hands, After after) {
    // Of a run that was not there nothing stays behind: that would hide that it has been lost.
    for (const auto& lease : hands.leases) leave(*hands.epoch, lease, lease.is_fresh ? After::forgotten : after);
}

void Front::hand_over(const Hands& hands, const HoldId& id) {
    if (hands.leases.empty()) return;
    const auto hold = record_.inventory().find_hold(id);
    // Where the record cannot be asked, nobody knows what it did.
    if (!hold) return give_back(hands, hold.error().code == ErrorCode::not_found ? After::as_it_was : After::closed);
    const auto number = std::to_string(hands.epoch->number);
    const auto bytes = bytes_of(id);
    for (const auto& lease : hands.leases) {
        const auto run_id = std::ranges::find_if(
            hold->items, [&](const HoldItem& item) { return keys_of(*hands.epoch, item.run).name == lease.run.name; });
        const auto changes = lease.was_open && !lease.is_wrong && run_id != hold->items.end()
                                 ? record_.inventory().changes_after(run_id->run, lease.version)
                                 : Result<SeatChanges>{Error{}};
        if (!changes) {
            leave(*hands.epoch, lease, lease.is_fresh ? After::forgotten : After::closed);
            continue;
        }
        std::map<std::uint32_t, std::string> seats;
        for (const auto& item : hold->items) {
            if (item.run != run_id->run) continue;
            for (const auto& seat : item.seats) {
                auto& spans = seats[seat.index];
                if (!allocates(*hold)) continue;
                const auto allocation = allocation_of(*hold, item, seat);
                spans += cell_bytes(allocation.span, allocation.until, allocation.state, id);
            }
        }
        const auto last = epoch_of(hold->fence) == hands.epoch->number ? number_of(hold->fence) : 0;
        std::vector<std::string> words{number, lease.token, std::to_string(changes->version), std::to_string(last),
                                       bytes};
        for (auto& [seat, value] : seats) {
            words.push_back(std::to_string(seat));
            words.push_back(std::move(value));
        }
        const std::vector<std::string_view> arguments{words.begin(), words.end()};
        const auto reply = this->run(hand_over_script(), lease.run.keys, arguments);
        if (reply && reply->at(0) == "busy") close_again(*hands.epoch, lease);
    }
}

Result<bool> Front::open_run(const Epoch& epoch, const RunId& run) {
    auto lease = take(epoch, keys_of(epoch, run), true);
    if (!lease) return std::move(lease).error();
    if (const auto drained = drain(epoch, *lease); !drained) {
        leave(epoch, *lease, After::as_it_was);
        return drained.error();
    }
    auto found = record_.bring_to_front(run, epoch.number);
    if (!found || !*found) {
        leave(epoch, *lease, After::closed);
        if (!found) return std::move(found).error();
        return false;
    }
    if (end_of((*found)->run) <= Timestamp{Duration{latest_.load()}}) {
        // Its service is over, and Redis was told to forget it. The record answers.
        leave(epoch, *lease, After::forgotten);
        return false;
    }
    if (lease->is_fresh && (*found)->was_in_front) {
        lost(epoch);
        return true;
    }
    const auto learnt = learn((*found)->run);
    if (const auto installed = install(epoch, *lease, **found, learnt->digest); !installed) {
        leave(epoch, *lease, After::closed);
        return installed.error();
    }
    return true;
}

Status Front::settle_run(const std::string& name, bool forgets) {
    for (int round = 0; round < kMaxRounds; ++round) {
        const auto now_epoch = epoch();
        if (!now_epoch) return {};
        auto lease = take(*now_epoch, keys_of(*now_epoch, name), forgets);
        if (!lease) {
            if (is_away_) return {};
            if (current() != now_epoch) continue;
            return lease.error();
        }
        const auto drained = drain(*now_epoch, *lease);
        leave(*now_epoch, *lease, drained && (forgets || lease->is_fresh) ? After::forgotten : After::as_it_was);
        if (!drained) {
            if (is_away_) return {};
            if (current() != now_epoch) continue;
            return drained;
        }
        if (forgets || lease->holds == 0) {
            const auto dirty = key(*now_epoch, "dirty", {});
            static_cast<void>(ask(dirty, {"SREM", dirty, name}));
            const auto left = ask(lease->run.keys[0], {"HGET", lease->run.keys[0], "q"});
            if (left && decode_state(left->text).is_behind) static_cast<void>(ask(dirty, {"SADD", dirty, name}));
        }
        return {};
    }
    return {};
}

Status Front::forget_past(const Epoch& epoch) {
    const auto all = key(epoch, "runs", {});
    const auto now_time = time_text(Timestamp{Duration{latest_.load()}});
    const auto past = ask(all, {"ZRANGEBYSCORE", all, "-inf", now_time, "LIMIT", "0", kForgottenAtOnce});
    if (!past) return is_away_ ? Status{} : past.error();
    for (const auto& name : past->items) {
        if (const auto done = settle_run(name.text, true); !done) return done;
        if (current().get() != &epoch) return {};
        static_cast<void>(ask(all, {"ZREM", all, name.text}));
    }
    return {};
}

Status Front::settle() {
    const auto now_epoch = epoch();
    if (!now_epoch) return {};
    const auto dirty = key(*now_epoch, "dirty", {});
    const auto names = ask(dirty, {"SMEMBERS", dirty});
    if (!names) return is_away_ ? Status{} : names.error();
    std::set<std::string> sorted;
    for (const auto& name : names->items) sorted.insert(name.text);
    for (const auto& name : sorted) {
        if (const auto done = settle_run(name); !done) return done;
    }
    return forget_past(*now_epoch);
}

}  // namespace railbook::store::redis
