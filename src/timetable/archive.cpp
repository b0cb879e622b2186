#include "timetable/archive.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <set>

#include <fmt/format.h>
#include <zip.h>

namespace railbook::timetable {
namespace {

Error bad(std::string detail) { return {ErrorCode::bad_data, std::move(detail)}; }
Error too_large(std::string detail) { return {ErrorCode::too_large, std::move(detail)}; }

/// Small files may be packed as well as they like: the factor counts beyond this.
constexpr std::uint64_t kExpansionFree = std::uint64_t{8} << 20;

struct CloseZip {
    void operator()(zip_t* zip) const { zip_discard(zip); }
};
struct CloseFile {
    void operator()(zip_file_t* file) const { zip_fclose(file); }
};

/// Whether an entry's name stays inside the archive on every system.
bool is_safe(std::string_view name) {
    if (name.empty() || name.front() == '/' || name.find('\\') != std::string_view::npos) return false;
    if (name.size() > 1 && name[1] == ':') return false;
    while (!name.empty()) {
        const auto slash = name.find('/');
        if (name.substr(0, slash) == "..") return false;
        name = slash == std::string_view::npos ? std::string_view{} : name.substr(slash + 1);
    }
    return true;
}

/// What operating systems add to archives on their own.
bool is_debris(std::string_view name) {
    const auto slash = name.rfind('/');
    const auto file = slash == std::string_view::npos ? name : name.substr(slash + 1);
    return name.starts_with("__MACOSX/") || file.starts_with("._") || file == ".DS_Store" || file == "Thumbs.db";
}

class ZipArchive final : public Archive {
public:
    static Result<std::unique_ptr<Archive>> open(const std::string& path, const ArchiveLimits& limits) {
        int code = 0;
        std::unique_ptr<zip_t, CloseZip> zip{zip_open(path.c_str(), ZIP_RDONLY, &code)};
        if (!zip) {
            zip_error_t error;
            zip_error_init_with_code(&error, code);
            auto detail = fmt::format("the file is not a zip, or a damaged one: {}", zip_error_strerror(&error));
            zip_error_fini(&error);
            return bad(std::move(detail));
        }
        std::unique_ptr<ZipArchive> archive{new ZipArchive{std::move(zip), limits}};
        if (const auto listed = archive->list(); !listed) return listed.error();
        return std::unique_ptr<Archive>{std::move(archive)};
    }

private:
    ZipArchive(std::unique_ptr<zip_t, CloseZip> zip, const ArchiveLimits& limits)
        : Archive{limits}, zip_{std::move(zip)} {}

    Status list() {
        const auto count = static_cast<std::uint64_t>(zip_get_num_entries(zip_.get(), 0));
        if (count > limits_.entries) {
            return too_large(fmt::format("the zip has {} entries; at most {} are read", count, limits_.entries));
        }
        std::map<std::string, Entry, std::less<>> all;
        std::set<std::string> folders;  // that hold a stops.txt
        for (std::uint64_t i = 0; i < count; ++i) {
            zip_stat_t stat;
            zip_stat_init(&stat);
            if (zip_stat_index(zip_.get(), i, 0, &stat) != 0 || (stat.valid & ZIP_STAT_NAME) == 0) {
                return bad(fmt::format("the zip's entry {} cannot be read", i));
            }
            const std::string name = stat.name;
            if (!is_safe(name)) return bad(fmt::format("the zip's entry '{}' leads out of it", name));
            if (const auto plain = check_kind(i, name, stat); !plain) return plain;
            if (name.back() == '/' || is_debris(name)) continue;
            const bool is_packed = stat.comp_method != ZIP_CM_STORE;
            const auto packed = is_packed ? std::max<std::uint64_t>(stat.comp_size, 1) : 0;
            if (!all.emplace(name, Entry{i, stat.size, packed}).second) {
                return bad(fmt::format("the zip has two entries '{}'", name));
            }
            const auto slash = name.rfind('/');
            const auto start = slash == std::string::npos ? 0 : slash + 1;
            if (name.substr(start) == "stops.txt") folders.insert(name.substr(0, start));
        }
        if (folders.size() > 1 && !folders.contains("")) return bad("the zip holds several feeds, in folders");
        const std::string folder = folders.empty() || folders.contains("") ? "" : *folders.begin();
        if (!folder.empty()) notes_.push_back(fmt::format("the files are in the folder '{}' of the zip", folder));
        for (const auto& [name, entry] : all) {
            if (name.starts_with(folder) && name.find('/', folder.size()) == std::string::npos) {
                files_.emplace(name.substr(folder.size()), entry);
            }
        }
        return {};
    }

