/// The scripts of runs that come and go, and of fences.

#include "store/redis/script_parts.hpp"

namespace railbook::store::redis {
namespace {

/// What PostgreSQL is to be told first: entries of the journal. One of a hold that was placed says which one, so that
/// hold's record comes behind it.
constexpr std::string_view kJournal = R"lua(
local function journal()
    local entries = redis.call('LRANGE', KEYS[3], 0, 255)
    local ids, places = {}, {}
    for i, entry in ipairs(entries) do
        if string.byte(entry) == 1 then
            ids[#ids + 1] = string.sub(entry, 18)
            places[#places + 1] = i
        end
    end
    if #ids > 0 then
        for i, record in ipairs(redis.call('HMGET', KEYS[2], unpack(ids))) do
            entries[places[i]] = string.sub(entries[places[i]], 1, 17) .. (record or '')
        end
    end
    return entries
end
)lua";

/// Takes the run for a while: alone (nothing happens in it meanwhile), or to empty its journal.
/// ARGV: epoch, token, milliseconds, alone, now.
constexpr std::string_view kLease = R"lua(
local m = redis.call('HMGET', KEYS[1], 'e', 's', 'z', 'k', 'q', 'f')
local mine = tonumber(ARGV[1])
local moment = redis.call('TIME')
moment = moment[1] * 1000 + math.floor(moment[2] / 1000)
local fresh = 'known'
if m[1] and tonumber(m[1]) > mine then return {'stale'} end
if not m[1] or tonumber(m[1]) < mine then
    fresh = m[1] and 'old' or 'none'
    redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
    m = {ARGV[1], 'closed', false, false, struct.pack('>dddd', 0, 0, 0, 0)}
    redis.call('HSET', KEYS[1], 'e', ARGV[1], 's', 'closed', 'd', '')
end
if m[3] and tonumber(m[3]) > moment and m[4] ~= ARGV[2] then return {'busy'} end
if m[6] == '1' then
    -- Whoever had it alone has stopped in the middle: nobody knows what the record has.
    m[2] = 'closed'
    redis.call('HSET', KEYS[1], 's', 'closed')
end
if ARGV[4] == '1' then redis.call('HDEL', KEYS[1], 'g') end
local version, latest, number, last = struct.unpack('>dddd', m[5])
redis.call('HSET', KEYS[1], 'z', string.format('%.0f', moment + tonumber(ARGV[3])), 'k', ARGV[2], 'f', ARGV[4],
           'q', struct.pack('>dddd', version, math.max(latest, tonumber(ARGV[5])), number, last))
return {'ok', fresh, m[2], journal(), version}
)lua";

/// For whoever has taken the run. ARGV: epoch, token. Leaves what changes with each step in numbers of its own.
constexpr std::string_view kMine = R"lua(
local m = redis.call('HMGET', KEYS[1], 'e', 'k', 'q', 's', 'd')
if not m[1] then return {'none'} end
if m[1] ~= ARGV[1] or m[2] ~= ARGV[2] then return {'busy'} end
local version, latest, number, last = struct.unpack('>dddd', m[3])
local function let_go()
    redis.call('HDEL', KEYS[1], 'z', 'k', 'f')
    if m[4] == 'open' then redis.call('HSET', KEYS[1], 'g', ARGV[1] .. string.sub(m[5], 8, 39)) end
end
)lua";

/// ARGV: epoch, token, version, time, digest, the last fence that was given, then the number of seats and seat, value
/// of each; then hold, record of each hold.
constexpr std::string_view kInstall = R"lua(
if redis.call('LLEN', KEYS[3]) > 0 then return {'full'} end
redis.call('DEL', KEYS[1], KEYS[2])
local given = tonumber(ARGV[6])
local seats = tonumber(ARGV[7])
local at = 8
for i = 1, seats do
    redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
    at = at + 2
end
while at < #ARGV do
    redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1])
    at = at + 2
