#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>

#include "store/redis/front.hpp"

namespace railbook::store::redis {
namespace {

constexpr std::string_view kPlacing = "hold.create";
/// What the entry of a hold that was placed begins with.
constexpr unsigned kPlaced = 1;
/// Beyond every date, and still exact as a double.
constexpr std::int64_t kNever = 9'007'199'254'740'991;
/// Of a hold's record: epoch, fence, expires at, latest end, journal entry, when it was placed, two marks.
constexpr std::size_t kRecordHeadSize = 50;

Error damaged() { return {ErrorCode::damaged, "Redis holds something that Railbook did not write"}; }

/// Numbers in as few bytes as they need, texts behind their length; and what Lua's struct reads.
class Writer {
public:
    Writer& number(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7U) bytes += static_cast<char>((value & 0x7FU) | 0x80U);
        bytes += static_cast<char>(value);
        return *this;
    }
    Writer& time(Timestamp value) { return number(std::bit_cast<std::uint64_t>(value.time_since_epoch().count())); }
    Writer& text(std::string_view value) {
        number(value.size());
        bytes += value;
        return *this;
    }
    Writer& real(double value) {
        const auto bits = std::bit_cast<std::uint64_t>(value);
        for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(bits >> shift & 255U);
        return *this;
    }
    Writer& real(Timestamp value) {
        return real(static_cast<double>(std::min<std::int64_t>(value.time_since_epoch().count(), kNever)));
    }
    Writer& byte(unsigned value) {
        bytes += static_cast<char>(value & 255U);
        return *this;
    }
    Writer& pair(unsigned value) { return byte(value >> 8U).byte(value); }
    /// At most 65,535 bytes, which no name in here comes near.
    Writer& short_text(std::string_view value) {
        pair(static_cast<unsigned>(value.size()));
        bytes += value;
        return *this;
    }
    std::string bytes;
};

class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_{bytes} {}
    std::uint64_t number() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const auto byte = take(1);
            if (byte.empty()) return 0;
            value |= static_cast<std::uint64_t>(static_cast<unsigned char>(byte[0]) & 0x7FU) << shift;
            if ((static_cast<unsigned char>(byte[0]) & 0x80U) == 0) return value;
        }
        sound_ = false;
        return 0;
    }
    template <class T>
    T small() {
        const auto value = number();
        if (value > static_cast<std::uint64_t>(std::numeric_limits<T>::max())) sound_ = false;
        return static_cast<T>(value);
    }
    Timestamp time() { return Timestamp{Duration{std::bit_cast<std::int64_t>(number())}}; }
    std::string text() { return std::string{take(number())}; }
    double real() {
        std::uint64_t bits = 0;
        for (const char byte : take(8)) bits = bits << 8U | static_cast<unsigned char>(byte);
        return std::bit_cast<double>(bits);
    }
    /// A whole number that a script has written.
    std::uint64_t whole() {
        const auto value = real();
        if (!(value >= 0 && value <= static_cast<double>(kNever))) {
            sound_ = false;
            return 0;
        }
        return static_cast<std::uint64_t>(value);
    }
    Timestamp whole_time() { return Timestamp{Duration{static_cast<std::int64_t>(whole())}}; }
    unsigned byte() {
        const auto taken = take(1);
        return taken.empty() ? 0U : static_cast<unsigned char>(taken[0]);
    }
    unsigned pair() {
        const auto high = byte();
        return high << 8U | byte();
    }
    std::string_view take(std::uint64_t count) {
        if (count > bytes_.size()) {
            sound_ = false;
            bytes_ = {};
            return {};
        }
        const auto taken = bytes_.substr(0, count);
        bytes_.remove_prefix(count);
        return taken;
    }
    std::string_view rest() { return take(bytes_.size()); }
    bool is_sound() const { return sound_; }
    bool is_at_end() const { return sound_ && bytes_.empty(); }

private:
    std::string_view bytes_;
    bool sound_ = true;
};

template <class Id>
void read_id(Reader& in, Id& id) {
    const auto bytes = in.take(id.bytes.size());
    if (bytes.size() == id.bytes.size()) std::memcpy(id.bytes.data(), bytes.data(), bytes.size());
}

