#include "store/redis/front.hpp"

#include <algorithm>
#include <chrono>
#include <set>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/steady.hpp"
#include "store/records/records.hpp"
#include "store/rules.hpp"

namespace railbook::store::redis {
namespace {

using std::chrono::milliseconds;

/// Whoever takes a run and stops in the middle keeps others from it for so long.
constexpr std::string_view kLeaseTime = "10000";
constexpr Duration kPatience = std::chrono::seconds{20};
constexpr milliseconds kBetweenLooks{1000};
constexpr Duration kDay = std::chrono::hours{25};  // longer than any hold that Redis decides about
constexpr std::string_view kDayText = "90000000";
/// A page is of one day.
constexpr Duration kPage = std::chrono::days{1};
constexpr Duration kLate = std::chrono::minutes{1};  // before it ends; processes may differ by less than that
/// As far back as holds may be, that Redis decides about, and one more.
constexpr Duration kBackToHolds = std::chrono::days{2};
constexpr unsigned kSlotsOfPages = 1024;
/// After a run's last arrival, Redis may forget it: nobody holds seats of it then, and late money is the record's.
constexpr Duration kAfterService = std::chrono::days{2};
constexpr std::string_view kForgottenAtOnce = "16";
constexpr milliseconds kBetweenSweeps{30'000};
constexpr std::size_t kMostSwept = 10'000;
constexpr int kMaxRounds = 5;
constexpr std::size_t kShortJournal = 16;

constexpr std::string_view kDigestMark = "sha256:";

std::int64_t steady() { return base::steady_time().count(); }

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : ",") + word;
    return text;
}

Epoch epoch_from(const SystemOfRecord::FrontState& state) {
    Epoch epoch{.number = state.epoch, .token = {}, .servers = {}, .answers_until = state.answers_until};
    const auto space = state.front.find(' ');
    epoch.token = state.front.substr(0, space);
    if (space == std::string::npos) return epoch;
    std::string_view rest = std::string_view{state.front}.substr(space + 1);
    while (!rest.empty()) {
        const auto comma = rest.find(',');
        epoch.servers.emplace_back(rest.substr(0, comma));
        rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    }
    return epoch;
}

Timestamp end_of(const Run& run) {
    const auto& last = run.calls.back();
    return last.arrives.value_or(last.departs.value_or(Timestamp::max() - kAfterService)) + kAfterService;
}

/// Longer than 64 bytes, so that Redis looks the fields of a run up, and does not search through them.
std::string digest_of(const Run& run) {
    return std::string{kDigestMark} + base::sha256_hex(records::encode_calls(run) + records::encode(*run.consist));
}

}  // namespace

Front::Front(Address address, SystemOfRecord& record, Environment& environment, bool clock_of_environment)
    : record_{record},
      environment_{environment},
      clock_of_environment_{clock_of_environment},
      client_{std::move(address), environment, [this](const ServerFacts& facts) { return admit(facts); }} {}

// --- Epochs --------------------------------------------------------------------------------------------------------

Status Front::admit(const ServerFacts& facts) {
    const auto now_epoch = current();
    if (facts.is_replica) return Error{ErrorCode::unavailable, "Redis is a replica at the moment", "try again"};
    if (now_epoch && std::ranges::find(now_epoch->servers, facts.run) != now_epoch->servers.end()) return {};
    // It was started anew, or another one took its place: what it holds may be old.
    return Error{ErrorCode::conflict, "another Redis answers"};
}

Status Front::start() {
    if (const auto begun = renew(0); !begun) return begun;
    return {};
}

std::shared_ptr<const Epoch> Front::current() const {
    const std::lock_guard lock{mutex_};
    return epoch_;
}

