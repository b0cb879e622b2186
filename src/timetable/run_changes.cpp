#include <algorithm>

#include <railbook/timetable.hpp>

namespace railbook {
namespace {

bool is_noticed(const Call& before, const Call& after) {
    Call measured = after;
    measured.distance = before.distance;
    return measured != before;
}

}  // namespace

std::vector<CallChange> changes_of(const Run& before, const Run& after) {
    std::vector<CallChange> changes;
    auto old = before.calls.begin();
    const auto is_in = [](const Run& run, const Call& call) {
        return std::ranges::find(run.calls, call.id, &Call::id) != run.calls.end();
    };
    const auto drop_until = [&](auto end) {
        for (; old < end; ++old) {
            if (!is_in(after, *old)) changes.push_back({*old, std::nullopt});
        }
    };
    for (const auto& call : after.calls) {
        const auto same = std::ranges::find(before.calls, call.id, &Call::id);
        if (same == before.calls.end()) {
            changes.push_back({std::nullopt, call});
            continue;
        }
        drop_until(same);
        if (is_noticed(*same, call)) changes.push_back({*same, call});
    }
    drop_until(before.calls.end());
    return changes;
}

}  // namespace railbook
