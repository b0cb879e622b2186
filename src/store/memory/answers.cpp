#include "store/memory/answers.hpp"

#include <algorithm>
#include <functional>
#include <tuple>

#include "store/rules.hpp"

namespace railbook::store::memory {

std::size_t Answers::HashKey::hash(std::string_view key, std::string_view owner, std::string_view operation) {
    const std::hash<std::string_view> one;
    return one(key) ^ (one(owner) * 31 + one(operation)) * 0x9E3779B97F4A7C15U;
}

Answers::Place Answers::place_of(const Command& command) { return {*this, part_of(HashKey{}(command)), command}; }

Result<std::optional<Answer>> Answers::Place::find(Timestamp now) const {
    const auto found = part_.kept.find(command_);
    if (found == part_.kept.end()) return std::optional<Answer>{};
    const Kept& kept = found->second;
    const auto again = is_repeated(kept.fingerprint, kept.until, command_, now);
    if (!again) return again.error();
    if (!*again) return std::optional<Answer>{};
    if (const auto* hold = std::get_if<Hold>(&kept.value)) return std::optional<Answer>{*hold};
    return std::optional{*std::get<std::unique_ptr<const Answer>>(kept.value)};
}

void Answers::Place::keep(const Answer& answer, Timestamp now) {
    all_.put(part_, {command_.owner, command_.operation, command_.key.text}, command_.fingerprint,
             now + command_.keep_answer, answer);
}

void Answers::put(Part& part, Key key, std::string fingerprint, Timestamp until, const Answer& answer) {
    const auto [row, is_new] = part.kept.try_emplace(std::move(key));
    Kept& kept = row->second;
    if (!is_new) {
        part.ends.erase(kept.end);
        forget_payment(kept);
    }
    kept.fingerprint = std::move(fingerprint);
    kept.until = until;
    if (const auto* hold = std::get_if<Hold>(&answer)) kept.value = *hold;
    else kept.value = std::make_unique<const Answer>(answer);
    if (const auto* payment = std::get_if<Payment>(&answer)) of_payments_[payment->id] = {&part, &row->first};
    // Most end after all that there are.
    kept.end = part.ends.emplace_hint(part.ends.end(), until, &row->first);
}

void Answers::put(const KeptAnswer& answer) {
    Key key{answer.owner, answer.operation, answer.key};
    Part& part = part_of(HashKey{}(key));
    const std::lock_guard lock{part.lock};
    put(part, std::move(key), answer.fingerprint, answer.until, answer.value);
}

void Answers::replace(const Payment& payment) {
    const auto found = of_payments_.find(payment.id);
    if (found == of_payments_.end()) return;
    const std::lock_guard lock{found->second.part->lock};
    found->second.part->kept.find(*found->second.key)->second.value = std::make_unique<const Answer>(payment);
}

void Answers::drop(Timestamp now, std::size_t limit) {
    std::size_t dropped = 0;
    for (auto& part : parts_) {
        const std::lock_guard lock{part.lock};
        while (dropped < limit && !part.ends.empty() && part.ends.begin()->first <= now) {
            const auto kept = part.kept.find(*part.ends.begin()->second);
            forget_payment(kept->second);
            part.kept.erase(kept);
            part.ends.erase(part.ends.begin());
            ++dropped;
        }
    }
}

void Answers::forget_payment(const Kept& kept) {
    const auto* answer = std::get_if<std::unique_ptr<const Answer>>(&kept.value);
    const auto* payment = answer && *answer ? std::get_if<Payment>(answer->get()) : nullptr;
    if (payment) of_payments_.erase(payment->id);
}

std::vector<KeptAnswer> Answers::all() const {
    std::vector<KeptAnswer> answers;
    for (const auto& part : parts_) {
        for (const auto& [key, kept] : part.kept) {
            const auto* hold = std::get_if<Hold>(&kept.value);
            answers.push_back({key.owner, key.operation, key.key, kept.fingerprint, kept.until,
                               hold ? Answer{*hold} : *std::get<std::unique_ptr<const Answer>>(kept.value)});
        }
    }
    std::ranges::sort(answers, {},
                      [](const KeptAnswer& answer) { return std::tie(answer.owner, answer.operation, answer.key); });
    return answers;
}

}  // namespace railbook::store::memory