    Status check_kind(std::uint64_t index, const std::string& name, const zip_stat_t& stat) {
        if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && stat.encryption_method != ZIP_EM_NONE) {
            return bad(fmt::format("the zip's entry '{}' is encrypted", name));
        }
        std::uint8_t system = 0;
        std::uint32_t attributes = 0;
        if (zip_file_get_external_attributes(zip_.get(), index, 0, &system, &attributes) != 0) {
            return bad(fmt::format("the zip's entry '{}' cannot be read", name));
        }
        if (system != ZIP_OPSYS_UNIX && system != ZIP_OPSYS_OS_X) return {};
        const auto kind = (attributes >> 16) & S_IFMT;
        if (kind != 0 && kind != S_IFREG && kind != S_IFDIR) {
            return bad(fmt::format("the zip's entry '{}' is a link or a device, not a file", name));
        }
        return {};
    }

    Result<ByteSource> open_file(const std::string& file, const Entry& entry) override {
        std::shared_ptr<zip_file_t> opened{zip_fopen_index(zip_.get(), entry.number, 0), [](zip_file_t* each) {
                                               if (each) CloseFile{}(each);
                                           }};
        if (!opened) return bad(fmt::format("'{}' cannot be unpacked: {}", file, zip_strerror(zip_.get())));
        return ByteSource{[file, opened](std::span<char> into) -> Result<std::size_t> {
            const auto count = zip_fread(opened.get(), into.data(), into.size());
            if (count < 0) {
                return bad(fmt::format("'{}' is damaged in the zip: {}", file,
                                       zip_error_strerror(zip_file_get_error(opened.get()))));
            }
            return static_cast<std::size_t>(count);
        }};
    }

