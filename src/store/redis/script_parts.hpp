#pragma once
/// What several scripts begin with.

#include <string>
#include <string_view>

#include "base/crypto.hpp"
#include "store/redis/scripts.hpp"

namespace railbook::store::redis {

/// What changes of a run with each step is in one of its fields (q): version, latest time, last fence, the last one
/// that it may give, how many entries of its journal PostgreSQL knows and how many there are, how many holds.
inline constexpr std::string_view kState = R"lua(
local function state(...) return struct.pack('>ddddddd', ...) end
)lua";

/// A hold has two fields of its run. Under its id is what changes, 50 bytes: epoch, fence, expires at, latest end,
/// number of its journal entry, when it was placed, whether it was released, whether the record knows it. Under that
/// number (8 bytes, which begin as no seat's name does) is what never changes: 1, hold, its seats (seat, from, to),
/// owner, the head of its step in the journal, its text. Together they are its record. Another step's entry is its
/// kind, time and bytes.
inline constexpr std::string_view kHold = R"lua(
local function record_of(run, hold)
    local head = redis.call('HGET', run, hold)
    return head and head .. redis.call('HGET', run, string.sub(head, 33, 40))
end
)lua";

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
