#pragma once
/// A disk that loses its power when a test says so: an ext4 file system on a loop device.

#include <filesystem>
#include <string>

#include <railbook/result.hpp>

namespace railbook::test {

/// Made and mounted; gone with the object. Needs root.
class LoopDisk {
public:
    /// `folder` is where its image and its mount point lie. Errors: unsupported (this machine does not let us).
    static Result<LoopDisk> make(const std::filesystem::path& folder);
    LoopDisk(LoopDisk&& other) noexcept;
    LoopDisk& operator=(LoopDisk&&) = delete;
    ~LoopDisk();

    std::string file(const std::string& name) const { return (folder_ / "mount" / name).string(); }
    /// Cuts the power: what was not made safe is lost, its journal too, and every access fails from now on.
    Status cut();
    /// The power is there again, and the file system recovers.
    Status start_again();

private:
    explicit LoopDisk(std::filesystem::path folder) : folder_{std::move(folder)} {}
    Status mount();
    Status unmount();

    std::filesystem::path folder_;
    bool is_mounted_ = false;
};

}  // namespace railbook::test
