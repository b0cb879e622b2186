#include "store/redis/scripts.hpp"

#include "store/redis/script_parts.hpp"

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

/// What is kept of owners is in hashes, one for each day, which come newest first: tomorrow's where it is late
/// (processes need not agree on when a day begins) or else today's, today's, and those of the days before. Under a key
/// of a command is until when it counts, which hold is the answer, and one more byte where the record alone knows that.
/// An owner's list is in one of them: until when holds live that are not in it, then deadline and id of the live holds,
/// 24 bytes each.
constexpr std::string_view kOwner = R"lua(
local max_listed = 64
local function live_of(list, now)
    local live, lapsed = 0, 0
    for i = 9, #list, 24 do
        if struct.unpack('>d', list, i) > now then live = live + 1 else lapsed = lapsed + 1 end
    end
    if lapsed == 0 then return live, string.sub(list, 9) end
    local kept = {}
    for i = 9, #list, 24 do
        if struct.unpack('>d', list, i) > now then kept[#kept + 1] = string.sub(list, i, i + 23) end
    end
    return live, table.concat(kept)
end
local function entries_without(entries, hold)
    for i = 1, #entries, 24 do
        if string.sub(entries, i + 8, i + 23) == hold then
            return string.sub(entries, 1, i - 1) .. string.sub(entries, i + 24)
        end
    end
    return entries
end
local function lasts(page, time)
    if redis.call('PEXPIRE', page, time, 'NX') == 0 then redis.call('PEXPIRE', page, time, 'GT') end
end
-- The first page from that one on that has the field, and what is there.
local function find_in_pages(first, field)
    for i = first, #KEYS do
        local value = redis.call('HGET', KEYS[i], field)
        if value then return value, KEYS[i] end
    end
end
-- That a hold lives until then, or does not (false). The pages are the keys from that one on.
local function note_hold(first, owner, hold, expires, now, time)
    local list, page = find_in_pages(first, owner)
    if not list and not expires then return end
    if page ~= KEYS[first] then page = KEYS[first + 1] end
    local others_until, entries = 0, ''
    if list then
        others_until = struct.unpack('>d', list)
        entries = select(2, live_of(list, now))
    end
    local others = entries_without(entries, hold)
    if expires then
        if #others < #entries or #others < 24 * max_listed then
            others = others .. struct.pack('>d', expires) .. hold
        else
            others_until = math.max(others_until, now + time)
        end
    end
    redis.call('HSET', page, owner, struct.pack('>d', others_until) .. others)
    lasts(page, time)
end
)lua";

