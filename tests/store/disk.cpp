#include "store/disk.hpp"

#include <algorithm>
#include <utility>

namespace railbook::test {

/// Ours comes first, the real file lies behind it in the same piece of memory.
struct Disk::File {
    sqlite3_file base;
    bool is_log;
    std::int64_t size;
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
    static File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
};

Disk* Disk::the_disk_ = nullptr;

Disk::Disk() : real_{sqlite3_vfs_find(nullptr)}, own_{*real_} {
    own_.zName = "railbook-test-disk";
    own_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    own_.xOpen = open;
    the_disk_ = this;
    sqlite3_vfs_register(&own_, 1);
}

Disk::~Disk() {
    sqlite3_vfs_register(real_, 1);
    sqlite3_vfs_unregister(&own_);
    the_disk_ = nullptr;
}

void Disk::at_log_sync(std::function<bool(int)> hook) {
    const std::lock_guard lock{mutex_};
    at_log_sync_ = std::move(hook);
}

void Disk::leave_free(std::int64_t bytes) { free_ = bytes; }

int Disk::open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    auto& opened = File::of(file);
    opened.base.pMethods = nullptr;
    opened.is_log = (flags & SQLITE_OPEN_WAL) != 0;
    opened.size = 0;
    auto* real = the_disk_->real_;
    const int code = real->xOpen(real, name, opened.real(), flags, out_flags);
    if (code != SQLITE_OK) return code;
    opened.base.pMethods = &methods();
    sqlite3_int64 size = 0;
    opened.real()->pMethods->xFileSize(opened.real(), &size);
    opened.size = size;
    return SQLITE_OK;
}

bool Disk::grow(File& file, std::int64_t size) {
    const std::int64_t more = std::max<std::int64_t>(0, size - file.size);
    if (free_ == std::numeric_limits<std::int64_t>::max()) {
        file.size += more;
        return true;
    }
    if (free_.fetch_sub(more) < more) {
        free_ += more;
        return false;
    }
    file.size += more;
    return true;
}

int Disk::write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    auto& ours = File::of(file);
    if (!the_disk_->grow(ours, offset + size)) return SQLITE_FULL;
    return ours.real()->pMethods->xWrite(ours.real(), bytes, size, offset);
}

int Disk::truncate(sqlite3_file* file, sqlite3_int64 size) {
    auto& ours = File::of(file);
    ours.size = size;
    return ours.real()->pMethods->xTruncate(ours.real(), size);
}

int Disk::sync(sqlite3_file* file, int flags) {
    auto& ours = File::of(file);
    if (the_disk_->syncs_are_left_out_) return SQLITE_OK;
    ++the_disk_->syncs_;
    if (ours.is_log) {
        const int number = ++the_disk_->log_syncs_;
        std::function<bool(int)> hook;
        {
            const std::lock_guard lock{the_disk_->mutex_};
            hook = the_disk_->at_log_sync_;
        }
        if (hook && !hook(number)) return SQLITE_IOERR_FSYNC;
    }
    return ours.real()->pMethods->xSync(ours.real(), flags);
}

/// What is not ours goes to the real file.
const sqlite3_io_methods& Disk::methods() {
    static const sqlite3_io_methods table = [] {
        sqlite3_io_methods ours{};
        ours.iVersion = 2;
        ours.xClose = [](sqlite3_file* file) { return File::of(file).real()->pMethods->xClose(File::of(file).real()); };
        ours.xRead = [](sqlite3_file* file, void* into, int size, sqlite3_int64 offset) {
            return File::of(file).real()->pMethods->xRead(File::of(file).real(), into, size, offset);
        };
        ours.xWrite = write;
        ours.xTruncate = truncate;
        ours.xSync = sync;
        ours.xFileSize = [](sqlite3_file* file, sqlite3_int64* size) {
            return File::of(file).real()->pMethods->xFileSize(File::of(file).real(), size);
        };
        ours.xLock = [](sqlite3_file* file, int level) {
            return File::of(file).real()->pMethods->xLock(File::of(file).real(), level);
        };
        ours.xUnlock = [](sqlite3_file* file, int level) {
            return File::of(file).real()->pMethods->xUnlock(File::of(file).real(), level);
        };
        ours.xCheckReservedLock = [](sqlite3_file* file, int* is_reserved) {
            return File::of(file).real()->pMethods->xCheckReservedLock(File::of(file).real(), is_reserved);
        };
        ours.xFileControl = [](sqlite3_file* file, int operation, void* argument) {
            return File::of(file).real()->pMethods->xFileControl(File::of(file).real(), operation, argument);
        };
        ours.xSectorSize = [](sqlite3_file* file) {
            return File::of(file).real()->pMethods->xSectorSize(File::of(file).real());
        };
        ours.xDeviceCharacteristics = [](sqlite3_file* file) {
            return File::of(file).real()->pMethods->xDeviceCharacteristics(File::of(file).real());
        };
        ours.xShmMap = [](sqlite3_file* file, int region, int size, int extend, void volatile** memory) {
            return File::of(file).real()->pMethods->xShmMap(File::of(file).real(), region, size, extend, memory);
        };
        ours.xShmLock = [](sqlite3_file* file, int offset, int count, int flags) {
            return File::of(file).real()->pMethods->xShmLock(File::of(file).real(), offset, count, flags);
        };
        ours.xShmBarrier = [](sqlite3_file* file) {
            File::of(file).real()->pMethods->xShmBarrier(File::of(file).real());
        };
        ours.xShmUnmap = [](sqlite3_file* file, int remove) {
            return File::of(file).real()->pMethods->xShmUnmap(File::of(file).real(), remove);
        };
        return ours;
    }();
    return table;
}

}  // namespace railbook::test
