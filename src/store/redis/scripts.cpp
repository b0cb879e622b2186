#include "store/redis/scripts.hpp"

#include "base/crypto.hpp"

namespace railbook::store::redis {
namespace {

/// ARGV[1] is the caller's epoch. Leaves the facts in `m`. Lua's numbers are doubles, which Redis writes out in full,
/// and the operator .. with 14 digits: enough for milliseconds, versions and fences.
constexpr std::string_view kFacts = R"lua(
local m = redis.call('HMGET', KEYS[1], 'e', 's', 'z', 'f', 'v', 't', 'd')
if not m[1] then return {'none'} end
local mine = tonumber(ARGV[1])
local theirs = tonumber(m[1])
if theirs > mine then return {'stale'} end
if theirs < mine then return {'old'} end
)lua";

/// For steps that the run must be open for.
constexpr std::string_view kOpen = R"lua(
local function moment()
    local t = redis.call('TIME')
    return t[1] * 1000 + math.floor(t[2] / 1000)
end
if m[4] == '1' then
    if tonumber(m[3]) > moment() then return {'busy'} end
    return {'closed'}
end
if m[2] ~= 'open' then return {'closed'} end
local version = tonumber(m[5])
local latest = tonumber(m[6])
)lua";

/// A span that is taken is 29 bytes: from, to, until, state, hold.
constexpr std::string_view kSeats = R"lua(
local function overlaps(value, from, to, now)
    for i = 1, #value, 29 do
        local f, t, u = struct.unpack('>HHd', value, i)
        if f < to and from < t and u > now then return true end
    end
    return false
end
local function without(value, hold)
    local kept = {}
    for i = 1, #value, 29 do
        local one = string.sub(value, i, i + 28)
        if string.sub(one, 14) ~= hold then kept[#kept + 1] = one end
    end
    return table.concat(kept)
end
local function put(seat, value)
    if value == '' then redis.call('HDEL', KEYS[2], seat) else redis.call('HSET', KEYS[2], seat, value) end
end
)lua";

/// KEYS[6] answer; of one server KEYS[7] to KEYS[11]: where the answer is, the owner's live holds, the run of the hold,
/// the counter of fences, the runs with work to do. In a cluster these are elsewhere, and the caller's to see to.
/// ARGV: epoch, now, digest, hold, owner's limit, expires at, fingerprint, answer until, milliseconds to keep it,
/// name of the run, force, journal entry, latest end, owner, hold's text, then seat, from, to of each cell.
constexpr std::string_view kPlace = R"lua(
local now = math.max(tonumber(ARGV[2]), latest)
local one_server = #KEYS > 6
local has_key = ARGV[7] ~= ''
if has_key then
    local kept = redis.call('GET', KEYS[6])
    if kept then
        local answer = cmsgpack.unpack(kept)
        if answer[1] > now then
            if answer[2] ~= ARGV[7] then return {'reused'} end
            return {'again', answer[3], answer[4]}
        end
    end
    if one_server and ARGV[11] == '0' then
        local where = redis.call('GET', KEYS[7])
        if where and where ~= ARGV[10] then return {'elsewhere', where} end
    end
end
local mine = redis.call('HGET', KEYS[3], ARGV[4])
if mine then
    local hold = cmsgpack.unpack(mine)
    return {'again', hold[1], hold[7]}
end
if m[7] ~= ARGV[3] then return {'otherwise'} end
local limit = tonumber(ARGV[5])
if one_server and limit > 0 then
    local live = redis.call('ZCOUNT', KEYS[8], '(' .. now, '+inf')
    if live >= limit then return {'many', live} end
