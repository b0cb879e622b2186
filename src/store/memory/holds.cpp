#include "store/memory/holds.hpp"

#include <algorithm>
#include <functional>

#include "base/assert.hpp"

namespace railbook::store::memory {
namespace {

bool is_open(const Hold& hold) { return hold.status == HoldStatus::held || hold.status == HoldStatus::paying; }

}  // namespace

RunLocks::RunLocks(std::vector<PinnedRun*> runs) : runs_{std::move(runs)} {
    std::ranges::sort(runs_, std::less<>{});
    for (auto* run : runs_) run->lock.lock();
}

RunLocks::~RunLocks() {
    for (auto* run : runs_) run->lock.unlock();
}

Holds::Row* Holds::find(const HoldId& id) {
    Part& part = part_of(id);
    const std::lock_guard lock{part.lock};
    const auto found = part.rows.find(id);
    return found == part.rows.end() ? nullptr : found->second;
}

const Holds::Row& Holds::at(std::uint64_t number) const {
    const std::lock_guard lock{order_lock_};
    return *order_[number - 1];
}

std::uint64_t Holds::count() const {
    const std::lock_guard lock{order_lock_};
    return order_.size();
}

std::unique_lock<base::SpinLock> Holds::lock_owner(const std::string& owner) {
    return std::unique_lock{owners_of(owner).lock};
}

std::size_t Holds::count_live(const std::string& owner, Timestamp now) const {
    const auto& owners = owners_of(owner).owners;
    const auto found = owners.find(owner);
    if (found == owners.end()) return 0;
    return static_cast<std::size_t>(
        std::ranges::count_if(found->second.open, [now](const auto& one) { return one.second > now; }));
}

void Holds::add(const Hold& hold, PinnedRun& run) {
    Row* row = nullptr;
    {
        Part& part = part_of(hold.id);
        const std::lock_guard lock{part.lock};
        const auto used = part.rows.size() % Part::kRowsOfBlock;
        if (used == 0) part.blocks.push_back(std::make_unique<std::array<Row, Part::kRowsOfBlock>>());
        row = &(*part.blocks.back())[used];
        const bool is_new = part.rows.try_emplace(hold.id, row).second;
        RAILBOOK_ASSERT(is_new);
        row->hold = hold;
        row->run = &run;
    }
    {
        const std::lock_guard lock{order_lock_};
        order_.push_back(row);
        row->number = order_.size();
    }
    if (is_open(hold)) open(*row);
}

void Holds::change(Row& row, const Hold& hold) {
    if (is_open(row.hold)) close(row);
    row.hold = hold;
    if (is_open(row.hold)) open(row);
}

void Holds::open(Row& row) {
    row.owner = &owners_of(row.hold.owner).owners[row.hold.owner];
    row.place = row.owner->open.size();
    row.owner->open.emplace_back(&row, row.hold.expires_at);
    const std::lock_guard lock{due_lock_};
    // Most end after all that there are.
    row.due = due_.emplace_hint(due_.end(), std::pair{row.hold.expires_at, row.number}, &row);
}

void Holds::close(Row& row) {
    auto& open = row.owner->open;
    open[row.place] = open.back();
    open[row.place].first->place = row.place;
    open.pop_back();
    if (open.empty()) owners_of(row.hold.owner).owners.erase(row.hold.owner);
    row.owner = nullptr;
    const std::lock_guard lock{due_lock_};
    due_.erase(row.due);
}

std::vector<HoldId> Holds::due(Timestamp now, std::size_t limit) const {
    const std::lock_guard lock{due_lock_};
    std::vector<HoldId> found;
    for (const auto& [key, row] : due_) {
        if (key.first > now || found.size() == limit) break;
        found.push_back(row->hold.id);
    }
    return found;
}

}  // namespace railbook::store::memory
