#include "sim/simulator/disk.hpp"

#include <algorithm>

namespace railbook::sim {
namespace {

/// What a disk writes at once.
constexpr std::size_t kSector = 512;

}  // namespace

std::shared_ptr<SimulatedDisk::File> SimulatedDisk::open(const std::string& path) {
    auto& file = files_[path];
    if (!file) file = std::make_shared<File>();
    return file;
}

void SimulatedDisk::apply(std::vector<unsigned char>& content, const Change& change) {
    if (change.kind == Change::Kind::truncate) {
        content.resize(std::min(content.size(), change.at));
        return;
    }
    if (content.size() < change.at + change.bytes.size()) content.resize(change.at + change.bytes.size());
    std::ranges::copy(change.bytes, content.begin() + static_cast<std::ptrdiff_t>(change.at));
}

/// The change at which the power fails is in the middle of being written.
bool SimulatedDisk::begin_change() {
    if (off_) return false;
    if (changes_to_cut_ != 0 && --changes_to_cut_ == 0) off_ = true;
    return true;
}

bool SimulatedDisk::write(File& file, std::size_t at, const unsigned char* bytes, std::size_t count) {
    if (!begin_change()) return false;
    ++counts_.writes;
    Change change{Change::Kind::write, at, {bytes, bytes + count}};
    apply(file.now, change);
    file.pending.push_back(std::move(change));
    return !off_;
}

bool SimulatedDisk::truncate(File& file, std::size_t size) {
    if (!begin_change()) return false;
    Change change{Change::Kind::truncate, size, {}};
    apply(file.now, change);
    file.pending.push_back(std::move(change));
    return !off_;
}

bool SimulatedDisk::sync(File& file) {
    on_sync();
    if (!begin_change() || off_) return false;
    ++counts_.syncs;
    if (ignores_syncs) return true;
    for (const auto& change : file.pending) apply(file.durable, change);
    file.pending.clear();
    file.is_durable = true;
    return true;
}

void SimulatedDisk::cut_power() { off_ = true; }

void SimulatedDisk::survive(File& file) {
    enum class Fate : std::uint8_t { all, none, some };
    const Fate fates[] = {Fate::all, Fate::none, Fate::some, Fate::some};
    const Fate fate = fates[random_.below(4)];
    for (const auto& change : file.pending) {
        const auto draw = random_.below(4);
        const bool lost = fate == Fate::none || (fate == Fate::some && draw == 0);
        const bool torn = fate == Fate::some && draw == 1 && change.kind == Change::Kind::write;
        if (lost) {
            ++counts_.lost;
        } else if (torn) {
            ++counts_.torn;
            for (std::size_t at = 0; at < change.bytes.size();) {
                // To the end of the sector on the disk, or of the write.
                const auto size = std::min(kSector - (change.at + at) % kSector, change.bytes.size() - at);
                const auto from = change.bytes.begin() + static_cast<std::ptrdiff_t>(at);
                const bool arrives = random_.coin();
                if (arrives) {
                    apply(file.durable,
                          {Change::Kind::write, change.at + at, {from, from + static_cast<std::ptrdiff_t>(size)}});
                }
                at += size;
            }
        } else {
            ++counts_.kept;
            apply(file.durable, change);
        }
    }
    file.pending.clear();
}

void SimulatedDisk::power_on() {
    for (auto entry = files_.begin(); entry != files_.end();) {
        File& file = *entry->second;
        survive(file);
        const bool has_name = file.is_durable || random_.coin();
        if (!has_name) {
            entry = files_.erase(entry);
            continue;
        }
        auto survived = std::make_shared<File>();
        survived->now = file.durable;
        survived->durable = file.durable;
        survived->is_durable = true;
        entry->second = std::move(survived);
        ++entry;
    }
    off_ = false;
    changes_to_cut_ = 0;
}

}  // namespace railbook::sim
