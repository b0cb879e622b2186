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
local version, latest, number, last, told, noted, holds = struct.unpack('>ddddddd', m[6])
)lua";

/// What is kept of owners is in hashes, one for each day, which come newest first: tomorrow's where it is late
/// (processes need not agree on when a day begins) or else today's, today's, and those of the days before. Under a key
/// of a command is until when it counts, which hold is the answer, and one more byte where the record alone knows that.
/// An owner's list is in one of them: until when holds live that are not in it, then deadline and id of the live holds,
/// 24 bytes each.
constexpr std::string_view kOwner = R"lua(
local max_listed = 64
-- How many live, and the list with those only.
local function live_of(list, now)
    local live, lapsed = 0, 0
    for i = 9, #list, 24 do
        if struct.unpack('>d', list, i) > now then live = live + 1 else lapsed = lapsed + 1 end
    end
    if lapsed == 0 then return live, list end
    local kept = {string.sub(list, 1, 8)}
    for i = 9, #list, 24 do
        if struct.unpack('>d', list, i) > now then kept[#kept + 1] = string.sub(list, i, i + 23) end
    end
    return live, table.concat(kept)
end
local function list_without(list, hold)
    for i = 9, #list, 24 do
        if string.sub(list, i + 8, i + 23) == hold then
            return string.sub(list, 1, i - 1) .. string.sub(list, i + 24)
        end
    end
    return list
end
-- Mostly it has an end already, and time has gone on.
local function lasts(page, time)
    if redis.call('PEXPIRE', page, time, 'GT') == 0 then redis.call('PEXPIRE', page, time, 'NX') end
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
    if list then list = select(2, live_of(list, now)) else list = struct.pack('>d', 0) end
    local others = list_without(list, hold)
    if expires then
        if #others < #list or #others < 8 + 24 * max_listed then
            others = others .. struct.pack('>dc0', expires, hold)
        else
            others = struct.pack('>dc0', math.max(struct.unpack('>d', others), now + time), string.sub(others, 9))
        end
    end
    redis.call('HSET', page, owner, others)
    lasts(page, time)
end
)lua";

/// Places holds, each as if it were alone, one after another. KEYS of one server: the counter of fences, the runs with
/// work to do, the pages; then the run of each hold. In a cluster there are only the run of one hold, and the holds
/// that are not to be placed on it.
/// ARGV: epoch; number of pages, milliseconds that they are kept, and that the answers are; then the holds in one: of
/// each the owner's field and that of the command's key in the pages, which is '' for none, and how long the rest is;
/// what is asked of the run (field g), limit, now, expires at, latest end, the hold that the key may lead to or '', how
/// many seats, hold, name of the run, of each seat from, to, name; then of each hold what never changes of it. Lua goes
/// through all bytes of each text that it makes, so what is long is not touched. Answers for each hold bytes: fence,
/// version, and what each seat is now, which is '' where it is this hold's alone; or a list, which says what is in the
/// way.
constexpr std::string_view kPlace = R"lua(
local call, pack, read, sub = redis.call, struct.pack, struct.unpack, string.sub
local epoch = tonumber(ARGV[1])
local pages = tonumber(ARGV[2])
local keep = tonumber(ARGV[4])
local one_server = pages > 0
local fence = one_server and call('GET', KEYS[1])
fence = fence and tonumber(fence)
local drawn = 0
local dirty = {}
-- What the pages have, as it is after the holds so far; and what is to be written.
local there, page_of = {}, {}
local written, writes = {}, {}
local orders = ARGV[5]
local fields, starts = {}, {}
local count, at = 0, 1
while at <= #orders do
    local owner, key, size, rest = read('>Hc0Hc0I4', orders, at)
    fields[2 * count + 1] = owner
    fields[2 * count + 2] = key
    count = count + 1
    starts[count] = rest
    at = rest + size
end
if one_server then
    for page = KEYS[3] == KEYS[4] and 2 or 1, pages do
        local values = call('HMGET', KEYS[2 + page], unpack(fields))
        for i = 1, 2 * count do
            local value = values[i]
            if value and not there[fields[i]] then
                there[fields[i]], page_of[fields[i]] = value, page
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

