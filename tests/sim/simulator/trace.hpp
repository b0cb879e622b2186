#pragma once
/// What happened in a world, line by line: hashed, so that two runs can be compared, and kept, so that a violation can
/// be understood.

#include <cstdint>
#include <string>
#include <vector>

namespace railbook::sim {

class Trace {
public:
    /// Names things by numbers given in order of appearance, never by pointers or random ids.
    void line(std::string text) {
        for (const char c : text) add(static_cast<unsigned char>(c));
        add('\n');
        lines_.push_back(std::move(text));
    }
    /// FNV-1a over all lines.
    std::uint64_t hash() const { return hash_; }
    const std::vector<std::string>& lines() const { return lines_; }

private:
    void add(unsigned char byte) { hash_ = (hash_ ^ byte) * 0x100000001B3U; }

    std::uint64_t hash_ = 0xCBF29CE484222325U;
    std::vector<std::string> lines_;
};

}  // namespace railbook::sim
