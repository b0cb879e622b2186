#pragma once
/// What a question leaves out of a network before it is searched.

#include <functional>

#include "timetable/network.hpp"

namespace railbook::search {

using timetable::Index;

/// The part of a network that is ridden.
struct Allowed {
    std::function<bool(Index trip)> trips = {};  ///< Empty: all of them.
    std::function<bool(Index stop)> stops = {};  ///< Where passengers board and alight, if trains let them. Empty: all.
    bool is_everything() const { return !trips && !stops; }
};

/// What passengers ride who cannot take a step: trains and platforms of which the timetable says that they are fit for
/// wheelchairs.
Allowed step_free(const timetable::Network& network);
/// Whether the timetable says anything of that: where it does not, there is no such journey.
bool tells_step_free(const timetable::Network& network);

}  // namespace railbook::search
