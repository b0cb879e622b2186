#include <railbook/timetable.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <tuple>

#include <boost/json/value.hpp>
#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/json.hpp"
#include "timetable/archive.hpp"
#include "timetable/codec.hpp"
#include "timetable/gtfs.hpp"
#include "timetable/layouts.hpp"
#include "timetable/snapshot.hpp"
#include "timetable/stations.hpp"

namespace railbook {
namespace {

using timetable::Network;
using timetable::Snapshot;

constexpr std::size_t kMaxFeedName = 32;
constexpr std::size_t kMaxText = 256;
constexpr std::size_t kMaxShown = 3;

bool is_feed_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

bool is_feed_name(std::string_view name) {
    return !name.empty() && name.size() <= kMaxFeedName && std::ranges::all_of(name, is_feed_letter);
}

/// `DB Fernverkehr 2019.zip` -> `db-fernverkehr-2019`.
std::string feed_name_of(const std::string& path) {
    // A folder may be named with a slash behind it, which leaves no file name.
    const auto normal = std::filesystem::path{path}.lexically_normal();
    const auto last = normal.has_filename() ? normal.filename() : normal.parent_path().filename();
    std::string name;
    for (char c : (last.extension() == ".zip" ? last.stem() : last).string()) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        if (!is_feed_letter(c)) c = '-';
        if (c == '-' && (name.empty() || name.back() == '-')) continue;
        name += c;
    }
    name.resize(std::min(name.size(), kMaxFeedName));
    while (!name.empty() && name.back() == '-') name.pop_back();
    return name;
}

Error too_long(std::string_view what) {
    return {ErrorCode::invalid_argument, fmt::format("{} has more than {} bytes", what, kMaxText)};
}

/// `08:10`, with the date where it is another one than that of the run.
std::string clock_of(const std::optional<Timestamp>& time, const Call& call, ServiceDate date) {
    if (!time) return "-";
    const auto text = to_string(*time, call.zone);
    return text.starts_with(to_string(date)) ? text.substr(11, 5) : text.substr(0, 16);
}

std::string describe(const CallChange& change, ServiceDate date) {
    if (!change.after) return fmt::format("no longer calls at {}", change.before->name);
    if (!change.before) return fmt::format("calls at {}, too", change.after->name);
    const auto& [before, after] = std::tie(*change.before, *change.after);
    std::vector<std::string> what;
    if (before.arrives != after.arrives) {
        what.push_back(fmt::format("arrives {} instead of {}", clock_of(after.arrives, after, date),
                                   clock_of(before.arrives, before, date)));
    }
    if (before.departs != after.departs) {
        what.push_back(fmt::format("departs {} instead of {}", clock_of(after.departs, after, date),
                                   clock_of(before.departs, before, date)));
    }
    if (before.platform != after.platform) what.push_back(fmt::format("platform '{}'", after.platform));
    if (before.pick_up != after.pick_up) what.push_back(after.pick_up ? "boarding" : "no boarding");
    if (before.drop_off != after.drop_off) what.push_back(after.drop_off ? "alighting" : "no alighting");
    if (what.empty()) what.push_back("another name or zone");
    return fmt::format("{}: {}", after.name, fmt::join(what, ", "));
}

/// The pinned runs of a feed that its new timetable has otherwise, and how many would be affected.
class PinnedRuns final : public RecordReader {
public:
    PinnedRuns(const Network& network, Timestamp now) : network_{network}, now_{now} {}

    void on(const Run& run, std::uint64_t) override {
        if (run.id.trip.feed != network_.feed() || *run.calls.back().arrives < now_) return;
        const auto found = network_.find_run(run.id);
        if (!found) {
            changed_.emplace(run.id, PinnedRunChange{run.id, true, "the new timetable has no such run"});
            return;
        }
        const auto after = network_.run(*found);
        std::vector<std::string> what;
        if (after.train != run.train) what.push_back(fmt::format("is called {}", after.train));
        for (const auto& change : changes_of(run, after)) what.push_back(describe(change, run.id.date));
        if (what.empty()) return;
        const auto shown = std::span{what}.first(std::min(what.size(), kMaxShown));
        changed_.emplace(run.id, PinnedRunChange{run.id, false,
                                                 fmt::format("{}{}", fmt::join(shown, "; "),
                                                             what.size() > shown.size()
                                                                 ? fmt::format("; and {} more", what.size() - kMaxShown)
                                                                 : "")});
    }
    void on(const Hold& hold) override {
        const bool open = hold.status == HoldStatus::held || hold.status == HoldStatus::paying;
        if (hold.status != HoldStatus::sold && (!open || hold.expires_at <= now_)) return;
        std::set<RunId> told;
        for (const auto& item : hold.items) {
            const auto change = changed_.find(item.run);
            if (change == changed_.end() || !told.insert(item.run).second) continue;
            ++(hold.booking ? change->second.bookings : change->second.holds);
        }
    }
    using RecordReader::on;

