#pragma once
/// The database: its connections, its clock, and the steps that are done in it, each in one transaction.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <variant>

#include <railbook/environment.hpp>
#include <railbook/stores.hpp>

#include "store/postgres/pool.hpp"
#include "store/postgres/postgres.hpp"
#include "store/postgres/runs.hpp"
#include "store/rules.hpp"

namespace railbook::store::postgres {

/// A step that is being done, in two halves. The first queues what locks and what reads, and `go` sends it in one round
/// trip; the second decides, and queues what is written, which goes with the COMMIT in another one.
///
/// Every step that changes what belongs to a run first locks the run (its row of run_versions), several in the order of
/// their names. Holds, bookings and payments have no locks of their own: whoever changes one has its runs. READ
/// COMMITTED is enough then: a statement after the lock sees all that the lock's last owner has committed.
class Step {
public:
    Step(Connection& connection, Timestamp asked, const Command* command);

    /// The first statement of a step: it locks, and its first column is the latest time that is stored.
    std::size_t lock(std::string_view sql, std::initializer_list<Value> values = {});
    /// Before lock(): of the times that are stored only that of the run counts. For what was done elsewhere, and in
    /// order.
    void by_time_of_run() { ask("SELECT set_config('railbook.by_time_of_run', 'on', true)"); }
    /// The same, of one among many: it does not wait for the disk, which whoever does them all waits for at the end.
    void by_time_of_run_in_batch() {
        ask("SELECT set_config('railbook.by_time_of_run', 'on', true), set_config('synchronous_commit', 'off', true)");
    }
    /// Queues a question. Its answer, after go(), is `answer(place)`.
    std::size_t ask(std::string_view sql, std::initializer_list<Value> values = {});
    /// Sends what is queued. The first time it also fails where the command was answered before; the step then ends,
    /// and gives that answer.
    Status go();
    /// The same, in the middle of many changes: all answers so far are forgotten.
    Status flush();
    const Rows& answer(std::size_t place) const { return answers_.at(place); }
    /// Queues a change.
    void tell(std::string_view sql, std::initializer_list<Value> values = {});
    /// A question has changed something, so the step is to be committed.
    void has_changed() { changes_ = true; }

    /// By which it decides: its command's time, but never earlier than what is stored. Known after go().
    Timestamp now() const { return now_; }
    void not_before(Timestamp time) { now_ = std::max(now_, time); }

private:
    friend class Database;
    Connection& connection_;
    Timestamp now_;
    Timestamp stored_ = Timestamp::min();  // the latest, when the step took its locks
    const Command* command_;
    std::optional<std::size_t> locked_;
    std::optional<std::size_t> asked_for_answer_;
    std::optional<Answer> earlier_;
    bool forgets_answer_ = false;  // one that was kept long enough is in the way of the new one
    bool has_begun_ = false;
    bool changes_ = false;
    std::size_t base_ = 0;  // of the places in the exchange that is queued
    std::vector<Rows> answers_;
};

/// Thread-safe.
class Database {
public:
    /// Errors: those of open_postgres.
    static Result<std::unique_ptr<Database>> open(const std::string& url, Environment& environment,
                                                  const PostgresOptions& options);

    const std::string& shown_address() const { return pool_.address().shown; }
    int schema() const;
    /// The database's time, but never earlier than what was stored or answered before.
    Result<Timestamp> now();

    /// One transaction: `body` happens wholly or not at all. It may be called again where others came in between.
    template <class T>
    Result<T> step(Timestamp asked, const std::function<Result<T>(Step&)>& body) {
        return run<T>(asked, nullptr, body);
    }
    /// A step whose answer is kept under the command's key, if it has one: repeated, it only answers. Errors also:
    /// key_reused.
    template <class T>
    Result<T> command(const Command& command, const std::function<Result<T>(Step&)>& body) {
        return run<T>(command.now, command.key.text.empty() ? nullptr : &command, body);
    }
    /// Reads: each statement is of one instant. It may be called again where the connection was lost.
    template <class T>
    Result<T> read(const std::function<Result<T>(Connection&)>& body) {
        std::optional<Result<T>> answer;
        const auto done = repeat([&](Connection& connection) -> Status {
            answer = body(connection);
            return *answer ? Status{} : answer->error();
        });
        if (!done) return done.error();
        return *std::move(answer);
    }
    /// Reads that are all of one instant.
    Status read_at_one_instant(const std::function<Status(Connection&)>& body);
    /// Has the partition for runs of that date be there. Errors: forbidden.
    Status make_partition(ServiceDate date);

    Result<std::optional<Answer>> find_answer(const Command& command);

    PinnedRuns& pinned_runs() { return pinned_runs_; }
    Environment& environment() { return environment_; }
    /// At most so many at a time.
    std::size_t connections() const { return options_.connections; }

private:
    Database(Address address, Environment& environment, const PostgresOptions& options)
        : environment_{environment}, options_{options}, pool_{std::move(address), options.connections, environment} {}

    Status prepare();
    /// The number of the schema; 0 where there is none yet. Errors: bad_data; unsupported; unavailable (a standby).
    static Result<int> recognise(Connection& connection);
    Timestamp not_before(Timestamp time);
    /// Does it again, a bounded number of times, where others came in between or the connection was lost too early for
    /// anything to have been committed.
    Status repeat(const std::function<Status(Connection&)>& body);
    static void undo(Connection& connection);
    static Status finish(Step& step);

    template <class T>
    Result<T> run(Timestamp asked, const Command* command, const std::function<Result<T>(Step&)>& body) {
        std::optional<Result<T>> answer;
        const auto done = repeat([&](Connection& connection) -> Status {
            Step step{connection, asked, command};
            answer = body(step);
            if (step.earlier_) {
                answer = earlier_answer<T>(*step.earlier_);
                undo(connection);
                return *answer ? Status{} : answer->error();
            }
            if (!*answer) return answer->error();
            if constexpr (std::is_constructible_v<Answer, T>) {
                if (command) keep(step, **answer);
            }
            if (const auto finished = finish(step); !finished) return finished;
            return {};
        });
        if (!done) return done.error();
        return *std::move(answer);
    }
    template <class T>
    static Result<T> earlier_answer(const Answer& earlier) {
        if constexpr (std::is_constructible_v<Answer, T>) {
            if (const auto* value = std::get_if<T>(&earlier)) return *value;
        }
        return Error{ErrorCode::damaged, "a kept answer is of another operation"};
    }
    static void keep(Step& step, const Answer& answer);

    Environment& environment_;
    PostgresOptions options_;
    Pool pool_;
    PinnedRuns pinned_runs_;
    std::atomic<std::int64_t> latest_read_ = std::numeric_limits<std::int64_t>::min();
    std::mutex mutex_;               // guards what follows
    std::set<std::int64_t> months_;  // whose partitions are there
};

}  // namespace railbook::store::postgres
