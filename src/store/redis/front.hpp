#pragma once
/// What stands in front of the system of record: which runs Redis decides about at the moment, and how they come and
/// go.
///
/// A run is open (Redis decides about its holds, and keeps a journal of what the record does not know yet), or closed
/// (the record decides). Whoever closes a run takes it for a while, empties its journal into the record, and works
/// there; whoever next wants to hold a seat brings it back, with all that the record has.

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <railbook/environment.hpp>
#include <railbook/stores.hpp>

#include "store/record.hpp"
#include "store/redis/client.hpp"

namespace railbook::store::redis {

/// An epoch, as this process knows it.
struct Epoch {
    std::uint64_t number = 0;
    std::string token;                 ///< In the names of all keys: two stores may share a Redis.
    std::vector<std::string> servers;  ///< Their runs, in order; none while Redis is away.
    Timestamp answers_until{};         ///< Until then, the record may know answers from before.
};

/// The names of what Redis keeps.
struct RunKeys {
    std::string name;                 ///< Of the run, as it is in keys.
    std::array<std::string, 5> keys;  ///< As the scripts want them.
};

/// What became of an attempt to do something in front.
enum class Way : std::uint8_t {
    again,   ///< Things have changed: try once more.
    record,  ///< It is for the record to do.
};

/// Thread-safe.
class Front {
public:
    Front(Address address, SystemOfRecord& record, Environment& environment, bool clock_of_environment);
    /// Errors: unavailable; forbidden; unsupported (the eviction policy).
    Status start();

    /// Null while Redis is away. Looks every second whether the epoch is over.
    std::shared_ptr<const Epoch> epoch();
    /// The number of the epoch, with Redis or while it is away; after a look whether Redis still has what it had.
    std::uint64_t last_epoch();
    /// The record's time, as this process reckons it.
    Result<Timestamp> now();
    void not_before(Timestamp time);

    std::string key(const Epoch& epoch, std::string_view kind, std::string_view of) const;
    RunKeys keys_of(const Epoch& epoch, const RunId& run) const;
    RunKeys keys_of(const Epoch& epoch, std::string_view name) const;

    /// A script about a run. Errors: those of Client::run, where Redis is taken to be away from now on.
    Result<Reply> run(const Script& script, std::span<const std::string> keys,
                      std::span<const std::string_view> arguments);
    Result<Reply> ask(std::string_view key, std::initializer_list<std::string_view> words);
    bool is_cluster() const { return client_.is_cluster(); }

    /// What to do where a script about a run says something else than was hoped for.
    Result<Way> react(const Epoch& epoch, const RunId& run, const Reply& reply);
    /// Brings a run to the front. False: it is not pinned.
    Result<bool> open_run(const Epoch& epoch, const RunId& run);
    /// The run that is pinned, and the digest of it, as this process knows it.
    struct Known {
        Run run;
        std::string digest;
    };
    using KnownRun = std::shared_ptr<const Known>;
    KnownRun known(const RunId& run) const;  ///< Null where it does not.
    /// Null where nobody has said of late that it is still so.
    KnownRun confirmed(const RunId& run) const;
    void confirm(const RunId& run, const KnownRun& known);
    KnownRun learn(const Run& run);
    void forget(const RunId& run);

    /// Does something in the record while it alone decides about these runs (names, see RunKeys).
    template <class T>
    Result<T> in_record(std::vector<std::string> names, const std::function<Result<T>()>& work) {
        const auto hands = take_all(std::move(names));
        if (!hands) return hands.error();
        auto answer = work();
        give_back(*hands, true);
        return answer;
    }
    /// Empties the journal of a run into the record.
    Status settle_run(const std::string& name);
    /// Of all runs.
    Status settle();
    bool is_away() const { return is_away_; }
    /// The record, which was empty, has been filled: its fences go on from there.
    Status resume();
    /// Redis has lost what it held.
    void lost(const Epoch& epoch);

    /// A fence that nobody else has, for a hold that is placed in the record; none while Redis is away.
    Result<std::optional<std::uint64_t>> draw_fence();
    void give_back_fence(std::uint64_t fence);
    /// In a cluster, where an owner's keys are not those of a run: before a hold is placed, what belongs to its owner.
    /// False: its key was used elsewhere. Errors: too_many_requests.
    struct Earmark {
        const Hold& hold;
        std::string run;         ///< Its name.
        std::string answer_key;  ///< Where it says in which run the answer is.
        Timestamp now{};
        Duration keep_answer{};  ///< Zero: the command has no key.
        std::size_t max_holds = 0;
        bool is_forced = false;
    };
    Result<bool> reserve(const Epoch& epoch, const Earmark& wanted);
    /// It was not placed.
    void cancel(const Epoch& epoch, const Hold& wanted);
    /// The run needs fences.
    Status grant_fences(const Epoch& epoch, const RunKeys& run);
    std::string owner_key(const Epoch& epoch, std::string_view owner) const;
    /// The record has these seats for the hold, or not any more.
    void tell_of(const Hold& hold);

private:
    struct Lease {
        RunKeys run;
        std::string token;
        bool is_fresh = false;  ///< Redis knew nothing of the run.
        std::vector<Reply> journal;
        std::int64_t holds = 0;
    };
    struct Hands {
        std::shared_ptr<const Epoch> epoch;  ///< Null while Redis is away: the record decides about every run.
        std::vector<Lease> leases;
    };
    Result<Hands> take_all(std::vector<std::string> names);
    void give_back(const Hands& hands, bool closed);
    Result<Lease> take(const Epoch& epoch, RunKeys run, bool alone);
    Status drain(const Epoch& epoch, Lease& lease);
    void leave(const Epoch& epoch, const Lease& lease, bool closed);
    Status install(const Epoch& epoch, const Lease& lease, const RunInRecord& found, const std::string& digest);
    Status renew(std::uint64_t lost_epoch);
    Status admit(const ServerFacts& facts);
    void go_away();
    std::shared_ptr<const Epoch> current() const;

    SystemOfRecord& record_;
    Environment& environment_;
    const bool clock_of_environment_;
    Client client_;
    std::atomic<bool> is_away_ = false;
    std::atomic<std::uint64_t> last_epoch_ = 0;
    std::atomic<std::int64_t> look_again_ = 0;  // at this moment, of the steady clock
    std::atomic<std::int64_t> offset_ = 0;      // of the record's clock to the steady clock
    std::atomic<std::int64_t> latest_ = 0;
    mutable std::mutex mutex_;  // guards what follows
    std::shared_ptr<const Epoch> epoch_;
    struct Remembered {
        KnownRun run;
        std::int64_t until = 0;  // of the steady clock: it is taken to be so
    };
    std::map<RunId, Remembered> known_;
};

/// The bytes of what is in Redis.
/// Of a hold whose text follows.
std::string encode_place(const Command& command, std::string_view hold);
std::string encode_extend(const Command& command, const HoldClaim& claim, Timestamp until);
/// Errors: damaged.
Result<FrontStep> decode_step(std::string_view entry, std::uint64_t epoch);
std::string encode_hold(const Hold& hold);
/// `fence` as the scripts write it. Errors: damaged.
Result<Hold> decode_hold(std::string_view text, std::string_view fence);
std::string fence_text(std::uint64_t fence);
/// Errors: damaged.
Result<std::uint64_t> decode_fence(std::string_view fence);
std::string bytes_of(const HoldId& id);
std::string cell_bytes(Span span, Timestamp until, SeatState state, const HoldId& hold);
std::string time_text(Timestamp time);

}  // namespace railbook::store::redis
