#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "store/redis/front.hpp"

namespace railbook::store::redis {
namespace {

/// Beyond every date, and still exact as a double.
constexpr std::int64_t kNever = 9'007'199'254'740'991;
/// Of a hold's record: epoch, fence, expires at, latest end, two marks, how many seats.
constexpr std::size_t kHeadSize = 36;

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
Result<Hold> decode_text(std::string_view text) {
    Reader in{text};
    Hold hold;
    hold.pinned = false;
    read_id(in, hold.id);
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

void put_command(Writer& out, const Command& command) {
    out.text(command.owner).text(command.operation).text(command.key.text).text(command.fingerprint);
    out.number(static_cast<std::uint64_t>(command.keep_answer.count()));
}

}  // namespace

std::string time_text(Timestamp time) {
    return std::to_string(std::min<std::int64_t>(time.time_since_epoch().count(), kNever));
}

std::string bytes_of(const HoldId& id) { return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}; }

std::string cell_bytes(Span span, Timestamp until, SeatState state, const HoldId& hold) {
    Writer out;
    out.pair(span.from).pair(span.to).real(until).byte(static_cast<unsigned>(state));
    out.bytes += std::string_view{reinterpret_cast<const char*>(hold.bytes.data()), hold.bytes.size()};
    return std::move(out.bytes);
}

std::string encode_text(const Hold& hold) {
    Writer out;
    out.bytes.reserve(320);
    out.bytes += std::string_view{reinterpret_cast<const char*>(hold.id.bytes.data()), hold.id.bytes.size()};
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
    return std::move(out.bytes);
}

std::string encode_record_tail(const Hold& hold, bool known, std::string_view owner_key) {
    Writer out;
    out.bytes.reserve(160);
    std::size_t seats = 0;
    for (const auto& item : hold.items) seats += item.seats.size();
    out.real(hold.expires_at).real(hold.latest_end).byte(0).byte(known ? 1 : 0).pair(static_cast<unsigned>(seats));
    for (const auto& item : hold.items) {
        for (const auto& seat : item.seats)
            out.pair(seat.index >> 16U).pair(seat.index).pair(item.span.from).pair(item.span.to);
    }
    out.short_text(hold.owner).short_text(owner_key);
    return std::move(out.bytes);
}

std::string encode_record(const Hold& hold, std::string_view owner_key) {
    Writer out;
    out.real(static_cast<double>(epoch_of(hold.fence))).real(static_cast<double>(number_of(hold.fence)));
    return out.bytes + encode_record_tail(hold, true, owner_key) + encode_text(hold);
}

Result<Hold> decode_record(std::string_view record, bool as_placed) {
    Reader in{record};
    const auto epoch = in.whole();
    const auto number = in.whole();
    const auto expires = in.whole_time();
    in.real();
    const bool released = in.byte() == 1;
    const bool known = in.byte() == 1;
    in.take(8ULL * in.pair());
    in.take(in.pair());
    in.take(in.pair());
    const auto text = in.rest();
    if (!in.is_sound() || record.size() < kHeadSize || number >= fence_of(1, 0)) return damaged();
    auto hold = decode_text(text);
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
    return in.is_sound() ? state : RunState{};
}

std::string place_numbers(const Command& command, std::size_t max_holds, bool force) {
    Writer out;
    out.real(static_cast<double>(max_holds)).real(static_cast<double>(command.keep_answer.count())).real(command.now);
    out.byte(force ? 1 : 0).byte(command.key.text.empty() ? 0 : 1);
    return std::move(out.bytes);
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

std::string encode_kept(const Command& command, const HoldId& hold, std::string_view run) {
    Writer out;
    out.short_text(command.fingerprint);
    out.bytes += bytes_of(hold);
    out.bytes += run;
    return std::move(out.bytes);
}

std::string encode_until(Timestamp until) {
    Writer out;
    return std::move(out.real(until).bytes);
}

Result<KeptPlace> decode_kept(std::string_view bytes) {
    Reader in{bytes};
    KeptPlace kept;
    kept.until = in.whole_time();
    kept.fingerprint = std::string{in.take(in.pair())};
    read_id(in, kept.hold);
    kept.run = std::string{in.rest()};
    if (!in.is_sound()) return damaged();
    return kept;
}

std::string encode_place(const Command& command) {
    Writer out;
    put_command(out, command);
    return std::move(out.bytes);
}

std::string encode_extend(const Command& command, const HoldClaim& claim, Timestamp until) {
    Writer out;
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
    const auto number = in.whole();
    step.command.now = in.whole_time();
    step.command.owner = in.text();
    step.command.operation = in.text();
    step.command.key.text = in.text();
    step.command.fingerprint = in.text();
    step.command.keep_answer = Duration{in.small<std::int64_t>()};
    if (!in.is_sound() || kind < 1 || kind > 3 || number >= fence_of(1, 0)) return damaged();
    if (kind == 1) {
        auto hold = decode_text(in.rest());
        if (!hold) return std::move(hold).error();
        step.hold = *std::move(hold);
        step.hold.fence = fence_of(epoch, number);
        return step;
    }
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
