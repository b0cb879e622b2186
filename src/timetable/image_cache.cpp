#include "timetable/image_cache.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/zones.hpp"

namespace railbook::timetable {
namespace {

constexpr std::string_view kUnfinished = "unfinished-";
constexpr std::string_view kEnd = ".image";
/// Behind the image stands the checksum of the stored form that it was made of.
constexpr std::size_t kChecksum = 64;

class Descriptor {
public:
    explicit Descriptor(int number) : number_{number} {}
    ~Descriptor() {
        if (number_ >= 0) close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int number() const { return number_; }
    bool is_open() const { return number_ >= 0; }

private:
    int number_;
};

/// The whole file; nothing where it cannot be mapped.
ImageBytes map_file(const std::string& path) {
    const Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    struct stat state {};
    if (!file.is_open() || fstat(file.number(), &state) != 0) return {};
    if (!S_ISREG(state.st_mode) || state.st_size <= 0) return {};
    const auto size = static_cast<std::size_t>(state.st_size);
    // All of it is looked at before it is used.
    void* const first = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file.number(), 0);
    if (first == MAP_FAILED) return {};
    const auto unmap = [size](const std::byte* begin) { munmap(const_cast<std::byte*>(begin), size); };
    return {std::shared_ptr<const std::byte>{static_cast<const std::byte*>(first), unmap}, size};
}

bool write_all(int file, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const auto count = write(file, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return true;
}

}  // namespace

std::string ImageCache::file_of(const Feed& feed) const { return prefix_ + feed.checksum + std::string{kEnd}; }

std::shared_ptr<const Network> ImageCache::find(const Feed& feed) const {
    if (!is_on()) return nullptr;
    auto bytes = map_file(file_of(feed));
    if (bytes.size < kChecksum) return nullptr;
    bytes.size -= kChecksum;
    const std::string_view checksum{reinterpret_cast<const char*>(bytes.first.get()) + bytes.size, kChecksum};
    if (checksum != feed.checksum) return nullptr;
    const auto network = Network::from_image(std::move(bytes));
    if (!network || (*network)->feed() != feed.name) return nullptr;
    // Of a zone whose clocks are changed otherwise by now, it would have wrong times.
    const auto has_the_rules = [](const NetworkView::Zone& zone) {
        return zone.rules == 0 || zone.rules == base::rules_of_zone(zone.name);
    };
    if (!std::ranges::all_of((*network)->data().zones, has_the_rules)) return nullptr;
    return *network;
}

void ImageCache::keep(const Feed& feed, const Network& network) const {
    if (!is_on() || feed.checksum.size() != kChecksum || !network.data().has_zone_rules()) return;
    auto unfinished = prefix_ + std::string{kUnfinished} + "XXXXXX";
    {
        const Descriptor file{mkostemp(unfinished.data(), O_CLOEXEC)};
        if (!file.is_open()) return;
        const auto& image = network.image();
        // It is not synced: what a power cut leaves of it is noticed, and made anew.
        if (!write_all(file.number(), {image.first.get(), image.size}) ||
            !write_all(file.number(), std::as_bytes(std::span{feed.checksum}))) {
            unlink(unfinished.c_str());
            return;
        }
    }
    if (rename(unfinished.c_str(), file_of(feed).c_str()) != 0) unlink(unfinished.c_str());
}

void ImageCache::keep_only(std::span<const Feed> feeds) const {
    if (!is_on()) return;
    namespace fs = std::filesystem;
    const fs::path prefix{prefix_};
    const auto folder = prefix.has_parent_path() ? prefix.parent_path() : fs::path{"."};
    const auto begin = prefix.filename().string();
    std::vector<std::string> current;
    for (const auto& feed : feeds) current.push_back(fs::path{file_of(feed)}.filename().string());
    std::error_code error;
    for (fs::directory_iterator each{folder, error}, end; !error && each != end; each.increment(error)) {
        const auto name = each->path().filename().string();
        const auto rest = std::string_view{name}.substr(std::min(name.size(), begin.size()));
        // No other file that begins so is touched: only what `keep` names.
        const bool is_named = rest.size() == kChecksum + kEnd.size() && rest.ends_with(kEnd);
        const bool is_ours = name.starts_with(begin) && (is_named || rest.starts_with(kUnfinished));
        std::error_code ignored;
        if (is_ours && std::ranges::find(current, name) == current.end()) fs::remove(each->path(), ignored);
    }
}

}  // namespace railbook::timetable
