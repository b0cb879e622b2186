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
    std::vector<std::string> servers;  ///< The layout and their runs, in order; none while Redis is away.
    Timestamp answers_until{};         ///< Until then, the record may know answers from before.
};

/// The names of what Redis keeps.
struct RunKeys {
    std::string name;                 ///< Of the run, as it is in keys.
    std::array<std::string, 1> keys;  ///< As the scripts want them.
    std::string forbidden;            ///< In a cluster: holds that are not to be placed any more.
};

enum class Earmarked : std::uint8_t {
    done,
    elsewhere,  ///< The key was used elsewhere.
    uncounted,  ///< Only the record knows how many holds the owner has.
};

/// What became of an attempt to do something in front.
enum class Way : std::uint8_t {
    again,   ///< Things have changed: try once more.
    record,  ///< It is for the record to do.
};

/// Thread-safe.
class Front {
    struct Lease;
    struct Hands;
    enum class After : std::uint8_t;

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
        std::uint64_t epoch = 0;  ///< Of the keys and the guard; 0 for none.
        RunKeys keys;
        std::string guard;  ///< Where Redis says the same, holds may be placed.
        Words wired;        ///< The keys, as they go over the wire.
    };
    using KnownRun = std::shared_ptr<const Known>;
    KnownRun known(const RunId& run) const;  ///< Null where it does not.
    /// Null where nobody has said of late that it is still so.
    KnownRun confirmed(const RunId& run) const;
    void confirm(const RunId& run, const KnownRun& known);
    KnownRun learn(const Run& run);
    void forget(const RunId& run);

    /// Does something in the record while it alone decides about these runs (names, see RunKeys). What it does to the
    /// seats of a hold Redis is told of afterwards, and the runs stay open; without a hold they are closed. The work is
    /// told of the epoch in which the runs are taken; null while Redis is away.
    template <class T>
    Result<T> in_record(std::vector<std::string> names, const std::optional<HoldId>& hold,
                        const std::function<Result<T>(const Epoch*)>& work) {
        const auto hands = take_all(std::move(names));
        if (!hands) return hands.error();
        auto answer = work(hands->epoch.get());
        if (hold) hand_over(*hands, *hold);
        else give_back(*hands, After::closed);
        return answer;
    }
    template <class T>
    Result<T> in_record(std::vector<std::string> names, const std::optional<HoldId>& hold,
                        const std::function<Result<T>()>& work) {
        return in_record<T>(std::move(names), hold, [&](const Epoch*) { return work(); });
    }
    /// Empties the journal of a run into the record.
    Status settle_run(const std::string& name, bool forgets = false);
    /// Of all runs.
    Status settle();
    bool is_away() const { return is_away_; }
    void pause(Duration time) { environment_.pause(time); }
    /// The record, which was empty, has been filled: its fences go on from there.
    Status resume();
    /// Redis has lost what it held.
    void lost(const Epoch& epoch);

    /// Whether the record says so; then this process knows of the new one.
    bool is_over(const Epoch& epoch);
    /// A fence that nobody else has, for a hold that is placed in the record.
    Result<std::uint64_t> draw_fence(const Epoch& epoch, const HoldId& hold);
    /// The hold came to nothing: if nobody has drawn another one since, the next one gets it.
    void give_back_fence(const Epoch& epoch, std::uint64_t fence, const HoldId& hold);
    /// In a cluster, where an owner's keys are not those of a run: before a hold is placed, what belongs to its owner.
    /// Errors: too_many_requests.
    struct Earmark {
        const Hold& hold;
        std::string run;    ///< Its name.
        std::string field;  ///< Where it says in which run the answer is; empty: the command has no key.
        Timestamp now{};
        Duration keep_answer{};
        std::size_t max_holds = 0;
        std::optional<HoldId> over;  ///< The key led to that hold before, which has come to nothing.
    };
    Result<Earmarked> reserve(const Epoch& epoch, const Earmark& wanted);
    /// It was not placed.
    void cancel(const Epoch& epoch, const Hold& wanted, const std::string& field, Timestamp now);
    /// The run needs fences.
    Status grant_fences(const Epoch& epoch, const RunKeys& run);
    /// The pages that know of an owner, newest first, as far back as answers are kept. In a cluster an owner's are in a
    /// slot of their own.
    std::vector<std::string> pages(const Epoch& epoch, std::string_view owner, Timestamp now, Duration back) const;
    /// For what is kept so long.
    static Duration page_time(Duration keep);
    /// What the newest page has there; empty where none has.
    Result<std::string> read_page(const std::vector<std::string>& pages, std::string_view field);
    /// The record has these seats for the hold, or not any more.
    void tell_of(const Hold& hold);
    /// The record alone has the answer, until the time of `keep` is over. False where the key leads to another hold, or
    /// to another one than `over`. Errors: those of run().
    Result<bool> tell_of_answer(const Epoch& epoch, const Command& command, const HoldId& hold,
                                const std::optional<HoldId>& over);
    /// In a cluster: whoever is about to place the hold on that run will not. False where it is there. Errors: those of
    /// run().
    Result<bool> forbid(const RunKeys& run, const HoldId& hold);
    /// In which run a hold is; nothing where Redis does not know it.
    Result<std::optional<std::string>> run_of(const Epoch& epoch, const HoldId& id);
    /// What all holds have in common that are placed at that time: keys and arguments.
    std::shared_ptr<const Shared> shared_of_places(const std::shared_ptr<const Epoch>& epoch, const Command& command);
    /// A step that is done together with those of other threads. Errors: those of run().
    Result<Reply> join(const Joint& step);