void put_run(Writer& out, const RunId& run) {
    out.number(std::bit_cast<std::uint64_t>(static_cast<std::int64_t>(run.date.time_since_epoch().count())));
    out.text(run.trip.feed).text(run.trip.trip);
    out.number(run.start ? std::bit_cast<std::uint64_t>(static_cast<std::int64_t>(*run.start)) + 1 : 0);
}
RunId read_run(Reader& in) {
    RunId run;
    run.date =
        ServiceDate{ServiceDate::duration{static_cast<ServiceDate::rep>(std::bit_cast<std::int64_t>(in.number()))}};
    run.trip.feed = in.text();
    run.trip.trip = in.text();
    if (const auto start = in.number(); start > 0) run.start = static_cast<int>(std::bit_cast<std::int64_t>(start - 1));
    return run;
}

void put_end(Writer& out, const Endpoint& end) {
    out.text(end.call.station.feed).text(end.call.station.stop).number(static_cast<std::uint64_t>(end.call.nth));
    out.text(end.name).text(end.zone).time(end.time).text(end.platform);
}
Endpoint read_end(Reader& in) {
    Endpoint end;
    end.call.station.feed = in.text();
    end.call.station.stop = in.text();
    end.call.nth = in.small<int>();
    end.name = in.text();
    end.zone = in.text();
    end.time = in.time();
    end.platform = in.text();
    return end;
}

/// Of a hold as it was placed.
Result<Hold> decode_text(const HoldId& id, std::string_view text) {
    Reader in{text};
    Hold hold;
    hold.id = id;
    hold.pinned = false;
    hold.owner = in.text();
    hold.created_at = in.time();
    hold.expires_at = in.time();
    hold.latest_end = in.time();
    const auto count = in.number();
    std::vector<HoldItem> items;
    for (std::uint64_t i = 0; i < count && in.is_sound(); ++i) {
        HoldItem item;
        item.run = read_run(in);
        item.train = in.text();
        item.from = read_end(in);
        item.to = read_end(in);
        item.span.from = in.small<std::uint16_t>();
        item.span.to = in.small<std::uint16_t>();
        item.travel_class = in.text();
        item.reason = in.text();
        const auto seats = in.number();
        for (std::uint64_t k = 0; k < seats && in.is_sound(); ++k) {
            HeldSeat seat;
            seat.index = in.small<std::uint32_t>();
            seat.id.coach = in.text();
            seat.id.seat = in.text();
            item.seats.push_back(std::move(seat));
        }
        items.push_back(std::move(item));
    }
    if (!in.is_at_end()) return damaged();
    hold.items = std::move(items);
    return hold;
}

/// Who commands is told elsewhere.
void put_command(Writer& out, const Command& command) {
    out.text(command.operation).text(command.key.text).text(command.fingerprint);
    out.number(static_cast<std::uint64_t>(command.keep_answer.count()));
}
void read_command(Reader& in, Command& command) {
    command.operation = in.text();
    command.key.text = in.text();
    command.fingerprint = in.text();
    command.keep_answer = Duration{in.small<std::int64_t>()};
}

/// What never changes of a hold, up to its text.
struct Lasting {
    HoldId hold;
    std::string_view owner;
    std::string_view step;  ///< Of the journal; empty where the record knows the hold.
};
std::optional<Lasting> read_lasting(Reader& in) {
    Lasting lasting;
    if (in.byte() != kPlaced) return std::nullopt;
    read_id(in, lasting.hold);
    in.take(8ULL * in.pair());
    lasting.owner = in.take(in.pair());
    lasting.step = in.take(in.pair());
    if (!in.is_sound()) return std::nullopt;
    return lasting;
}

}  // namespace

std::string time_text(Timestamp time) {
    return std::to_string(std::min<std::int64_t>(time.time_since_epoch().count(), kNever));
}

std::string answer_field(const Command& command) {
    if (command.key.text.empty()) return {};
    Writer out;
    // The key comes last, so that two names are never the same.
    if (command.operation == kPlacing) out.byte('k');
    else out.byte('x').text(command.operation);
    out.text(command.owner).bytes += command.key.text;
    return std::move(out.bytes);
}

std::string bytes_of(const HoldId& id) { return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}; }

std::string cell_bytes(Span span, Timestamp until, SeatState state, const HoldId& hold) {
    Writer out;
    out.pair(span.from).pair(span.to).real(until).byte(static_cast<unsigned>(state));
    out.bytes += std::string_view{reinterpret_cast<const char*>(hold.bytes.data()), hold.bytes.size()};
    return std::move(out.bytes);
}