    /// By run.
    std::vector<PinnedRunChange> changes() {
        std::vector<PinnedRunChange> all;
        for (auto& [run, change] : changed_) all.push_back(std::move(change));
        return all;
    }

private:
    const Network& network_;
    const Timestamp now_;
    std::map<RunId, PinnedRunChange> changed_;
};

/// The trip of a run that was named without its feed, or with a feed that is none.
Result<RunId> complete(const Snapshot& snapshot, RunId id) {
    if (!id.trip.feed.empty() && snapshot.find(id.trip.feed)) return id;
    // Trip ids may hold a colon of their own.
    const auto whole = id.trip.feed.empty() ? id.trip.trip : to_string(id.trip);
    std::vector<std::string> feeds;
    for (const auto& part : snapshot.parts) {
        if (part.network->find_trip(whole)) feeds.push_back(part.feed.name);
    }
    if (feeds.empty()) {
        if (!id.trip.feed.empty()) return id;
        return Error{ErrorCode::not_found, fmt::format("there is no trip '{}'", whole)};
    }
    id.trip.trip = whole;
    id.trip.feed = feeds.front();
    if (feeds.size() == 1) return id;
    Error error{ErrorCode::invalid_argument, fmt::format("several feeds have a trip '{}'", whole), "name the feed", {}};
    for (const auto& feed : feeds) {
        id.trip.feed = feed;
        error.mistakes.push_back({{}, to_string(id)});
        error.detail += fmt::format("{} {}", error.mistakes.size() == 1 ? ":" : ",", error.mistakes.back().detail);
    }
    return error;
}

Result<Run> run_of(const Snapshot& snapshot, const RunId& id) {
    const auto* network = snapshot.find(id.trip.feed);
    if (!network) return Error{ErrorCode::not_found, fmt::format("there is no feed '{}'", id.trip.feed)};
    const auto found = network->find_run(id);
    if (!found) return found.error();
    auto run = network->run(*found);
    run.consist = snapshot.rules.consist_for(network->facts_of(*found));
    return run;
}

}  // namespace

Timetable::Timetable(Environment& environment, Store& store, std::string cache)
    : environment_{environment}, store_{store}, cache_{std::make_unique<timetable::ImageCache>(std::move(cache))} {}
Timetable::~Timetable() = default;

/// Ends the work of the one thread that reads the store for all, however it leaves.
class Timetable::Loading {
public:
    explicit Loading(Timetable& timetable) : timetable_{timetable} {}
    Loading(const Loading&) = delete;
    Loading& operator=(const Loading&) = delete;
    ~Loading() {
        std::vector<Waiter*> waiting;
        {
            const std::lock_guard lock{timetable_.mutex_};
            timetable_.is_loading_ = false;
            waiting.swap(timetable_.waiting_);
        }
        for (auto* each : waiting) each->let_go_on();
    }

private:
    Timetable& timetable_;
};

Result<std::shared_ptr<const Snapshot>> Timetable::snapshot() {
    std::unique_ptr<Waiter> waiter;
    while (true) {
        const Timestamp now = environment_.now();
        std::shared_ptr<const Snapshot> earlier;
        timetable::KnownNetwork imported;
        std::uint64_t change = 0;
        bool is_known = false;
        bool waits = false;
        {
            const std::lock_guard lock{mutex_};
            earlier = snapshot_;
            change = change_;
            is_known = snapshot_ && snapshot_->change == change_;
            // While one thread looks, the others go on with what is known, for a while.
            const auto good_for = is_loading_ ? kMostStale : kLookEvery;
            if (is_known && now >= looked_at_ && now < looked_at_ + good_for) return snapshot_;
            waits = is_loading_;
            if (!waits) {
                is_loading_ = true;
                imported = {imported_checksum_, imported_};
            } else if (waiter) {
                waiting_.push_back(waiter.get());
            }
        }
        if (waits) {
            if (waiter) waiter->wait();
            waiter = waiter ? nullptr : environment_.make_waiter();
            continue;
        }
        const Loading loading{*this};
        if (is_known) {
            const auto newer = look(*earlier);
            const std::lock_guard lock{mutex_};
            // From when it ended: those who waited for a store that is slow, or away, need not each look again.
            looked_at_ = environment_.now();
            if (!newer) return earlier;
            // An import of our own that ended meanwhile may be newer still.
            if (change == change_) snapshot_ = newer;
            continue;
        }
        auto loaded = timetable::load_snapshot(store_.timetable(), earlier.get(), imported, *cache_, change);
        const std::lock_guard lock{mutex_};
        // An import that ended meanwhile may not be in what was loaded: then once more.
        if (loaded && change != change_) continue;
        if (loaded) {
            snapshot_ = *loaded;
            looked_at_ = now;
            imported_.reset();
        }
        return loaded;
    }
}

