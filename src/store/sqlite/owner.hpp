#pragma once
/// One process owns a store. The lock lies beside the store's file, on a file of its own: closing any descriptor of the
/// database drops the locks that SQLite has on it.

#include <string>

#include <railbook/result.hpp>

namespace railbook::store::sqlite {

/// The operating system ends the ownership with the process, however it dies.
class Ownership {
public:
    /// Errors: conflict (the detail names the owner); not_found (no such folder); forbidden; storage_full.
    static Result<Ownership> take(const std::string& path);
    /// For a file that the operating system does not know: the caller sees to it that nobody else has it.
    static Ownership of_caller() { return {{}, -1}; }
    Ownership(Ownership&& other) noexcept;
    Ownership& operator=(Ownership&& other) = delete;
    ~Ownership();

private:
    Ownership(std::string path, int file) : path_{std::move(path)}, file_{file} {}

    std::string path_;
    int file_;  // -1 once moved from
};

}  // namespace railbook::store::sqlite