/// Places holds, each as if it were alone, one after another. KEYS of one server: the counter of fences, the runs with
/// work to do, the pages; then of each hold: run, holds, journal. In a cluster there are only those, of one hold, and
/// the holds that are not to be placed on the run.
/// ARGV: epoch; number of pages, milliseconds that they are kept; then the holds in one: of each the owner's field and
/// that of the command's key in the pages, which is '' for none, and how long the rest is; what is asked of the run
/// (field g), limit, milliseconds that the answer is kept, now, expires at, latest end, the hold that the key
/// may lead to or '', how many seats, hold, name of the run, of each seat from, to, name; then of each hold its record
/// behind its fence. Lua goes through all bytes of each text that it makes, so what is long is touched as little as can
/// be. Answers for each hold bytes: fence, version, and what each seat is now; or a list, which says what is in the
/// way.
constexpr std::string_view kPlace = R"lua(
local call, pack, read, sub = redis.call, struct.pack, struct.unpack, string.sub
local epoch = tonumber(ARGV[1])
local pages = tonumber(ARGV[2])
local one_server = pages > 0
local fence = one_server and call('GET', KEYS[1])
fence = fence and tonumber(fence)
local drawn = 0
local dirty = {}
-- What the pages have, as it is after the holds so far; and what is to be written.
local there, page_of = {}, {}
local written, writes = {}, {}
local orders = ARGV[4]
local fields, starts = {}, {}
local at = 1
while at <= #orders do
    local owner, key, size, rest = read('>Hc0Hc0I4', orders, at)
    fields[#fields + 1] = owner
    fields[#fields + 1] = key
    starts[#starts + 1] = rest
    at = rest + size
end
if one_server then
    for page = KEYS[3] == KEYS[4] and 2 or 1, pages do
        local values = call('HMGET', KEYS[2 + page], unpack(fields))
        for i = 1, #fields do
            local value, field = values[i], fields[i]
            if value and not there[field] then
                there[field], page_of[field] = value, page
            end
        end
    end
end

-- Why the run is not as it was thought to be; otherwise, whether it is of other coaches.
local function in_the_way(run, guard)
    local m = call('HMGET', run, 'e', 's', 'f', 'z', 'd')
    if not m[1] then return {'none'} end
    if m[1] ~= ARGV[1] then return {tonumber(m[1]) > epoch and 'stale' or 'old'} end
    if m[3] == '1' then
        local t = call('TIME')
        if tonumber(m[4]) > t[1] * 1000 + math.floor(t[2] / 1000) then return {'busy'} end
        return {'closed'}
    end
    if m[2] ~= 'open' then return {'closed'} end
    return nil, ARGV[1] .. sub(m[5], 8, 39) ~= guard
end

local function place(first, start, owner, key, tail)
    local guard, limit, keep, now, expires, latest_end, over, count, id, name, at =
        read('>Hc0dddddBc0Hc16Hc0', orders, start)
    local run, holds, journal = KEYS[first], KEYS[first + 1], KEYS[first + 2]
    local has_key = one_server and key ~= ''
    local names = {'g', 'q'}
    local spans = {}
    for i = 1, count do
        spans[2 * i - 1], spans[2 * i], names[2 + i], at = read('>HHBc0', orders, at)
    end
    local m = call('HMGET', run, unpack(names))
    local otherwise = false
    if m[1] ~= guard then
        local why
        why, otherwise = in_the_way(run, guard)
        if why then return why end
    end
    local version, latest, number, last = read('>dddd', m[2])
    if latest > now then now = latest end
    if has_key then
        local before = there[key]
        if before and read('>d', before) > now and sub(before, 9) ~= over then
            local earlier = #before == 24 and call('HGET', holds, sub(before, 9))
            if earlier then return {'again', earlier} end
            return {'elsewhere'}
        end
    else
        local mine = call('HGET', holds, id)
        if mine then return {'again', mine} end
        if not one_server and call('SISMEMBER', KEYS[4], id) == 1 then return {'forbidden'} end
    end
    if otherwise then return {'otherwise'} end
    local live, entries, others_until = 0, '', 0
    if one_server then
        local list = there[owner]
        if list then
            others_until = read('>d', list)
            live, entries = live_of(list, now)
        end
        if limit > 0 then
            if live >= limit then return {'many', live} end
            if others_until > now then return {'uncounted'} end
        end
    end
    local taken
    for i = 1, count do
        local value = m[2 + i]
        if value then
            local from, to = spans[2 * i - 1], spans[2 * i]
            for k = 1, #value, 29 do
                local f, t, u = read('>HHd', value, k)
                if f < to and from < t and u > now then
                    taken = taken or {}
                    taken[#taken + 1] = i - 1
                    break
                end
            end
        end
    end
    if taken then return {'taken', taken} end
    if one_server then
        if not fence then return {'lost'} end
        drawn = drawn + 1
        number = fence + drawn
        last = number
    else
        if number >= last then return {'fences'} end
        number = number + 1
    end
    version = version + 1
    local seats = count == 1 and names[3] or table.concat(names, ',', 3)
    local fields = {'q', pack('>dddd', version, now, number, last), string.char(128 + version % 64),
                    pack('>d', version) .. seats}
    local answer = pack('>dd', number, version)
    local changed = {}
    for i = 1, count do
        local seat = names[2 + i]
        local from, to = spans[2 * i - 1], spans[2 * i]
        local value = pack('>HHdB', from, to, expires, 1) .. id
        local before = changed[seat] or m[2 + i]
        if before then
            -- What has lapsed and is in the way goes.
            local left = {}
            for k = 1, #before, 29 do
                local f, t, u = read('>HHd', before, k)
                if u > now or f >= to or from >= t then left[#left + 1] = sub(before, k, k + 28) end
            end
            left[#left + 1] = value
            value = table.concat(left)
        end
        if count > 1 then changed[seat] = value end
        fields[3 + 2 * i] = seat
        fields[4 + 2 * i] = value
        answer = answer .. pack('>I4', #value) .. value
    end
    call('HSET', run, unpack(fields))
    call('HSET', holds, id, pack('>dd', epoch, number) .. tail)
    local length = call('RPUSH', journal, pack('>Bdd', 1, number, now) .. id)
    if not one_server then return answer end
    -- Whoever takes a run from there looks for a journal afterwards, so not each entry need say it again.
    if length % 32 == 1 then dirty[#dirty + 1] = name end
    if live < max_listed or limit > 0 then
        entries = entries .. pack('>d', expires) .. id
    elseif latest_end > others_until then
        others_until = latest_end
    end
    there[owner] = pack('>d', others_until) .. entries
    written[owner] = true
    if has_key then
        local value = pack('>d', now + keep) .. id
        there[key] = value
        writes[#writes + 1] = key
        writes[#writes + 1] = value
    end
    writes[#writes + 1] = 'h' .. id
    writes[#writes + 1] = name
    return answer
end

local answers = {}
local first = pages + 3
if not one_server then first = 1 end
for i = 1, #starts do
    answers[i] = place(first, starts[i], fields[2 * i - 1], fields[2 * i], ARGV[4 + i])
    first = first + 3
end
if drawn > 0 and one_server then
    call('INCRBY', KEYS[1], drawn)
    if #dirty > 0 then call('SADD', KEYS[2], unpack(dirty)) end
    for owner in pairs(written) do
        if page_of[owner] == 1 then
            call('HSET', KEYS[3], owner, there[owner])
        else
            writes[#writes + 1] = owner
            writes[#writes + 1] = there[owner]
        end
    end
    call('HSET', KEYS[4], unpack(writes))
    lasts(KEYS[4], ARGV[3])
end
return answers
)lua";

/// A hold's record: epoch, fence, expires at, latest end, whether it was released, whether the record knows it, its
/// seats (seat, from, to), its owner, the head of its step in the journal, its text. Of one server, KEYS[4] is the runs
/// with work to do, and the pages come next. ARGV: epoch; now, until, epoch and number of the claim's fence or -1,
/// any owner, whether the answer is kept under a key; hold; owner; journal entry; name of the run.
constexpr std::string_view kClaim = R"lua(
local now, until_, fence_epoch, fence, any, has_key = struct.unpack('>ddddBB', ARGV[2])
if latest > now then now = latest end
local kept = redis.call('HGET', KEYS[2], ARGV[3])
if not kept then return {'gone'} end
local epoch, mine, expires, latest_end, released, known, count = struct.unpack('>ddddBBH', kept)
local owner = struct.unpack('>Hc0', kept, 37 + 8 * count)
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
    if KEYS[4] and length % 32 == 1 then redis.call('SADD', KEYS[4], ARGV[6]) end
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
    tell(fields, version + 1, table.concat(told, ','))
    put(fields, gone)
    kept = struct.pack('>ddddBB', epoch, mine, expires, latest_end, released, known) .. string.sub(kept, 35)
    redis.call('HSET', KEYS[2], ARGV[3], kept)
    if KEYS[4] then
        note_hold(5, 'o' .. owner, ARGV[3], keeps and expires, now, math.max(latest_end - now, 0) + 172800000)
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
if known > 0 and behind > 0 and behind <= 64 then
    local fields = {}
    for i = 1, behind do fields[i] = string.char(128 + (known + i) % 64) end
    local seats = {}
    for i, line in ipairs(redis.call('HMGET', KEYS[1], unpack(fields))) do
        if not line or struct.unpack('>d', line) ~= known + i then
            seats = {}
            break
        end
        for seat in string.gmatch(string.sub(line, 9), '[^,]+') do seats[#seats + 1] = seat end
    end
    if #seats > 0 then return {'some', version, m[5], seats, redis.call('HMGET', KEYS[1], unpack(seats))} end
end
return {'all', version, m[5], redis.call('HGETALL', KEYS[1])}
)lua";

/// In a cluster, before a hold is placed: what belongs to its owner. KEYS: the pages. ARGV: now, owner's limit, hold,
/// expires at, field of the owner, field of the command's key or nothing, what is kept there, milliseconds that the
/// pages are kept, the hold that the key may lead to or ''.
constexpr std::string_view kReserve = R"lua(
local now, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
if ARGV[6] ~= '' then
    local kept = find_in_pages(1, ARGV[6])
    local led_to = kept and struct.unpack('>d', kept) > now and string.sub(kept, 9)
    if led_to and led_to ~= ARGV[3] and led_to ~= ARGV[9] then return {'elsewhere'} end
end
local list = find_in_pages(1, ARGV[5])
if list and limit > 0 then
    local live, entries = live_of(list, now)
    if #entries_without(entries, ARGV[3]) == #entries then
        if live >= limit then return {'many', live} end
        if struct.unpack('>d', list) > now then return {'uncounted'} end
    end
end
note_hold(1, ARGV[5], ARGV[3], tonumber(ARGV[4]), now, tonumber(ARGV[8]))
if ARGV[6] ~= '' then redis.call('HSET', KEYS[2], ARGV[6], ARGV[7]) end
lasts(KEYS[2], ARGV[8])
return {'ok'}
)lua";

/// In a cluster: the hold came to nothing. KEYS: the pages. ARGV: the hold, field of the owner, field of the command's
/// key, now.
constexpr std::string_view kCancel = R"lua(
for i = 1, #KEYS do
    local kept = redis.call('HGET', KEYS[i], ARGV[3])
    if kept and string.sub(kept, 9) == ARGV[1] then redis.call('HDEL', KEYS[i], ARGV[3]) end
end
note_hold(1, ARGV[2], ARGV[1], false, tonumber(ARGV[4]), 1)
return {'ok'}
)lua";

/// That the record has a hold of an owner. KEYS: the pages. ARGV: now, milliseconds that the pages are kept, hold,
/// until when it lives or nothing, field of the owner.
constexpr std::string_view kNoteHold = R"lua(
note_hold(1, ARGV[5], ARGV[3], tonumber(ARGV[4]) or false, tonumber(ARGV[1]), tonumber(ARGV[2]))
return {'ok'}
)lua";

/// KEYS: the pages. ARGV: field, what is kept there, milliseconds that the page is kept, now, the hold that the key may
/// lead to or ''.
constexpr std::string_view kNoteAnswer = R"lua(
local kept = find_in_pages(1, ARGV[1])
if kept and #kept == 24 and struct.unpack('>d', kept) > tonumber(ARGV[4]) then
    local led_to = string.sub(kept, 9)
    if led_to ~= string.sub(ARGV[2], 9, 24) and led_to ~= ARGV[5] then return {'elsewhere'} end
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
lasts(KEYS[2], ARGV[3])
return {'ok'}
)lua";

/// In a cluster. KEYS: the run's holds, and those that are not to be placed. ARGV: hold, milliseconds.
constexpr std::string_view kForbid = R"lua(
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return {'there'} end
redis.call('SADD', KEYS[2], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return {'ok'}
)lua";

/// KEYS: the pages. ARGV: field. Answers what the newest page has there.
constexpr std::string_view kPage = R"lua(
return {find_in_pages(1, ARGV[1]) or ''}
)lua";

}  // namespace

const Script& place_script() {
    static const Script made = script(kOwner, kPlace);
    return made;
}
const Script& extend_script() {
    static const Script made = script(kFacts, kOpen, kSeats, kOwner, kClaim, kExtend);
    return made;
}
const Script& release_script() {
    static const Script made = script(kFacts, kOpen, kSeats, kOwner, kClaim, kRelease);
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
const Script& reserve_script() {
    static const Script made = script(kOwner, kReserve);
    return made;
}
const Script& cancel_script() {
    static const Script made = script(kOwner, kCancel);
    return made;
}
const Script& note_hold_script() {
    static const Script made = script(kOwner, kNoteHold);
    return made;
}
const Script& note_answer_script() {
    static const Script made = script(kOwner, kNoteAnswer);
    return made;
}
const Script& forbid_script() {
    static const Script made = script(kForbid);
    return made;
}
const Script& page_script() {
    static const Script made = script(kOwner, kPage);
    return made;
}

}  // namespace railbook::store::redis
