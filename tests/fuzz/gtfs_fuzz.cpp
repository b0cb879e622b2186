// Feeds from anywhere. The first byte chooses: a zip, a CSV file by itself, or a CSV file in a feed that is otherwise
// in order (which gets past the checksums of a zip).

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>
#include <zip.h>

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
void import(const std::string& path, bool strict) {
    const auto archive = Archive::open(path, kLimits);
    if (!archive) return;
    const auto read = read_gtfs(**archive, {.feed = "f", .rebase = {}, .strict = strict, .progress = {}});
    if (!read) return;
    const auto again = decode(encode(read->network));
    check(again && *again == read->network);
    const auto network = Network::from_data(read->network);
    check(bool{network});
    for (Index trip = 0; trip < (*network)->data().trips.size(); ++trip) (*network)->run({trip, 0, 0, {}});
}

struct SoundFile {
    const char* name;
    const char* text;
};
constexpr std::array kSoundFeed{
    SoundFile{"agency.txt", "agency_id,agency_name,agency_timezone\nR,Railways,Europe/Berlin\n"},
    SoundFile{"stops.txt",
              "stop_id,stop_name,stop_lat,stop_lon,parent_station,location_type,stop_timezone\nA,Adorf,50,8,,1,\n"
              "A1,Adorf,50,8,A,0,\nB,Bedorf,50.5,8,,,Europe/Vienna\nC,Cedorf,51,8,,,\n"},
    SoundFile{"routes.txt", "route_id,agency_id,route_short_name,route_long_name,route_type\nX,R,IC,InterCity,2\n"},
    SoundFile{"trips.txt", "route_id,service_id,trip_id,shape_id\nX,d,1,s\nX,d,2,\n"},
    SoundFile{"stop_times.txt",
              "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n1,08:00:00,08:00:00,A1,1\n1,,,B,2\n"
              "1,10:00:00,10:00:00,C,3\n2,8:00:00,8:00:00,A,1\n2,9:00:00,9:00:00,C,2\n"},
    SoundFile{"calendar.txt",
              "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
              "d,1,1,1,1,1,1,1,20261201,20261214\n"},
    SoundFile{"calendar_dates.txt", "service_id,date,exception_type\nd,20261203,2\n"},
    SoundFile{"shapes.txt",
              "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence,shape_dist_traveled\ns,50,8,1,0\ns,51,8,2,100\n"},
    SoundFile{"frequencies.txt", "trip_id,start_time,end_time,headway_secs\n2,06:00:00,07:00:00,600\n"},
    SoundFile{"transfers.txt", "from_stop_id,to_stop_id,transfer_type,min_transfer_time\nA,A,2,300\n"},
    SoundFile{"translations.txt", "table_name,field_name,language,translation,record_id\nstops,stop_name,en,X,A\n"}};

/// A zip in memory of a sound feed, with the bytes in the place of one of its files.
std::string zip_with(std::string_view bytes, const SoundFile& replaced) {
    zip_source_t* packed = zip_source_buffer_create(nullptr, 0, 0, nullptr);
    zip_t* zip = zip_open_from_source(packed, ZIP_TRUNCATE, nullptr);
    zip_source_keep(packed);
    for (const auto& file : kSoundFeed) {
        const auto text = file.name == replaced.name ? bytes : std::string_view{file.text};
        const auto index = zip_file_add(zip, file.name, zip_source_buffer(zip, text.data(), text.size(), 0), 0);
        check(index >= 0 && zip_set_file_compression(zip, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0) == 0);
    }
    zip_stat_t stat;
    check(zip_close(zip) == 0 && zip_source_stat(packed, &stat) == 0 && zip_source_open(packed) == 0);
    std::string result(stat.size, '\0');
    check(zip_source_read(packed, result.data(), result.size()) == static_cast<zip_int64_t>(result.size()));
    zip_source_close(packed);
    zip_source_free(packed);
    return result;
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
    const std::size_t choice = data[0];
    if (choice < 64) import(MemoryFile{bytes}.path(), choice % 2 == 0);
    else if (choice < 128) fuzz_csv(bytes, choice - 63);
    else import(MemoryFile{zip_with(bytes, kSoundFeed[choice % kSoundFeed.size()])}.path(), false);
    return 0;
}
