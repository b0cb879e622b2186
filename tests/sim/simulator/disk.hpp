#pragma once
/// A disk in memory that can lose its power: what was written and not synced is then lost, kept in part, torn within a
/// write, or there in another order than it was written in. SQLite keeps its files on it through a sqlite3_vfs.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/simulator/random.hpp"

namespace railbook::sim {

class SimulatedDisk {
public:
    /// Registers itself as a VFS until it goes.
    explicit SimulatedDisk(std::uint64_t seed);
    ~SimulatedDisk();
    SimulatedDisk(const SimulatedDisk&) = delete;
    SimulatedDisk& operator=(const SimulatedDisk&) = delete;

    const std::string& vfs() const { return vfs_; }
    /// Called in each sync, before its effect: others may run meanwhile.
    std::function<void()> on_sync = [] {};
    /// A disk that lies: a sync does nothing. For the proof that this is found.
    bool ignores_syncs = false;

    /// The power fails in the middle of the n-th change from now on; the first is 1.
    void cut_power_in(std::uint64_t changes) { changes_to_cut_ = changes; }
    void cut_power();
    bool is_off() const { return off_; }
    /// Every file is closed by now.
    void power_on();

    struct Counts {
        std::uint64_t writes = 0;
        std::uint64_t syncs = 0;
        std::uint64_t lost = 0;  ///< Writes that were not synced when the power failed ...
        std::uint64_t torn = 0;  ///< ... and of which a part is there,
        std::uint64_t kept = 0;  ///< or all.
    };
    const Counts& counts() const { return counts_; }

    // --- For the VFS -----------------------------------------------------------------------------------------------

    struct Change {
        enum class Kind : std::uint8_t { write, truncate } kind = Kind::write;
        std::size_t at = 0;  ///< Of a truncation: the size that is left.
        std::vector<unsigned char> bytes = {};
    };
    struct File {
        std::vector<unsigned char> now;
        std::vector<unsigned char> durable;
        std::vector<Change> pending;
        bool is_durable = false;  ///< Its name, too, survives.
        // Locks on the whole file.
        int shared = 0;
        const void* reserved = nullptr;
        const void* exclusive = nullptr;
        // Memory that its users share.
        std::vector<std::unique_ptr<std::vector<unsigned char>>> regions;
        std::array<int, 8> shared_slots{};
        std::array<const void*, 8> exclusive_slots{};
    };

    std::shared_ptr<File> open(const std::string& path);
    bool exists(const std::string& path) const { return files_.contains(path); }
    void remove(const std::string& path) { files_.erase(path); }
    /// Both count as changes; false where the power is off.
    bool write(File& file, std::size_t at, const unsigned char* bytes, std::size_t count);
    bool truncate(File& file, std::size_t size);
    bool sync(File& file);
    Random& random() { return random_; }

private:
    struct Vfs;

    bool begin_change();
    static void apply(std::vector<unsigned char>& content, const Change& change);
    void survive(File& file);

    std::string vfs_;
    std::unique_ptr<Vfs> registered_;
    Random random_;
    std::map<std::string, std::shared_ptr<File>> files_;
    std::uint64_t changes_to_cut_ = 0;
    bool off_ = false;
    Counts counts_;
};

}  // namespace railbook::sim