end
local seats = {}
for i = 16, #ARGV, 3 do seats[#seats + 1] = ARGV[i] end
local values = redis.call('HMGET', KEYS[2], unpack(seats))
local taken = {}
for i = 1, #seats do
    local at = 13 + 3 * i
    if values[i] and overlaps(values[i], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), now) then
        taken[#taken + 1] = i - 1
    end
end
if #taken > 0 then return {'taken', taken} end
local number
if one_server then
    if not redis.call('GET', KEYS[10]) then return {'lost'} end
    number = redis.call('INCR', KEYS[10])
else
    local block = redis.call('HMGET', KEYS[1], 'n', 'x')
    number = tonumber(block[1] or '0')
    if number >= tonumber(block[2] or '0') then return {'fences'} end
    number = number + 1
    redis.call('HSET', KEYS[1], 'n', number)
end
local fence = ARGV[1] .. ':' .. number
local expires = tonumber(ARGV[6])
local cells = {}
local changed = {}
for i = 1, #seats do
    local at = 13 + 3 * i
    local from, to = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
    local cell = struct.pack('>HHdB', from, to, expires, 1) .. ARGV[4]
    local before = changed[seats[i]] or values[i]
    local kept = {}
    if before then
        for k = 1, #before, 29 do
            local f, t, u = struct.unpack('>HHd', before, k)
            if u > now or f >= to or from >= t then kept[#kept + 1] = string.sub(before, k, k + 28) end
        end
    end
    kept[#kept + 1] = cell
    changed[seats[i]] = table.concat(kept)
    cells[#cells + 1] = struct.pack('>I4HH', tonumber(seats[i]), from, to)
end
local told = {}
local now_there = {}
for seat, value in pairs(changed) do
    redis.call('HSET', KEYS[2], seat, value)
    told[#told + 1] = seat
    now_there[#now_there + 1] = value
end
redis.call('HSET', KEYS[3], ARGV[4], cmsgpack.pack(
    {fence, expires, tonumber(ARGV[13]), 0, ARGV[14], table.concat(cells), ARGV[15], 0, KEYS[8] or ''}))
redis.call('RPUSH', KEYS[4], struct.pack('>Bdd', 1, number, now) .. ARGV[12] .. ARGV[15])
if redis.call('RPUSH', KEYS[5], table.concat(told, ',')) > 512 then redis.call('LTRIM', KEYS[5], -256, -1) end
redis.call('HSET', KEYS[1], 'v', version + 1, 't', now)
if has_key then
    redis.call('SET', KEYS[6], cmsgpack.pack({tonumber(ARGV[8]) + now - tonumber(ARGV[2]), ARGV[7], fence, ARGV[15]}),
               'PX', ARGV[9])
    if one_server then redis.call('SET', KEYS[7], ARGV[10], 'PX', ARGV[9]) end
end
if one_server then
    -- A day longer than it can last: what has lapsed is forgotten, whoever swept it.
    local rest = tonumber(ARGV[13]) - now + 86400000
    redis.call('ZADD', KEYS[8], ARGV[6], ARGV[4])
    redis.call('PEXPIRE', KEYS[8], rest)
    if number % 16 == 0 then redis.call('ZREMRANGEBYSCORE', KEYS[8], '-inf', now) end
    redis.call('SET', KEYS[9], ARGV[10], 'PX', rest)
    redis.call('SADD', KEYS[11], ARGV[10])
end
return {'ok', fence, version + 1, told, now_there}
)lua";

/// ARGV: epoch, now, hold, owner, fence or nothing, any owner.
constexpr std::string_view kClaim = R"lua(
local now = math.max(tonumber(ARGV[2]), latest)
local kept = redis.call('HGET', KEYS[3], ARGV[3])
if not kept then return {'gone'} end
local hold = cmsgpack.unpack(kept)
if ARGV[6] ~= '1' and hold[5] ~= ARGV[4] then return {'foreign'} end
if ARGV[5] == '' then
    if ARGV[6] ~= '1' then return {'fenced'} end
elseif ARGV[5] ~= hold[1] then
    return {'fenced'}
end
local told = {}
local now_there = {}
local function answer()
    return {'ok', hold[1], string.format('%.0f', hold[2]), hold[4], hold[7], hold[8],
            #told > 0 and version + 1 or 0, told, now_there}
end
local function tell(kind)
    redis.call('RPUSH', KEYS[4], struct.pack('>Bdd', kind, 0, now) .. ARGV[7])
end
local function rewrite(until_, keeps)
    local seen = {}
    for i = 1, #hold[6], 8 do
        local seat, from, to = struct.unpack('>I4HH', hold[6], i)
        seat = tostring(seat)
        local value = redis.call('HGET', KEYS[2], seat) or ''
        if not seen[seat] then value = without(value, ARGV[3]) end
        if keeps then value = value .. struct.pack('>HHdB', from, to, until_, 1) .. ARGV[3] end
        put(seat, value)
        if not seen[seat] then
            told[#told + 1] = seat
            seen[seat] = #told
        end
        now_there[seen[seat]] = value
    end
    redis.call('HSET', KEYS[3], ARGV[3], cmsgpack.pack(hold))
    if redis.call('RPUSH', KEYS[5], table.concat(told, ',')) > 512 then redis.call('LTRIM', KEYS[5], -256, -1) end
    redis.call('HSET', KEYS[1], 'v', version + 1, 't', now)
    if KEYS[6] then
        redis.call('SADD', KEYS[6], ARGV[10])
        if keeps then redis.call('ZADD', hold[9], until_, ARGV[3])
        else redis.call('ZREM', hold[9], ARGV[3]) end
    end
end
)lua";

/// And: journal entry, whether the answer is kept under a key, until, name of the run. Of one server, KEYS[6] is the
/// runs with work to do.
constexpr std::string_view kExtend = R"lua(
if hold[4] == 1 then return {'released'} end
if hold[2] <= now then return {'expired'} end
local deadline = math.max(hold[2], math.min(tonumber(ARGV[9]), hold[3]))
if deadline > hold[2] then
    hold[2] = deadline
    rewrite(deadline, true)
    tell(2)
elseif ARGV[8] == '1' then
    tell(2)
end
return answer()
)lua";

constexpr std::string_view kRelease = R"lua(
if hold[4] == 0 then
    if hold[2] <= now then return {'expired'} end
    hold[4] = 1
    rewrite(0, false)
    tell(3)
elseif ARGV[8] == '1' then
    tell(3)
end
return answer()
)lua";

/// ARGV: epoch, hold.
constexpr std::string_view kFind = R"lua(
local kept = redis.call('HGET', KEYS[3], ARGV[2])
if not kept then return {'gone'} end
local hold = cmsgpack.unpack(kept)
return {'ok', hold[1], string.format('%.0f', hold[2]), hold[4], hold[7], hold[8]}
)lua";

/// ARGV: epoch, the version that the caller knows. Answers the version, the digest, and what seats have changed.
constexpr std::string_view kLook = R"lua(
local known = tonumber(ARGV[2])
if known == version and known > 0 then return {'same', m[5], m[7]} end
local behind = version - known
local count = redis.call('LLEN', KEYS[5])
if known > 0 and behind > 0 and behind <= count and behind <= 64 then
    local seats = {}
    for _, line in ipairs(redis.call('LRANGE', KEYS[5], -behind, -1)) do
        for seat in string.gmatch(line, '[^,]+') do seats[#seats + 1] = seat end
    end
    if #seats > 0 then return {'some', m[5], m[7], seats, redis.call('HMGET', KEYS[2], unpack(seats))} end
end
return {'all', m[5], m[7], redis.call('HGETALL', KEYS[2])}
)lua";

/// Takes the run for a while: alone (nothing happens in it meanwhile), or to empty its journal.
/// ARGV: epoch, token, milliseconds, alone, now.
constexpr std::string_view kLease = R"lua(
local m = redis.call('HMGET', KEYS[1], 'e', 's', 'z', 'k', 't')
local mine = tonumber(ARGV[1])
local moment = redis.call('TIME')
moment = moment[1] * 1000 + math.floor(moment[2] / 1000)
local fresh = 'known'
if m[1] and tonumber(m[1]) > mine then return {'stale'} end
if not m[1] or tonumber(m[1]) < mine then
    fresh = m[1] and 'old' or 'none'
    redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5])
    redis.call('HSET', KEYS[1], 'e', ARGV[1], 's', 'closed', 'v', '0', 't', '0', 'd', '')
    m = {ARGV[1], 'closed', false, false, '0'}
end
if m[3] and tonumber(m[3]) > moment and m[4] ~= ARGV[2] then return {'busy'} end
redis.call('HSET', KEYS[1], 'z', string.format('%.0f', moment + tonumber(ARGV[3])), 'k', ARGV[2], 'f', ARGV[4],
           't', string.format('%.0f', math.max(tonumber(m[5]), tonumber(ARGV[5]))))
return {'ok', fresh, m[2], redis.call('LRANGE', KEYS[4], 0, 255)}
)lua";

