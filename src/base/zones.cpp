#include "base/zones.hpp"

#include <map>
#include <mutex>
#include <stdexcept>
#include <string>

namespace railbook::base {

const date::time_zone* find_zone(std::string_view name) {
    static std::mutex mutex;
    static std::map<std::string, const date::time_zone*, std::less<>> known;
    const std::lock_guard lock{mutex};
    if (const auto found = known.find(name); found != known.end()) return found->second;
    const date::time_zone* zone = nullptr;
    try {
        zone = date::locate_zone(std::string{name});
    } catch (const std::runtime_error&) {
        // The library says "no such zone" by throwing.
    }
    // Unknown names come from outside and are not kept: they would fill the memory.
    if (zone) known.emplace(name, zone);
    return zone;
}

std::chrono::seconds offset_at(const date::time_zone& zone, Timestamp time) {
    return zone.get_info(date::sys_time<std::chrono::milliseconds>{time.time_since_epoch()}).offset;
}

Timestamp to_utc(const date::time_zone& zone, ServiceDate day, std::chrono::milliseconds since_midnight) {
    const auto local = day.time_since_epoch() + since_midnight;
    const auto info = zone.get_info(date::local_time<std::chrono::milliseconds>{local});
    // In a gap `first` is the offset before it: using that moves the time forward by the gap. Of a time that comes
    // twice, `first` is the earlier.
    return Timestamp{local - info.first.offset};
}

}  // namespace railbook::base
