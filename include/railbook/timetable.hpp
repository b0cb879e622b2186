#pragma once
/// Timetables: import GTFS feeds, find stations, and ask what runs on a date. Also which coaches a run has.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/environment.hpp>
#include <railbook/ids.hpp>
#include <railbook/stores.hpp>

namespace railbook {

namespace timetable {
class ImageCache;
struct Snapshot;  // all feeds at one instant; private to the library
class Network;    // one of them
}

struct ImportProgress {
    std::string_view step;   ///< Such as `stop_times.txt`.
    std::uint64_t done = 0;  ///< Bytes.
    std::uint64_t total = 0;
};

struct ImportOptions {
    std::string name = {};  ///< `[a-z0-9-]{1,32}`; empty: made from the file's name.
    /// Moves every service date by whole weeks, so that the first one falls in the week that begins at this date.
    std::optional<ServiceDate> rebase = std::nullopt;
    bool strict = false;   ///< One bad row refuses the feed.
    bool dry_run = false;  ///< Read and report; keep nothing.
    std::function<void(const ImportProgress&)> progress = {};
};

struct FileCount {
    std::string file;
    std::size_t rows = 0;
    std::size_t dropped = 0;
};

/// A call of a run that a newer timetable has otherwise.
struct CallChange {
    std::optional<Call> before;  ///< None: the train calls there now.
    std::optional<Call> after;   ///< None: it no longer does.
};
/// What passengers would notice, in the order of the journey. Empty where only distances differ.
std::vector<CallChange> changes_of(const Run& before, const Run& after);

/// A run of which something was held or sold, and which the new timetable has otherwise or no longer has. It stays as
/// it was sold until an operator adopts the change.
struct PinnedRunChange {
    RunId run;
    bool dropped = false;   ///< The new timetable has no such run.
    std::string detail;     ///< What changes, for a person.
    std::size_t holds = 0;  ///< Live ones that are not booked.
    std::size_t bookings = 0;
};

/// What an import found.
struct ImportReport {
    Feed feed;
    std::vector<FileCount> files;
    /// Rows that were left out and why, with `file:line:column`; the first kMaxListed of them.
    std::vector<Mistake> dropped;
    std::size_t dropped_count = 0;
    /// What is worth knowing and dropped nothing, such as service dates that were clipped.
    std::vector<std::string> notes;
    /// Of service that is not over yet.
    std::vector<PinnedRunChange> pinned;
    std::uint64_t bytes = 0;  ///< Of text read.
    static constexpr std::size_t kMaxListed = 100;
};

struct Station {
    StationId id;
    std::string name;
    std::string code = {};  ///< A short one that passengers know, where the feed has some.
    std::string zone;       ///< IANA name.
    double latitude = 0;
    double longitude = 0;
    std::vector<std::string> platforms;  ///< Codes or names of its child stops.
    std::size_t calls = 0;               ///< Of trains a week, averaged over the feed: how busy it is.
    std::vector<StationId> also = {};    ///< The same station in other feeds.
};

struct RunSummary {
    RunId id;
    std::string train;
    Endpoint from;
    Endpoint to;
};

/// Thread-safe. The environment and the store must outlive this object. Imports take effect for the whole process at
/// once, and for others that use the store with the first query after kLookEvery, at the latest twice that (a store
/// that does not answer aside); a query sees one state from start to end.
class Timetable {
public:
    static constexpr Duration kLookEvery = std::chrono::seconds{2};

    /// `cache`: what the names of files begin with in which compiled timetables are kept, so that the next start is a
    /// fast one; they hold nothing that the store has not. Empty: there are none.
    Timetable(Environment& environment, Store& store, std::string cache = {});
    ~Timetable();

    /// Reads a GTFS zip file or folder and makes it the current version of its feed.
    /// Errors: not_found (no such file); bad_data (with file, line and column; the old timetable stays); too_large.
    Result<ImportReport> import_gtfs(const std::string& path, const ImportOptions& options);
    Result<std::vector<Feed>> feeds();
    /// Errors: not_found.
    Status remove_feed(std::string_view name);

    /// Imports coach layouts and consists (a JSON document, see docs/layouts.md). Errors: bad_data with pointers.
    Result<Document> import_layouts(std::string_view json);
    /// The coaches that a document of one consist describes, by its own layouts and those that were imported. Nothing
    /// is kept. Errors: bad_data with pointers.
    Result<std::shared_ptr<const Consist>> read_consist(std::string_view json);
    /// Every layouts document, the built-in one first.
    Result<std::vector<Document>> layouts();

    /// Stations for a text that somebody types, best first: each of its words begins a word of the name, in any order;
    /// case and diacritics do not matter, and common abbreviations are known. Or the text is the station's code, or
    /// its id in its feed, such as a UIC code. Ranked by how well they match, then by traffic. Where they are few,
    /// those follow that would match but for a typing error. A station of several feeds comes once.
    Result<std::vector<Station>> find_stations(std::string_view text, std::size_t limit);
    /// One station: an id (`db:8000105`, or `8000105` where one station has it) or a name that only one station has. A
    /// platform means its station. Errors: not_found, with similar names; invalid_argument (ambiguous, with choices).
    Result<Station> station(std::string_view id_or_name);

    /// The run, as pinned if something of it was held, else as the timetable has it now.
    /// Errors: not_found (no such trip, not on that date, or a date outside the timetable, which the detail names).
    Result<Run> run(const RunId& id);
    /// The same by text; the feed may be left out. Errors: invalid_argument; not_found.
    Result<Run> run(std::string_view id);
    /// The run as the timetable has it now, pinned or not; the store is not asked. Errors: not_found.
    Result<Run> planned_run(const RunId& id);
    /// Every run of a service date, by departure.
    Result<std::vector<RunSummary>> runs(ServiceDate date);

    /// For the library's own parts: all feeds as they are now.
    Result<std::shared_ptr<const timetable::Snapshot>> snapshot();

private:
    class Loading;
    /// So long others go on with what is known while one thread looks.
    static constexpr Duration kMostStale = 2 * kLookEvery;

    void note_change();
    void drop_old_images();
    /// What the store has by now, if that is not `known`.
    std::shared_ptr<const timetable::Snapshot> look(const timetable::Snapshot& known);

    Environment& environment_;
    Store& store_;
    std::unique_ptr<timetable::ImageCache> cache_;
    std::mutex mutex_;
    std::uint64_t change_ = 0;                             // grows with each import or removal
    std::shared_ptr<const timetable::Snapshot> snapshot_;  // empty until first used; stale until it is of `change_`
    Timestamp looked_at_{};                                // at what other processes did
    bool is_loading_ = false;                              // one thread looks at the store, or reads it
    std::vector<Waiter*> waiting_;                         // for it, where nothing good is known
    // What was imported last, so that it need not be read from the store again.
    std::string imported_checksum_;
    std::shared_ptr<const timetable::Network> imported_;
};

/// The call of a run that a text names: a station id or name, with `#2` for the second of two calls there.
/// `first` is the earliest call to look at. Errors: not_found; invalid_argument (two calls, with the choices).
Result<std::size_t> find_call(const Run& run, std::string_view text, std::size_t first = 0);
/// The ends of a ride as passengers read them. `from` < `to` < run.calls.size().
Endpoint departure_of(const Run& run, std::size_t from);
Endpoint arrival_of(const Run& run, std::size_t to);

}  // namespace railbook