/// ARGV: epoch, token, version, time, digest, last fence, then the number of seats and seat, value of each; then hold,
/// record of each hold.
constexpr std::string_view kInstall = R"lua(
local m = redis.call('HMGET', KEYS[1], 'e', 'k', 't')
if not m[1] then return {'none'} end
if m[1] ~= ARGV[1] or m[2] ~= ARGV[2] then return {'busy'} end
if redis.call('LLEN', KEYS[4]) > 0 then return {'full'} end
redis.call('DEL', KEYS[2], KEYS[3], KEYS[5])
local seats = tonumber(ARGV[7])
local at = 8
for i = 1, seats do
    redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1])
    at = at + 2
end
while at < #ARGV do
    redis.call('HSET', KEYS[3], ARGV[at], cmsgpack.pack(
        {ARGV[at + 1], tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), 0, ARGV[at + 4], ARGV[at + 5], ARGV[at + 6], 1,
         ARGV[at + 7]}))
    at = at + 8
end
redis.call('HSET', KEYS[1], 's', 'open', 'v', ARGV[3], 'd', ARGV[5],
           't', string.format('%.0f', math.max(tonumber(m[3]), tonumber(ARGV[4]))))
redis.call('HDEL', KEYS[1], 'z', 'k', 'f', 'n', 'x')
return {'ok'}
)lua";