std::shared_ptr<const Snapshot> Timetable::look(const Snapshot& known) {
    auto& store = store_.timetable();
    const auto documents = store.documents(DocumentKind::layouts);
    const auto feeds = store.feeds();
    // A store that does not answer for a moment does not stop a search: what is known goes on.
    if (!documents || !feeds) return nullptr;
    if (*documents == known.documents && std::ranges::equal(*feeds, known.parts, {}, {}, &Snapshot::Part::feed))
        return nullptr;
    const auto loaded = timetable::load_snapshot(store, &known, {}, *cache_, known.change);
    return loaded ? *loaded : nullptr;
}

void Timetable::drop_old_images() {
    if (!cache_->is_on()) return;
    if (const auto feeds = store_.timetable().feeds()) cache_->keep_only(*feeds);
}

void Timetable::note_change() {
    const std::lock_guard lock{mutex_};
    ++change_;
}

Result<ImportReport> Timetable::import_gtfs(const std::string& path, const ImportOptions& options) {
    const auto now = store_.now();
    if (!now) return now.error();
    const auto name = options.name.empty() ? feed_name_of(path) : options.name;
    if (!is_feed_name(name)) {
        return Error{ErrorCode::invalid_argument,
                     fmt::format("'{}' cannot be the name of a feed: a to z, 0 to 9 and -, at most {} of them", name,
                                 kMaxFeedName),
                     "give the feed a name"};
    }
    if (options.rebase && (*options.rebase < ServiceDate{std::chrono::year{1900} / 1 / 1} ||
                           *options.rebase > ServiceDate{std::chrono::year{2190} / 1 / 1})) {
        return Error{ErrorCode::invalid_argument, "the date to move the feed to is outside 1900 to 2190"};
    }
    const auto archive = timetable::Archive::open(path);
    if (!archive) return archive.error();
    auto read = timetable::read_gtfs(
        **archive, {.feed = name,
                    .rebase = options.rebase,
                    .strict = options.strict,
                    .today = ServiceDate{std::chrono::floor<std::chrono::days>(now->time_since_epoch())},
                    .progress = options.progress});
    if (!read) return read.error();
    auto report = std::move(read->report);
    const auto data = timetable::encode(read->network);
    const auto network = Network::from_data(read->network);
    if (!network) return network.error();
    const auto report_pinned = [&]() -> Status {
        PinnedRuns pinned{**network, *now};
        if (const auto done = store_.read_all(pinned); !done) return done;
        report.pinned = pinned.changes();
        return {};
    };

    report.feed.checksum = base::sha256_hex(data);
    report.feed.imported_at = *now;
    if (options.dry_run) {
        if (const auto done = report_pinned(); !done) return done.error();
        return report;
    }
    auto stored = store_.timetable().put_feed(report.feed, data, *now);
    {
        const std::lock_guard lock{mutex_};
        imported_checksum_ = report.feed.checksum;
        imported_ = *network;
    }
    // Also where the outcome is not known: the next question reads what is there.
    note_change();
    if (!stored) return stored.error();
    report.feed = *std::move(stored);
    cache_->keep(report.feed, **network);
    drop_old_images();
    // Only now: a run that is pinned while the store is read has the new calls. Where it fails, the import is repeated.
    if (const auto done = report_pinned(); !done) return done.error();
    return report;
}

Result<std::vector<Feed>> Timetable::feeds() { return store_.timetable().feeds(); }

