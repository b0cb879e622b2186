#include "base/zones.hpp"

#include <fstream>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>

#include <zlib.h>

namespace railbook::base {

namespace {

struct KnownZone {
    const date::time_zone* zone = nullptr;
    std::optional<std::uint32_t> rules = {};  // before it was read
};

KnownZone known_zone(std::string_view name) {
    static std::mutex mutex;
    static std::map<std::string, KnownZone, std::less<>> known;
    const std::lock_guard lock{mutex};
    if (const auto found = known.find(name); found != known.end()) return found->second;
    KnownZone zone{.rules = rules_of_zone(name)};
    try {
        zone.zone = date::locate_zone(std::string{name});
    } catch (const std::runtime_error&) {
        // The library says "no such zone" by throwing. Unknown names come from outside and are not kept: they would
        // fill the memory.
        return {};
    }
    return known.emplace(name, zone).first->second;
}

}  // namespace

const date::time_zone* find_zone(std::string_view name) { return known_zone(name).zone; }

std::optional<std::uint32_t> rules_in_use(std::string_view name) { return known_zone(name).rules; }

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