namespace {

void put_text(Writer& out, const Hold& hold) {
    out.text(hold.owner).time(hold.created_at).time(hold.expires_at).time(hold.latest_end);
    out.number(hold.items.size());
    for (const auto& item : hold.items) {
        put_run(out, item.run);
        out.text(item.train);
        put_end(out, item.from);
        put_end(out, item.to);
        out.number(item.span.from).number(item.span.to).text(item.travel_class).text(item.reason);
        out.number(item.seats.size());
        for (const auto& seat : item.seats) out.number(seat.index).text(seat.id.coach).text(seat.id.seat);
    }
}

void put_id(Writer& out, const HoldId& id) {
    out.bytes += std::string_view{reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

}  // namespace

std::string encode_lasting(const Hold& hold, std::string_view step) {
    std::size_t seats = 0;
    for (const auto& item : hold.items) seats += item.seats.size();
    Writer out;
    out.bytes.reserve(512);
    out.byte(kPlaced);
    put_id(out, hold.id);
    out.pair(static_cast<unsigned>(seats));
    for (const auto& item : hold.items) {
        for (const auto& seat : item.seats)
            out.pair(seat.index >> 16U).pair(seat.index).pair(item.span.from).pair(item.span.to);
    }
    out.short_text(hold.owner).short_text(step);
    put_text(out, hold);
    return std::move(out.bytes);
}

std::string encode_record(const Hold& hold) {
    Writer out;
    out.real(static_cast<double>(epoch_of(hold.fence))).real(static_cast<double>(number_of(hold.fence)));
    out.real(hold.expires_at).real(hold.latest_end);
    // The script numbers it.
    out.real(0.0).real(hold.created_at).byte(0).byte(1);
    return out.bytes + encode_lasting(hold, {});
}

Result<Hold> decode_record(std::string_view record, bool as_placed) {
    Reader in{record};
    const auto epoch = in.whole();
    const auto number = in.whole();
    const auto expires = in.whole_time();
    for (int i = 0; i < 3; ++i) in.real();
    const bool released = in.byte() == 1;
    const bool known = in.byte() == 1;
    const auto lasting = read_lasting(in);
    if (!lasting || number >= fence_of(1, 0)) return damaged();
    auto hold = decode_text(lasting->hold, in.rest());
    if (!hold) return hold;
    hold->fence = fence_of(epoch, number);
    if (as_placed) return hold;
    hold->expires_at = expires;
    hold->status = released ? HoldStatus::released : HoldStatus::held;
    hold->pinned = known;
    return hold;
}

RunState decode_state(std::string_view bytes) {
    Reader in{bytes};
    RunState state;
    state.version = in.whole();
    state.time = in.whole_time();
    for (int i = 0; i < 2; ++i) in.real();
    const auto told = in.whole();
    state.is_behind = in.whole() > told;
    return in.is_sound() ? state : RunState{};
}

std::string encode_order(const PlaceOrder& order) {
    const auto& command = order.command;
    const auto& hold = order.hold;
    std::size_t seats = 0;
    for (const auto& item : hold.items) seats += item.seats.size();
    Writer out;
    out.bytes.reserve(256 + 16 * seats);
    out.short_text(order.owner).short_text(order.key);
    const auto start = out.bytes.size();
    out.pair(0).pair(0).short_text(order.guard).real(static_cast<double>(order.max_holds));
    out.real(command.now).real(hold.expires_at).real(hold.latest_end);
    out.byte(order.over ? static_cast<unsigned>(order.over->bytes.size()) : 0);
    if (order.over) out.bytes += bytes_of(*order.over);
    out.pair(static_cast<unsigned>(seats));
    put_id(out, hold.id);
    out.short_text(order.run);
    for (const auto& item : hold.items) {
        for (const auto& seat : item.seats) {
            std::array<char, 12> digits{};
            const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), seat.index).ptr;
            const auto size = static_cast<std::size_t>(end - digits.data());
            out.pair(item.span.from).pair(item.span.to).byte(static_cast<unsigned>(size));
            out.bytes.append(digits.data(), size);
        }
    }
    const auto size = out.bytes.size() - start - 4;
    for (std::size_t i = 0; i < 4; ++i) out.bytes[start + i] = static_cast<char>(size >> (24 - 8 * i) & 255U);
    return std::move(out.bytes);
}

