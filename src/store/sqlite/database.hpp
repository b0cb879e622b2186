#pragma once
/// The open file: its owner, its one connection, the clock of its steps, and the mirror of what is allocated.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include <railbook/environment.hpp>
#include <railbook/stores.hpp>

#include "store/rules.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/mirror.hpp"
#include "store/sqlite/owner.hpp"
#include "store/sqlite/tables.hpp"
#include "store/turns.hpp"

namespace railbook::store::sqlite {

/// A step that is being done. It neither begins nor commits, so that one transaction can hold several.
struct Step {
    Tables& tables;
    Timestamp now;  ///< By which it decides: its command's time, but never earlier than what is stored.
    Effects effects = {};

    /// Saves the changes, and has the mirror follow them.
    Status save(const Changes& changes);
    /// The same for a hold that is new, and in its table as it is.
    Status save_placed(const Changes& changes);
};

/// Thread-safe.
class Database {
public:
    /// Errors: those of open_sqlite.
    static Result<std::unique_ptr<Database>> open(const std::string& path, Environment& environment,
                                                  const std::string& vfs);

    const std::string& path() const { return path_; }
    int schema() const;
    /// The environment's time, but never earlier than what was stored or answered before.
    Timestamp now();
    Mirror& mirror() { return mirror_; }

    /// One transaction, which it may share with others: `body` happens wholly or not at all. Whoever commits calls the
    /// bodies of all that wait, each of which sees what those before it did. Where the transaction itself fails, none
    /// of them has happened, and each is told why.
    template <class T>
    Result<T> step(Timestamp asked, const std::function<Result<T>(Step&)>& body) {
        return do_step<T>(Work::Kind::step, asked, body);
    }
    /// The same, with a transaction of its own and called once, by its own caller: for what takes long, calls the
    /// caller's own code, or changes what steps believe to be fixed.
    template <class T>
    Result<T> step_alone(Timestamp asked, const std::function<Result<T>(Step&)>& body) {
        return do_step<T>(Work::Kind::alone, asked, body);
    }
    /// A step whose answer is kept under the command's key, if it has one: repeated, it only answers. Errors also:
    /// key_reused.
    template <class T>
    Result<T> command(const Command& command, const std::function<Result<T>(Step&)>& body) {
        if (command.key.text.empty()) return step<T>(command.now, body);
        return step<T>(command.now, [&](Step& step) -> Result<T> {
            const auto earlier = answer_to(step.tables, command, step.now);
            if (!earlier) return earlier.error();
            if (*earlier) {
                if (const auto* value = std::get_if<T>(&**earlier)) return *value;
                return Error{ErrorCode::damaged, "a kept answer is of another operation"};
            }
            auto answer = body(step);
            if (!answer) return answer;
            const auto kept = step.tables.put_answer(keep_answer(command, *answer, step.now));
            if (!kept) return kept.error();
            return answer;
        });
    }
    /// Reads that belong together, of one instant. Another caller may be the one who calls `body`.
    template <class T>
    Result<T> read(const std::function<Result<T>(Tables&, Timestamp latest)>& body) {
        std::optional<Result<T>> answer;
        ReadWork work{Work::Kind::read, [&] { answer = body(tables_, latest_); }};
        do_reads(work);
        return answer ? *std::move(answer) : not_reached();
    }
    /// The same for what takes long or calls the caller's own code. It is done here, while everybody else waits.
    template <class T>
    Result<T> read_alone(const std::function<Result<T>(Tables&, Timestamp latest)>& body) {
        std::optional<Result<T>> answer;
        ReadWork work{Work::Kind::alone, [&] { answer = body(tables_, latest_); }};
        do_reads(work);
        return answer ? *std::move(answer) : not_reached();
    }

    /// See Store::backup.
    Status backup(const std::string& file);

    static Result<std::optional<Answer>> answer_to(Tables& tables, const Command& command, Timestamp now);

private:
    struct StepWork final : Work {
        StepWork(Kind wanted, Timestamp asked_for, std::function<Status(Step&)> what)
            : Work{wanted}, asked{asked_for}, body{std::move(what)} {}
        Timestamp asked;
        std::function<Status(Step&)> body;
        Status transaction = not_reached();  ///< Whether it was committed; a refused body is no reason against it.
        bool has_changed = false;
        Timestamp done_at{};
        Effects effects = {};
    };
    struct ReadWork final : Work {
        ReadWork(Kind wanted, std::function<void()> what) : Work{wanted}, body{std::move(what)} {}
        std::function<void()> body;
    };
    /// Of work that was not done, because an exception ended the work of its group.
    static Error not_reached();

    Database(std::string path, Environment& environment, Ownership ownership, std::unique_ptr<Connection> connection);
    Status prepare();
    template <class T>
    Result<T> do_step(Work::Kind kind, Timestamp asked, const std::function<Result<T>(Step&)>& body) {
        std::optional<Result<T>> answer;
        StepWork work{kind, asked, [&](Step& step) -> Status {
                          answer = body(step);
                          return answer->has_value() ? Status{} : answer->error();
                      }};
        if (const auto done = commit(work); !done) return done.error();
        return *std::move(answer);
    }
    /// Has the step done, by whoever commits. Errors: those of the transaction, never the body's.
    Status commit(StepWork& mine);
    void do_reads(ReadWork& mine);
    /// One transaction with all steps of the group.
    Status commit_group(const Group& group);
    enum class Undo : std::uint8_t { with_the_group, alone };
    /// False, and nothing done: a body failed that had changed something, which cannot be undone alone.
    Result<bool> attempt(const Group& group, Undo undo);
    /// One step of the transaction. Errors: the transaction is lost.
    Result<bool> attempt_step(StepWork& work, Timestamp latest, Undo undo);
    /// The latest of `time` and all that were passed before.
    Timestamp not_before(Timestamp time);

    std::string path_;
    Environment& environment_;
    Ownership ownership_;  // given up after the connection is closed
    Turns turns_;          // whose turn it is has connection_, tables_ and latest_
    std::unique_ptr<Connection> connection_;
    Tables tables_;
    Timestamp latest_{};  // of what is stored
    Mirror mirror_;
    std::atomic<std::int64_t> latest_read_ =
        std::numeric_limits<std::int64_t>::min();  // raised without waiting for a step
};

}  // namespace railbook::store::sqlite
