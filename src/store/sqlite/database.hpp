#pragma once
/// The open file: its owner, its one connection, the clock of its steps, and the mirror of what is allocated.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <variant>

#include <railbook/environment.hpp>
#include <railbook/stores.hpp>

#include "store/rules.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/mirror.hpp"
#include "store/sqlite/owner.hpp"
#include "store/sqlite/tables.hpp"

namespace railbook::store::sqlite {

/// A step that is being done. It neither begins nor commits, so that one transaction can hold several.
struct Step {
    Tables& tables;
    Timestamp now;  ///< By which it decides: its command's time, but never earlier than what is stored.
    Effects effects = {};

    /// Saves the changes, and has the mirror follow them.
    Status save(const Changes& changes);
};

/// Thread-safe.
class Database {
public:
    /// Errors: those of open_sqlite.
    static Result<std::unique_ptr<Database>> open(const std::string& path, Environment& environment);

    const std::string& path() const { return path_; }
    int schema() const;
    /// The environment's time, but never earlier than what was stored or answered before.
    Timestamp now();
    Mirror& mirror() { return mirror_; }

    /// One transaction: `body` happens wholly or not at all.
    template <class T>
    Result<T> step(Timestamp asked, const std::function<Result<T>(Step&)>& body) {
        const std::lock_guard lock{mutex_};
        Transaction transaction{*connection_};
        if (const auto begun = transaction.begin(); !begun) return begun.error();
        const std::int64_t changes_before = connection_->total_changes();
        Step step{.tables = tables_, .now = std::max(asked, latest_)};
        auto answer = body(step);
        if (!answer) return answer;
        if (connection_->total_changes() != changes_before) {
            if (const auto done = tables_.set_time(step.now); !done) return done.error();
        }
        const bool has_changed = connection_->total_changes() != changes_before;
        if (const auto done = transaction.commit(); !done) return done.error();
        if (has_changed) {
            latest_ = step.now;
            not_before(latest_);
            mirror_.follow(step.effects, step.now);
        }
        return answer;
    }
    /// A step whose answer is kept under the command's key: repeated, it only answers. Errors also: key_reused.
    template <class T>
    Result<T> command(const Command& command, const std::function<Result<T>(Step&)>& body) {
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
    /// Reads that belong together, of one instant.
    template <class T>
    Result<T> read(const std::function<Result<T>(Tables&, Timestamp latest)>& body) {
        const std::lock_guard lock{mutex_};
        return body(tables_, latest_);
    }

    static Result<std::optional<Answer>> answer_to(Tables& tables, const Command& command, Timestamp now);

private:
    Database(std::string path, Environment& environment, Ownership ownership, std::unique_ptr<Connection> connection);
    /// Whether the file is ours, and which schema it has; 0 for an empty file.
    Result<int> recognise();
    Status prepare();
    /// The latest of `time` and all that were passed before.
    Timestamp not_before(Timestamp time);

    std::string path_;
    Environment& environment_;
    Ownership ownership_;  // given up after the connection is closed
    std::mutex mutex_;     // guards connection_, tables_ and latest_
    std::unique_ptr<Connection> connection_;
    Tables tables_;
    Timestamp latest_{};  // of what is stored
    Mirror mirror_;
    std::atomic<std::int64_t> latest_read_ =
        std::numeric_limits<std::int64_t>::min();  // raised without waiting for a step
};

}  // namespace railbook::store::sqlite
