#include "store/redis/scripts.hpp"

#include "base/crypto.hpp"

namespace railbook::store::redis {
namespace {

/// ARGV[1] is the caller's epoch. Leaves the facts in `m`, and of them what changes with each step in numbers of its
/// own. Lua's numbers are doubles: enough for milliseconds, versions and fences.
constexpr std::string_view kFacts = R"lua(
local m = redis.call('HMGET', KEYS[1], 'e', 's', 'f', 'z', 'd', 'q')
)lua";

/// For steps that the run must be open for.
constexpr std::string_view kOpen = R"lua(
if not m[1] then return {'none'} end
if m[1] ~= ARGV[1] then return {tonumber(m[1]) > tonumber(ARGV[1]) and 'stale' or 'old'} end
if m[3] == '1' then
    local t = redis.call('TIME')
    if tonumber(m[4]) > t[1] * 1000 + math.floor(t[2] / 1000) then return {'busy'} end
    return {'closed'}
end
if m[2] ~= 'open' then return {'closed'} end
local version, latest, number, last = struct.unpack('>dddd', m[6])
)lua";

/// What a seat is without the spans of a hold. A span that is taken is 29 bytes: from, to, until, state, hold.
constexpr std::string_view kSeats = R"lua(
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
local function tell(names)
    if redis.call('RPUSH', KEYS[4], names) > 512 then redis.call('LTRIM', KEYS[4], -256, -1) end
end
)lua";