private:
    struct Lease {
        RunKeys run;
        std::string token;
        bool is_fresh = false;  ///< Redis knew nothing of the run.
        bool is_wrong =
            false;  ///< The record has refused what Redis did: Redis is to begin anew with what the record has.
        bool was_open = false;
        std::uint64_t version = 0;  ///< When it was taken.
        std::vector<Reply> journal;
        std::int64_t told = 0;  ///< Entries of the journal before those.
        std::int64_t holds = 0;
    };
    /// What becomes of a run that was taken.
    enum class After : std::uint8_t { as_it_was, closed, forgotten };
    struct Hands {
        std::shared_ptr<const Epoch> epoch;  ///< Null while Redis is away: the record decides about every run.
        std::vector<Lease> leases;
    };
    Result<Hands> take_all(std::vector<std::string> names);
    void give_back(const Hands& hands, After after);
    void hand_over(const Hands& hands, const HoldId& id);
    Result<Lease> take(const Epoch& epoch, RunKeys run, bool alone);
    Status drain(const Epoch& epoch, Lease& lease);
    /// Hands a journal over. Where an epoch is over, this process knows of the new one then.
    Status tell_record(const Epoch& epoch, Lease& lease, std::string& known, std::string& released);
    void leave(const Epoch& epoch, const Lease& lease, After after);
    /// The lease has ended by itself meanwhile: whatever others did, the run is closed.
    void close_again(const Epoch& epoch, const Lease& lease);
    Status forget_past(const Epoch& epoch);
    /// Whether holds that have ended are to be looked for, as the script wants to know it: it was some time ago that
    /// somebody did.
    std::string_view sweep_of(const std::string& name) const;
    void note_sweep(const std::string& name);
    Status install(const Epoch& epoch, const Lease& lease, const RunInRecord& found, const std::string& digest);
    Status renew(std::uint64_t lost_epoch);
    /// Where there is none, Redis is taken to be away, or the epoch to be over.
    Result<Reply> checked(Result<Reply> reply);
    Status admit(const ServerFacts& facts);
    void go_away();
    /// Somebody without Redis, or with another one, has begun that epoch: whether to go on with Redis at once.
    bool may_come_back(std::uint64_t epoch);
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
    std::uint64_t others_epoch_ = 0;  // the last one without servers, or with others,
    std::int64_t come_back_ = 0;      // when to end it,
    std::int64_t pause_ = 0;          // and how long that was to wait
    struct Remembered {
        KnownRun run;
        std::int64_t until = 0;  // of the steady clock: it is taken to be so
    };
    std::map<RunId, Remembered> known_;
    std::map<std::string, std::int64_t> swept_;  // when, of the steady clock
    // What holds that are placed have in common, of an epoch, a time and a policy.
    std::shared_ptr<const Shared> shared_;
    std::shared_ptr<const Epoch> epoch_of_shared_;
    Timestamp shared_from_{};
    Timestamp shared_until_{};
    Duration keep_of_shared_{};
};

