#include "store/redis/front.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/crypto.hpp"
#include "base/encoding.hpp"
#include "base/steady.hpp"
#include "store/records/records.hpp"
#include "store/rules.hpp"

namespace railbook::store::redis {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kBetweenLooks{1000};
constexpr milliseconds kQuiet{10'000};
constexpr milliseconds kLongestPause{600'000};
constexpr Duration kDay = std::chrono::hours{25};  // longer than any hold that Redis decides about
/// A page is of one day.
constexpr Duration kPage = std::chrono::days{1};
constexpr Duration kLate = std::chrono::minutes{1};  // before it ends; processes may differ by less than that
/// As far back as holds may be, that Redis decides about, and one more.
constexpr Duration kBackToHolds = std::chrono::days{2};
constexpr unsigned kSlotsOfPages = 1024;

constexpr std::string_view kDigestMark = "sha256:";
/// Of what scripts keep. It is told like a server: processes that keep it otherwise are of other epochs.
constexpr std::string_view kLayout = "layout-3";

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
    const auto servers = std::string{kLayout} + ',' + joined(*found);
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
    const auto mine = current();
    if (known.servers.empty()) {
        if (!may_come_back(known.number))
            return Error{ErrorCode::unavailable, "others have no Redis", "try again"};
    } else if (mine && mine->number != known.number && joined(known.servers) != servers) {
        // Somebody with other servers, or who keeps things otherwise, has taken this process's place. Both are to find
        // out that they do not agree before all epochs are used up.
        if (!may_come_back(known.number))
            return Error{ErrorCode::unavailable, "others have another Redis", "try again"};
        environment_.log(LogLevel::warning,
                         "processes of this store use another Redis, or are of another version: holds are lost");
    }
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

bool Front::may_come_back(std::uint64_t epoch) {
    const auto moment = steady();
    const std::lock_guard lock{mutex_};
    if (others_epoch_ != epoch) {
        // Each time all that Redis holds is lost. Where somebody has no Redis for a while, or another one, and sells
        // meanwhile, it is better to do without it for that while, too; and epochs are not without number.
        const bool is_soon = come_back_ != 0 && moment < come_back_ + kQuiet.count() + 2 * pause_;
        pause_ =
            is_soon ? std::min(std::max<std::int64_t>(2 * pause_, kBetweenLooks.count()), kLongestPause.count()) : 0;
        others_epoch_ = epoch;
        come_back_ = moment + pause_;
    }
    return moment >= come_back_;
}

bool Front::is_over(const Epoch& epoch) {
    const auto state = record_.front_state();
    if (!state || state->epoch == epoch.number) return false;
    if (!renew(0)) go_away();
    return true;
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
    // Others may have ended it.
    const auto state = record_.front_state();
    return state ? std::max(state->epoch, last_epoch_.load()) : last_epoch_.load();
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
    RunKeys run{.name = std::string{name}, .keys = {}, .forbidden = {}};
    run.keys[0] = fmt::format("rb:{}:run:{{{}}}", epoch.token, name);
    run.forbidden = run.keys[0] + ":forbidden";
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
    return Error{ErrorCode::internal, fmt::format("Redis says '{}'", base::shortened(said, 32))};
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
    if (is_cluster()) wired.add(keys.forbidden);
    auto fresh = std::make_shared<const Known>(run, std::move(digest), now_epoch ? now_epoch->number : 0,
                                               std::move(keys), std::move(guard), std::move(wired));
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
    fresh.arguments.add(std::to_string(command.keep_answer.count()));
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
                                           wanted.over ? bytes_of(*wanted.over) : std::string{}};
    const std::vector<std::string_view> arguments{words.begin(), words.end()};
    // Before the key leads to the hold: whoever finds it there, and not in the run, can then see to it that it does not
    // come there any more.
    const auto hold = key(epoch, "hold", to_string(wanted.hold.id));
    if (const auto told = ask(hold, {"SET", hold, wanted.run, "PX", kDayText}); !told) return told.error();
    const auto reply = run(reserve_script(), keys, arguments);
    if (!reply) return reply.error();
    if (reply->at(0) != "ok") static_cast<void>(ask(hold, {"DEL", hold}));
    if (reply->at(0) == "many")
        return check_hold_count(static_cast<std::size_t>(reply->number(1)), wanted.max_holds).error();
    if (reply->at(0) == "uncounted") return Earmarked::uncounted;
    if (reply->at(0) != "ok") return Earmarked::elsewhere;
    const auto dirty = key(epoch, "dirty", {});
    if (const auto told = ask(dirty, {"SADD", dirty, wanted.run}); !told) return told.error();
    return Earmarked::done;
}

void Front::cancel(const Epoch& epoch, const Hold& wanted, const std::string& field, Timestamp now) {
    const auto id = bytes_of(wanted.id);
    const auto owner = owner_field(wanted.owner);
    const auto moment = time_text(now);
    const std::array<std::string_view, 4> arguments{id, owner, field, moment};
    const auto keys = pages(epoch, wanted.owner, now, kBackToHolds);
    if (!run(cancel_script(), keys, arguments)) return;
    const auto hold = key(epoch, "hold", to_string(wanted.id));
    static_cast<void>(ask(hold, {"DEL", hold}));
}

Status Front::grant_fences(const Epoch& epoch, const RunKeys& run_keys) {
    constexpr std::int64_t kBlock = 64;
    const std::array<std::string, 2> counter{key(epoch, "fence", {}), key(epoch, "drawn", "fence")};
    const auto count = std::to_string(kBlock);
    const std::array<std::string_view, 2> wanted{count, run_keys.name};
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

Result<std::uint64_t> Front::draw_fence(const Epoch& epoch, const HoldId& hold) {
    const std::array<std::string, 2> keys{key(epoch, "fence", {}), key(epoch, "drawn", "fence")};
    const auto by = bytes_of(hold);
    const std::array<std::string_view, 2> arguments{"1", by};
    const auto reply = run(draw_script(), keys, arguments);
    if (!reply) return reply.error();
    if (reply->at(0) == "ok") return fence_of(epoch.number, static_cast<std::uint64_t>(reply->number(1)));
    if (reply->at(0) == "lost") lost(epoch);
    return Error{ErrorCode::unavailable, "Redis gives no fence", "try again"};
}

void Front::give_back_fence(const Epoch& epoch, std::uint64_t fence, const HoldId& hold) {
    RAILBOOK_ASSERT(epoch_of(fence) == epoch.number);
    const std::array<std::string, 2> keys{key(epoch, "fence", {}), key(epoch, "drawn", "fence")};
    const auto by = bytes_of(hold);
    const std::array<std::string_view, 2> arguments{"-1", by};
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

Result<bool> Front::tell_of_answer(const Epoch& epoch, const Command& command, const HoldId& hold,
                                   const std::optional<HoldId>& over) {
    const std::array<std::string, 5> words{answer_field(command),
                                           encode_kept(command.now + command.keep_answer, hold, true),
                                           std::to_string(page_time(command.keep_answer).count()),
                                           time_text(command.now), over ? bytes_of(*over) : std::string{}};
    const std::vector<std::string_view> arguments{words.begin(), words.end()};
    const auto keys = pages(epoch, command.owner, command.now, command.keep_answer);
    const auto reply = run(note_answer_script(), keys, arguments);
    if (!reply) return reply.error();
    return reply->at(0) == "ok";
}

Result<bool> Front::forbid(const RunKeys& run_keys, const HoldId& hold) {
    const std::array<std::string, 2> keys{run_keys.keys[0], run_keys.forbidden};
    const auto id = bytes_of(hold);
    const std::array<std::string_view, 2> arguments{id, kDayText};
    const auto reply = run(forbid_script(), keys, arguments);
    if (!reply) return reply.error();
    return reply->at(0) == "ok";
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
