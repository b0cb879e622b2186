#include <algorithm>

#include <railbook/timetable.hpp>

namespace railbook {
namespace {

bool is_noticed(const Call& before, const Call& after) {
    Call measured = after;
    measured.distance = before.distance;
    measured.id = before.id;
    return measured != before;
}

/// Where another call at the same station comes or goes, the numbers of both change.
bool is_the_same(const CallId& one, const CallId& other) {
    return one.station == other.station && std::max(one.nth, 1) == std::max(other.nth, 1);
}

}  // namespace

std::vector<CallChange> changes_of(const Run& before, const Run& after) {
    std::vector<CallChange> changes;
    auto old = before.calls.begin();
    const auto is_in = [](const Run& run, const Call& call) {
        return std::ranges::any_of(run.calls, [&](const Call& each) { return is_the_same(each.id, call.id); });
    };
    const auto drop_until = [&](auto end) {
        for (; old < end; ++old) {
            if (!is_in(after, *old)) changes.push_back({*old, std::nullopt});
        }
    };
    for (const auto& call : after.calls) {
        const auto same =
            std::ranges::find_if(before.calls, [&](const Call& each) { return is_the_same(call.id, each.id); });
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
