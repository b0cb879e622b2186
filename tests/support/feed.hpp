#pragma once
/// Small feeds for tests: written as text, kept in a temporary folder that goes with the object.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <zip.h>

#include "support/world.hpp"

namespace railbook::test {

/// An entry of a zip as a test wants it, sensible or not.
struct ZipEntry {
    std::string name;
    std::string text;
    std::uint32_t unix_mode = 0100644;
};

inline void write_zip(const std::filesystem::path& path, const std::vector<ZipEntry>& entries) {
    int code = 0;
    zip_t* zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
    if (!zip) throw std::runtime_error{"cannot write a zip"};
    for (const auto& entry : entries) {
        zip_source_t* source = zip_source_buffer(zip, entry.text.data(), entry.text.size(), 0);
        const auto index = zip_file_add(zip, entry.name.c_str(), source, ZIP_FL_ENC_UTF_8);
        if (index < 0) throw std::runtime_error{"cannot add to a zip"};
        const auto at = static_cast<zip_uint64_t>(index);
        zip_file_set_external_attributes(zip, at, 0, ZIP_OPSYS_UNIX, entry.unix_mode << 16);
    }
    if (zip_close(zip) != 0) throw std::runtime_error{"cannot write a zip"};
}

inline std::string read_bytes(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}
inline void write_bytes(const std::filesystem::path& path, std::string_view bytes) {
    std::ofstream{path, std::ios::binary} << bytes;
}
/// Every occurrence of one text becomes another of the same length: for zips that no library would write.
inline void patch(const std::filesystem::path& path, std::string_view from, std::string_view to) {
    auto bytes = read_bytes(path);
    for (auto at = bytes.find(from); at != std::string::npos; at = bytes.find(from, at + 1)) {
        bytes.replace(at, from.size(), to);
    }
    write_bytes(path, bytes);
}

/// Begins as a feed that is in order: one train `1` a day, from Adorf over Bedorf to Cedorf, from 2026-12-01 to
/// 2026-12-14; a test changes what it is about.
class FeedFiles {
public:
    FeedFiles() {
        files_["agency.txt"] =
            "agency_id,agency_name,agency_url,agency_timezone\nR,Railways,http://r.example,Europe/Berlin\n";
        files_["stops.txt"] =
            "stop_id,stop_name,stop_lat,stop_lon\nA,Adorf,50.0,8.0\nB,Bedorf,50.5,8.0\nC,Cedorf,51.0,8.0\n";
        files_["routes.txt"] = "route_id,agency_id,route_short_name,route_long_name,route_type\nX,R,IC,InterCity,2\n";
        files_["trips.txt"] = "route_id,service_id,trip_id,trip_short_name\nX,daily,1,100\n";
        files_["calendar.txt"] =
            "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
            "daily,1,1,1,1,1,1,1,20261201,20261214\n";
        files_["stop_times.txt"] =
            "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
            "1,08:00:00,08:00:00,A,1\n1,09:00:00,09:05:00,B,2\n1,10:00:00,10:00:00,C,3\n";
    }

    FeedFiles& set(const std::string& file, std::string text) {
        files_[file] = std::move(text);
        return *this;
    }
    FeedFiles& append(const std::string& file, std::string_view text) {
        files_[file] += text;
        return *this;
    }
    FeedFiles& remove(const std::string& file) {
        files_.erase(file);
        return *this;
    }
    const std::map<std::string, std::string>& files() const { return files_; }

    /// Writes them and says where.
    std::string write_folder() const {
        const auto path = folder() / "feed";
        std::filesystem::remove_all(path);
        std::filesystem::create_directories(path);
        for (const auto& [name, text] : files_) write_bytes(path / name, text);
        return path.string();
    }
    std::string write_zip(const std::string& inside = "") const {
        const auto path = folder() / "feed.zip";
        std::vector<ZipEntry> entries;
        for (const auto& [name, text] : files_) entries.push_back({inside + name, text});
        test::write_zip(path, entries);
        return path.string();
    }
    const std::filesystem::path& folder() const { return folder_->path(); }

private:
    std::unique_ptr<TemporaryFolder> folder_ = std::make_unique<TemporaryFolder>();
    std::map<std::string, std::string> files_;
};

}  // namespace railbook::test