/// Of one server KEYS[5] to KEYS[9]: where the answer is, the owner's live holds, the run of the hold, the counter of
/// fences, the runs with work to do. In a cluster these are elsewhere, and the caller's to see to.
/// ARGV: epoch; owner's limit, milliseconds to keep the answer, now, force, whether there is a key; digest; hold;
/// what is kept under the key; head of the journal's entry; the hold's record behind its fence; the spans; expires at;
/// milliseconds to keep the answer; milliseconds that the hold may be asked for; name of the run; the hold's text;
/// seats.
constexpr std::string_view kPlace = R"lua(
local m = redis.call('HMGET', KEYS[1], 'e', 's', 'f', 'z', 'd', 'q', unpack(ARGV, 14))
)lua";
constexpr std::string_view kPlaceOpen = R"lua(
local limit, keep, now, force, has_key = struct.unpack('>dddBB', ARGV[2])
if latest > now then now = latest end
local one_server = KEYS[5]
local keeps = one_server and has_key == 1
if keeps then
    local value = struct.pack('>d', now + keep) .. ARGV[5]
    local kept = false
    if force == 0 then kept = redis.call('SET', KEYS[5], value, 'NX', 'GET', 'PX', ARGV[10]) end
    if kept and struct.unpack('>d', kept) > now then
        local print, id, rest = struct.unpack('>Hc0c16', kept, 9)
        if string.sub(kept, rest) == ARGV[12] then
            local earlier = redis.call('HGET', KEYS[2], id)
            if earlier then
                if string.sub(ARGV[5], 1, 2 + #print) ~= string.sub(kept, 9, 10 + #print) then return {'reused'} end
                return {'again', earlier}
            end
        end
        return {'elsewhere'}
    end
    if kept or force == 1 then redis.call('SET', KEYS[5], value, 'PX', ARGV[10]) end
else
    local mine = redis.call('HGET', KEYS[2], ARGV[4])
    if mine then return {'again', mine} end
end
local function refuse(what, more)
    if keeps then redis.call('DEL', KEYS[5]) end
    return {what, more}
end
if m[5] ~= ARGV[3] then return refuse('otherwise') end
local live = 0
if one_server and limit > 0 then
    live = redis.call('ZCOUNT', KEYS[6], '(' .. now, '+inf')
    if live >= limit then return refuse('many', live) end
end
local count = #ARGV - 13
local taken = {}
for i = 1, count do
    local value = m[6 + i]
    if value then
        local from, to = struct.unpack('>HH', ARGV[8], 29 * i - 28)
        for k = 1, #value, 29 do
            local f, t, u = struct.unpack('>HHd', value, k)
            if f < to and from < t and u > now then
                taken[#taken + 1] = i - 1
                break
            end
        end
    end
end
if #taken > 0 then return refuse('taken', taken) end
if number >= last then
    if not one_server then return {'fences'} end
    local given = redis.call('GET', KEYS[8])
    if not given then return refuse('lost') end
    number = tonumber(given)
    last = redis.call('INCR', KEYS[8])
end
number = number + 1
local fields = {'q', struct.pack('>dddd', version + 1, now, number, last)}
local answer = {'ok', number, version + 1}
local changed = {}
for i = 1, count do
    local seat = ARGV[13 + i]
    local value = count == 1 and ARGV[8] or string.sub(ARGV[8], 29 * i - 28, 29 * i)
    local before = changed[seat] or m[6 + i]
    if before then
        -- What has lapsed and is in the way goes.
        local from, to = struct.unpack('>HH', value)
        local kept = {}
        for k = 1, #before, 29 do
            local f, t, u = struct.unpack('>HHd', before, k)
            if u > now or f >= to or from >= t then kept[#kept + 1] = string.sub(before, k, k + 28) end
        end
        kept[#kept + 1] = value
        value = table.concat(kept)
    end
    if count > 1 then changed[seat] = value end
    fields[2 * i + 1] = seat
    fields[2 * i + 2] = value
    answer[3 + i] = value
end
redis.call('HSET', KEYS[1], unpack(fields))
redis.call('HSET', KEYS[2], ARGV[4], struct.pack('>dd', ARGV[1], number) .. ARGV[7] .. ARGV[13])
local length = redis.call('RPUSH', KEYS[3], struct.pack('>Bdd', 1, number, now) .. ARGV[6] .. ARGV[13])
if redis.call('RPUSH', KEYS[4], count == 1 and ARGV[14] or table.concat(ARGV, ',', 14)) > 512 then
    redis.call('LTRIM', KEYS[4], -256, -1)
end
if one_server then
    redis.call('ZADD', KEYS[6], ARGV[9], ARGV[4])
    if live == 0 or number % 16 == 0 then redis.call('PEXPIRE', KEYS[6], ARGV[11] * 2) end
    redis.call('SET', KEYS[7], ARGV[12], 'PX', ARGV[11])
    -- Whoever takes a run from there looks for a journal afterwards, so not each entry need say it again.
    if length % 32 == 1 then
        redis.call('SADD', KEYS[9], ARGV[12])
        redis.call('ZREMRANGEBYSCORE', KEYS[6], '-inf', now)
    end
end
return answer
)lua";

/// A hold's record: epoch, fence, expires at, latest end, whether it was released, whether the record knows it, its
/// seats (seat, from, to), its owner, the key of the owner's holds, its text. Of one server, KEYS[5] is the runs with
/// work to do. ARGV: epoch; now, until, epoch and number of the claim's fence or -1, any owner, whether the answer is
/// kept under a key; hold; owner; journal entry; name of the run.
constexpr std::string_view kClaim = R"lua(
local now, until_, fence_epoch, fence, any, has_key = struct.unpack('>ddddBB', ARGV[2])
if latest > now then now = latest end
local kept = redis.call('HGET', KEYS[2], ARGV[3])
if not kept then return {'gone'} end
local epoch, mine, expires, latest_end, released, known, count = struct.unpack('>ddddBBH', kept)
local owner, owner_key = struct.unpack('>Hc0Hc0', kept, 37 + 8 * count)
if any ~= 1 and owner ~= ARGV[4] then return {'foreign'} end
if fence < 0 then
    if any ~= 1 then return {'fenced'} end
elseif fence_epoch ~= epoch or fence ~= mine then
    return {'fenced'}
end
local told = {}
local now_there = {}
local function answer() return {'ok', kept, #told > 0 and version + 1 or 0, told, now_there} end
local function note(kind)
    local length = redis.call('RPUSH', KEYS[3], struct.pack('>Bdd', kind, 0, now) .. ARGV[5])
    if KEYS[5] and length % 32 == 1 then redis.call('SADD', KEYS[5], ARGV[6]) end
end
local function rewrite(keeps)
    local names = {}
    local spans = {}
    for i = 1, count do
        names[i] = tostring(struct.unpack('>I4', kept, 29 + 8 * i))
        spans[i] = string.sub(kept, 33 + 8 * i, 36 + 8 * i)
    end
    local values = redis.call('HMGET', KEYS[1], unpack(names))
    local changed = {}
    for i = 1, count do
        local name = names[i]
        local value = changed[name]
        if not value then
            value = without(values[i] or '', ARGV[3])
            told[#told + 1] = name
        end
        if keeps then value = value .. spans[i] .. struct.pack('>dB', expires, 1) .. ARGV[3] end
        changed[name] = value
    end
    local fields = {'q', struct.pack('>dddd', version + 1, now, number, last)}
    local gone = {}
    for i = 1, #told do
        local value = changed[told[i]]
        now_there[i] = value
        if value == '' then
            gone[#gone + 1] = told[i]
        else
            fields[#fields + 1] = told[i]
            fields[#fields + 1] = value
        end
    end
    put(fields, gone)
    kept = struct.pack('>ddddBB', epoch, mine, expires, latest_end, released, known) .. string.sub(kept, 35)
    redis.call('HSET', KEYS[2], ARGV[3], kept)
    tell(table.concat(told, ','))
    if KEYS[5] then
        if keeps then redis.call('ZADD', owner_key, expires, ARGV[3])
        else redis.call('ZREM', owner_key, ARGV[3]) end
    end
end
)lua";

constexpr std::string_view kExtend = R"lua(
if released == 1 then return {'released'} end
if expires <= now then return {'expired'} end
local deadline = math.max(expires, math.min(until_, latest_end))
if deadline > expires then
    expires = deadline
    rewrite(true)
    note(2)
elseif has_key == 1 then
    note(2)
end
return answer()
)lua";

constexpr std::string_view kRelease = R"lua(
if released == 0 then
    if expires <= now then return {'expired'} end
    released = 1
    rewrite(false)
    note(3)
elseif has_key == 1 then
    note(3)
end
return answer()
)lua";

/// ARGV: epoch, hold.
constexpr std::string_view kFind = R"lua(
local kept = redis.call('HGET', KEYS[2], ARGV[2])
if not kept then return {'gone'} end
return {'ok', kept}
)lua";

/// ARGV: epoch, the version that the caller knows. Answers the version, the digest, and what seats have changed.
constexpr std::string_view kLook = R"lua(
local known = tonumber(ARGV[2])
if known == version and known > 0 then return {'same', version, m[5]} end
local behind = version - known
local count = redis.call('LLEN', KEYS[4])
if known > 0 and behind > 0 and behind <= count and behind <= 64 then
    local seats = {}
    for _, line in ipairs(redis.call('LRANGE', KEYS[4], -behind, -1)) do
        for seat in string.gmatch(line, '[^,]+') do seats[#seats + 1] = seat end
    end
    if #seats > 0 then return {'some', version, m[5], seats, redis.call('HMGET', KEYS[1], unpack(seats))} end
end
return {'all', version, m[5], redis.call('HGETALL', KEYS[1])}
)lua";

/// Takes the run for a while: alone (nothing happens in it meanwhile), or to empty its journal.
/// ARGV: epoch, token, milliseconds, alone, now.
constexpr std::string_view kLease = R"lua(
local m = redis.call('HMGET', KEYS[1], 'e', 's', 'z', 'k', 'q')
local mine = tonumber(ARGV[1])
local moment = redis.call('TIME')
moment = moment[1] * 1000 + math.floor(moment[2] / 1000)
local fresh = 'known'
if m[1] and tonumber(m[1]) > mine then return {'stale'} end
if not m[1] or tonumber(m[1]) < mine then
    fresh = m[1] and 'old' or 'none'
    redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
    m = {ARGV[1], 'closed', false, false, struct.pack('>dddd', 0, 0, 0, 0)}
    redis.call('HSET', KEYS[1], 'e', ARGV[1], 's', 'closed', 'd', '')
end
if m[3] and tonumber(m[3]) > moment and m[4] ~= ARGV[2] then return {'busy'} end
local version, latest, number, last = struct.unpack('>dddd', m[5])
redis.call('HSET', KEYS[1], 'z', string.format('%.0f', moment + tonumber(ARGV[3])), 'k', ARGV[2], 'f', ARGV[4],
           'q', struct.pack('>dddd', version, math.max(latest, tonumber(ARGV[5])), number, last))
return {'ok', fresh, m[2], redis.call('LRANGE', KEYS[3], 0, 255), version}
)lua";

/// For whoever has taken the run. ARGV: epoch, token. Leaves what changes with each step in numbers of its own.
constexpr std::string_view kMine = R"lua(
local m = redis.call('HMGET', KEYS[1], 'e', 'k', 'q')
if not m[1] then return {'none'} end
if m[1] ~= ARGV[1] or m[2] ~= ARGV[2] then return {'busy'} end
local version, latest, number, last = struct.unpack('>dddd', m[3])
)lua";

/// ARGV: epoch, token, version, time, digest, then the number of seats and seat, value of each; then hold, record of
/// each hold.
constexpr std::string_view kInstall = R"lua(
if redis.call('LLEN', KEYS[3]) > 0 then return {'full'} end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[4])
local seats = tonumber(ARGV[6])
local at = 7
for i = 1, seats do
    redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
    at = at + 2
end
while at < #ARGV do
    redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1])
    at = at + 2
