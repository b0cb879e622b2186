#include "store/memory/holds.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <new>

#include "base/assert.hpp"

namespace railbook::store::memory {
namespace {

HoldState state_of(const Hold& hold, const PackedItems* items, const BookingId* booking) {
    return {.fence = hold.fence,
            .created_at = hold.created_at,
            .expires_at = hold.expires_at,
            .latest_end = hold.latest_end,
            .items = items,
            .booking = booking,
            .status = hold.status,
            .pinned = hold.pinned};
}

}  // namespace

RunLocks::RunLocks(FewRuns runs) : runs_{std::move(runs)} {
    if (runs_.size() > 1) std::ranges::sort(runs_, std::less<>{});
    for (auto* run : runs_) run->lock.lock();
}

RunLocks::~RunLocks() {
    for (auto* run : runs_) run->lock.unlock();
}

Hold HoldRow::hold(const HoldState& then) const {
    return {.id = id,
            .owner = owner->name(),
            .status = then.status,
            .fence = then.fence,
            .pinned = then.pinned,
            .created_at = then.created_at,
            .expires_at = then.expires_at,
            .latest_end = then.latest_end,
            .booking = then.booking ? std::optional{*then.booking} : std::nullopt,
            .items = unpack_items(then.items->text())};
}

std::size_t HoldOwner::count_live(Timestamp now) const {
    return static_cast<std::size_t>(std::ranges::count_if(open_, [now](const auto& one) { return one.second > now; }));
}

Holds::Row* Holds::find(const HoldId& id) {
    Part& part = part_of(id);
    const std::lock_guard lock{part.lock};
    return part.find(id);
}

Holds::Row* Holds::Part::find(const HoldId& id) const {
    const auto row_at = [&](Arena::Place place) { return static_cast<Row*>(kept.at(place)); };
    const auto found = rows.find(HashId{}(id), [&](Arena::Place place) { return row_at(place)->id == id; });
    return found ? row_at(*found) : nullptr;
}

void Holds::expect(const HoldId& id) {
    Part& part = part_of(id);
    const std::lock_guard lock{part.lock};
    part.rows.expect(HashId{}(id));
}

const Holds::Row& Holds::at(std::uint64_t number) const {
    const std::lock_guard lock{order_lock_};
    return *order_[number - 1];
}

std::uint64_t Holds::count() const {
    const std::lock_guard lock{order_lock_};
    return order_.size();
}

Holds::Owner& Holds::owner_named(std::string_view name) {
    OwnersPart& part = owners_[std::hash<std::string_view>{}(name) % kParts];
    const std::lock_guard lock{part.lock};
    if (const auto found = part.owners.find(name); found != part.owners.end()) return *found->second;
    auto added = std::make_unique<Owner>(std::string{name});
    const std::string_view own_name = added->name();
    return *part.owners.emplace(own_name, std::move(added)).first->second;
}

Holds::Row& Holds::add(const Hold& hold, Owner& owner, const FewRuns& runs) {
    const auto* const items = keep_items(hold, runs);
    const auto* const booking = keep_booking(hold);
    Row* row = nullptr;
    {
        Part& part = part_of(hold.id);
        const std::lock_guard lock{part.lock};
        RAILBOOK_ASSERT(!part.find(hold.id));
        const auto place = part.kept.take(sizeof(Row));
        row = new (part.kept.at(place)) Row;
        part.rows.add(HashId{}(hold.id), place);
        row->id = hold.id;
        row->state = state_of(hold, items, booking);
        row->run = runs.front();
        row->owner = &owner;
    }
    {
        const std::lock_guard lock{order_lock_};
        order_.push_back(row);
        row->number = order_.size();
    }
    if (row->state.is_open()) open(*row);
    return *row;
}

void Holds::change(Row& row, const Hold& hold, bool is_same_ride, const FewRuns& runs) {
    const HoldState state = is_same_ride ? state_of(hold, row.state.items, row.state.booking)
                                         : state_of(hold, keep_items(hold, runs), keep_booking(hold));
    const bool stays = row.state.is_open() && state.is_open() && row.state.expires_at == state.expires_at;
    if (row.state.is_open() && !stays) close(row);
    row.state = state;
    if (state.is_open() && !stays) open(row);
}

const BookingId* Holds::keep_booking(const Hold& hold) {
    if (!hold.booking) return nullptr;
    Part& part = part_of(hold.id);
    const std::lock_guard lock{part.lock};
    return new (part.kept.at(part.kept.take(sizeof(BookingId)))) BookingId{*hold.booking};
}

const PackedItems* Holds::keep_items(const Hold& hold, const FewRuns& runs) {
    thread_local std::string text;
    text.clear();
    for (const auto& item : hold.items) {
        const auto run = std::ranges::find_if(runs, [&](const PinnedRun* one) { return one->run.id == item.run; });
        RAILBOOK_ASSERT(run != runs.end());
        pack_item(item, (*run)->rides.find_or_add(item), text);
    }
    Part& part = part_of(hold.id);
    const std::lock_guard lock{part.lock};
    void* const place = part.kept.at(part.kept.take(sizeof(PackedItems) + text.size()));
    auto* const items = new (place) PackedItems{static_cast<std::uint32_t>(text.size())};
    std::memcpy(items + 1, text.data(), text.size());
    return items;
}

HoldNote Holds::note_of(const Row& row, Timestamp at, std::string_view actor, std::string_view action) {
    const Owner& who = actor == row.owner->name() ? *row.owner : owner_named(actor);
    return {.row = &row,
            .items = row.state.items,
            .fence = row.state.fence,
            .at = at,
            .actor = &who,
            .action = action.data()};
}

void Holds::open(Row& row) {
    auto& open = row.owner->open_;
    row.place = open.size();
    open.emplace_back(&row, row.state.expires_at);
    const std::lock_guard lock{due_lock_};
    // What no longer counts goes as fast as new deadlines come.
    for (int i = 0; i < 2 && !due_.is_empty() && !due_.first().what.still_counts(); ++i) due_.drop_first();
    row.deadline = ++last_deadline_;
    due_.add(row.state.expires_at, row.number, {&row, row.deadline});
}

void Holds::close(Row& row) {
    auto& open = row.owner->open_;
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
        if (first.what.still_counts()) found.push_back(first.what.row->id);
        due_.drop_first();
    }
    return found;
}

}  // namespace railbook::store::memory
