#include "store/redis/mirror.hpp"

#include <algorithm>
#include <bit>

namespace railbook::store::redis {
namespace {

constexpr std::size_t kCell = 29;

}  // namespace

std::uint64_t SeenRun::version(std::uint64_t epoch) const {
    const std::lock_guard lock{mutex_};
    return epoch_ == epoch ? version_ : 0;
}

void SeenRun::follow(std::uint64_t epoch, std::uint64_t version, bool all, const std::vector<Seat>& seats) {
    const std::lock_guard lock{mutex_};
    if (epoch < epoch_ || (epoch == epoch_ && version <= version_)) return;
    if (!all && epoch != epoch_) return;
    if (all) {
        seats_.clear();
        consist_.reset();
    }
    for (const auto& seat : seats) {
        if (seat.value.empty()) seats_.erase(seat.index);
        else seats_[seat.index] = seat.value;
        if (!all) changed_.push_back(seat.index);
    }
    epoch_ = epoch;
    version_ = version;
}

Result<Occupancy> SeenRun::at(const Run& run, Timestamp now) {
    const std::lock_guard lock{mutex_};
    const Error damaged{ErrorCode::damaged, "Redis holds a seat that the train does not have"};
    if (consist_ != run.consist || now >= none_lapses_before_) {
        if (!draw(run, now)) return damaged;
    } else {
        for (const auto seat : changed_) {
            const auto found = seats_.find(seat);
            if (!draw_seat(seat, found == seats_.end() ? std::string{} : found->second, now)) return damaged;
        }
        changed_.clear();
    }
    drawn_.version = version_;
    Occupancy answer = drawn_;
    for (auto* masks : {&answer.taken, &answer.held, &answer.blocked}) {
        if (std::ranges::all_of(masks->bits, [](std::uint32_t bits) { return bits == 0; })) masks->bits.clear();
    }
    return answer;
}

bool SeenRun::draw(const Run& run, Timestamp now) {
    drawn_ = {};
    for (auto* masks : {&drawn_.taken, &drawn_.held, &drawn_.blocked}) {
        masks->seats = static_cast<std::uint32_t>(run.consist->seat_count());
        masks->segments = static_cast<std::uint32_t>(run.segment_count());
    }
    changed_.clear();
    none_lapses_before_ = Timestamp::max();
    consist_.reset();
    for (const auto& [seat, value] : seats_) {
        if (!draw_seat(seat, value, now)) return false;
    }
    consist_ = run.consist;
    return true;
}

bool SeenRun::draw_seat(std::uint32_t seat, const std::string& value, Timestamp now) {
    if (seat >= drawn_.taken.seats || value.size() % kCell != 0) return false;
    const Span whole{0, static_cast<std::uint16_t>(drawn_.taken.segments)};
    for (auto* masks : {&drawn_.taken, &drawn_.held, &drawn_.blocked}) {
        if (!masks->bits.empty()) masks->clear(seat, whole);
    }
    for (std::size_t at = 0; at < value.size(); at += kCell) {
        const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(value[at + i]); };
        const Span span{static_cast<std::uint16_t>(byte(0) << 8U | byte(1)),
                        static_cast<std::uint16_t>(byte(2) << 8U | byte(3))};
        std::uint64_t bits = 0;
        for (std::size_t i = 4; i < 12; ++i) bits = bits << 8U | byte(i);
        const Timestamp until{Duration{static_cast<std::int64_t>(std::bit_cast<double>(bits))}};
        if (until <= now) continue;
        none_lapses_before_ = std::min(none_lapses_before_, until);
        if (span.from >= span.to || span.to > drawn_.taken.segments) return false;
        drawn_.taken.set(seat, span);
        if (byte(12) == static_cast<unsigned char>(SeatState::held)) drawn_.held.set(seat, span);
        if (byte(12) == static_cast<unsigned char>(SeatState::blocked)) drawn_.blocked.set(seat, span);
    }
    return true;
}

}  // namespace railbook::store::redis