/// The record has taken over the first entries of the journal. ARGV: epoch, token, how many, milliseconds, now, then
/// the holds that they were about. Answers what is left.
constexpr std::string_view kTrim = R"lua(
local m = redis.call('HMGET', KEYS[1], 'e', 'k')
if m[1] ~= ARGV[1] or m[2] ~= ARGV[2] then return {'busy'} end
local moment = redis.call('TIME')
moment = moment[1] * 1000 + math.floor(moment[2] / 1000)
redis.call('LTRIM', KEYS[4], ARGV[3], -1)
redis.call('HSET', KEYS[1], 'z', string.format('%.0f', moment + tonumber(ARGV[4])))
local left = redis.call('LRANGE', KEYS[4], 0, 255)
for i = 6, #ARGV do
    local kept = redis.call('HGET', KEYS[3], ARGV[i])
    if kept then
        local hold = cmsgpack.unpack(kept)
        hold[8] = 1
        redis.call('HSET', KEYS[3], ARGV[i], cmsgpack.pack(hold))
    end
end
if #left == 0 then
    -- What has ended is the record's to tell of.
    local all = redis.call('HGETALL', KEYS[3])
    for i = 1, #all, 2 do
        local hold = cmsgpack.unpack(all[i + 1])
        if hold[4] == 1 or hold[2] <= tonumber(ARGV[5]) then redis.call('HDEL', KEYS[3], all[i]) end
    end
end
return {'ok', left, redis.call('HLEN', KEYS[3])}
)lua";

/// Ends a lease. ARGV: epoch, token, closed.
constexpr std::string_view kLeave = R"lua(
local m = redis.call('HMGET', KEYS[1], 'e', 'k')
if m[1] ~= ARGV[1] or m[2] ~= ARGV[2] then return {'busy'} end
if ARGV[3] == '1' then
    redis.call('HSET', KEYS[1], 's', 'closed')
    redis.call('DEL', KEYS[2], KEYS[3], KEYS[5])
end
redis.call('HDEL', KEYS[1], 'z', 'k', 'f')
return {'ok'}
)lua";