local function place(run, start, owner, key, text)
    local guard, limit, now, expires, latest_end, over, count, id, name, at = read('>Hc0ddddBc0Hc16Hc0', orders, start)
    local has_key = one_server and key ~= ''
    local from, to, seat, rest = read('>HHBc0', orders, at)
    local names, spans = {'g', 'q', seat}, {from, to}
    for i = 2, count do
        spans[2 * i - 1], spans[2 * i], names[2 + i], rest = read('>HHBc0', orders, rest)
    end
    local m = call('HMGET', run, unpack(names))
    local otherwise = false
    if m[1] ~= guard then
        local why
        why, otherwise = in_the_way(run, guard)
        if why then return why end
    end
    local version, latest, number, last, told, noted, holds = read('>ddddddd', m[2])
    if latest > now then now = latest end
    if has_key then
        local before = there[key]
        if before and read('>d', before) > now and sub(before, 9) ~= over then
            local earlier = #before == 24 and record_of(run, sub(before, 9))
            if earlier then return {'again', earlier} end
            return {'elsewhere'}
        end
    else
        local mine = record_of(run, id)
        if mine then return {'again', mine} end
        if not one_server and call('SISMEMBER', KEYS[2], id) == 1 then return {'forbidden'} end
    end
    if otherwise then return {'otherwise'} end
    local live, list = 0, there[owner]
    if one_server then
        if list then live, list = live_of(list, now) end
        if limit > 0 then
            if live >= limit then return {'many', live} end
            if list and read('>d', list) > now then return {'uncounted'} end
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
    noted = noted + 1
    local seats = count == 1 and seat or table.concat(names, ',', 3)
    local entry = pack('>d', noted)
    local changes = {'q', state(version, now, number, last, told, noted, holds + 1),
                     string.char(128 + version % 64), pack('>dc0', version, seats),
                     id, pack('>ddddc8dBB', epoch, number, expires, latest_end, entry, now, 0, 0), entry, text}
    local answer = pack('>dd', number, version)
    local changed = count > 1 and {}
    for i = 1, count do
        local seat = names[2 + i]
        local from, to = spans[2 * i - 1], spans[2 * i]
        local value = pack('>HHdBc0', from, to, expires, 1, id)
        local before = changed and changed[seat] or m[2 + i]
        if before then
            -- What has lapsed and is in the way goes.
            local left = {}
            for k = 1, #before, 29 do
                local f, t, u = read('>HHd', before, k)
                if u > now or f >= to or from >= t then left[#left + 1] = sub(before, k, k + 28) end
            end
            left[#left + 1] = value
            value = table.concat(left)
            answer = answer .. pack('>I4', #value) .. value
        else
            answer = answer .. '\0\0\0\0'
        end
        if changed then changed[seat] = value end
        changes[7 + 2 * i] = seat
        changes[8 + 2 * i] = value
    end
    call('HSET', run, unpack(changes))
    if not one_server then return answer end
    -- Whoever takes a run from there looks for a journal afterwards, so not each entry need say it again.
    if (noted - told) % 32 == 1 then dirty[#dirty + 1] = name end
    if live < max_listed or limit > 0 then
        list = list and list .. pack('>dc0', expires, id) or pack('>ddc0', 0, expires, id)
    elseif latest_end > read('>d', list) then
        list = pack('>dc0', latest_end, sub(list, 9))
    end
    there[owner] = list
    written[owner] = true
    local wanted = #writes
    if has_key then
        local value = pack('>dc0', now + keep, id)
        there[key] = value
        writes[wanted + 1] = key
        writes[wanted + 2] = value
        wanted = wanted + 2
    end
    writes[wanted + 1] = 'h' .. id
    writes[wanted + 2] = name
    return answer
end

local answers = {}
local before_runs = one_server and pages + 2 or 0
for i = 1, count do
    answers[i] = place(KEYS[before_runs + i], starts[i], fields[2 * i - 1], fields[2 * i], ARGV[5 + i])
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

/// KEYS: the run; of one server the runs with work to do, and the pages. ARGV: epoch; now, until, epoch and number of
/// the claim's fence or -1, any owner, whether the answer is kept under a key; hold; owner; journal entry; name of the
/// run.
constexpr std::string_view kClaim = R"lua(
local now, until_, fence_epoch, fence, any, has_key = struct.unpack('>ddddBB', ARGV[2])
if latest > now then now = latest end
local kept = record_of(KEYS[1], ARGV[3])
if not kept then return {'gone'} end
local epoch, mine, expires, latest_end, entry, placed, released, known = struct.unpack('>ddddc8dBB', kept)
local count = struct.unpack('>H', kept, 68)
local owner = struct.unpack('>Hc0', kept, 70 + 8 * count)
if any ~= 1 and owner ~= ARGV[4] then return {'foreign'} end
if fence < 0 then
    if any ~= 1 then return {'fenced'} end
elseif fence_epoch ~= epoch or fence ~= mine then
    return {'fenced'}
end
local fields, gone = {}, {}
local told_seats, now_there = {}, {}
local function note(kind)
    noted = noted + 1
    fields[#fields + 1] = struct.pack('>d', noted)
    fields[#fields + 1] = struct.pack('>Bd', kind, now) .. ARGV[5]
    if KEYS[2] and (noted - told) % 32 == 1 then redis.call('SADD', KEYS[2], ARGV[6]) end
end
local function answer()
    if #fields > 0 then
        fields[#fields + 1] = 'q'
        fields[#fields + 1] = state(version, now, number, last, told, noted, holds)
        put(fields, gone)
    end
    return {'ok', kept, #told_seats > 0 and version or 0, told_seats, now_there}
end
local function rewrite(keeps)
    local names = {}
    local spans = {}
    for i = 1, count do
        names[i] = tostring(struct.unpack('>I4', kept, 62 + 8 * i))
        spans[i] = string.sub(kept, 66 + 8 * i, 69 + 8 * i)
    end
    local values = redis.call('HMGET', KEYS[1], unpack(names))
    local changed = {}
    for i = 1, count do
        local name = names[i]
        local value = changed[name]
        if not value then
            value = without(values[i] or '', ARGV[3])
            told_seats[#told_seats + 1] = name
        end
        if keeps then value = value .. spans[i] .. struct.pack('>dB', expires, 1) .. ARGV[3] end
        changed[name] = value
    end
    version = version + 1
    for i = 1, #told_seats do
        local value = changed[told_seats[i]]
        now_there[i] = value
        if value == '' then
            gone[#gone + 1] = told_seats[i]
        else
            fields[#fields + 1] = told_seats[i]
            fields[#fields + 1] = value
        end
    end
    tell(fields, version, table.concat(told_seats, ','))
    local head = struct.pack('>ddddc8dBB', epoch, mine, expires, latest_end, entry, placed, released, known)
    kept = head .. string.sub(kept, 51)
    fields[#fields + 1] = ARGV[3]
    fields[#fields + 1] = head
    if KEYS[2] then
        note_hold(3, 'o' .. owner, ARGV[3], keeps and expires, now, math.max(latest_end - now, 0) + 172800000)
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
local kept = record_of(KEYS[1], ARGV[2])
if not kept then return {'gone'} end
return {'ok', kept}
)lua";

/// ARGV: epoch, the version that the caller knows. Answers the version, the digest, and what seats have changed, or all
/// that are not free.
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
-- Not by the names of all fields: those of the holds are without bound.
local seats, values = {}, {}
local count = tonumber(redis.call('HGET', KEYS[1], 'n'))
for first = 0, count - 1, 1000 do
    local names = {}
    for seat = first, math.min(first + 999, count - 1) do names[#names + 1] = tostring(seat) end
    for i, value in ipairs(redis.call('HMGET', KEYS[1], unpack(names))) do
        if value then
            seats[#seats + 1] = names[i]
            values[#values + 1] = value
        end
    end
end
return {'all', version, m[5], seats, values}
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
    local live, listed = live_of(list, now)
    if #list_without(listed, ARGV[3]) == #listed then
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

/// In a cluster. KEYS: the run, and the holds that are not to be placed. ARGV: hold, milliseconds.
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
    static const Script made = script(kState, kHold, kOwner, kPlace);
    return made;
}
const Script& extend_script() {
    static const Script made = script(kFacts, kOpen, kState, kHold, kSeats, kOwner, kClaim, kExtend);
    return made;
}
const Script& release_script() {
    static const Script made = script(kFacts, kOpen, kState, kHold, kSeats, kOwner, kClaim, kRelease);
    return made;
}
const Script& find_script() {
    static const Script made = script(kFacts, kOpen, kHold, kFind);
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
