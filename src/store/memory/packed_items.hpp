#pragma once
/// The rides and seats of a hold in few bytes: thousands of holds name the same rides.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include <railbook/stores.hpp>

namespace railbook::store::memory {

/// The rides on one run of which there ever was a hold, as they are told to their buyers. Not thread-safe.
class KnownRides {
public:
    /// The item without its seats and its reason. Never moved and never dropped.
    const HoldItem& find_or_add(const HoldItem& item);

private:
    struct Ride {
        HoldItem item;
        std::unique_ptr<Ride> next;  // with the same span
    };
    boost::unordered_flat_map<std::uint32_t, std::unique_ptr<Ride>> rides_;  // by span
};

/// Adds an item of that ride to the end of the text.
void pack_item(const HoldItem& item, const HoldItem& ride, std::string& text);
/// The items of such a text.
std::vector<HoldItem> unpack_items(std::string_view text);

}  // namespace railbook::store::memory
