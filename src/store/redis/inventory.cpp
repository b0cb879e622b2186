#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "store/redis/ports.hpp"
#include "store/rules.hpp"

namespace railbook::store::redis {
namespace {

constexpr Duration kLongest = std::chrono::days{1};
constexpr Duration kLongestAnswer = std::chrono::days{14};
/// Of one hold: a script in Lua takes no more arguments for one call than some thousands.
constexpr std::size_t kMostSeats = 1000;
constexpr int kMaxRounds = 20'000;  // of a millisecond each, where a run is busy
constexpr int kRoundsForOthers = 5;
constexpr Duration kForOthers{2};

Error no_end() { return {ErrorCode::unavailable, "a run is busy for too long", "try again"}; }

Error key_reused() {
    return {ErrorCode::key_reused, "the key was used for another request", "use a new key for each request"};
}
Error hold_lost() { return {ErrorCode::hold_lost, "the hold is no longer yours", "hold seats again"}; }

/// The other way round than name_of().
std::optional<RunId> run_named(const std::string& name) {
    const auto text = base::percent_decode(name);
    if (!text) return std::nullopt;
    const auto run = parse_run(*text);
    if (!run || to_string(*run) != *text) return std::nullopt;
    return *run;
}

std::uint32_t seat_in(const std::string& field) {
    std::uint32_t seat = 0;
    std::from_chars(field.data(), field.data() + field.size(), seat);
    return seat;
}

/// From a list of names and one of values, the first of which is that item of the answer.
std::vector<SeenRun::Seat> seats_in(const Reply& reply, std::size_t first) {
    std::vector<SeenRun::Seat> seats;
    if (reply.items.size() < first + 2) return seats;
    const auto& names = reply.items[first].items;
    const auto& values = reply.items[first + 1].items;
    for (std::size_t i = 0; i < std::min(names.size(), values.size()); ++i)
        seats.push_back({seat_in(names[i].text), values[i].text});
    return seats;
}

}  // namespace

std::string RedisInventory::name_of(const RunId& run) { return base::percent_encode(to_string(run), ":.@-_"); }

Error RedisInventory::unknown(const HoldClaim& claim) {
    // Whoever names a fence of an epoch that is over had a hold that Redis has lost.
    const auto last = front_.last_epoch();
    if (claim.fence && epoch_of(*claim.fence) < last) return hold_lost();
    if (const auto epoch = claim.fence ? front_.epoch() : nullptr) {
        // So it was placed in Redis, and the record refused it.
        const auto run = find_run(*epoch, claim.id);
        if (run && *run) return hold_lost();
    }
    return not_found("hold");
}

// --- Runs ----------------------------------------------------------------------------------------------------------

Result<std::optional<Run>> RedisInventory::find_pinned(const RunId& run) {
    if (const auto epoch = front_.epoch()) {
        if (const auto known = front_.confirmed(run)) return std::optional{known->run};
        if (const auto known = front_.known(run)) {
            const auto keys = front_.keys_of(*epoch, run);
            const auto facts = front_.ask(keys.keys[0], {"HMGET", keys.keys[0], "d", "s", "e"});
            if (facts && facts->at(0) == known->digest && facts->at(1) == "open" &&
                facts->at(2) == std::to_string(epoch->number)) {
                front_.confirm(run, known);
                return std::optional{known->run};
            }
        }
    }
    auto pinned = record_.inventory().find_pinned(run);
    if (pinned && *pinned) {
        if (const auto known = front_.learn(**pinned)) return std::optional{known->run};
    }
    return pinned;
}

Result<std::vector<Occupancy>> RedisInventory::occupancy(const std::vector<RunId>& runs, Timestamp now) {
    std::vector<Occupancy> answers;
    for (const auto& run : runs) {
        auto one = look(run, now);
        if (!one) return std::move(one).error();
        answers.push_back(*std::move(one));
    }
    return answers;
}

Result<Occupancy> RedisInventory::look(const RunId& run, Timestamp now) {
    const auto in_record = [&]() -> Result<Occupancy> {
        auto found = record_.inventory().occupancy({run}, now);
        if (!found) return std::move(found).error();
        return std::move(found->front());
    };
    for (int round = 0; round < kMaxRounds; ++round) {
        const auto epoch = front_.epoch();
        if (!epoch) return in_record();
        const auto keys = front_.keys_of(*epoch, run);
        const auto seen = mirror_.find(keys.name);
        const auto number = std::to_string(epoch->number);
        const auto known_version = seen->version(epoch->number);
        const auto version = std::to_string(known_version);
        if (const auto still = front_.confirmed(run); still && known_version > 0) {
            // Mostly nothing has changed but by this process: a command is cheaper than a script.
            const auto facts = front_.ask(keys.keys[0], {"HMGET", keys.keys[0], "q", "e", "s", "f", "d"});
            if (facts && decode_state(facts->at(0)).version == known_version && facts->at(1) == number &&
                facts->at(2) == "open" && facts->at(3) != "1" && facts->at(4) == still->digest) {
                front_.confirm(run, still);
                return seen->at(still->run, now);
            }
        }
        const std::array<std::string_view, 2> arguments{number, version};
        const auto reply = front_.run(look_script(), keys.keys, arguments);
        if (!reply) continue;
        const auto& said = reply->at(0);
        if (said != "same" && said != "some" && said != "all") {
            const auto way = front_.react(*epoch, run, *reply);
            if (!way && way.error().code != ErrorCode::unavailable) return way.error();
            if (way && *way == Way::record) return in_record();
            continue;
        }
        auto known = front_.known(run);
        if (known && known->digest == reply->at(2)) {
            front_.confirm(run, known);
        } else {
            // Other coaches than this process knows.
            auto pinned = record_.inventory().find_pinned(run);
            if (!pinned) return std::move(pinned).error();
            if (!*pinned) return in_record();
            known = front_.learn(**pinned);
            if (known->digest != reply->at(2)) continue;
        }
        if (said == "same") return seen->at(known->run, now);
        seen->follow(epoch->number, static_cast<std::uint64_t>(reply->number(1)), said == "all", seats_in(*reply, 3));
        return seen->at(known->run, now);
    }
    return no_end();
}

void RedisInventory::follow(const Epoch& epoch, const std::string& run, const Reply& reply, std::size_t first) {
    mirror_.find(run)->follow_one(epoch.number, static_cast<std::uint64_t>(reply.number(first)),
                                  seats_in(reply, first + 1));
}

Result<SeatChanges> RedisInventory::changes_after(const RunId& run, std::uint64_t version) {
    if (const auto done = front_.settle_run(name_of(run)); !done) return done.error();
    return record_.inventory().changes_after(run, version);
}

// --- Placing -------------------------------------------------------------------------------------------------------

Result<Hold> RedisInventory::place_hold(const Command& command, const Hold& wanted, const std::vector<Run>& runs,
                                        std::size_t max_holds) {
    if (runs.size() != 1 || wanted.fence != 0 || !check_wanted(wanted, runs))
        return place_in_record(command, wanted, runs, max_holds);
    // Redis looks so far back for holds and answers.
    if (wanted.latest_end - command.now > kLongest || command.keep_answer > kLongestAnswer)
        return place_in_record(command, wanted, runs, max_holds);
    std::size_t seats = 0;
    for (const auto& item : wanted.items) seats += item.seats.size();
    if (seats > kMostSeats) return place_in_record(command, wanted, runs, max_holds);
    const Run& run = runs.front();
    const auto owner = owner_field(wanted.owner);
    const auto field = answer_field(command);
    const auto lasting = encode_lasting(wanted, encode_place(command));
    const bool has_key = !command.key.text.empty();
    std::optional<HoldId> over;
    for (int round = 0; round < kMaxRounds; ++round) {
        const auto epoch = front_.epoch();
        if (!epoch) return place_in_record(command, wanted, runs, max_holds);
        auto known = front_.known(run.id);
        if (!known) {
            const auto opened = front_.open_run(*epoch, run.id);
            if (!opened) {
                if (opened.error().code != ErrorCode::unavailable) return opened.error();
                continue;
            }
            if (!*opened) return place_in_record(command, wanted, runs, max_holds);
            known = front_.known(run.id);
            if (!known) continue;
        }
        if (!check_pinned(known->run, run)) {
            const auto pinned = record_.inventory().find_pinned(run.id);
            if (!pinned) return pinned.error();
            if (*pinned) known = front_.learn(**pinned);
            if (!*pinned || !check_pinned(known->run, run)) return place_in_record(command, wanted, runs, max_holds);
        }
        // Another epoch began meanwhile: what is placed in one has its fence, and is told as of it.
        if (known->epoch != epoch->number) {
            if (known->epoch < epoch->number) front_.forget(run.id);
            continue;
        }
        const auto& run_keys = known->keys;
        if (front_.is_cluster()) {
            const auto reserved = front_.reserve(*epoch, {.hold = wanted,
                                                          .run = run_keys.name,
                                                          .field = field,
                                                          .now = command.now,
                                                          .keep_answer = command.keep_answer,
                                                          .max_holds = max_holds,
                                                          .over = over});
            if (!reserved && reserved.error().code == ErrorCode::unavailable) continue;
            if (reserved && *reserved == Earmarked::uncounted) return place_uncounted(command, wanted, runs, max_holds);
            // Unless it was answered before, which comes first.
            if (!reserved || *reserved == Earmarked::elsewhere) {
                auto earlier = has_key ? find_earlier(*epoch, command, true) : Result<Earlier>{Earlier{}};
                if (!earlier && front_.epoch() != epoch) continue;
                if (!earlier) return std::move(earlier).error();
                if (earlier->hold) return *std::move(earlier->hold);
                if (!reserved) return reserved.error();
                if (earlier->is_records) return place_in_record(command, wanted, runs, max_holds);
                over = earlier->over;
                continue;
            }
        }
        Joint joint{.script = place_script(),
                    .key = run_keys.keys.front(),
                    .shared = front_.shared_of_places(epoch, command),
                    .keys = known->wired,
                    .argument = encode_order({.command = command,
                                              .hold = wanted,
                                              .guard = known->guard,
                                              .run = run_keys.name,
                                              .owner = owner,
                                              .key = field,
                                              .max_holds = max_holds,
                                              .over = over}),
                    .after = {}};
        joint.after.add(lasting);
        const auto reply = front_.join(joint);
        if (!reply) continue;
        if (reply->kind == Reply::Kind::text) {
            const auto done = decode_placed(reply->text);
            if (!done) return done.error();
            Hold placed = wanted;
            placed.fence = fence_of(epoch->number, done->number);
            placed.pinned = false;
            places_.put(wanted.id, Places::Name{known, &run_keys.name});
            const auto seen = mirror_.find(run_keys.name);
            if (seen->version(epoch->number) + 1 != done->version) return placed;
            std::vector<SeenRun::Seat> now_there;
            auto value = done->seats.begin();
            for (const auto& item : wanted.items) {
                for (const auto& seat : item.seats) {
                    if (value == done->seats.end()) break;
                    now_there.push_back(
                        {seat.index, value->empty()
                                         ? cell_bytes(item.span, wanted.expires_at, SeatState::held, wanted.id)
                                         : std::string{*value}});
                    ++value;
                }
            }
            seen->follow_one(epoch->number, done->version, now_there);
            return placed;
        }
        const auto& said = reply->at(0);
        if (said == "fences") {
            static_cast<void>(front_.grant_fences(*epoch, run_keys));
            continue;
        }
        if (said == "again") {
            if (has_key) {
                const auto fingerprint = fingerprint_in(reply->at(1));
                if (fingerprint && *fingerprint != command.fingerprint) return key_reused();
                if (!fingerprint) {
                    auto answer = record_.find_answer(command);
                    if (!answer) return std::move(answer).error();
                    if (auto* hold = *answer ? std::get_if<Hold>(&**answer) : nullptr) return std::move(*hold);
                }
            }
            auto earlier = decode_record(reply->at(1), true);
            if (earlier && earlier->id != wanted.id && front_.is_cluster())
                front_.cancel(*epoch, wanted, field, command.now);
            return earlier;
        }
        if (front_.is_cluster()) front_.cancel(*epoch, wanted, field, command.now);
        if (said == "uncounted") return place_uncounted(command, wanted, runs, max_holds);
        if (said == "elsewhere") {
            // The key was used on another run, or in the record.
            auto earlier = find_earlier(*epoch, command, true);
            if (!earlier && front_.epoch() != epoch) continue;
            if (!earlier) return std::move(earlier).error();
            if (earlier->hold) return *std::move(earlier->hold);
            if (earlier->is_records) return place_in_record(command, wanted, runs, max_holds);
            over = earlier->over;
            continue;
        }
        // Somebody with the same key took this one for dead. The record finds out who was first.
        if (said == "forbidden") return place_in_record(command, wanted, runs, max_holds);
        if (said == "many") return check_hold_count(static_cast<std::size_t>(reply->number(1)), max_holds).error();
        if (said == "taken") {
            std::vector<SeatId> names;
            for (const auto& item : wanted.items) {
                for (const auto& seat : item.seats) names.push_back(seat.id);
            }
            std::vector<SeatId> taken;
            for (const auto& place : reply->items.at(1).items) {
                const auto index = static_cast<std::size_t>(place.integer);
                if (index < names.size()) taken.push_back(names[index]);
            }
            return seats_taken(taken);
        }
        if (said == "otherwise") {
            front_.forget(run.id);
            const auto pinned = record_.inventory().find_pinned(run.id);
            if (!pinned) return pinned.error();
            if (!*pinned) return place_in_record(command, wanted, runs, max_holds);
            const auto learnt = front_.learn(**pinned);
            if (const auto ok = check_pinned(learnt->run, run); !ok) return ok.error();
            continue;
        }
        const auto way = front_.react(*epoch, run.id, *reply);
        if (!way && way.error().code != ErrorCode::unavailable) return way.error();
        if (way && *way == Way::record) return place_in_record(command, wanted, runs, max_holds);
    }
    return no_end();
}

Result<Hold> RedisInventory::place_in_record(const Command& command, const Hold& wanted, const std::vector<Run>& runs,
                                             std::size_t max_holds) {
    std::vector<std::string> names;
    for (const auto& run : runs) names.push_back(name_of(run.id));
    for (int round = 0; round < kMaxRounds; ++round) {
        const auto epoch = front_.epoch();
        if (epoch && !command.key.text.empty()) {
            // First of all: whoever repeats the command then asks the record.
            auto earlier = find_earlier(*epoch, command, true);
            if (!earlier && front_.epoch() != epoch) continue;
            if (!earlier) return std::move(earlier).error();
            if (earlier->hold) return *std::move(earlier->hold);
            if (!earlier->is_records) {
                const auto told = front_.tell_of_answer(*epoch, command, wanted.id, earlier->over);
                if (!told || !*told) continue;
            }
        }
        if (epoch && max_holds > 0) {
            // The record counts what it knows of.
            const auto pages = front_.pages(*epoch, wanted.owner, command.now, kLongest);
            const auto list = front_.read_page(pages, owner_field(wanted.owner));
            for (const auto& id : list ? decode_live(*list) : std::vector<HoldId>{}) {
                const auto run = find_run(*epoch, id);
                if (!run || !*run) continue;
                if (const auto done = front_.settle_run(**run); !done) return done.error();
            }
        }
        bool is_again = false;
        auto placed = front_.in_record<Hold>(names, wanted.id, [&](const Epoch* taken) -> Result<Hold> {
            is_again = taken != epoch.get();
            if (is_again) return Error{ErrorCode::unavailable, "Redis has come or gone", "try again"};
            if (!taken) return record_.inventory().place_hold(command, wanted, runs, max_holds);
            const auto fence = front_.draw_fence(*taken, wanted.id);
            if (!fence) {
                is_again = true;
                return fence.error();
            }
            Hold with_fence = wanted;
            with_fence.fence = *fence;
            auto done = record_.inventory().place_hold(command, with_fence, runs, max_holds);
            // Where it is not known what became of it, the hold may have the fence.
            const bool is_unused = done ? done->fence != *fence : done.error().code != ErrorCode::unavailable;
            if (is_unused) front_.give_back_fence(*taken, *fence, wanted.id);
            return done;
        });
        if (placed) {
            front_.tell_of(*placed);
            return placed;
        }
        if (placed.error().code != ErrorCode::unavailable) return placed;
        // With the fence of an epoch that is over, nothing was placed.
        if (!is_again && !(epoch && front_.is_over(*epoch))) return placed;
    }
    return no_end();
}

Result<Hold> RedisInventory::place_uncounted(const Command& command, const Hold& wanted, const std::vector<Run>& runs,
                                             std::size_t max_holds) {
    if (const auto done = front_.settle(); !done) return done.error();
    return place_in_record(command, wanted, runs, max_holds);
}

// --- Holds ---------------------------------------------------------------------------------------------------------

Result<std::optional<std::string>> RedisInventory::find_run(const Epoch& epoch, const HoldId& id) {
    if (const auto known = places_.find(id)) return std::optional{*known};
    return front_.run_of(epoch, id);
}

Result<std::vector<std::string>> RedisInventory::runs_of_hold(const HoldId& id) {
    if (const auto epoch = front_.epoch()) {
        const auto run = find_run(*epoch, id);
        if (run && *run) return std::vector{**run};
    }
    const auto hold = record_.inventory().find_hold(id);
    if (!hold) return hold.error();
    std::vector<std::string> names;
    for (const auto& run : runs_of(*hold)) names.push_back(name_of(run));
    return names;
}

Result<std::optional<std::string>> RedisInventory::find_in_front(const HoldId& id, const std::string& run) {
    const auto bytes = bytes_of(id);
    for (int round = 0; round < kMaxRounds; ++round) {
        const auto epoch = front_.epoch();
        if (!epoch) return std::optional<std::string>{};
        const auto keys = front_.keys_of(*epoch, run);
        const auto number = std::to_string(epoch->number);
        const std::array<std::string_view, 2> arguments{number, bytes};
        const auto reply = front_.run(find_script(), keys.keys, arguments);
        if (!reply) continue;
        if (reply->at(0) == "ok") return std::optional{reply->at(1)};
        if (reply->at(0) == "closed") {
            // Somebody may have stopped in the middle of taking it.
            if (const auto done = front_.settle_run(run); !done) return done.error();
        }
        if (reply->at(0) != "busy") return std::optional<std::string>{};  // the record knows it, or nobody does
        static_cast<void>(front_.react(*epoch, {}, *reply));
    }
    return no_end();
}

Result<Hold> RedisInventory::find_hold(const HoldId& id) {
    for (int round = 0; round < kMaxRounds; ++round) {
        const auto epoch = front_.epoch();
        if (!epoch) break;
        const auto run = find_run(*epoch, id);
        if (!run) continue;
        if (!*run) break;
        const auto found = find_in_front(id, **run);
        if (!found) return found.error();
        if (*found) return decode_record(**found, false);
        break;
    }
    return record_.inventory().find_hold(id);
}

Result<std::optional<Hold>> RedisInventory::step(const Script& script, const Command& command, const HoldClaim& claim,
                                                 Timestamp until) {
    const auto entry = encode_extend(command, claim, until);
    for (int round = 0; round < kMaxRounds; ++round) {
        const auto epoch = front_.epoch();
        if (!epoch) return std::optional<Hold>{};
        const auto run = find_run(*epoch, claim.id);
        if (!run) continue;
        if (!*run) return std::optional<Hold>{};
        const auto keys = front_.keys_of(*epoch, **run);
        const auto number = std::to_string(epoch->number);
        const auto numbers = claim_numbers(command, claim, until);
        const auto id_bytes = bytes_of(claim.id);
        const std::array<std::string_view, 6> arguments{number, numbers, id_bytes, claim.owner, entry, **run};
        std::vector<std::string> all_keys{keys.keys.begin(), keys.keys.end()};
        const auto dirty = front_.key(*epoch, "dirty", {});
        if (!front_.is_cluster()) {
            all_keys.push_back(dirty);
            for (auto& page : front_.pages(*epoch, claim.owner, command.now, kLongest))
                all_keys.push_back(std::move(page));
        }
        const auto reply = front_.run(script, all_keys, arguments);
        if (!reply) continue;
        const auto& said = reply->at(0);
        if (said == "ok") {
            auto hold = decode_record(reply->at(1), false);
            if (!hold) return std::move(hold).error();
            if (reply->number(2) > 0) follow(*epoch, **run, *reply, 2);
            if (front_.is_cluster()) {
                static_cast<void>(front_.ask(dirty, {"SADD", dirty, **run}));
                front_.tell_of(*hold);
            }
            return std::optional{*std::move(hold)};
        }
        if (said == "foreign") return not_found("hold");
        if (said == "fenced" || said == "released") return hold_lost();
        if (said == "expired")
            return Error{ErrorCode::hold_expired, "the hold has passed its deadline", "hold seats again"};
        if (said == "gone") return std::optional<Hold>{};
        const auto id = run_named(**run);
        const auto way = id ? front_.react(*epoch, *id, *reply) : Result<Way>{Way::record};
        if (!way && way.error().code != ErrorCode::unavailable) return way.error();
        if (way && *way == Way::record) return std::optional<Hold>{};
    }
    return no_end();
}

Result<Hold> RedisInventory::extend_hold(const Command& command, const HoldClaim& claim, Timestamp until) {
    auto done = step(extend_script(), command, claim, until);
    if (!done) return std::move(done).error();
    if (*done) return **std::move(done);
    const auto names = runs_of_hold(claim.id);
    if (!names) return names.error().code == ErrorCode::not_found ? unknown(claim) : names.error();
    auto extended = front_.in_record<Hold>(*names, claim.id,
                                           [&] { return record_.inventory().extend_hold(command, claim, until); });
    if (extended) front_.tell_of(*extended);
    else if (extended.error().code == ErrorCode::not_found && !record_.inventory().find_hold(claim.id))
        return unknown(claim);
    return extended;
}

Result<Hold> RedisInventory::release_hold(const Command& command, const HoldClaim& claim) {
    auto done = step(release_script(), command, claim, {});
    if (!done) return std::move(done).error();
    if (*done) return **std::move(done);
    const auto names = runs_of_hold(claim.id);
    if (!names) return names.error().code == ErrorCode::not_found ? unknown(claim) : names.error();
    auto released =
        front_.in_record<Hold>(*names, claim.id, [&] { return record_.inventory().release_hold(command, claim); });
    if (released) front_.tell_of(*released);
    else if (released.error().code == ErrorCode::not_found && !record_.inventory().find_hold(claim.id))
        return unknown(claim);
    return released;
}

Result<Page<Hold>> RedisInventory::list_holds(std::string_view owner, const PageRequest& page) {
    if (const auto done = front_.settle(); !done) return done.error();
    return record_.inventory().list_holds(owner, page);
}

Result<std::optional<Answer>> RedisInventory::find_answer(const Command& command) {
    const auto epoch = front_.epoch();
    if (!epoch || !command.operation.starts_with("hold.")) return record_.find_answer(command);
    if (command.key.text.empty()) return std::optional<Answer>{};
    auto earlier = find_earlier(*epoch, command, false);
    if (!earlier && earlier.error().code == ErrorCode::unavailable) return record_.find_answer(command);
    if (!earlier) return std::move(earlier).error();
    if (earlier->hold) return std::optional<Answer>{*std::move(earlier->hold)};
    return std::optional<Answer>{};
}

Result<RedisInventory::Earlier> RedisInventory::find_earlier(const Epoch& epoch, const Command& command,
                                                             bool ends_others) {
    Earlier earlier;
    const auto ask_record = [&]() -> Status {
        auto answer = record_.find_answer(command);
        if (!answer) return std::move(answer).error();
        if (!*answer) return {};
        auto* hold = std::get_if<Hold>(&**answer);
        if (!hold) return Error{ErrorCode::damaged, "a kept answer is of another operation"};
        earlier.hold = std::move(*hold);
        return {};
    };
    const auto in_record = [&]() -> Result<Earlier> {
        if (const auto asked = ask_record(); !asked) return asked.error();
        return std::move(earlier);
    };
    const auto pages = front_.pages(epoch, command.owner, command.now, std::min(command.keep_answer, kLongestAnswer));
    const auto field = answer_field(command);
    for (int round = 0;; ++round) {
        const auto there = front_.read_page(pages, field);
        if (!there) return there.error();
        if (there->empty()) return epoch.answers_until > command.now ? in_record() : earlier;
        const auto kept = decode_kept(*there);
        if (!kept) return kept.error();
        // Where Redis no longer has the hold, the record was told of it, and of the key.
        earlier.is_records = kept->is_records;
        if (kept->is_records) return in_record();
        if (kept->until <= command.now) return earlier;
        const auto run = find_run(epoch, kept->hold);
        if (!run) return run.error();
        if (*run) {
            const auto record = find_in_front(kept->hold, **run);
            if (!record) return record.error();
            if (const auto fingerprint = *record ? fingerprint_in(**record) : std::nullopt) {
                if (*fingerprint != command.fingerprint) return key_reused();
                auto hold = decode_record(**record, true);
                if (!hold) return std::move(hold).error();
                earlier.hold = *std::move(hold);
                return earlier;
            }
            if (ends_others && front_.is_cluster() && !*record) {
                // Somebody may be about to place it, and mostly is: that takes no longer than this.
                if (round < kRoundsForOthers) {
                    if (const auto asked = ask_record(); !asked) return asked.error();
                    if (earlier.hold) return earlier;
                    front_.pause(kForOthers);
                    continue;
                }
                const auto done = front_.forbid(front_.keys_of(epoch, **run), kept->hold);
                if (!done) return done.error();
                if (!*done) continue;
            }
        }
        earlier.over = kept->hold;
        return in_record();
    }
}

// --- What is rare, and the record's --------------------------------------------------------------------------------

Result<SeatBlock> RedisInventory::block_seats(const Command& command, const Run& run, const SeatBlock& wanted) {
    return front_.in_record<SeatBlock>({name_of(run.id)}, std::nullopt,
                                       [&] { return record_.inventory().block_seats(command, run, wanted); });
}

Result<SeatBlock> RedisInventory::unblock_seats(const Command& command, const Run& run, const SeatBlock& wanted) {
    return front_.in_record<SeatBlock>({name_of(wanted.run)}, std::nullopt,
                                       [&] { return record_.inventory().unblock_seats(command, run, wanted); });
}

Result<RunHolds> RedisInventory::holds_of_run(const RunId& run, Timestamp now) {
    if (const auto done = front_.settle_run(name_of(run)); !done) return done.error();
    return record_.inventory().holds_of_run(run, now);
}

Result<Run> RedisInventory::change_consist(const Command& command, const Run& run, const ConsistChange& change) {
    auto changed = front_.in_record<Run>({name_of(run.id)}, std::nullopt, [&](const Epoch* epoch) {
        return epoch ? record_.change_consist(epoch->number, command, run, change)
                     : record_.inventory().change_consist(command, run, change);
    });
    front_.forget(run.id);
    return changed;
}

Result<Run> RedisInventory::adopt_calls(const Command& command, const CallsChange& change) {
    auto adopted = front_.in_record<Run>({name_of(change.wanted.id)}, std::nullopt, [&](const Epoch* epoch) {
        return epoch ? record_.adopt_calls(epoch->number, command, change)
                     : record_.inventory().adopt_calls(command, change);
    });
    front_.forget(change.wanted.id);
    return adopted;
}

}  // namespace railbook::store::redis
