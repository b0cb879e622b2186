#include "power/loop_disk.hpp"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace railbook::test {
namespace {

/// EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH, as <linux/ext4.h> has them on newer systems.
constexpr unsigned long kShutdown = _IOR('X', 125, std::uint32_t);
constexpr std::uint32_t kWithoutFlushingTheJournal = 2;

Error unsupported(const std::string& what) { return {ErrorCode::unsupported, what}; }

Status run(std::vector<std::string> command) {
    std::vector<char*> arguments;
    for (auto& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    const pid_t child = fork();
    if (child < 0) return unsupported("no process can be started");
    if (child == 0) {
        execvp(arguments.front(), arguments.data());
        _exit(127);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    return unsupported("`" + command.front() + "` failed");
}

}  // namespace

LoopDisk::LoopDisk(LoopDisk&& other) noexcept
    : folder_{std::move(other.folder_)}, is_mounted_{std::exchange(other.is_mounted_, false)} {}

LoopDisk::~LoopDisk() {
    if (is_mounted_) static_cast<void>(unmount());
}

Result<LoopDisk> LoopDisk::make(const std::filesystem::path& folder) {
    if (geteuid() != 0) return unsupported("only root can mount a disk");
    LoopDisk disk{folder};
    std::error_code error;
    std::filesystem::create_directory(folder / "mount", error);
    const auto image = (folder / "image").string();
    const int file = open(image.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    constexpr off_t kSize = 64 << 20;
    const bool is_made = file >= 0 && ftruncate(file, kSize) == 0;
    if (file >= 0) close(file);
    if (!is_made) return unsupported("no image of a disk can be made");
    if (const auto done = run({"mkfs.ext4", "-q", "-F", image}); !done) return done.error();
    if (const auto done = disk.mount(); !done) return done.error();
    return disk;
}

Status LoopDisk::mount() {
    const auto done = run({"mount", "-o", "loop", (folder_ / "image").string(), (folder_ / "mount").string()});
    is_mounted_ = done.has_value();
    return done;
}

Status LoopDisk::unmount() {
    const auto done = run({"umount", (folder_ / "mount").string()});
    if (done) is_mounted_ = false;
    return done;
}

Status LoopDisk::cut() {
    const int folder = open((folder_ / "mount").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return unsupported(std::strerror(errno));
    std::uint32_t flags = kWithoutFlushingTheJournal;
    const int code = ioctl(folder, kShutdown, &flags) == 0 ? 0 : errno;
    close(folder);
    if (code != 0) return unsupported(std::string{"the file system cannot be shut down: "} + std::strerror(code));
    return {};
}

Status LoopDisk::start_again() {
    if (const auto done = unmount(); !done) return done;
    return mount();
}

}  // namespace railbook::test
