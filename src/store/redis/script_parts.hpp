#pragma once
/// What several scripts begin with.

#include <string>
#include <string_view>

#include "base/crypto.hpp"
#include "store/redis/scripts.hpp"

namespace railbook::store::redis {

/// What a seat is without the spans of a hold. A span that is taken is 29 bytes: from, to, until, state, hold. The
/// seats that a version changed are in a field of the run's, one of 64 that are used in turns: version, names.
inline constexpr std::string_view kSeats = R"lua(
local function without(value, hold)
    local kept = {}
    for i = 1, #value, 29 do
        local one = string.sub(value, i, i + 28)
        if string.sub(one, 14) ~= hold then kept[#kept + 1] = one end
    end
    return table.concat(kept)
end
local function put(fields, gone)
    redis.call('HSET', KEYS[1], unpack(fields))
    if #gone > 0 then redis.call('HDEL', KEYS[1], unpack(gone)) end
end
local function tell(fields, at, names)
    fields[#fields + 1] = string.char(128 + at % 64)
    fields[#fields + 1] = struct.pack('>d', at) .. names
end
)lua";

template <class... Parts>
Script script(const Parts&... parts) {
    std::string text;
    (text.append(parts), ...);
    return {text, base::sha1_hex(text)};
}

}  // namespace railbook::store::redis