end
redis.call('HSET', KEYS[1], 'e', ARGV[1], 's', 'open', 'd', ARGV[5], 'g', ARGV[1] .. string.sub(ARGV[5], 8, 39),
           'q', struct.pack('>dddd', tonumber(ARGV[3]), math.max(latest, tonumber(ARGV[4])), given, given))
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
local left = journal()
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
/// version, the hold's number if its fence is of this epoch or 0, hold, then seat and the hold's spans on it, of each
/// of its seats.
constexpr std::string_view kHandOver = R"lua(
local now_at = math.max(version, tonumber(ARGV[3]))
local given = tonumber(ARGV[4])
if given > number then
    -- Of the fences to come all are larger than that of the hold; also those of a grant that is still on its way.
    number = math.max(given, last)
    last = number
end
local fields = {'q', struct.pack('>dddd', now_at, latest, number, last)}
local gone = {}
local told = {}
for i = 6, #ARGV, 2 do
    local value = without(redis.call('HGET', KEYS[1], ARGV[i]) or '', ARGV[5]) .. ARGV[i + 1]
    told[#told + 1] = ARGV[i]
    if value == '' then
        gone[#gone + 1] = ARGV[i]
    else
        fields[#fields + 1] = ARGV[i]
        fields[#fields + 1] = value
    end
end
-- The record may count more versions than one. Those between changed nothing that Redis does not know.
for at = math.max(version + 1, now_at - 63), now_at - 1 do tell(fields, at, '') end
local names = table.concat(told, ',')
local before = now_at == version and redis.call('HGET', KEYS[1], string.char(128 + now_at % 64))
if before and struct.unpack('>d', before) == now_at then names = string.sub(before, 9) .. ',' .. names end
tell(fields, now_at, names)
put(fields, gone)
redis.call('HDEL', KEYS[2], ARGV[5])
let_go()
return {'ok'}
)lua";

/// Ends a lease. ARGV: epoch, token, what becomes of the run: as it was (0), closed (1), forgotten (2).
constexpr std::string_view kLeave = R"lua(
if ARGV[3] == '2' and redis.call('LLEN', KEYS[3]) == 0 then
    redis.call('DEL', KEYS[1], KEYS[2])
    return {'ok'}
end
if ARGV[3] == '1' then
    redis.call('DEL', KEYS[1], KEYS[2])
    redis.call('HSET', KEYS[1], 'e', ARGV[1], 's', 'closed', 'd', '',
               'q', struct.pack('>dddd', version, latest, 0, 0))
    return {'ok'}
end
let_go()
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

/// Draws fences. KEYS: the counter; who drew last and what, which is forgotten when it was given back. ARGV: how many,
/// or less than none to give back the last one; by whom. Whoever gives back twice, since the first answer was lost,
/// takes nothing from others.
constexpr std::string_view kDraw = R"lua(
local last = redis.call('GET', KEYS[1])
if not last then return {'lost'} end
if tonumber(ARGV[1]) < 0 then
    if redis.call('GET', KEYS[2]) == last .. ' ' .. ARGV[2] then
        redis.call('DECR', KEYS[1])
        redis.call('DEL', KEYS[2])
    end
    return {'ok', last}
end
last = string.format('%.0f', redis.call('INCRBY', KEYS[1], ARGV[1]))
redis.call('SET', KEYS[2], last .. ' ' .. ARGV[2])
return {'ok', last}
)lua";

/// An epoch begins, or has begun. KEYS[1] the counter of fences, ARGV: the last number that was given.
constexpr std::string_view kBegin = R"lua(
local last = redis.call('GET', KEYS[1])
if not last or tonumber(last) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) end
return {'ok'}
)lua";

}  // namespace

const Script& lease_script() {
    static const Script made = script(kJournal, kLease);
    return made;
}
const Script& install_script() {
    static const Script made = script(kMine, kInstall);
    return made;
}
const Script& trim_script() {
    static const Script made = script(kJournal, kMine, kTrim);
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
const Script& grant_script() {
    static const Script made = script(kGrant);
    return made;
}
const Script& draw_script() {
    static const Script made = script(kDraw);
    return made;
}
const Script& begin_script() {
    static const Script made = script(kBegin);
    return made;
}

}  // namespace railbook::store::redis
