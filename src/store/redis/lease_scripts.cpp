/// The scripts of runs that come and go, and of fences.

#include "store/redis/script_parts.hpp"

namespace railbook::store::redis {
namespace {

/// What PostgreSQL is to be told first: entries of the journal. Before that of a hold that was placed is what the hold
/// is now.
constexpr std::string_view kJournal = R"lua(
local function journal(told, noted)
    local names = {}
    for at = told + 1, math.min(noted, told + 256) do names[#names + 1] = struct.pack('>d', at) end
    if #names == 0 then return names end
    local entries = redis.call('HMGET', KEYS[1], unpack(names))
    local ids, places = {}, {}
    for i, entry in ipairs(entries) do
        if entry and string.byte(entry) == 1 then
            ids[#ids + 1] = string.sub(entry, 2, 17)
            places[#places + 1] = i
        end
    end
    if #ids > 0 then
        for i, head in ipairs(redis.call('HMGET', KEYS[1], unpack(ids))) do
            entries[places[i]] = '\1' .. (head or '') .. entries[places[i]]
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
    redis.call('DEL', KEYS[1])
    m = {ARGV[1], 'closed', false, false, state(0, 0, 0, 0, 0, 0, 0)}
    redis.call('HSET', KEYS[1], 'e', ARGV[1], 's', 'closed', 'd', '')
end
if m[3] and tonumber(m[3]) > moment and m[4] ~= ARGV[2] then return {'busy'} end
if m[6] == '1' then
    -- Whoever had it alone has stopped in the middle: nobody knows what the record has.
    m[2] = 'closed'
    redis.call('HSET', KEYS[1], 's', 'closed')
end
if ARGV[4] == '1' then redis.call('HDEL', KEYS[1], 'g') end
local version, latest, number, last, told, noted, holds = struct.unpack('>ddddddd', m[5])
redis.call('HSET', KEYS[1], 'z', string.format('%.0f', moment + tonumber(ARGV[3])), 'k', ARGV[2], 'f', ARGV[4],
           'q', state(version, math.max(latest, tonumber(ARGV[5])), number, last, told, noted, holds))
return {'ok', fresh, m[2], journal(told, noted), version, told}
)lua";

/// For whoever has taken the run. ARGV: epoch, token. Leaves what changes with each step in numbers of its own.
constexpr std::string_view kMine = R"lua(
local m = redis.call('HMGET', KEYS[1], 'e', 'k', 'q', 's', 'd')
if not m[1] then return {'none'} end
if m[1] ~= ARGV[1] or m[2] ~= ARGV[2] then return {'busy'} end
local version, latest, number, last, told, noted, holds = struct.unpack('>ddddddd', m[3])
local function let_go()
    redis.call('HDEL', KEYS[1], 'z', 'k', 'f')
    if m[4] == 'open' then redis.call('HSET', KEYS[1], 'g', ARGV[1] .. string.sub(m[5], 8, 39)) end
end
)lua";

/// ARGV: epoch, token, version, time, digest, the last fence that was given, how many seats the coaches have, of how
/// many spans are taken, and seat, value of each of those; then hold, record of each hold.
constexpr std::string_view kInstall = R"lua(
if noted > told then return {'full'} end
redis.call('DEL', KEYS[1])
local given = tonumber(ARGV[6])
local seats = tonumber(ARGV[8])
local at = 9
for i = 1, seats do
    redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
    at = at + 2
end
holds = 0
while at < #ARGV do
    holds = holds + 1
    local entry, record = struct.pack('>d', holds), ARGV[at + 1]
    redis.call('HSET', KEYS[1], ARGV[at], string.sub(record, 1, 32) .. entry .. string.sub(record, 41, 50),
               entry, string.sub(record, 51))
    at = at + 2
end
redis.call('HSET', KEYS[1], 'e', ARGV[1], 's', 'open', 'd', ARGV[5], 'g', ARGV[1] .. string.sub(ARGV[5], 8, 39),
           'n', ARGV[7],
           'q', state(tonumber(ARGV[3]), math.max(latest, tonumber(ARGV[4])), given, given, holds, holds, holds))
return {'ok'}
)lua";

/// Drops holds, which takes them out of the count.
constexpr std::string_view kDrop = R"lua(
local function drop(ids)
    if #ids == 0 then return end
    local gone = {}
    for i, head in ipairs(redis.call('HMGET', KEYS[1], unpack(ids))) do
        if head then
            gone[#gone + 1] = ids[i]
            gone[#gone + 1] = string.sub(head, 33, 40)
            holds = holds - 1
        end
    end
    if #gone > 0 then redis.call('HDEL', KEYS[1], unpack(gone)) end
end
)lua";

/// The record has taken over the first entries of the journal. ARGV: epoch, token, of each entry its kind,
/// milliseconds, now, whether to look for holds that have ended (0 no, 1 among a few, 2 among any number), the holds
/// that the record now knows, those that it knows to be released, how many entries it knew before: where an answer was
/// lost, nothing is taken off twice. Answers what is left of the journal, how many holds there are, how many entries
/// are known now, and whether it has looked, which it does where nothing is left.
constexpr std::string_view kTrim = R"lua(
local moment = redis.call('TIME')
moment = moment[1] * 1000 + math.floor(moment[2] / 1000)
local function ids_in(bytes)
    local ids = {}
    for i = 1, #bytes, 16 do ids[#ids + 1] = string.sub(bytes, i, i + 15) end
    return ids
end
local ids = ids_in(ARGV[7])
if #ids > 0 then
    local known = {}
    for i, head in ipairs(redis.call('HMGET', KEYS[1], unpack(ids))) do
        if head then
            known[#known + 1] = ids[i]
            known[#known + 1] = string.sub(head, 1, 49) .. '\1'
        end
    end
    if #known > 0 then redis.call('HSET', KEYS[1], unpack(known)) end
end
if told == tonumber(ARGV[9]) then
    -- Of a hold that was placed, the entry stays as long as the hold.
    local over = {}
    for i = 1, #ARGV[3] do
        if string.byte(ARGV[3], i) ~= 1 then over[#over + 1] = struct.pack('>d', told + i) end
    end
    if #over > 0 then redis.call('HDEL', KEYS[1], unpack(over)) end
    told = told + #ARGV[3]
end
-- What has ended is the record's to tell of.
drop(ids_in(ARGV[8]))
local left = journal(told, noted)
local looks = #left == 0 and holds > 0 and (ARGV[6] == '2' or ARGV[6] == '1' and holds <= 64)
if looks then
    local all = {}
    for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
        if #field == 16 then all[#all + 1] = field end
    end
    for first = 1, #all, 1000 do
        local ended = {}
        local some = redis.call('HMGET', KEYS[1], unpack(all, first, math.min(first + 999, #all)))
        for i = 1, #some do
            if struct.unpack('>d', some[i], 17) <= tonumber(ARGV[5]) then ended[#ended + 1] = all[first + i - 1] end
        end
        drop(ended)
    end
end
redis.call('HSET', KEYS[1], 'z', string.format('%.0f', moment + tonumber(ARGV[4])),
           'q', state(version, latest, number, last, told, noted, holds))
return {'ok', left, holds, told, looks and 1 or 0}
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
drop({ARGV[5]})
local fields = {'q', state(now_at, latest, number, last, told, noted, holds)}
local gone = {}
local changed = {}
for i = 6, #ARGV, 2 do
    local value = without(redis.call('HGET', KEYS[1], ARGV[i]) or '', ARGV[5]) .. ARGV[i + 1]
    changed[#changed + 1] = ARGV[i]
    if value == '' then
        gone[#gone + 1] = ARGV[i]
    else
        fields[#fields + 1] = ARGV[i]
        fields[#fields + 1] = value
    end
end
-- The record may count more versions than one. Those between changed nothing that Redis does not know.
for at = math.max(version + 1, now_at - 63), now_at - 1 do tell(fields, at, '') end
local names = table.concat(changed, ',')
local before = now_at == version and redis.call('HGET', KEYS[1], string.char(128 + now_at % 64))
if before and struct.unpack('>d', before) == now_at then names = string.sub(before, 9) .. ',' .. names end
tell(fields, now_at, names)
put(fields, gone)
let_go()
return {'ok'}
)lua";

/// Ends a lease. ARGV: epoch, token, what becomes of the run: as it was (0), closed (1), forgotten (2). What the record
/// was not told of stays in any case: of a run that is closed it is for the next one who takes it.
constexpr std::string_view kLeave = R"lua(
if ARGV[3] == '2' and noted == told then
    redis.call('DEL', KEYS[1])
    return {'ok'}
end
if ARGV[3] == '1' then
    if noted > told then
        redis.call('HDEL', KEYS[1], 'z', 'k', 'f', 'g')
        redis.call('HSET', KEYS[1], 's', 'closed')
        return {'ok'}
    end
    redis.call('DEL', KEYS[1])
    redis.call('HSET', KEYS[1], 'e', ARGV[1], 's', 'closed', 'd', '', 'q', state(version, latest, 0, 0, 0, 0, 0))
    return {'ok'}
end
let_go()
return {'ok'}
)lua";

/// In a cluster: a run gets fences of its own. ARGV: epoch, the number before the first one, the last one.
constexpr std::string_view kGrant = R"lua(
local m = redis.call('HMGET', KEYS[1], 'e', 'q')
if m[1] ~= ARGV[1] then return {'none'} end
local version, latest, number, last, told, noted, holds = struct.unpack('>ddddddd', m[2])
if number < last or tonumber(ARGV[2]) < last then return {'ok'} end
redis.call('HSET', KEYS[1],
           'q', state(version, latest, tonumber(ARGV[2]), tonumber(ARGV[3]), told, noted, holds))
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
    static const Script made = script(kState, kJournal, kLease);
    return made;
}
const Script& install_script() {
    static const Script made = script(kState, kMine, kInstall);
    return made;
}
const Script& trim_script() {
    static const Script made = script(kState, kJournal, kMine, kDrop, kTrim);
    return made;
}
const Script& hand_over_script() {
    static const Script made = script(kState, kMine, kDrop, kSeats, kHandOver);
    return made;
}
const Script& leave_script() {
    static const Script made = script(kState, kMine, kLeave);
    return made;
}
const Script& grant_script() {
    static const Script made = script(kState, kGrant);
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