/// In a cluster, before a hold is placed: what belongs to its owner. KEYS: where the answer is, the owner's live holds.
/// ARGV: now, owner's limit, hold, expires at, name of the run, milliseconds to keep the answer or 0, force.
constexpr std::string_view kReserve = R"lua(
if ARGV[6] ~= '0' then
    local where = redis.call('GET', KEYS[1])
    if where and where ~= ARGV[5] and ARGV[7] == '0' then return {'elsewhere', where} end
end
local limit = tonumber(ARGV[2])
if limit > 0 and not redis.call('ZSCORE', KEYS[2], ARGV[3]) then
    redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[1])
    local live = redis.call('ZCARD', KEYS[2])
    if live >= limit then return {'many', live} end
end
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[3])
if ARGV[6] ~= '0' then redis.call('SET', KEYS[1], ARGV[5], 'PX', ARGV[6]) end
return {'ok'}
)lua";

/// In a cluster: a run gets fences of its own. ARGV: epoch, the number before the first one, the last one.
constexpr std::string_view kGrant = R"lua(
local m = redis.call('HMGET', KEYS[1], 'e', 'n', 'x')
if m[1] ~= ARGV[1] then return {'none'} end
if tonumber(m[2] or '0') < tonumber(m[3] or '0') or tonumber(ARGV[2]) < tonumber(m[3] or '0') then return {'ok'} end
redis.call('HSET', KEYS[1], 'n', ARGV[2], 'x', ARGV[3])
return {'ok'}
)lua";

/// Draws fences. KEYS[1] the counter. ARGV: how many, or less than none to give back the last one, which is ARGV[2].
constexpr std::string_view kDraw = R"lua(
local last = redis.call('GET', KEYS[1])
if not last then return {'lost'} end
if tonumber(ARGV[1]) < 0 then
    if last == ARGV[2] then redis.call('DECR', KEYS[1]) end
    return {'ok', last}
end
return {'ok', string.format('%.0f', redis.call('INCRBY', KEYS[1], ARGV[1]))}
)lua";

/// An epoch begins, or has begun. KEYS[1] the counter of fences, ARGV: the last number that was given.
constexpr std::string_view kBegin = R"lua(
local last = redis.call('GET', KEYS[1])
if not last or tonumber(last) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) end
return {'ok'}
)lua";

/// What a command was answered. KEYS[1] the answer. ARGV: fingerprint, now.
constexpr std::string_view kAnswer = R"lua(
local kept = redis.call('GET', KEYS[1])
if not kept then return {'none'} end
local answer = cmsgpack.unpack(kept)
if answer[1] <= tonumber(ARGV[2]) then return {'none'} end
if answer[2] ~= ARGV[1] then return {'reused'} end
return {'again', answer[3], answer[4]}
)lua";

template <class... Parts>
Script script(const Parts&... parts) {
    std::string text;
    (text.append(parts), ...);
    return {text, base::sha1_hex(text)};
}

}  // namespace

const Script& place_script() {
    static const Script made = script(kFacts, kOpen, kSeats, kPlace);
    return made;
}
const Script& extend_script() {
    static const Script made = script(kFacts, kOpen, kSeats, kClaim, kExtend);
    return made;
}
const Script& release_script() {
    static const Script made = script(kFacts, kOpen, kSeats, kClaim, kRelease);
    return made;
}
const Script& find_script() {
    static const Script made = script(kFacts, kOpen, kFind);
    return made;
}
const Script& look_script() {
    static const Script made = script(kFacts, kOpen, kLook);
    return made;
}
const Script& lease_script() {
    static const Script made = script(kLease);
    return made;
}
const Script& install_script() {
    static const Script made = script(kInstall);
    return made;
}
const Script& trim_script() {
    static const Script made = script(kTrim);
    return made;
}
const Script& leave_script() {
    static const Script made = script(kLeave);
    return made;
}
const Script& draw_script() {
    static const Script made = script(kDraw);
    return made;
}
const Script& answer_script() {
    static const Script made = script(kAnswer);
    return made;
}
const Script& reserve_script() {
    static const Script made = script(kReserve);
    return made;
}
const Script& grant_script() {
    static const Script made = script(kGrant);
    return made;
}
const Script& begin_script() {
    static const Script made = script(kBegin);
    return made;
}

}  // namespace railbook::store::redis
