#pragma once
/// Where the oracle says what it found wrong. The oracle knows the public headers and the laws, and no source of the
/// library.

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <railbook/ids.hpp>
#include <railbook/time.hpp>

namespace railbook::sim {

/// What the buyers of a world were promised by its policies.
struct Promises {
    Duration ttl{};
    Duration max{};
    Duration payment_ttl{};
    std::size_t max_holds = 0;
};

class Verdict {
public:
    void violated(std::string_view law, std::string_view object, std::string_view detail) {
        std::string line{law};
        line.append(" | ").append(object).append(" | ").append(detail);
        violations_.push_back(std::move(line));
    }
    void checked(const std::string& what, std::uint64_t times = 1) { checks_[what] += times; }

    const std::vector<std::string>& violations() const { return violations_; }
    const std::map<std::string, std::uint64_t>& checks() const { return checks_; }

private:
    std::vector<std::string> violations_;
    std::map<std::string, std::uint64_t> checks_;
};

/// The first digits of an id: enough to tell a world's few records apart.
template <class Id>
std::string brief(const Id& id) {
    return to_string(id).substr(0, 6);
}
inline std::string milliseconds(Timestamp time) {
    return std::to_string(time.time_since_epoch().count() % 100'000'000);
}

}  // namespace railbook::sim
