// Feeds from anywhere: a zip, or one CSV file, by the first byte.

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "timetable/archive.hpp"
#include "timetable/codec.hpp"
#include "timetable/csv.hpp"
#include "timetable/gtfs.hpp"

namespace {

using namespace railbook;
using namespace railbook::timetable;

/// Small enough that one input cannot take long.
constexpr ArchiveLimits kLimits{.entries = 50, .packed_bytes = 1 << 20, .file_bytes = 1 << 20, .total_bytes = 4 << 20};

void check(bool holds) {
    if (!holds) std::abort();
}

/// A file in memory, since archives are opened by path.
class MemoryFile {
public:
    explicit MemoryFile(std::string_view bytes) : number_{memfd_create("feed", MFD_CLOEXEC)} {
        check(number_ >= 0 && write(number_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    }
    ~MemoryFile() { close(number_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    std::string path() const { return fmt::format("/proc/self/fd/{}", number_); }

private:
    int number_;
};

/// What is accepted must be sound, and the same after it was stored.
void fuzz_zip(std::string_view bytes, bool strict) {
    const MemoryFile file{bytes};
    const auto archive = Archive::open(file.path(), kLimits);
    if (!archive) return;
    const auto read = read_gtfs(**archive, {.feed = "f", .rebase = {}, .strict = strict, .progress = {}});
    if (!read) return;
    const auto again = decode(encode(read->network));
    check(again && *again == read->network);
    const auto network = Network::from_data(read->network);
    check(bool{network});
    for (Index trip = 0; trip < (*network)->data().trips.size(); ++trip) (*network)->run({trip, 0, 0, {}});
}

/// Fields lie in the input, in pieces of any size.
void fuzz_csv(std::string_view bytes, std::size_t piece) {
    CsvReader reader{"f.txt", [&](std::span<char> into) -> Result<std::size_t> {
                         const auto count = std::min({piece, into.size(), bytes.size()});
                         std::memcpy(into.data(), bytes.data(), count);
                         bytes.remove_prefix(count);
                         return count;
                     }};
    const auto total = bytes.size();
    if (!reader.read_header()) return;
    for (auto more = reader.next(); more && *more; more = reader.next()) {
        if (!reader.problem()) check(reader.field(0).size() <= total);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
    const auto choice = data[0];
    if (choice % 2 == 0) fuzz_zip(bytes, choice % 4 == 0);
    else fuzz_csv(bytes, std::size_t{choice} + 1U);
    return 0;
}