Status Timetable::remove_feed(std::string_view name) {
    // To the store, a feed that was removed before is a step repeated; to whoever asks, it is one that is not there.
    const auto stored = store_.timetable().feeds();
    if (!stored) return stored.error();
    if (std::ranges::find(*stored, name, &Feed::name) == stored->end())
        return Error{ErrorCode::not_found, "there is no such feed"};
    auto removed = store_.timetable().remove_feed(name);
    note_change();
    drop_old_images();
    return removed;
}

Result<Document> Timetable::import_layouts(std::string_view json) {
    const auto now = store_.now();
    if (!now) return now.error();
    const auto earlier = store_.timetable().documents(DocumentKind::layouts);
    if (!earlier) return earlier.error();
    if (const auto checked = timetable::check_layouts(json, *earlier); !checked) return checked.error();
    std::vector<Mistake> mistakes;
    const auto value = base::parse_json(json, ErrorCode::bad_data, mistakes);
    if (!value) return value.error();
    const auto name = base::ObjectReader{*value, "", mistakes}.optional_text("name");
    auto stored = store_.timetable().put_document(
        {.kind = DocumentKind::layouts, .name = name.value_or("layouts"), .text = std::string{json}}, *now);
    note_change();
    return stored;
}

Result<std::shared_ptr<const Consist>> Timetable::read_consist(std::string_view json) {
    const auto earlier = store_.timetable().documents(DocumentKind::layouts);
    if (!earlier) return earlier.error();
    return timetable::read_consist(json, *earlier);
}

Result<std::vector<Document>> Timetable::layouts() {
    auto imported = store_.timetable().documents(DocumentKind::layouts);
    if (!imported) return imported;
    imported->insert(imported->begin(), timetable::built_in_layouts());
    return imported;
}

Result<std::vector<Station>> Timetable::find_stations(std::string_view text, std::size_t limit) {
    if (limit < 1 || limit > kMaxPage) {
        return Error{ErrorCode::invalid_argument, fmt::format("the limit must be from 1 to {}", kMaxPage)};
    }
    if (text.size() > kMaxText) return too_long("the name");
    const auto now = snapshot();
    if (!now) return now.error();
    return timetable::find_stations(**now, text, limit);
}

Result<Station> Timetable::station(std::string_view id_or_name) {
    if (id_or_name.size() > kMaxText + kMaxFeedName) return too_long("the name");
    const auto now = snapshot();
    if (!now) return now.error();
    return timetable::find_station(**now, id_or_name);
}

Result<Run> Timetable::run(const RunId& id) {
    // A pinned run is asked for first: it stays even where its feed was removed.
    auto pinned = store_.inventory().find_pinned(id);
    if (!pinned) return pinned.error();
    if (*pinned) return **std::move(pinned);
    return planned_run(id);
}

Result<Run> Timetable::planned_run(const RunId& id) {
    const auto now = snapshot();
    if (!now) return now.error();
    return run_of(**now, id);
}

Result<Run> Timetable::run(std::string_view id) {
    const auto parsed = parse_run(id);
    if (!parsed) return parsed.error();
    const auto now = snapshot();
    if (!now) return now.error();
    const auto completed = complete(**now, *parsed);
    if (!completed) return completed.error();
    return run(*completed);
}

Result<std::vector<RunSummary>> Timetable::runs(ServiceDate date) {
    const auto now = snapshot();
    if (!now) return now.error();
    std::vector<RunSummary> runs;
    for (const auto& part : (*now)->parts) {
        const auto& network = *part.network;
        const auto day = network.day_of(date);
        if (!day) continue;
        for (timetable::Index trip = 0; trip < network.data().trips.size(); ++trip) {
            if (!network.runs_on(trip, *day)) continue;
            const auto calls = network.calls(trip);
            const auto add = [&](const timetable::RunIndex& run) {
                runs.push_back({network.id_of(run), network.train_name(trip), network.departure(run, 0),
                                network.arrival(run, static_cast<timetable::Index>(calls.size() - 1))});
            };
            if (network.starts(trip).empty()) add({trip, *day, 0, {}});
            for (const auto start : network.starts(trip)) add({trip, *day, start - calls.front().departure, start});
        }
    }
    std::ranges::sort(runs, [](const RunSummary& left, const RunSummary& right) {
        return std::tie(left.from.time, left.id) < std::tie(right.from.time, right.id);
    });
    return runs;
}

}  // namespace railbook
