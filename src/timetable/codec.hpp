#pragma once
/// The compiled form of a feed, as the store keeps it.

#include <memory>
#include <string>
#include <string_view>

#include <railbook/result.hpp>

#include "timetable/network.hpp"

namespace railbook::timetable {

/// A short head (what it is, the version of the format, the size), then the rest compressed by zlib. Equal networks
/// give equal bytes.
std::string encode(const NetworkData& network);

/// Whatever the bytes are, this reads no further than they go and takes no more memory than they can justify.
/// Errors: damaged.
Result<NetworkData> decode(std::string_view bytes);

}  // namespace railbook::timetable
