#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "store/records/records.hpp"
#include "store/redis/front.hpp"

namespace railbook::store::redis {
namespace {

/// Beyond every date, and still exact as a double.
constexpr std::int64_t kNever = 9'007'199'254'740'991;

Error damaged() { return {ErrorCode::damaged, "Redis holds something that Railbook did not write"}; }

class Writer {
public:
    void number(std::uint64_t value) {
        for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 255U);
    }
    void text(std::string_view value) {
        number(value.size());
        bytes += value;
    }
    std::string bytes;
};

class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_{bytes} {}
    std::uint64_t number() {
        std::uint64_t value = 0;
        for (const char byte : take(8)) value = value << 8U | static_cast<unsigned char>(byte);
        return value;
    }
    std::string_view text() { return take(number()); }
    std::string_view take(std::uint64_t count) {
        if (count > bytes_.size()) {
            sound_ = false;
            return {};
        }
        const auto taken = bytes_.substr(0, count);
        bytes_.remove_prefix(count);
        return taken;
    }
    bool is_sound() const { return sound_ && bytes_.empty(); }

private:
    std::string_view bytes_;
    bool sound_ = true;
};

void put_command(Writer& out, const Command& command) {
    out.text(command.owner);
    out.text(command.operation);
    out.text(command.key.text);
    out.text(command.fingerprint);
    out.number(static_cast<std::uint64_t>(command.keep_answer.count()));
}

}  // namespace

std::string time_text(Timestamp time) {
    return std::to_string(std::min<std::int64_t>(time.time_since_epoch().count(), kNever));
}

std::string bytes_of(const HoldId& id) { return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}; }

std::string fence_text(std::uint64_t fence) {
    return std::to_string(epoch_of(fence)) + ':' + std::to_string(fence & (fence_of(1, 0) - 1));
}

std::string cell_bytes(Span span, Timestamp until, SeatState state, const HoldId& hold) {
    std::string bytes;
    for (const auto segment : {span.from, span.to}) {
        bytes += static_cast<char>(segment >> 8U);
        bytes += static_cast<char>(segment & 255U);
    }
    const auto time = std::bit_cast<std::uint64_t>(
        static_cast<double>(std::min<std::int64_t>(until.time_since_epoch().count(), kNever)));
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(time >> shift & 255U);
    bytes += static_cast<char>(state);
    return bytes + bytes_of(hold);
}

std::string encode_hold(const Hold& hold) { return records::encode(Answer{hold}); }

Result<std::uint64_t> decode_fence(std::string_view fence) {
    std::uint64_t epoch = 0;
    std::uint64_t number = 0;
    const auto* end = fence.data() + fence.size();
    const auto first = std::from_chars(fence.data(), end, epoch);
    if (first.ec != std::errc{} || first.ptr == end || std::from_chars(first.ptr + 1, end, number).ec != std::errc{})
        return damaged();
    return fence_of(epoch, number);
}

Result<Hold> decode_hold(std::string_view text, std::string_view fence) {
    auto answer = records::decode_answer(text);
    if (!answer) return std::move(answer).error();
    auto* hold = std::get_if<Hold>(&*answer);
    const auto number = decode_fence(fence);
    if (!hold || !number) return damaged();
    hold->fence = *number;
    return std::move(*hold);
}

std::string encode_place(const Command& command, std::string_view hold) {
    Writer out;
    put_command(out, command);
    out.number(hold.size());
    return out.bytes;
}

std::string encode_extend(const Command& command, const HoldClaim& claim, Timestamp until) {
    Writer out;
    put_command(out, command);
    out.text(bytes_of(claim.id));
    out.text(claim.owner);
    out.number(claim.any_owner ? 1 : 0);
    out.number(claim.fence ? 1 : 0);
    out.number(claim.fence.value_or(0));
    out.number(static_cast<std::uint64_t>(until.time_since_epoch().count()));
    return out.bytes;
}

Result<FrontStep> decode_step(std::string_view entry, std::uint64_t epoch) {
    Reader in{entry};
    FrontStep step;
    const auto kind = in.take(1);
    const auto number = std::bit_cast<double>(in.number());
    const auto now = std::bit_cast<double>(in.number());
    step.command.owner = in.text();
    step.command.operation = in.text();
    step.command.key.text = in.text();
    step.command.fingerprint = in.text();
    step.command.keep_answer = Duration{static_cast<std::int64_t>(in.number())};
    if (kind.empty() || !(now >= 0 && now <= static_cast<double>(kNever)) ||
        !(number >= 0 && number < static_cast<double>(fence_of(1, 0))))
        return damaged();
    step.command.now = Timestamp{Duration{static_cast<std::int64_t>(now)}};
    if (kind[0] == 1) {
        const auto text = in.text();
        if (!in.is_sound()) return damaged();
        auto answer = records::decode_answer(text);
        if (!answer) return std::move(answer).error();
        auto* hold = std::get_if<Hold>(&*answer);
        if (!hold) return damaged();
        step.hold = std::move(*hold);
        step.hold.fence = fence_of(epoch, static_cast<std::uint64_t>(number));
        return step;
    }
    step.kind = kind[0] == 2 ? FrontStep::Kind::extend : FrontStep::Kind::release;
    const auto id = in.text();
    step.claim.owner = in.text();
    step.claim.any_owner = in.number() == 1;
    const bool has_fence = in.number() == 1;
    const auto fence = in.number();
    if (has_fence) step.claim.fence = fence;
    step.until = Timestamp{Duration{static_cast<std::int64_t>(in.number())}};
    if (!in.is_sound() || id.size() != step.claim.id.bytes.size()) return damaged();
    std::memcpy(step.claim.id.bytes.data(), id.data(), id.size());
    return step;
}

}  // namespace railbook::store::redis
