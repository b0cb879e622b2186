#include "store/memory/answers.hpp"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include "store/rules.hpp"

namespace railbook::store::memory {

Answers::Kept::Kept(const Name& name, Timestamp ends, const Answer& answer, std::uint64_t hash_of_name)
    : until{ends}, hash{hash_of_name} {
    text.reserve(name.owner.size() + name.operation.size() + name.key.size() + name.fingerprint.size());
    text.append(name.owner);
    operation_at = static_cast<std::uint32_t>(text.size());
    text.append(name.operation);
    key_at = static_cast<std::uint32_t>(text.size());
    text.append(name.key);
    fingerprint_at = static_cast<std::uint32_t>(text.size());
    text.append(name.fingerprint);
    if (const auto* hold = std::get_if<Hold>(&answer)) value = *hold;
    else value = std::make_unique<const Answer>(answer);
}

Answers::Name Answers::Kept::name() const {
    const std::string_view all{text};
    return {.owner = all.substr(0, operation_at),
            .operation = all.substr(operation_at, key_at - operation_at),
            .key = all.substr(key_at, fingerprint_at - key_at),
            .fingerprint = all.substr(fingerprint_at)};
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

Answers::Kept* Answers::find(const Part& part, std::uint64_t hash, const Name& name) {
    const auto found = part.kept.find(hash);
    auto* kept = found == part.kept.end() ? nullptr : found->second.get();
    while (kept && !kept->is_named(name)) kept = kept->next.get();
    return kept;
}

Result<std::optional<Answer>> Answers::Place::find(Timestamp now) const {
    const Kept* kept = Answers::find(part_, hash_, name_of(command_));
    if (!kept) return std::optional<Answer>{};
    const auto again = is_repeated(kept->name().fingerprint, kept->until, command_, now);
    if (!again) return again.error();
    if (!*again) return std::optional<Answer>{};
    if (const auto* hold = std::get_if<Hold>(&kept->value)) return std::optional<Answer>{*hold};
    return std::optional{*std::get<std::unique_ptr<const Answer>>(kept->value)};
}

void Answers::Place::keep(const Answer& answer, Timestamp now) {
    all_.put(part_, std::make_unique<Kept>(name_of(command_), now + command_.keep_answer, answer, hash_));
}

void Answers::put(const KeptAnswer& answer) {
    const Name name{answer.owner, answer.operation, answer.key, answer.fingerprint};
    const auto hash = hash_of(name);
    Part& part = part_of(hash);
    const std::lock_guard lock{part.lock};
    put(part, std::make_unique<Kept>(name, answer.until, answer.value, hash));
}

void Answers::put(Part& part, std::unique_ptr<Kept> added) {
    Kept& kept = *added;
    if (auto* const old = find(part, kept.hash, kept.name())) drop(part, *old);
    if (const auto* answer = std::get_if<std::unique_ptr<const Answer>>(&kept.value)) {
        if (const auto* payment = std::get_if<Payment>(answer->get())) of_payments_[payment->id] = &kept;
    }
    kept.number = ++part.last_end;
    part.ends.add(kept.until, kept.number, kept.hash);
    auto& first = part.kept[kept.hash];
    kept.next = std::move(first);
    first = std::move(added);
}

void Answers::drop(Part& part, Kept& kept) {
    if (const auto* answer = std::get_if<std::unique_ptr<const Answer>>(&kept.value)) {
        if (const auto* payment = std::get_if<Payment>(answer->get())) of_payments_.erase(payment->id);
    }
    const auto found = part.kept.find(kept.hash);
    auto* link = &found->second;
    while (link->get() != &kept) link = &(*link)->next;
    *link = std::exchange(kept.next, nullptr);
    if (!found->second) part.kept.erase(found);
}

void Answers::replace(const Payment& payment) {
    const auto found = of_payments_.find(payment.id);
    if (found == of_payments_.end()) return;
    const std::lock_guard lock{part_of(found->second->hash).lock};
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
            const auto found = part.kept.find(end.what);
            auto* kept = found == part.kept.end() ? nullptr : found->second.get();
            while (kept && kept->number != end.number) kept = kept->next.get();
            if (!kept) continue;  // another came in its place
            drop(part, *kept);
            ++dropped;
        }
    }
}

std::vector<KeptAnswer> Answers::all() const {
    std::vector<KeptAnswer> answers;
    for (const auto& part : parts_) {
        for (const auto& [hash, first] : part.kept) {
            for (const auto* kept = first.get(); kept; kept = kept->next.get()) {
                const Name name = kept->name();
                const auto* hold = std::get_if<Hold>(&kept->value);
                answers.push_back({std::string{name.owner}, std::string{name.operation}, std::string{name.key},
                                   std::string{name.fingerprint}, kept->until,
                                   hold ? Answer{*hold} : *std::get<std::unique_ptr<const Answer>>(kept->value)});
            }
        }
    }
    std::ranges::sort(answers, {},
                      [](const KeptAnswer& answer) { return std::tie(answer.owner, answer.operation, answer.key); });
    return answers;
}

}  // namespace railbook::store::memory