end
redis.call('HSET', KEYS[1], 'e', ARGV[1], 's', 'open', 'd', ARGV[5],
           'q', struct.pack('>dddd', tonumber(ARGV[3]), math.max(latest, tonumber(ARGV[4])), 0, 0))
return {'ok'}
)lua";

/// The record has taken over the first entries of the journal. ARGV: epoch, token, how many, milliseconds, now, whether
/// to look through all holds, the holds that the record now knows, those that it knows to be released. Answers what is
/// left of the journal and how many holds there are.
constexpr std::string_view kTrim = R"lua(
local moment = redis.call('TIME')
moment = moment[1] * 1000 + math.floor(moment[2] / 1000)
redis.call('LTRIM', KEYS[3], ARGV[3], -1)
redis.call('HSET', KEYS[1], 'z', string.format('%.0f', moment + tonumber(ARGV[4])))
local left = redis.call('LRANGE', KEYS[3], 0, 255)
local ids = {}
for i = 1, #ARGV[7], 16 do ids[#ids + 1] = string.sub(ARGV[7], i, i + 15) end
if #ids > 0 then
    local holds = redis.call('HMGET', KEYS[2], unpack(ids))
    local known = {}
    for i = 1, #ids do
        if holds[i] then
            known[#known + 1] = ids[i]
            known[#known + 1] = string.sub(holds[i], 1, 33) .. '\1' .. string.sub(holds[i], 35)
        end
    end
    if #known > 0 then redis.call('HSET', KEYS[2], unpack(known)) end
end
-- What has ended is the record's to tell of.
ids = {}
for i = 1, #ARGV[8], 16 do ids[#ids + 1] = string.sub(ARGV[8], i, i + 15) end
if #ids > 0 then redis.call('HDEL', KEYS[2], unpack(ids)) end
local count = redis.call('HLEN', KEYS[2])
if #left == 0 and count > 0 and (count <= 64 or ARGV[6] == '1') then
    local all = redis.call('HGETALL', KEYS[2])
    for i = 1, #all, 2 do
        local _, _, expires = struct.unpack('>ddd', all[i + 1])
        if expires <= tonumber(ARGV[5]) then redis.call('HDEL', KEYS[2], all[i]) end
    end
    count = redis.call('HLEN', KEYS[2])
end
return {'ok', left, count}
)lua";

/// The record has changed a hold, or has it alone from now on; and the lease ends. ARGV: epoch, token, the record's
/// version, hold, then seat and the hold's spans on it, of each of its seats.
constexpr std::string_view kHandOver = R"lua(
-- Of the fences to come all are larger than that of the hold.
local fields = {'q', struct.pack('>dddd', math.max(version, tonumber(ARGV[3])), latest, last, last)}
local gone = {}
local told = {}
for i = 5, #ARGV, 2 do
    local value = without(redis.call('HGET', KEYS[1], ARGV[i]) or '', ARGV[4]) .. ARGV[i + 1]
    told[#told + 1] = ARGV[i]
    if value == '' then
        gone[#gone + 1] = ARGV[i]
    else
        fields[#fields + 1] = ARGV[i]
        fields[#fields + 1] = value
    end
end
put(fields, gone)
if #told > 0 then tell(table.concat(told, ',')) end
redis.call('HDEL', KEYS[2], ARGV[4])
redis.call('HDEL', KEYS[1], 'z', 'k', 'f')
return {'ok'}
)lua";

/// Ends a lease. ARGV: epoch, token, what becomes of the run: as it was (0), closed (1), forgotten (2).
constexpr std::string_view kLeave = R"lua(
if ARGV[3] == '2' and redis.call('LLEN', KEYS[3]) == 0 then
    redis.call('DEL', KEYS[1], KEYS[2], KEYS[4])
    return {'ok'}
end
if ARGV[3] == '1' then
    redis.call('DEL', KEYS[1], KEYS[2], KEYS[4])
    redis.call('HSET', KEYS[1], 'e', ARGV[1], 's', 'closed', 'd', '',
               'q', struct.pack('>dddd', version, latest, 0, 0))
    return {'ok'}
end
redis.call('HDEL', KEYS[1], 'z', 'k', 'f')
return {'ok'}
)lua";

/// In a cluster, before a hold is placed: what belongs to its owner. KEYS: where the answer is, the owner's live holds.
/// ARGV: now, owner's limit, hold, expires at, what is kept under the key, milliseconds to keep the answer or 0, force.
constexpr std::string_view kReserve = R"lua(
if ARGV[6] ~= '0' and ARGV[7] == '0' then
    local kept = redis.call('GET', KEYS[1])
    if kept and struct.unpack('>d', kept) > tonumber(ARGV[1]) then
        local _, id = struct.unpack('>Hc0c16', kept, 9)
        if id ~= ARGV[3] then return {'elsewhere'} end
    end
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

/// In a cluster: the hold came to nothing. KEYS[1] where the answer is. ARGV: the hold.
constexpr std::string_view kCancel = R"lua(
local kept = redis.call('GET', KEYS[1])
if kept then
    local _, id = struct.unpack('>Hc0c16', kept, 9)
    if id == ARGV[1] then redis.call('DEL', KEYS[1]) end
end
return {'ok'}
)lua";

/// In a cluster: a run gets fences of its own. ARGV: epoch, the number before the first one, the last one.
constexpr std::string_view kGrant = R"lua(
local m = redis.call('HMGET', KEYS[1], 'e', 'q')
if m[1] ~= ARGV[1] then return {'none'} end
local version, latest, number, last = struct.unpack('>dddd', m[2])
if number < last or tonumber(ARGV[2]) < last then return {'ok'} end
redis.call('HSET', KEYS[1], 'q', struct.pack('>dddd', version, latest, tonumber(ARGV[2]), tonumber(ARGV[3])))
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

template <class... Parts>
Script script(const Parts&... parts) {
    std::string text;
    (text.append(parts), ...);
    return {text, base::sha1_hex(text)};
}

}  // namespace

const Script& place_script() {
    static const Script made = script(kPlace, kOpen, kPlaceOpen);
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
    static const Script made = script(kMine, kInstall);
    return made;
}
const Script& trim_script() {
    static const Script made = script(kMine, kTrim);
    return made;
}
const Script& hand_over_script() {
    static const Script made = script(kMine, kSeats, kHandOver);
    return made;
}
const Script& leave_script() {
    static const Script made = script(kMine, kLeave);
    return made;
}
const Script& draw_script() {
    static const Script made = script(kDraw);
    return made;
}
const Script& reserve_script() {
    static const Script made = script(kReserve);
    return made;
}
const Script& cancel_script() {
    static const Script made = script(kCancel);
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
