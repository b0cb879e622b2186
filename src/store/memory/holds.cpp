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

Holds::Owner& Holds::owner_named(const std::string& name) {
    OwnersPart& part = owners_[std::hash<std::string>{}(name) % kParts];
    const std::lock_guard lock{part.lock};
    return part.owners[name];
}

std::size_t Holds::Owner::count_live(Timestamp now) const {
    return static_cast<std::size_t>(std::ranges::count_if(open, [now](const auto& one) { return one.second > now; }));
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
        row->owner = &owner_named(hold.owner);
    }
    {
        const std::lock_guard lock{order_lock_};
        order_.push_back(row);
        row->number = order_.size();
    }
    if (is_open(hold)) open(*row);
}

void Holds::change(Row& row, const Hold& hold) {
    const bool was_open = is_open(row.hold);
    const bool stays = was_open && is_open(hold) && row.hold.expires_at == hold.expires_at;
    if (was_open && !stays) close(row);
    row.hold = hold;
    if (is_open(hold) && !stays) open(row);
}

void Holds::open(Row& row) {
    auto& open = row.owner->open;
    row.place = open.size();
    open.emplace_back(&row, row.hold.expires_at);
    const std::lock_guard lock{due_lock_};
    // What no longer counts goes as fast as new deadlines come.
    for (int i = 0; i < 2 && !due_.is_empty() && !due_.first().what.still_counts(); ++i) due_.drop_first();
    row.deadline = ++last_deadline_;
    due_.add(row.hold.expires_at, row.number, {&row, row.deadline});
}

void Holds::close(Row& row) {
    auto& open = row.owner->open;
    open[row.place] = open.back();
    open[row.place].first->place = row.place;
    open.pop_back();
    const std::lock_guard lock{due_lock_};
    row.deadline = 0;
}

std::vector<HoldId> Holds::take_due(Timestamp now, std::size_t limit) {
    const std::lock_guard lock{due_lock_};
    std::vector<HoldId> found;
    while (found.size() < limit && !due_.is_empty()) {
        const auto& first = due_.first();
        if (first.at > now) break;
        if (first.what.still_counts()) found.push_back(first.what.row->hold.id);
        due_.drop_first();
    }
    return found;
}

}  // namespace railbook::store::memory