/// `lost_epoch`: the number of the epoch that is over because Redis has lost something, and one; 0 for none.
Status Front::renew(std::uint64_t lost_epoch) {
    const auto found = client_.look_around();
    if (!found) return found.error();
    const auto servers = joined(*found);
    const auto asked = steady();
    auto state = record_.front_state();
    if (!state) return state.error();
    bool begins = false;
    if (state->front.empty()) {
        // Of the database, too: where randomness repeats, as in tests, names do not.
        const auto token =
            base::sha256_hex(base::random_text(environment_, 16) + record_.info().location).substr(0, 16);
        state = record_.name_front(token + ' ' + servers);
        if (!state) return state.error();
        begins = true;
    }
    auto known = epoch_from(*state);
    if (joined(known.servers) != servers || lost_epoch == state->epoch + 1) {
        state = record_.begin_epoch(state->epoch, known.token + ' ' + servers);
        if (!state) return state.error();
        known = epoch_from(*state);
        begins = true;
    }
    offset_ = state->now.time_since_epoch().count() - (asked + steady()) / 2;
    not_before(state->now);
    {
        const std::lock_guard lock{mutex_};
        epoch_ = std::make_shared<const Epoch>(known);
        known_.clear();
    }
    last_epoch_ = known.number;
    is_away_ = false;
    look_again_ = steady() + kBetweenLooks.count();
    if (!begins) return {};
    const auto counter = key(known, "fence", {});
    const auto last = std::to_string(state->last_number);
    const std::array<std::string, 1> keys{counter};
    const std::array<std::string_view, 1> arguments{last};
    if (const auto begun = client_.run(begin_script(), keys, arguments); !begun) return begun.error();
    const auto holds = record_.open_holds(state->now);
    if (!holds) return holds.error();
    for (const auto& hold : *holds) tell_of(hold);
    return {};
}

Status Front::resume() {
    if (is_away_) return {};
    if (const auto done = renew(0); !done) return done;
    const auto state = record_.front_state();
    if (!state) return state.error();
    const std::array<std::string, 1> keys{key(*current(), "fence", {})};
    const auto last = std::to_string(state->last_number);
    const std::array<std::string_view, 1> arguments{last};
    const auto reply = run(begin_script(), keys, arguments);
    return reply ? Status{} : reply.error();
}

void Front::lost(const Epoch& epoch) {
    environment_.log(LogLevel::warning, "Redis has lost what it held: a new epoch begins");
    if (!renew(epoch.number + 1)) go_away();
}

void Front::go_away() {
    if (is_away_.exchange(true)) return;
    environment_.log(LogLevel::warning, "Redis is away: holds are placed in PostgreSQL");
    look_again_ = steady() + kBetweenLooks.count();
    // Fences that Redis gave and nobody has told the record of stay below those of the record.
    const auto now_epoch = current();
    if (!now_epoch) return;
    if (const auto state = record_.begin_epoch(now_epoch->number, now_epoch->token + ' ')) last_epoch_ = state->epoch;
}

std::shared_ptr<const Epoch> Front::epoch() {
    auto due = look_again_.load();
    const auto moment = steady();
    if (moment >= due && look_again_.compare_exchange_strong(due, moment + kBetweenLooks.count())) {
        if (is_away_) {
            if (renew(0)) environment_.log(LogLevel::info, "Redis is back");
        } else {
            const auto state = record_.front_state();
            const auto known = current();
            if (state) {
                offset_ = state->now.time_since_epoch().count() - (moment + steady()) / 2;
                if (state->epoch != known->number && !renew(0)) go_away();
            }
        }
    }
    return is_away_ ? nullptr : current();
}

std::uint64_t Front::last_epoch() {
    if (const auto now_epoch = epoch()) {
        const auto counter = key(*now_epoch, "fence", {});
        const auto there = ask(counter, {"EXISTS", counter});
        if (there && there->integer == 0) lost(*now_epoch);
    }
    return last_epoch_;
}

// --- Time ----------------------------------------------------------------------------------------------------------

void Front::not_before(Timestamp time) {
    const auto wanted = time.time_since_epoch().count();
    auto latest = latest_.load();
    while (latest < wanted && !latest_.compare_exchange_weak(latest, wanted)) {
    }
}

Result<Timestamp> Front::now() {
    if (clock_of_environment_) {
        const auto told = record_.now();
        if (told) not_before(*told);
        return told;
    }
    static_cast<void>(epoch());
    not_before(Timestamp{Duration{steady() + offset_}});
    return Timestamp{Duration{latest_.load()}};
}

