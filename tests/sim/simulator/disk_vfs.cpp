// The methods that SQLite calls. One process is all there is, so locks and shared memory are plain values.

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>
#include <string>

#include <sqlite3.h>

#include "sim/simulator/disk.hpp"

namespace railbook::sim {

struct SimulatedDisk::Vfs {
    sqlite3_vfs vfs{};
};

namespace {

constexpr int kRegions = 8;

/// SQLite gives the memory, and knows the base.
struct OpenFile : sqlite3_file {
    SimulatedDisk* disk;
    std::shared_ptr<SimulatedDisk::File> file;
    std::string path;
    bool goes_on_close;
    int lock;
    unsigned shared_slots;
    unsigned exclusive_slots;
};

OpenFile& self(sqlite3_file* file) { return *static_cast<OpenFile*>(file); }

void leave_slots(OpenFile& open) {
    for (unsigned i = 0; i < open.file->shared_slots.size(); ++i) {
        if ((open.shared_slots & (1U << i)) != 0) --open.file->shared_slots[i];
        if ((open.exclusive_slots & (1U << i)) != 0) open.file->exclusive_slots[i] = nullptr;
    }
    open.shared_slots = open.exclusive_slots = 0;
}

int unlock(sqlite3_file* file, int level) {
    OpenFile& open = self(file);
    if (level >= open.lock) return SQLITE_OK;
    auto& data = *open.file;
    if (data.exclusive == &open) data.exclusive = nullptr;
    if (data.reserved == &open) data.reserved = nullptr;
    if (level == SQLITE_LOCK_NONE && open.lock >= SQLITE_LOCK_SHARED) --data.shared;
    open.lock = level;
    return SQLITE_OK;
}

int close(sqlite3_file* file) {
    OpenFile& open = self(file);
    unlock(file, SQLITE_LOCK_NONE);
    leave_slots(open);
    if (open.goes_on_close) open.disk->remove(open.path);
    open.~OpenFile();
    return SQLITE_OK;
}

int read(sqlite3_file* file, void* to, int count, sqlite3_int64 at) {
    const OpenFile& open = self(file);
    if (open.disk->is_off()) return SQLITE_IOERR_READ;
    const auto& bytes = open.file->now;
    const auto from = std::min(static_cast<std::size_t>(at), bytes.size());
    const auto have = std::min(static_cast<std::size_t>(count), bytes.size() - from);
    if (have > 0) std::memcpy(to, bytes.data() + from, have);
    if (have == static_cast<std::size_t>(count)) return SQLITE_OK;
    std::memset(static_cast<char*>(to) + have, 0, static_cast<std::size_t>(count) - have);
    return SQLITE_IOERR_SHORT_READ;
}

int write(sqlite3_file* file, const void* from, int count, sqlite3_int64 at) {
    const OpenFile& open = self(file);
    const bool done = open.disk->write(*open.file, static_cast<std::size_t>(at),
                                       static_cast<const unsigned char*>(from), static_cast<std::size_t>(count));
    return done ? SQLITE_OK : SQLITE_IOERR_WRITE;
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
    const OpenFile& open = self(file);
    return open.disk->truncate(*open.file, static_cast<std::size_t>(size)) ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

int sync(sqlite3_file* file, int) {
    const OpenFile& open = self(file);
    // The file lives on while another task runs.
    const auto data = open.file;
    return open.disk->sync(*data) ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
    const OpenFile& open = self(file);
    if (open.disk->is_off()) return SQLITE_IOERR_FSTAT;
    *size = static_cast<sqlite3_int64>(open.file->now.size());
    return SQLITE_OK;
}

int lock(sqlite3_file* file, int level) {
    OpenFile& open = self(file);
    if (open.disk->is_off()) return SQLITE_IOERR_LOCK;
    if (level <= open.lock) return SQLITE_OK;
    auto& data = *open.file;
    if (data.exclusive && data.exclusive != &open) return SQLITE_BUSY;
    if (level == SQLITE_LOCK_SHARED) {
        ++data.shared;
    } else {
        if (data.reserved && data.reserved != &open) return SQLITE_BUSY;
        data.reserved = &open;
        if (level == SQLITE_LOCK_EXCLUSIVE) {
            if (data.shared > 1) return SQLITE_BUSY;
            data.exclusive = &open;
        }
    }
    open.lock = level;
    return SQLITE_OK;
}

int check_reserved(sqlite3_file* file, int* result) {
    const OpenFile& open = self(file);
    *result = open.file->reserved != nullptr;
    return SQLITE_OK;
}

int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return 4096; }
/// A sector is written without harm to its neighbours; nothing more is promised.
int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

int map_shared(sqlite3_file* file, int region, int size, int extend, void volatile** memory) {
    const OpenFile& open = self(file);
    if (open.disk->is_off()) return SQLITE_IOERR_SHMMAP;
    auto& regions = open.file->regions;
    *memory = nullptr;
    if (region >= static_cast<int>(regions.size()) && extend == 0) return SQLITE_OK;
    while (static_cast<int>(regions.size()) <= region)
        regions.push_back(std::make_unique<std::vector<unsigned char>>(static_cast<std::size_t>(size)));
    *memory = regions[static_cast<std::size_t>(region)]->data();
    return SQLITE_OK;
}

int lock_shared(sqlite3_file* file, int first, int count, int flags) {
    OpenFile& open = self(file);
    auto& data = *open.file;
    if (first < 0 || first + count > kRegions) return SQLITE_MISUSE;
    const bool takes = (flags & SQLITE_SHM_LOCK) != 0;
    const bool exclusively = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    for (unsigned i = static_cast<unsigned>(first); takes && i < static_cast<unsigned>(first + count); ++i) {
        const bool mine_only =
            (open.shared_slots & (1U << i)) != 0 ? data.shared_slots[i] == 1 : data.shared_slots[i] == 0;
        if (data.exclusive_slots[i] && data.exclusive_slots[i] != &open) return SQLITE_BUSY;
        if (exclusively && !mine_only) return SQLITE_BUSY;
    }
    for (unsigned i = static_cast<unsigned>(first); i < static_cast<unsigned>(first + count); ++i) {
        const unsigned bit = 1U << i;
        if (exclusively) {
            data.exclusive_slots[i] = takes ? &open : nullptr;
            open.exclusive_slots = takes ? open.exclusive_slots | bit : open.exclusive_slots & ~bit;
        } else if (takes != ((open.shared_slots & bit) != 0)) {
            data.shared_slots[i] += takes ? 1 : -1;
            open.shared_slots ^= bit;
        }
    }
    return SQLITE_OK;
}

void barrier(sqlite3_file*) {}

int unmap_shared(sqlite3_file* file, int remove) {
    OpenFile& open = self(file);
    leave_slots(open);
    if (remove != 0) open.file->regions.clear();
    return SQLITE_OK;
}

const sqlite3_io_methods kMethods{.iVersion = 2,
                                  .xClose = close,
                                  .xRead = read,
                                  .xWrite = write,
                                  .xTruncate = truncate,
                                  .xSync = sync,
                                  .xFileSize = file_size,
                                  .xLock = lock,
                                  .xUnlock = unlock,
                                  .xCheckReservedLock = check_reserved,
                                  .xFileControl = control,
                                  .xSectorSize = sector_size,
                                  .xDeviceCharacteristics = characteristics,
                                  .xShmMap = map_shared,
                                  .xShmLock = lock_shared,
                                  .xShmBarrier = barrier,
                                  .xShmUnmap = unmap_shared,
                                  .xFetch = nullptr,
                                  .xUnfetch = nullptr};

SimulatedDisk& disk_of(sqlite3_vfs* vfs) { return *static_cast<SimulatedDisk*>(vfs->pAppData); }

int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
    auto& disk = disk_of(vfs);
    file->pMethods = nullptr;
    const std::string name = path ? path : "";
    if (disk.is_off() || ((flags & SQLITE_OPEN_CREATE) == 0 && !disk.exists(name))) return SQLITE_CANTOPEN;
    // Without a name it is nobody else's, and need not survive.
    auto data = path ? disk.open(name) : std::make_shared<SimulatedDisk::File>();
    const bool goes_on_close = path && (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    new (file) OpenFile{{&kMethods}, &disk, std::move(data), name, goes_on_close, SQLITE_LOCK_NONE, 0, 0};
    if (out_flags) *out_flags = flags;
    return SQLITE_OK;
}

int remove(sqlite3_vfs* vfs, const char* path, int) {
    auto& disk = disk_of(vfs);
    if (disk.is_off()) return SQLITE_IOERR_DELETE;
    if (!disk.exists(path)) return SQLITE_IOERR_DELETE_NOENT;
    disk.remove(path);
    return SQLITE_OK;
}

int access(sqlite3_vfs* vfs, const char* path, int, int* result) {
    *result = disk_of(vfs).exists(path);
    return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* path, int size, char* to) {
    const std::string name = path;
    if (static_cast<int>(name.size()) >= size) return SQLITE_CANTOPEN;
    std::memcpy(to, name.c_str(), name.size() + 1);
    return SQLITE_OK;
}

int draw_bytes(sqlite3_vfs* vfs, int count, char* to) {
    auto& random = disk_of(vfs).random();
    for (int i = 0; i < count; ++i) to[i] = static_cast<char>(random.next() & 127U);
    return count;
}

int sleep(sqlite3_vfs*, int microseconds) { return microseconds; }

/// A date, in case somebody asks for one: no rule of the store depends on it.
int current_time(sqlite3_vfs*, sqlite3_int64* milliseconds) {
    *milliseconds = 212'000'000'000'000;
    return SQLITE_OK;
}
int current_days(sqlite3_vfs*, double* days) {
    *days = 2'461'000.0;
    return SQLITE_OK;
}
int last_error(sqlite3_vfs*, int, char*) { return 0; }

}  // namespace

SimulatedDisk::SimulatedDisk(std::uint64_t seed) : registered_{std::make_unique<Vfs>()}, random_{seed} {
    static std::atomic<int> number = 0;
    vfs_ = "railbook-sim-" + std::to_string(++number);
    registered_->vfs = {.iVersion = 2,
                        .szOsFile = sizeof(OpenFile),
                        .mxPathname = 512,
                        .pNext = nullptr,
                        .zName = vfs_.c_str(),
                        .pAppData = this,
                        .xOpen = sim::open,
                        .xDelete = sim::remove,
                        .xAccess = access,
                        .xFullPathname = full_path,
                        .xDlOpen = nullptr,
                        .xDlError = nullptr,
                        .xDlSym = nullptr,
                        .xDlClose = nullptr,
                        .xRandomness = draw_bytes,
                        .xSleep = sleep,
                        .xCurrentTime = current_days,
                        .xGetLastError = last_error,
                        .xCurrentTimeInt64 = current_time,
                        .xSetSystemCall = nullptr,
                        .xGetSystemCall = nullptr,
                        .xNextSystemCall = nullptr};
    sqlite3_vfs_register(&registered_->vfs, 0);
}

SimulatedDisk::~SimulatedDisk() { sqlite3_vfs_unregister(&registered_->vfs); }

}  // namespace railbook::sim