    std::unique_ptr<zip_t, CloseZip> zip_;
};

/// An open file of the operating system.
class Descriptor {
public:
    explicit Descriptor(int number) : number_{number} {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return number_; }

private:
    int number_;
};

class FolderArchive final : public Archive {
public:
    static Result<std::unique_ptr<Archive>> open(const std::string& path, const ArchiveLimits& limits) {
        auto folder = std::make_unique<Descriptor>(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (folder->get() < 0) return Error{ErrorCode::forbidden, "the folder cannot be opened"};
        std::unique_ptr<FolderArchive> archive{new FolderArchive{std::move(folder), limits}};
        std::error_code failed;
        std::filesystem::directory_iterator each{path, failed};
        for (const std::filesystem::directory_iterator end; !failed && each != end; each.increment(failed)) {
            const auto name = each->path().filename().string();
            const auto kind = each->symlink_status(failed).type();
            if (failed) break;
            // Links are kept here and refused where they are opened: one that nobody reads does no harm.
            if (kind != std::filesystem::file_type::regular && kind != std::filesystem::file_type::symlink) continue;
            if (archive->files_.size() == limits.entries) {
                return too_large(fmt::format("the folder has more than {} files", limits.entries));
            }
            const auto size = kind == std::filesystem::file_type::regular ? each->file_size(failed) : 0;
            if (failed) break;
            archive->files_.emplace(name, Entry{0, size, 0});
        }
        if (failed) return Error{ErrorCode::forbidden, fmt::format("the folder cannot be read: {}", failed.message())};
        return std::unique_ptr<Archive>{std::move(archive)};
    }

private:
    FolderArchive(std::unique_ptr<Descriptor> folder, const ArchiveLimits& limits)
        : Archive{limits}, folder_{std::move(folder)} {}

    Result<ByteSource> open_file(const std::string& file, const Entry&) override {
        const auto opened = std::make_shared<Descriptor>(
            ::openat(folder_->get(), file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        if (opened->get() < 0 && errno == ELOOP) {
            return bad(fmt::format("'{}' is a link: a feed has plain files", file));
        }
        if (opened->get() < 0) return Error{ErrorCode::forbidden, fmt::format("'{}' cannot be opened", file)};
        struct stat kind {};
        if (::fstat(opened->get(), &kind) != 0 || !S_ISREG(kind.st_mode)) {
            return bad(fmt::format("'{}' is not a plain file", file));
        }
        return ByteSource{[file, opened](std::span<char> into) -> Result<std::size_t> {
            ssize_t count = 0;
            do {
                count = ::read(opened->get(), into.data(), into.size());
            } while (count < 0 && errno == EINTR);
            if (count < 0) return bad(fmt::format("'{}' cannot be read", file));
            return static_cast<std::size_t>(count);
        }};
    }

    std::unique_ptr<Descriptor> folder_;
};

}  // namespace

Result<std::unique_ptr<Archive>> Archive::open(const std::string& path, const ArchiveLimits& limits) {
    std::error_code failed;
    const auto status = std::filesystem::status(path, failed);
    if (status.type() == std::filesystem::file_type::not_found) {
        const auto name = std::filesystem::path{path}.filename().string();
        return Error{ErrorCode::not_found, fmt::format("there is no file '{}'", name)};
    }
    if (failed) return Error{ErrorCode::forbidden, fmt::format("the file cannot be read: {}", failed.message())};
    if (status.type() == std::filesystem::file_type::directory) return FolderArchive::open(path, limits);
    if (status.type() != std::filesystem::file_type::regular) return bad("a feed is a zip file or a folder");
    const auto size = std::filesystem::file_size(path, failed);
    if (failed) return Error{ErrorCode::forbidden, fmt::format("the file cannot be read: {}", failed.message())};
    if (size > limits.packed_bytes) {
        return too_large(fmt::format("the zip has {} bytes; at most {} are read", size, limits.packed_bytes));
    }
    return ZipArchive::open(path, limits);
}

std::uint64_t Archive::claimed_size(std::string_view file) const {
    const auto found = files_.find(file);
    return found == files_.end() ? 0 : found->second.size;
}

Result<ByteSource> Archive::read(std::string_view file) {
    const auto found = files_.find(file);
    if (found == files_.end()) return Error{ErrorCode::not_found, fmt::format("the feed has no '{}'", file)};
    auto source = open_file(found->first, found->second);
    if (!source) return source;
    // What a header says of sizes is a claim: the bytes that come out are what is limited.
    return ByteSource{[this, name = found->first, packed = found->second.packed, inner = *std::move(source),
                       size = std::uint64_t{0}](std::span<char> into) mutable -> Result<std::size_t> {
        const auto count = inner(into);
        if (!count) return count;
        size += *count;
        total_ += *count;
        if (size > limits_.file_bytes) {
            return too_large(fmt::format("'{}' has more than {} bytes", name, limits_.file_bytes));
        }
        if (total_ > limits_.total_bytes) {
            return too_large(fmt::format("the feed has more than {} bytes", limits_.total_bytes));
        }
        if (packed != 0 && size > kExpansionFree && size / packed >= limits_.expansion) {
            return too_large(fmt::format("'{}' unpacks to more than {} times its size", name, limits_.expansion));
        }
        return count;
    }};
}

}  // namespace railbook::timetable