// --- Asking --------------------------------------------------------------------------------------------------------

std::string Front::key(const Epoch& epoch, std::string_view kind, std::string_view of) const {
    return fmt::format("rb:{}:{}:{{{}}}", epoch.token, kind, of.empty() ? kind : of);
}

RunKeys Front::keys_of(const Epoch& epoch, std::string_view name) const {
    RunKeys run{.name = std::string{name}, .keys = {}};
    const auto base = fmt::format("rb:{}:run:{{{}}}:", epoch.token, name);
    constexpr std::array<std::string_view, 3> kParts{"run", "holds", "journal"};
    for (std::size_t i = 0; i < kParts.size(); ++i) run.keys[i] = base + std::string{kParts[i]};
    return run;
}

RunKeys Front::keys_of(const Epoch& epoch, const RunId& run) const {
    return keys_of(epoch, base::percent_encode(to_string(run), ":.@-_"));
}

Result<Reply> Front::run(const Script& script, std::span<const std::string> keys,
                         std::span<const std::string_view> arguments) {
    return checked(client_.run(script, keys, arguments));
}

Result<Reply> Front::checked(Result<Reply> reply) {
    if (reply) return reply;
    if (reply.error().code == ErrorCode::conflict) {
        // Other servers than those of the epoch: the caller begins anew, in the next one.
        if (renew(0)) {
            Reply stale{.kind = Reply::Kind::list, .integer = 0, .text = {}, .items = {}};
            stale.items.push_back({.kind = Reply::Kind::text, .integer = 0, .text = "renewed", .items = {}});
            return stale;
        }
    }
    go_away();
    return Error{ErrorCode::unavailable, reply.error().detail, "try again"};
}

Result<Reply> Front::join(const Joint& step) { return checked(client_.join(step)); }

Result<Reply> Front::ask(std::string_view key, std::initializer_list<std::string_view> words) {
    auto reply = client_.ask(key, words);
    if (reply) return reply;
    if (reply.error().code == ErrorCode::conflict && renew(0)) {
        reply = client_.ask(key, words);
        if (reply) return reply;
    }
    go_away();
    return Error{ErrorCode::unavailable, reply.error().detail, "try again"};
}

Result<Way> Front::react(const Epoch& epoch, const RunId& run, const Reply& reply) {
    const auto& said = reply.at(0);
    if (said == "renewed") return Way::again;
    if (said == "stale") {
        if (!renew(0)) go_away();
        return Way::again;
    }
    if (said == "lost") {
        lost(epoch);
        return Way::again;
    }
    if (said == "busy") {
        environment_.pause(Duration{1});
        return Way::again;
    }
    if (said == "none" || said == "old" || said == "closed") {
        const auto opened = open_run(epoch, run);
        if (!opened) return opened.error();
        return *opened ? Way::again : Way::record;
    }
    return Error{ErrorCode::internal, fmt::format("Redis says '{}'", said.substr(0, 32))};
}

// --- Runs that this process knows ----------------------------------------------------------------------------------

Front::KnownRun Front::known(const RunId& run) const {
    const std::lock_guard lock{mutex_};
    const auto found = known_.find(run);
    return found == known_.end() ? nullptr : found->second.run;
}

Front::KnownRun Front::confirmed(const RunId& run) const {
    const auto moment = steady();
    const std::lock_guard lock{mutex_};
    const auto found = known_.find(run);
    return found == known_.end() || found->second.until < moment ? nullptr : found->second.run;
}

void Front::confirm(const RunId& run, const KnownRun& known) {
    const auto until = steady() + kBetweenLooks.count();
    const std::lock_guard lock{mutex_};
    const auto found = known_.find(run);
    if (found != known_.end() && found->second.run == known) found->second.until = until;
}