// --- The bytes of what is in Redis, as scripts.cpp describes them ----------------------------------------------------

/// In milliseconds; longer than any hold lasts that Redis decides about.
inline constexpr std::string_view kDayText = "90000000";
/// Of the pages: where it says which hold the answer to the command is; empty where it has no key.
std::string answer_field(const Command& command);
/// Where the list of the owner is.
inline std::string owner_field(std::string_view owner) { return 'o' + std::string{owner}; }
constexpr std::uint64_t number_of(std::uint64_t fence) { return fence & (fence_of(1, 0) - 1); }
std::string time_text(Timestamp time);
std::string bytes_of(const HoldId& id);
/// A span of a seat.
std::string cell_bytes(Span span, Timestamp until, SeatState state, const HoldId& hold);
/// What never changes of a hold. `step` is what the journal says of how it was placed.
std::string encode_lasting(const Hold& hold, std::string_view step);
/// The whole record, of a hold that the record knows.
std::string encode_record(const Hold& hold);
/// The hold as it is now, or as it was answered when it was placed. Errors: damaged.
Result<Hold> decode_record(std::string_view record, bool as_placed);
/// What changes of a run with each step.
struct RunState {
    std::uint64_t version = 0;
    Timestamp time{};
    bool is_behind = false;  ///< PostgreSQL does not know all of its journal.
};
RunState decode_state(std::string_view bytes);
/// A hold to be placed, as the script wants to know of it.
struct PlaceOrder {
    const Command& command;
    const Hold& hold;
    std::string_view guard;  ///< Of Front::Known.
    std::string_view run;    ///< Its name.
    std::string_view owner;  ///< Where the pages have the owner's list,
    std::string_view key;    ///< and what is the answer to the command; empty where it has no key.
    std::size_t max_holds = 0;
    std::optional<HoldId> over;  ///< Where the key leads to that hold, it is as if it led to none.
};
std::string encode_order(const PlaceOrder& order);
/// What the script says of a hold that it has placed.
struct Placed {
    std::uint64_t number = 0;
    std::uint64_t version = 0;
    /// In the order of the hold's. Of the bytes that were decoded; empty where the hold is all that is there.
    std::vector<std::string_view> seats;
};
/// Errors: damaged.
Result<Placed> decode_placed(std::string_view bytes);
/// The live holds that the list of an owner has.
std::vector<HoldId> decode_live(std::string_view list);
std::string claim_numbers(const Command& command, const HoldClaim& claim, Timestamp until);
/// What is kept under the key of a command: until when, and which hold is the answer.
struct KeptPlace {
    Timestamp until{};
    HoldId hold;
    bool is_records = false;  ///< The record alone knows.
};
std::string encode_kept(Timestamp until, const HoldId& hold, bool is_records);
/// Of the request that the hold is the answer to; nothing where its record does not say, since PostgreSQL knows.
std::optional<std::string> fingerprint_in(std::string_view record);
/// Errors: damaged.
Result<KeptPlace> decode_kept(std::string_view bytes);
/// How a hold was placed, as its record says it for the journal.
std::string encode_place(const Command& command);
std::string encode_extend(const Command& command, const HoldClaim& claim, Timestamp until);
/// Errors: damaged.
Result<FrontStep> decode_step(std::string_view entry, std::uint64_t epoch);

}  // namespace railbook::store::redis
