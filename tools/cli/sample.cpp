#include "sample.hpp"

#include <filesystem>

namespace railbook::cli {

Result<std::string> find_sample_feed() {
    namespace fs = std::filesystem;
    std::error_code failure;
    const fs::path program = fs::read_symlink("/proc/self/exe", failure);
    const fs::path installed = program.parent_path().parent_path() / "share/railbook/timetable/db-fv-2019.zip";
    for (const fs::path& place : {installed, fs::path{RAILBOOK_SAMPLE_FEED}}) {
        if (fs::is_regular_file(place, failure)) return place.string();
    }
    return Error{ErrorCode::not_found, "the sample timetable is neither installed nor where Railbook was built",
                 "import a timetable of your own: railbook import gtfs FEED"};
}

}  // namespace railbook::cli
