#pragma once
/// A hand on the disk that SQLite writes to: counts what is made safe, and fails where a test wants it to.

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>

#include <sqlite3.h>

namespace railbook::test {

/// While it lives, every file that SQLite opens is on it. One at a time; files must be closed before it goes.
/// Thread-safe.
class Disk {
public:
    Disk();
    ~Disk();
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;

    /// How often a file was made safe (fsync).
    int syncs() const { return syncs_; }
    /// How often the log of writes was: once a commit.
    int log_syncs() const { return log_syncs_; }
    /// Is called at each sync of the log, before it happens, with its number; false makes it fail.
    void at_log_sync(std::function<bool(int number)> hook);
    /// From now on nothing is made safe, and nobody is told: what SQLite does with `synchronous = OFF`.
    void leave_out_syncs() { syncs_are_left_out_ = true; }
    /// Lets no file grow beyond the space that all of them take together now and `bytes` more.
    void leave_free(std::int64_t bytes);
    void free_space() { free_ = std::numeric_limits<std::int64_t>::max(); }

private:
    struct File;
    static const sqlite3_io_methods& methods();
    static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags);
    static int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset);
    static int truncate(sqlite3_file* file, sqlite3_int64 size);
    static int sync(sqlite3_file* file, int flags);
    /// Takes what the file is to grow by from what is free; false where there is not enough.
    bool grow(File& file, std::int64_t size);

    static Disk* the_disk_;
    sqlite3_vfs* real_;
    sqlite3_vfs own_;
    std::atomic<int> syncs_ = 0;
    std::atomic<int> log_syncs_ = 0;
    std::atomic<std::int64_t> free_ = std::numeric_limits<std::int64_t>::max();
    std::atomic<bool> syncs_are_left_out_ = false;
    std::mutex mutex_;  // guards the hook
    std::function<bool(int)> at_log_sync_;
};

}  // namespace railbook::test
