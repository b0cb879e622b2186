#include "store/memory/answers.hpp"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include "store/rules.hpp"

namespace railbook::store::memory {

std::uint64_t Answers::hash_of(std::string_view owner, std::string_view operation, std::string_view key) {
    const std::hash<std::string_view> hash;
    return hash(key) ^ (hash(owner) * 31 + hash(operation)) * 0x9E3779B97F4A7C15U;
}

Answers::Place Answers::place_of(const Command& command) {
    return {*this, hash_of(command.owner, command.operation, command.key.text), command};
}

Answers::Kept* Answers::find(const Part& part, std::uint64_t hash, std::string_view owner, std::string_view operation,
                             std::string_view key) {
    const auto found = part.kept.find(hash);
    auto* kept = found == part.kept.end() ? nullptr : found->second.get();
    while (kept && !(kept->key == key && kept->owner == owner && kept->operation == operation)) kept = kept->next.get();
    return kept;
}

Result<std::optional<Answer>> Answers::Place::find(Timestamp now) const {
    const Kept* kept = Answers::find(part_, hash_, command_.owner, command_.operation, command_.key.text);
    if (!kept) return std::optional<Answer>{};
    const auto again = is_repeated(kept->fingerprint, kept->until, command_, now);
    if (!again) return again.error();
    if (!*again) return std::optional<Answer>{};
    if (const auto* hold = std::get_if<Hold>(&kept->value)) return std::optional<Answer>{*hold};
    return std::optional{*std::get<std::unique_ptr<const Answer>>(kept->value)};
}

void Answers::Place::keep(const Answer& answer, Timestamp now) {
    auto kept = std::make_unique<Kept>();
    kept->owner = command_.owner;
    kept->operation = command_.operation;
    kept->key = command_.key.text;
    kept->fingerprint = command_.fingerprint;
    kept->until = now + command_.keep_answer;
    kept->hash = hash_;
    all_.put(part_, std::move(kept), answer);
}

void Answers::put(const KeptAnswer& answer) {
    auto kept = std::make_unique<Kept>();
    kept->owner = answer.owner;
    kept->operation = answer.operation;
    kept->key = answer.key;
    kept->fingerprint = answer.fingerprint;
    kept->until = answer.until;
    kept->hash = hash_of(answer.owner, answer.operation, answer.key);
    Part& part = part_of(kept->hash);
    const std::lock_guard lock{part.lock};
    put(part, std::move(kept), answer.value);
}

void Answers::put(Part& part, std::unique_ptr<Kept> added, const Answer& answer) {
    Kept& kept = *added;
    if (auto* const old = find(part, kept.hash, kept.owner, kept.operation, kept.key)) drop(part, *old);
    if (const auto* hold = std::get_if<Hold>(&answer)) kept.value = *hold;
    else kept.value = std::make_unique<const Answer>(answer);
    if (const auto* payment = std::get_if<Payment>(&answer)) of_payments_[payment->id] = &kept;
    // Most end after all that there are.
    kept.end = part.ends.emplace_hint(part.ends.end(), kept.until, &kept);
    auto& first = part.kept[kept.hash];
    kept.next = std::move(first);
    first = std::move(added);
}

void Answers::drop(Part& part, Kept& kept) {
    if (const auto* answer = std::get_if<std::unique_ptr<const Answer>>(&kept.value)) {
        if (const auto* payment = std::get_if<Payment>(answer->get())) of_payments_.erase(payment->id);
    }
    part.ends.erase(kept.end);
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
        for (; dropped < limit && !part.ends.empty() && part.ends.begin()->first <= now; ++dropped)
            drop(part, *part.ends.begin()->second);
    }
}

std::vector<KeptAnswer> Answers::all() const {
    std::vector<KeptAnswer> answers;
    for (const auto& part : parts_) {
        for (const auto& [until, kept] : part.ends) {
            const auto* hold = std::get_if<Hold>(&kept->value);
            answers.push_back({kept->owner, kept->operation, kept->key, kept->fingerprint, until,
                               hold ? Answer{*hold} : *std::get<std::unique_ptr<const Answer>>(kept->value)});
        }
    }
    std::ranges::sort(answers, {},
                      [](const KeptAnswer& answer) { return std::tie(answer.owner, answer.operation, answer.key); });
    return answers;
}

}  // namespace railbook::store::memory
