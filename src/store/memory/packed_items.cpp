#include "store/memory/packed_items.hpp"

#include <cstring>
#include <utility>

namespace railbook::store::memory {
namespace {

bool is_same_ride(const HoldItem& one, const HoldItem& other) {
    return one.span == other.span && one.from == other.from && one.to == other.to && one.train == other.train &&
           one.travel_class == other.travel_class;
}

/// Seven bits a byte, the lowest first; the highest bit says that there is more.
void put_number(std::string& text, std::uint64_t number) {
    for (; number >= 0x80; number >>= 7) text += static_cast<char>(number | 0x80);
    text += static_cast<char>(number);
}

void put_text(std::string& text, std::string_view added) {
    put_number(text, added.size());
    text += added;
}

class Reader {
public:
    explicit Reader(std::string_view text) : at_{text.data()}, end_{text.data() + text.size()} {}

    bool is_at_end() const { return at_ == end_; }
    std::uint64_t number() {
        std::uint64_t number = 0;
        for (int shift = 0;; shift += 7) {
            const auto byte = static_cast<std::uint8_t>(*at_++);
            number |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if (byte < 0x80) return number;
        }
    }
    std::string_view text() {
        const auto size = number();
        return {std::exchange(at_, at_ + size), size};
    }
    const HoldItem& ride() {
        const HoldItem* ride = nullptr;
        std::memcpy(&ride, std::exchange(at_, at_ + sizeof ride), sizeof ride);
        return *ride;
    }

private:
    const char* at_;
    const char* end_;
};

}  // namespace

const HoldItem& KnownRides::find_or_add(const HoldItem& item) {
    auto& first = rides_[static_cast<std::uint32_t>(item.span.from) << 16 | item.span.to];
    for (const auto* known = first.get(); known; known = known->next.get()) {
        if (is_same_ride(known->item, item)) return known->item;
    }
    auto added = std::make_unique<Ride>();
    added->item = item;
    added->item.seats = {};
    added->item.reason = {};
    added->next = std::move(first);
    first = std::move(added);
    return first->item;
}

void pack_item(const HoldItem& item, const HoldItem& ride, std::string& text) {
    const auto* const where = &ride;
    text.append(reinterpret_cast<const char*>(&where), sizeof where);
    put_text(text, item.reason);
    put_number(text, item.seats.size());
    for (const auto& seat : item.seats) {
        put_number(text, seat.index);
        put_text(text, seat.id.coach);
        put_text(text, seat.id.seat);
    }
}

std::vector<HoldItem> unpack_items(std::string_view text) {
    std::vector<HoldItem> items;
    Reader reader{text};
    while (!reader.is_at_end()) {
        HoldItem& item = items.emplace_back(reader.ride());
        item.reason = reader.text();
        const auto count = reader.number();
        item.seats.reserve(count);
        for (std::uint64_t i = 0; i < count; ++i) {
            HeldSeat& seat = item.seats.emplace_back();
            seat.index = static_cast<std::uint32_t>(reader.number());
            seat.id.coach = reader.text();
            seat.id.seat = reader.text();
        }
    }
    return items;
}

}  // namespace railbook::store::memory
