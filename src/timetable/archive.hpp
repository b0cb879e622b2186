#pragma once
/// The files of a feed: a zip or a folder. Both come from outside and are read within limits.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <railbook/result.hpp>

#include "timetable/csv.hpp"

namespace railbook::timetable {

/// The timetable of a whole country fits; a zip bomb does not.
struct ArchiveLimits {
    std::size_t entries = 1000;
    std::uint64_t packed_bytes = std::uint64_t{256} << 20;  ///< Of the zip file.
    std::uint64_t file_bytes = std::uint64_t{512} << 20;    ///< Of one file, unpacked.
    std::uint64_t total_bytes = std::uint64_t{1} << 30;     ///< Of all files, unpacked.
    /// How many times its packed size a file may have; timetables stay below 40, deflate ends at 1032.
    std::uint64_t expansion = 200;
};

/// Not thread-safe.
class Archive {
public:
    /// Errors: not_found (no such file); bad_data (neither a zip nor a folder; names that lead out of it, links,
    /// encrypted or repeated entries); too_large; forbidden.
    static Result<std::unique_ptr<Archive>> open(const std::string& path, const ArchiveLimits& limits = {});

    virtual ~Archive() = default;
    Archive(const Archive&) = delete;
    Archive& operator=(const Archive&) = delete;

    bool has(std::string_view file) const { return files_.contains(file); }
    /// Bytes, unpacked, as the archive claims: good for showing progress, not for trust.
    std::uint64_t claimed_size(std::string_view file) const;
    /// What is odd about the archive and harmless.
    const std::vector<std::string>& notes() const { return notes_; }

    /// The bytes of a file; the archive must outlive the source. The bytes that really come out are counted.
    /// Errors (also of the source): not_found; bad_data (damaged); too_large.
    Result<ByteSource> read(std::string_view file);

protected:
    struct Entry {
        std::uint64_t number = 0;   // in the zip
        std::uint64_t size = 0;
        std::uint64_t packed = 0;   // 0: not packed
    };

    explicit Archive(const ArchiveLimits& limits) : limits_{limits} {}
    virtual Result<ByteSource> open_file(const std::string& file, const Entry& entry) = 0;

    ArchiveLimits limits_;
    std::map<std::string, Entry, std::less<>> files_;  // without the folder they are in
    std::vector<std::string> notes_;

private:
    std::uint64_t total_ = 0;
};

}  // namespace railbook::timetable