Front::KnownRun Front::learn(const Run& run) {
    constexpr std::size_t kMostRuns = 4000;
    const auto now_epoch = current();
    auto digest = digest_of(run);
    auto guard = now_epoch ? std::to_string(now_epoch->number) + digest.substr(kDigestMark.size(), 32) : std::string{};
    auto keys = now_epoch ? keys_of(*now_epoch, run.id) : RunKeys{};
    Words wired;
    for (const auto& key : keys.keys) wired.add(key);
    auto fresh =
        std::make_shared<const Known>(run, std::move(digest), now_epoch ? now_epoch->number : 0, std::move(keys),
                                      std::move(guard), std::move(wired));
    const std::lock_guard lock{mutex_};
    if (known_.size() >= kMostRuns) known_.clear();
    auto& kept = known_[run.id];
    // Copies that were compared once are shared, so that comparing them again is cheap.
    if (!kept.run || kept.run->digest != fresh->digest || kept.run->epoch != fresh->epoch) kept = {std::move(fresh), 0};
    return kept.run;
}

void Front::forget(const RunId& run) {
    const std::lock_guard lock{mutex_};
    known_.erase(run);
}

// --- Coming and going ----------------------------------------------------------------------------------------------

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
    for (;;) {
        std::string known;
        std::string released;
        std::vector<FrontStep> steps;
        for (const auto& entry : lease.journal) {
            auto step = decode_step(entry.text, epoch.number);
            if (!step) return std::move(step).error();
            if (step->kind == FrontStep::Kind::place) known += bytes_of(step->hold.id);
            if (step->kind == FrontStep::Kind::release) released += bytes_of(step->claim.id);
            steps.push_back(*std::move(step));
        }
        if (!steps.empty()) {
            const auto done = record_.take_over(steps);
            if (!done) return done.error();
            for (std::size_t i = 0; i < done->size(); ++i) {
                if ((*done)[i]) continue;
                const auto& id = steps[i].kind == FrontStep::Kind::place ? steps[i].hold.id : steps[i].claim.id;
                environment_.log(LogLevel::warning, fmt::format("the record refuses what Redis did with hold {}: {}",
                                                                to_string(id), (*done)[i].error().detail));
            }
        }
        const auto count = std::to_string(lease.journal.size());
        const std::array<std::string_view, 8> arguments{
            number, lease.token, count, kLeaseTime, now_time, is_to_be_swept(lease.run.name) ? "1" : "0",
            known,  released};
        auto reply = run(trim_script(), lease.run.keys, arguments);
        if (!reply) return std::move(reply).error();
        if (reply->at(0) != "ok") return Error{ErrorCode::unavailable, "a run was taken by somebody else", "try again"};
        lease.journal = std::move(reply->items.at(1).items);
        lease.holds = reply->number(2);
        if (lease.journal.empty()) return {};
    }
}

bool Front::is_to_be_swept(const std::string& name) {
    const auto moment = steady();
    const std::lock_guard lock{mutex_};
    if (swept_.size() >= kMostSwept) swept_.clear();
    auto& last = swept_[name];
    if (last != 0 && moment < last + kBetweenSweeps.count()) return false;
    last = moment;
    return true;
}

