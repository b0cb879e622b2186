#include "store/memory/answers.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <tuple>
#include <utility>

#include "store/rules.hpp"

namespace railbook::store::memory {

Answers::~Answers() {
    for (auto& part : parts_) {
        part.kept.each([&](Arena::Place place) { std::destroy_at(&at(part, place)); });
    }
}

Answers::Name Answers::Kept::name() const {
    const auto* at = reinterpret_cast<const char*>(this + 1);
    const auto part = [&](std::size_t size) { return std::string_view{std::exchange(at, at + size), size}; };
    Name name;
    name.owner = part(owner_size);
    name.operation = part(operation_size);
    name.key = part(key_size);
    name.fingerprint = part(fingerprint_size);
    return name;
}

bool Answers::Kept::is_named(const Name& wanted) const {
    const Name mine = name();
    return mine.key == wanted.key && mine.owner == wanted.owner && mine.operation == wanted.operation;
}

Answers::Name Answers::name_of(const Command& command) {
    return {command.owner, command.operation, command.key.text, command.fingerprint};
}

std::uint64_t Answers::hash_of(const Name& name) {
    const std::hash<std::string_view> hash;
    return hash(name.key) ^ (hash(name.owner) * 31 + hash(name.operation)) * 0x9E3779B97F4A7C15U;
}

Answers::Place Answers::place_of(const Command& command) { return {*this, hash_of(name_of(command)), command}; }

void Answers::expect(const Command& command) {
    const auto hash = hash_of(name_of(command));
    Part& part = part_of(hash, command.operation);
    const std::lock_guard lock{part.lock};
    part.kept.expect(hash);
}

std::optional<Arena::Place> Answers::find(const Part& part, std::uint64_t hash, const Name& name) {
    return part.kept.find(hash, [&](Arena::Place place) { return at(part, place).is_named(name); });
}

Answer Answers::answer_of(const Kept& kept) {
    if (const auto* hold = std::get_if<HoldAnswer>(&kept.value)) return hold->row->hold(hold->then);
    return *std::get<std::unique_ptr<const Answer>>(kept.value);
}

Result<std::optional<Answer>> Answers::Place::find(Timestamp now) const {
    const auto place = Answers::find(part_, hash_, name_of(command_));
    if (!place) return std::optional<Answer>{};
    const Kept& kept = at(part_, *place);
    const auto again = is_repeated(kept.name().fingerprint, kept.until, command_, now);
    if (!again) return again.error();
    return *again ? std::optional{answer_of(kept)} : std::nullopt;
}

void Answers::Place::keep(const HoldAnswer& answer, Timestamp now) {
    all_.put(part_, hash_, name_of(command_), now + command_.keep_answer, answer);
}

void Answers::Place::keep(const Answer& answer, Timestamp now) {
    all_.put(part_, hash_, name_of(command_), now + command_.keep_answer, std::make_unique<const Answer>(answer));
}

void Answers::put(const KeptAnswer& answer, const HoldRow* row) {
    const Name name{answer.owner, answer.operation, answer.key, answer.fingerprint};
    const auto hash = hash_of(name);
    Part& part = part_of(hash, name.operation);
    const std::lock_guard lock{part.lock};
    if (row) put(part, hash, name, answer.until, HoldAnswer{row, row->state});
    else put(part, hash, name, answer.until, std::make_unique<const Answer>(answer.value));
}

void Answers::put(Part& part, std::uint64_t hash, const Name& name, Timestamp until, Value value) {
    if (const auto old = find(part, hash, name)) drop(part, hash, *old);
    const auto place = part.memory.take(sizeof(Kept) + name.size());
    auto* const kept = new (part.memory.at(place))
        Kept{.until = until,
             .number = ++part.last_end,
             .value = std::move(value),
             .owner_size = static_cast<std::uint32_t>(name.owner.size()),
             .operation_size = static_cast<std::uint32_t>(name.operation.size()),
             .key_size = static_cast<std::uint32_t>(name.key.size()),
             .fingerprint_size = static_cast<std::uint32_t>(name.fingerprint.size())};
    auto* at = reinterpret_cast<char*>(kept + 1);
    for (const auto text : {name.owner, name.operation, name.key, name.fingerprint}) {
        std::memcpy(at, text.data(), text.size());
        at += text.size();
    }
    part.kept.add(hash, place);
    part.ends.add(until, kept->number, hash);
    if (const auto* answer = std::get_if<std::unique_ptr<const Answer>>(&kept->value)) {
        if (const auto* payment = std::get_if<Payment>(answer->get())) of_payments_[payment->id] = kept;
    }
}

void Answers::drop(Part& part, std::uint64_t hash, Arena::Place place) {
    Kept& kept = at(part, place);
    if (const auto* answer = std::get_if<std::unique_ptr<const Answer>>(&kept.value)) {
        if (const auto* payment = std::get_if<Payment>(answer->get())) of_payments_.erase(payment->id);
    }
    part.kept.remove(hash, place);
    std::destroy_at(&kept);
    part.memory.give_back(place);
}

void Answers::replace(const Payment& payment) {
    const auto found = of_payments_.find(payment.id);
    if (found == of_payments_.end()) return;
    const Name name = found->second->name();
    const std::lock_guard lock{part_of(hash_of(name), name.operation).lock};
    found->second->value = std::make_unique<const Answer>(payment);
}

void Answers::drop(Timestamp now, std::size_t limit) {
    std::size_t dropped = 0;
    for (auto& part : parts_) {
        const std::lock_guard lock{part.lock};
        while (dropped < limit && !part.ends.is_empty()) {
            const auto end = part.ends.first();
            if (end.at > now) break;
            part.ends.drop_first();
            const auto found =
                part.kept.find(end.what, [&](Arena::Place place) { return at(part, place).number == end.number; });
            if (!found) continue;  // another came in its place
            drop(part, end.what, *found);
            ++dropped;
        }
    }
}

std::vector<KeptAnswer> Answers::all() const {
    std::vector<KeptAnswer> answers;
    for (const auto& part : parts_) {
        part.kept.each([&](Arena::Place place) {
            const Kept& kept = at(part, place);
            const Name name = kept.name();
            answers.push_back({std::string{name.owner}, std::string{name.operation}, std::string{name.key},
                               std::string{name.fingerprint}, kept.until, answer_of(kept)});
        });
    }
    std::ranges::sort(answers, {},
                      [](const KeptAnswer& answer) { return std::tie(answer.owner, answer.operation, answer.key); });
    return answers;
}

}  // namespace railbook::store::memory
