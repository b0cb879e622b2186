#pragma once
/// What becomes of rides where a run gets other calls, as the domain offers it and as the stores do it.

#include <algorithm>
#include <span>

#include <railbook/stores.hpp>

namespace railbook::base {

/// Whether a call of a run is the one that was named when the run may have called otherwise. Of several calls at a
/// station the first has the number 1, and the only one has 0: one that came or went beside it does not make it
/// another call.
inline bool is_call(const CallId& call, const CallId& wanted) {
    return call.station == wanted.station && (wanted.nth == 0 || std::max(call.nth, 1) == wanted.nth);
}

/// Whether the run has the calls and the names of the other, whatever their coaches.
bool has_calls_of(const Run& run, const Run& other);

/// The ends of a ride as passengers read them; the span lies on the run.
Endpoint start_of_ride(const Run& run, Span span);
Endpoint end_of_ride(const Run& run, Span span);

/// Of an item of a hold: whether its passengers are aboard already where it begins, and stay aboard where it ends,
/// since they only change seats there.
struct Stage {
    bool continues = false;
    bool goes_on = false;
};
Stage stage_of(std::span<const HoldItem> items, std::size_t number);

/// Whether the passengers of an item of a hold can ride so after a change of the run: both calls are there, in that
/// order, and where they could board or alight they still may. Where they only change seats, the call is enough.
bool still_carries(const Run& before, const Run& after, std::span<const HoldItem> items, std::size_t number);

}  // namespace railbook::base
