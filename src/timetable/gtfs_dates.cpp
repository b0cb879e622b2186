#include "timetable/gtfs_dates.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace railbook::timetable {
namespace {

using std::chrono::days;

Error nothing_runs() { return {ErrorCode::bad_data, "the feed has no date on which a trip runs"}; }

/// A bit a day.
using Dates = std::vector<std::uint64_t>;
std::size_t words_for(ServiceDate from, ServiceDate to) {
    return static_cast<std::size_t>((to - from).count()) / 64 + 1;
}

/// From Monday.
std::size_t weekday_of(ServiceDate date) { return std::chrono::weekday{date}.iso_encoding() - 1; }

/// The first date of the row, or nothing where it has none.
std::optional<ServiceDate> first_of(const RawWeek& week) {
    for (auto date = week.first; date <= week.last && date < week.first + days{7}; date += days{1}) {
        if (week.weekdays[weekday_of(date)]) return date;
    }
    return std::nullopt;
}

std::optional<ServiceDate> last_of(const RawWeek& week) {
    for (auto date = week.last; date >= week.first && date > week.last - days{7}; date -= days{1}) {
        if (week.weekdays[weekday_of(date)]) return date;
    }
    return std::nullopt;
}

class ServiceMaker {
public:
    ServiceMaker(FeedRows& rows, Findings& findings, std::optional<ServiceDate> rebase, ServiceDate today)
        : rows_{rows}, network_{rows.network}, findings_{findings}, rebase_{rebase}, today_{today} {}

    Status run() && {
        const auto promised = promised_dates();
        if (!promised) return nothing_runs();
        const auto [from, to] = clipped(*promised);
        const auto runs = dates_of_services(from, to);
        // Exceptions may have emptied the first or the last days.
        Dates any(words_for(from, to));
        for (const auto& service : runs) {
            for (std::size_t word = 0; word < service.size(); ++word) any[word] |= service[word];
        }
        const auto first = std::ranges::find_if(any, [](std::uint64_t word) { return word != 0; });
        if (first == any.end()) return nothing_runs();
        const auto last = std::find_if(any.rbegin(), any.rend(), [](std::uint64_t word) { return word != 0; });
        const auto skipped =
            static_cast<std::size_t>(first - any.begin()) * 64 + static_cast<std::size_t>(std::countr_zero(*first));
        const auto behind = static_cast<std::size_t>(last.base() - any.begin()) * 64 -
                            static_cast<std::size_t>(std::countl_zero(*last));
        network_.first_date = rebased(from + days{skipped});
        network_.days = static_cast<std::uint32_t>(behind - skipped);
        pack_services(runs, skipped);
        return {};
    }

private:
    /// The dates on which anything runs, as the calendars promise them.
    std::optional<std::pair<ServiceDate, ServiceDate>> promised_dates() const {
        std::optional<std::pair<ServiceDate, ServiceDate>> span;
        const auto widen = [&](ServiceDate first, ServiceDate last) {
            if (!span) span.emplace(first, last);
            span->first = std::min(span->first, first);
            span->second = std::max(span->second, last);
        };
        std::vector<bool> used(rows_.service_count);
        for (const auto& trip : network_.trips) used[trip.service] = true;
        for (const auto& week : rows_.weeks) {
            if (const auto first = first_of(week); first && used[week.service]) widen(*first, *last_of(week));
        }
        for (const auto& exception : rows_.exceptions) {
            if (exception.added && used[exception.service]) widen(exception.date, exception.date);
        }
        return span;
    }

    /// At most kMaxServiceDays from the first date; where today is beyond these, from a year before today.
    std::pair<ServiceDate, ServiceDate> clipped(std::pair<ServiceDate, ServiceDate> promised) {
        const auto [first, last] = promised;
        const days room{kMaxServiceDays - 1};
        if (last - first <= room) return promised;
        auto from = first;
        if (!rebase_ && today_ > first + room) from = std::min(today_ - days{366}, last - room);
        findings_.note(fmt::format("the feed promises dates from {} to {}; those from {} to {} are kept",
                                   to_string(first), to_string(last), to_string(from), to_string(from + room)));
        return {from, from + room};
    }

    /// A bit a day from `from` to `to`, of each service that a trip has; of others nothing.
    std::vector<Dates> dates_of_services(ServiceDate from, ServiceDate to) const {
        std::vector<Dates> runs(rows_.service_count);
        for (const auto& trip : network_.trips) runs[trip.service].resize(words_for(from, to));
        const auto set = [&](Index service, ServiceDate date, bool value) {
            if (date < from || date > to || runs[service].empty()) return;
            const auto day = static_cast<std::size_t>((date - from).count());
            const auto bit = std::uint64_t{1} << (day % 64);
            runs[service][day / 64] = value ? runs[service][day / 64] | bit : runs[service][day / 64] & ~bit;
        };
        for (const auto& week : rows_.weeks) {
            for (auto date = std::max(week.first, from); date <= std::min(week.last, to); date += days{1}) {
                if (week.weekdays[weekday_of(date)]) set(week.service, date, true);
            }
        }
        for (const auto& exception : rows_.exceptions) set(exception.service, exception.date, exception.added);
        return runs;
    }

    /// Trips with the same dates share one service.
    void pack_services(const std::vector<Dates>& runs, std::size_t skipped) {
        std::map<Dates, Index> known;
        std::vector<Index> packed(runs.size());
        for (std::size_t service = 0; service < runs.size(); ++service) {
            if (runs[service].empty()) continue;
            // Nothing runs before the first of these days or behind the last.
            Dates bits(network_.words_per_service());
            for (std::size_t word = 0; word < bits.size(); ++word) {
                const auto from = word + skipped / 64;
                bits[word] = runs[service][from] >> (skipped % 64);
                if (skipped % 64 != 0 && from + 1 < runs[service].size())
                    bits[word] |= runs[service][from + 1] << (64 - skipped % 64);
            }
            const auto next = static_cast<Index>(known.size());
            const auto [entry, is_new] = known.try_emplace(bits, next);
            if (is_new) network_.services.insert(network_.services.end(), bits.begin(), bits.end());
            packed[service] = entry->second;
        }
        const auto never = known.find(Dates(network_.words_per_service()));
        std::size_t idle = 0;
        for (auto& trip : network_.trips) {
            trip.service = packed[trip.service];
            if (never != known.end() && trip.service == never->second) ++idle;
        }
        if (idle > 0) findings_.note(fmt::format("{} trips run on none of the dates", idle));
    }

    /// Whole weeks, so that a Monday stays a Monday.
    ServiceDate rebased(ServiceDate first) {
        if (!rebase_) return first;
        auto gap = (*rebase_ - first).count();
        gap += ((first - *rebase_).count() % 7 + 7) % 7;
        findings_.note(fmt::format("the dates are moved by {} weeks: {} is now {}", gap / 7, to_string(first),
                                   to_string(first + days{gap})));
        return first + days{gap};
    }

    const FeedRows& rows_;
    NetworkData& network_;  // of the rows
    Findings& findings_;
    std::optional<ServiceDate> rebase_;
    ServiceDate today_;
};

}  // namespace

Status make_services(FeedRows& rows, Findings& findings, std::optional<ServiceDate> rebase, ServiceDate today) {
    return ServiceMaker{rows, findings, rebase, today}.run();
}

}  // namespace railbook::timetable
