#pragma once
/// For questions that look at the timetable more than once.

#include <railbook/timetable.hpp>

namespace railbook::timetable {

/// What `ask`, which returns a Result, answers while the timetable is one version from its start to its end: it is
/// asked again where the timetable was swapped meanwhile. Errors: those of `ask`; unavailable (it is swapped all the
/// time).
template <class Ask>
auto of_one_version(Timetable& timetable, const Ask& ask) -> decltype(ask()) {
    constexpr int kMostTries = 20;
    for (int attempt = 0; attempt < kMostTries; ++attempt) {
        const auto before = timetable.snapshot();
        if (!before) return before.error();
        auto answer = ask();
        const auto after = timetable.snapshot();
        if (!after) return after.error();
        if (*after == *before) return answer;
    }
    return Error{ErrorCode::unavailable, "the timetable changes at this moment", "try again"};
}

}  // namespace railbook::timetable