Result<Placed> decode_placed(std::string_view bytes) {
    Reader in{bytes};
    Placed placed;
    placed.number = in.whole();
    placed.version = in.whole();
    while (in.is_sound() && !in.is_at_end()) {
        const auto high = in.pair();
        placed.seats.push_back(in.take(high << 16U | in.pair()));
    }
    if (!in.is_sound()) return damaged();
    return placed;
}

std::vector<HoldId> decode_live(std::string_view list) {
    constexpr std::size_t kHead = 8;
    Reader in{list};
    in.take(kHead);
    std::vector<HoldId> holds;
    while (in.is_sound() && !in.is_at_end()) {
        in.real();
        read_id(in, holds.emplace_back());
    }
    return holds;
}

std::string claim_numbers(const Command& command, const HoldClaim& claim, Timestamp until) {
    Writer out;
    out.real(command.now).real(until);
    if (claim.fence) {
        out.real(static_cast<double>(epoch_of(*claim.fence))).real(static_cast<double>(number_of(*claim.fence)));
    } else {
        out.real(-1.0).real(-1.0);
    }
    out.byte(claim.any_owner ? 1 : 0).byte(command.key.text.empty() ? 0 : 1);
    return std::move(out.bytes);
}

std::string encode_kept(Timestamp until, const HoldId& hold, bool is_records) {
    Writer out;
    out.real(until).bytes += bytes_of(hold);
    if (is_records) out.byte(1);
    return std::move(out.bytes);
}

Result<KeptPlace> decode_kept(std::string_view bytes) {
    Reader in{bytes};
    KeptPlace kept;
    kept.until = in.whole_time();
    read_id(in, kept.hold);
    if (!in.is_sound()) return damaged();
    kept.is_records = !in.is_at_end();
    return kept;
}

std::optional<std::string> fingerprint_in(std::string_view record) {
    Reader in{record};
    in.take(kRecordHeadSize);
    const auto lasting = read_lasting(in);
    Reader step{lasting ? lasting->step : std::string_view{}};
    Command command;
    read_command(step, command);
    if (!step.is_at_end()) return std::nullopt;
    return std::move(command.fingerprint);
}

std::string encode_place(const Command& command) {
    Writer out;
    put_command(out, command);
    return std::move(out.bytes);
}

std::string encode_extend(const Command& command, const HoldClaim& claim, Timestamp until) {
    Writer out;
    out.text(command.owner);
    put_command(out, command);
    out.bytes += bytes_of(claim.id);
    out.text(claim.owner).number(claim.any_owner ? 1 : 0).number(claim.fence ? 1 : 0).number(claim.fence.value_or(0));
    out.time(until);
    return std::move(out.bytes);
}

Result<FrontStep> decode_step(std::string_view entry, std::uint64_t epoch) {
    Reader in{entry};
    FrontStep step;
    const auto kind = in.byte();
    if (kind == kPlaced) {
        in.real();
        const auto number = in.whole();
        for (int i = 0; i < 3; ++i) in.real();
        step.command.now = in.whole_time();
        in.pair();
        const auto lasting = read_lasting(in);
        if (!lasting || number >= fence_of(1, 0)) return damaged();
        step.command.owner = lasting->owner;
        Reader head{lasting->step};
        read_command(head, step.command);
        if (!head.is_at_end()) return damaged();
        auto hold = decode_text(lasting->hold, in.rest());
        if (!hold) return std::move(hold).error();
        step.hold = *std::move(hold);
        step.hold.fence = fence_of(epoch, number);
        return step;
    }
    step.command.now = in.whole_time();
    if (!in.is_sound() || kind < 2 || kind > 3) return damaged();
    step.command.owner = in.text();
    read_command(in, step.command);
    step.kind = kind == 2 ? FrontStep::Kind::extend : FrontStep::Kind::release;
    read_id(in, step.claim.id);
    step.claim.owner = in.text();
    step.claim.any_owner = in.number() == 1;
    const bool has_fence = in.number() == 1;
    const auto fence = in.number();
    if (has_fence) step.claim.fence = fence;
    step.until = in.time();
    if (!in.is_at_end()) return damaged();
    return step;
}

}  // namespace railbook::store::redis
