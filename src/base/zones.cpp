#include "base/zones.hpp"

#include <fstream>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>

#include <zlib.h>

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

std::optional<std::uint32_t> rules_of_zone(std::string_view name) {
    constexpr std::size_t kMost = std::size_t{1} << 16;
    // Names come from outside: none leads to another folder.
    if (name.empty() || name.front() == '/' || name.find("..") != std::string_view::npos) return std::nullopt;
    std::ifstream file{"/usr/share/zoneinfo/" + std::string{name}, std::ios::binary};
    std::string bytes(kMost, '\0');
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    const auto size = static_cast<std::size_t>(file.gcount());
    if (!file.eof() || size == 0) return std::nullopt;
    return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), size));
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