void Front::leave(const Epoch& epoch, const Lease& lease, After after) {
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
    std::vector<std::string> words{std::to_string(epoch.number), lease.token, std::to_string(found.version),
                                   time_text(found.time),        digest,      std::to_string(seats.size())};
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
        const auto changes = lease.was_open && run_id != hold->items.end()
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
        std::vector<std::string> words{number, lease.token, std::to_string(changes->version), bytes};
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
            const auto left = ask(lease->run.keys[2], {"EXISTS", lease->run.keys[2]});
            if (left && left->integer == 1) static_cast<void>(ask(dirty, {"SADD", dirty, name}));
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

// --- Fences and owners ---------------------------------------------------------------------------------------------

std::vector<std::string> Front::pages(const Epoch& epoch, std::string_view owner, Timestamp now, Duration back) const {
    const auto of =
        is_cluster() ? fmt::format("owners-{}", Client::slot_of(owner) % kSlotsOfPages) : std::string{"all"};
    const auto name = key(epoch, "pages", of) + ':';
    const auto today = now.time_since_epoch() / kPage;
    std::vector<std::string> found{name + std::to_string((now.time_since_epoch() + kLate) / kPage)};
    for (auto day = today; day >= today - 1 - (back - Duration{1}) / kPage; --day)
        found.push_back(name + std::to_string(day));
    return found;
}

std::shared_ptr<const Shared> Front::shared_of_places(const std::shared_ptr<const Epoch>& epoch,
                                                      const Command& command) {
    const auto now_time = command.now;
    {
        const std::lock_guard lock{mutex_};
        if (epoch_of_shared_ == epoch && keep_of_shared_ == command.keep_answer && now_time >= shared_from_ &&
            now_time < shared_until_)
            return shared_;
    }
    Shared fresh;
    std::size_t page_count = 0;
    if (!is_cluster()) {
        fresh.keys.add(key(*epoch, "fence", {})).add(key(*epoch, "dirty", {}));
        const auto found = pages(*epoch, {}, now_time, command.keep_answer);
        for (const auto& page : found) fresh.keys.add(page);
        page_count = found.size();
    }
    fresh.arguments.add(std::to_string(epoch->number)).add(std::to_string(page_count));
    fresh.arguments.add(std::to_string(page_time(command.keep_answer).count()));
    auto made = std::make_shared<const Shared>(std::move(fresh));
    const std::lock_guard lock{mutex_};
    shared_ = made;
    epoch_of_shared_ = epoch;
    keep_of_shared_ = command.keep_answer;
    // The pages are the same ones for so long.
    shared_from_ = std::chrono::floor<std::chrono::minutes>(now_time);
    shared_until_ = shared_from_ + std::chrono::minutes{1};
    return made;
}

Duration Front::page_time(Duration keep) { return std::max(keep, kDay) + 2 * kPage; }

Result<std::string> Front::read_page(const std::vector<std::string>& pages, std::string_view field) {
    const std::array<std::string_view, 1> arguments{field};
    auto reply = run(page_script(), pages, arguments);
    if (!reply) return std::move(reply).error();
    if (reply->at(0) == "renewed") return Error{ErrorCode::unavailable, "an epoch has ended", "try again"};
    return reply->at(0);
}

Result<Earmarked> Front::reserve(const Epoch& epoch, const Earmark& wanted) {
    const auto keys = pages(epoch, wanted.hold.owner, wanted.now, wanted.keep_answer);
    const std::array<std::string, 9> words{time_text(wanted.now),
                                           std::to_string(wanted.max_holds),
                                           bytes_of(wanted.hold.id),
                                           time_text(wanted.hold.expires_at),
                                           owner_field(wanted.hold.owner),
                                           wanted.field,
                                           encode_kept(wanted.now + wanted.keep_answer, wanted.hold.id, false),
                                           std::to_string(page_time(wanted.keep_answer).count()),
                                           wanted.is_forced ? "1" : "0"};
    const std::vector<std::string_view> arguments{words.begin(), words.end()};
    const auto reply = run(reserve_script(), keys, arguments);
    if (!reply) return reply.error();
    if (reply->at(0) == "many")
        return check_hold_count(static_cast<std::size_t>(reply->number(1)), wanted.max_holds).error();
    if (reply->at(0) == "uncounted") return Earmarked::uncounted;
    if (reply->at(0) != "ok") return Earmarked::elsewhere;
    // Whoever finds the hold there and not in the run knows that it came to nothing.
    const auto hold = key(epoch, "hold", to_string(wanted.hold.id));
    if (const auto told = ask(hold, {"SET", hold, wanted.run, "PX", kDayText}); !told) return told.error();
    const auto dirty = key(epoch, "dirty", {});
    if (const auto told = ask(dirty, {"SADD", dirty, wanted.run}); !told) return told.error();
    return Earmarked::done;
}

void Front::cancel(const Epoch& epoch, const Hold& wanted, const std::string& field, Timestamp now) {
    const auto hold = key(epoch, "hold", to_string(wanted.id));
    static_cast<void>(ask(hold, {"DEL", hold}));
    const auto id = bytes_of(wanted.id);
    const auto owner = owner_field(wanted.owner);
    const auto moment = time_text(now);
    const std::array<std::string_view, 4> arguments{id, owner, field, moment};
    const auto keys = pages(epoch, wanted.owner, now, kBackToHolds);
    static_cast<void>(run(cancel_script(), keys, arguments));
}

Status Front::grant_fences(const Epoch& epoch, const RunKeys& run_keys) {
    constexpr std::int64_t kBlock = 64;
    const std::array<std::string, 1> counter{key(epoch, "fence", {})};
    const auto count = std::to_string(kBlock);
    const std::array<std::string_view, 1> wanted{count};
    const auto drawn = run(draw_script(), counter, wanted);
    if (!drawn) return drawn.error();
    if (drawn->at(0) != "ok") {
        if (drawn->at(0) == "lost") lost(epoch);
        return {};
    }
    const std::array<std::string, 3> words{std::to_string(epoch.number), std::to_string(drawn->number(1) - kBlock),
                                           std::to_string(drawn->number(1))};
    const std::vector<std::string_view> arguments{words.begin(), words.end()};
    const auto granted = run(grant_script(), run_keys.keys, arguments);
    return granted ? Status{} : granted.error();
}

Result<std::optional<std::uint64_t>> Front::draw_fence() {
    for (int round = 0; round < kMaxRounds; ++round) {
        const auto now_epoch = epoch();
        if (!now_epoch) return std::optional<std::uint64_t>{};
        const std::array<std::string, 1> keys{key(*now_epoch, "fence", {})};
        const std::array<std::string_view, 1> arguments{"1"};
        const auto reply = run(draw_script(), keys, arguments);
        if (!reply) continue;
        if (reply->at(0) == "ok")
            return std::optional{fence_of(now_epoch->number, static_cast<std::uint64_t>(reply->number(1)))};
        if (reply->at(0) == "lost") lost(*now_epoch);
    }
    return Error{ErrorCode::unavailable, "Redis gives no fence", "try again"};
}

void Front::give_back_fence(std::uint64_t fence) {
    const auto now_epoch = epoch();
    if (!now_epoch || epoch_of(fence) != now_epoch->number) return;
    const std::array<std::string, 1> keys{key(*now_epoch, "fence", {})};
    const auto number = std::to_string(number_of(fence));
    const std::array<std::string_view, 2> arguments{"-1", number};
    static_cast<void>(run(draw_script(), keys, arguments));
}

void Front::tell_of(const Hold& hold) {
    const auto now_epoch = current();
    if (!now_epoch || is_away_) return;
    const Timestamp now_time{Duration{latest_.load()}};
    const bool is_live = hold.status == HoldStatus::held || hold.status == HoldStatus::paying;
    const std::array<std::string, 5> words{time_text(now_time), std::to_string(page_time({}).count()),
                                           bytes_of(hold.id), is_live ? time_text(hold.expires_at) : std::string{},
                                           owner_field(hold.owner)};
    const std::vector<std::string_view> arguments{words.begin(), words.end()};
    static_cast<void>(run(note_hold_script(), pages(*now_epoch, hold.owner, now_time, kBackToHolds), arguments));
}

void Front::tell_of_answer(const Epoch& epoch, const Command& command, const HoldId& hold) {
    const auto field = answer_field(command);
    const auto kept = encode_kept(command.now + command.keep_answer, hold, true);
    const auto time = std::to_string(page_time(command.keep_answer).count());
    const std::array<std::string_view, 3> arguments{field, kept, time};
    const auto keys = pages(epoch, command.owner, command.now, command.keep_answer);
    static_cast<void>(run(note_answer_script(), keys, arguments));
}

Result<std::optional<std::string>> Front::run_of(const Epoch& epoch, const HoldId& id) {
    if (!is_cluster()) {
        const auto found_pages = pages(epoch, {}, Timestamp{Duration{latest_.load()}}, kBackToHolds);
        const auto kept = read_page(found_pages, 'h' + bytes_of(id));
        if (!kept) return kept.error();
        if (!kept->empty()) return std::optional{*kept};
    }
    const auto name = key(epoch, "hold", to_string(id));
    const auto found = ask(name, {"GET", name});
    if (!found) return found.error();
    return found->kind == Reply::Kind::text ? std::optional{found->text} : std::optional<std::string>{};
}

}  // namespace railbook::store::redis
