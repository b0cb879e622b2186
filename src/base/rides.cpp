#include "base/rides.hpp"

#include "base/assert.hpp"

namespace railbook::base {
namespace {

Endpoint endpoint_of(const Call& call, const std::optional<Timestamp>& time) {
    RAILBOOK_ASSERT(time);
    return {.call = call.id, .name = call.name, .zone = call.zone, .time = *time, .platform = call.platform};
}

/// Whether the passengers of the first one ride on in the second one.
bool is_joined(const HoldItem& first, const HoldItem& second) {
    return first.run == second.run && first.to.call == second.from.call && first.seats.size() == second.seats.size();
}

}  // namespace

bool has_calls_of(const Run& run, const Run& other) {
    return run.train == other.train && run.agency == other.agency && run.headsign == other.headsign &&
           run.calls == other.calls;
}

Endpoint start_of_ride(const Run& run, Span span) {
    RAILBOOK_ASSERT(span.from < run.calls.size());
    return endpoint_of(run.calls[span.from], run.calls[span.from].departs);
}

Endpoint end_of_ride(const Run& run, Span span) {
    RAILBOOK_ASSERT(span.to < run.calls.size());
    return endpoint_of(run.calls[span.to], run.calls[span.to].arrives);
}

Stage stage_of(std::span<const HoldItem> items, std::size_t number) {
    return {.continues = number > 0 && is_joined(items[number - 1], items[number]),
            .goes_on = number + 1 < items.size() && is_joined(items[number], items[number + 1])};
}

bool still_carries(const Run& before, const Run& after, std::span<const HoldItem> items, std::size_t number) {
    const auto& item = items[number];
    const auto span = after.span_between(item.from.call, item.to.call);
    if (!span) return false;
    const auto old = before.span_between(item.from.call, item.to.call);
    const auto stage = stage_of(items, number);
    // Where nobody was to board or alight before, somebody sold the ride all the same.
    const bool boards = stage.continues || after.calls[span->from].pick_up || (old && !before.calls[old->from].pick_up);
    const bool alights = stage.goes_on || after.calls[span->to].drop_off || (old && !before.calls[old->to].drop_off);
    return boards && alights;
}

}  // namespace railbook::base
